"""The gallery: which samples it draws, what it says of them, and what it does about what is missing."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from components.cli.main import main
from components.core.errors import DataError
from components.report.gallery.card import card
from components.report.gallery.page import make_gallery
from components.report.gallery.pick import pick
from components.report.gallery.samples import Shown, load
from tests.support.gallery_set import HOSTILE, make_gallery_set, raw

MANY = [
    (f"{task}-{source}-{number:02d}", "two.mp4", task, source, "what?", "this")
    for task in ("narration", "tsqa")
    for source in ("one", "two", "three")
    for number in range(9)
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_gallery_set(tmp_path_factory.mktemp("gallery"))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_gallery_set(tmp_path_factory.mktemp("many"), sorted(MANY))[0]


class Tags(HTMLParser):
    """Elements of a page and the text between them, as a browser would take them."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_samples_are_spread_over_the_sources_of_each_task(many: Path) -> None:
    chosen = pick(many, 5, 0)
    drawn = Counter(tuple(name.split("-")[:2]) for name in chosen)
    assert {task: sum(count for (name, _), count in drawn.items() if name == task) for task, _ in drawn} == {
        "narration": 5,
        "tsqa": 5,
    }
    assert min(drawn.values()) == 1 and max(drawn.values()) == 2 and len(drawn) == 6
    assert pick(many, 5, 0) == chosen and set(pick(many, 5, 1)) != set(chosen)
    assert len(pick(many, 1000, 0)) == len(MANY)


def test_a_larger_draw_holds_the_smaller_one(many: Path) -> None:
    assert set(pick(many, 2, 7)) < set(pick(many, 6, 7))


def test_what_is_shown_is_what_the_tables_say(places: tuple[Path, Path]) -> None:
    shown = {one.sample_id: one for one in load(places[0], pick(places[0], 9, 0))}
    assert list(shown) == sorted(shown, key=lambda name: shown[name].task) and len(shown) == 5
    one = shown["b"]
    assert one.states == ("silence", "standby", "standby", "response")
    assert one.runs() == [("silence", 0, 1), ("standby", 1, 3), ("response", 3, 4)]
    assert one.questions == ((1, HOSTILE),) and one.events[0][:2] == (1.0, 3.0)
    assert [turn for turn, _ in one.answers] == [3]
    assert (one.split, one.source, one.origin, one.licence) == ("train", "people", "Clips & co", "CC-BY-4.0")
    assert shown["e"].split == "validation" and shown["d"].answers == ()


def test_markup_in_texts_stays_text(places: tuple[Path, Path], tmp_path: Path) -> None:
    make_gallery(places[0], tmp_path / "g.html", media=places[1], per_task=9, seed=0)
    page = Tags((tmp_path / "g.html").read_text())
    assert page.tags["script"] == 1 and page.tags["article"] == 5
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert HOSTILE.split("<img")[0] in "".join(page.text)
    assert all(value.startswith("data:") for name, value in page.attributes if name == "src" and value)


def test_the_same_page_again_and_no_address_but_data(places: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_gallery(places[0], tmp_path / name, media=places[1], per_task=9, seed=0)
    page = (tmp_path / "a").read_bytes()
    assert page == (tmp_path / "b").read_bytes()
    assert not re.search(
        rb"(?:src|href)=.(?!data:)", page.split(b"<script>")[0].replace(b"&lt;img src=x", b"")
    )


def test_a_video_that_is_gone_costs_its_frames_only(
    places: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gallery", str(places[0]), str(tmp_path / "g.html"), "--media-root", str(places[1])]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "5 samples (narration 2, tsqa 3)" in said.out
    assert said.err.count("no frames of") == 1 and "gone.mp4" in said.err
    page = (tmp_path / "g.html").read_text()
    assert page.count("No frames: ") == 1 and page.count("<img") > 4


def test_without_a_media_root_it_says_so(places: tuple[Path, Path], tmp_path: Path) -> None:
    made = make_gallery(places[0], tmp_path / "g.html", media=None, per_task=1, seed=0)
    assert made.without_frames == {} and sum(made.samples.values()) == 2
    assert (tmp_path / "g.html").read_text().count("No frames: the page was made without --media-root") == 2


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("videos.parquet", "videos.parquet: no such file"),
        ("events.parquet", "events.parquet: no such file"),
        ("train/shard-000.parquet", "not a shard of a turn table"),
    ],
)
def test_what_is_not_a_dataset_is_named(lost: str, words: str, tmp_path: Path) -> None:
    dataset, media = make_gallery_set(tmp_path)
    if lost.startswith("train"):
        (dataset / lost).write_bytes(b"PAR1 it is not")
    else:
        (dataset / lost).unlink()
    with pytest.raises(DataError, match=words):
        make_gallery(dataset, tmp_path / "g.html", media=media, per_task=1, seed=0)
    assert not (tmp_path / "g.html").exists()


def test_wrong_use_and_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", str(tmp_path), str(tmp_path / "g.html"), "--samples", "0"]) == 2
    assert "--samples: expected at least 1, got 0" in capsys.readouterr().err
    assert main(["gallery", str(tmp_path), str(tmp_path / "g.html")]) == 1
    assert "give a product of stage dataset" in capsys.readouterr().err


def test_neighbouring_responses_are_blocks_of_their_own() -> None:
    from components.report.gallery.card import bars

    states = ("silence", "response", "response", "standby", "response")
    shown = Shown("s", "v", "t", "x", "train", 5.0, states, (), (), (), "o", "l")
    assert bars(shown).count('class="response"') == 3
    assert raw("s", "v", "t", "x", "q", "")["response"] == []


def test_a_sample_of_a_whole_day_stays_a_page() -> None:
    turns = 86_400
    text = "x" * 5_000
    shown = Shown(
        sample_id="day",
        video_id="day.mp4",
        task="narration",
        source="people",
        split="train",
        duration_s=float(turns),
        states=tuple("response" if turn % 2 else "silence" for turn in range(turns)),
        questions=((0, text),) * 600,
        answers=tuple((turn, text) for turn in range(1, turns, 2)),
        events=tuple((float(turn), float(turn) + 1, text) for turn in range(1, turns, 2)),
        origin="o",
        licence="l",
    )
    page = card(shown, [], "no root", 0)
    assert len(page) < 8 * 2**20
    left = "100 more questions, 42700 more answers, 42700 more spans, 85900 more stretches of a state"
    assert f"Not drawn: {left}." in page
    assert text not in page and "(5000 letters)" in page
