"""Raw labels as many and as long as the paper's, drawn by column: shards of parquet and a manifest.

Video lengths, task shares and the state ratio are those of the paper's Data section. It does not tell how
sources share the samples (drawn evenly here, one a video) nor the ratio within a task: events are spread over
every sample at the overall 2 in 17 turns, and the four tasks that tell spans make the Standby of all.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.core.seeds import rng
from components.protocol.rawfiles import LABEL_SCHEMA
from components.protocol.states import State
from components.validate.profiles import PAPER, RATIO_FIELDS

SAMPLES = 465_800
# Seconds from, to and videos (paper, Data); the last row's lengths are 240 s and more, 350 s on the mean.
HISTOGRAM = ((5, 30, 68_273), (30, 60, 19_153), (60, 120, 21_834), (120, 240, 20_529), (240, None, 6_086))
LONG_MEAN_S = 350
SHARES = {
    "tsqa": 0.348,
    "event_grounding": 0.263,
    "offline_qa": 0.138,
    "narration": 0.127,
    "event_caption": 0.067,
    "action_caption": 0.058,
}
OFFLINE = list(SHARES).index("offline_qa")
SPANS = [
    number for number, task in enumerate(SHARES) if task not in ("tsqa", "offline_qa")
]  # these tell spans, the others instants
# 3 Standby for 2 Responses, all of them in the tasks that tell spans.
SPAN_S = 1.5 * sum(SHARES.values()) / sum(list(SHARES.values())[number] for number in SPANS)
SOURCES = (
    "koala",
    "llava-video",
    "activitynet",
    "qvhighlights",
    "youcook2",
    "hacs",
    "egotimeqa",
    "didemo",
    "coin",
)
EVENTS_A_TURN = 2 / 17
WORDS = 400
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Drawn:
    """The videos, and per sample its task (index into SHARES) and its video (index)."""

    seconds: Array
    source: Array
    task: Array
    video: Array

    def turns(self) -> int:
        """Turns of all samples: ceil(seconds) each."""
        return int(np.ceil(self.seconds)[self.video].sum())


def draw(samples: int, *, turns: float | None = None, seed: int = 0) -> Drawn:
    """Draw `samples` labels over as many videos a sample as the paper has.

    Args:
        samples: how many; the videos are 135,875 for 465,800, and in that proportion.
        turns: how many turns all of them shall have on the mean; a video is then chosen by a power of its
            length. None: by chance alone, about 71 a sample.
        seed: of the draw.

    """
    dice = rng(seed, "paper-labels")
    seconds = _seconds(max(1, round(samples * sum(row[2] for row in HISTOGRAM) / SAMPLES)), dice)
    power = 0.0 if turns is None else _power(np.ceil(seconds), turns / samples)
    weight = seconds**power
    shares = np.array(list(SHARES.values()))
    return Drawn(
        seconds=seconds,
        source=dice.integers(len(SOURCES), size=len(seconds)),
        task=dice.choice(len(SHARES), size=samples, p=shares / shares.sum()),
        video=dice.choice(len(seconds), size=samples, p=weight / weight.sum()),
    )


def _seconds(videos: int, dice: np.random.Generator) -> Array:
    """(videos,) lengths in seconds, to the hundredth, by the histogram."""
    counts = np.array([row[2] for row in HISTOGRAM], dtype=float)
    rows = dice.choice(len(HISTOGRAM), size=videos, p=counts / counts.sum())
    low = np.array([row[0] for row in HISTOGRAM], dtype=float)[rows]
    wide = np.array([(row[1] or row[0]) - row[0] for row in HISTOGRAM], dtype=float)[rows]
    tail = dice.exponential(LONG_MEAN_S - HISTOGRAM[-1][0], size=videos)
    return np.round(np.where(wide > 0, low + wide * dice.random(videos), low + tail), 2)


def _power(turns: Array, mean: float) -> float:
    """The power p for which videos drawn by turns**p have `mean` turns, by halving."""
    low, high = -4.0, 4.0
    for _ in range(60):
        power = (low + high) / 2
        found = float((turns ** (power + 1)).sum() / (turns**power).sum())
        low, high = (power, high) if found < mean else (low, power)
    return low


def video_names(drawn: Drawn) -> pa.Array:
    """The video_id of every video."""
    return pa.array([f"train/v{number:06d}.mp4" for number in range(len(drawn.seconds))])


def write_manifest(path: Path, drawn: Drawn) -> None:
    """The columns of manifest.parquet that stage dialogues and the gate read."""
    count = len(drawn.seconds)
    columns = {
        "video_id": video_names(drawn),
        "duration_s": drawn.seconds,
        "frames": np.round(drawn.seconds * 30).astype(np.int64),
        "fps": np.full(count, 30.0),
        "role": pa.array(["corpus"] * count),
    }
    pq.write_table(pa.table(columns), path)


def of_shards(samples: int, shards: int) -> list[int]:
    """A sample (position) in the midst of the first, the middle and the last shard."""
    parts = np.array_split(np.arange(samples), shards)
    return [int(part[len(part) // 2]) for part in (parts[0], parts[shards // 2], parts[-1])]


def profile() -> dict[str, Any]:
    """The paper's ratio for all turns and for each source; tasks are left to their own."""
    ratio = {name: PAPER[name] for name in RATIO_FIELDS}
    return {**PAPER, "sources": dict.fromkeys(SOURCES, ratio)}


def write_shards(
    folder: Path, drawn: Drawn, shards: int, *, seed: int = 0, spoiled: Collection[int] = ()
) -> list[Path]:
    """The labels in `shards` parquet files of LABEL_SCHEMA, in the order drawn.

    The first response of each sample (position) in `spoiled` spells a state token.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names, paths = video_names(drawn), []
    for number, rows in enumerate(np.array_split(np.arange(len(drawn.task)), shards)):
        paths.append(folder / f"labels-{number:03d}.parquet")
        with pq.ParquetWriter(paths[-1], LABEL_SCHEMA, compression="zstd") as out:
            for part in _parts(rows):
                table = _labels(drawn, names, part, rng(seed, "paper-labels", int(part[0])))
                if set(spoiled) & set(part.tolist()):
                    table = _spoiled(table, [row - int(part[0]) for row in spoiled if row in part])
                out.write_table(table)
    return paths


def as_json(paths: Sequence[Path], out: Path) -> Path:
    """The same labels as one JSON list, as Streamo-Instruct-465K is published; an unused time is ""."""
    with out.open("w", encoding="utf-8") as file:
        before = "["
        for path in paths:
            with pq.ParquetFile(path) as table:
                for batch in table.iter_batches(8_192):
                    for label in batch.to_pylist():
                        for item in label["response"]:
                            item.update({key: "" for key, value in item.items() if value is None})
                        file.write(before + json.dumps(label))
                        before = ",\n"
        file.write("]\n")
    return out


def _parts(rows: Array, size: int = 8_192) -> Iterator[Array]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def _labels(drawn: Drawn, names: pa.Array, rows: Array, dice: np.random.Generator) -> pa.Table:
    """The labels of samples `rows` (LABEL_SCHEMA)."""
    seconds, task = drawn.seconds[drawn.video[rows]], drawn.task[rows]
    start, end, owner = _events(seconds, np.isin(task, SPANS), dice)
    events = np.bincount(owner, minlength=len(rows))
    # Each offline answer has its own question, asked at its time; every other sample asks once, early.
    each = task == OFFLINE
    questions = np.where(each, events, 1)
    asked = np.repeat(np.round(0.2 * dice.random(len(rows)) * seconds / events, 2), questions)
    asked[np.repeat(each, questions)] = end[each[owner]]
    spans = np.isin(task, SPANS)[owner]
    response = [_told(len(owner), dice), _some(start, spans), _some(end, spans), _some(end, ~spans)]
    video, tasks = names.take(pa.array(drawn.video[rows])), pa.array(list(SHARES)).take(pa.array(task))
    columns = {
        "id": pc.binary_join_element_wise(tasks, video, pa.array(rows).cast(pa.string()), "-"),
        "video_name": video,
        "video_path": video,
        "task_type": tasks,
        "source": pa.array(SOURCES).take(pa.array(drawn.source[drawn.video[rows]])),
        "question": _lists([_told(len(asked), dice), pa.array(asked)], "question", questions),
        "response": _lists(response, "response", events),
    }
    return pa.table([columns[name] for name in LABEL_SCHEMA.names], schema=LABEL_SCHEMA)


def _spoiled(table: pa.Table, rows: Collection[int]) -> pa.Table:
    labels = table.to_pylist()
    for row in rows:
        labels[row]["response"][0]["content"] = f"said {State.RESPONSE} aloud"
    return pa.Table.from_pylist(labels, schema=LABEL_SCHEMA)


def _events(seconds: Array, wide: Array, dice: np.random.Generator) -> tuple[Array, Array, Array]:
    """Start, end and sample (position) of every event: each in its own stretch, so that none is shifted."""
    turns = np.ceil(seconds)
    events = np.maximum(1, np.floor(turns * EVENTS_A_TURN + dice.random(len(turns)))).astype(np.int64)
    owner = np.repeat(np.arange(len(turns)), events)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(events) - events, events)
    stretch = (seconds / events)[owner]
    length = np.minimum(0.75 * stretch, dice.uniform(1.0, 2 * SPAN_S - 1.0, len(owner)))
    start = (place + 0.2) * stretch + dice.random(len(owner)) * (0.8 * stretch - length)
    # What is asked in the last second has no turn left.
    end = np.minimum(np.round(start + length, 2), np.where(wide, seconds, turns - 1)[owner])
    return np.minimum(np.round(start, 2), end), end, owner


def _told(count: int, dice: np.random.Generator) -> pa.Array:
    """Texts of five words, hardly any twice."""
    words = pa.array([f"word{number}" for number in range(WORDS)])
    return pc.binary_join_element_wise(
        *(words.take(pa.array(dice.integers(WORDS, size=count))) for _ in range(5)), " "
    )


def _some(values: Array, there: Array) -> pa.Array:
    return pa.array(values, mask=~there)


def _lists(columns: list[pa.Array], name: str, lengths: Array) -> pa.Array:
    kind = LABEL_SCHEMA.field(name).type
    items = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), items)
