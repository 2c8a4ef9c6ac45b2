"""What an operator runs to take a video out: the order matters, and nothing here is run by the project."""

import shlex
from pathlib import Path

from components.audit.erasure import Touched
from components.audit.version_videos import TRAIN
from components.registry.catalog import ARCHIVED, CHAMPION

MADE = ("artifacts/", "models/")  # made anew by the DAG; what else names the video is edited by hand


def commands(touched: Touched, store_url: str) -> list[str]:
    """Shell lines in the order they are run; a line that begins with `#` is for a person.

    First nothing may serve that was trained on the video, then the corpus goes on without it, and only then
    are bytes deleted: a version whose objects are gone can no longer be audited, which its audit will say.
    """
    trained = [row for row in touched.versions if row["role"] == TRAIN]
    why = shlex.quote(f"licence of {touched.seen.asked} withdrawn")
    lines = []
    if any(row["stage"] == CHAMPION for row in trained):
        lines += [
            "# the model that serves was trained on it: let a version without it serve, or none",
            "streamo versions",
        ]
    lines += [
        f"streamo promote {row['version']} {ARCHIVED} --force {why}"
        for row in trained
        if row["stage"] != ARCHIVED
    ]
    lines += corpus_commands(touched)
    if touched.objects or touched.store:
        lines.append(
            "# bytes kept for earlier versions; after this `streamo audit` of those names them as missing"
        )
    lines += sorted({delete(where) for each in touched.objects for where in each.locations})
    weights = {entry["object"] for entry in touched.store if entry["why"].startswith("weights")}
    lines += [delete(f"{store_url.rstrip('/')}/{name}") for name in sorted(weights)]
    lines.append(
        "# also: backups, other clones' DVC caches, other stores, shares, answers cached by a teacher"
    )
    return lines


def corpus_commands(touched: Touched) -> list[str]:
    """Take the files out of the corpus and make everything below it anew."""
    if not touched.data:
        return []
    listed = [trace.path for trace in touched.products if not trace.path.startswith(MADE)]
    edit = [f"# take its entries out of {', '.join(map(shlex.quote, sorted(listed)))}"] if listed else []
    return [
        *edit,
        f"streamo frames prune --of {shlex.quote(touched.data[0])}  # on every machine: frames for teachers",
        f"rm {' '.join(shlex.quote(path) for path in touched.data)}",
        "dvc add data && make reproduce",
        f"git commit -am {shlex.quote(f'Without {touched.seen.asked}')} && streamo register",
    ]


def delete(where: str) -> str:
    """The command that deletes one object, by where it lies."""
    if where.startswith("s3://"):
        return f"aws s3 rm {shlex.quote(where)}"
    path = where.removeprefix("file://")
    return f"rm -f {shlex.quote(path)}" if Path(path).is_absolute() else f"# delete {where}"
