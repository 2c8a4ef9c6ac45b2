"""`streamo review` as a command: the page's process, the stage that reads its file, and the summary."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from components.cli.main import main
from components.core.files import read_json, write_json
from components.core.process import kill_group, start_group
from tests.support.review_world import ReviewWorld, review_world

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> ReviewWorld:
    """A checkout in small: params, DAG and code of this one, videos and manifest of its own."""
    root = tmp_path_factory.mktemp("checkout")
    made = review_world(root, clips=1)
    for name in ("params.yaml", "dvc.yaml", "components"):
        (root / name).symlink_to(ROOT / name)
    (root / "artifacts").mkdir()
    (root / "artifacts" / "corpus").symlink_to(root / "corpus")
    return made


def words(world, *more):
    files = [str(path) for path in world.label_files]
    return ["review", *files, "--media-root", str(world.media), "--out", str(world.reviews), *more]


def test_a_verdict_sent_to_the_command_is_applied_by_the_stage(world):
    argv = [sys.executable, "-m", "components.cli.main", *words(world, "--reviewer", "ann", "--sample", "1")]
    server = start_group(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        found = re.search(r"open (http://127\.0\.0\.1:\d+)(/\S+/)", server.stdout.readline())
        origin, path = found.groups()
        body = {"verdict": "reject", "response": [], "note": "a test"}
        headers = {"Origin": origin, "Content-Type": "application/json"}
        sent = urllib.request.Request(f"{origin}{path}verdict/0", json.dumps(body).encode(), headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert json.load(opener.open(sent, timeout=60))["verdicts"] == ["reject"]
        server.send_signal(signal.SIGINT)
        said, errors = server.communicate(timeout=60)
        assert server.returncode == 0, errors
        assert said == f"1 of 1 labels reviewed by ann: {world.reviews}\n"
    finally:
        kill_group(server)
    line = json.loads(world.reviews.read_text())
    argv = ["-m", "components.annotate", "task", "--task", line["label"].partition("-")[0], "--shard", "0"]
    subprocess.run([sys.executable, *argv], cwd=world.root, check=True, timeout=120)
    product = world.root / "artifacts" / "annotations" / f"{argv[4]}-0"
    assert [row["id"] for row in read_json(product / "quarantine.json")] == [line["label"]]
    summary = read_json(product / "summary.json")
    assert summary["reviews"]["verdicts"] == {"ann": {"approve": 0, "fix": 0, "reject": 1}}
    assert summary["reasons"] == {"rejected_by_review": 1}
    world.reviews.unlink()


def test_the_summary_is_one_object_or_lines(tmp_path, capsys):
    reviews = tmp_path / "reviews.jsonl"
    line = {"label": "x-a.mp4-0", "sha256": "0" * 64, "verdict": "approve", "response": [], "note": ""}
    for name in ("ann", "bea"):
        with reviews.open("a") as file:
            file.write(json.dumps({**line, "reviewer": name, "date": "2026-11-23T04:10:00Z"}) + "\n")
    assert main(["review", "--summary", str(reviews), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"][0]["agreement"] == 1.0
    assert main(["review", "--summary", str(reviews)]) == 0
    assert "ann: 1 approve, 0 fix, 0 reject" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (["--reviewer", " "], 2, "--reviewer NAME"),
        (["--reviewer", "a\nb"], 2, "--reviewer NAME"),
        (["--reviewer", "ann", "--sample", "0"], 2, "--sample 0"),
        (["--reviewer", "ann", "--port", "70000"], 2, "--port 70000"),
        (["--reviewer", "ann", "--media-root", "no/where"], 2, "--media-root no/where"),
        (["--summary", "r.jsonl"], 2, "--summary FILE takes no labels"),
    ],
)
def test_wrong_use_is_one_line(world, capsys, change, code, said):
    assert main(words(world, *change)) == code
    assert said in capsys.readouterr().err


def test_labels_without_videos_are_counted(tmp_path, capsys):
    write_json(tmp_path / "labels.json", [{"id": "x", "video_path": "a.mp4", "question": [], "response": []}])
    (tmp_path / "media").mkdir()
    argv = [
        "review",
        str(tmp_path / "labels.json"),
        "--media-root",
        str(tmp_path / "media"),
        "--reviewer",
        "ann",
    ]
    assert main([*argv, "--out", str(tmp_path / "r.jsonl")]) == 1
    said = capsys.readouterr().err
    assert "not shown, unknown_video: 1 labels" in said and "none of the labels has a video" in said


def test_a_summary_of_nothing_is_an_error(tmp_path, capsys):
    assert main(["review", "--summary", str(tmp_path / "none.jsonl")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert main(["review"]) == 2
    assert "LABELS.json is missing" in capsys.readouterr().err
