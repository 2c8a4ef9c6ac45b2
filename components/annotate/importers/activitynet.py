"""ActivityNet Captions: `{video: {duration, timestamps, sentences}}`, real seconds, events may overlap.

The official train.json, val_1.json and val_2.json and the copies in VideoX 2D-TAN have this form. Videos:
`v_<id>` below `activitynet/`.
"""

from collections.abc import Sequence
from pathlib import Path

from components.annotate.importers import captions
from components.annotate.importers.account import Account, Imported, Options


def read(paths: Sequence[Path], options: Options) -> Imported:
    """One label a video; see the package."""
    account = Account("activitynet_captions", options)
    for path in paths:
        captions.take_file(account, path, "activitynet")
    return account.close()
