"""`streamo score streamo_bench --judge`: a win rate through a real server, paid once, shown whole."""

import json
from pathlib import Path

import pytest

from components.cli.main import main
from components.core.files import write_json
from components.evaluate.streamo_bench import format
from components.evaluate.streamo_bench.policies import perfect
from tests.support.bench_sets import world_set
from tests.support.openai_server import Say, serving, user_text


def command(folder: Path, url: str, *more: str) -> list[str]:
    """The command line for a model that says everything against one that says every second thing."""
    bench = world_set(3)
    format.save(folder / "set.json", bench)
    for name, step in (("all", 1), ("half", 2)):
        rows = [
            {
                "id": task.id,
                "responses": [{"time_s": s.time_s, "text": s.text} for s in perfect(task)[::step]],
            }
            for task in bench.tasks
        ]
        write_json(folder / f"{name}.json", rows)
    judge = {
        "url": url,
        "model": "m",
        "revision": "7",
        "usd_per_million_input": 1,
        "usd_per_million_output": 1,
    }
    write_json(folder / "judge.yaml", {**judge, "budget": {"calls": None, "tokens": None, "usd": 1.0}})
    files = {"annotations": "set.json", "results": "all.json", "win-over": "half.json", "judge": "judge.yaml"}
    options = [word for name, file in files.items() for word in (f"--{name}", str(folder / file))]
    return ["score", "streamo_bench", *options, "--judge-answers", str(folder / "answers"), *more]


def test_win_rate_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def longer(body: dict[str, object], before: int) -> Say:
        data = json.loads(user_text(body).split("\n", 2)[2].rsplit("\n", 2)[0])
        first = len(data["answer_1"]) > len(data["answer_2"])
        return Say(json.dumps({"reason": "more", "verdict": "answer_1" if first else "answer_2"}))

    with serving(longer) as server:
        assert main(command(tmp_path, server.url, "--json")) == 0
        found = json.loads(capsys.readouterr().out)["win_rates"]
        assert found["judge"] == "m (7)"
        narration = found["narration"]
        assert narration["wins"] + narration["ties"] == narration["n"] > 0
        assert narration["excluded"] == {"inconsistent": 0, "failed": {}}
        paid = server.calls
        server.script = lambda body, before: Say("no idea")
        assert main(command(tmp_path, server.url)) == 0
        said = capsys.readouterr()
        assert server.calls == paid > 0
        assert "win rate, judged by m (7) in both orders" in said.out
        assert "about 0 calls" in said.err
        assert main(command(tmp_path, server.url, "--seed", "1")) == 0
        assert "failed not_json" in capsys.readouterr().out
        assert server.calls == 2 * paid
