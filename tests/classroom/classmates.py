"""A copy of the course, and a class whose submissions are right, wrong and hostile."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import pytest
from hostile import Answers, fill, hostile, name_of

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
NAMES = sorted(path.parent.name for path in (ASSIGNMENTS / "source").glob("*/*.ipynb"))
WHOLE = "a02_loops"  # the assignment to which a whole class hands in; nbgrader's own part is the same for all of them
SECONDS = 6  # for a call: enough on a busy machine, and nobody waits long for what never returns
# A command of the course loads for longer than it works: each is forked from a process that has loaded all that before.
LOADED = multiprocessing.get_context("forkserver")
LOADED.set_forkserver_preload(["nbgrader.apps", "matplotlib.pyplot", "procmem_lite", "pytest"])


def copy_course(target: Path, call_seconds: float = SECONDS) -> Path:
    """The course as it is committed, in a folder of its own, before anybody has worked with it."""
    made = ("release", "submitted", "autograded", "feedback", "__pycache__", ".*", "*.db", "*.csv")
    shutil.copytree(ASSIGNMENTS, target, ignore=shutil.ignore_patterns(*made))
    settings = target / "nbgrader_config.py"
    text = settings.read_text()
    assert "c.Grade.call_seconds = 10 " in text
    settings.write_text(text.replace("c.Grade.call_seconds = 10 ", f"c.Grade.call_seconds = {call_seconds} "))
    (target / "gradebook.db").write_bytes(empty_gradebook())
    return target


@cache
def empty_gradebook() -> bytes:
    """What nbgrader begins with; to make it takes as long as grading some students."""
    from nbgrader.api import Gradebook

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # it starts another command by name
        path = Path(folder) / "gradebook.db"
        Gradebook(f"sqlite:///{path}", course_id="procmem_lite").close()
        return path.read_bytes()


def course(folder: Path, *command: str, hash_seed: str | None = None) -> str:
    """One command of the course; what it said. With a hash seed, by a Python of its own."""
    with tempfile.TemporaryDirectory(prefix="said-") as said:
        out, err = Path(said) / "out", Path(said) / "err"
        if hash_seed is None:
            process = LOADED.Process(target=run_script, args=(folder, command, out, err))
            process.start()
            process.join()
            code = process.exitcode
        else:
            with out.open("w") as stdout, err.open("w") as stderr:
                code = subprocess.run([sys.executable, "course.py", *command], cwd=folder, stdout=stdout,
                                      stderr=stderr, env=os.environ | {"PYTHONHASHSEED": hash_seed}).returncode
        assert code == 0, f"course {' '.join(command)}:\n{out.read_text()[-2000:]}\n{err.read_text()[-2000:]}"
        assert "Warning" not in err.read_text(), "warnings among the results"
        return out.read_text()


def run_script(folder: Path, command: tuple[str, ...], out: Path, err: Path) -> None:
    """What Python does when course.py is started with these arguments in this folder."""
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.chdir(folder)
    sys.argv = ["course.py", *command]
    runpy.run_path("course.py", run_name="__main__")


def reference(name: str) -> Answers:
    """The reference solutions of an assignment, words included."""
    source = nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", as_version=4)
    return {name_of(cell): cell.source for cell in source.cells if cell.metadata["nbgrader"]["solution"]}


def changed(answers: Answers, cell: str, *pairs: tuple[str, str]) -> Answers:
    """One of some answers with some things changed."""
    source = answers[cell]
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return {cell: source}


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
        if isinstance(content, (str, bytes)):
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
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
    """Release an assignment and grade some; of one assignment everything we can think of."""
    course(folder, "release", name)
    release, answers, students = folder / "release" / name / f"{name}.ipynb", reference(name), Class(folder, name)
    students.hand_in("reference", fill(release, answers))
    students.hand_in("untouched", fill(release, {}))
    what, (wrong, _) = next(iter(mistakes(name).items()))
    students.hand_in(what, fill(release, answers | wrong))
    for what, (make, has_answers) in hostile(name).items():
        if name == WHOLE or what == "is no notebook, but text":
            students.hand_in(what, make(release, answers if has_answers else {}, folder))
    students.hand_in("a link to the teacher's solution", "")
    link = folder / "submitted" / students.students["a link to the teacher's solution"] / name / f"{name}.ipynb"
    link.unlink()
    link.symlink_to(folder / "source" / name / f"{name}.ipynb")
    students.said = course(folder, "grade", name)
    return students


# ---------------------------------------------------------------- the grader without nbgrader


def points(folder: Path, name: str, content: object) -> float:
    """What the test cells of a released assignment give for a notebook, or a text: all but nbgrader's own part."""
    return Marking(folder, name, content).points()


class Marking:
    """The same in a process of its own, which works until somebody asks for the points."""

    def __init__(self, folder: Path, name: str, content: object) -> None:
        self.receiver, sender = LOADED.Pipe(duplex=False)
        text = content if isinstance(content, (str, bytes)) else nbformat.writes(content)
        self.process = LOADED.Process(target=mark_apart, args=(sender, folder, name, text))
        self.process.start()
        sender.close()

    def points(self) -> float:
        """The points by tests."""
        found = self.receiver.recv()
        self.process.join()
        assert isinstance(found, float), found
        return found


def mark_apart(sender: object, folder: Path, name: str, text: str | bytes) -> None:
    """Read a submission, find its answers, run it in the sandbox and our tests against it."""
    try:
        sys.path.insert(0, str(folder))
        os.chdir(folder)
        from grading import Grade, taken_apart
        from submission import Found, Unacceptable, read

        with tempfile.TemporaryDirectory() as handed_in:
            path = Path(handed_in) / f"{name}.ipynb"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            try:
                notebook = read(path)
            except Unacceptable:
                sender.send(0.0)
                return
        cells = Found(notebook, kept(folder, name)).cells()
        outputs, _ = Grade(call_seconds=SECONDS).mark(*taken_apart(cells, kept(folder, name)))
        right = {cell for cell, found in outputs.items() if all(each.output_type != "error" for each in found)}
        sender.send(float(sum(cell.metadata.nbgrader["points"] for cell in notebook_of(folder / "source", name)
                              if name_of(cell) in right)))
    except Exception as error:
        sender.send(repr(error))


def notebook_of(folder: Path, name: str) -> list[nbformat.NotebookNode]:
    """The cells of an assignment in ``source`` or ``release``."""
    return nbformat.read(folder / name / f"{name}.ipynb", as_version=4).cells


def kept(folder: Path, name: str) -> list[nbformat.NotebookNode]:
    """What the grade book keeps of a release: the cells as they were given out, and the hidden tests."""
    given_out = {name_of(cell): cell.source for cell in notebook_of(folder / "release", name)}
    cells = notebook_of(folder / "source", name)
    for cell in cells:
        if cell.metadata.nbgrader["solution"]:
            cell.source = given_out[name_of(cell)]
    return cells
