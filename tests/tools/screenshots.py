"""Pictures of every widget in both themes of JupyterLab, for the README.

    python tests/tools/screenshots.py notebooks/images/widgets
"""

import sys
import tempfile
from pathlib import Path

from lab import Notebook, missing, open_notebook, running_browser, running_lab

LEARN = """
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
from procmem_lite.worlds import minigrid
from procmem_lite.replay import Drive, LearningExplorer, LibraryBrowser, Replay
env = GridWorld("rooms", size=8)
agent = ProceduralMemoryAgent(6, perceive, seed=0)
episodes = [agent.run_episode(env, seed=seed) for seed in range(40)]
before = ProceduralMemoryAgent(6, perceive, seed=0).run_episode(env, seed=1_000_000, learn=False)
after = agent.run_episode(env, seed=1_000_000, learn=False)
"""
MINIGRID = """
import gymnasium
other = ProceduralMemoryAgent(7, minigrid.perceive, seed=0)
house = gymnasium.make("MiniGrid-UnlockPickup-v0")
Replay([other.run_episode(house, seed=seed) for seed in range(30)][-1])
"""


def press(notebook: Notebook, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        notebook.page.keyboard.press(key)


def halfway(notebook: Notebook) -> None:
    """Step a replay to the middle of its shorter episode."""
    notebook.page.locator(".pm-player").first.focus()
    press(notebook, *["ArrowRight"] * 9)


def drive(notebook: Notebook) -> None:
    """Play a few steps."""
    notebook.page.locator(".pm-drive").focus()
    press(notebook, "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown")


def browse(notebook: Notebook) -> None:
    """Choose the second of the sites gone to most, and replay a use of it."""
    notebook.page.locator("tbody tr").nth(1).click()
    notebook.page.locator(".pm-about .pm-actions button").last.click()
    notebook.page.locator(".pm-library .pm-player").get_by_role("button", name="To the end").click()


def explore(notebook: Notebook) -> None:
    """Train once, and wait for the replay."""
    notebook.page.get_by_role("button", name="Train").click()
    notebook.page.locator(".pm-player").wait_for(timeout=120_000)


# name -> the cells, what the reader does, and what is pictured
PICTURES = {
    "replay": ([LEARN, "Replay(after)"], halfway, ".pm-player"),
    "before_after": ([LEARN, "Replay(before, after, labels=['before', 'after'])"], halfway, ".pm-player"),
    "minigrid": ([LEARN, MINIGRID], halfway, ".pm-player"),
    "drive": ([LEARN, "Drive(env, agent, seed=11)"], drive, ".pm-drive"),
    "library": ([LEARN, "LibraryBrowser(agent.library, episodes)"], browse, ".pm-library"),
    "explorer": ([LEARN, "LearningExplorer()"], explore, ".jp-OutputArea-output"),
}


def main(folder: Path) -> None:
    """Take all pictures: ``<name>_<theme>.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        with tempfile.TemporaryDirectory() as work, running_lab(Path(work), theme) as lab, running_browser() as browser:
            for name, (cells, operate, selector) in PICTURES.items():
                notebook = open_notebook(browser, lab, lab.write(f"{name}.ipynb", cells))
                notebook.page.set_viewport_size({"width": 1280, "height": 1700})
                notebook.run()
                notebook.page.locator(selector).first.wait_for()
                operate(notebook)
                notebook.page.wait_for_timeout(1000)
                notebook.page.locator(selector).first.screenshot(path=folder / f"{name}_{theme}.png")
                notebook.close()
                print(folder / f"{name}_{theme}.png")


if __name__ == "__main__":
    reason = missing()
    if reason or len(sys.argv) != 2:
        sys.exit(reason or __doc__)
    main(Path(sys.argv[1]))
