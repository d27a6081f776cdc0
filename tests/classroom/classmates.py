"""A copy of the course, and a class whose submissions are right, wrong and hostile."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from hostile import Answers, fill, hostile, name_of

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
NAMES = sorted(path.parent.name for path in (ASSIGNMENTS / "source").glob("*/*.ipynb"))
SECONDS = 6  # for a call: enough on a busy machine, and nobody waits long for what never returns


def copy_course(target: Path, call_seconds: float = SECONDS) -> Path:
    """The course as it is committed, in a folder of its own."""
    made = ("release", "submitted", "autograded", "feedback", "__pycache__", ".*", "*.db", "*.csv")
    shutil.copytree(ASSIGNMENTS, target, ignore=shutil.ignore_patterns(*made))
    settings = target / "nbgrader_config.py"
    text = settings.read_text()
    assert "c.Grade.call_seconds = 10 " in text
    settings.write_text(text.replace("c.Grade.call_seconds = 10 ", f"c.Grade.call_seconds = {call_seconds} "))
    return target


def course(folder: Path, *command: str, hash_seed: str = "random") -> str:
    """One command of the course; what it said."""
    done = subprocess.run([sys.executable, str(folder / "course.py"), *command], cwd=folder, text=True,
                          capture_output=True, env=os.environ | {"PYTHONHASHSEED": hash_seed})
    assert done.returncode == 0, f"course {' '.join(command)}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def reference(name: str) -> Answers:
    """The reference solutions of an assignment, words included."""
    source = nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", as_version=4)
    return {name_of(cell): cell.source for cell in source.cells if cell.metadata["nbgrader"]["solution"]}


def mistakes(name: str) -> dict[str, tuple[Answers, set[str]]]:
    """Wrong submissions: what is wrong -> (changed answers, test cells lost)."""
    return importlib.import_module(f"wrong_{name}").WRONG


@dataclass
class Class:
    """A class of students whose submissions to one assignment have been graded."""

    folder: Path
    name: str
    students: dict[str, str] = field(default_factory=dict)  # what is handed in -> student
    said: str = ""

    def hand_in(self, what: str, content: object) -> None:
        """Put a notebook, or a text, where nbgrader looks for it."""
        student = f"s{len(self.students):02}"
        self.students[what] = student
        path = self.folder / "submitted" / student / self.name / f"{self.name}.ipynb"
        path.parent.mkdir(parents=True)
        if isinstance(content, str):
            path.write_text(content)
        else:
            nbformat.write(content, path)

    def grades(self, what: str) -> dict[str, tuple[float, float]]:
        """Cell -> (score, points) of what was handed in."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as book:
            submission = book.find_submission(self.name, self.students[what])
            return {grade.name: (grade.score, grade.max_score)
                    for notebook in submission.notebooks for grade in notebook.grades}

    def score(self, what: str) -> float:
        return sum(score for score, _ in self.grades(what).values())

    def lost(self, what: str) -> set[str]:
        """Test cells that earned less than their points; the question in words is left out."""
        found = {name: pair for name, pair in self.grades(what).items() if name != "words"}
        assert all(score in (0, points) for score, points in found.values())
        return {name for name, (score, points) in found.items() if score < points}


def make_class(folder: Path, name: str) -> Class:
    """Release an assignment and grade everything we can think of."""
    course(folder, "release", name)
    release, answers, students = folder / "release" / name / f"{name}.ipynb", reference(name), Class(folder, name)
    students.hand_in("reference", fill(release, answers))
    students.hand_in("untouched", fill(release, {}))
    for what, (changed, _) in mistakes(name).items():
        students.hand_in(what, fill(release, answers | changed))
    for what, (make, has_answers) in hostile(name).items():
        students.hand_in(what, make(release, answers if has_answers else {}, folder))
    students.hand_in("a link to the teacher's solution", "")
    link = folder / "submitted" / students.students["a link to the teacher's solution"] / name / f"{name}.ipynb"
    link.unlink()
    link.symlink_to(folder / "source" / name / f"{name}.ipynb")
    students.said = course(folder, "grade", name)
    return students
