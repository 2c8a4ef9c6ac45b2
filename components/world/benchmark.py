"""`benchmark/ovo.json`: the held-out clips' questions in OVO-Bench's own annotation format.

Beside the official keys every entry bears `match` (id of its matched set), `points` (`matched` or `naive`),
and in the forward subtasks `ask_time` and the wording to ask (`question`; for SSR in each row of
`test_info`).
"""

from collections.abc import Sequence
from typing import Any

from components.core.seeds import rng
from components.world import queries
from components.world.choice import FORMS, Member, choice_sets
from components.world.matched import Tested, clue_turn, crr_pairs, rec_triples, ssr_pairs
from components.world.scene import Scene, Span

Entry = dict[str, Any]


def build(pool: Sequence[Scene], sets: int, seed: int) -> list[Entry]:
    """All entries, numbered: nine multiple-choice subtasks, then REC, SSR and CRR, matched and naive."""
    entries: list[Entry] = []
    for task in FORMS:
        for number, members in enumerate(choice_sets(task, pool, sets, rng(seed, "heldout", task))):
            options = [member.ask.answer for member in members]
            order = [options[int(i)] for i in rng(seed, "options", task, number).permutation(len(options))]
            entries += [_choice(task, member, order, f"{task}-{number:03d}") for member in members]
    forward = (("REC", rec_triples, _rec), ("SSR", ssr_pairs, _ssr), ("CRR", crr_pairs, _crr))
    for task, find, entry in forward:
        found = find(pool, sets, rng(seed, "heldout", task))
        matched = [(tested, f"{task}-{number:03d}") for number, group in enumerate(found) for tested in group]
        entries += [
            entry(tested, tested.turns) | {"match": match, "points": "matched"} for tested, match in matched
        ]
        entries += [
            entry(tested, naive_turns(task, tested)) | {"match": tested.scene.video_id, "points": "naive"}
            for tested, _ in matched
        ]
    return [{"id": number, **entry} for number, entry in enumerate(entries)]


def _choice(task: str, member: Member, options: list[str], match: str) -> Entry:
    return {
        "task": task,
        "video": member.scene.video_id,
        "realtime": member.turn,
        "question": member.ask.question,
        "answer": member.ask.answer,
        "options": options,
        "gt": options.index(member.ask.answer),
        "match": match,
        "points": "matched",
    }


def _rec(tested: Tested, turns: Sequence[int]) -> Entry:
    scene = tested.scene
    return {
        "task": "REC",
        "video": scene.video_id,
        "activity": "jump",
        "question": queries.COUNT_JUMPS,
        "ask_time": tested.asked,
        "start_times": [span.start for span in scene.jumps],
        "end_times": [span.end for span in scene.jumps],
        "test_info": [{"realtime": t, "count": scene.jumps_by(t)} for t in turns],
    }


def _ssr(tested: Tested, turns: Sequence[int]) -> Entry:
    scene, step = tested.scene, _step_of(tested)
    name = queries.STEP.format(item=step.value)
    question = queries.STEP_GOING_ON.format(step=name)
    return {
        "task": "SSR",
        "video": scene.video_id,
        "tutorial": "fill the bowl",
        "ask_time": tested.asked,
        "all_steps": [queries.STEP.format(item=span.value) for span in scene.drops],
        "start_time": [span.start for span in scene.drops],
        "end_time": [span.end for span in scene.drops],
        "test_info": [
            {"realtime": t, "step": name, "question": question, "type": int(step.holds(t))} for t in turns
        ],
    }


def _crr(tested: Tested, turns: Sequence[int]) -> Entry:
    scene = tested.scene
    return {
        "task": "CRR",
        "video": scene.video_id,
        "question": queries.CLUE,
        "answer": scene.sign[1].value,
        "ask_time": tested.asked,
        "clue_time": clue_turn(scene),
        "test_info": [{"realtime": t, "type": int(t >= clue_turn(scene))} for t in turns],
    }


def naive_turns(task: str, tested: Tested) -> list[int]:
    """Test turns where OVO-Bench puts them: after the ends of events, around a step, around the clue."""
    scene, last = tested.scene, tested.scene.duration_s - 1
    if task == "REC":
        turns = {span.end + delay for span in scene.jumps for delay in (1, 3)}
    elif task == "SSR":
        step = _step_of(tested)
        turns = {step.start - 3, step.start - 1, step.start, (step.start + step.end) // 2, step.end - 1}
    else:
        clue = clue_turn(scene)
        turns = {tested.asked, (tested.asked + clue) // 2, clue + 1, clue + 3, clue + 6}
    return sorted(t for t in turns if tested.asked <= t <= last)


def _step_of(tested: Tested) -> Span:
    assert tested.step is not None, "SSR tests always name a step"
    return tested.step
