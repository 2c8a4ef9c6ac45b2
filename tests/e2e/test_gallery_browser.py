"""The gallery in headless Chromium: it draws, filters and hides, by mouse and keyboard, at two widths."""

import shutil
from pathlib import Path

import pytest

from components.core.errors import InternalError
from components.report.gallery.page import make_gallery
from infra.scenario.browser import NAMES, Page, browser
from tests.support.gallery_set import HOSTILE, make_gallery_set
from tests.support.processes import wait_until

pytestmark = pytest.mark.skipif(not any(map(shutil.which, NAMES)), reason="no chromium on this machine")
SHOWN = """[...document.querySelectorAll('article')].filter((one) => one.offsetHeight)
  .map((one) => one.querySelector('h2').textContent).sort()"""
B = "[...document.querySelectorAll('article')].find((one) => one.querySelector('h2').textContent === 'b')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("gallery")
    dataset, media = make_gallery_set(folder)
    make_gallery(dataset, folder / "gallery.html", media=media, per_task=9, seed=0)
    with browser(folder / "home", {}, width=1280, height=900) as tab:
        tab.open((folder / "gallery.html").as_uri(), "Gallery of streaming dialogues", "5 of 5 shown")
        yield tab


def press(page: Page, key: str, code: int) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


def choose(page: Page, menu: str, value: str) -> None:
    page.evaluate(
        f"(() => {{ const menu = document.getElementById({menu!r}); menu.value = {value!r};"
        " menu.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )


def test_frames_states_and_spans_are_drawn_to_one_time_axis(page: Page) -> None:
    assert page.evaluate(f"{B}.querySelector('.film img').naturalWidth") > 0
    axis = page.evaluate(f"{B}.querySelector('.axis').getBoundingClientRect().width")
    wide = page.evaluate(
        f"[...{B}.querySelectorAll('.states i')].map((one) => one.getBoundingClientRect().width)"
    )
    assert [round(4 * one / axis) for one in wide] == [1, 2, 1]
    span = page.evaluate(f"{B}.querySelector('b.span').getBoundingClientRect().width")
    assert round(4 * span / axis) == 2
    high = page.evaluate(f"[...{B}.querySelectorAll('.states i')].map((one) => one.offsetHeight)")
    assert high[0] < high[1] < high[2]  # states differ without their colours


def test_texts_are_text_and_no_script_of_theirs_ran(page: Page) -> None:
    assert page.evaluate(f"{B}.querySelector('.asked span').textContent") == HOSTILE
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.evaluate("document.querySelectorAll('article img[src=x]').length") == 0


def test_menus_filter_and_hide(page: Page) -> None:
    choose(page, "task", "narration")
    assert page.evaluate(SHOWN) == ["a", "c"]
    assert page.evaluate("document.getElementById('count').textContent") == "2 of 5 shown"
    choose(page, "source", "people")
    assert page.evaluate(SHOWN) == []
    assert page.evaluate("document.getElementById('count').textContent") == "no sample has both"
    choose(page, "task", "")
    assert page.evaluate(SHOWN) == ["b", "e"]
    choose(page, "source", 'a "quoted" <source>')
    assert page.evaluate(SHOWN) == ["c"]
    choose(page, "source", "")
    assert len(page.evaluate(SHOWN)) == 5


def test_the_keyboard_reaches_menus_and_seconds(page: Page) -> None:
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    press(page, "Tab", 9)
    assert page.evaluate("document.activeElement.id") == "task"
    press(page, "ArrowDown", 40)
    assert page.evaluate("document.activeElement.value") in {"narration", "tsqa"}
    choose(page, "task", "")
    page.evaluate(f"{B}.querySelector('input').focus()")
    press(page, "Home", 36)
    told = f"{B}.querySelector('.now').textContent"
    assert page.evaluate(told).startswith("0 ssilence")
    press(page, "ArrowRight", 39)
    assert page.evaluate(told).startswith("1 sstandby") and "asked" in page.evaluate(told)
    press(page, "End", 35)
    assert page.evaluate(told).startswith("3 sresponse") and "window.hacked" in page.evaluate(told)
    assert page.evaluate(f"{B}.querySelector('.answers .here').dataset.turn") == "3"


def test_a_click_on_the_axis_goes_to_its_second(page: Page) -> None:
    page.evaluate(f"{B}.scrollIntoView()")
    x, y, wide = (
        page.evaluate(f"{B}.querySelector('.states').getBoundingClientRect().{side}")
        for side in ("x", "y", "width")
    )
    for kind in ("mousePressed", "mouseReleased"):
        page.call(
            "Input.dispatchMouseEvent", type=kind, x=x + wide * 2.5 / 4, y=y + 20, button="left", clickCount=1
        )
    assert page.evaluate(f"{B}.querySelector('.now').textContent").startswith("2 sstandby")


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_width_and_follows_the_colour_scheme(page: Page, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.call("Emulation.setDeviceMetricsOverride", **size)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(f"{B}.querySelector('input').focus()")
    press(page, "End", 35)  # the cursor on the last second does not widen the axis either
    axis = page.evaluate(f"{B}.querySelector('.axis').getBoundingClientRect().width")
    assert page.evaluate(f"{B}.querySelector('.scroll').scrollWidth") <= round(axis)
    paper = page.evaluate("getComputedStyle(document.querySelector('article')).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) > 380) == (scheme == "light")


def test_without_its_script_every_sample_is_there(page: Page, tmp_path: Path) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.reload")
    plain = wait_until(lambda: found(page, "form[hidden]") == 1, 30.0)
    samples = found(page, "article:not([hidden])")
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert plain and samples == 5


def found(page: Page, selector: str) -> int:
    """How many nodes there are, asked without a script; 0 while one document takes another one's place."""
    try:
        root = page.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        return len(page.call("DOM.querySelectorAll", nodeId=root, selector=selector)["nodeIds"])
    except InternalError:
        return 0
