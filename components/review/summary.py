"""What reviewers decided, and how far two of them agree beyond chance."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from components.annotate.quality.kappa import kappa
from components.annotate.reviewed import spelled
from components.annotate.reviews import VERDICTS, Review

Said = dict[tuple[str, str], Review]  # (label, sha256 as reviewed) -> the reviewer's last word


def summarize(reviews: Sequence[Review]) -> dict[str, Any]:
    """Verdicts by reviewer and agreement by pair; of one reviewer's verdicts on a label the last counts.

    A pair is compared on the labels both saw as the same bytes. `agreement` is the share of equal verdicts,
    `kappa` Cohen's (components.annotate.quality) with an interval over videos; `equal_fixes` is how many of
    the labels that both fixed got the same responses.
    """
    said: dict[str, Said] = defaultdict(dict)
    for review in sorted(reviews, key=lambda review: review.date):
        said[review.reviewer][review.label, review.sha256] = review
    verdicts = {name: Counter(review.verdict for review in said[name].values()) for name in sorted(said)}
    return {
        "reviews": len(reviews),
        "labels": len({review.label for review in reviews}),
        "reviewers": {name: {word: found[word] for word in VERDICTS} for name, found in verdicts.items()},
        "pairs": [_pair(one, other, said) for one, other in combinations(sorted(said), 2)],
    }


def _pair(one: str, other: str, said: dict[str, Said]) -> dict[str, Any]:
    both = sorted(said[one].keys() & said[other].keys())
    first, second = ([said[name][key] for key in both] for name in (one, other))
    words = [[review.verdict for review in reviews] for reviews in (first, second)]
    fixed = [(a, b) for a, b in zip(first, second, strict=True) if a.response and b.response]
    same = sum(a == b for a, b in zip(*words, strict=True))
    return {
        "reviewers": [one, other],
        "labels": len(both),
        "agreement": round(same / len(both), 6) if both else None,
        "kappa": kappa(words[0], words[1], [spelled(label)["video_path"] or label for label, _ in both]),
        "both_fixed": len(fixed),
        "equal_fixes": sum(a.response == b.response for a, b in fixed),
    }


def lines(summary: dict[str, Any]) -> list[str]:
    """The summary for people."""
    said = [f"{summary['reviews']} reviews of {summary['labels']} labels"]
    for name, verdicts in summary["reviewers"].items():
        said.append(f"{name}: " + ", ".join(f"{count} {word}" for word, count in verdicts.items()))
    for pair in summary["pairs"]:
        names = " and ".join(pair["reviewers"])
        if not pair["labels"]:
            said.append(f"{names}: no label in common")
            continue
        figure = pair["kappa"]
        value = "not defined (one and the same verdict throughout)"
        if figure["value"] is not None:
            value = f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
        said.append(
            f"{names}: {pair['labels']} labels in common, {100 * pair['agreement']:.1f} % equal verdicts,"
            f" kappa {value}; {pair['equal_fixes']} of {pair['both_fixed']} labels fixed by both are equal"
        )
    return said
