"""The report as one HTML page without any external resource."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from components.report.ablation_section import ablation_section
from components.report.browser_section import browser_section
from components.report.clips import Clip
from components.report.curves_section import training_section
from components.report.data_section import dataset_section, gate_section, lineage_section
from components.report.findings import NOT_REPRODUCED, NOT_RUN, REPRODUCED, number
from components.report.html import Html, join, paragraph, section, tag
from components.report.loss_section import loss_section
from components.report.offline_section import offline_section
from components.report.ovo_section import group_chart, ovo_section
from components.report.paper_section import paper_section
from components.report.plots_section import plots_section
from components.report.rivals_section import rivals_section
from components.report.states_section import arms_section, states_section
from components.report.streamo_section import streamo_section
from components.report.validation_section import validation_section

Json = Mapping[str, Any]
TITLE = "Streamo at tiny scale: the whole paper from one DAG"
SCRIPTS = ("sort.js", "browse.js")  # ours, inline: the page works from a file, offline
BADGES = {REPRODUCED: "yes", NOT_REPRODUCED: "no", NOT_RUN: "none"}


def render(results: Json, clips: Sequence[Clip]) -> str:
    """The page.

    Args:
        results: the value of results.json.
        clips: the clips with their frames.

    """
    parts = [
        tag("header", tag("h1", title(results)), paragraph(lead(results), class_="lead")),
        cards(results),
    ]
    sections = [("findings", "Findings", findings_section(results))]
    if results["ovo_ran"]:
        sections.append(("ovo", "OVO-Bench", ovo_section(results)))
        sections.append(("losses", "Losses", loss_section(results)))
    sections += [
        ("comparison", "Comparison", ablation_section(results)),
        ("states", "States", states_section(results)),
        ("arms", "Data arms", arms_section(results)),
        ("offline", "Offline", offline_section(results)),
        ("streamo_bench", "Streamo-Bench", streamo_section(results)),
        ("rivals", "Rivals", rivals_section(results)),
        ("plots", "Plots", plots_section(results)),
        ("clips", "Clips", browser_section(results, clips)),
        ("paper", "Paper", paper_section(results)),
        ("validation", "Validation", validation_section(results)),
        ("training", "Training", training_section(results)),
        ("dataset", "Dataset", dataset_section(results)),
        ("gate", "Gate", gate_section(results)),
        ("lineage", "Lineage", lineage_section(results)),
    ]
    links = tag("nav", *[tag("a", name, href=f"#{anchor}") for anchor, name, _ in sections])
    main = tag("main", *parts, links, *[shown for _, _, shown in sections])
    body = join([main, *[tag("script", Html(part(name))) for name in SCRIPTS]])
    head = join(
        [
            Html('<meta charset="utf-8"/>'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1"/>'),
            tag("title", title(results)),
            tag("style", Html(part("style.css"))),
        ]
    )
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def part(name: str) -> str:
    """A file of this room that goes into the page as it is."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def title(results: Json) -> str:
    """Says the scale: nothing here is a result about 3B or 7B models."""
    return TITLE if results["scale"]["parameters"] < 100_000_000 else "Streamo: the whole paper from one DAG"


def lead(results: Json) -> str:
    """What ran, in one sentence or two."""
    scale = results["scale"]
    size = scale["parameters"]
    shown = f"{size / 1e6:.2f} M" if size < 1e9 else f"{size / 1e9:.1f} B"
    seeds = ", ".join(str(seed) for seed in scale["seeds"])
    count = len(scale["losses"])
    losses = f"{count} loss{'es' if count > 1 else ''} (seed{'s' if len(scale['seeds']) > 1 else ''} {seeds})"
    if len(scale["families"]) > 1:
        losses += f" on {len(scale['families'])} architectures"
    text = (
        f"A model of {shown} parameters, trained {scale['steps']} steps with {losses} on "
        f"{scale['samples']['train']} streams, {scale['turns']['train']} turns of one second; "
        f"{scale['hours']} h of video in the corpus. "
    )
    if results["ovo_ran"]:
        return (
            text
            + "Its scores stand beside the paper's printed numbers, not against them: the test set is small "
            "and synthetic."
        )
    return text + "No OVO-Bench suite was run on this corpus: the numbers are those of the validation split."


def cards(results: Json) -> Html:
    """The few numbers to read first."""
    served = results["served"]
    shown = [
        (served["model"], "served, chosen on the validation split"),
        (number(served["value"]), "macro F1 there, percent"),
    ]
    ovo = results["models"][served["model"]]["ovo"]
    if ovo:
        column = ovo[results["column"]]
        for name, word in (("forward", "forward"), ("realtime", "real-time"), ("backward", "backward")):
            cell = column["comparison"][name]
            rival = max(cell["rivals"].values(), default=None)
            shown.append((number(cell["accuracy"]), f"{word}, percent; best control {number(rival)}"))
    return tag(
        "div",
        *[tag("div", tag("b", value), tag("span", note), class_="card") for value, note in shown],
        class_="cards",
    )


def findings_section(results: Json) -> Html:
    """What was and was not reproduced, and the chart behind it."""
    lines = [
        tag(
            "li",
            tag("span", line["verdict"], class_=f"badge {BADGES[line['verdict']]}"),
            tag("div", line["text"]),
        )
        for line in results["findings"]
    ]
    chart = [group_chart(results)] if results["models"][results["served"]["model"]]["ovo"] else []
    short = paragraph(results["in_short"], class_="lead")
    return section(
        "findings", "What was and was not reproduced", short, tag("ul", *lines, class_="findings"), *chart
    )
