import json

from components.core.files import dumps
from components.evaluate.clock import ClockFit
from components.evaluate.scores import build_scores
from components.evaluate.state_scores import Watched, build_validation
from components.evaluate.streams import read_results
from tests.support.ovo_samples import benchmark, perfect_stream, silent_stream


def built(streams_of, *, exchanged=True, seed=0):
    entries = benchmark()
    streams = [streams_of(entry) for entry in entries]
    letters = [entry for entry in entries if "options" in entry]
    control = read_results(entries, [silent_stream(entry) for entry in entries])
    return build_scores(
        entries,
        read_results(entries, streams),
        clock_fit=ClockFit(),
        seed=seed,
        streams=streams,
        forced=read_results(letters, streams, forced=True),
        exchanged=control if exchanged else None,
    )


def test_a_perfect_model_exceeds_every_rival_on_matched_points():
    scores = built(perfect_stream)
    for group in ("backward", "realtime", "forward", "total"):
        cell = scores["columns"]["matched"]["comparison"][group]
        assert cell["exceeds"] is True, (group, cell)
        assert cell["interval"] == [100.0, 100.0]
        assert set(cell["rivals"]) == {"best_blind", "clock", "exchanged"}


def test_a_silent_model_exceeds_nothing_and_its_forced_column_differs():
    scores = built(silent_stream)
    column = scores["columns"]["matched"]
    assert not any(cell["exceeds"] for cell in column["comparison"].values())
    assert column["model"]["groups"]["realtime"] == 0.0
    assert column["forced"]["groups"]["realtime"] == 25.0  # always "red", right one time in four
    assert column["forced"]["groups"]["forward"] is None


def test_columns_are_apart_and_a_missing_group_is_null():
    naive = built(perfect_stream)["columns"]["naive"]
    assert naive["model"]["tasks"] == {"ATR": {"correct": 4, "total": 4, "accuracy": 100.0}}
    assert naive["comparison"]["forward"] == {
        "accuracy": None,
        "interval": None,
        "best_blind_policy": None,
        "rivals": {},
        "exceeds": None,
    }
    # every truth of the naive column is the first option: a constant solves it, and the flag says so
    assert naive["comparison"]["realtime"]["exceeds"] is False


def test_readings_are_beside_each_other_with_intervals():
    readings = built(perfect_stream)["columns"]["matched"]["readings"]
    assert readings["SSR"]["state"]["accuracy"] == readings["SSR"]["interval"]["accuracy"] == 100.0
    assert readings["CRR"]["strict"]["interval"] == [100.0, 100.0]


def test_without_control_no_rival_of_that_name_is_claimed():
    cell = built(perfect_stream, exchanged=False)["columns"]["matched"]["comparison"]["forward"]
    assert "exchanged" not in cell["rivals"]


def test_same_seed_same_bytes_and_plain_json():
    first, second = dumps(built(silent_stream)), dumps(built(silent_stream))
    assert first == second
    assert json.loads(first)["suite"] == "ovo"


def half_right(entry):
    return perfect_stream(entry) if entry["id"] % 8 < 4 else silent_stream(entry)


def test_intervals_hold_the_score_and_respect_matched_sets():
    model = built(half_right)["columns"]["matched"]["model"]
    low, high = model["intervals"]["groups"]["realtime"]
    assert low < model["groups"]["realtime"] == 50.0 < high
    # whole sets of four are right or wrong together, so four sets resampled whole give only quarters
    assert low % 25 == 0 and high % 25 == 0


def watched(number, said):
    truth = ["silence", "silence", "standby", "standby", "response", "silence", "silence", "silence"]
    return Watched(f"s{number}", f"v{number}", "event_caption", truth, said or truth)


def test_validation_scores_select_by_macro_f1():
    perfect = build_validation([watched(n, None) for n in range(5)], seed=0)
    assert perfect["selection"] == {"metric": "macro_f1", "value": 100.0}
    assert perfect["responses"]["precision"] == perfect["responses"]["recall"] == 100.0
    silent = build_validation([watched(n, ["silence"] * 8) for n in range(5)], seed=0)
    # silence: precision 5/8, recall 1 -> F1 10/13; standby and response 0
    assert silent["macro_f1"] == 25.64
    assert silent["states"]["response"] == {
        "turns": 5,
        "predicted": 0,
        "precision": None,
        "recall": 0.0,
        "f1": 0.0,
    }
    assert silent["confusion"]["standby"] == {"silence": 10, "standby": 0, "response": 0}


def test_validation_counts_an_early_response_in_quiet_as_false_alarm():
    said = ["response", "silence", "standby", "standby", "response", "silence", "silence", "response"]
    scored = build_validation([watched(0, said)], seed=0)["responses"]
    assert (scored["responses"], scored["hits"], scored["false_alarms"]) == (3, 1, 2)
    assert scored["quiet_minutes"] == 0.05  # turns 0, 6 and 7
