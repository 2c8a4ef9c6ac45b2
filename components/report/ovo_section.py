"""The OVO-Bench section: the paper's printed rows, ours on matched and naive points, controls and floors."""

from collections.abc import Mapping
from typing import Any

from components.report.findings import RIVAL_NAMES
from components.report.html import Html, Part, details, figure, paragraph, section, table, tag
from components.report.interval_chart import SYMBOLS, Row, interval_chart
from components.report.ovo_rows import our_rows, paper_row, totals_head
from components.report.palette import GROUP_TITLES, colour_of

Json = Mapping[str, Any]
MAIN_ROWS = (
    "Dispider-7B",
    "ViSpeak-7B",
    "Streamo-3B",
    "Streamo-7B",
    "Streamo-2B (InternVL3)",
    "Streamo-4B (Qwen3-VL)",
)


def group_chart(results: Json) -> Html:
    """The served model's groups against their rivals."""
    served = results["served"]
    cells = results["models"][served["model"]]["ovo"][results["column"]]["comparison"]
    rows = [
        Row(title, colour_of(served["loss"]), cell["accuracy"], cell["interval"], cell["rivals"])
        for title, cell in ((title, cells[name]) for name, title in GROUP_TITLES.items())
    ]
    keys = [tag("span", f"{SYMBOLS[name]} {RIVAL_NAMES[name]}") for name in SYMBOLS]
    chart = interval_chart(rows, title=f"{served['model']} by group, percent")
    title = f"{served['model']}, percent right on {results['column']} points, with 95 % intervals"
    return tag("div", figure(title, tag("div", *keys, class_="legend"), chart), class_="narrow")


def ovo_section(results: Json) -> Html:
    """The whole section."""
    paper, titles = results["paper"], totals_head()
    rows = [
        Part("As printed in the paper, percent (2B to 7B models, OVO-Bench)"),
        *[paper_row(row) for row in paper["ovo"] if row["model"] in MAIN_ROWS],
        Part(f"Here, percent of {results['column']} points"),
        *our_rows(results, results["column"]),
    ]
    others = [paper_row(row) for row in paper["ovo"] if row["model"] not in MAIN_ROWS]
    folded = [details("the other printed rows of tables 2 and 11", table(titles, others))]
    if results["column"] != "naive":
        folded.append(details("ours on naive points", table(titles, our_rows(results, "naive"))))
    checked = tag("a", "the printed figures, checked", href="#paper")
    return section(
        "ovo",
        "OVO-Bench",
        paragraph(
            "The two blocks are different test sets and different model sizes: compare within a block, "
            "not across. Small figures are 95 % bootstrap intervals over matched sets, the points n that "
            "a score is of, and the floor: the best blind policy there. Grey rows see no frame, or the "
            "wrong video."
        ),
        table(titles, rows),
        paragraph("⚑ not the mean of its printed tasks: see ", checked, ".", class_="quiet"),
        *folded,
    )
