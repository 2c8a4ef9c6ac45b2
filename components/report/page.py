"""The report as one HTML page without any external resource."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from components.report.ablation_section import ablation_section
from components.report.curves_section import training_section
from components.report.data_section import dataset_section, gate_section, lineage_section
from components.report.findings import NOT_REPRODUCED, NOT_RUN, REPRODUCED, number
from components.report.html import Html, join, legend, paragraph, section, tag
from components.report.loss_section import loss_section
from components.report.ovo_section import group_chart, ovo_section
from components.report.timeline_bars import STATE_COLOURS, show_timeline
from components.report.timelines import Timeline
from components.report.validation_section import validation_section

Json = Mapping[str, Any]
TITLE = "Streamo at tiny scale: the whole paper from one DAG"
BADGES = {REPRODUCED: "yes", NOT_REPRODUCED: "no", NOT_RUN: "none"}


def render(results: Json, timelines: Sequence[Timeline]) -> str:
    """The page.

    Args:
        results: the value of results.json.
        timelines: the clips with their frames.

    """
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    parts = [
        tag("header", tag("h1", title(results)), paragraph(lead(results), class_="lead")),
        cards(results),
    ]
    sections = [("findings", "Findings", findings_section(results))]
    if results["ovo_ran"]:
        sections.append(("ovo", "OVO-Bench", ovo_section(results)))
        sections.append(("losses", "Losses", loss_section(results)))
    sections.append(("comparison", "Comparison", ablation_section(results)))
    sections.append(("validation", "Validation", validation_section(results)))
    sections.append(("training", "Training", training_section(results)))
    sections.append(("clips", "Clips", clips_section(results, timelines)))
    sections.append(("dataset", "Dataset", dataset_section(results)))
    sections.append(("gate", "Gate", gate_section(results)))
    sections.append(("lineage", "Lineage", lineage_section(results)))
    links = tag("nav", *[tag("a", name, href=f"#{anchor}") for anchor, name, _ in sections])
    body = tag("main", *parts, links, *[shown for _, _, shown in sections])
    head = join(
        [
            Html('<meta charset="utf-8"/>'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1"/>'),
            tag("title", title(results)),
            tag("style", Html(style)),
        ]
    )
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


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


def clips_section(results: Json, timelines: Sequence[Timeline]) -> Html:
    """Timelines of a few clips the model was not trained on."""
    if not timelines:
        return section("clips", "Clips", paragraph("No validation stream has a Response to show."))
    return section(
        "clips",
        "Clips of the validation split",
        paragraph(
            f"True and predicted states of {results['served']['model']}, second by second. Per task the clip "
            "is drawn by the hash of its name, not by how well it went. The dashed line is the question."
        ),
        legend([(state, colour) for state, colour in STATE_COLOURS.items()]),
        *[show_timeline(timeline) for timeline in timelines],
    )
