"""Whoever uses the keyboard, or hears the page, or restarts the kernel, is not left alone."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEARN = """
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
from procmem_lite.replay import Drive, Guess, LearningExplorer, LibraryBrowser, Replay
agent = ProceduralMemoryAgent(6, perceive, seed=0)
episodes = [agent.run_episode(GridWorld("rooms", size=6), seed=seed) for seed in range(6)]
"""
WIDGETS = ["Replay(episodes[-1])", "Drive(GridWorld('rooms', size=6), agent)",
           "LibraryBrowser(agent.library, episodes)", "Guess('How many?', answer=2)",
           "LearningExplorer('open', size=5, episodes=10)"]
GONE = "The kernel was restarted: run this cell again."

# How much of its ring each focused control loses at the edge of whatever cuts off what lies beyond it.
LOST = """node => {
    node.focus();
    const style = getComputedStyle(node);
    const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
    const box = node.getBoundingClientRect();
    let lost = style.outlineStyle === 'solid' ? 0 : 99;
    for (let at = node.parentElement; at && !at.matches('.jp-WindowedPanel-outer'); at = at.parentElement) {
        if (getComputedStyle(at).overflowX === 'visible') continue;
        const edge = at.getBoundingClientRect();
        lost = Math.max(lost, edge.left - box.left + reach, box.right + reach - edge.right,
            edge.top - box.top + reach, box.bottom + reach - edge.bottom);
    }
    return [node.getAttribute('class') || node.textContent, Math.round(lost)];
}"""


def test_no_ring_is_cut_off(run):
    notebook = run(LEARN, *WIDGETS[:4])
    page = notebook.page
    page.locator(".pm-guess").wait_for()
    page.locator(".pm-about .pm-button:enabled").last.click()
    page.locator(".pm-stage .pm-player").wait_for()
    page.locator(".pm-filter").focus()
    page.keyboard.press("Tab")  # from now on the page shows who has the focus
    found = [node.evaluate(LOST) for node in page.locator(
        ".pm button:enabled, .pm input, .pm-player[tabindex], .pm tr[tabindex='0'], .pm-sheet").all()
        if node.is_visible() and not node.evaluate("node => Boolean(node.closest('.pm-about .pm-actions'))")]
    assert len(found) > 25
    assert [each for each in found if each[1] > 0] == []


def test_the_explorers_controls_have_names(run):
    page = run(LEARN, WIDGETS[4]).page
    for role, names in (("slider", ("Size", "Episodes", "Similarity")),
                        ("combobox", ("Layout", "Explorer", "Segment rule", "Policy"))):
        for name in names:
            page.get_by_role(role, name=name).wait_for()
    sizes = page.get_by_role("slider", name="Size")
    sizes.focus()
    page.keyboard.press("ArrowRight")
    assert sizes.get_attribute("aria-valuetext").startswith("6")


def test_after_a_restart_no_icon_is_broken_and_it_is_said_what_to_do(run):
    notebook = run(LEARN, *WIDGETS)
    page = notebook.page
    page.locator(".pm-explorer .widget-slider").first.wait_for()
    assert page.locator(".jupyter-widgets-disconnected, .pm-gone").count() == 0
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    notebook.idle()
    page.locator(".pm-gone").nth(1).wait_for()
    told = page.locator(".jupyter-widgets-disconnected, .pm").evaluate_all(
        "all => all.map((node) => ['::before', '::after'].map((part) => getComputedStyle(node, part).content))")
    assert {before for before, _ in told} == {"none"}
    assert [after for _, after in told if after != "none"] == [f'"{GONE}"'] * 3
    assert page.locator(".jp-OutputArea-output img").count() == 0
    player = page.locator(".pm-player").first
    player.get_by_role("button", name="One step on").click()
    assert player.get_attribute("data-step") == "1", "a replay plays without a kernel"
