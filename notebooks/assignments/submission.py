"""What a student has handed in: a file read whatever wrote it, and every answer found, whatever became of its cells.

Of a submission stay the student's own words and code. Cells are known by nbgrader's mark, or by their id where
something has stripped the marks. A cell that is there twice (JupyterLab's Split Cell, a copy) is taken in all parts.
"""

from __future__ import annotations

import ast
import codecs
import json
import re
import stat
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader import utils

HIDDEN = re.compile(r"[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.DOTALL)
GUIDE = re.compile(r"\n*[^\n]*BEGIN MARK SCHEME.*?END MARK SCHEME[^\n]*", re.DOTALL)
LARGEST = 20 << 20  # bytes of a submitted notebook
MOST = 2000  # cells of one


class Unacceptable(Exception):
    """A submission that is not even looked at; one line."""


# ---------------------------------------------------------------- the file


def check_folder(folder: Path) -> None:
    """Refuse what is no plain file, or leads elsewhere: it could be the solution, a friend's answer, or without end."""
    for each in [folder.parent, folder, *sorted(folder.glob("**/*"))]:
        kind = each.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise Unacceptable(f"{each.name} is a link to another place: hand in the notebook itself")
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise Unacceptable(f"{each.name} is no file that can be read")


def read(path: Path) -> NotebookNode:
    """A submitted notebook, in UTF-8 or whatever else an editor has made of it."""
    check_folder(path.parent)
    if not path.is_file():
        raise Unacceptable(f"{path.name} is a folder, not a notebook")
    if path.stat().st_size > LARGEST:
        raise Unacceptable(f"the notebook is larger than {LARGEST >> 20} MB: clear its outputs and hand it in again")
    raw = path.read_bytes()
    if not raw.strip():
        raise Unacceptable("the file is empty: this is not a notebook")
    try:
        notebook = nbformat.reads(tidied(text(raw)), as_version=4)
        cells = [cell for cell in notebook.cells if isinstance(cell, dict) and isinstance(cell.get("source"), str)]
    except Exception:
        raise Unacceptable("this is not a notebook" + looks_like(raw)) from None
    notebook.cells = cells
    return notebook


def text(raw: bytes) -> str:
    """A file's text: UTF-8, 16 or 32 by its first bytes, or Windows' own."""
    try:
        return raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def tidied(written: str) -> str:
    """A notebook's JSON without what nobody needs and everything stops at: gaps, and halves of a cut letter."""
    content = json.loads(written)
    if isinstance(content, dict) and isinstance(content.get("cells"), list):
        content["cells"] = [{"metadata": {}, **cell} for cell in content["cells"] if isinstance(cell, dict)]
        content.setdefault("metadata", {})
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode()


def looks_like(raw: bytes) -> str:
    """What else a file may be."""
    begin = raw.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    signs = {b"pk\x03\x04": "an archive: unpack it", b"%pdf": "a PDF", b"<": "a web page",
             b"{": "its JSON is damaged or says something else"}
    found = next((what for sign, what in signs.items() if begin.startswith(sign)), None)
    return f" ({found})" if found else ""


class Reader(NotebookExporter):
    """nbgrader's exporter, reading submissions with `read`; what it has written itself in the usual way."""

    def from_filename(self, filename: str, resources: ResourcesDict | None = None,
                      **more: object) -> tuple[str, ResourcesDict]:
        """Convert a file."""
        path = Path(filename)
        resources = ResourcesDict() if resources is None else resources
        resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        return self.from_notebook_node(read(path), resources=resources, **more)


# ---------------------------------------------------------------- its cells


def known(cell: NotebookNode) -> str | None:
    """A cell's name in nbgrader, if it has one."""
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return name if isinstance(name, str) else None


def squeezed(source: str) -> str:
    """A text without the differences that nobody sees."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def released(cell: NotebookNode) -> str:
    """What a student was given of one of the master's cells."""
    return squeezed(GUIDE.sub("", HIDDEN.sub("", cell.source)))


def runs(source: str) -> bool:
    """Whether this is a cell of Python, magics aside."""
    lines = ("pass" if line.startswith(("%", "!", "?")) else line for line in source.splitlines())
    try:
        compile("\n".join(lines), "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def defined(cell: NotebookNode) -> set[str]:
    """Names of the functions that a code cell defines."""
    try:
        nodes = ast.parse(cell.source).body if cell.cell_type == "code" else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def pictures(cells: list[NotebookNode]) -> dict[str, dict]:
    """What was pasted into texts."""
    found = {name: each for cell in cells for name, each in dict(cell.get("attachments") or {}).items()}
    return {"attachments": nbformat.from_dict(found)} if found else {}


class Found:
    """A submission's content, by the master's cells."""

    def __init__(self, notebook: NotebookNode, master: list[NotebookNode]) -> None:
        self.ours = {known(cell): cell for cell in master}
        self.given = {(cell.cell_type, released(cell)): known(cell) for cell in reversed(master)}
        self.parts: dict[str, list[NotebookNode]] = {}  # answer cell -> its pieces
        self.added: dict[str | None, list[NotebookNode]] = {}  # cell of ours -> what the student has put after it
        self.notes: list[str] = []
        last, seen, changed = None, set(), []
        if len(notebook.cells) > MOST:
            raise Unacceptable(f"the notebook has {len(notebook.cells)} cells: more than {MOST} are not read")
        for cell in notebook.cells:
            name = self.name(cell, seen)
            if name is None:
                self.add(last, cell)
                continue
            last = name
            seen.add(name)
            if utils.is_solution(self.ours[name]):
                self.parts.setdefault(name, []).append(cell)
            elif squeezed(cell.source) != released(self.ours[name]):
                self.add(last, cell)
                changed.append(name)
        if changed:
            self.notes.append(f"cells that count as they were released, with what was made of them run after them: "
                              f"{', '.join(changed)}")

    def name(self, cell: NotebookNode, seen: set[str]) -> str | None:
        """Which of the master's cells this is: by its mark or, where a tool has removed that, by id or text."""
        if (mark := known(cell)) is not None:
            return mark if mark in self.ours else None
        if cell.get("id") in self.ours:
            return cell.id
        like = self.given.get((cell.cell_type, squeezed(cell.source)))
        return like if like not in seen else None

    def add(self, last: str | None, cell: NotebookNode) -> None:
        """Keep a cell of the student's own; a copy of one of ours without its mark is none."""
        if (cell.cell_type, squeezed(cell.source)) in self.given or not cell.source.strip():
            return
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        more = {} if cell.cell_type == "code" else pictures([cell])
        self.added.setdefault(last, []).append(new(cell.source, **more))

    def answer(self, cell: NotebookNode) -> str:
        """The content of one of the master's answer cells."""
        name = known(cell)
        stub, parts = released(cell), self.parts.get(name, [])
        mine = [part for part in parts if part.source.strip() and squeezed(part.source) != stub]
        if cell.cell_type != "code":
            return self.words(cell, mine)
        if not mine:  # the cell is gone, or empty, or as it was given out
            return cell.source if any(map(squeezed, (part.source for part in parts))) else "# nothing stands here"
        first, *others = [part.source for part in mine]
        if others:
            self.notes.append(f"{name} is there {len(mine)} times: all of it is run, in order, so that the last counts")
            whole = "\n".join([first, *others])
            if not all(map(runs, [first, *others])) and runs(whole):
                return whole
            self.added[name] = [*(nbformat.v4.new_code_cell(each) for each in others), *self.added.get(name, [])]
        return first

    def words(self, cell: NotebookNode, mine: list[NotebookNode]) -> str:
        """An answer in words: all its pieces, or what stands where it should be."""
        if not mine:
            order = list(self.ours)
            name = known(cell)
            near = [name, order[order.index(name) - 1]] if name in self.parts else [None, *order]
            for place in near:
                kept = []
                for each in self.added.get(place, []):
                    (mine if each.cell_type == "markdown" else kept).append(each)
                self.added[place] = kept
            if mine:
                self.notes.append(f"{name} was not touched or is gone: other texts are taken for it")
        elif len(mine) > 1:
            self.notes.append(f"{known(cell)} is there {len(mine)} times: all of it is handed to the teacher")
        cell.update(pictures(mine))
        return "\n\n".join(dict.fromkeys(each.source for each in mine)) or cell.source

    def cells(self) -> list[NotebookNode]:
        """The master's notebook with the student's answers and own cells in it."""
        answers = {name: self.answer(cell) for name, cell in self.ours.items() if utils.is_solution(cell)}
        restored = list(self.added.get(None, []))
        for name, cell in self.ours.items():
            cell.source = answers.get(name, cell.source)
            restored += [cell, *self.added.get(name, [])]
        for number, cell in enumerate(restored):
            cell["id"] = known(cell) or f"added-{number}"
        return restored
