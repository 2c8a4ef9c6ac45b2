"""The record sets of the Croissant metadata: columns of the turn, event and video tables, and the splits."""

from typing import Any

import pyarrow as pa

from components.dataset.origins import VIDEO_SCHEMA
from components.dataset.split import SIDES
from components.protocol.tables import EVENT_SCHEMA, TURN_SCHEMA

Node = dict[str, Any]
SHARDS, EVENTS, VIDEOS = "turn-shards", "events.parquet", "videos.parquet"
TYPES = {pa.string(): "sc:Text", pa.float64(): "cr:Float64", pa.int32(): "cr:Int32"}
SPLIT_CLASS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit"}
ABOUT = {
    "sample_id": "The sample: one question, or one standing request, on one video.",
    "video_id": "Path of the video below the media root.",
    "video_duration_s": "Length of the video, seconds.",
    "task": "Task of the sample.",
    "source": "Where it comes from.",
    "turn": "Number of the turn within the sample: turn i covers second i to i + 1.",
    "start_s": "Begin, seconds from the first frame.",
    "end_s": "End, seconds from the first frame.",
    "question": "Questions asked on this turn; an empty list where none is.",
    "state": "silence, standby or response.",
    "text": "What is said.",
    "question_turn": "Turn of the question that the event answers.",
    "split": "The side of the split on which the video stands.",
    "duration_s": "Length, seconds.",
    "licence": "Licence of the video as stated by its owner; `unknown` where nobody did.",
    "sha256": "SHA-256 of the video file.",
}


def record_sets() -> list[Node]:
    """Turns, events, videos and splits, joined by ids."""
    turns = table("turns", "One row is one second of one sample.", TURN_SCHEMA, {"fileSet": {"@id": SHARDS}})
    turns["key"] = [{"@id": "turns/sample_id"}, {"@id": "turns/turn"}]
    turns["field"].append(split_of_path())
    join(turns, "turns/video_id", "videos/video_id")
    about = "One row is one labelled span or instant that a response tells of."
    events = table("events", about, EVENT_SCHEMA, {"fileObject": {"@id": EVENTS}})
    videos = table(
        "videos", "Licence and source of every video.", VIDEO_SCHEMA, {"fileObject": {"@id": VIDEOS}}
    )
    videos["key"] = {"@id": "videos/video_id"}
    return [splits(), videos, turns, events]


def table(name: str, about: str, schema: pa.Schema, source: Node) -> Node:
    """A record set with one field a column of `schema`."""
    fields = [field(name, column, source) for column in schema]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": about, "field": fields}


def field(table_name: str, column: pa.Field, source: Node) -> Node:
    """A field that is a column of a parquet file; lists are arrays of one dimension."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    shape = {"isArray": True, "arrayShape": "-1"} if pa.types.is_list(kind) else {}
    return {
        "@type": "cr:Field",
        "@id": f"{table_name}/{column.name}",
        "name": column.name,
        "description": ABOUT[column.name],
        "dataType": TYPES[kind.value_type if shape else kind],
        **shape,
        "source": {**source, "extract": {"column": column.name}},
    }


def split_of_path() -> Node:
    """The split of a turn: the folder its shard stands in."""
    return {
        "@type": "cr:Field",
        "@id": "turns/split",
        "name": "split",
        "description": ABOUT["split"],
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": SHARDS},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f"^({'|'.join(SIDES)})/.*$"},
        },
    }


def join(records: Node, mine: str, theirs: str) -> None:
    """Say that the field `mine` names a record of another set by its field `theirs`."""
    next(one for one in records["field"] if one["@id"] == mine)["references"] = {"field": {"@id": theirs}}


def splits() -> Node:
    """What the names of the splits mean."""
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "The splits; a video, and what looks like it, is on one side only.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": "sc:URL"},
        ],
        "data": [{"splits/name": side, "splits/url": SPLIT_CLASS[side]} for side in SIDES],
    }
