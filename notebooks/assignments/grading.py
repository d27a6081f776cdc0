"""What this course adds to nbgrader: one seed for all numbers, restored test cells, and grading that trusts nobody.

nbgrader would run a submission and its tests in one kernel. Here the teacher's cells run in the grader and the
student's in a sandbox (sandbox.py); in the tests, the name of a function the student was to write stands for a call
across. ``nbgrader_config.py`` puts these steps into nbgrader's own, so that ``nbgrader autograde``, Formgrader's button
and ``python3 run.py course grade`` all give the same marks.
"""

from __future__ import annotations

import ast
import re
import sys
import types
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from sandbox import Sandbox, Stopped

SEED_LINE = re.compile(r"^SEED = \d+", re.MULTILINE)
HIDDEN = re.compile(r"[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.DOTALL)
GUIDE = re.compile(r"\n*[^\n]*BEGIN MARK SCHEME.*?END MARK SCHEME[^\n]*", re.DOTALL)
LARGEST = 20 << 20  # bytes of a submitted notebook


class Unacceptable(Exception):
    """A submission that is not even looked at."""


def known(cell: NotebookNode) -> str | None:
    """A cell's name in nbgrader, if it has one."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id") if isinstance(cell.metadata, dict) else None
    return name if isinstance(name, str) else None


class SetSeed(NbGraderPreprocessor):
    """At release: write the course's seed into the line ``SEED = ...`` of the parameter cell."""

    seed = Integer(2026, help="changes the numbers and the hidden cases of every assignment").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        cell_index: int) -> tuple[NotebookNode, ResourcesDict]:
        if cell.cell_type == "code" and utils.is_locked(cell) and not utils.is_grade(cell):
            cell.source = SEED_LINE.sub(f"SEED = {self.seed}", cell.source)
        return cell, resources


class Course(NbGraderPreprocessor):
    """What the steps of grading share: the notebook as it was released, hidden tests and all."""

    def master(self, resources: ResourcesDict) -> list[NotebookNode]:
        """The source notebook's cells with the sources that the grade book keeps since the release."""
        place = resources["nbgrader"]
        source = nbformat.read(self.source(place) / f"{place['notebook']}.ipynb", as_version=4)
        with Gradebook(place["db_url"]) as gradebook:
            for cell in source.cells:
                try:
                    released = gradebook.find_source_cell(known(cell), place["notebook"], place["assignment"])
                except MissingEntry:
                    raise RuntimeError(f"{place['assignment']} has changed since its release: "
                                       f"release it again (cell {known(cell)} is new)") from None
                cell.source = released.source
                cell.metadata.nbgrader["checksum"] = released.checksum
                cell.outputs = [] if cell.cell_type == "code" else None
                if cell.outputs is None:
                    del cell["outputs"]
        return source.cells

    def source(self, place: dict[str, str]) -> Path:
        """The folder of an assignment's source."""
        directory = self.parent.parent.coursedir
        return Path(directory.format_path(directory.source_directory, ".", place["assignment"]))

    def submitted(self, resources: ResourcesDict) -> Path:
        """The file that was handed in."""
        place = resources["nbgrader"]
        directory = self.parent.parent.coursedir
        folder = directory.format_path(directory.submitted_directory, place["student"], place["assignment"])
        return Path(folder) / f"{place['notebook']}.ipynb"


class Restore(Course):
    """Before grading: every cell but the student's own is the teacher's again, wherever it was, whatever became of it.

    What stays of a submission is the content of its answer cells and the cells the student has added.
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        check_file(self.submitted(resources))
        cells = self.master(resources)
        self.check_assignment(nb, cells, resources)
        ours = {known(cell) for cell in cells}
        answers: dict[str, str] = {}
        added: dict[str | None, list[NotebookNode]] = {}
        last = None
        for cell in nb.cells:
            name = known(cell)
            if name in ours:
                answers.setdefault(name, cell.source)
                last = name
            elif cell.cell_type in ("code", "markdown"):
                new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
                added.setdefault(last, []).append(new(cell.source))
        elsewhere = {name for cell in nb.cells if known(cell) not in ours for name in defined(cell)}
        restored = added.pop(None, [])
        for cell in cells:
            if utils.is_solution(cell):
                moved = known(cell) not in answers and defined(cell) and defined(cell) <= elsewhere
                cell.source = "# answered in another cell" if moved else answers.get(known(cell), cell.source)
            restored += [cell, *added.get(known(cell), [])]
        nb.cells = restored
        for number, cell in enumerate(nb.cells):
            cell["id"] = known(cell) or f"added-{number}"
        nb.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                       "language_info": {"name": "python"}}
        nb.nbformat, nb.nbformat_minor = 4, 5
        return nb, resources

    def check_assignment(self, nb: NotebookNode, cells: list[NotebookNode], resources: ResourcesDict) -> None:
        """Refuse a notebook that holds more of another assignment's answer cells than of this one's."""
        found, place = {known(cell) for cell in nb.cells}, resources["nbgrader"]
        asked = {known(cell) for cell in cells if utils.is_solution(cell)}
        if asked <= found:
            return
        here = len(found & asked)
        for other in sorted(self.source(place).parent.glob("*/*.ipynb")):
            theirs = {known(cell) for cell in nbformat.read(other, as_version=4).cells if utils.is_solution(cell)}
            if len(found & theirs) > here:
                raise Unacceptable(f"this is the notebook of {other.stem}, not of {place['assignment']}")


def defined(cell: NotebookNode) -> set[str]:
    """Names of the functions that a code cell defines."""
    try:
        nodes = ast.parse(cell.source).body if cell.cell_type == "code" else []
    except (SyntaxError, ValueError):
        return set()
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def check_file(path: Path) -> None:
    """Refuse a link, for it could point at the solution, and a file that is too large to be an answer."""
    if path.is_symlink() or path.parent.is_symlink():
        raise Unacceptable("the submission is a link to another file: hand in the notebook itself")
    if path.stat().st_size > LARGEST:
        raise Unacceptable(f"the notebook is larger than {LARGEST >> 20} MB: clear its outputs and hand it in again")


def functions(cells: list[NotebookNode]) -> Iterator[str]:
    """Names of the functions that the answer cells ask for."""
    for cell in cells:
        if utils.is_solution(cell):
            yield from sorted(defined(cell))


class Grade(Course):
    """In the place of a kernel: run the student's cells in the sandbox and each test cell here, against it."""

    call_seconds = Float(10, help="time for one cell or one call of a function").tag(config=True)
    total_seconds = Float(120, help="time for a whole submission").tag(config=True)
    megabytes = Integer(2048, help="memory of the student's process").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        master = self.master(resources)
        given = [cell.source for cell in master if is_given(cell)]
        tests = {known(cell): cell.source for cell in master if utils.is_grade(cell) and cell.cell_type == "code"}
        pictures = {known(cell) for cell in master if is_picture(cell)}
        own = [cell.source for cell in nb.cells if cell.cell_type == "code" and known(cell) not in {*tests, *pictures}]
        with Sandbox(own, self.call_seconds, self.total_seconds, self.megabytes) as sandbox:
            space = teachers_names(given, functions(master), sandbox)
            for cell in nb.cells:
                if known(cell) in tests:
                    cell.outputs = run_test(tests[known(cell)], space)
                    cell.execution_count = None
            report(nb, sandbox)
        return nb, resources


def is_given(cell: NotebookNode) -> bool:
    """Whether this is code of the teacher's that tests and answers build on."""
    locked = cell.cell_type == "code" and utils.is_locked(cell) and not utils.is_grade(cell)
    return locked and not is_picture(cell)


def is_picture(cell: NotebookNode) -> bool:
    """Whether this cell only draws: nobody looks while grading."""
    return "picture" in cell.metadata.get("tags", [])


def teachers_names(given: list[str], names: Iterator[str], sandbox: Sandbox) -> dict:
    """What test cells may name: the given cells' contents, and the student's functions behind their door."""
    module = types.ModuleType("assignment")
    sys.modules["assignment"] = module  # an object of a class in a given cell is sent by this name
    for source in given:
        exec(compile(source, "<given>", "exec"), module.__dict__)
    for name in names:
        module.__dict__[name] = partial(sandbox.call, name)
    return module.__dict__


def run_test(source: str, space: dict) -> list[NotebookNode]:
    """The outputs of one test cell: nbgrader reads an error as no points, anything else as all of them."""
    try:
        exec(compile(source, "<test>", "exec"), dict(space))
    except Stopped as stopped:
        return [failure("Stopped", str(stopped))]
    except NotImplementedError:
        return [failure("NotImplementedError", "not done yet")]
    except AssertionError as wrong:
        return [failure("AssertionError", str(wrong))]
    except Exception as error:
        return [failure(type(error).__name__, f"your answer led to an error: {error}")]
    return [nbformat.v4.new_output("stream", name="stdout", text="right\n")]


def failure(kind: str, message: str) -> NotebookNode:
    message = message[:2000]
    return nbformat.v4.new_output("error", ename=kind, evalue=message, traceback=[f"{kind}: {message}"])


def report(nb: NotebookNode, sandbox: Sandbox) -> None:
    """Tell the student, under the last of their own cells, what went wrong while the cells ran."""
    own = [cell for cell in nb.cells if cell.cell_type == "code" and not utils.is_locked(cell)]
    if own and sandbox.notes:
        own[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="\n".join(sandbox.notes)[:4000])]


class HoldBack(NbGraderPreprocessor):
    """In feedback: leave out hidden tests and marking guides, so that next year's class meets them fresh."""

    reveal = Bool(False, help="show hidden tests and marking guides in feedback").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        cell_index: int) -> tuple[NotebookNode, ResourcesDict]:
        if not self.reveal:
            cell.source = GUIDE.sub("", HIDDEN.sub("# (further cases, held back)\n", cell.source))
        return cell, resources
