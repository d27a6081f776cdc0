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
    "never returns from its first function": (
        functions_that("import os; os._exit(0)", "import time\nwhile True:\n    time.sleep(60)"), False),
    "exits the process in every function": (functions_that("import os\nos._exit(0)"), False),
    "eats memory": (functions_that("return [bytearray(1 << 31) for _ in range(1000)]"), False),
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
    "never returns, and keeps the processor busy": (
        functions_that("import os; os._exit(0)", "while True:\n    pass"), False),
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


# ---------------------------------------------------------------- tried in the benchmark alone

SHARED = """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
memory = libc.shmat(libc.shmget(4711, 1 << 20, 0o1666), None, 0)
"""
TAKES = SHARED + """
exec(ctypes.string_at(memory).decode(), globals())
return globals()[sys._getframe().f_code.co_name](*arguments, **settings)
"""
PAST_THE_RULES = """
import json, os, sys
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
sent = CONTENT
print(json.dumps({"ok": sent}), file=frame.f_locals["answers"], flush=True)
import time
time.sleep(1000)
"""
FOLDERS = """
import os
here = os.getcwd()
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.chdir(here)
"""
AHEAD = """
import json, sys
frame = sys._getframe()
while frame.f_back:
    frame = frame.f_back
for _ in range(50):
    sent = {"ok": ["ndarray", ["float64", [10**9, 0], []]], "arguments": [["list", []]] * 3}
    print(json.dumps(sent), file=frame.f_locals["answers"], flush=True)
return 1
"""
REWRITES = """
for each in arguments:
    if isinstance(each, list):
        each[:] = [0, 1, 0]
    elif isinstance(each, dict):
        each.clear()
    elif hasattr(each, "dtype"):
        each[...] = 0
return [[0, 1, 0]]
"""
COLLIDE = '["int", n * (2**61 - 1)] for n in range(1, 40_000)'
BODIES = {
    "None": "return None", "nothing": "return 0", "no list": "return []", "no dictionary": "return {}",
    "True": "return True", "its first argument": "return arguments[0] if arguments else None",
    "an exception": "raise ValueError('no')", "-1": "return -1", "nan": "return float('nan')",
    "nothing, and empties its arguments":
        "[each.clear() for each in arguments if hasattr(each, 'clear')]\nreturn [[]]",
    "what another has left in memory": TAKES,
    "a set of numbers that collide": PAST_THE_RULES.replace("CONTENT", f'["set", [{COLLIDE}]]'),
    "a list of numbers that collide": PAST_THE_RULES.replace("CONTENT", f'["list", [{COLLIDE}]]'),
    "a dictionary of numbers that collide": PAST_THE_RULES.replace(
        "CONTENT", f'["dict", [[each, each] for each in [{COLLIDE}]]]'),
    "processes without end": "import os\nwhile True:\n    os.fork()",
    "threads without end": "import threading, time\nwhile True:\n"
                           "    threading.Thread(target=time.sleep, args=(99,)).start()",
    "files without end": "for n in range(10**9):\n    open(str(n), 'w').close()",
    "a call in a call without end": "f = lambda: f()\nreturn f()",
    "a list in a list in a list": "x = []\nfor _ in range(10**5):\n    x = [x]\nreturn x",
    "a circle": "x = []\nx.append(x)\nreturn x",
    "an enormous number": "return 10**5000",
    "a list of a kind of its own": "return type('list', (list,), {'__eq__': lambda *all: True})()",
    "a number of a kind of its own": "return type('int', (int,), {'__eq__': lambda *all: True})(1)",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "itself, stopped": "import os\nos.kill(os.getpid(), 19)",
    "death to everybody": "import os\nos.kill(-1, 9)",
    "death to its parent": "import os\nos.kill(os.getppid(), 9)\nreturn True",
    "closed doors": "import os\nos.closerange(0, 99)",
    "another json": "import json\njson.dumps = lambda *all, **more: '{\"ok\": [\"bool\", true]}'\nreturn 1",
    "another NumPy": "import numpy\nnumpy.allclose = numpy.isclose = lambda *all, **more: True\nreturn numpy.zeros(3)",
    "tests found in memory": "import gc\nreturn [each for each in gc.get_objects() if 'HIDDEN' in str(each)[:999]]",
    "the grader, imported": "import sys\nsys.path.insert(0, COURSE)\nimport grading\nreturn grading",
    "a word to the network": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "its limits, raised": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\n"
                          "return [bytearray(1 << 30) for _ in range(99)]",
    "sleep": "import time\ntime.sleep(1000)",
    "folders in folders": FOLDERS + "return 1",
    "half a letter": "return '\\ud800'",
    "an error of half a letter": "raise ValueError('\\ud800 \\x1b[2J')",
    "answers ahead of the questions": AHEAD,
    "a process that keeps the door open":
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\nos._exit(0)",
    "the question it knows, and its answer": REWRITES,
}


def leaves_its_answers(release: Path, answers: Answers, course: Path) -> NotebookNode:
    """Right answers, laid into shared memory for others."""
    code = "\n\n".join(text for name, text in answers.items() if name != "words")
    return with_cells(SHARED + f"ctypes.memmove(memory, {code.encode()!r}, {len(code.encode())})")(
        release, answers, course)


def of_nonsense(release: Path, answers: Answers, course: Path) -> str:
    """Cells and marks of kinds that there are not."""
    notebook = json.loads(release.read_text())
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = [{"nbgrader": 5}, {"nbgrader": {"grade_id": ["x"]}}, {"nbgrader": None}][number % 3]
    notebook["cells"] += [{"cell_type": "code", "metadata": {}, "source": 5, "outputs": [], "execution_count": None}]
    return json.dumps(notebook)


def odd_cells(release: Path, answers: Answers, course: Path) -> str:
    notebook = json.loads(release.read_text())
    notebook["cells"][0]["attachments"] = {"../../x": {"image/png": "a"}}
    odd = {"cell_type": "odd\nNote: 20 of 20", "metadata": {"x": "Unacceptable: no"}, "source": "?"}
    notebook["cells"] += [odd, [1]]
    return json.dumps(notebook)


def words_that(change: Callable[[str], str]) -> Callable:
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        return fill(release, {**answers, "words": change(answers["words"])})
    return make


MORE: dict[str, tuple[Callable, bool]] = {
    **{f"returns {what}": (functions_that(f"import sys\n{body}"), False) for what, body in BODIES.items()},
    "leaves its answers in memory": (leaves_its_answers, True),
    "has 170 cells that exit": (with_cells(*["import os; os._exit(0)"] * 170), False),
    "has 3000 cells": (with_cells(*["1"] * 3000), False),
    "is 21 MB of nothing": (text('{"cells": [' + " " * (21 << 20)), False),
    "is a list in a list in a list": (text("[" * 100_000), False),
    "is a PDF": (text("%PDF-1.7"), False),
    "is a web page": (text("<!DOCTYPE html>"), False),
    "is of nonsense": (of_nonsense, False),
    "is of odd cells": (odd_cells, False),
    "has 1950 cells": (with_cells(*["1"] * 1950), False),
    "buries its folder, and has the right answers": (with_cells(FOLDERS), True),
    "deletes its folder, and has the right answers": (with_cells(
        "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)"), True),
    "says in words what no page can be made of": (words_that(lambda text: "> " * 20_000 + text), True),
    "says it in brackets": (words_that(lambda text: "[" * 50_000 + text + "*a **b " * 20_000), True),
}
