"""Submissions that mean well and look odd: for any assignment, a function from its released notebook to a file.

Each has the right answers, and words that wait for the teacher; none may lose a point.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from hostile import Answers, fill, is_test, name_of
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

Make = Callable[[Path, Answers, Path], object]


def is_answer(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution", False)


def is_words(cell: NotebookNode) -> bool:
    return name_of(cell) == "words"


def twin(cell: NotebookNode, source: str, number: int = 1) -> NotebookNode:
    """What JupyterLab makes of a cell that is split or copied: the same marks, another id."""
    other = copy.deepcopy(cell)
    other.id, other.source = f"{cell.id}-{number}", source
    return other


def each_cell(which: Callable[[NotebookNode], bool], change: Callable[[NotebookNode], list[NotebookNode]]) -> Make:
    """The right answers, with some cells made into others."""
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        notebook = fill(release, answers)
        notebook.cells = [new for cell in notebook.cells for new in (change(cell) if which(cell) else [cell])]
        return notebook
    return make


def source(which: Callable[[NotebookNode], bool], change: Callable[[str], str]) -> Make:
    """The right answers, with the text of some cells changed."""
    def changed(cell: NotebookNode) -> list[NotebookNode]:
        cell.source = change(cell.source)
        return [cell]
    return each_cell(which, changed)


def split(cell: NotebookNode, line: int) -> list[NotebookNode]:
    """A cell cut in two before a line."""
    lines = cell.source.splitlines()
    second = twin(cell, "\n".join(lines[line:]), 2)
    cell.source = "\n".join(lines[:line])
    return [cell, second]


def copied(*sources: Callable[[str], str]) -> Callable[[NotebookNode], list[NotebookNode]]:
    """A cell and its copies, each with a text of its own."""
    return lambda cell: [twin(cell, change(cell.source), n) for n, change in enumerate(sources)]


def same(text: str) -> str:
    return text


def stub(text: str) -> str:
    """What an answer cell says before anybody has answered."""
    return text.split("\n    ###")[0] + "\n    raise NotImplementedError"


def with_cell(*cells: str, at: int = 1) -> Make:
    """The right answers and some cells of the student's own."""
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        notebook = fill(release, answers)
        notebook.cells[at:at] = [new_code_cell(each) for each in cells]
        return notebook
    return make


def stripped(*keys: str, first: str = "") -> Make:
    """As a tool leaves it that removes metadata, and perhaps ids; with something before every answer."""
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        notebook = fill(release, answers)
        for number, cell in enumerate(notebook.cells):
            cell.source = first * is_answer(cell) + cell.source
            cell.metadata = nbformat.from_dict({} if "all" in keys else {"slideshow": {"slide_type": "slide"}})
            cell.id = f"new-{number}" if "id" in keys else cell.id
        notebook.metadata = nbformat.from_dict({})
        return notebook
    return make


def encoded(encoding: str) -> Make:
    return lambda release, answers, course: nbformat.writes(with_umlaut(release, answers)).encode(encoding)


def with_umlaut(release: Path, answers: Answers) -> NotebookNode:
    notebook = fill(release, answers)
    next(cell for cell in notebook.cells if is_words(cell)).source += " Schöne Grüße."
    return notebook


def older(release: Path, answers: Answers, course: Path) -> str:
    """Notebook format 4.2: no ids."""
    notebook = json.loads(nbformat.writes(fill(release, answers)))
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        del cell["id"]
    return json.dumps(notebook)


def words_elsewhere(place: str) -> Make:
    """The answer in words, and where it should stand nothing."""
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        notebook = fill(release, {name: text for name, text in answers.items() if name != "words"})
        number, cell = next((n, cell) for n, cell in enumerate(notebook.cells) if is_words(cell))
        if place == "question":
            notebook.cells[number - 1].source += "\n\n" + answers["words"]
        elif place == "below":
            notebook.cells.insert(number + 1, new_markdown_cell(answers["words"]))
        else:
            notebook.cells[number] = new_markdown_cell(answers["words"])
        return notebook
    return make


def into_tests(release: Path, answers: Answers, course: Path) -> NotebookNode:
    """The answers stand in the test cells, above the tests."""
    notebook, waiting = fill(release, {"words": answers["words"]}), []
    for cell in notebook.cells:
        if is_answer(cell):
            waiting.append(answers[name_of(cell)])
        elif is_test(cell) and waiting:
            cell.source = "\n\n".join([*waiting, cell.source])
            waiting = []
    return notebook


def turned_into(cell_type: str) -> Callable[[NotebookNode], list[NotebookNode]]:
    def turn(cell: NotebookNode) -> list[NotebookNode]:
        cell.cell_type = cell_type
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        return [nbformat.from_dict({**cell, "outputs": [], "execution_count": None} if cell_type == "code" else cell)]
    return turn


def moved(release: Path, answers: Answers, course: Path) -> NotebookNode:
    """All answer cells at the end, in the order in which they were."""
    notebook = fill(release, answers)
    notebook.cells.sort(key=is_answer)
    return notebook


def shouting(release: Path, answers: Answers, course: Path) -> NotebookNode:
    """Outputs of several megabytes are still in it."""
    notebook = fill(release, answers)
    output = nbformat.v4.new_output("stream", text="x" * 5_000_000)
    next(cell for cell in notebook.cells if is_answer(cell)).outputs = [output]
    return notebook


def guarded(text: str) -> str:
    return 'if __name__ == "__main__":\n' + "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def merged(cells: list[NotebookNode]) -> list[NotebookNode]:
    """What JupyterLab makes of chosen cells: the first, with the text of all."""
    cells[0].source = "\n\n".join(cell.source for cell in cells)
    return cells[:1]


def merged_answers(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook = fill(release, answers)
    number = next(number for number, cell in enumerate(notebook.cells) if is_answer(cell))
    found, others = ([cell for cell in notebook.cells if is_answer(cell) is which] for which in (True, False))
    notebook.cells = [*others[:number], *merged(found), *others[number:]]
    return notebook


def merged_with_tests(release: Path, answers: Answers, course: Path) -> NotebookNode:
    notebook, kept = fill(release, answers), []
    for cell in notebook.cells:
        kept.append(cell)
        if is_test(cell) and is_answer(kept[-2]):
            kept[-2:] = merged(kept[-2:])
    notebook.cells = kept
    return notebook


def in_own_cells(*cells: str, emptied: bool = False) -> Make:
    """Answer cells that are gone or empty, and before them cells of the student's own; CODE stands for the answers."""
    def make(release: Path, answers: Answers, course: Path) -> NotebookNode:
        code = "\n\n".join(text for name, text in answers.items() if name != "words")
        names = re.findall(r"^def (\w+)", code, re.MULTILINE)
        renamed = re.sub(r"^def (\w+)", r"def my_\1", code, flags=re.MULTILINE)
        sources = {"CODE": code, "GUARDED": guarded(code),
                   "RENAMED": "\n".join([renamed, *(f"{name} = my_{name}" for name in names)])}
        notebook = fill(release, {"words": answers["words"]})
        for cell in filter(is_answer, notebook.cells):
            cell.source = ""
        notebook.cells = [cell for cell in notebook.cells if emptied or not is_answer(cell)]
        place = 1 + next(number for number, cell in enumerate(notebook.cells) if name_of(cell) == "parameters")
        notebook.cells[place:place] = [
            new_code_cell(re.sub("|".join(sources), lambda found: sources[found.group()], cell)) for cell in cells]
        return notebook
    return make


def as_json(change: Callable[[dict], None]) -> Make:
    """The right answers, with something done to the file that nbformat would not do."""
    def make(release: Path, answers: Answers, course: Path) -> str:
        notebook = json.loads(nbformat.writes(with_umlaut(release, answers), split_lines=False))
        change(notebook)
        return json.dumps(notebook)
    return make


def cut_letter(which: str) -> Callable[[dict], None]:
    """Half an emoji, as an editor leaves it that counts it as two letters."""
    def cut(notebook: dict) -> None:
        for cell in notebook["cells"]:
            if (is_words if which == "words" else is_answer)(nbformat.from_dict(cell)):
                cell["source"] = ("" if which == "words" else "# ") + "\ud83d\n" + cell["source"]
    return cut


def with_gaps(notebook: dict) -> None:
    """No metadata where none are needed, one id for all, outputs of no kind, another language's kernel, null."""
    del notebook["metadata"]
    for cell in notebook["cells"]:
        cell["id"] = "same"
        if not cell["metadata"]["nbgrader"]["solution"]:
            del cell["metadata"]
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "text": ["x"]}, {"output_type": "odd"}]
            cell["execution_count"] = "7"
    notebook["cells"].append(None)
    notebook["nbformat_minor"] = 99


def format_3(release: Path, answers: Answers, course: Path) -> str:
    return nbformat.writes(nbformat.convert(fill(release, answers), 3), version=3)


TIDY: dict[str, Make] = {
    "answer cells split between statements": each_cell(
        is_answer, lambda cell: split(twin(cell, "x = 1\n" + cell.source), 1)),
    "answer cells split in the middle of a function": each_cell(is_answer, lambda cell: split(cell, 2)),
    "a draft and its copy with the answer": each_cell(is_answer, copied(stub, same)),
    "the answer and a copy that is untouched": each_cell(is_answer, copied(same, stub)),
    "a draft that is no Python, and the answer in a copy": each_cell(is_answer, copied(lambda text: "def (:", same)),
    "a wrong answer, and the right one in a copy": each_cell(
        is_answer, copied(lambda text: text.replace("return", "return None and"), same)),
    "words split in two": each_cell(is_words, lambda cell: split(twin(cell, cell.source.replace(". ", ".\n", 1)), 1)),
    "words copied": each_cell(is_words, copied(same, same)),
    "words in a cell below": words_elsewhere("below"),
    "words in the question's cell": words_elsewhere("question"),
    "words in place of their cell": words_elsewhere("instead"),
    "words in a cell of code": each_cell(is_words, turned_into("code")),
    "answers in cells of text": each_cell(is_answer, turned_into("markdown")),
    "answers in raw cells": each_cell(is_answer, turned_into("raw")),
    "nbgrader's marks stripped": stripped("marks"),
    "all metadata and ids stripped": stripped("all", "id"),
    "all of it stripped, with constants worked out by what was imported": stripped(
        "all", "id", first="TURN = 2 * np.pi\n"),
    "UTF-8 with a mark before it": encoded("utf-8-sig"),
    "UTF-16": encoded("utf-16"),
    "UTF-16 without a mark": encoded("utf-16-be"),
    "Windows' own letters": encoded("cp1252"),
    "an older format without ids": older,
    "answers in the test cells": into_tests,
    "answer cells moved to the end": moved,
    "outputs of megabytes": shouting,
    "%%time on every answer": source(is_answer, lambda text: "%%time\n" + text),
    "%%capture on every answer": source(is_answer, lambda text: "%%capture said\n" + text),
    "all under the guard of a script": source(is_answer, guarded),
    "a prompt before every line": source(is_answer, lambda text: "\n".join(
        (">>> " if number == 0 else "... ") + line for number, line in enumerate(text.splitlines()))),
    "Windows' line ends": source(is_answer, lambda text: text.replace("\n", "\r\n")),
    "modern annotations": source(is_answer, lambda text: "from __future__ import annotations\n" + text),
    "a helper in a file of its own": with_cell("%%writefile helper.py\nvalue = 1", "from helper import value"),
    "waits outside functions": with_cell("import asyncio\nawait asyncio.sleep(0)"),
    "installs something": with_cell("pip install numpy", "!pip install numpy", "%pip install numpy"),
    "parts of Matplotlib": source(is_answer, lambda text: "import matplotlib.patches as shapes\n" + text),
    "prints without end": source(is_answer, lambda text: "print('working ' * 10**5)\n" + text),
    "warnings are errors": with_cell("import warnings\nwarnings.simplefilter('error')"),
    "a cell of one line without a meaning": with_cell("...", "'a note'", "# nothing"),
    "an import in the teacher's cell": source(
        lambda cell: name_of(cell) == "parameters", lambda text: text + "\nimport math\nHALF_TURN = math.pi"),
    "exits at the end": with_cell("raise SystemExit", "import sys\nsys.exit()", at=-1),
    "answer cells merged into one": merged_answers,
    "answer cells merged with the tests below": merged_with_tests,
    "answers under a guard in a cell above": in_own_cells("GUARDED"),
    "answers under other names in a cell above": in_own_cells("RENAMED"),
    "answers in a file, run": in_own_cells("%%writefile mine.py\nCODE", "%run -i mine.py"),
    "answers in a cell above, their own emptied": in_own_cells("CODE", emptied=True),
    "half a letter in words": as_json(cut_letter("words")),
    "half a letter in every answer": as_json(cut_letter("answers")),
    "gaps and nonsense around the answers": as_json(with_gaps),
    "an old format": format_3,
    "a pasted picture in one long line": source(
        is_words, lambda text: f"{text}\n\n![](data:image/png;base64,{'A' * 1_500_000})"),
    "words that quote our marks": source(
        is_words, lambda text: f"{text}\nBEGIN HIDDEN TESTS\nEND HIDDEN TESTS\nBEGIN MARK SCHEME END MARK SCHEME"),
    "progress bars and sliders": with_cell(
        "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)):\n    pass",
        "from ipywidgets import interact\ninteract(lambda x: x, x=(0, 5))"),
    "names of the notebook's own for other things": with_cell("In, Out, display, get_ipython = 0, 1, 2, 3", "1", "2"),
    "cells that fail on the way": with_cell("1 / 0", "no_such_name", "a = = 1"),
}
