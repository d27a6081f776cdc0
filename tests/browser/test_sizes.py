"""On the screens that readers have, whatever is operated is in view together with what it changes."""

import pytest
from lab import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [(1440, 900), (1366, 768), (1024, 700), (720, 900)]  # the last is half a screen
LEARN = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "tools")!r})
from episodes_by_hand import tell_skills, walk
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
from procmem_lite.replay import Drive, Guess, LearningExplorer, LibraryBrowser, Replay
agent = ProceduralMemoryAgent(6, perceive, seed=0)
episodes = [agent.run_episode(GridWorld("rooms", size=6), seed=seed) for seed in range(12)]
long = tell_skills(walk("rooms", 8, seed=3, wander=40))
short = tell_skills(walk("rooms", 8, seed=3), length=4, every=6)
"""
PLAYERS = [
    "Replay(long)", "Replay(episodes[0], episodes[-1], labels=['before', 'after: 30 episodes in smaller rooms'])",
    "Replay(long, short, labels=['long', 'short'])", "Drive(GridWorld('rooms', size=6), agent)",
    "Guess('Steps per episode', answer=[90, 40, 31, 30], xlabel='episode', ylabel='steps')",
    "LibraryBrowser(agent.library, episodes)",
]
VIEW = "() => document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer').clientHeight"
HEIGHTS = "all => all.map((output) => Math.ceil(output.getBoundingClientRect().height))"
TOPS = "all => all.map((node) => node.getBoundingClientRect().top)"
WIDER = "all => all.filter((node) => node.scrollWidth > node.clientWidth).length"
CUT = "node => node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight + 1"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@pytest.fixture
def screens(run):
    """``screens(cells)``: the notebook, and one after the other the heights of its view, in windows of all sizes."""
    notebooks = []

    def start(*cells):
        notebooks.append(run(LEARN, *cells))
        return notebooks[0], sizes(notebooks[0].page)

    def sizes(page):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("narrow => window.jupyterapp.shell[narrow ? 'collapseLeft' : 'expandLeft']()", width < 800)
            page.evaluate(DRAWN)
            yield width, page.evaluate(VIEW)

    yield start
    for notebook in notebooks:
        notebook.page.evaluate("() => window.jupyterapp.shell.expandLeft()")
        notebook.page.set_viewport_size({"width": 1280, "height": 1000})


def test_a_widget_is_no_higher_than_what_is_in_view(screens):
    notebook, sizes = screens(*PLAYERS)
    page = notebook.page
    page.locator(".pm-library").wait_for()
    pairs = page.locator(".pm-tracks-2")
    assert pairs.count() == 2
    outputs = page.locator(".jp-OutputArea-output")
    assert outputs.count() == len(PLAYERS)
    for width, view in sizes:
        for step in (0, 13, 20, 48):  # the texts differ in length
            for slider in page.locator(".pm-slider").all():
                slider.fill(str(min(step, int(slider.get_attribute("max")))))
            page.evaluate(DRAWN)
            heights = outputs.evaluate_all(HEIGHTS)
            assert max(heights) <= view, (width, step, heights, view)
            for pair in pairs.all():
                for part in (".pm-grid", ".pm-panel", ".pm-bar"):
                    tops = pair.locator(part).evaluate_all(TOPS)
                    assert tops[0] == tops[1], (width, part)
        assert page.locator(".pm").evaluate_all(WIDER) == 0, width


def inside(inner, outer):
    """Whether one box lies within another."""
    return (inner["y"] >= outer["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]
            and inner["x"] >= outer["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"])


def test_what_a_click_in_the_library_changes_is_in_view(screens):
    notebook, sizes = screens("browser = LibraryBrowser(agent.library, episodes); browser")
    library = notebook.page.locator(".pm-library")
    rows = library.locator("tbody tr")
    for number, (width, view) in enumerate(sizes):
        row = rows.nth(1 + number % 2)
        name = row.locator("td").first.inner_text().strip()
        row.click()
        library.locator("h4", has_text=name).wait_for()
        library.locator(".pm-about .pm-button:enabled").last.click()
        library.locator(".pm-stage .pm-play").wait_for()
        box = library.bounding_box()
        assert box["height"] <= view, width
        for part in ("h4", "tbody tr[aria-selected=true]", ".pm-map svg",
                     *(f".pm-stage .pm-{name}" for name in ("grid", "controls", "play", "place"))):
            assert inside(library.locator(part).first.bounding_box(), box), (width, part)
        stage = library.locator(".pm-stage")
        assert stage.evaluate("node => node.scrollHeight - node.clientHeight") <= 0, (width, "the replay is cut")
        assert stage.locator("dd").evaluate_all(WIDER) == 0, (width, "a fact is cut")
        table = library.locator(".pm-scroll")
        assert table.evaluate("node => node.scrollWidth - node.clientWidth") == 0, (width, "a column is cut")


def test_the_explorers_sentence_is_whole_and_its_curve_is_beside_its_button(screens):
    notebook, sizes = screens("explorer = LearningExplorer('open', size=5, episodes=10); explorer.train(wait=True)",
                              "explorer")
    page = notebook.page
    page.locator(".pm-explorer .pm-player").wait_for()
    for width, view in sizes:
        parts = [page.locator(name).first.bounding_box() for name in
                 (".pm-explorer .widget-dropdown", ".pm-explorer .pm-plot", ".pm-explorer .pm-player")]
        first, curve, player = parts
        assert curve["y"] + curve["height"] - first["y"] <= view, width
        assert player["height"] <= view, width
        sentence = page.locator(".pm-explorer .widget-html-content")
        assert sentence.inner_text().endswith("a sequence.")
        assert not sentence.evaluate(CUT)
        assert not sentence.locator("..").evaluate(CUT)
        assert page.locator(".pm-plot text").first.evaluate("node => getComputedStyle(node).fontSize") == "11px"
        assert page.locator(".pm-plot").first.evaluate("node => !node.hasAttribute('viewBox')"), "nothing is scaled"
