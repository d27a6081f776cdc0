"""A chapter exported as a web page plays from the disk, without a kernel and without a network."""

import nbformat
import pytest
from lab import ROOT

from procmem_lite.replay.export import export

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_exported_page_plays_offline(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tests' / 'tools'}")
    cells = ["from episodes_by_hand import tell_skills, walk\nfrom procmem_lite.replay import Drive, Replay",
             "from procmem_lite import GridWorld\nDrive(GridWorld())",
             "long = tell_skills(walk('rooms', 8, seed=3, wander=40))",
             "Replay(long)", "Replay(long, walk(), labels=['before', 'after'])"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    assert export(tmp_path / "chapter.ipynb", tmp_path / "chapter.html") == 2

    page = browser.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "chapter.html").as_uri())
    players = page.locator(".pm-player")
    players.first.wait_for()
    assert players.count() == 2
    assert page.locator(".jp-OutputArea-output img").count() == 1, "Drive, which needs a kernel, is a picture"
    last = players.first.locator(".pm-slider").get_attribute("max")
    players.first.locator(".pm-speed").fill("60")
    players.first.get_by_role("button", name="Play").click()
    page.wait_for_function("last => document.querySelector('.pm-player').dataset.step === last", arg=last)
    assert players.nth(1).get_attribute("data-step") == "0", "each replay has a clock of its own"
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.close()
