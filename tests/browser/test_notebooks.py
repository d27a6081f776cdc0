"""Every chapter as a reader opens it: run from top to bottom in JupyterLab, without an error anywhere."""

import shutil
from pathlib import Path

import pytest
from lab import ROOT, Lab, open_notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted(path.name for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(scope="module")
def copied(lab: Lab) -> Path:
    """A copy of the notebooks in the served folder: what runs there must not change the stored ones."""
    folder = lab.folder / "chapters"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_in_the_browser(name: str, lab: Lab, browser: object, copied: Path):
    notebook = open_notebook(browser, lab, f"{copied.name}/{name}")
    try:
        notebook.run(timeout=600)
        assert notebook.unrun_cells() == [], "a cell was not run: one before it failed"
        assert notebook.output_errors() == []
        assert notebook.errors == [], "errors in the browser's console"
        for broken in ("Error displaying widget", "Loading widget..."):
            assert notebook.page.get_by_text(broken).count() == 0, broken
    finally:
        notebook.close()
