"""Why a question, a response or a whole sample was set aside: the words in quarantine.json."""

NO_QUESTION = "no_question"
QUESTION_AFTER_END = "question_after_end"
RESPONSE_AFTER_END = "response_after_end"
ENDS_BEFORE_START = "ends_before_start"
UNREADABLE_TIME = "unreadable_time"
EMPTY_TEXT = "empty_text"
STATE_SPELLED = "state_token_in_text"
FRAME_SPELLED = "frame_token_in_text"
MALFORMED = "malformed"
OVERWRITTEN = "overwritten"
NO_TURN = "no_turn"
UNKNOWN_VIDEO = "unknown_video"
UNREADABLE_VIDEO = "unreadable_video"
BENCHMARK_VIDEO = "benchmark_video"
DUPLICATE_ID = "duplicate_id"

MEANING: dict[str, str] = {
    NO_QUESTION: "the label asks nothing; corrected rules invent no question",
    QUESTION_AFTER_END: "the question has no turn left; it takes the sample with it (corrected rules)",
    RESPONSE_AFTER_END: "the response starts at or after the video's end",
    ENDS_BEFORE_START: "the event ends before it starts",
    UNREADABLE_TIME: "a time is missing, negative or not a time",
    EMPTY_TEXT: "the question or response has no text",
    STATE_SPELLED: "the text spells a state token, which would become a state",
    FRAME_SPELLED: "the text spells the frame placeholder, which would become a frame",
    MALFORMED: "the label is not of the raw label format",
    OVERWRITTEN: "released rules only: a later item was written over this one",
    NO_TURN: "released rules only: the clip is shorter than one frame step",
    UNKNOWN_VIDEO: "no duration is known for the label's video",
    UNREADABLE_VIDEO: "the video was probed and rejected",
    BENCHMARK_VIDEO: "the video belongs to the benchmark and must not be trained on",
    DUPLICATE_ID: "another label bears the same id; the first in file order stays",
}
