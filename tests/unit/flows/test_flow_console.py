"""What a person sees: n of N, stage, state, time left where it is known; DVC's chatter is left out."""

import io

from flows.console import Console


def shown(left: float | None, total: int = 3) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(total, lambda: left, stream), stream


def test_a_stage_from_start_to_end() -> None:
    console, stream = shown(75.0)
    console.started("corpus", "data changed")
    console.line("corpus", "probing 3/9")
    console.heartbeat()
    console.ended("corpus", "Completed")
    console.ended("turns", "Cached")
    assert stream.getvalue().splitlines() == [
        "[ 0/3] corpus: running (data changed)",
        "    corpus | probing 3/9",
        "[ 0/3] running: corpus 0:00, about 1:15 left",
        "[ 1/3] corpus: Completed in 0:00, about 1:15 left",
        "[ 2/3] turns: Cached, about 1:15 left",
    ]


def test_unknown_time_and_the_last_stage_say_no_time() -> None:
    for left in (None, 0.0):
        console, stream = shown(left)
        console.ended("a", "Cached")
        assert stream.getvalue() == "[ 1/3] a: Cached\n"
    console, stream = shown(9.0, total=1)
    console.ended("a", "Failed")
    assert stream.getvalue() == "[ 1/1] a: Failed\n"


def test_noise_is_left_out_and_nothing_running_says_nothing() -> None:
    console, stream = shown(None)
    for text in (
        "",
        "  ",
        "Use `dvc push` to send your updates",
        "\tgit add dvc.lock",
        "Updating lock file 'dvc.lock'",
    ):
        console.line("a", text)
    console.heartbeat()
    assert stream.getvalue() == ""
    console.line("a", "ERROR: failed to reproduce 'a'")
    assert "ERROR" in stream.getvalue()
