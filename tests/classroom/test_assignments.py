"""What the assignments are worth: right answers earn all, mistakes lose what they should, tricks earn nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pytest
from classmates import ASSIGNMENTS, NAMES, WHOLE, Class, Marking, course, mistakes, points, reference
from hostile import fill, hostile, is_test, name_of

pytestmark = [pytest.mark.classroom, pytest.mark.slow]
Classes = Callable[[str], Class]


def source(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", as_version=4)


def points_by_hand(name: str) -> float:
    return sum(cell.metadata["nbgrader"]["points"] for cell in source(name).cells
               if cell.metadata["nbgrader"]["grade"] and cell.metadata["nbgrader"]["solution"])


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_earns_everything_once_its_words_are_marked(classes: Classes, name: str):
    from nbgrader.api import Gradebook

    graded = classes(name)
    assert graded.lost("reference") == set()
    assert graded.score("reference") == 20 - points_by_hand(name)
    with Gradebook(f"sqlite:///{graded.folder / 'gradebook.db'}") as book:
        words = book.find_grade("words", name, name, graded.students["reference"])
        assert words.needs_manual_grade, "an answer in words must wait for a teacher"
        words.manual_score, words.needs_manual_grade = points_by_hand(name), False
        book.db.commit()
        assert book.find_submission(name, graded.students["reference"]).score == 20
        words.manual_score, words.needs_manual_grade = None, True
        book.db.commit()


@pytest.mark.parametrize("name", NAMES)
def test_the_untouched_release_earns_nothing_and_waits_for_nobody(classes: Classes, name: str):
    from nbgrader.api import Gradebook

    graded = classes(name)
    assert graded.score("untouched") == 0
    student = graded.students["untouched"]
    with Gradebook(f"sqlite:///{graded.folder / 'gradebook.db'}") as book:
        assert not book.find_submission(name, student).needs_manual_grade, "an untouched answer in words is 0 by itself"
    page = nbformat.read(graded.folder / "autograded" / student / name / f"{name}.ipynb", as_version=4)
    errors = [(name_of(cell), output.ename) for cell in page.cells if cell.cell_type == "code"
              for output in cell.outputs if output.output_type == "error"]
    assert errors == [(name_of(cell), "NotImplementedError") for cell in page.cells if is_test(cell)], \
        "the released cells must run, and the tests must say 'not done yet'"


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_loses_its_points_in_the_grade_book_too(classes: Classes, name: str):
    """What each of the others loses is told in test_answers.py."""
    what, (_, expected) = next(iter(mistakes(name).items()))
    open_ = {cell for cell in expected if cell.endswith("?")}
    assert classes(name).lost(what) - {cell.removesuffix("?") for cell in open_} == expected - open_


@pytest.fixture(scope="session")
def tried(classes: Classes) -> Callable[[str], dict[str, float]]:
    """``tried(name)``: what everything hostile earns. Who is only waited for is begun first and asked last."""
    def find_out(name: str) -> dict[str, float]:
        graded, waiting, found = classes(name), "never returns from its first function", {}
        release, answers = graded.folder / "release" / name / f"{name}.ipynb", reference(name)
        if name == WHOLE:
            return {what: graded.score(what) for what in hostile(name)}
        made = {what: make(release, answers if has_answers else {}, graded.folder)
                for what, (make, has_answers) in hostile(name).items()}
        longest = Marking(graded.folder, name, made.pop(waiting))
        for what, content in made.items():
            found[what] = points(graded.folder, name, content)
        return {**found, waiting: longest.points()}

    return cache(find_out)


@pytest.mark.parametrize(("name", "what"), [(name, what) for name in NAMES for what in hostile(name)])
def test_hostile_submissions_earn_what_their_answers_earn(tried: Callable, name: str, what: str):
    deserved = 20 - points_by_hand(name) if hostile(name)[what][1] else 0
    assert tried(name)[what] == deserved


@pytest.mark.parametrize("name", NAMES)
def test_marks_do_not_hang_on_nbgrader(classes: Classes, name: str):
    """So that what is found out without it holds with it."""
    graded = classes(name)
    release, what = graded.folder / "release" / name / f"{name}.ipynb", next(iter(mistakes(name)))
    content = fill(release, reference(name) | mistakes(name)[what][0])
    assert points(graded.folder, name, content) == graded.score(what)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_stops_the_others(classes: Classes, name: str):
    graded = classes(name)
    lines = [line for line in graded.said.splitlines() if re.match(r"\[ *\d+/\d+\]", line)]
    assert len(lines) == len(graded.students), "one line of progress for each submission"
    assert "this is not a notebook" in graded.said


@pytest.mark.parametrize("name", ["a02_loops"])
def test_the_notebook_of_another_assignment_is_named(classes: Classes, name: str):
    assert f"this is the notebook of a03_retrieval, not of {name}" in classes(name).said


@pytest.mark.parametrize("name", NAMES)
def test_a_link_to_the_solution_is_refused(classes: Classes, name: str):
    assert classes(name).score("a link to the teacher's solution") == 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_was_written_outside(classes: Classes, tried: Callable, name: str):
    folder = classes(name).folder
    assert "writes outside its folder" in tried(name)
    places = [folder, folder / "source", folder.parent, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/")]
    assert [place for place in places if (place / "was_here.txt").exists()] == []
    assert list(folder.rglob("was_here.txt")) == []


# ---------------------------------------------------------------- what students get


def secrets(name: str) -> set[str]:
    """Lines of solutions, hidden tests and marking guides that stand nowhere else in the source."""
    secret, open_ = set(), set()
    for cell in source(name).cells:
        hidden = cell.metadata["nbgrader"]["solution"] and cell.cell_type == "markdown"
        for line in cell.source.splitlines():
            hidden = hidden or "BEGIN " in line
            (secret if hidden else open_).add(line.strip())
            hidden = hidden and "END " not in line
    return {line for line in secret - open_ if len(line) > 3}


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_solution_or_hidden_test_is_released(classes: Classes, name: str):
    released = nbformat.read(classes(name).folder / "release" / name / f"{name}.ipynb", as_version=4)
    lines = {line.strip() for cell in released.cells for line in cell.source.splitlines()}
    assert len(secrets(name)) > 30
    assert lines & secrets(name) == set()
    text = (classes(name).folder / "release" / name / f"{name}.ipynb").read_text()
    for mark in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
        assert mark not in text
    assert [path.name for path in (classes(name).folder / "release" / name).iterdir()] == [f"{name}.ipynb"]


@pytest.mark.parametrize("name", NAMES)
def test_an_assignment_is_worth_20_points_and_has_every_kind_of_task(name: str):
    cells = source(name).cells
    kinds = [cell.metadata["nbgrader"] for cell in cells]
    assert sum(kind.get("points", 0) for kind in kinds) == 20
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for needed in ("core", "stretch", "Read a plot", "In words", "60 to 90 minutes", "BEGIN MARK SCHEME", "Predict"):
        assert needed in text, f"{needed!r} is missing"
    assert any("picture" in cell.metadata.get("tags", []) for cell in cells)
    for cell in (cell for cell in cells if is_test(cell)):
        before, _, hidden = cell.source.partition("### BEGIN HIDDEN TESTS")
        assert "assert" in before, f"{name_of(cell)}: a student should see one case"
        assert "assert" in hidden, f"{name_of(cell)}: nothing is hidden"


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_committed_without_outputs_and_with_stable_ids(name: str):
    for cell in source(name).cells:
        assert cell.id == name_of(cell)
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


# ---------------------------------------------------------------- what comes back


@pytest.mark.parametrize("name", NAMES[:2])
def test_messages_reach_the_student_and_hidden_tests_do_not(classes: Classes, name: str, tmp_path: Path):
    graded, what = classes(name), next(iter(mistakes(name)))
    others = {*graded.students.values()} - {graded.students[what]}
    folder = shutil.copytree(graded.folder, tmp_path / "course", ignore=shutil.ignore_patterns("submitted", *others))
    course(folder, "feedback", name)
    page = (folder / "feedback" / graded.students[what] / name / f"{name}.html").read_text()
    failed = nbformat.read(graded.folder / "autograded" / graded.students[what] / name / f"{name}.ipynb", as_version=4)
    message = next(output.evalue for cell in failed.cells if cell.cell_type == "code"
                   for output in cell.outputs if output.output_type == "error")
    assert message.split("'")[0][:40] in page
    assert "held back" in page
    for mark in ("HIDDEN TESTS", "MARK SCHEME", "default_rng(SEED + 1)"):
        assert mark not in page
