"""`python -m components.lineage verify-data`: names what differs from data.dvc before DVC would accept it."""

import subprocess
import sys

from tests.support.toy_dag import Toy

VERIFY = (sys.executable, "-m", "components.lineage", "verify-data")


def verify(toy: Toy) -> subprocess.CompletedProcess[str]:
    return toy.run(*VERIFY, check=False)


def test_untouched_data_is_as_pinned(toy: Toy) -> None:
    done = verify(toy)
    assert (done.returncode, done.stdout) == (0, "data.dvc: 2 files, all as pinned\n")


def test_changed_missing_and_additional_files_are_named_and_the_pin_stays(toy: Toy) -> None:
    media, pin = toy.root / "data/media/train", (toy.root / "data.dvc").read_text()
    (media / "c0.mp4").write_bytes(b"other")
    (media / "c1.mp4").unlink()
    (media / "c2.mp4").write_bytes(b"new")
    done = verify(toy)
    assert done.returncode == 1
    for said in (
        "c0.mp4 has other bytes",
        "c1.mp4 is missing",
        "c2.mp4 is not part",
        "`make data`",
        "`dvc add data`",
    ):
        assert said in done.stderr
    assert (toy.root / "data.dvc").read_text() == pin
    assert len(done.stderr.splitlines()) == 1


def test_the_flow_stops_before_any_stage_where_data_differs(toy: Toy) -> None:
    (toy.root / "data/media/train/c0.mp4").write_bytes(b"other")
    done = toy.run(*toy.flow(), check=False)
    assert done.returncode == 1
    assert "media/train/c0.mp4 has other bytes" in done.stderr
    assert toy.records() == 0


def test_on_a_fresh_machine_the_flow_stores_what_it_verified(done: Toy) -> None:
    pin = (done.root / "data.dvc").read_text()
    done.run("rm", "-r", ".dvc/cache/files")
    before = done.records()
    said = done.run(*done.flow()).stdout
    assert "data.dvc: as pinned" in said
    assert (done.root / "data.dvc").read_text() == pin
    assert "data.dvc" not in done.run("dvc", "status").stdout
    assert done.records() >= before
    again = done.run(*done.flow()).stdout
    assert ": running" not in again, "nothing is given to DVC a second time"


def test_without_a_cache_the_committed_list_names_the_file(toy: Toy) -> None:
    toy.run(sys.executable, "-m", "components.lineage", "list-data")
    assert len((toy.root / "data.md5").read_text().splitlines()) == 2
    toy.run("rm", "-r", ".dvc/cache")
    assert verify(toy).returncode == 0
    (toy.root / "data/media/train/c1.mp4").write_bytes(b"other")
    assert "train/c1.mp4 has other bytes" in verify(toy).stderr
    (toy.root / "data.md5").unlink()
    unnamed = verify(toy)
    assert unnamed.returncode == 1
    assert "2 files, not the ones that data.dvc pins" in unnamed.stderr


def test_no_pin_and_no_data(toy: Toy) -> None:
    toy.run("rm", "-r", "data")
    assert "data: missing, but pinned by data.dvc" in verify(toy).stderr
    (toy.root / "data.dvc").unlink()
    done = verify(toy)
    assert (done.returncode, "dvc add data" in done.stderr) == (2, True)


def test_a_single_pinned_file(toy: Toy) -> None:
    (toy.root / "labels.json").write_text("[]")
    toy.run("dvc", "add", "-q", "labels.json")
    assert toy.run(*VERIFY, "--pin", "labels.json.dvc").stdout == "labels.json.dvc: 1 files, all as pinned\n"
    (toy.root / "labels.json").write_text("[ ]")
    assert toy.run(*VERIFY, "--pin", "labels.json.dvc", check=False).returncode == 1
