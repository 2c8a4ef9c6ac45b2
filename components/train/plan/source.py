"""Where a plan's model comes from: the base folder on disk, or the table of published shapes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.model.reference import find_reference, require_family
from components.train.plan.published import PUBLISHED


def base_config(base: Mapping[str, Any], family: str, root: Path = Path()) -> dict[str, Any]:
    """config.json of the base that section `base` names.

    Args:
        base: section `base` of the parameters (`kind`, `references`).
        family: model family of the base.
        root: the checkout.

    Raises:
        UsageError: no usable entry of the family; see `components.model.reference.find_reference`.
        DataError: a repository that is neither a folder here nor in the table, or is of another family.

    """
    if base["kind"] == "tiny":
        folder = root / "models/base" / family
        if (folder / "config.json").is_file():
            config: dict[str, Any] = read_json(folder / "config.json")
            return config
        return _tiny(family)
    repository = find_reference(base["references"], family, root).repository
    folder = root / repository
    if not (folder / "config.json").is_file() and repository not in PUBLISHED:
        raise DataError(
            f"params base.references.{family}: {repository} is neither a folder here nor one of "
            f"{', '.join(PUBLISHED)}; give the folder that holds its config.json"
        )
    given: dict[str, Any] = (
        read_json(folder / "config.json") if (folder / "config.json").is_file() else PUBLISHED[repository]
    )
    require_family(given, family, repository)
    return given


def _tiny(family: str) -> dict[str, Any]:
    """The tiny configuration before its texts are known: 256 bytes and the special tokens, no word."""
    from components.model.families.registry import find_family
    from components.model.tiny_configs import CONFIGS
    from components.model.tokenizer import build_tokenizer

    found = find_family(family, "params families")
    tokenizer = build_tokenizer([], marks=found.marks, states=True)
    config: dict[str, Any] = CONFIGS[family](tokenizer, found).to_dict()
    return config
