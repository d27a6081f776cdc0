"""What the test cells make of answers, found out without a sandbox: one value for all earns nothing, and of right
answers it does not matter how they are written."""

from __future__ import annotations

import copy
import importlib
import pickle
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import ModuleType

import nbformat
import numpy as np
import pytest
from classmates import ASSIGNMENTS, NAMES, SECONDS, mistakes, reference
from hostile import Answers, is_test, name_of

from procmem_lite import Percept

pytestmark = [pytest.mark.classroom, pytest.mark.slow]
OTHERWISE = {name: importlib.import_module(f"right_{name}").RIGHT for name in (
    "a05_paths", "a08_perceive", "a09_roles", "a12_options")}


def fails(*arguments: object, **settings: object) -> None:
    """What a function does that has a mistake in its first line."""
    raise ValueError(f"no answer to {arguments}")


CONSTANTS: dict[str, Callable] = {repr(value): lambda *arguments, value=value, **settings: value for value in (
    None, 0, 1, -1, 0.0, float("nan"), True, False, "", "there", (), [], {}, set(), (0, 0), [[]], [None], {0},
    frozenset(), np.zeros(2), np.array([1.0, 0.0]), np.ones((2, 2)), (np.eye(2), np.zeros(2)), Percept(frozenset()),
    Percept(frozenset({"carrying"}), {}, (0, 0)))}
CONSTANTS |= {"the first argument": lambda *arguments, **settings: arguments[0] if arguments else settings,
              "the last argument": lambda *arguments, **settings: arguments[-1] if arguments else settings,
              "an error": fails}


def used_up(arguments: tuple) -> None:
    """What a function leaves of its arguments that wants to be sure: nothing."""
    for each in arguments:
        if isinstance(each, (list, dict, set)):
            each.clear()
        elif isinstance(each, np.ndarray) and each.flags.writeable:
            each[...] = 0


class Here:
    """Stands for the sandbox: what ``answer(function, *arguments)`` returns comes back as it would from there.

    As there, a function that goes on for too long, in seconds of the processor, is stopped and not called again.
    """

    def __init__(self) -> None:
        self.answer: Callable = fails
        self.stuck: set[str] = set()

    def call(self, name: str, *arguments: object, **settings: object) -> object:
        from sandbox import Stopped, decode
        from worker import encode

        def stop(*signal_and_frame: object) -> None:
            self.stuck.add(name)
            raise Stopped(name)

        if name in self.stuck:
            raise Stopped(name)
        before = signal.signal(signal.SIGPROF, stop)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            return decode(encode(self.answer(name, *arguments, **settings)))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable]:
    """``marked(name)(answer)``: each test cell of an assignment, or what is shown of it: is it satisfied?"""
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    grading = importlib.import_module("grading")
    monkeypatch.setitem(sys.modules, "assignment", None)

    def prepare(name: str, seed: int = 2026) -> Callable[[Callable], dict[str, bool]]:
        here, cells = Here(), cells_of(name, seed)
        given = [cell.source for cell in cells if grading.is_given(cell)]
        space = grading.teachers_names(given, grading.functions(cells), here)
        tests = {name_of(cell): cell.source for cell in cells if is_test(cell)}

        def mark(answer: Callable, shown: bool = False) -> dict[str, bool]:
            here.answer, here.stuck = answer, set()
            asked = {each: source.partition("### BEGIN HIDDEN TESTS")[0] if shown else source
                     for each, source in tests.items()}
            outputs = {each: grading.run_test(source, space) for each, source in asked.items()}
            return {each: all(output.output_type != "error" for output in found) for each, found in outputs.items()}

        return mark

    return prepare


def cells_of(name: str, seed: int = 2026) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", as_version=4).cells
    for cell in cells:
        cell.source = cell.source.replace("SEED = 2026", f"SEED = {seed}")
    return cells


def written(name: str, answers: Answers, seed: int = 2026) -> ModuleType:
    """A student's notebook after all its cells have run."""
    notebook = ModuleType("assignment")
    for cell in cells_of(name, seed):
        if cell.cell_type == "code" and not is_test(cell) and "picture" not in cell.metadata.get("tags", []):
            exec(compile(answers.get(name_of(cell), cell.source), name_of(cell), "exec"), notebook.__dict__)
    return notebook


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [77, 5])
def test_right_answers_are_right_under_any_seed(marked: Callable, name: str, seed: int):
    notebook = written(name, {}, seed)
    found = marked(name, seed)(lambda function, *arguments: notebook.__dict__[function](*arguments))
    assert {cell for cell, right in found.items() if not right} == set()


@pytest.mark.parametrize(("name", "what"), [(name, what) for name in NAMES for what in mistakes(name)])
def test_a_mistake_loses_exactly_its_points(marked: Callable, name: str, what: str):
    changed, expected = mistakes(name)[what]
    notebook, open_ = written(name, changed), {cell for cell in expected if cell.endswith("?")}
    found = marked(name)(lambda function, *arguments: notebook.__dict__[function](*arguments))
    lost = {cell for cell, right in found.items() if not right}
    assert lost - {cell.removesuffix("?") for cell in open_} == expected - open_


@pytest.mark.parametrize("name", NAMES)
def test_there_are_at_least_six_mistakes(name: str):
    assert len(mistakes(name)) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_one_value_for_everything_earns_nothing(marked: Callable, name: str):
    mark = marked(name)
    earned = {}
    for what, answer in CONSTANTS.items():
        found = mark(lambda function, *arguments, answer=answer, **settings: answer(*arguments, **settings))
        earned |= {(what, cell): right for cell, right in found.items() if right}
    assert earned == {}
    assert len(found) >= 7, "an assignment has seven test cells or more"


@pytest.mark.parametrize("name", NAMES)
def test_nor_does_whoever_empties_what_the_tests_have_handed_out(marked: Callable, name: str):
    mark = marked(name)
    earned = {}
    for what, answer in CONSTANTS.items():
        def emptied(function: str, *arguments: object, answer: Callable = answer) -> object:
            used_up(arguments)
            return answer(*arguments)

        earned |= {(what, cell): right for cell, right in mark(emptied).items() if right}
    assert earned == {}


@pytest.mark.parametrize("name", NAMES)
def test_nor_does_whoever_makes_every_question_one_that_it_knows(marked: Callable, name: str):
    """The answers to what students are shown are known; all else is made to look as if one of these had been asked."""
    mark, notebook, asked = marked(name), written(name, {}), {}
    copy_back = importlib.import_module("sandbox").copy_back

    def right(function: str, *arguments: object) -> object:
        key, question = key_of(arguments), copy.deepcopy(arguments)
        found = notebook.__dict__[function](*arguments)
        asked.setdefault(function, {})[key] = (question, copy.deepcopy(found))
        return found

    mark(right, shown=True)

    def known(change: bool, function: str, *arguments: object) -> object:
        shown, key = asked.get(function, {}), key_of(arguments)
        question, found = shown[key] if key in shown else next(iter(shown.values()), (arguments, None))
        for mine, theirs in zip(arguments if change and key not in shown else (), question):
            copy_back(mine, copy.deepcopy(theirs))
        return copy.deepcopy(found)

    plain, cheat = (mark(partial(known, change)) for change in (False, True))
    assert {cell for cell, right in cheat.items() if right and not plain[cell]} == set()


def key_of(arguments: tuple) -> bytes | None:
    """Arguments as something to look up; None for all that have no fixed form."""
    try:
        return pickle.dumps(arguments)
    except Exception:
        return None


@pytest.mark.parametrize("name", NAMES)
def test_nor_do_arrays_of_the_right_shape_that_say_the_same_everywhere(marked: Callable, name: str):
    """What a property test takes that asks for nothing."""
    mark, notebook = marked(name), written(name, {})
    earned = {}
    for value in (-1.0, 0.0, 1.0, -10.0, 0.5):
        def filled(function: str, *arguments: object, value: float = value) -> object:
            try:
                found = notebook.__dict__[function](*arguments)
            except ValueError:
                return None
            return np.full(found.shape, value) if type(found) is np.ndarray else None

        earned |= {(value, cell): right for cell, right in mark(filled).items() if right}
    assert earned == {}


@pytest.mark.parametrize("name", NAMES)
def test_who_uses_up_its_arguments_loses_only_where_they_were_to_be_left(marked: Callable, name: str):
    mark, notebook = marked(name), written(name, {})

    def using_up(function: str, *arguments: object) -> object:
        found = notebook.__dict__[function](*copy.deepcopy(arguments))
        used_up(arguments)
        return found

    lost = {cell for cell, right in mark(using_up).items() if not right}
    asked = {name_of(cell) for cell in cells_of(name) if is_test(cell) and "leave" in cell.source}
    assert lost <= asked


@pytest.mark.parametrize(("name", "how"), [(name, how) for name, ways in OTHERWISE.items() for how in ways])
def test_right_answers_may_be_written_otherwise(marked: Callable, name: str, how: str):
    assert set(OTHERWISE[name][how]) == set(reference(name)) - {"words"}, "every function is written anew"
    notebook = written(name, OTHERWISE[name][how])
    found = marked(name)(lambda function, *arguments: notebook.__dict__[function](*arguments))
    assert {cell for cell, right in found.items() if not right} == set()
