import os

import pytest

from components.core.errors import DataError
from components.video.root import MediaRoot


@pytest.fixture
def root(tmp_path):
    media = tmp_path / "media"
    (media / "a" / "b").mkdir(parents=True)
    (media / "a" / "b" / "c.mp4").write_bytes(b"x")
    (media / "z:y.mp4").write_bytes(b"x")
    (tmp_path / "secret.mp4").write_bytes(b"s")
    return MediaRoot(media)


def test_an_id_names_the_file_below_the_root(root):
    assert root.resolve("a/b/c.mp4").read_bytes() == b"x"


@pytest.mark.parametrize(
    "bad",
    ["", ".", "/etc/hostname", "../secret.mp4", "a/../../secret.mp4", "file:a/b/c.mp4", "http://x/y.mp4",
     "concat:a|b", "z:y.mp4", "a\0b", "a", "missing.mp4", "n" * 300],
)  # fmt: skip
def test_what_is_no_plain_path_to_a_file_below_is_refused(root, bad):
    with pytest.raises(DataError, match="video id"):
        root.resolve(bad)


def test_a_link_out_of_the_root_is_refused_and_one_inside_is_followed(root, tmp_path):
    (root.path / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (root.path / "outdir").symlink_to(tmp_path)
    (root.path / "in.mp4").symlink_to(root.path / "a" / "b" / "c.mp4")
    for bad in ("out.mp4", "outdir/secret.mp4"):
        with pytest.raises(DataError, match="link leads out"):
            root.resolve(bad)
    assert root.resolve("in.mp4").read_bytes() == b"x"


def test_the_root_itself_may_be_a_link(root, tmp_path):
    (tmp_path / "alias").symlink_to(root.path)
    assert MediaRoot(tmp_path / "alias").resolve("a/b/c.mp4") == root.resolve("a/b/c.mp4")


def test_a_missing_root_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match=r"corpus\.media"):
        MediaRoot(tmp_path / "none")


def test_files_lists_everything_once_and_follows_no_link_to_a_folder(root, tmp_path):
    (root.path / "loop").symlink_to(root.path)
    (root.path / "outdir").symlink_to(tmp_path)
    (root.path / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    (root.path / ".hidden").write_bytes(b"")
    listed = [(found.video_id, found.reason) for found in root.files()]
    assert listed == [
        (".hidden", None),
        ("a/b/c.mp4", None),
        ("loop", "link_to_folder"),
        ("out.mp4", "link_leaves_root"),
        ("outdir", "link_leaves_root"),
        ("z:y.mp4", None),
    ]


def test_names_that_are_not_text_are_listed(root):
    raw = os.fsencode(root.path) + b"/\xff.mp4"
    with open(raw, "wb") as stream:  # noqa: PTH123 - Path refuses bytes
        stream.write(b"x")
    assert any(found.video_id.startswith("\udcff") for found in root.files())
