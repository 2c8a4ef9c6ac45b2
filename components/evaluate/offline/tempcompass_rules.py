"""TempCompass' word rules (github.com/llyx97/TempCompass, eval_*.py), and a strict reading beside them.

An official rule gives right, wrong, or None where it cannot read the answer: there the official scorer asks a
language model. Outer blanks and `</s>` are taken off first, as the official scorer does for captions.
"""

from typing import Any

from components.evaluate.answers import LETTERS, text_of

MULTI_CHOICE, YES_NO, MATCHING, CAPTIONING = "multi-choice", "yes_no", "caption_matching", "captioning"
FORMS = (MULTI_CHOICE, YES_NO, MATCHING, CAPTIONING)


def plain(answer: Any) -> str | None:
    """An answer's text as the rules see it; None where it has none."""
    text, _ = text_of(answer)
    kept = None if text is None else text.replace("</s>", "").strip()
    return kept or None


def official(form: str, question: str, truth: str, answer: Any) -> bool | None:
    """The official word rule; captions have none."""
    text = plain(answer)
    if text is None:
        return False if form != CAPTIONING else None
    if form == MULTI_CHOICE:
        return multi_choice(text, truth)
    if form == YES_NO:
        word = next((word for word in ("yes", "no") if text.lower().startswith(word)), None)
        return None if word is None else word == truth
    return caption_matching(text, question, truth) if form == MATCHING else None


def multi_choice(text: str, truth: str) -> bool | None:
    """The whole answer, a bare letter, `A.` or `A)` at the beginning."""
    if text == truth:
        return True
    if text in LETTERS[:4] and len(text) == 1:
        return text == truth[0]
    if text[0] in LETTERS[:4] and text[1:2] in (".", ")"):
        return text[0] == truth[0]
    return None


def caption_matching(text: str, question: str, truth: str) -> bool | None:
    """A whole option line, its sentence (also behind a bracket), or its label; later forms win."""
    lines = [line for line in question.split("\n")[1:] if ": " in line]
    labels = [line.split(": ")[0] for line in lines]
    sentences = [line.split(": ")[1] for line in lines]
    behind = text.split(") ")[1] if ") " in text else None
    said = [line for line in lines if line == text]
    said += [sentence for sentence in sentences if sentence in (text, behind)]
    said += [label for label in labels if label in (text, text.replace(".", ""))]
    if not said:
        return None
    return said[-1] in (truth, truth.split(":")[0], truth.split(": ")[-1])


def options_of(form: str, question: str) -> tuple[str, ...]:
    """What there is to choose from, in order: option texts, `yes` and `no`, option lines."""
    if form == YES_NO:
        return ("yes", "no")
    lines = question.split("\n")[1:]
    if form == MULTI_CHOICE:
        return tuple(line for line in lines if line[1:2] == ".")
    if form == MATCHING:
        return tuple(line for line in lines if ": " in line)
    return tuple(line for line in lines if line.startswith("Information "))


def place_of(form: str, options: tuple[str, ...], truth: str) -> int | None:
    """The right option's place; None where the truth names none."""
    if form == CAPTIONING:
        place = LETTERS.find(truth[:1]) if truth else -1
        return place if 0 <= place < len(options) else None
    return options.index(truth) if truth in options else None


def strict(form: str, question: str, truth: str, answer: Any) -> bool:
    """Right by the official rule, and for yes and no a whole first word: `not sure` is no `no`."""
    right = official(form, question, truth, answer)
    text = plain(answer)
    if not right or text is None:
        return False
    return form != YES_NO or text.lower().split()[0].strip(".,;:!") == truth
