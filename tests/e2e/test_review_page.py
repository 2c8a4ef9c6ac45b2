"""Labels fixed in headless Chromium, by mouse and by keyboard, come back in the next turn table."""

import json
import shutil
import time

import pytest

from components.annotate.ground import TASK as GROUND
from components.annotate.reviews import read
from components.review.desk import Desk
from components.review.journal import Journal
from components.video.root import MediaRoot
from infra.scenario import browser as chromium
from tests.support.review_world import copy_of, page_of, review_world, serving

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, chromium.NAMES)), reason="no chromium on this machine"
)
WIDE, PHONE = 1280, 400
PATIENCE_S = 30.0
SHIFT = 8
CODES = {"ArrowLeft": 37, "ArrowRight": 39, "Tab": 9, "Delete": 46, "Escape": 27}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    return review_world(tmp_path_factory.mktemp("review"))


@pytest.fixture
def world(rendered, tmp_path):
    return copy_of(rendered, tmp_path / "copy")


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with chromium.browser(tmp_path_factory.mktemp("home"), {}, width=WIDE, height=900) as page:
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        yield page


def until(tab, expression, value=True):
    """Wait until a JavaScript expression has this value."""
    deadline = time.monotonic() + PATIENCE_S
    while (found := tab.evaluate(expression)) != value:
        assert time.monotonic() < deadline, f"{expression} is {found!r}, not {value!r}"
        time.sleep(0.02)


def open_page(tab, server, number=1):
    tab.call("Page.navigate", url=server.url)
    on(tab, number)


def on(tab, number):
    """Wait until label `number` (from 1) is shown."""
    until(tab, f"document.querySelector('#progress')?.textContent.startsWith('Label {number} of')")
    until(tab, "Boolean(document.querySelector('#states').childElementCount)")


def press(tab, key, modifiers=0):
    code = CODES.get(key, ord(key.upper()[0]))
    text = {"text": key} if len(key) == 1 else {}
    for kind in ("keyDown", "keyUp"):
        shown = text if kind == "keyDown" else {}
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            windowsVirtualKeyCode=code,
            modifiers=modifiers,
            **shown,
        )


def box(tab, element):
    tab.evaluate(f"document.querySelector({element!r}).scrollIntoView({{block: 'center'}})")
    found = tab.evaluate(f"JSON.stringify(document.querySelector({element!r}).getBoundingClientRect())")
    return json.loads(found)


def mouse(tab, kind, x, y):
    tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


def drag(tab, element, by_s, turns):
    """Drag an element of the timeline by so many seconds."""
    tracks = box(tab, "#tracks")
    here = box(tab, element)
    x, y = here["x"] + here["width"] / 2, here["y"] + here["height"] / 2
    mouse(tab, "mousePressed", x, y)
    for part in (0.3, 0.7, 1.0):
        mouse(tab, "mouseMoved", x + part * by_s * tracks["width"] / turns, y)
    mouse(tab, "mouseReleased", x + by_s * tracks["width"] / turns, y)


def click(tab, element):
    here = box(tab, element)
    for kind in ("mousePressed", "mouseReleased"):
        mouse(tab, kind, here["x"] + here["width"] / 2, here["y"] + here["height"] / 2)


def focused(tab):
    return tab.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id")


def states_shown(tab):
    return tab.evaluate("[...document.querySelectorAll('#states span')].map((cell) => cell.classList[0])")


def spans(labels, task, least=1):
    """Labels of a task with at least `least` spans and room behind the last."""
    return [
        label["id"]
        for label in labels.values()
        if label["task_type"] == task
        and len(label["response"]) >= least
        and all(item["end_time"] != "" and item["end_time"] < 17 for item in label["response"])
        and not label["question"][0]["time"]
    ]


def test_fixes_by_mouse_and_by_keyboard_are_in_the_next_turn_table(world, tab):
    made, before = world.annotate(), world.turns()
    first, second = spans(made, "event_caption")[0], spans(made, "tsqa")[0]
    old = {name: made[name]["response"][0]["end_time"] for name in (first, second)}
    with page_of(world, [first, second]) as server:
        open_page(tab, server)
        drag(tab, ".edge.end", 2, len(before[first].turns))
        until(tab, "document.querySelector('input[data-key=end_time]').valueAsNumber", old[first] + 2)
        until(tab, f"document.querySelectorAll('#states span')[{old[first] + 2}].classList[0]", "response")
        assert states_shown(tab)[int(old[first])] == "standby"
        click(tab, "#fix")
        on(tab, 2)
        tab.evaluate("document.querySelector('#zoom').focus()")
        press(tab, "Tab")
        assert focused(tab).startswith("start answer 1")
        press(tab, "Tab")
        press(tab, "Tab")
        assert focused(tab).startswith("end answer 1")
        press(tab, "ArrowRight", SHIFT)
        press(tab, "ArrowRight")
        press(tab, "ArrowRight")
        press(tab, "ArrowLeft")
        until(tab, "document.querySelector('input[data-key=end_time]').valueAsNumber", old[second] + 1.25)
        assert focused(tab).startswith("end answer 1")  # the focus stays
        until(tab, f"document.querySelectorAll('#states span')[{old[second] + 2}].classList[0]", "response")
        press(tab, "f")
        until(tab, "document.querySelector('#done').hidden", False)
    new = {first: old[first] + 2, second: old[second] + 1.25}
    assert [(one.label, one.verdict, one.reviewer) for one in read(world.reviews)] == [
        (first, "fix", "ann"),
        (second, "fix", "ann"),
    ]
    labels, after = world.annotate(), world.turns()
    for name, end in new.items():
        label = labels[name]
        assert label["response"] == [
            {**made[name]["response"][0], "end_time": end},
            *made[name]["response"][1:],
        ]
        assert label["source"] == made[name]["source"]
        assert (label["review"]["reviewer"], label["review"]["verdict"]) == ("ann", "fix")
        turn = int(-(-end // 1))
        assert before[name].turns[turn].state.label != "response" == after[name].turns[turn].state.label
        assert after[name].turns[turn].text == made[name]["response"][0]["content"]
    changed = {name for name in before if name in after and before[name].turns != after[name].turns}
    assert {name for name in changed if not name.startswith(GROUND)} == {first, second}
    assert labels.keys() - {name for name in labels if name.startswith(GROUND)} <= made.keys()


def test_a_missed_event_is_added_and_a_wrong_label_taken_out(world, tab):
    made = world.annotate()
    quiet = next(label["id"] for label in made.values() if not label["response"])
    wrong, fine = spans(made, "tsqa")[0], spans(made, GROUND)[0]
    with page_of(world, [quiet, wrong, fine]) as server:
        open_page(tab, server)
        assert not tab.evaluate("document.querySelector('#quiet').hidden")
        click(tab, "#add-span")
        tab.call("Input.insertText", text="an answer & <b>no</b> markup")
        press(tab, "Escape")
        until(tab, "document.querySelectorAll('#states .response').length", 1)
        press(tab, "f")
        on(tab, 2)
        assert tab.evaluate("document.activeElement.id") == "tracks"
        press(tab, "Tab")
        assert focused(tab).startswith("start answer 1")  # of the next label, without a way round
        click(tab, "#note")
        tab.call("Input.insertText", text="far off")
        press(tab, "Escape")
        press(tab, "r")
        on(tab, 3)
        assert tab.evaluate("document.querySelector('#note').value") == ""
        drag(tab, ".edge.start", -1, len(world.turns()[fine].turns))
        start = made[fine]["response"][0]["st_time"] - 1
        told = f"from {start:g}s to {made[fine]['response'][0]['end_time']:g}s"
        until(tab, "document.querySelector('#responses textarea').value", told)  # the text follows its times
        press(tab, "f")
        until(tab, "document.querySelector('#done').hidden", False)
        assert tab.evaluate("document.querySelectorAll('#tracks b, #responses b').length") == 0
    after = world.annotate()
    assert after[quiet]["response"][0]["content"] == "an answer & <b>no</b> markup"
    assert wrong not in after
    aside = json.loads((world.products[1] / "quarantine.json").read_text())
    assert [(row["id"], row["reason"]) for row in aside] == [(wrong, "rejected_by_review")]
    assert aside[0]["detail"].endswith("far off")


def test_letters_are_text_in_a_field_and_help_lists_the_keys(world, tab):
    with page_of(world) as server:
        open_page(tab, server)
        click(tab, "#note")
        for letter in "afrnp?":
            press(tab, letter)
        assert tab.evaluate("document.querySelector('#note').value") == "afrnp?"
        press(tab, "Escape")
        press(tab, "?")
        assert tab.evaluate("document.querySelector('#keys').open") is True
        press(tab, "a")  # nothing is decided behind the list
        press(tab, "Escape")
        until(tab, "document.querySelector('#keys').open", False)
        press(tab, "n")
        on(tab, 2)
        press(tab, "p")
        on(tab, 1)
    assert not world.reviews.exists()


def test_the_second_reviewer_starts_without_the_first_ones_verdict(world, tab):
    name = spans(world.annotate(), "tsqa")[0]
    with page_of(world, [name], "ann") as server:
        open_page(tab, server)
        click(tab, "#reject")
        until(tab, "document.querySelector('#done').hidden", False)
        assert tab.evaluate("document.querySelectorAll('.chosen').length") == 1
    with page_of(world, [name], "bea") as server:
        open_page(tab, server)
        assert tab.evaluate("document.querySelectorAll('.chosen').length") == 0
        assert "reject" not in tab.evaluate("document.querySelector('main').innerText").lower()


def test_markup_in_a_label_stays_text_and_the_keys_still_decide(world, tab, tmp_path):
    hostile = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    label = next(iter(world.annotate().values()))
    name = f"{hostile.replace('/', '')}.mp4"  # a file name holds no slash
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / name).write_bytes((world.media / label["video_path"]).read_bytes())
    answer = {"content": hostile, "st_time": 1.0, "end_time": 3.0, "time": ""}
    label |= dict.fromkeys(("id", "task_type", "kind", "source"), hostile)
    label |= {"video_path": name, "question": [{"content": hostile, "time": 0}], "response": [answer]}
    desk = Desk([label], MediaRoot(tmp_path / "media"), Journal(tmp_path / "reviews.jsonl"), hostile)
    with serving(desk) as server:
        open_page(tab, server)
        until(tab, "document.querySelector('#frame').naturalWidth > 0")
        shown = tab.evaluate("document.querySelector('main').innerText")
        assert shown.count(hostile) >= 4 and name in shown
        assert tab.evaluate("document.querySelector('.progress').innerText").count(hostile) == 1
        assert tab.evaluate("[document.scripts.length, document.images.length].join()") == "1,2"
        press(tab, "r")
        until(tab, "document.querySelector('#done').hidden", False)
        assert tab.evaluate("typeof window.hacked") == "undefined"
    [review] = read(tmp_path / "reviews.jsonl")
    assert (review.label, review.reviewer, review.verdict) == (hostile, hostile, "reject")


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_is_labelled(world, tab, width, scheme):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    tab.call("Emulation.setDeviceMetricsOverride", **size)
    tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    with page_of(world) as server:
        open_page(tab, server)
        until(tab, "document.querySelector('#frame').naturalWidth > 0")
        until(tab, "document.querySelector('#strip').naturalWidth > 0")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    told = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"]
        and node["role"]["value"] in ("button", "slider", "textbox", "spinbutton", "image")
    ]
    assert {role for role, _ in told} >= {"button", "slider", "textbox", "image"}
    assert [role for role, name in told if not name] == []
