"""Submissions that mean no good, or no sense: for any assignment, a function from its released notebook to a file.

Each is described in a line and says what it may earn: nothing, or what its right answers earn.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

Answers = dict[str, str]  # answer cell -> code


def name_of(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def is_test(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def fill(release: Path, answers: Answers) -> NotebookNode:
    """The released notebook with some answers in it."""
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(name_of(cell), cell.source)
    return notebook


def everywhere(release: Path, body: str, first: str | None = None) -> NotebookNode:
    """The released notebook in which every function asked for does this (the first of them perhaps something else)."""
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        kinds = cell.metadata["nbgrader"]
        if cell.cell_type == "code" and kinds["solution"]:
            names = [node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
            does = indent(first or body)
            cell.source = "\n\n".join(f"def {name}(*arguments, **settings):\n{does}" for name in names)
            first = None
    return notebook


def indent(body: str) -> str:
    return "\n".join("    " + line for line in body.strip().splitlines())


EVERYTHING = """
class Everything(dict):
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __hash__ = lambda self: 0
    __bool__ = __contains__ = lambda self, *rest: True
    __getattr__ = __getitem__ = __call__ = lambda self, *rest, **more: self
    __iter__ = lambda self: iter([self])
    __len__ = lambda self: 1
    __class__ = list
return Everything()
"""

READS = """
import os, json
from pathlib import Path
for place in [COURSE, "..", "../..", "/proc/1/cwd", f"/proc/{os.getppid()}/cwd", *sys_path()]:
    for path in Path(place).rglob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if "BEGIN SOLUTION" in "".join(cell["source"]):
                exec("".join(cell["source"]), globals())
return globals()[NAME](*arguments, **settings)
"""

WRITES = """
from pathlib import Path
for place in [COURSE, COURSE + "/source", "..", "/tmp", "/var/tmp", "/dev/shm", Path.home().parent, "/"]:
    try:
        (Path(place) / "was_here.txt").write_text("was here")
    except OSError:
        pass
"""

TAMPERS = """
import builtins, json, os, sys, numpy
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
assert "encode" in frame.f_globals
frame.f_globals["encode"] = lambda value, depth=0: ["bool", True]
builtins.isinstance = lambda *rest: True
numpy.allclose = numpy.isclose = lambda *rest, **more: True
os.write(1, b'{"ok": ["bool", true]}' + bytes([10]))
for descriptor in range(3, 20):
    try:
        os.write(descriptor, b'{"ok": ["NoneType", null]}' + bytes([10]))
    except OSError:
        pass
sys.exit(0)
"""


def functions_that(body: str, first: str | None = None) -> Callable:
    return lambda release, answers, course: everywhere(release, body.replace("COURSE", repr(str(course))), first)


def without_tests(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = fill(release, answers)
    notebook.cells = [cell for cell in notebook.cells if not is_test(cell)]
    return notebook


def with_edited_tests(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = fill(release, answers)
    for number, cell in enumerate(cell for cell in notebook.cells if is_test(cell)):
        cell.source = "1000"
        cell.metadata["nbgrader"] |= [{"points": 1000}, {"locked": False}, {"solution": True}, {"grade": False},
                                      {"cell_type": "markdown"}, {"grade_id": "mine"}][number % 6]
    return notebook


def own_test_cells(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = fill(release, answers)
    extra = [cell.copy() for cell in notebook.cells if is_test(cell)]
    for number, cell in enumerate(extra):
        new = new_code_cell("20", metadata={"nbgrader": cell.metadata["nbgrader"] | {"points": 20}})
        notebook.cells.insert(number, new)
    return notebook


def answers_elsewhere(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = fill(release, answers)
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code" and cell.metadata["nbgrader"]["solution"]]:
        notebook.cells.remove(cell)
        notebook.cells.insert(2, new_code_cell(cell.source))
    return notebook


def another_assignment(release: Path, answers: Answers, course: Path) -> NotebookNode:
    return nbformat.read(course / "source" / "a03_retrieval" / "a03_retrieval.ipynb", as_version=4)


def with_cells(*sources: str) -> Callable:
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        notebook = fill(release, answers)
        notebook.cells += [new_code_cell(source) for source in sources]
        return notebook
    return make


def reads_hidden_tests(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata["nbgrader"]["solution"]:
            name = next(node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef))
            body = READS.replace("COURSE", repr(str(course))).replace("NAME", repr(name))
            cell.source = "import sys\nsys_path = lambda: sys.path\n\n" \
                          f"def {name}(*arguments, **settings):\n{indent(body)}"
    return notebook


def text(content: str) -> Callable:
    return lambda release, answers, course: content


# what it does -> (how it is made, whether right answers are in it)
EVERYWHERE: dict[str, tuple[Callable, bool]] = {
    "never returns from its first function": (functions_that("import os; os._exit(0)", "while True:\n    pass"), False),
    "exits the process in every function": (functions_that("import os\nos._exit(0)"), False),
    "eats memory": (functions_that("return [bytearray(1 << 30) for _ in range(1000)]"), False),
    "returns an object equal to everything": (functions_that(EVERYTHING), False),
    "prints a megabyte and returns one": (functions_that("print('x' * 10**6)\nreturn 'x' * 10**7"), False),
    "writes outside its folder": (functions_that(WRITES), False),
    "reads the hidden tests": (reads_hidden_tests, False),
    "deletes all test cells": (without_tests, False),
    "edits all test cells": (with_edited_tests, False),
    "is no notebook, but text": (text("I have done my best.\n"), False),
}

# The same for what does not depend on the assignment: tried on one of them.
ONCE: dict[str, tuple[Callable, bool]] = {
    "tampers with the grader's side of the pipe": (functions_that(TAMPERS), False),
    "deletes all test cells, but has the right answers": (without_tests, True),
    "edits all test cells, but has the right answers": (with_edited_tests, True),
    "puts test cells of its own before ours": (own_test_cells, False),
    "exits between the right answers": (with_cells("import os; os._exit(1)", "raise SystemExit", "1 / 0"), True),
    "deletes the answer cells and has the right answers in cells of its own": (answers_elsewhere, True),
    "is the notebook of another assignment": (another_assignment, False),
    "is no notebook, but JSON": (text(json.dumps({"cells": "none"})), False),
    "is an empty file": (text(""), False),
    "draws, prints and asks a shell between the right answers": (with_cells(
        "%matplotlib inline\nfigure, axes = plt.subplots()\naxes.plot([1, 2])", "!ls ..", "print(1)", "?len"), True),
}


def hostile(name: str) -> dict[str, tuple[Callable, bool]]:
    """What is tried on an assignment."""
    return EVERYWHERE | ONCE if name == "a02_loops" else EVERYWHERE
