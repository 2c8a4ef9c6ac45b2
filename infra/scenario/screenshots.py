"""Pictures of the Prefect UI: the runs, the task graph of one, the artifacts."""

import base64
import io
from pathlib import Path

from PIL import Image

from components.core.files import write_bytes
from flows.server import SERVER_AUTH
from infra.scenario import runs
from infra.scenario.browser import browser
from infra.scenario.place import Place

COLOURS = 96  # flat colours: a palette keeps a picture below 300 KB
UI_LOGIN = "prefect-password"  # where the page keeps what was typed into its login


def take(place: Place, folder: Path) -> None:
    """Write prefect-runs.png, prefect-graph.png and prefect-artifacts.png into `folder`."""
    server = place.settings["PREFECT_API_URL"].removesuffix("/api")
    login = base64.b64encode(place.settings[SERVER_AUTH].encode()).decode()
    made = [run for run in runs.of_deployment("reproduce/reproduce") if run.state_name == "Completed"]
    pages = {
        "runs": (f"{server}/runs", ("retrain", "Completed")),
        "graph": (f"{server}/runs/flow-run/{made[-1].id}", ("Completed", "Task run")),
        "artifacts": (f"{server}/artifacts", ("verdict",)),
    }
    with browser(place.root / "browser", storage={UI_LOGIN: login}) as page:
        for name, (url, words) in pages.items():
            page.open(url, *words)
            page.picture(folder / f"prefect-{name}.png")
            shrink(folder / f"prefect-{name}.png")


def shrink(path: Path) -> None:
    """Store a picture with a palette."""
    stream = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").quantize(COLOURS).save(stream, "PNG", optimize=True)
    write_bytes(path, stream.getvalue())
