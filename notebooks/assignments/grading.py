"""What this course adds to nbgrader: one seed for all numbers, restored test cells, and grading that trusts nobody.

nbgrader would run a submission and its tests in one kernel. Here the teacher's cells run in the grader and the
student's in a sandbox (sandbox.py); in the tests, the name of a function the student was to write stands for a call
across. ``nbgrader_config.py`` puts these steps into nbgrader's own, so that ``nbgrader autograde``, Formgrader's button
and ``python3 run.py course grade`` all give the same marks.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import re
import signal
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from sandbox import OUT_OF_TIME, Sandbox, Stopped
from submission import GUIDE, HIDDEN, Found, Unacceptable, defined, known

SEED_LINE = re.compile(r"^SEED = \d+", re.MULTILINE)


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
            kept = {each.name: (each.source, each.checksum)
                    for each in gradebook.find_notebook(place["notebook"], place["assignment"]).source_cells}
        for cell in source.cells:
            if known(cell) not in kept:
                raise RuntimeError(f"{place['assignment']} has changed since its release: "
                                   f"release it again (cell {known(cell)} is new)")
            cell.source, cell.metadata.nbgrader["checksum"] = kept[known(cell)]
            if cell.cell_type == "code":
                cell.outputs = []
        return source.cells

    def source(self, place: dict[str, str]) -> Path:
        """The folder of an assignment's source."""
        directory = self.parent.parent.coursedir
        return Path(directory.format_path(directory.source_directory, ".", place["assignment"]))


class Restore(Course):
    """Before grading: every cell but the student's own is the teacher's again, wherever it was, whatever became of it.

    What stays of a submission is the content of its answer cells and the cells the student has added (submission.py).
    """

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        cells = self.master(resources)
        self.check_assignment(nb, cells, resources)
        found = Found(nb, cells)
        nb.cells = found.cells()
        nb.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
                       "language_info": {"name": "python"}, "notes": found.notes}
        nb.nbformat, nb.nbformat_minor = 4, 5
        for note in found.notes:
            self.log.warning("Note: %s", note)
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
        parts = taken_apart(nb.cells, self.master(resources))
        tests, (outputs, notes) = parts[-1], self.mark(*parts)
        for cell in nb.cells:
            if known(cell) in tests:
                cell.outputs, cell.execution_count = outputs[known(cell)], None
        report(nb, [*nb.metadata.get("notes", []), *notes])
        return nb, resources

    def mark(self, own: list[str], given: list[str], names: list[str],
             tests: dict[str | None, str]) -> tuple[dict, list[str]]:
        """Outputs of all test cells, and what there is to tell: found out in a process that ends when its time does."""

        def work(tell: Callable[[tuple], None], place: str) -> None:
            limits = (self.call_seconds, self.total_seconds, self.megabytes)
            with Sandbox(own, *limits, place=place) as sandbox:
                space = teachers_names(given, names, sandbox)
                for name, source in tests.items():
                    tell((name, run_test(source, space)))
                tell((None, sandbox.notes))

        told = dict(within(self.total_seconds + self.call_seconds, work))
        late = [failure("Stopped", f"this test {OUT_OF_TIME}")]
        return {name: told.get(name, late) for name in tests}, told.get(None, [])


def taken_apart(cells: list[NotebookNode], master: list[NotebookNode]) -> tuple[list, list, list, dict]:
    """Of a restored notebook: the student's code, ours that it builds on, the functions asked for, and the tests."""
    tests = {known(cell): cell.source for cell in master if utils.is_grade(cell) and cell.cell_type == "code"}
    left = {*tests, *(known(cell) for cell in master if is_picture(cell))}
    own = [cell.source for cell in cells if cell.cell_type == "code" and known(cell) not in left]
    return own, [cell.source for cell in master if is_given(cell)], list(functions(master)), tests


def within(seconds: float, work: Callable) -> Iterator[tuple]:
    """What ``work`` tells before its time is up; it gets a folder that is gone afterwards."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)

    def child() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # ends with the grader
        try:
            work(sender.send, folder)
        except Exception as error:
            sender.send(RuntimeError(str(error)))

    with tempfile.TemporaryDirectory(prefix="grading") as folder:
        Path(folder).chmod(0o711)
        process, deadline = fork.Process(target=child), time.monotonic() + seconds
        process.start()
        sender.close()
        try:
            while receiver.poll(max(0, deadline - time.monotonic())):
                told = receiver.recv()
                if isinstance(told, Exception):
                    raise told
                yield told
        except EOFError:
            pass
        finally:
            process.kill()
            process.join()


def is_given(cell: NotebookNode) -> bool:
    """Whether this is code of the teacher's that tests and answers build on."""
    locked = cell.cell_type == "code" and utils.is_locked(cell) and not utils.is_grade(cell)
    return locked and not is_picture(cell)


def is_picture(cell: NotebookNode) -> bool:
    """Whether this cell only draws: nobody looks while grading."""
    return "picture" in cell.metadata.get("tags", [])


def teachers_names(given: list[str], names: Iterable[str], sandbox: Sandbox) -> dict:
    """What test cells may name: the given cells' contents, and the student's functions behind their door."""
    module = types.ModuleType("assignment")
    sys.modules["assignment"] = module  # an object of a class in a given cell is sent by this name
    for source in given:
        exec(compile(source, "<given>", "exec", dont_inherit=True), module.__dict__)
    for name in names:
        module.__dict__[name] = partial(sandbox.call, name)
    return module.__dict__


def run_test(source: str, space: dict) -> list[NotebookNode]:
    """The outputs of one test cell: nbgrader reads an error as no points, anything else as all of them."""
    try:
        exec(compile(source, "<test>", "exec", dont_inherit=True), dict(space))
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
    message = message[:2000].encode("utf-8", "replace").decode()  # half a letter can be sent, and not written
    return nbformat.v4.new_output("error", ename=kind, evalue=message, traceback=[f"{kind}: {message}"])


def report(nb: NotebookNode, notes: list[str]) -> None:
    """Tell the student, under the last of their own cells, what went wrong while the cells ran."""
    own = [cell for cell in nb.cells if cell.cell_type == "code" and not utils.is_locked(cell)]
    if own and notes:
        told = "\n".join(notes)[:4000].encode("utf-8", "replace").decode()
        own[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=told)]


class HoldBack(NbGraderPreprocessor):
    """In feedback: leave out hidden tests and marking guides, so that next year's class meets them fresh."""

    reveal = Bool(False, help="show hidden tests and marking guides in feedback").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict,
                        cell_index: int) -> tuple[NotebookNode, ResourcesDict]:
        if not self.reveal and utils.is_locked(cell):  # to look for marks in a student's long lines takes hours
            cell.source = GUIDE.sub("", HIDDEN.sub("# (further cases, held back)\n", cell.source))
        return cell, resources
