"""Progress of a transfer: whole MiB, silent when it is short, right when parts are counted twice."""

import pytest

from components.registry.store_progress import MIB, ByteProgress


def test_short_transfers_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ByteProgress("publish v0.1.0", 3 * MIB)
    progress.add(3 * MIB)
    assert progress.seen == 3 * MIB
    assert capsys.readouterr().err == ""


def test_long_transfers_show_whole_mebibytes(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ByteProgress("publish v0.1.0", 10 * MIB)
    progress.line.every_s = 0.0
    progress.add(2 * MIB + 5)
    progress.add(10)
    progress.add(-MIB)  # a part that another publisher made us send again
    progress.add(2 * MIB)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" (")[0] for line in lines] == [
        "publish v0.1.0, MiB 2/11",
        "publish v0.1.0, MiB 3/11",
    ]
