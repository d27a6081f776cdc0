"""What a chapter teaches stands on its page and, the same code, in its module."""

import ast
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
TAUGHT = {  # chapter -> its modules, and how many definitions the two must share at least
    "01": (("percepts", "episodes", "worlds/layouts", "worlds/gridworld"), 6),
    "02": (("percepts", "skills"), 21),
    "03": (("library",), 9),
    "04": (("planning", "skills", "explorers", "memory", "agent"), 20),
    "05": (("navigation/motion", "navigation/search", "navigation/goto", "agent"), 7),
    "06": (("lab/training",), 5),
    "07": (("lab/baselines", "lab/statistics", "lab/experiments"), 8),
    "08": (("worlds/minigrid",), 2),
    "09": (("worlds/missions",), 2),
    "10": (("lifecycle/verdicts", "lifecycle/operations"), 4),
    "12": (("options/option", "options/learning", "options/discovery", "options/worth"), 8),
}


class Bare(ast.NodeTransformer):
    """Takes away what does not run: docstrings, and the quotes around annotations."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        without_docstring(node)
        node.returns = unquoted(node.returns)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        without_docstring(node)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = unquoted(node.annotation)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = unquoted(node.annotation)
        return self.generic_visit(node)


def without_docstring(node: ast.FunctionDef | ast.ClassDef) -> None:
    """Drop the docstring; a body that was nothing else becomes ``...``."""
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Expr(ast.Constant(...))]


def unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation as if it had been written without quotes."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation


def definitions(source: str) -> list[tuple[str, str]]:
    """(name, what it does) of each function and class at the top of a source."""
    return [(node.name, ast.dump(Bare().visit(node), indent=1)) for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def page(notebook: NotebookNode) -> str:
    """The code of a notebook, without magics and shell commands."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code" and not cell.source.startswith("%%")]
    return "\n".join(line for cell in cells for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))


def compare(notebook: NotebookNode, modules: Mapping[str, str], least: int) -> list[str]:
    """What is wrong between a page and its modules, given as name -> source."""
    taught = {name: (code, module) for module, source in modules.items() for name, code in definitions(source)}
    shared = [(name, code) for name, code in definitions(page(notebook)) if name in taught]
    problems = [f"{name} on the page differs from {taught[name][1]}.{name}"
                for name, code in shared if code != taught[name][0]]
    if len({name for name, _ in shared}) < least:
        problems.append(f"the page defines {len({name for name, _ in shared})} things of "
                        f"{', '.join(modules)}: {least} at least are needed")
    return problems


CHAPTERS = sorted(path for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb") if path.name[:2] in TAUGHT)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_page_and_package_do_not_drift(path):
    modules, least = TAUGHT[path.name[:2]]
    sources = {name: (ROOT / "procmem_lite" / f"{name}.py").read_text(encoding="utf-8") for name in modules}
    assert compare(nbformat.read(path, as_version=4), sources, least) == []


SHARED = ("skills", "library", "planning", "agent")  # what chapters 2 to 5 teach: most of it stands on their pages


def code_lines(source: str, names: Iterable[str] | None = None) -> int:
    """Lines of code without docstrings, comments and blanks: of a source, or of some of its definitions."""
    lines, tree = source.splitlines(), ast.parse(source)
    said = {number for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node) for number in range(node.body[0].lineno, node.body[0].end_lineno + 1)}
    blocks = [range(1, len(lines) + 1)] if names is None else [
        range(min([node.lineno, *(each.lineno for each in node.decorator_list)]), node.end_lineno + 1)
        for node in tree.body if getattr(node, "name", None) in names]
    return sum(bool(lines[number - 1].strip()) and not lines[number - 1].strip().startswith("#")
               for block in blocks for number in block if number not in said)


def test_most_of_the_agent_stands_on_the_pages():
    shown = {name for path in CHAPTERS for name, _ in definitions(page(nbformat.read(path, as_version=4)))}
    sources = [(ROOT / "procmem_lite" / f"{name}.py").read_text(encoding="utf-8") for name in SHARED]
    assert sum(code_lines(each, shown) for each in sources) >= 0.6 * sum(map(code_lines, sources))


def test_lines_of_code_are_counted_without_words():
    assert code_lines(MODULE) == 8
    assert code_lines(MODULE, ["double"]) == 2


# ---------------------------------------------------------------- the comparison itself


MODULE = textwrap.dedent('''
    """A chapter's module."""
    from __future__ import annotations

    class Box:
        """Holds one thing."""

        size: int = 3

        def put(self, thing: Box | None) -> Box:
            """Put it in."""
            return Box()  # why

    def double(x: int) -> int:
        """Twice."""
        return 2 * x

    def nothing() -> None:
        """A stub."""
''')
PAGE = [
    'class Box:\n    size: "int" = 3\n    def put(self, thing: "Box | None") -> "Box":\n        return Box()',
    "%matplotlib inline\ndef double(x: int) -> int:\n    # another comment\n    return 2 * x",
    "!ls\ndef nothing() -> None: ...",
    "def only_here():\n    return 1",
    "%%timeit\nthis is no python",
]


def notebook(cells: Iterable[str]) -> NotebookNode:
    """A notebook of code cells and one of prose."""
    return new_notebook(cells=[new_markdown_cell("def double(x): prose is not code"), *map(new_code_cell, cells)])


def test_docstrings_comments_quotes_and_magics_make_no_difference():
    assert compare(notebook(PAGE), {"boxes": MODULE}, 3) == []


@pytest.mark.parametrize(("old", "new", "name"), [
    ("2 * x", "x * 2", "double"),
    ("2 * x", "2 * x + 0", "double"),
    ("def double(x: int)", "def double(x: float)", "double"),
    ("def double(x: int)", "def double(y: int)", "double"),
    ("def double(x: int)", "def double(x)", "double"),
    ("def double", "@cache\ndef double", "double"),
    ("return Box()", "return self", "Box"),
    ("= 3", "= 4", "Box"),
    ("class Box:", "class Box(dict):", "Box"),
    ('"Box | None"', '"Box"', "Box"),
    ("nothing() -> None: ...", "nothing() -> None: return 0", "nothing"),
])
def test_any_other_difference_is_found(old, new, name):
    assert any(old in cell for cell in PAGE)
    changed = notebook(cell.replace(old, new) for cell in PAGE)
    assert compare(changed, {"boxes": MODULE}, 3) == [f"{name} on the page differs from boxes.{name}"]


def test_a_second_definition_on_the_page_is_compared_too():
    twice = notebook([*PAGE, "def double(x: int) -> int:\n    return x + x"])
    assert compare(twice, {"boxes": MODULE}, 3) == ["double on the page differs from boxes.double"]


def test_a_page_that_shares_too_little_is_found():
    little = notebook(PAGE[1:])
    assert compare(little, {"boxes": MODULE}, 3) == ["the page defines 2 things of boxes: 3 at least are needed"]
    assert compare(notebook([PAGE[1]] * 3), {"boxes": MODULE}, 2) == [
        "the page defines 1 things of boxes: 2 at least are needed"]


def test_several_modules_make_one_chapter():
    other = "def only_here():\n    '''Not there before.'''\n    return 1"
    assert compare(notebook(PAGE), {"boxes": MODULE, "others": other}, 4) == []
    assert compare(notebook(PAGE), {"boxes": MODULE, "others": other.replace("1", "2")}, 4) == [
        "only_here on the page differs from others.only_here"]
