"""The rules the suite is built from; each is a pure function from a frame to the rows that break it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from components.validate import rules_events, rules_ids, rules_states, rules_time


@dataclass(frozen=True)
class Rule:
    """One rule over the rows of one table.

    `find(frame)` gives an (N,) bool mask of the rows that break it. A frame without one of the columns
    `needs` (its input was not given) leaves the rule unchecked. Rules are cut so that one fault breaks one
    rule: a report then names the cause and not its echoes (tests/fault/test_gate_planted_faults.py).
    """

    name: str
    table: str
    says: str
    find: Callable[[pd.DataFrame], np.ndarray] = field(repr=False)
    needs: tuple[str, ...] = ()


ROW_RULES: tuple[Rule, ...] = (
    Rule("time_increasing", "turns", "The time of a sample's turns strictly increases.", rules_time.backward),
    Rule("time_contiguous", "turns", "Turns count 0, 1, 2, ...; turn i covers [i, i+1) s.", rules_time.gaps),
    Rule("turn_before_end", "turns", "A turn starts before its video ends.", rules_time.past_end),
    Rule("one_state_per_turn", "turns", "A turn has exactly one known state.", rules_states.not_one_state),
    Rule("response_has_text", "turns", "A Response turn has a text.", rules_states.response_without_text),
    Rule(
        "only_response_has_text",
        "turns",
        "A turn with a text is a Response.",
        rules_states.text_without_response,
    ),
    Rule(
        "response_after_question", "turns", "A Response does not precede its question.", rules_states.unasked
    ),
    Rule("no_state_token", "turns", "No text or question spells a state token.", rules_states.state_token),
    Rule("one_video_per_sample", "turns", "All turns of a sample show one video.", rules_ids.second_video),
    Rule("video_known", "turns", "The video is in the manifest.", rules_ids.unknown_video, ("video_known",)),
    Rule("event_before_end", "events", "An event starts before its video ends.", rules_events.past_end),
    Rule(
        "event_times_ordered",
        "events",
        "An event starts at 0 or later and does not end before.",
        rules_events.backward,
    ),
    Rule(
        "event_sample_known", "events", "An event's sample is in the turn table.", rules_events.unknown_sample
    ),
)
ACCEPTED = "accepted_shares"
SHARE_RULES: tuple[str, ...] = ("state_shares", "task_state_shares", "source_state_shares", ACCEPTED)
RULE_NAMES: tuple[str, ...] = (*SHARE_RULES, *(rule.name for rule in ROW_RULES))


def row_rule(name: str) -> Rule:
    """The row rule of this name; ValueError for an unknown one."""
    for rule in ROW_RULES:
        if rule.name == name:
            return rule
    raise ValueError(f"unknown rule {name!r}; expected one of {', '.join(RULE_NAMES)}")
