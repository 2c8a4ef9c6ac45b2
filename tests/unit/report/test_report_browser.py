"""The page in headless Chromium: tables sort, plots are drawn, clips can be browsed, it fits its width."""

import json
import shutil

import pytest

from components.report.run import run
from infra.scenario.browser import NAMES, browser
from tests.support.report_workspace import FAMILY, LOSSES, make_workspace

pytestmark = pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="no chromium on this machine")
WIDE, PHONE = 1280, 400
COLUMN = """(() => {
  const table = document.querySelector('#validation table');
  return [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[1].textContent));
})()"""
CLIP = "document.querySelector('.clip:not([hidden])')"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    root, out = make_workspace(folder / "workspace"), folder / "report"
    out.mkdir()
    media = root / "data" / "media"
    run(
        out, root=root, media=media, families=[FAMILY], losses=LOSSES, seeds=[0], suites=["validation", "ovo"]
    )
    with browser(folder / "home", {}, width=WIDE, height=900) as tab:
        tab.open((out / "index.html").as_uri(), "Findings", "receipts")
        yield tab


def press(page, key):
    for kind in ("keyDown", "keyUp"):
        page.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            **({"text": "\r"} if key == "Enter" else {}),
        )


def click(page, element):
    page.evaluate(f"{element}.scrollIntoView({{block: 'center'}})")
    box = page.evaluate(f"JSON.stringify({element}.getBoundingClientRect())")
    x, y, width, height = (json.loads(box)[name] for name in ("x", "y", "width", "height"))
    x, y = x + width / 2, y + height / 2
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def test_a_table_sorts_by_click_and_by_keyboard(page):
    title = "document.querySelectorAll('#validation thead th')[1]"
    assert page.evaluate(f"{title}.getAttribute('aria-sort')") == "none"
    before = page.evaluate(COLUMN)
    click(page, f"{title}.querySelector('button')")
    assert page.evaluate(f"{title}.getAttribute('aria-sort')") == "descending"
    assert page.evaluate(COLUMN) == sorted(before, reverse=True)
    page.evaluate(f"{title}.querySelector('button').focus()")
    press(page, "Enter")
    assert page.evaluate(f"{title}.getAttribute('aria-sort')") == "ascending"
    assert page.evaluate(COLUMN) == sorted(before)


def test_parts_of_a_table_stay_apart_and_what_has_no_value_is_last(page):
    parts = "[...document.querySelectorAll('#ovo tr.part')].map((row) => row.textContent)"
    before = page.evaluate(parts)
    click(
        page, "document.querySelectorAll('#ovo thead th')[2].querySelector('button')"
    )  # recomputed: printed rows only
    assert page.evaluate(parts) == before
    rows = "[...document.querySelector('#ovo table').tBodies[0].rows].slice(1)"
    values = [float(value) for value in page.evaluate(f"{rows}.map((row) => row.cells[2].textContent)")]
    assert values == sorted(values, reverse=True) and 59.35 in values
    titles = "[...document.querySelectorAll('main thead th')]"
    assert page.evaluate(f"{titles}.every((one) => one.querySelector('button'))") is True


@pytest.mark.parametrize(
    ("part", "least"),
    [
        ("#plots .heat svg:first-of-type rect", 9),
        ("#plots circle.point", 9),  # three runs, six policies
        ("#plots polyline", 3),
        ("#plots .wide svg rect", 30),
        ("#training polyline", 3),
    ],
)
def test_plots_are_drawn_with_a_size(page, part, least):
    sizes = page.evaluate(
        f"[...document.querySelectorAll({part!r})].map((e) => e.getBBox().width + e.getBBox().height)"
    )
    assert len(sizes) >= least and any(size > 0 for size in sizes)


def test_clips_are_browsed_by_keyboard(page):
    page.evaluate("document.querySelector('.browser').focus()")
    shown = "[...document.querySelectorAll('.clip')].filter((clip) => !clip.hidden).length"
    title, first = f"{CLIP}.dataset.title", page.evaluate(f"{CLIP}.dataset.title")
    assert page.evaluate(shown) == 1 and page.evaluate("document.querySelectorAll('.clip').length") == 8
    press(page, "ArrowRight")
    press(page, "ArrowRight")
    assert "second 2" in page.evaluate("document.querySelector('.now').textContent")
    cells = f"[...{CLIP}.querySelector('.row.states .cells').children]"
    assert page.evaluate(f"{cells}.findIndex((cell) => cell.classList.contains('here'))") == 2
    press(page, "ArrowDown")
    assert page.evaluate(title) != first and page.evaluate(shown) == 1
    press(page, "ArrowUp")
    assert page.evaluate(title) == first


def test_clips_are_browsed_by_mouse_and_say_what_was_said(page):
    click(page, f"{CLIP}.querySelectorAll('.row.states')[1].querySelectorAll('i.response')[0]")
    told = page.evaluate("document.querySelector('.now').textContent")
    assert "response" in told and "<b>a red lamp</b>" in told  # as text: labels are foreign
    click(page, f"{CLIP}.querySelectorAll('.film img')[3]")
    turn = page.evaluate(f"Number({CLIP}.querySelectorAll('.film img')[3].dataset.turn)")
    assert f"second {turn}" in page.evaluate("document.querySelector('.now').textContent")
    click(page, "document.querySelector('.controls button[aria-label=\"next clip\"]')")
    assert "clip 2 of 8" in page.evaluate("document.querySelector('.controls').textContent")
    assert page.evaluate(f"{CLIP}.querySelector('.film img').naturalWidth") > 0


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_width_and_follows_the_colour_scheme(page, width, scheme):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.call("Emulation.setDeviceMetricsOverride", **size)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper, ink = (
        page.evaluate(f"getComputedStyle(document.querySelector('{one}')).{what}")
        for one, what in (("section", "backgroundColor"), ("p", "color"))
    )
    bright = [sum(map(int, colour[4:-1].split(","))) for colour in (paper, ink)]
    assert abs(bright[0] - bright[1]) > 300 and (bright[0] > bright[1]) == (scheme == "light")
