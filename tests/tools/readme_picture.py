"""Draw the picture of the README: the agent before and after learning, in rooms that neither has seen.

    .venv/bin/python tests/tools/readme_picture.py

The picture stands on white, so that it is as legible on a dark page as on a light one.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train  # noqa: E402
from procmem_lite.episodes import Episode  # noqa: E402
from procmem_lite.lab.training import UNSEEN  # noqa: E402
from procmem_lite.replay.filmstrip import film_strip  # noqa: E402

PICTURE = ROOT / "notebooks" / "images" / "before_after.png"
EPISODES = 30


def before_and_after() -> tuple[Episode, Episode]:
    """A newcomer's first episode in 12 x 12 rooms, and one of an agent that has only ever seen 8 x 8 rooms."""
    novice, learner = (ProceduralMemoryAgent(6, perceive, seed=0) for _ in range(2))
    train(learner, GridWorld("rooms", 8), EPISODES, progress=False)
    large = GridWorld("rooms", 12)
    return novice.run_episode(large, seed=UNSEEN[0]), learner.run_episode(large, seed=UNSEEN[0], learn=False)


def draw() -> bytes:
    """The picture as a PNG, the same bytes every time."""
    before, after = before_and_after()
    counts = [f"{episode.steps} steps, the shortest path takes {episode.optimal_steps}" for episode in (before, after)]
    labels = [f"before: its first episode. {counts[0]}",
              f"after {EPISODES} episodes in smaller rooms. {counts[1]}"]
    legend = ("Rooms of 12 by 12 that neither agent has seen. "
              "Beneath each strip its steps: grey exploring, a colour for each skill.")
    return film_strip([before, after], labels, legend)


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(draw())
