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
    request = Request("tsqa", "a.mp4", None, 1.0, {})
    assert teacher.answer(request) == Answer({"asked": "tsqa"})


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="'wrold' is not known; expected one of world, labels, openai"):
        check_choice("wrold")


@pytest.mark.parametrize("name", ["labels", "openai"])
def test_a_label_file_and_staged_pipelines_answer_no_single_requests(name):
    assert check_choice(name) == name
    with pytest.raises(UsageError, match=f"{name} answers no requests here") as error:
        make_teacher(name, {"world": Echo})
    assert error.value.exit_code == 2
