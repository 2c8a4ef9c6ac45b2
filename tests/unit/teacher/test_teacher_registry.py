import pytest

from components.core.errors import UsageError
from components.teacher.base import Answer, Request
from components.teacher.registry import check_choice, make_teacher


class Echo:
    name, version = "echo", "1"

    def answer(self, request: Request) -> Answer:
        return Answer({"asked": request.task})


def test_the_named_factory_builds_the_teacher():
    teacher = make_teacher("world", {"world": Echo})
    request = Request("tsqa", "a.mp4", None, 1.0, "prompt", {})
    assert teacher.answer(request) == Answer({"asked": "tsqa"})


def test_openai_fails_loudly_and_says_what_to_use():
    with pytest.raises(UsageError, match=r"annotate\.teacher: openai needs a client.*world.*labels") as error:
        make_teacher("openai", {"world": Echo})
    assert error.value.exit_code == 2


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="'wrold' is not known; expected one of world, labels, openai"):
        check_choice("wrold")


def test_a_label_file_answers_no_requests():
    assert check_choice("labels") == "labels"
    with pytest.raises(UsageError, match="labels answers no requests here"):
        make_teacher("labels", {"world": Echo})
