"""The page follows the suites: an altered metric changes it, those that ran appear, others are named."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.evaluate.offline.retention import Answered, Retention, make_questions
from components.evaluate.streamo_bench.policies import perfect
from components.evaluate.streamo_bench.score import score
from components.report.inputs import read_products
from components.report.run import run
from components.report.select import choose
from tests.support.bench_sets import world_set
from tests.support.report_workspace import FAMILY, LOSSES, make_workspace

SUITES = ["validation", "ovo"]
NAMES = [f"{FAMILY}-{loss}-0" for loss in LOSSES]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("suites") / "workspace")


def report(root: Path, out: Path, suites=SUITES):
    out.mkdir(parents=True)
    media = root / "data" / "media"
    run(out, root=root, media=media, families=[FAMILY], losses=LOSSES, seeds=[0], suites=suites)
    return (out / "index.html").read_text()


def test_one_altered_metric_changes_the_page(workspace, tmp_path):
    before = report(workspace, tmp_path / "before")
    shutil.copytree(workspace, tmp_path / "copy")
    path = tmp_path / "copy/artifacts/evaluation" / f"{NAMES[1]}-ovo" / "scores.json"
    scores = read_json(path)
    scores["columns"]["matched"]["model"]["tasks"]["EPM"]["accuracy"] = 12.345
    write_json(path, scores)
    after = report(tmp_path / "copy", tmp_path / "after")
    assert "12.3<small>" not in before and "12.3<small>" in after
    assert before != after and len(before.splitlines()) == len(after.splitlines())


def test_suites_that_were_not_run_are_named_with_what_makes_them(workspace, tmp_path):
    page = report(workspace, tmp_path / "report")
    for suite in ("offline", "streamo_bench"):
        assert f"Suite {suite} was not run for {', '.join(NAMES)}" in page
    assert "Suite policies (polling, the last four turns, each state always) was not run" in page
    assert "python -m infra.ablation" in page and "No run with two states" in page


def offline_scores(root: Path):
    """A base that answers every question and a model that answers half of them."""
    entries = read_json(root / "artifacts/corpus/benchmark.json")
    questions = make_questions(entries, {entry["video"]: 24 for entry in entries})
    right = [question.options[question.truth] for question in questions]
    half = [text if number % 2 else "no idea" for number, text in enumerate(right)]
    return Retention(questions, 0).scores(Answered(right), Answered(half))


def bench_scores():
    """Every task answered as labelled."""
    bench = world_set()
    return score(bench, {task.id: perfect(task) for task in bench.tasks})


def test_suites_that_were_run_stand_on_the_page_with_floors_and_n(workspace, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(workspace, root)
    offline, bench = offline_scores(root), bench_scores()
    policies = {"policies": {"polling": policy_part(root)}}
    found = {"offline": offline, "streamo_bench": bench, "policies": policies, "fps2": policy_part(root)}
    for name in NAMES:
        for suite, scores in found.items():
            write_json(root / f"artifacts/evaluation/{name}-{suite}/scores.json", scores)
    page = report(root, tmp_path / "report", [*SUITES, *found])
    total = offline["retention"]["total"]
    assert f"{total['difference']:+.1f}<small>" in page and f"<td>{total['n']}</td>" in page
    assert "Offline answers are lost by conversion" in page
    assert f"{bench['set']['tasks']} tasks on {bench['set']['videos']} videos" in page
    assert "polling" in page and "2fps: qwen2_5_vl-ce-0" in page
    assert "was not run for" not in page and "2 fps at test time" not in page


def policy_part(root: Path):
    """What suites `policies` and `fps2` say of one way to watch."""
    folder = root / "artifacts/evaluation"
    suites = {suite: read_json(folder / f"{NAMES[0]}-{suite}" / "scores.json") for suite in SUITES}
    return {**suites, "spent": {"forwards": 1, "turns": 1, "texts": 0, "tokens": 1}}


def test_a_rival_is_never_served_and_somebody_must_be(workspace):
    models = read_products(workspace, [FAMILY], LOSSES, [0], SUITES).models
    best = choose(models)["model"]
    rivals = [replace(one, trained={**one.trained, "policy": {"name": "eos"}}) for one in models]
    mixed = [rival if rival.name == best else one for one, rival in zip(models, rivals, strict=True)]
    assert choose(mixed)["model"] != best
    with pytest.raises(DataError, match="three states"):
        choose(rivals)
