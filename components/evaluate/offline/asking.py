"""The questions of each benchmark as they are put to a model, and the files its answers are written to.

The wording of the instructions is ours; questions and options are the benchmark's. MVBench's videos lie where
its published folders have them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.evaluate.answers import LETTERS
from components.evaluate.offline import mvbench
from components.evaluate.offline.files import need, rows_of
from components.evaluate.offline.longvideobench import options_of
from components.evaluate.offline.tempcompass_rules import CAPTIONING, FORMS, MATCHING, MULTI_CHOICE, YES_NO

SUFFIXES = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".MP4")
LETTER = "Answer with the letter of the right option only."
INSTRUCTIONS = {
    MULTI_CHOICE: LETTER,
    YES_NO: "Answer yes or no.",
    MATCHING: "Answer with the label of the better one only.",
    CAPTIONING: "",
}
Answers = Mapping[str, str | None]

# Folder of each task's videos in the published data set; tasks of one source share it.
FOLDERS = {
    "action_sequence": "star/Charades_v1_480",
    "action_prediction": "star/Charades_v1_480",
    "action_antonym": "ssv2_video",
    "fine_grained_action": "Moments_in_Time_Raw/videos",
    "unexpected_action": "FunQA_test/test",
    "object_existence": "clevrer/video_validation",
    "object_interaction": "star/Charades_v1_480",
    "object_shuffle": "perception/videos",
    "moving_direction": "clevrer/video_validation",
    "action_localization": "sta/sta_video",
    "scene_transition": "scene_qa/video",
    "action_count": "perception/videos",
    "moving_count": "clevrer/video_validation",
    "moving_attribute": "clevrer/video_validation",
    "state_change": "perception/videos",
    "fine_grained_pose": "nturgbd",
    "character_order": "perception/videos",
    "egocentric_navigation": "vlnqa",
    "episodic_reasoning": "tvqa/frames_fps3_hq",
    "counterfactual_inference": "clevrer/video_validation",
}


@dataclass(frozen=True)
class Ask:
    """One question of a benchmark.

    Attributes:
        key: unique; the answer's name in the results.
        names: file names of its video below the folder of videos, the first that exists is taken.
        prompt: what the model reads behind the pictures.
        bound: the part of the video in seconds; None for all of it.
        subtitles: file name below the folder of subtitles, and the second at which the video begins in them.

    """

    key: str
    names: tuple[str, ...]
    prompt: str
    bound: tuple[float, float] | None = None
    subtitles: tuple[str, float] | None = None


@dataclass(frozen=True)
class Set:
    """A benchmark's questions, and how its results are written into a folder."""

    asks: Sequence[Ask]
    write: Callable[[Path, Answers], None]


def lettered(question: str, options: Sequence[str]) -> str:
    """A question, its options behind their letters, and the instruction."""
    lines = [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False)]
    return "\n".join([question, *lines, LETTER])


def with_suffixes(name: str) -> tuple[str, ...]:
    """A video's name as it is and with every suffix a container may have."""
    return (name, *(f"{name}{suffix}" for suffix in SUFFIXES))


def write_by_id(out: Path, answers: Answers) -> None:
    """`results.json`: `{id: answer}`."""
    write_json(out / "results.json", dict(answers))


def mvbench_set(annotations: Path) -> Set:
    """Parts of videos where the published files name them."""
    asks = []
    for entry in mvbench.load_entries(annotations):
        folder = f"{FOLDERS[entry.item.task]}/" if annotations.is_dir() else ""
        names = with_suffixes(f"{folder}{entry.video}")
        asks.append(Ask(entry.item.id, names, lettered(entry.question, entry.item.options), entry.bound))
    return Set(asks, write_by_id)


def longvideobench_set(annotations: Path) -> Set:
    """Validation or test set: truths are not looked at."""
    asks = []
    for number, row in enumerate(rows_of(annotations), 1):
        where = f"{annotations}: row {number}"
        begins = float(row.get("starting_timestamp_for_subtitles") or 0.0)
        name = row.get("subtitle_path")
        asks.append(
            Ask(
                need(row, "id", str, where),
                (need(row, "video_path", str, where),),
                lettered(need(row, "question", str, where), options_of(row, where)),
                subtitles=(name, begins) if isinstance(name, str) else None,
            )
        )
    return Set(asks, write_by_id)


def videomme_set(annotations: Path) -> Set:
    """The published parquet; results in the official template."""
    rows = rows_of(annotations)
    asks, videos = [], dict[str, dict[str, Any]]()
    for number, row in enumerate(rows, 1):
        where = f"{annotations}: row {number}"
        name, options = need(row, "videoID", str, where), need(row, "options", list, where)
        key, question = need(row, "question_id", str, where), need(row, "question", str, where)
        prompt = "\n".join([question, *map(str, options), LETTER])
        asks.append(Ask(key, with_suffixes(name), prompt, subtitles=(f"{name}.srt", 0.0)))
        kept = {part: row[part] for part in ("video_id", "duration", "domain", "sub_category")}
        told = videos.setdefault(row["video_id"], {**kept, "questions": []})
        parts = ("question_id", "task_type", "question", "options", "answer")
        told["questions"].append({part: row[part] for part in parts})

    def write(out: Path, answers: Answers) -> None:
        for video in videos.values():
            for question in video["questions"]:
                question["response"] = answers.get(question["question_id"])
        write_json(out / "results.json", list(videos.values()))

    return Set(asks, write)


def tempcompass_set(annotations: Path) -> Set:
    """The published folder `questions`; results are a model's folder of `predictions`."""
    files = {form: annotations / f"{form}.json" for form in FORMS}
    contents = {form: read_json(path) for form, path in files.items() if path.is_file()}
    if not contents:
        raise DataError(f"{annotations}: none of {', '.join(path.name for path in files.values())}")
    asks = [
        Ask(f"{form}/{video}/{aspect}/{number}", with_suffixes(video), instructed(form, row["question"]))
        for form, content in contents.items()
        for video, aspects in content.items()
        for aspect, rows in aspects.items()
        for number, row in enumerate(rows, 1)
    ]

    def write(out: Path, answers: Answers) -> None:
        for form, content in contents.items():
            told = {
                video: {
                    aspect: [
                        {**row, "prediction": answers.get(f"{form}/{video}/{aspect}/{number}")}
                        for number, row in enumerate(rows, 1)
                    ]
                    for aspect, rows in aspects.items()
                }
                for video, aspects in content.items()
            }
            write_json(out / "results" / f"{form}.json", told)

    return Set(asks, write)


def instructed(form: str, question: str) -> str:
    """A question with the instruction of its form, if it needs one."""
    return f"{question}\n{INSTRUCTIONS[form]}" if INSTRUCTIONS[form] else question


SETS: Mapping[str, Callable[[Path], Set]] = {
    "mvbench": mvbench_set,
    "videomme": videomme_set,
    "tempcompass": tempcompass_set,
    "longvideobench": longvideobench_set,
}
