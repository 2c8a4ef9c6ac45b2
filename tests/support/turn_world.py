"""A clean turn table as plain rows that a test may spoil, judged by the gate with events and manifest."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.validate.gate import Outcome, run_gate
from components.validate.profiles import PAPER, Profile, make_profile
from components.validate.tables import load_tables

Rows = list[dict[str, Any]]
TURNS = pa.schema(
    {
        "sample_id": pa.string(),
        "video_id": pa.string(),
        "video_duration_s": pa.float64(),
        "task": pa.string(),
        "source": pa.string(),
        "turn": pa.int32(),
        "start_s": pa.float64(),
        "end_s": pa.float64(),
        "question": pa.list_(pa.string()),
        "state": pa.string(),
        "text": pa.string(),
    }
)
EVENTS = pa.schema(
    {
        "sample_id": pa.string(),
        "start_s": pa.float64(),
        "end_s": pa.float64(),
        "text": pa.string(),
        "question_turn": pa.int32(),
    }
)
HALF = 17  # 12 silent, 3 standby and 2 response turns: exactly the paper's 12 : 3 : 2
STANDBY, RESPONSE = (5, 6, 10), (7, 11)


class World:
    """A clean table of 12 samples over 6 videos, as plain rows that a plant may spoil."""

    def __init__(self) -> None:
        self.turns: Rows = []
        self.events: Rows = []
        self.videos = [f"v{index}.mp4" for index in range(6)]
        for sample in range(12):
            for turn in range(2 * HALF):
                self.turns.append(self.turn(sample, turn))
            for question in (0, HALF):
                for start, end in ((5, 7), (10, 11)):
                    text = f"seen by {question + end}"
                    span = {"start_s": question + start, "end_s": question + end}
                    self.events.append(
                        {"sample_id": f"s{sample:02d}", **span, "text": text, "question_turn": question}
                    )

    @staticmethod
    def turn(sample: int, turn: int) -> dict[str, Any]:
        place = turn % HALF
        state = "standby" if place in STANDBY else "response" if place in RESPONSE else "silence"
        return {
            "sample_id": f"s{sample:02d}",
            "video_id": f"v{sample // 2}.mp4",
            "video_duration_s": 2 * HALF - 0.4,
            "task": "event_caption",
            "source": "test",
            "turn": turn,
            "start_s": float(turn),
            "end_s": turn + 1.0,
            "question": ["What happens?"] if place == 0 else [],
            "state": state,
            "text": f"seen by {turn}" if state == "response" else None,
        }

    def at(self, sample: str, turn: int) -> dict[str, Any]:
        return next(row for row in self.turns if (row["sample_id"], row["turn"]) == (sample, turn))

    def judge(
        self,
        folder: Path,
        without: tuple[str, ...] = (),
        accepted: Profile | None = None,
        **profile: Any,
    ) -> Outcome:
        turns, events, videos = folder / "t.parquet", folder / "e.parquet", folder / "v.parquet"
        pq.write_table(pa.Table.from_pylist(self.turns, schema=TURNS), turns)
        pq.write_table(pa.Table.from_pylist(self.events, schema=EVENTS), events)
        pq.write_table(pa.table({"video_id": pa.array(self.videos, pa.string())}), videos)
        chosen = make_profile("paper", {**PAPER, **profile})
        return run_gate(load_tables(turns, events, videos), chosen, without=without, accepted=accepted)
