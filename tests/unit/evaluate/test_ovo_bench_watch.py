"""One pass a video: what is shared changes nothing, and nothing after a query is ever seen for it."""

import numpy as np
import pytest

from components.evaluate.ovo_bench.engines import Polling, Streaming
from components.evaluate.ovo_bench.items import plan_item
from components.evaluate.ovo_bench.settings import Settings
from components.evaluate.ovo_bench.watch import UnreadableVideoError, watch_video
from components.infer.decisions import States
from components.infer.reading import Reading
from components.infer.watch import pictures
from components.protocol.states import STATES
from tests.support import ovo_bench_set
from tests.support.ovo_bench_set import SECONDS, crr, letter, rec, ssr, write_clip

ONE, TURNS = next(iter(SECONDS)), 14


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ovo_bench_set.model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "one.mp4"
    write_clip(path, TURNS, 0)
    return path


class Restless(States):
    """All three states in turn, by the last digits of what the model has computed: any difference shows."""

    def decide(self, logits_BV, hidden_BD):
        digits = [int(abs(float(row.sum())) * 1e5) for row in hidden_BD]
        return [Reading(STATES[number % 3], 0.0, 0.0, 1.0) for number in digits]


def engine(model, fps=1, protocol="online"):
    knobs = {"window_turns": 6} if protocol != "polling" else {"frames": 5}
    settings = Settings(protocol=protocol, fps=fps, max_new_tokens=3, **knobs)
    if protocol == "polling":
        return Polling(model, settings)
    made = Streaming(model, settings)
    made.policy = Restless(made.adapter.state_ids)
    return made


@pytest.fixture(scope="module")
def streaming(model):
    return {fps: engine(model, fps) for fps in (1, 2)}


def items_of(entries, protocol="online"):
    return [plan_item(entry, TURNS, protocol=protocol, seed=0) for entry in entries]


def answers(engine, path, entries, protocol="online"):
    return {item.key: line for item, line in engine.answer(path, items_of(entries, protocol))}


MIXED = [
    letter(1, "EPM", ONE, 4.2),
    letter(2, "OCR", ONE, 9.7),
    letter(3, "ASI", ONE, 9.9),
    letter(4, "STU", ONE, 0),
    rec(5, ONE, [3, 8.25, 12]),
    ssr(6, ONE, [3, 7.75]),
    crr(7, ONE, 4, 7, [4, 6, 9.5]),
    letter(8, "EPM", ONE, 300),
]


def test_one_pass_for_all_gives_what_each_alone_gives_and_costs_less(model, clip):
    shared, alone = engine(model, 2), engine(model, 2)
    together = answers(shared, clip, MIXED)
    assert len(together) == len(MIXED)
    for entry in MIXED:
        key = f"{entry['task']}-{entry['id']}"
        assert answers(alone, clip, [entry]) == {key: together[key]}
    assert shared.spent.turns < 0.7 * alone.spent.turns
    streams = [stream for line in together.values() for stream in line["streams"]]
    assert {state for stream in streams for state in stream["states"]} == {"silence", "standby", "response"}


@pytest.mark.parametrize(("fps", "protocol"), [(2, "online"), (1, "released")])
def test_pictures_after_the_last_query_change_nothing(streaming, clip, tmp_path, fps, protocol):
    """Entries are asked on a clip whose pictures are others from just after their last query on."""
    for entry in (MIXED[1], MIXED[6]) if protocol == "online" else (MIXED[2], MIXED[4]):
        end = max(float(point["realtime"]) for point in entry.get("test_info", [entry]))
        noisy = tmp_path / f"{entry['id']}.mp4"
        # 9.7 s: at 2 pictures a second the one of 9.5 may be seen, noise begins at 10
        write_clip(noisy, TURNS, 0, noise_from=int(end) + 1)
        before = answers(streaming[fps], clip, [entry], protocol)
        assert answers(streaming[fps], noisy, [entry], protocol) == before


def test_a_point_between_two_pictures_does_not_see_the_second(model, streaming, clip):
    """At 2 a second the point at 8.25 s reads a turn of one picture, while the stream goes on with two."""
    sizes = []

    class Spy:
        def __init__(self, inner):
            self.inner = inner

        def ask(self, text):
            return self.inner.ask(text)

        def push_features(self, features, grids):
            turn = self.inner.push_features(features, grids)
            sizes.append((turn.turn, len(grids)))
            return turn

        def force(self):
            return self.inner.force()

        def clone(self):
            return Spy(self.inner.clone())

    two = streaming[2]
    (item,) = items_of([rec(5, ONE, [3, 8.25, 10.5])])
    (watched,) = watch_video(two.adapter, clip, [item], fps=2, open_session=lambda: Spy(two.open_session()))
    whole = [(turn, 2) for turn in range(11)]
    assert sizes == [*whole[:3], (3, 1), (3, 2), *whole[4:8], (8, 1), *whole[8:]]
    assert set(watched.cuts[0]) == {0, 1} and len(watched.streams[0].states) == 11


def test_the_two_pictures_of_a_turn_are_different(clip):
    for first, second in pictures(clip, TURNS, 2):
        assert np.abs(first.astype(int) - second.astype(int)).mean() > 10


def test_a_letter_question_ends_with_its_first_answer(streaming, clip):
    """Released ASI: asked at a random second and over with the first Response."""
    entry = letter(3, "ASI", ONE, 13)
    found = [plan_item(entry, TURNS, protocol="released", seed=seed) for seed in range(4)]
    lengths = set()
    for item in found:
        ((_, line),) = streaming[1].answer(clip, [item])
        (stream,) = line["streams"]
        said = [turn for turn, state in enumerate(stream["states"]) if state == "response"]
        assert len(said) <= 1 and len(stream["states"]) == (said[0] + 1 if said else 14)
        lengths.add(len(stream["states"]))
    assert len(lengths) > 1


def test_a_video_that_breaks_off_keeps_what_was_answered_before(streaming, clip):
    entries = [letter(1, "EPM", ONE, 4), letter(2, "EPM", ONE, 30)]
    promised = [plan_item(entry, 40, protocol="online", seed=0) for entry in entries]

    def broken(path, turns, k):
        yield from list(pictures(path, 9, k))
        from components.core.errors import DataError

        raise DataError("torn")

    import components.evaluate.ovo_bench.watch as module

    done = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "pictures", broken)
        with pytest.raises(UnreadableVideoError, match="torn"):
            for item, line in streaming[1].answer(clip, promised):
                done.append((item.key, line))
    assert [key for key, _ in done] == ["EPM-1"]


def test_polling_sees_no_later_picture(model, clip, tmp_path):
    polling = engine(model, protocol="polling")
    noisy = tmp_path / "noisy.mp4"
    write_clip(noisy, TURNS, 0, noise_from=9)
    entries = [letter(1, "EPM", ONE, 8.9), rec(5, ONE, [3, 8.25]), crr(7, ONE, 4, 7, [4, 6, 8])]
    before = answers(polling, clip, entries)
    assert answers(polling, noisy, entries) == before
    assert [len(line["said"]) for line in before.values()] == [1, 2, 3]
