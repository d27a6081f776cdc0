"""What the test cells make of answers, found out without a sandbox: one value for all earns nothing, and of right
answers it does not matter how they are written."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

import nbformat
import pytest
from classmates import ASSIGNMENTS, NAMES, reference
from hostile import Answers, is_test, name_of

pytestmark = [pytest.mark.classroom, pytest.mark.slow]
OTHERWISE = {name: importlib.import_module(f"right_{name}").RIGHT for name in ("a05_paths", "a08_perceive")}


def fails(*arguments: object, **settings: object) -> None:
    """What a function does that has a mistake in its first line."""
    raise ValueError(f"no answer to {arguments}")


CONSTANTS: dict[str, Callable] = {repr(value): lambda *arguments, value=value, **settings: value for value in (
    None, 0, 1, -1, 0.0, float("nan"), True, False, "", "there", (), [], {}, set(), (0, 0))}
CONSTANTS |= {"the first argument": lambda *arguments, **settings: arguments[0] if arguments else settings,
              "the last argument": lambda *arguments, **settings: arguments[-1] if arguments else settings,
              "an error": fails}


class Here:
    """Stands for the sandbox: what ``answer(function, *arguments)`` returns comes back as it would from there."""

    answer: Callable = fails

    def call(self, name: str, *arguments: object, **settings: object) -> object:
        from sandbox import decode
        from worker import encode

        return decode(encode(self.answer(name, *arguments, **settings)))


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable]:
    """``marked(name)(answer)``: each test cell of an assignment, and whether that answer satisfies it."""
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    grading = importlib.import_module("grading")
    monkeypatch.setitem(sys.modules, "assignment", None)

    def prepare(name: str) -> Callable[[Callable], dict[str, bool]]:
        here, cells = Here(), cells_of(name)
        given = [cell.source for cell in cells if grading.is_given(cell)]
        space = grading.teachers_names(given, grading.functions(cells), here)
        tests = {name_of(cell): cell.source for cell in cells if is_test(cell)}

        def mark(answer: Callable) -> dict[str, bool]:
            here.answer = answer
            outputs = {each: grading.run_test(source, space) for each, source in tests.items()}
            return {each: all(output.output_type != "error" for output in found) for each, found in outputs.items()}

        return mark

    return prepare


def cells_of(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", as_version=4).cells


def written(name: str, answers: Answers) -> ModuleType:
    """A student's notebook after all its cells have run."""
    notebook = ModuleType("assignment")
    for cell in cells_of(name):
        if cell.cell_type == "code" and not is_test(cell) and "picture" not in cell.metadata.get("tags", []):
            exec(compile(answers.get(name_of(cell), cell.source), name_of(cell), "exec"), notebook.__dict__)
    return notebook


@pytest.mark.parametrize("name", NAMES)
def test_one_value_for_everything_earns_nothing(marked: Callable, name: str):
    mark = marked(name)
    earned = {}
    for what, answer in CONSTANTS.items():
        found = mark(lambda function, *arguments, answer=answer, **settings: answer(*arguments, **settings))
        earned |= {(what, cell): right for cell, right in found.items() if right}
    assert earned == {}
    assert len(found) >= 7, "an assignment has seven test cells or more"


@pytest.mark.parametrize(("name", "how"), [(name, how) for name, ways in OTHERWISE.items() for how in ways])
def test_right_answers_may_be_written_otherwise(marked: Callable, name: str, how: str):
    assert set(OTHERWISE[name][how]) == set(reference(name)) - {"words"}, "every function is written anew"
    notebook = written(name, OTHERWISE[name][how])
    found = marked(name)(lambda function, *arguments: notebook.__dict__[function](*arguments))
    assert {cell for cell, right in found.items() if not right} == set()
