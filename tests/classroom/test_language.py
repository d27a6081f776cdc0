"""Validate runs a kernel, the grader none: whatever the one takes in a cell, the other takes, to the same effect."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import nbformat
import pytest
from classmates import ASSIGNMENTS

pytestmark = pytest.mark.classroom

# what is done -> cells; the last line is the expression to be compared
SPOKEN: dict[str, list[str]] = {
    "%%time": ["%%time\nN = 0\na = 41 + 1", "a"],
    "%%time over a function": ["%%time\ndef f():\n    return 'timed'", "f()"],
    "%%capture": ["%%capture\nprint('x')\na = 1", "a"],
    "%%capture into a name": ["%%capture said\na = 2", "(a, type(said).__name__ != 'str')"],
    "%%timeit keeps its names to itself": ["a = 0", "%%timeit -n1 -r1\na = 5", "a"],
    "%time before a statement": ["%time a = 3", "a"],
    "%timeit": ["a = 1\n%timeit -n1 -r1 a + 1", "a"],
    "%matplotlib, %load_ext, %pip": ["%matplotlib inline\na = 4", "a"],
    "%%writefile and import": ["%%writefile my_helper.py\nvalue = 7", "import my_helper\na = my_helper.value", "a"],
    "a shell line": ["!true", "x = !true", "list(x)"],
    "a question": ["?len", "a = 5\nlen?", "a"],
    "a prompt from the documentation": [">>> a = 6\n>>> b = a", "b"],
    "a cell that is indented": ["    a = 7\n    b = 8", "(a, b)"],
    "await outside functions": [
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 8\na = await f()", "a"],
    "the last result": ["'last'", "a = _", "a"],
    "the result before": ["'one'", "'two'", "a = (_, __)", "a"],
    "a result with a semicolon": ["'one'", "'two';", "a = _", "a"],
    "an underscore of one's own": ["'shown'", "for _ in range(3):\n    pass", "'new'", "a = _", "a"],
    "__name__": ["a = 0\nif __name__ == '__main__':\n    a = __name__", "a"],
    "import __main__": ["a = 9", "import __main__\nb = __main__.a", "b"],
    "a future that holds for the next cell": [
        "from __future__ import annotations", "def f(x: nothing):\n    return 1", "f(0)"],
    "annotations are values": ["def f(x: int):\n    return 1", "f.__annotations__['x'] is int"],
    "a dataclass": ["from dataclasses import dataclass\n@dataclass\nclass P:\n    x: 'int' = 3", "P().x"],
    "the source of a function": ["import inspect\ndef f():\n    return 1", "inspect.getsource(f)"],
    "get_ipython": ["get_ipython().run_line_magic('matplotlib', 'inline')\na = 10", "a"],
    "get_ipython, imported": [
        "from IPython import get_ipython\nget_ipython().run_line_magic('matplotlib', 'inline')\na = 11", "a"],
    "display, imported": ["from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\na = 12", "a"],
    "display": ["display('x')\na = 13", "a"],
    "parts of Matplotlib": [
        "import matplotlib.patches as shapes\nfrom matplotlib.ticker import MaxNLocator\na = 14", "a"],
    "Matplotlib's settings": [
        "import matplotlib\nmatplotlib.use('agg')\nmatplotlib.rcParams['font.size'] = 9\na = 15", "a"],
    "a cell that fails keeps what it did": ["a = 16\n1 / 0\na = 0", "a"],
    "exit by an exception": ["a = 17\nraise SystemExit", "a"],
    "a cell with a mistake is left out": ["a = 18", "a = = 0", "a"],
    "an empty cell": ["", "   \n", "# nothing", "a = 19", "a"],
    "Windows' line ends": ["a = 1\r\nif a:\r\n    a = 20\r\n", "a"],
    "help": ["help(len)\na = 21", "a"],
    "a file of one's own": [
        "with open('mine.txt', 'w') as file:\n    print(22, file=file)", "int(open('mine.txt').read())"],
    "%run": ["%%writefile other.py\nvalue = 23\nname = __name__", "%run other.py", "a = (value, name)", "a"],
    "%run shows a file nothing of the notebook": [
        "HERE = 1", "%%writefile blind.py\ntry:\n    a = HERE\nexcept NameError:\n    a = 34", "%run blind.py", "a"],
    "%run -i shows it all": ["HERE = 35", "%%writefile sees.py\na = HERE\ndef f():\n    return HERE",
                             "%run -i sees.py", "(a, f())"],
    "%run without an ending": ["%%writefile more.py\nb = 24", "%run more", "b"],
    "%env": ["%env WIDE=25", "%env LONG 26", "import os\na = os.environ['WIDE'] + os.environ['LONG']", "a"],
    "Out with another meaning": ["In, Out = 0, 26", "'shown'", "a = (Out, _)", "a"],
    "a mark of the order of bytes": ["\ufeffa = 27", "'a' in globals() and a"],
    "spaces that do not break": ["a = 28\nb =\u00a029", "(a, globals().get('b'))"],
    "a null byte": ["a = 30", "a = 31 # \0", "a"],
    "a form feed": ["a = 32\n\x0c\nb = 33", "(a, b)"],
    "progress bars and sliders": ["from tqdm.notebook import tqdm\na = sum(n for n in tqdm(range(3)))",
                                  "from ipywidgets import interact\ninteract(lambda x: x, x=(0, 5))\nb = 1", "(a, b)"],
    "In and Out": ["'kept'", "a = list(Out.values())[-1]", "a"],
}
NAMES = {what: f"found_{number}" for number, what in enumerate(SPOKEN)}


def cells(what: str) -> list[str]:
    """The cells, and one more that makes what is compared a function."""
    *before, last = SPOKEN[what]
    return [*before, f"{NAMES[what]} = lambda value=({last}): value"]


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a kernel makes of all of it, run by the step that runs Validate."""
    from nbgrader.preprocessors import Execute

    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    notebook.cells = [nbformat.v4.new_code_cell(source) for what in SPOKEN for source in cells(what)]
    told = ", ".join(f"{what!r}: {name}()" for what, name in NAMES.items())
    notebook.cells.append(nbformat.v4.new_code_cell(f"print(repr({{{told}}}))"))
    folder = tmp_path_factory.mktemp("validated")
    Execute().preprocess(notebook, {"metadata": {"path": str(folder)}})
    output = notebook.cells[-1].outputs[-1]
    assert output.output_type == "stream", output
    return eval(output.text)


@pytest.fixture(scope="module")
def graded() -> Iterator[object]:
    """The same cells in the process that grading runs them in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ASSIGNMENTS))
        import sandbox

        with sandbox.Sandbox([source for what in SPOKEN for source in cells(what)], total_seconds=300) as box:
            yield box
        sys.modules.pop("sandbox", None)


@pytest.mark.parametrize("what", SPOKEN)
def test_the_grader_runs_what_validate_runs(validated: dict[str, object], graded: object, what: str):
    assert graded.call(NAMES[what]) == validated[what]
