from components.evaluate.blind import blind_points, random_points
from components.evaluate.clock import ClockFit, TaskFinder, fit_clock, point_cell
from components.evaluate.ovo_rules import table
from components.protocol.states import State
from components.protocol.turns import Dialogue, Turn
from tests.support.ovo_samples import benchmark, clue_entry, count_entry, letter_entry, step_entry

QUESTIONS = {
    "ATR": ["which colour is the lamp now?"],
    "REC": ["tell the jump count"],
    "SSR": ["is the amber light on?"],
    "CRR": ["tell the sign letter when it shows"],
}


def dialogue(number, question, at, states, texts):
    turns = [Turn(t, (question,) if t == at else (), state, texts.get(t)) for t, state in enumerate(states)]
    return Dialogue(f"s{number}", f"train/{number}.mp4", "tsqa", "world", float(len(turns)), turns)


def counting(number):
    states = [State.SILENCE] * 24
    texts = {6: "1", 11: "2", 16: "3"}
    for turn in texts:
        states[turn] = State.RESPONSE
    return dialogue(number, "tell the jump count", 0, states, texts)


def test_a_training_question_goes_to_the_task_whose_wording_it_shares():
    finder = TaskFinder(QUESTIONS)
    assert finder("tell the drop count") == ("REC",)
    assert finder("look: which colour is the lamp now?") == ("ATR",)
    assert finder("describe every event") == ()


def test_a_wording_that_two_tasks_share_trains_both():
    finder = TaskFinder({"EPM": ["what dropped first?"], "HLD": ["what dropped first?"]})
    assert finder("what dropped first?") == ("EPM", "HLD")


def test_the_clock_solves_points_that_only_look_balanced():
    fit = fit_clock([counting(n) for n in range(30)], QUESTIONS)
    entries = [
        count_entry(n, [1, 2, 3]) for n in range(9)
    ]  # as many 1s as 2s as 3s, but each at its own time
    scored = {name: table(points) for name, points in blind_points(entries, fit).items()}
    assert scored["clock"]["tasks"]["REC"]["accuracy"] == 100.0
    assert scored["most_frequent"]["tasks"]["REC"]["accuracy"] == 33.33


def test_the_clock_falls_to_chance_on_time_matched_triples():
    fit = fit_clock([counting(n) for n in range(30)], QUESTIONS)
    entries = [count_entry(n, [1 + n % 3] * 3) for n in range(9)]
    assert table(blind_points(entries, fit)["clock"])["tasks"]["REC"]["accuracy"] == 33.33


def test_the_clock_prefers_options_that_training_answered_at_that_time():
    fit = ClockFit()
    for turn in range(24):
        for _ in range(30):
            fit.add("ATR", (turn, 0), "red" if turn < 6 else "green")
    entries = [letter_entry(n, truth=0 if 5 + n % 3 < 6 else 1) for n in range(12)]
    assert table(blind_points(entries, fit)["clock"])["total"] == 100.0


def test_the_balanced_clock_uses_the_rate_where_the_majority_never_says_yes():
    fit = ClockFit()
    for turn in range(24):
        for n in range(30):
            fit.add("SSR", (turn, turn), "Yes" if n < (12 if turn < 8 else 3) else "No")
    entries = [step_entry(n, (3, 6)) for n in range(4)]
    scored = {name: table(points) for name, points in blind_points(entries, fit).items()}
    assert scored["clock"]["total"] == 50.0
    assert scored["clock_balanced"]["total"] == 100.0


def test_delay_counts_from_ask_time():
    entry = clue_entry(1)
    assert point_cell(entry, entry["test_info"][1]) == (12, 10)
    assert point_cell(count_entry(1, [1]), {"realtime": 6.7}) == (6, 6)
    assert point_cell(letter_entry(1)) == (6, 0)


def test_constants_on_a_balanced_set():
    scored = {name: table(points) for name, points in blind_points(benchmark(), None).items()}
    assert sorted(scored) == ["always_silent", "always_standby", "most_frequent", "random", "random_states"]
    assert scored["always_silent"]["groups"]["backward"] == 0.0
    assert scored["always_silent"]["tasks"]["SSR"]["accuracy"] == 50.0
    assert scored["always_standby"]["tasks"]["SSR"]["accuracy"] == 50.0
    assert scored["most_frequent"]["tasks"]["EPM"]["accuracy"] == 25.0
    assert scored["random"]["tasks"]["EPM"]["accuracy"] == 25.0


def test_random_states_are_paid_for_in_loose_crr():
    entries = [clue_entry(n, clue=4) for n in range(4)]  # both points after the clue
    points = random_points(entries, states=True)
    assert points[0].credit == 1 - (2 / 3) ** 3
    assert points[1].credit == 1 - (2 / 3) ** 11
    assert all(point.credit == 0.5 for point in random_points(entries, states=False))
