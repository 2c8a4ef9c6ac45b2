"""The paper's own figures: where they do not hold together, their denominators, table 8, the data set."""

from collections.abc import Mapping
from typing import Any

from components.report.cells import FLAG, printed, printed_mean
from components.report.html import Html, details, paragraph, section, table

Json = Mapping[str, Any]


def paper_section(results: Json) -> Html:
    """The whole section."""
    paper = results["paper"]
    return section(
        "paper",
        "The printed figures, checked",
        paragraph(
            "Every mean on this page is recomputed from the printed figures it is made of. A flag marks "
            "a difference that rounding does not explain. None of it says that a model is worse than "
            "printed, only that two printed figures cannot both be right."
        ),
        claims_table(paper),
        details("points behind the printed forward scores", denominators(paper)),
        details("ViSpeak-Bench (table 8), as printed", *vispeak(paper)),
        details("size of the data set, as printed", durations(paper)),
    )


def claims_table(paper: Json) -> Html:
    """Claims beside what the printed tables give, in one sentence each."""
    rows = [
        [
            claim["printed"],
            claim["where"],
            claim["recomputed"],
            "holds" if claim["holds"] else f"{FLAG} no",
            claim["says"],
        ]
        for claim in paper["claims"]
    ]
    return table(("as printed", "where", "recomputed", "holds", "in a sentence"), rows, class_="texts")


def denominators(paper: Json) -> Html:
    """The fraction next to each printed forward score: 698, 629 and 240 points give all of them."""
    rows = [[row["model"], row["REC"], row["SSR"], row["CRR"]] for row in paper["denominators"]]
    return table(("model", "REC", "SSR", "CRR"), rows)


def vispeak(paper: Json) -> tuple[Html, Html]:
    """Table 8; nothing of ours is measured on it."""
    first = paper["vispeak_bench"][0]
    shares, scores = list(first["accuracy"]), list(first["score"])
    head = [
        "model",
        *[f"{n}, in time %" for n in shares],
        "all",
        *[f"{n}, score" for n in scores],
        "all",
        "overall",
    ]
    rows = []
    for row in paper["vispeak_bench"]:
        cells = [printed(row["accuracy"][name], 1) for name in shares] + [printed_mean(row, "accuracy")]
        cells += [printed(row["score"][name]) for name in scores] + [printed_mean(row, "score")]
        rows.append(
            [row["model"], *cells, printed_mean(row, "overall"), printed(row["recomputed"]["overall"])]
        )
    note = (
        "Share answered in time and score of the text (0 to 5 by a judge). The paper does not say how "
        "its overall figure is made; recomputed is the mean of score times share over the seven "
        "sub-tasks, which agrees with nine of eleven rows. This project has no runner for that "
        "benchmark: nothing of ours stands beside it."
    )
    return paragraph(note, class_="quiet"), table([*head, "recomputed"], rows)


def durations(paper: Json) -> Html:
    """Videos by their length; shares and the ratio of the states stand in the section on the dataset."""
    sizes = paper["sizes"]
    rows = [
        [name, f"{cell['videos']:,}", printed(cell["percent"])] for name, cell in sizes["durations"].items()
    ]
    caption = f"{sizes['samples']} samples over {sizes['videos']:,} videos"
    return table(("length", "videos", "percent"), rows, caption=caption)
