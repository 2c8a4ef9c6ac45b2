"""`streamo publish VERSION --to URL`: copy a version to another store."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from components.core.files import dumps


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "publish",
        help="copy a version to another store",
        description="Every byte is verified on the way. A run after an interrupted one uploads what is left; "
        "a version that is there already is the same one, or the command refuses.",
    )
    parser.add_argument("version", metavar="VERSION", help="a version, or `champion`")
    parser.add_argument("--to", required=True, metavar="URL", help="a folder or s3://bucket/prefix")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Copy the package; the manifest is created last."""
    from components.registry.settings import read_settings
    from components.registry.store import open_store
    from components.registry.versions import find

    version = find(Path(), args.version).version
    source, target = open_store(read_settings(Path()).store), open_store(args.to)
    with tempfile.TemporaryDirectory(prefix="streamo-publish-") as folder:
        package = source.fetch(version, Path(folder) / version)
        manifest = source.manifest(version)
        target.publish(manifest, {name: package / name for name in manifest["files"]})
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    said = {"version": version, "url": target.url, "files": len(manifest["files"]), "bytes": size}
    shown = f"{version}: {said['files']} files, {size} bytes, now in {target.url}\n"
    print(dumps(said, indent=None) if args.json else shown, end="")
    return 0
