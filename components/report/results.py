"""results.json: every number the page and the printed table show."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.ablation import ablation, without_rivals
from components.report.ablation_text import says
from components.report.findings import findings, in_short
from components.report.inputs import ModelRun, Products, main_column
from components.report.paper import load_paper
from components.report.plots import build_plots
from components.report.select import choose

Json = dict[str, Any]
Curve = Mapping[str, float | None]
CURVE_POINTS = 100
LOSS_COLUMNS = ("loss", "grad_norm", "ce_silence", "ce_standby", "ce_response", "ce_text")
STATE_COLUMNS = (
    *(
        f"{share}_{state}"
        for share in ("recall", "precision")
        for state in ("silence", "standby", "response")
    ),
    "false_alarms_per_quiet_minute",
)
SUITES = ("offline", "streamo_bench", "policies", "fps2")  # shown as they are, null where not run


def build_results(products: Products, clips: Sequence[Json], *, seed: int = 0) -> Json:
    """Everything the page shows, in one JSON value.

    Args:
        products: the workspace as read by `inputs.read_products`.
        clips: the `shown` part of the clips on the page.
        seed: of the random blind policy among the plots.

    """
    served = choose(products.models)  # before any test score is looked at
    paper, column = load_paper(), main_column(products.models)
    found = findings(products.models, served, paper, column)
    table = ablation(products.models, column)
    return {
        "schema": 1,
        "scale": scale(products),
        "served": served,
        "models": {model.name: model_entry(model, column) for model in products.models},
        "in_short": in_short(found, column),
        "findings": found,
        "column": column,
        "ablation": {**table, "says": says(without_rivals(table))},
        "ovo_ran": any("ovo" in model.scores for model in products.models),
        "dataset": dataset_facts(products),
        "gate": products.gate,
        "plots": build_plots(products, column, seed=seed),
        "clips": list(clips),
        "lineage": products.lineage,
        "paper": paper,
    }


def scale(products: Products) -> Json:
    """What ran: parameters, steps, seeds, clips, hours, samples."""
    models, splits = products.models, products.dataset["splits"]
    return {
        "parameters": max(model.parameters for model in models),
        "steps": max(int(model.trained["step"]) for model in models),
        "families": list(dict.fromkeys(model.family for model in models)),
        "losses": sorted({model.loss for model in models}),
        "seeds": sorted({model.seed for model in models}),
        "videos": products.corpus["usable"],
        "hours": round(products.corpus["duration_s"] / 3600, 2),
        "samples": {side: splits[side]["samples"] for side in ("train", "validation")},
        "turns": {side: splits[side]["turns"] for side in ("train", "validation")},
    }


def model_entry(model: ModelRun, column: str) -> Json:
    """One model: validation scores, test scores in both columns, scores at earlier steps, thinned curves."""
    ovo = model.scores.get("ovo")
    return {
        "family": model.family,
        "loss": model.loss,
        "seed": model.seed,
        "parameters": model.parameters,
        "step": model.trained["step"],
        "validation": model.scores["validation"],
        "ovo": ovo and ovo["columns"],
        **{suite: model.scores.get(suite) for suite in SUITES},
        "responses": ovo and ovo["responses"],
        "mapping": ovo and ovo.get("mapping"),
        "ovo_at_steps": ovo and ovo_steps(model, column),
        "curves": {
            "loss": thin(model.curves["loss"], LOSS_COLUMNS, average=True),
            "states": thin(model.curves["states"], STATE_COLUMNS, average=False),
            "tasks": thin(model.curves["tasks"], tasks_of(model.curves["tasks"]), average=False),
        },
    }


def tasks_of(rows: Sequence[Curve]) -> list[str]:
    """The columns of `curves/tasks.csv`: the tasks of the training samples."""
    return sorted({name for row in rows for name in row if name != "step"})


def ovo_steps(model: ModelRun, column: str) -> dict[str, Json]:
    """Per step the group scores with intervals on the main column, and the response counts."""
    ovo = model.scores["ovo"]
    steps = {**ovo.get("at_steps", {}), str(model.trained["step"]): ovo}
    return {
        step: step_entry(scores, column)
        for step, scores in sorted(steps.items(), key=lambda item: int(item[0]))
    }


def step_entry(scores: Json, column: str) -> Json:
    """What the step chart and table show of one evaluation."""
    model = scores["columns"][column]["model"]
    naive = scores["columns"]["naive"]["model"]
    return {
        "tasks": {task: cell["accuracy"] for task, cell in model["tasks"].items()},
        "groups": model["groups"],
        "intervals": model["intervals"]["groups"],
        "naive_groups": naive["groups"],
        "responses": scores["responses"],
    }


def thin(rows: Sequence[Curve], columns: Sequence[str], *, average: bool) -> Json:
    """At most `CURVE_POINTS` points per column: the mean of each bin (`average`), or its last row.

    None where a cell is empty; a bin with an empty cell has no mean.
    """
    size = max(1, -(-len(rows) // CURVE_POINTS))
    bins = [rows[start : start + size] for start in range(0, len(rows), size)]
    names = [name for name in columns if rows and name in rows[0]]
    return {
        "step": [int(part[-1]["step"] or 0) for part in bins],
        **{
            name: [point([row[name] for row in (part if average else part[-1:])]) for part in bins]
            for name in names
        },
    }


def point(values: Sequence[float | None]) -> float | None:
    """The mean, None where one is missing."""
    found = [value for value in values if value is not None]
    return round(sum(found) / len(found), 6) if len(found) == len(values) else None


def dataset_facts(products: Products) -> Json:
    """Shares, samples per task, excluded videos and quarantine counts."""
    train = products.dataset["splits"]["train"]
    tasks = {task: cell["samples"] for task, cell in train["tasks"].items()}
    total = max(1, sum(tasks.values()))
    return {
        "train_shares": train["shares"],
        "all_shares": products.turns["shares"],
        "tasks": {
            task: {
                "samples": count,
                "percent": round(100 * count / total, 1),
                **train["tasks"][task]["shares"],
            }
            for task, count in sorted(tasks.items())
        },
        "splits": products.dataset["splits"],
        "excluded": products.dataset["excluded"],
        "licences": products.dataset["licences"],
        "sources": products.dataset["sources"],
        "corpus": products.corpus,
        "conservation": products.turns["counts"],
        "quarantines": products.quarantines,
    }
