"""How fast a replay plays in a real browser, with the kernel idle and busy.

    python tests/benchmarks/replay_speed.py

Prints, it asserts nothing: frames a second at several speeds, key to frame, and the opening of a long episode.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from lab import ROOT, Notebook, missing, open_notebook, running_browser, running_lab

IMPORTS = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "tools")!r})
from episodes_by_hand import tell_skills, walk
from procmem_lite.replay import Replay
"""
EPISODE = "replay = Replay(tell_skills(walk('rooms', 8, seed=3, wander=240, limit=240), every=20)); replay"
BUSY = "sum(i * i for i in range(10 ** 9))"
# Plays for a while and counts the steps that were drawn.
FRAMES = """
async ([fps, seconds]) => {
    const player = document.querySelector('.pm-player');
    const speed = player.querySelector('.pm-speed');
    speed.value = fps;
    speed.dispatchEvent(new Event('input'));
    player.querySelector('button').click();
    const seen = [];
    const watcher = new MutationObserver(() => seen.push(performance.now()));
    watcher.observe(player, { attributeFilter: ['data-step'] });
    player.querySelector('.pm-play').click();
    await new Promise((done) => setTimeout(done, seconds * 1000));
    player.querySelector('.pm-play').click();
    watcher.disconnect();
    return 1000 * (seen.length - 1) / (seen.at(-1) - seen[0]);
}"""
# From a key being pressed until the step is drawn: scripts, styles and layout done.
KEYS = """
async (count) => {
    const player = document.querySelector('.pm-player');
    player.focus();
    const times = [];
    for (let i = 0; i < count; i++) {
        const start = performance.now();
        player.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
        player.getBoundingClientRect();
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
    }
    return times.sort((a, b) => a - b)[count >> 1];
}"""
# From a cell's start until its replay is in the page.
OPEN = """
async (index) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    const before = document.querySelectorAll('.pm-player').length;
    const start = performance.now();
    content.activeCellIndex = index;
    window.jupyterapp.commands.execute('notebook:run-cell');
    while (document.querySelectorAll('.pm-player').length === before) await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


def occupy(notebook: Notebook) -> None:
    """Let the kernel compute until it is interrupted."""
    notebook.page.evaluate(
        "code => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({ code }); }", BUSY)


def main() -> None:
    with tempfile.TemporaryDirectory() as work, running_lab(Path(work)) as lab, running_browser() as browser:
        name = lab.write("speed.ipynb", [IMPORTS, EPISODE])
        notebook = open_notebook(browser, lab, name)
        notebook.run()
        notebook.page.locator(".pm-player").wait_for()
        for state in ("idle", "busy"):
            if state == "busy":
                occupy(notebook)
            for fps in (10, 30, 60):
                print(f"kernel {state}: {notebook.page.evaluate(FRAMES, [fps, 3.0]):5.1f} frames a second at {fps}")
            print(f"kernel {state}: {notebook.page.evaluate(KEYS, 60):5.1f} ms from key to frame (median)")
        notebook.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
        notebook.close()

        long = "many = tell_skills(walk('rooms', 16, seed=3, wander=2000, limit=2000))"
        notebook = open_notebook(browser, lab, lab.write("long.ipynb", [IMPORTS + long, "1", "Replay(many)"]))
        notebook.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0 }")
        notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
        notebook.idle()
        print(f"2,000 steps: {notebook.page.evaluate(OPEN, 2):.0f} ms from running the cell to the replay")
        notebook.close()


if __name__ == "__main__":
    reason = missing()
    if reason:
        sys.exit(reason)
    main()
