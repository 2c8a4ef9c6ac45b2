"""Headless chromium by its DevTools protocol: open a page, wait for its words, take a picture."""

import base64
import contextlib
import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import connect
from websockets.sync.connection import Connection

from components.core.errors import InternalError, UsageError
from components.core.files import write_bytes
from components.core.process import kill_group, start_group

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Software rendering: the task graph is a WebGL canvas.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-gl=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--no-proxy-server",
)
PATIENCE_S = 90.0
SETTLE_S = 2.5  # animations of the page


class Page:
    """One tab."""

    def __init__(self, socket: Connection):
        self.socket, self.number = socket, 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self.socket.recv(timeout=PATIENCE_S))
            if said.get("id") == self.number:
                if "error" in said:
                    raise InternalError(f"chromium, {method}: {said['error']['message']}")
                found: dict[str, Any] = said["result"]
                return found

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def open(self, url: str, *words: str) -> None:
        """Go to `url` and wait until the page shows every one of `words`.

        Raises:
            InternalError: it does not, with what it shows.

        """
        self.call("Page.navigate", url=url)
        deadline, shown = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < deadline:
            shown = str(self.evaluate("document.body ? document.body.innerText : ''"))
            if all(word in shown for word in words):
                time.sleep(SETTLE_S)
                return
            time.sleep(0.3)
        missing = [word for word in words if word not in shown]
        raise InternalError(f"{url} does not show {missing} but: {' '.join(shown.split())[:600]}")

    def picture(self, path: Path) -> None:
        """Write what is visible as PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        write_bytes(path, base64.b64decode(data))


@contextlib.contextmanager
def browser(home: Path, storage: dict[str, str], width: int = 1280, height: int = 800) -> Iterator[Page]:
    """A tab in a browser of its own; `storage` is put into the local storage of every page.

    Raises:
        UsageError: chromium is not installed.

    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise UsageError("no chromium on this machine; install it: bash infra/apt.sh")
    home.mkdir(parents=True, exist_ok=True)
    words = [program, *FLAGS, f"--user-data-dir={home}", "--remote-debugging-port=0"]
    with (home / "chromium.log").open("w") as log:
        process = start_group(
            [*words, "about:blank"], stdout=log, stderr=log, env={**os.environ, "HOME": str(home)}
        )
    try:
        with connect(_tab(home), max_size=None) as socket:
            page = Page(socket)
            page.call("Page.enable")
            size = {"width": width, "height": height}
            page.call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)
            lines = [f"localStorage.setItem({json.dumps(k)}, {json.dumps(v)})" for k, v in storage.items()]
            page.call("Page.addScriptToEvaluateOnNewDocument", source="; ".join(lines))
            yield page
    finally:
        kill_group(process, grace_s=5.0)


def _tab(home: Path) -> str:
    """The socket of the first tab."""
    port_file, deadline = home / "DevToolsActivePort", time.monotonic() + PATIENCE_S
    while not port_file.is_file() or not port_file.read_text():
        if time.monotonic() > deadline:
            raise InternalError(f"chromium did not start; see {home / 'chromium.log'}")
        time.sleep(0.1)
    port = int(port_file.read_text().splitlines()[0])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE_S) as answer:
        tabs = json.load(answer)
    return str(next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page"))
