from components.evaluate.floors import floors
from components.evaluate.ovo_clock import clock_answers, elect, moments
from components.evaluate.ovo_format import truths
from tests.support.ovo_samples import clue_entry, count_entry, letter_entry, step_entry


def right(entries, **knobs):
    """The share of points the clock gets right."""
    given = clock_answers(entries, seed=0, **knobs)
    pairs = [
        pair
        for entry in entries
        for pair in zip(given[(entry["task"], entry["id"])], truths(entry), strict=True)
    ]
    return sum(said == true for said, true in pairs) / len(pairs)


def test_counts_that_grow_with_time_are_solved_without_a_frame():
    assert right([count_entry(n, [1, 2, 3]) for n in range(12)], nearest=5) == 1.0


def test_time_matched_counts_are_not():
    assert right([count_entry(n, [1 + n % 3] * 3) for n in range(12)], nearest=5) < 0.6


def test_a_video_never_votes_for_itself():
    entries = [{**count_entry(n, [7, 7]), "video": "one"} for n in range(4)]
    entries += [{**count_entry(9, [2, 2]), "video": "two"}]
    given = clock_answers(entries, seed=0)
    assert given[("REC", 0)] == ["2", "2"] and given[("REC", 9)] == ["7", "7"]


def test_delay_counts_from_the_question_and_the_released_placement_gives_steps_away():
    entry = step_entry(1, (3, 6))
    assert [moment.delay for moment in moments(entry, "online")] == [3, 4, 12, 13]
    assert [moment.delay for moment in moments(entry, "released")] == [0, 1, 9, 10]
    assert [moment.delay for moment in moments(clue_entry(1), "released")] == [2, 10]
    late = {**count_entry(1, [1]), "start_times": [10], "end_times": [12]}
    assert next(moments(late, "released")).delay == next(moments(late, "online")).delay - 7
    steps = [step_entry(n, (3, 6) if n % 2 else (11, 15)) for n in range(20)]
    assert right(steps, nearest=5, placement="released") == 1.0 > right(steps, nearest=5)


def test_letters_are_chosen_among_the_options_there_are():
    assert elect(["D", "D", "B"], ("A", "B")) == "B"
    assert elect(["D"], ("A", "B")) == "A"
    assert elect([], ()) == "0"
    entries = [letter_entry(n, truth=3) for n in range(6)]
    entries.append({**letter_entry(9), "options": ["one", "two"]})
    assert clock_answers(entries, seed=0)[("ATR", 9)] == ["A"]


def test_folds_are_seeded_and_one_video_has_no_clock():
    entries = [count_entry(n, [1 + n % 3, 1 + n % 2]) for n in range(12)]
    assert clock_answers(entries, seed=0) == clock_answers(entries, seed=0)
    assert clock_answers(entries[:1], seed=0) is None
    assert "clock" not in floors(entries[:1], seed=0) and "clock" in floors(entries, seed=0)


def test_floors_change_when_the_set_is_changed():
    entries = [clue_entry(n, 4 if n % 2 else 13) for n in range(8)]
    entries += [letter_entry(100 + n, truth=n % 3) for n in range(9)]
    before = floors(entries, seed=0)
    changed = [
        {**entry, "test_info": [{**point, "type": 1} for point in entry["test_info"]]}
        if "test_info" in entry
        else {**entry, "options": entry["options"][:3], "gt": 1}
        for entry in entries
    ]
    after = floors(changed, seed=0)
    silent = [found["always_silent"]["groups"]["forward"] for found in (before, after)]
    yes = [found["always_yes_and_1"]["groups"]["forward"] for found in (before, after)]
    frequent = [found["most_frequent"]["tasks"]["ATR"]["accuracy"] for found in (before, after)]
    assert (silent, yes, frequent) == ([50.0, 0.0], [50.0, 100.0], [33.33, 100.0])
    assert after["random"]["strict"]["tasks"]["ATR"]["accuracy"] == 33.33
    assert before["random"]["strict"]["tasks"]["ATR"]["accuracy"] == 25.0
    assert after["clock"]["total"] == 100.0 > before["clock"]["total"]
