"""Every chapter as a reader opens it: run from top to bottom in JupyterLab, without an error, with the stored outputs.

run.py leaves a chapter that came out here as it is stored out of those that nbval runs.
"""

import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from lab import ROOT, Desk, Lab
from nbformat.v4.rwbase import rejoin_lines
from nbval.plugin import coalesce_streams, get_sanitize_patterns
from refresh import SANITIZE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted((path.name for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")), reverse=True)  # the longest first
RULES = get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8"))
UNCOMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}  # nor does nbval


class Chapter(NamedTuple):
    """What a chapter has left in the browser."""

    name: str
    cells: list[nbformat.NotebookNode]
    unrun: list[str]
    errors: list[str]
    console: list[str]
    broken: list[str]


@pytest.fixture(scope="module")
def copied(lab: Lab) -> Path:
    """A copy of the notebooks in the served folder: what runs there must not change the stored ones."""
    folder = lab.folder / "chapters"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


@pytest.fixture(scope="module", params=CHAPTERS)
def ran(request: pytest.FixtureRequest, desk: Desk, copied: Path) -> Chapter:
    """A chapter after it was run, once for all that is asked of it."""
    try:
        notebook = desk.open(f"{copied.name}/{request.param}")
        notebook.run(timeout=600)
        broken = [text for text in ("Error displaying widget", "Loading widget...")
                  if notebook.page.get_by_text(text).count()]
        cells = rejoin_lines(nbformat.from_dict({"cells": notebook.cells()})).cells
        chapter = Chapter(request.param, cells, notebook.unrun_cells(), notebook.output_errors(),
                          list(notebook.errors), broken)
        notebook.leave()
    except Exception:
        desk.clear()  # its kernel may still be busy
        raise
    return chapter


def test_a_chapter_runs_in_the_browser(ran: Chapter):
    assert ran.unrun == [], "a cell was not run: one before it failed"
    assert ran.errors == []
    assert ran.console == [], "errors in the browser's console"
    assert ran.broken == []


def told(outputs: list[nbformat.NotebookNode]) -> dict[str, list]:
    """What the outputs of a cell say, by kind, without what may differ between two runs: as nbval has it."""
    found = defaultdict(list)
    for output in coalesce_streams(outputs):
        if output.output_type == "stream":
            said = {output.name: output.text}
        elif output.output_type == "error":
            said = {"error": output.ename, "message": output.evalue}
        else:
            said = {kind: value for kind, value in output.data.items() if kind not in UNCOMPARED}
        for kind, value in said.items():
            found[kind].append(sanitized(value))
    return found


def sanitized(value: object) -> object:
    """A text without durations, bars and addresses; anything else as it is."""
    if isinstance(value, str):
        for pattern, replacement in RULES:
            value = re.sub(pattern, replacement, value)
    return value


def test_a_chapter_comes_out_as_it_is_stored(ran: Chapter):
    stored = [cell for cell in nbformat.read(NOTEBOOKS / ran.name, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.source for cell in ran.cells] == [cell.source for cell in stored]
    for number, (fresh, old) in enumerate(zip(ran.cells, stored)):
        assert told(fresh.outputs) == told(old.outputs), f"code cell {number} of {ran.name}"
