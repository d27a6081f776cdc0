"""The second day: a notebook was run, saved and closed, its kernel is gone, and it is opened again."""

import base64
import json
import urllib.request
from pathlib import Path

import nbformat
import pytest
import refresh
from episodes_by_hand import walk
from lab import ROOT, Desk, Lab
from nbconvert import HTMLExporter

from procmem_lite.replay import saving
from procmem_lite.replay.filmstrip import film_strip

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEARN = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "tools")!r})
from episodes_by_hand import tell_skills, walk
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
from procmem_lite.replay import Drive, Guess, LearningExplorer, LibraryBrowser, Replay
agent = ProceduralMemoryAgent(6, perceive, seed=0)
episodes = [agent.run_episode(GridWorld("rooms", size=6), seed=seed) for seed in range(6)]
"""
WIDGETS = [
    "Replay(tell_skills(walk('rooms', 8, seed=3)))", "Drive(GridWorld('rooms', size=6), agent)",
    "LibraryBrowser(agent.library, episodes)", "LearningExplorer()",
    "Guess('How many?', answer=2, span=(0, 7))", "Guess('Steps per episode', answer=[90, 40, 31, 30])",
]
BROKEN = ("Error displaying widget", "Loading widget", "model not found")
LIVE = ".pm-player, .pm-guess, .widget-slider"


@pytest.fixture(scope="module")
def saved(lab: Lab, desk: Desk) -> Path:
    """The file that a reader leaves: run, saved, its kernel shut down, closed."""
    name = lab.write("yesterday.ipynb", [LEARN, *WIDGETS])
    notebook = desk.open(name)
    notebook.run()
    notebook.page.locator(LIVE).nth(5).wait_for()
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert notebook.page.locator(LIVE).count() > 5, "saving takes nothing from the page that is open"
    notebook.leave()
    return lab.folder / name


def sentences(path: Path) -> list[str]:
    """What the outputs say in words."""
    cells = nbformat.read(path, as_version=4).cells
    return [output.data["text/plain"] for cell in cells[1:] for output in cell.outputs]


def test_every_widget_is_a_picture_and_says_what_to_do(saved: Path, desk: Desk):
    notebook = desk.open(saved.name)
    pictures = notebook.page.locator(".jp-OutputArea-output img")
    pictures.nth(len(WIDGETS) - 1).wait_for()
    text = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").inner_text()
    assert [words for words in BROKEN if words in text] == []
    assert pictures.count() == len(WIDGETS)
    assert pictures.evaluate_all("all => all.filter((image) => image.naturalWidth < 300).length") == 0
    assert [words for words in sentences(saved) if "Run this cell in JupyterLab" not in words] == []
    notebook.run()
    notebook.page.locator(LIVE).nth(5).wait_for()
    assert notebook.page.locator(".jp-OutputArea-output > img").count() == 0, "run again, it plays again"
    notebook.leave()


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_an_export_and_a_viewer_show_the_picture(saved: Path, browser: object, tmp_path: Path, template: str):
    """nbviewer makes its pages by the template basic."""
    body, _ = HTMLExporter(template_name=template).from_filename(str(saved))
    (tmp_path / "page.html").write_text(body, encoding="utf-8")
    page = browser.new_page()
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(("file:", "data:"))
               else route.abort())
    page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
    pictures = page.locator("img")
    assert pictures.count() == len(WIDGETS)
    assert [words for words in BROKEN if words in page.locator("body").inner_text()] == []
    stored = [base64.b64decode(source.partition(",")[2])[:8] for source in
              pictures.evaluate_all("all => all.map((image) => image.src)")]
    assert set(stored) == {b"\x89PNG\r\n\x1a\n"}
    page.close()


def test_a_chapter_that_is_only_opened_is_not_unsaved(lab: Lab, desk: Desk):
    chapter = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    refresh.clean(chapter)
    nbformat.write(chapter, lab.folder / "chapter.ipynb")
    written = (lab.folder / "chapter.ipynb").read_bytes()
    notebook = desk.open("chapter.ipynb")
    assert notebook.ask("'the kernel is there'") == "the kernel is there"
    info = "window.jupyterapp.shell.currentWidget.content.model.getMetadata('language_info')"
    notebook.page.wait_for_function(f"() => {info}.version")
    assert notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.dirty") is False
    notebook.leave()
    assert (lab.folder / "chapter.ipynb").read_bytes() == written


def test_a_file_from_elsewhere_is_opened_as_pictures_too(lab: Lab, desk: Desk):
    output = nbformat.v4.new_output("display_data", {
        saving.VIEW: {"model_id": "gone", "version_major": 2, "version_minor": 0}, "text/plain": "Run this cell.",
        saving.PICTURE: base64.b64encode(film_strip([walk()], [""], "Run this cell.")).decode()})
    cell = nbformat.v4.new_code_cell("1", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata=refresh.METADATA)
    nbformat.write(notebook, lab.folder / "elsewhere.ipynb")
    notebook = desk.open("elsewhere.ipynb")
    notebook.page.locator(".jp-OutputArea-output img").wait_for()
    assert notebook.page.get_by_text(BROKEN[0]).count() == 0
    notebook.leave()


def test_no_news_are_asked_for(lab: Lab):
    address = f"{lab.url}/lab/api/settings/@jupyterlab/apputils-extension:notification?token={lab.token}"
    with urllib.request.urlopen(address) as answer:
        assert json.load(answer)["schema"]["properties"]["fetchNews"]["default"] == "false"
