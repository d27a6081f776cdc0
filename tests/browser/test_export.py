"""A chapter exported as a web page plays from the disk, without a kernel and without a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from lab import ROOT

from procmem_lite.replay.export import export

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@contextmanager
def offline(browser: object, path: Path) -> Iterator[object]:
    """A page opened from the disk; it must raise no error and ask nobody for anything."""
    page = browser.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.locator(".pm-player").first.wait_for()
    yield page
    page.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def play_to_the_end(page: object, number: int) -> None:
    """Press Play on one of the replays, and wait until it has shown its last step."""
    player = page.locator(".pm-player").nth(number)
    last = player.locator(".pm-slider").get_attribute("max")
    assert int(last) > 0
    player.locator(".pm-speed").fill("60")
    player.get_by_role("button", name="Play").click()
    page.wait_for_function("([number, last]) => document.querySelectorAll('.pm-player')[number].dataset.step === last",
                           arg=[number, last])


def test_an_exported_page_plays_offline(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'tests' / 'tools'}")
    cells = ["from episodes_by_hand import tell_skills, walk\nfrom procmem_lite.replay import Drive, Replay",
             "from procmem_lite import GridWorld\nDrive(GridWorld())",
             "long = tell_skills(walk('rooms', 8, seed=3, wander=40))",
             "Replay(long)", "Replay(long, walk(), labels=['before', 'after'])"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    assert export(tmp_path / "chapter.ipynb", tmp_path / "chapter.html") == 2
    with offline(browser, tmp_path / "chapter.html") as page:
        assert page.locator(".pm-player").count() == 2
        assert page.locator(".jp-OutputArea-output img").count() == 1, "Drive, which needs a kernel, is a picture"
        play_to_the_end(page, 0)
        assert page.locator(".pm-player").nth(1).get_attribute("data-step") == "0", "each replay has a clock of its own"


def test_the_first_chapter_plays_offline(browser, tmp_path):
    played = export(ROOT / "notebooks" / "00_start_here.ipynb", tmp_path / "chapter.html")
    assert played >= 1
    with offline(browser, tmp_path / "chapter.html") as page:
        assert page.locator(".pm-player").count() == played
        for number in range(played):
            play_to_the_end(page, number)
