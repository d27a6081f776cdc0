"""Submissions that mean well and look odd: none of them loses a point, and nothing of them is thrown away."""

from __future__ import annotations

import importlib
from pathlib import Path

import nbformat
import pytest
from classmates import ASSIGNMENTS, Class, copy_course, course, points, reference
from honest import TIDY
from hostile import fill, name_of

pytestmark = [pytest.mark.classroom, pytest.mark.slow]
NAME = "a07_comparison"
# All of them are tried in `run.py bench classroom`; here one of each kind.
TRIED = ["answer cells split between statements", "answer cells split in the middle of a function",
         "the answer and a copy that is untouched", "a draft that is no Python, and the answer in a copy",
         "a wrong answer, and the right one in a copy", "words split in two", "words in a cell below",
         "words in the question's cell", "words in place of their cell", "answers in cells of text",
         "nbgrader's marks stripped", "all metadata and ids stripped",
         "all of it stripped, with constants worked out by what was imported", "UTF-8 with a mark before it",
         "UTF-16 without a mark", "Windows' own letters", "answers in the test cells",
         "all under the guard of a script", "an import in the teacher's cell", "cells that fail on the way",
         "half a letter in words", "gaps and nonsense around the answers", "words that quote our marks"]
# What does not depend on how a mark is written down is tried without nbgrader.
MARKED = ["answer cells merged into one", "answer cells merged with the tests below",
          "answers under a guard in a cell above", "answers in a file, run",
          "answers in a cell above, their own emptied", "half a letter in every answer",
          "names of the notebook's own for other things"]


@pytest.fixture(scope="module")
def given_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of which one assignment has been released."""
    folder = copy_course(tmp_path_factory.mktemp("tidy") / "course")
    course(folder, "release", NAME)
    return folder


@pytest.fixture(scope="module")
def tidy(given_out: Path) -> Class:
    """The class that means well, graded."""
    folder = given_out
    release, students = folder / "release" / NAME / f"{NAME}.ipynb", Class(folder, NAME)
    for what in TRIED:
        students.hand_in(what, TIDY[what](release, reference(NAME), folder))
    students.said = course(folder, "grade", NAME)
    return students


@pytest.mark.parametrize("what", TRIED)
def test_no_honest_point_is_lost(tidy: Class, what: str):
    from nbgrader.api import Gradebook

    assert tidy.lost(what) == set()
    assert tidy.score(what) == 17
    with Gradebook(f"sqlite:///{tidy.folder / 'gradebook.db'}") as book:
        words = book.find_grade("words", NAME, NAME, tidy.students[what])
        assert words.needs_manual_grade, "an answer in words must wait for a teacher"


@pytest.mark.parametrize("what", MARKED)
def test_nor_is_it_wherever_the_answers_are(given_out: Path, what: str):
    release = given_out / "release" / NAME / f"{NAME}.ipynb"
    assert points(given_out, NAME, TIDY[what](release, reference(NAME), given_out)) == 17


@pytest.mark.parametrize("what", TRIED)
def test_words_are_handed_to_the_teacher_whole(tidy: Class, what: str):
    page = tidy.folder / "autograded" / tidy.students[what] / NAME / f"{NAME}.ipynb"
    words = next(cell for cell in nbformat.read(page, as_version=4).cells if name_of(cell) == "words")
    assert set(reference(NAME)["words"].split()) <= set(words.source.split())


def test_answers_whose_marks_a_tool_removed_stand_under_their_questions(tidy: Class):
    page = tidy.folder / "autograded" / tidy.students["nbgrader's marks stripped"] / NAME / f"{NAME}.ipynb"
    found = {name_of(cell): cell.source for cell in nbformat.read(page, as_version=4).cells}
    assert {name: found[name] for name in reference(NAME)} == reference(NAME)


def test_what_was_found_in_odd_places_is_told(tidy: Class):
    lines = dict(zip(TRIED, (line for line in tidy.said.splitlines() if "] s" in line)))
    for what, told in (("a wrong answer, and the right one in a copy", "compare is there 2 times"),
                       ("words split in two", "words is there 2 times"),
                       ("words in a cell below", "other texts are taken"),
                       ("an import in the teacher's cell", "run after them: parameters")):
        assert told in lines[what]


def test_a_picture_pasted_into_a_text_stays(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    submission = importlib.import_module("submission")
    path = ASSIGNMENTS / "source" / NAME / f"{NAME}.ipynb"
    pasted = {"plot.png": {"image/png": "aGVsbG8="}}
    for place in ("words", "a cell of my own"):
        notebook = fill(path, {"words": "![](attachment:plot.png)"} if place == "words" else {})
        if place != "words":
            notebook.cells.insert(2, nbformat.v4.new_markdown_cell("![](attachment:plot.png)"))
        next(cell for cell in notebook.cells if cell.source.startswith("![]")).attachments = pasted
        found = submission.Found(notebook, nbformat.read(path, as_version=4).cells).cells()
        kept = [cell for cell in found if cell.source.startswith("![]")]
        assert [cell.attachments for cell in kept] == [pasted], place


def test_only_our_own_cells_are_searched_for_what_feedback_holds_back(monkeypatch: pytest.MonkeyPatch):
    """In a student's line of a million letters (a pasted picture) the search would take hours, for all the class."""
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    grading, long = importlib.import_module("grading"), f"![](data:image/png;base64,{'A' * 1_000_000})"
    cells = nbformat.read(ASSIGNMENTS / "source" / NAME / f"{NAME}.ipynb", as_version=4).cells
    for cell in [*cells, nbformat.v4.new_markdown_cell(long)]:
        secret = "BEGIN HIDDEN TESTS" in cell.source or ("MARK SCHEME" in cell.source and name_of(cell) != "words")
        if name_of(cell) == "words":
            cell.source = f"BEGIN HIDDEN TESTS, they say, END HIDDEN TESTS\n{long}"
        before = cell.source
        grading.HoldBack().preprocess_cell(cell, {}, 0)
        assert (cell.source != before) is secret, name_of(cell)
