"""A small OVO-like annotation set with matched pairs, and streams that answer it perfectly."""

from components.evaluate.streams import Stream

COLOURS = ["red", "green", "blue", "amber"]
TURNS = 24


def letter_entry(number, task="ATR", truth=0, column="matched"):
    return {
        "id": number,
        "task": task,
        "video": f"heldout/{number}.mp4",
        "question": "which colour is the lamp now?",
        "options": COLOURS,
        "gt": truth,
        "realtime": 5 + number % 3,
        "points": column,
        "match": f"{task}-set{number // 4}",
    }


def count_entry(number, counts, column="matched"):
    ends = [2 + 5 * n for n in range(counts[-1])]
    return {
        "id": number,
        "task": "REC",
        "video": f"heldout/{number}.mp4",
        "activity": "jumping",
        "start_times": [end - 2 for end in ends],
        "end_times": ends,
        "test_info": [{"realtime": 6 + 5 * n, "count": count} for n, count in enumerate(counts)],
        "points": column,
        "match": f"REC-set{number // 3}",
    }


def step_entry(number, span, column="matched"):
    points = [(3, 4), (12, 13)]
    return {
        "id": number,
        "task": "SSR",
        "video": f"heldout/{number}.mp4",
        "tutorial": "world",
        "all_steps": ["amber light"],
        "start_time": [span[0]],
        "end_time": [span[1]],
        "test_info": [
            {"realtime": t, "step": "amber light", "type": int(span[0] <= t < span[1])}
            for pair in points
            for t in pair
        ],
        "points": column,
        "match": f"SSR-set{number // 2}",
    }


def clue_entry(number, clue=10, column="matched"):
    return {
        "id": number,
        "task": "CRR",
        "video": f"heldout/{number}.mp4",
        "question": "which letter is on the sign?",
        "answer": "k",
        "ask_time": 2,
        "clue_time": clue,
        "test_info": [{"realtime": t, "type": int(t >= clue)} for t in (4, 12)],
        "points": column,
        "match": f"CRR-set{number // 2}",
    }


def benchmark():
    entries = [letter_entry(n, "ATR", n % 4) for n in range(16)]
    entries += [letter_entry(100 + n, "EPM", n % 4) for n in range(16)]
    entries += [count_entry(200 + n, [1 + n % 3, 1 + n % 3, 1 + n % 3]) for n in range(12)]
    entries += [step_entry(300 + n, (3, 6) if n % 2 else (11, 15)) for n in range(12)]
    entries += [clue_entry(400 + n, 4 if n % 2 else 13) for n in range(12)]
    entries += [letter_entry(500 + n, "ATR", 0, "naive") for n in range(4)]
    return entries


def blank():
    return ["silence"] * TURNS


def perfect_stream(entry):
    states, texts, step, first = blank(), {}, None, 0
    if entry["task"] == "REC":
        for number, point in enumerate(entry["test_info"]):
            states[int(point["realtime"])] = "response"
            texts[int(point["realtime"])] = str(point["count"])
            assert number < TURNS
    elif entry["task"] == "SSR":
        start, end = entry["start_time"][0], entry["end_time"][0]
        states[start:end] = ["standby"] * (end - start)
        states[end], step = "response", entry["all_steps"][0]
        texts[end] = f"from {start}s to {end}s"
    elif entry["task"] == "CRR":
        first = entry["ask_time"]
        states[entry["clue_time"]], texts[entry["clue_time"]] = "response", entry["answer"]
    else:
        first = entry["realtime"]
        states[first], texts[first] = "response", entry["options"][entry["gt"]]
    forced = entry["options"][entry["gt"]] if "options" in entry else None
    return Stream(entry["id"], entry["task"], first, states, texts, step=step, forced=forced)


def silent_stream(entry):
    whole = perfect_stream(entry)
    return Stream(whole.entry, whole.task, whole.question_turn, blank(), step=whole.step, forced="red")
