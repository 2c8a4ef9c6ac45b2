"""The frame store: the very bytes that are sent, once a video; a file that does not verify is never used."""

import io
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pil

from components.core.errors import InternalError, UsageError
from components.core.seeds import rng
from components.core.share import open_share
from components.video.frames import frames_at
from components.video.framestore.fidelity import Fidelity
from components.video.framestore.file import BYTES, FrameFile, NotTheseFramesError, write_frames
from components.video.framestore.fill import Maker, Wanted
from components.video.framestore.keep import prune, settle, verify
from components.video.framestore.settings import open_store, read_settings
from components.video.framestore.store import FrameStore
from components.video.limits import Limits
from components.video.probe import probe_many
from components.video.root import MediaRoot
from components.video.source import VideoSource
from tests.support import videos
from tests.support.small_world import small_world

SIDE = 40  # smaller than the clips, so that pictures are scaled


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips: 2 s variable, 2 s turned, 3 s of one a second, 20 s or more of the world."""
    folder = tmp_path_factory.mktemp("data")
    world = small_world(folder, clips=1)
    videos.variable_rate(folder / "media" / "vfr.mp4")
    videos.rotated(folder / "media" / "turned.mp4")
    videos.plain(folder / "media" / "plain.mp4", seconds=3, rate=1)
    (folder / "media" / world[0].video_id).rename(folder / "media" / "world.mp4")
    return folder / "media"


def maker(media: Path, folder: Path, *, workers: int = 0, share: Path | None = None) -> Maker:
    store = FrameStore(folder, None if share is None else open_share(str(share)))
    return Maker(store, VideoSource(MediaRoot(media)), Fidelity(SIDE), workers=workers)


def as_sent(path: Path, turns: int) -> list[bytes]:
    """What a client would send that decodes for itself: scaled, quality 90, no chroma subsampling."""
    sent = []
    for pixels in frames_at(path, range(turns)):
        picture, buffer = Pil.fromarray(pixels), io.BytesIO()
        picture.thumbnail((SIDE, SIDE), Pil.Resampling.BICUBIC)
        picture.save(buffer, format="JPEG", quality=90, subsampling=0)
        sent.append(buffer.getvalue())
    return sent


def held(made: Maker, wanted: Wanted) -> FrameFile:
    found = made.store.open(made.key(wanted))
    assert found is not None
    return found


def pictures(file: FrameFile, seconds: Sequence[int]) -> list[bytes]:
    return [bytes(file.picture(second)) for second in seconds]


ALL = [Wanted("vfr.mp4", 2), Wanted("turned.mp4", 2), Wanted("plain.mp4", 3), Wanted("world.mp4", 20)]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_second_is_the_bytes_that_a_client_would_send(media, tmp_path, workers):
    made = maker(media, tmp_path, workers=workers)
    assert made.fill(ALL) == {}
    assert made.store.counts == Counter(decoded=len(ALL))
    for wanted in ALL:
        expected = as_sent(media / wanted.video_id, wanted.turns)
        assert pictures(held(made, wanted), range(wanted.turns)) == expected
        assert len(set(expected)) > 1 or wanted.turns == 2
    assert Pil.open(io.BytesIO(held(made, ALL[1]).picture(0))).size == (30, 40)  # 64 x 48 turned and scaled
    assert made.fill(ALL) == {}
    assert made.store.counts == Counter(decoded=len(ALL), held=len(ALL))


def test_real_clips_are_kept_as_a_client_would_send_them(shared_data, tmp_path):
    folder = shared_data / "videos"
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    usable = [probe for probe in probe_many(paths, quick=True) if probe.ok and probe.turns <= 15]
    found = [Wanted(Path(one.path).relative_to(folder).as_posix(), one.turns) for one in usable]
    assert len(found) > 10
    made = maker(folder, tmp_path, workers=2)
    assert made.fill(found) == {}
    for wanted in found:
        expected = as_sent(folder / wanted.video_id, wanted.turns)
        assert pictures(held(made, wanted), range(wanted.turns)) == expected, wanted.video_id


def test_other_bytes_turns_or_fidelity_have_another_name(media, tmp_path):
    made, wanted = maker(media, tmp_path), ALL[2]
    names = {made.key(wanted).name, made.key(Wanted("plain.mp4", 4)).name, made.key(ALL[0]).name}
    made.fidelity = Fidelity(SIDE + 1)
    assert len({*names, made.key(wanted).name}) == 4
    copy = tmp_path / "media"
    shutil.copytree(media, copy)
    (copy / "plain.mp4").rename(copy / "renamed.mp4")
    assert maker(copy, tmp_path).key(Wanted("renamed.mp4", 3)).name in names


def test_a_picture_that_stays_is_stored_once(tmp_path, media):
    key = maker(media, tmp_path).key(Wanted("plain.mp4", 300))
    noise = rng(0, "noise").bytes
    one, other = noise(10_000), noise(10_000)
    write_frames(tmp_path / "still", key, [one] * 280 + [other] + [one] * 19)
    assert (tmp_path / "still").stat().st_size < 60_000
    file = FrameFile(tmp_path / "still", key)
    assert pictures(file, [0, 255, 256, 279, 280, 281, 299]) == [one, one, one, one, other, one, one]
    with pytest.raises(ValueError, match="299 pictures for 300 seconds"):
        write_frames(tmp_path / "short", key, [one] * 299)


def own_memory() -> int:
    """Bytes of this process that are no pages of a file."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("RssAnon:")[2].split()[0])


def test_an_hour_is_written_and_read_in_little_memory(tmp_path, media):
    key, pool = maker(media, tmp_path).key(Wanted("plain.mp4", 3600)), pa.default_memory_pool()
    noise, before, most = rng(0, "noise").bytes(30_000), pool.bytes_allocated(), 0

    def hour() -> Iterator[bytes]:
        nonlocal most
        for second in range(3600):
            most = max(most, pool.bytes_allocated() - before)
            yield noise + second.to_bytes(4, "big")

    write_frames(tmp_path / "hour", key, hour())
    assert (tmp_path / "hour").stat().st_size > 3600 * len(noise)
    file = FrameFile(tmp_path / "hour", key)
    own = own_memory()
    shown = [file.picture(second) for second in range(3600)]
    assert [int.from_bytes(picture[-4:], "big") for picture in shown] == list(range(3600))
    assert most < 3 * BYTES and pool.bytes_allocated() - before < 1 << 20
    assert own_memory() - own < 20 << 20  # all of them are held: 108 MB that lie in the file


def spoil(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[data.index(b"\xff\xd8\xff") + 100] ^= 1
    elif how == "truncated":
        del data[-20:]
    elif how == "empty":
        data.clear()
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("how", ["flipped", "truncated", "empty", "another video's"])
def test_what_does_not_verify_is_named_counted_set_aside_and_made_again(media, tmp_path, capsys, how):
    made, wanted = maker(media, tmp_path), ALL[3]
    made.fill([wanted, ALL[2]])
    expected = pictures(held(made, wanted), range(20))
    path = made.store.path(made.key(wanted).name)
    if how == "another video's":
        shutil.copy(made.store.path(made.key(ALL[2]).name), path)
    else:
        spoil(path, how)
    assert verify(made.store) == (2, [str(path)])
    assert f"{path}: refused" in capsys.readouterr().err
    assert not path.exists() and path.with_suffix(".refused").exists()
    assert made.store.counts["refused"] == 1
    assert made.fill([wanted]) == {}
    assert made.store.counts["decoded"] == 3
    assert pictures(held(made, wanted), range(20)) == expected


def test_no_flipped_byte_ever_shows_another_picture(media, tmp_path):
    made, wanted = maker(media, tmp_path), ALL[2]
    made.fill([wanted])
    key = made.key(wanted)
    expected, path = pictures(held(made, wanted), range(3)), made.store.path(key.name)
    whole, draw = path.read_bytes(), rng(0, "flips")
    spoilt, refused = tmp_path / "spoilt", 0
    for place in draw.permutation(len(whole))[:400]:
        data = bytearray(whole)
        data[place] ^= 1 << int(draw.integers(8))
        spoilt.write_bytes(bytes(data))
        try:
            assert pictures(FrameFile(spoilt, key), range(3)) == expected  # the byte was one of padding
        except NotTheseFramesError:
            refused += 1
    assert refused > 200


def test_a_video_that_cannot_be_decoded_is_a_reason_and_leaves_nothing(media, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    shutil.copy(media / "plain.mp4", folder / "good.mp4")
    (folder / "bad.mp4").write_bytes(b"no video")
    made = maker(folder, tmp_path / "frames", workers=2)
    failed = made.fill([Wanted("bad.mp4", 2), Wanted("gone.mp4", 2), Wanted("good.mp4", 3)])
    assert set(failed) == {"bad.mp4", "gone.mp4"}
    assert failed["bad.mp4"].startswith("bad.mp4: undecodable: ") and str(tmp_path) not in failed["bad.mp4"]
    assert made.store.counts == Counter(decoded=1, failed_undecodable=1)
    assert [path.suffix for path in sorted((tmp_path / "frames").glob("??/*"))] == [".arrow"]


def test_a_disk_without_room_is_no_fault_of_the_video(media, tmp_path, monkeypatch):
    monkeypatch.setattr("components.video.framestore.fill.LIMITS", Limits(file_mb=0))
    made = maker(media, tmp_path, workers=1)
    with pytest.raises(InternalError, match=r"File too large; `streamo frames prune` makes room"):
        made.fill([ALL[2]])
    assert not made.store.counts and list(tmp_path.glob("??/.*")) == []


def test_a_video_that_changes_meanwhile_is_never_kept_under_its_old_hash(media, tmp_path):
    folder, wanted = tmp_path / "media", ALL[2]
    folder.mkdir()
    path = Path(shutil.copy2(media / wanted.video_id, folder))
    made = maker(folder, tmp_path / "frames", workers=1)
    made.key(wanted)
    times, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # the change cannot be seen without reading
    with pytest.raises(InternalError, match=r"plain\.mp4, changed: .*run again"):
        made.fill([wanted])
    assert not list((tmp_path / "frames").glob("??/*"))


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ("[]", "expected the keys"),
        ("{fold: x}", "expected the keys"),
        ("{folder: ''}", "folder"),
        ("{keep_gb: -1}", "keep_gb"),
    ],
)
def test_a_section_that_cannot_be_used_is_named(tmp_path, section, named):
    (tmp_path / "params.yaml").write_text(f"frames: {section}")
    with pytest.raises(UsageError, match=rf"params\.yaml frames.*{named}"):
        read_settings(tmp_path)


def test_without_a_folder_frames_go_with_the_run(tmp_path):
    (tmp_path / "params.yaml").write_text("frames: {folder: null}")
    with open_store(tmp_path) as store:
        assert store.folder.is_dir() and not store.folder.is_relative_to(tmp_path)
    assert not store.folder.exists()


def test_the_same_bytes_under_two_names_are_decoded_once(media, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(media / "world.mp4", folder / name)
    made = maker(folder, tmp_path / "frames", workers=2)
    assert made.fill([Wanted("a.mp4", 20), Wanted("b.mp4", 20)]) == {}
    assert made.store.counts == Counter(decoded=1, held=1)


def test_the_least_recently_used_go_first(media, tmp_path):
    made = maker(media, tmp_path)
    made.fill(ALL)
    paths = [made.store.path(made.key(wanted).name) for wanted in ALL]
    held(made, ALL[0])  # used last
    left = tmp_path / paths[1].parent.name / f".{paths[1].stem}.killed"
    left.write_bytes(b"half a file")
    paths[2].rename(paths[2].with_suffix(".refused"))
    done = prune(tmp_path, paths[0].stat().st_size)
    assert (done.gone, done.kept, done.kept_bytes) == (4, 1, paths[0].stat().st_size)
    assert list(tmp_path.glob("??/*")) == [paths[0]]
    assert prune(tmp_path, 0).gone == 1 and prune(tmp_path / "none", 0).gone == 0


def test_the_folder_is_pruned_while_it_grows_not_only_at_the_end(media, tmp_path):
    made = maker(media, tmp_path)
    made.store.keep_bytes = 1
    for wanted in ALL:
        made.fill([wanted])
        assert len(list(tmp_path.glob("??/*.arrow"))) == 1
        settle(made.store)
        assert not list(tmp_path.glob("??/*.arrow"))
    made.store.keep_bytes = 10**9
    made.fill(ALL)
    settle(made.store)
    assert len(list(tmp_path.glob("??/*.arrow"))) == len(ALL)


def test_frames_go_from_machine_to_machine_and_are_checked_as_a_strangers(media, tmp_path, capsys):
    share, wanted = tmp_path / "share", ALL[3]
    share.mkdir()
    one, other, third = (maker(media, tmp_path / name, share=share) for name in ("one", "other", "third"))
    assert (one.fill([wanted]), other.fill([wanted])) == ({}, {})
    assert (one.store.counts, other.store.counts) == (Counter(decoded=1), Counter(fetched=1))
    expected = as_sent(media / "world.mp4", 20)
    assert pictures(held(other, wanted), range(20)) == expected
    (shared,) = (path for path in share.rglob("*.arrow"))
    shared.chmod(0o644)
    spoil(shared, "flipped")
    assert third.fill([wanted]) == {}
    assert third.store.counts == Counter(decoded=1, refused=1) and "refused" in capsys.readouterr().err
    assert pictures(held(third, wanted), range(20)) == expected
    assert np.array_equal(
        np.frombuffer(shared.read_bytes(), np.uint8)[:6], np.frombuffer(b"ARROW1", np.uint8)
    )
