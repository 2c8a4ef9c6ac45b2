"""Error bodies that are the server's last word on one question, not a fault of server or network.

Asked again they would come again, and a run that ended at them would never get past: so they are kept as
answers, with the reason `refused`.
"""

from components.teacher.reading import Completion, printable, strict_json

# `error.code` where a filter refuses what was shown or written (OpenAI, Azure; status 400).
FILTERED = frozenset({"content_filter", "content_policy_violation"})
# What llama.cpp says, with status 500, of a text that its own parser cannot take (bytes that are no UTF-8).
UNREADABLE = "the model produced output that does not match"


def declined(raw: str) -> Completion | None:
    """The refusal in an error body; None for any other body."""
    try:
        error = strict_json(raw)["error"]
        code, message = error.get("code"), str(error.get("message") or "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    filtered = isinstance(code, str) and code in FILTERED
    if not filtered and not message.lower().startswith(UNREADABLE):
        return None
    return Completion("", printable(message) or str(code), None, None, None)
