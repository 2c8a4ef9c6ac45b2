"""`croissant.json`: the dataset described for machines (Croissant 1.1, JSON-LD), from counts and receipts.

Format: Croissant Format Specification 1.1 and its RAI vocabulary (docs.mlcommons.org/croissant). Nothing here
is written by hand but `Publication`, which params `dataset.card` gives.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from components.core.errors import UsageError
from components.core.hashing import sha256_file
from components.dataset.croissant_records import SHARDS, record_sets
from components.dataset.labelled import machines
from components.dataset.licences import creative_work
from components.dataset.split import SIDES

Json = Mapping[str, Any]
VERSION = re.compile(r"\d+\.\d+\.\d+")
PARQUET, JSON = "application/x-parquet", "application/json"
CITE = (
    "@misc{streamo2025, title={Streaming Video Instruction Tuning}, year={2025}, eprint={2512.21334}, "
    "archivePrefix={arXiv}}"
)
TERM_WORDS = """
arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty fileSet
format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex
repeated replace samplingRate separator source subField transform
"""


@dataclass(frozen=True)
class Publication:
    """What no data knows: who publishes the dataset, where, when, and as which version (params dataset.card).

    Attributes:
        name: title of the dataset.
        creator: a person or organisation.
        url: its page; None until there is one.
        published: ISO date.
        version: MAJOR.MINOR.PATCH.
        language: ISO 639 code of questions and texts.

    """

    name: str
    creator: str
    url: str | None
    published: str
    version: str
    language: str

    @classmethod
    def from_params(cls, given: Any) -> "Publication":
        """The value of params `dataset.card`.

        Raises:
            UsageError: a field is missing, unknown, or no text (`url` may be null), no date, no version.

        """
        wanted = [field.name for field in fields(cls)]
        if not isinstance(given, Mapping) or sorted(given) != sorted(wanted):
            raise UsageError(f"params dataset.card: expected the keys {', '.join(wanted)}, got {given!r}")
        for name, value in given.items():
            if not (isinstance(value, str) and value) and not (name == "url" and value is None):
                raise UsageError(f"params dataset.card.{name}: expected a text, got {value!r}; quote it")
        try:
            dt.date.fromisoformat(given["published"])
        except ValueError:
            raise UsageError(
                f"params dataset.card.published: expected a date as 2026-11-23, got {given['published']!r}"
            ) from None
        if not VERSION.fullmatch(given["version"]):
            raise UsageError(f"params dataset.card.version: expected 1.2.3, got {given['version']!r}")
        return cls(**given)


@dataclass(frozen=True)
class Part:
    """One file of the product: POSIX path below it, SHA-256 and bytes."""

    path: str
    sha256: str
    size: int


def parts_of(folder: Path) -> list[Part]:
    """The data files of a product folder (`*.parquet`, `*.json` but the metadata itself), sorted by path."""
    kept = [path for path in folder.rglob("*") if path.suffix in {".parquet", ".json"}]
    return [
        Part(path.relative_to(folder).as_posix(), sha256_file(path), path.stat().st_size)
        for path in sorted(kept)
    ]


def render(
    summary: Json, parts: list[Part], receipts: Mapping[str, str], about: Publication
) -> dict[str, Any]:
    """The metadata as JSON-LD.

    Args:
        summary: the value of summary.json.
        parts: every data file of the product.
        receipts: SHA-256 of the receipt (identity.json) of every product it was made of, by product.
        about: name, creator, page, date, version.

    """
    used = {
        "name": about.name,
        "description": described(summary),
        "license": [creative_work(licence) for licence in summary["licences"]],
        "creator": {"@type": "sc:Organization", "name": about.creator},
        "datePublished": about.published,
        "version": about.version,
        "inLanguage": about.language,
        "keywords": ["streaming video", "online video understanding", "instruction tuning", *tasks(summary)],
        "citeAs": CITE,
        "isLiveDataset": False,
    }
    page = {"url": about.url} if about.url else {}
    return {
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        **used,
        **page,
        **responsible(summary),
        "prov:wasDerivedFrom": [
            {"@id": f"urn:sha256:{digest}", "prov:label": product}
            for product, digest in sorted(receipts.items())
        ],
        "distribution": distribution(parts),
        "recordSet": record_sets(),
    }


def context() -> dict[str, Any]:
    """The JSON-LD context of Croissant 1.1, with PROV for the receipts."""
    plain = {term: f"cr:{term}" for term in TERM_WORDS.split()}
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "description": {"@container": "@language"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "name": {"@container": "@language"},
        **plain,
    }


def distribution(parts: list[Part]) -> list[dict[str, Any]]:
    """Every file with its SHA-256, and the shards as one set."""
    files = [
        {
            "@type": "cr:FileObject",
            "@id": part.path,
            "name": part.path,
            "contentUrl": part.path,
            "contentSize": f"{part.size} B",
            "encodingFormat": PARQUET if part.path.endswith(".parquet") else JSON,
            "sha256": part.sha256,
        }
        for part in parts
    ]
    shards = {
        "@type": "cr:FileSet",
        "@id": SHARDS,
        "name": SHARDS,
        "description": "The turn table, in shards that end on sample borders.",
        "encodingFormat": PARQUET,
        "includes": [f"{side}/*.parquet" for side in SIDES],
    }
    return [*files, shards]


def described(summary: Json) -> str:
    """The dataset in three sentences."""
    sides = summary["splits"].values()
    videos, samples, turns = (sum(side[name] for side in sides) for name in ("videos", "samples", "turns"))
    return (
        f"Streaming video dialogues: {samples} samples on {videos} videos, {turns} turns of one second. In "
        "every turn the assistant is silent, stands by or responds. Videos are not included; `video_id` is "
        "their path below the media root and `sha256` in videos.parquet says which file is meant."
    )


def tasks(summary: Json) -> list[str]:
    """Tasks that have samples."""
    return [part["name"].replace("_", " ") for part in summary["composition"]["tasks"] if part["n"]]


def responsible(summary: Json) -> dict[str, Any]:
    """How the labels came about, in the RAI vocabulary."""
    made = summary["annotations"]
    protocol = [
        f"{task}: {entry['labels']} labels, prompts {', '.join(entry['prompts']) or 'none'}, "
        f"set aside {sum(entry['set_aside'].values())}"
        for task, entry in made.items()
    ]
    people = [
        f"{reviewer} reviewed {sum(given.values())} labels: "
        + ", ".join(f"{verdict} {count}" for verdict, count in given.items())
        for reviewer, given in summary["reviews"].get("verdicts", {}).items()
    ]
    return {
        "rai:machineAnnotationTools": machines(made),
        "rai:dataAnnotationProtocol": protocol,
        **({"rai:dataAnnotationAnalysis": people} if people else {}),
    }
