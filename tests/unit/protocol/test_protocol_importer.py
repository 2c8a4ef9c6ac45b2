"""Released labels number seconds from 1; the importer counts them from the first frame."""

import copy

import pytest
from protocol_labels import event, instant, label, questions, states

from components.protocol.convert import convert_sample
from components.protocol.importer import from_released


def test_times_are_moved_as_rule_5_says():
    raw = label(["5"], [event(5.0, "6.0"), instant("01:05"), event(0, 1), instant(0.5)])
    imported = from_released(raw)
    assert imported["question"][0]["time"] == 4.0
    spans = [(item["st_time"], item["end_time"], item["time"]) for item in imported["response"]]
    assert spans == [(4.0, 6.0, ""), ("", "", 64.0), (0.0, 1.0, ""), ("", "", 0.0)]


@pytest.mark.parametrize("bad", ["soon", -3, "", None])
def test_what_cannot_be_read_stays_for_conversion_to_report(bad):
    assert from_released(label([bad], []))["question"][0]["time"] == bad


def test_items_that_are_no_objects_stay_for_conversion_to_report():
    assert from_released(label([1], [], response=["x"]))["response"] == ["x"]
    assert from_released(label([1], [], response="x"))["response"] == "x"


def test_the_raw_label_is_not_changed():
    raw = label([5], [event(5, 6)])
    before = copy.deepcopy(raw)
    from_released(raw)
    assert raw == before


def test_an_imported_label_gives_the_released_states_without_the_early_question():
    raw = label(["5"], [event(5.0, 6.0)])
    released = convert_sample(raw, 10, rules="released")
    corrected = convert_sample(from_released(raw), 10)
    assert states(corrected) == states(released) == "....ssR..."
    assert questions(released) == {0: ("q0",), 4: ("q0",)}
    assert questions(corrected) == {4: ("q0",)}
