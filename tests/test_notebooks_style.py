"""Every notebook keeps the house style: freshly run, small cells, prose before code, links that lead on.

Each rule is a function from a notebook to a list of problems. It is tried twice: on the notebooks of the
series, where it must find nothing, and on a small notebook broken in one place, where it must find that.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import nbformat
import pytest
import refresh
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
CHAPTERS = refresh.chapters(NOTEBOOKS)
ALL = [*CHAPTERS, *refresh.solutions(NOTEBOOKS)]

MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:home|root|tmp|work|Users)\b(?!-)|\b[A-Z]:\\Users\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")

Rule = Callable[[NotebookNode, Path], list[str]]


# ---------------------------------------------------------------- what a notebook is made of


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that hold something."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def content(notebook: NotebookNode) -> list[NotebookNode]:
    """All cells but the navigation."""
    return [cell for cell in notebook.cells if not refresh.is_navigation(cell)]


def tree(cell: NotebookNode) -> ast.Module:
    """The syntax tree of a code cell, magics and shell lines left out."""
    return ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", cell.source))


def texts(cell: NotebookNode) -> Iterator[str]:
    """The source of a cell and every text it has put out; pictures are not text."""
    yield cell.source
    for output in cell.get("outputs", []):
        yield output.get("text", "")
        yield from output.get("traceback", [])
        for kind, value in output.get("data", {}).items():
            if not kind.startswith("image/png"):
                yield str(value)


def first_line(cell: NotebookNode) -> str:
    return repr(cell.source.strip().split("\n")[0][:60])


# ---------------------------------------------------------------- rules for every notebook


def execution_counts(notebook: NotebookNode, _: Path) -> list[str]:
    """The code ran once, from top to bottom."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"not run from top to bottom: {counts}"]


def stored_errors(notebook: NotebookNode, _: Path) -> list[str]:
    """An error is stored only where the cell says that it raises."""
    return [
        f"stored error in {first_line(cell)}"
        for cell in code_cells(notebook)
        if any(output.output_type == "error" for output in cell.outputs)
        and "raises-exception" not in cell.metadata.get("tags", [])
    ]


def machine_paths(notebook: NotebookNode, _: Path) -> list[str]:
    """No folder of the machine that ran it, in code, prose or outputs."""
    found = [MACHINE_PATH.search(text) for cell in notebook.cells for text in texts(cell)]
    return [f"machine path {match.group()!r}" for match in found if match]


def widget_state(notebook: NotebookNode, _: Path) -> list[str]:
    """No widget state, no timing: both differ from run to run."""
    timed = [cell for cell in notebook.cells if "execution" in cell.metadata]
    state = ["widget state in the metadata"] if "widgets" in notebook.metadata else []
    return state + [f"timing in {first_line(cell)}" for cell in timed]


def no_final_semicolon(notebook: NotebookNode, _: Path) -> list[str]:
    """No code cell ends with a semicolon: it hides an output here, but not where stored outputs are compared."""
    hiding = [cell for cell in code_cells(notebook) if cell.source.rstrip().endswith(";")]
    return [f"a semicolon at the end of {first_line(cell)}" for cell in hiding]


# ---------------------------------------------------------------- rules for a chapter


def prose_before_code(notebook: NotebookNode, _: Path) -> list[str]:
    """Prose comes before code; at most every third code cell may follow another."""
    cells = content(notebook)
    bare = [
        cell for before, cell in zip([None, *cells], cells, strict=False)
        if cell.cell_type == "code" and (before is None or before.cell_type != "markdown")
    ]  # fmt: skip
    allowed = len(code_cells(notebook)) // 3
    return [f"{len(bare)} code cells without prose before, {allowed} allowed"] if len(bare) > allowed else []


def cell_sizes(notebook: NotebookNode, _: Path) -> list[str]:
    """30 lines of code in a cell at most, 45 in one that defines a class; half the cells have 8 or fewer."""
    lines = {index: len(cell.source.strip().split("\n")) for index, cell in enumerate(code_cells(notebook))}
    long = [index for index, count in lines.items() if count > 30]
    cells = code_cells(notebook)
    if len(long) == 1 and lines[long[0]] <= 45:
        long = [i for i in long if not any(isinstance(node, ast.ClassDef) for node in tree(cells[i]).body)]
    problems = [f"{lines[index]} lines in {first_line(cells[index])}" for index in long]
    if lines and median(lines.values()) > 8:
        problems.append(f"the median code cell has {median(lines.values())} lines, more than 8")
    return problems


def cell_counts(notebook: NotebookNode, _: Path) -> list[str]:
    """At most 50 cells, 25 of them code."""
    problems = []
    if len(content(notebook)) > 50:
        problems.append(f"{len(content(notebook))} cells, more than 50")
    if len(code_cells(notebook)) > 25:
        problems.append(f"{len(code_cells(notebook))} code cells, more than 25")
    if any(cell.cell_type == "code" and not cell.source.strip() for cell in notebook.cells):
        problems.append("an empty code cell")
    return problems


def navigation(notebook: NotebookNode, path: Path) -> list[str]:
    """The links to the previous chapter, the map and the next are where and what they should be."""
    problem = refresh.navigation_problem(notebook, refresh.expected_navigation(path.parent)[path])
    return [problem] if problem else []


def link_targets(notebook: NotebookNode, path: Path) -> list[str]:
    """Every relative link leads to a file."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    links = [link for text in prose for link in LINK.findall(text)]
    local = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    return [f"dead link {link}" for link in local if not (path.parent / link).exists()]


def assertions(notebook: NotebookNode, path: Path) -> list[str]:
    """From chapter 1 on at least six assertions, and each explains itself."""
    nodes = [node for cell in code_cells(notebook) for node in ast.walk(tree(cell))]
    found = [node for node in nodes if isinstance(node, ast.Assert)]
    problems = [f"no message: assert {ast.unparse(node.test)}" for node in found if node.msg is None]
    if not path.name.startswith("00") and len(found) < 6:
        problems.append(f"{len(found)} assertions, fewer than 6")
    return problems


def text_beside_pictures(notebook: NotebookNode, _: Path) -> list[str]:
    """Prose after every picture says what is to be seen, for those who cannot see it."""
    cells = content(notebook)
    problems = []
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        alone = after is None or after.cell_type != "markdown"
        if alone and kinds & {"image/png", "image/svg+xml", "image/jpeg"}:
            problems.append(f"no prose after the picture of {first_line(cell)}")
    return problems


def sources(notebook: NotebookNode, _: Path) -> list[str]:
    """The last section names the sources."""
    markdown = [cell.source for cell in content(notebook) if cell.cell_type == "markdown"]
    headings = re.findall(r"^#+ +(.*)$", "\n".join(markdown), flags=re.MULTILINE)
    if headings and headings[-1].startswith("Sources"):
        return []
    return [f"ends with {headings[-1:]}, not with Sources"]


EVERY_NOTEBOOK: list[Rule] = [execution_counts, stored_errors, machine_paths, widget_state, no_final_semicolon]
EVERY_CHAPTER: list[Rule] = [
    prose_before_code, cell_sizes, cell_counts, navigation, link_targets, assertions,
    text_beside_pictures, sources,
]  # fmt: skip


# ---------------------------------------------------------------- the series


def test_the_chapters_are_there():
    numbers = [path.name[:2] for path in CHAPTERS]
    assert {f"{number:02d}" for number in range(7)} <= set(numbers)
    assert len(numbers) == len(set(numbers)), "two chapters have the same number"


@pytest.mark.parametrize("rule", EVERY_NOTEBOOK, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_notebook(path: Path, rule: Rule):
    assert rule(refresh.read(path), path) == []


@pytest.mark.parametrize("rule", EVERY_CHAPTER, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path: Path, rule: Rule):
    assert rule(refresh.read(path), path) == []


# ---------------------------------------------------------------- the rules themselves


def code(number: int, source: str, *outputs: NotebookNode) -> NotebookNode:
    return new_code_cell(source, execution_count=number, outputs=list(outputs))


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    """A series of two notebooks; the path of the second, which has nothing wrong with it."""
    names, titles = ["00_start_here.ipynb", "01_world.ipynb"], ["Start here", "The world"]
    picture = new_output("display_data", {"image/png": "/tmp/base64", "text/plain": "<Figure>"})
    body = [new_markdown_cell("Look at [the map](00_start_here.ipynb#top) and https://a.org/home/x.")]
    for number in range(1, 7):
        body += [code(number, f"assert {number} > 0, 'count from one'"), new_markdown_cell("Seen.")]
    body += [code(7, "draw()", picture), new_markdown_cell("It falls."), new_markdown_cell("## Sources\nA.")]
    for here, (name, heading) in enumerate(zip(names, titles, strict=True)):
        notebook = new_notebook(cells=[new_markdown_cell(f"# {heading}"), *copy.deepcopy(body)])
        refresh.put_navigation(notebook, refresh.navigation(names, titles, here))
        refresh.clean(notebook)
        refresh.write(notebook, tmp_path / name)
    return tmp_path / names[1]


def test_a_good_notebook_has_no_problems(chapter: Path):
    notebook = refresh.read(chapter)
    assert [problem for rule in EVERY_NOTEBOOK + EVERY_CHAPTER for problem in rule(notebook, chapter)] == []


def put(index: int, **fields: object) -> Callable[[NotebookNode], None]:
    """A change that sets fields of one cell."""
    return lambda notebook: notebook.cells[index].update(nbformat.from_dict(fields))


def insert(index: int, *cells: NotebookNode) -> Callable[[NotebookNode], None]:
    """A change that adds cells."""
    return lambda notebook: notebook.cells.__setitem__(slice(index, index), copy.deepcopy(cells))


def long_class(lines: int) -> str:
    return "class A:\n" + "\n".join(f"    a{n} = {n}" for n in range(lines - 1))


ERROR = new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
PRINTED = new_output("stream", name="stdout", text="saved in /root/skills.json")
SVG = new_output("display_data", {"image/svg+xml": "<svg/>"})
NOTE = new_markdown_cell("And")

# In the good notebook, cell 3 is the first code cell, 15 draws the picture, 18 is the navigation.
BREAKS: list[tuple[Rule, Callable[[NotebookNode], None]]] = [
    (execution_counts, put(3, execution_count=2)),
    (execution_counts, put(3, execution_count=None)),
    (execution_counts, insert(3, code(9, "1"), NOTE)),
    (stored_errors, put(3, outputs=[ERROR])),
    (machine_paths, put(3, outputs=[PRINTED])),
    (machine_paths, put(2, source="Open `/home/me/notebooks`.")),
    (machine_paths, put(2, source=r"Open C:\Users\me.")),
    (widget_state, lambda notebook: notebook.metadata.update(widgets={})),
    (widget_state, put(3, metadata={"execution": {"iopub.status.busy": "now"}})),
    (no_final_semicolon, put(3, source="a = 1\nplot(a);\n")),
    (prose_before_code, lambda notebook: [notebook.cells.pop(index) for index in (8, 6, 4)]),
    (cell_sizes, put(3, source="\n".join(["a = 1"] * 31))),
    (cell_sizes, put(3, source=long_class(46))),
    (cell_sizes, lambda notebook: [put(index, source=long_class(31))(notebook) for index in (3, 5)]),
    (cell_sizes, lambda notebook: [put(i, source="\n".join(["1"] * 9))(notebook) for i in range(3, 17, 2)]),
    (cell_counts, insert(2, *[NOTE] * 34)),
    (cell_counts, insert(2, *[code(1, "1"), NOTE] * 19)),
    (cell_counts, insert(2, code(1, " "))),
    (navigation, put(0, source="[Map](00_start_here.ipynb)")),
    (navigation, lambda notebook: notebook.cells.pop()),
    (navigation, insert(0, NOTE)),
    (link_targets, put(2, source="[gone](03_gone.ipynb)")),
    (assertions, put(3, source="assert True")),
    (assertions, put(3, source="1")),
    (text_beside_pictures, lambda notebook: notebook.cells.__setitem__(slice(16, 18), [])),
    (text_beside_pictures, lambda notebook: [put(3, outputs=[SVG])(notebook), notebook.cells.pop(4)]),
    (sources, put(17, source="## Summary")),
    (sources, insert(18, new_markdown_cell("## More"))),
]


@pytest.mark.parametrize(("rule", "damage"), BREAKS, ids=lambda it: it.__name__)
def test_a_broken_notebook_is_found_out(chapter: Path, rule: Rule, damage: Callable[[NotebookNode], None]):
    notebook = refresh.read(chapter)
    damage(notebook)
    assert rule(notebook, chapter) != []


def test_what_is_allowed_is_not_a_problem(chapter: Path):
    notebook = refresh.read(chapter)
    put(3, source=long_class(45))(notebook)
    put(5, outputs=[ERROR], metadata={"tags": ["raises-exception"]})(notebook)
    put(7, source="%matplotlib inline\nimport math")(notebook)
    put(8, source="Either/or, and/home/made, ~/notes, https://a.org/tmp/x")(notebook)
    for rule in (cell_sizes, stored_errors, machine_paths, prose_before_code):
        assert rule(notebook, chapter) == []


# ---------------------------------------------------------------- refresh keeps it so


def test_navigation_links_the_neighbours_and_the_map():
    names, titles = ["00_start_here.ipynb", "01_a.ipynb", "02_b.ipynb"], ["Start", "A", "B"]
    assert refresh.navigation(names, titles, 0) == "[A →](01_a.ipynb)"
    assert refresh.navigation(names, titles, 1) == (
        "[← Start](00_start_here.ipynb) · [Map](00_start_here.ipynb) · [B →](02_b.ipynb)"
    )
    assert refresh.navigation(names, titles, 2) == "[← A](01_a.ipynb) · [Map](00_start_here.ipynb)"


def test_check_notices_a_changed_title(chapter: Path, capsys):
    assert refresh.main(["--check"], notebooks=chapter.parent) == 0
    notebook = refresh.read(chapter)
    put(1, source="# Another world")(notebook)
    refresh.write(notebook, chapter)
    assert refresh.main(["--check"], notebooks=chapter.parent) == 1
    assert "00_start_here.ipynb: the navigation is out of date" in capsys.readouterr().err


def test_names_restrict_a_refresh():
    assert refresh.is_wanted(Path("03_library.ipynb"), [])
    assert refresh.is_wanted(Path("03_library.ipynb"), ["03"])
    assert refresh.is_wanted(Path("solutions/03_solutions.ipynb"), ["03"])
    assert refresh.is_wanted(Path("03_library.ipynb"), ["notebooks/03_library.ipynb"])
    assert not refresh.is_wanted(Path("03_library.ipynb"), ["02", "0"])


def test_a_failing_notebook_is_reported_and_stays_as_it_was(chapter: Path, capsys):
    before = chapter.read_bytes()  # its cell `draw()` calls what does not exist
    assert refresh.main(["01"], notebooks=chapter.parent) == 1
    assert "NameError" in capsys.readouterr().err
    assert chapter.read_bytes() == before


RUNS = """
import time
from IPython.display import display
view = {"model_id": str(time.time())}
display({"text/plain": "a slider", "application/vnd.jupyter.widget-view+json": view}, raw=True)
print(f"{time.time() % 10:.6f} s", object())
"""


def test_a_second_refresh_gives_the_same_bytes(chapter: Path):
    notebook = refresh.read(chapter)
    put(15, source=RUNS, outputs=[])(notebook)
    put(13, source="raise ValueError('no')", metadata={"tags": ["raises-exception"]})(notebook)
    refresh.write(notebook, chapter)
    assert refresh.main(["01"], notebooks=chapter.parent) == 0
    first = chapter.read_bytes()
    stored = refresh.read(chapter)
    assert [list(output.get("data", [])) for output in stored.cells[15].outputs] == [["text/plain"], []]
    assert refresh.main(["01"], notebooks=chapter.parent) == 0
    assert chapter.read_bytes() == first
    rules = [execution_counts, stored_errors, machine_paths, widget_state, navigation]
    assert [problem for rule in rules for problem in rule(stored, chapter)] == []
