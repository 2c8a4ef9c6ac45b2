"""`streamo profile NAME`: writes an overlay of profiles/ into params.yaml, a visible git diff."""

import argparse
import io
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedSeq
from yaml import YAMLError, safe_load

from components.core.errors import InternalError, UsageError
from components.core.files import write_text

PARAMS = Path("params.yaml")


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("profile", help="write an overlay of profiles/ into params.yaml")
    parser.add_argument("name", help="a file of profiles/, without .yaml")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Merge the overlay into params.yaml and print what changed."""
    path = find_profile(args.name)
    text, changes = apply_profile(PARAMS.read_text(encoding="utf-8"), path.read_text(encoding="utf-8"))
    if changes:
        write_text(PARAMS, text)
    print("\n".join(changes) if changes else f"params.yaml has these values already ({path})")
    return 0


def find_profile(name: str, root: Path = Path()) -> Path:
    """The file of a profile's name; UsageError names those that exist."""
    path = root / "profiles" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml")))
        raise UsageError(f"no profile {name!r}; known: {known or 'none: run from the root of the checkout'}")
    return path


def apply_profile(params: str, overlay: str) -> tuple[str, list[str]]:
    """The text of params.yaml after the overlay, and one line a changed value.

    Sections merge; a list or a plain value replaces what stood there; a key that is new is said to be.
    """
    yaml = _yaml()
    values, over = yaml.load(params), yaml.load(overlay)
    if not isinstance(over, dict):
        raise UsageError("a profile is a mapping of sections, like params.yaml")
    changes = _merge(values, over, "")
    stream = io.StringIO()
    yaml.dump(values, stream)
    text = stream.getvalue()
    _check(text, _laid_over(safe_load(params), safe_load(overlay)))
    return text, changes


def _check(text: str, wanted: Any) -> None:
    """InternalError unless the text means `wanted`: the round trip moves comments, and may move too much."""
    try:
        same = safe_load(text) == wanted
    except YAMLError:
        same = False
    if not same:
        raise InternalError(
            "params.yaml would not mean what this overlay asks for: its comments are in the way; write the "
            "values into params.yaml by hand"
        )


def _laid_over(values: Any, over: Any) -> Any:
    if not isinstance(values, dict) or not isinstance(over, dict):
        return over
    return values | {key: _laid_over(values.get(key), new) for key, new in over.items()}


def _yaml() -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()  # round trip: comments, order and quotes stay
    yaml.preserve_quotes = True
    yaml.width = 4096
    # Written out: by default a null would become an empty value.
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    yaml.indent(mapping=2, sequence=2, offset=0)
    return yaml


def _merge(values: Any, over: Any, prefix: str) -> list[str]:
    changes = []
    for key, new in over.items():
        name = f"{prefix}{key}"
        if isinstance(new, dict) and isinstance(values.get(key), dict):
            changes += _merge(values[key], new, f"{name}.")
        elif key not in values:
            changes.append(f"{name}: {new} (new)")
            values[key] = new
        elif values[key] != new:
            changes.append(f"{name}: {values[key]} -> {new}")
            values[key] = _styled_like(values[key], new)
    return changes


def _styled_like(old: Any, new: Any) -> Any:
    """A list in the style of the one it replaces: comments hang on lines that a list on one line has not."""
    if isinstance(old, CommentedSeq) and isinstance(new, CommentedSeq) and not old.fa.flow_style():
        new.fa.set_block_style()
    return new
