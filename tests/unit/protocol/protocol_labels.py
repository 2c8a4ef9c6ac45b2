"""Short spellings of raw labels for the tests of this room."""

from components.protocol.turns import Dialogue

LETTER = {"silence": ".", "standby": "s", "response": "R"}


def event(start, end, text=None):
    return {
        "content": f"{start}-{end}" if text is None else text,
        "st_time": start,
        "end_time": end,
        "time": "",
    }


def instant(time, text=None):
    return {"content": f"@{time}" if text is None else text, "st_time": "", "end_time": "", "time": time}


def label(questions, responses, **extra):
    asked = [{"content": f"q{number}", "time": time} for number, time in enumerate(questions)]
    return {"video_path": "v.mp4", "task_type": "test", "source": "t", "id": "x", "question": asked,
            "response": responses, **extra}  # fmt: skip


def states(dialogue: Dialogue) -> str:
    """One letter a turn: `.` silence, `s` standby, `R` response."""
    return "".join(LETTER[turn.state.label] for turn in dialogue.turns)


def texts(dialogue: Dialogue) -> dict[int, str]:
    return {turn.turn: turn.text for turn in dialogue.turns if turn.text is not None}


def questions(dialogue: Dialogue) -> dict[int, tuple[str, ...]]:
    return {turn.turn: turn.questions for turn in dialogue.turns if turn.questions}
