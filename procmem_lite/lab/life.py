"""Chapter 10: laboratories in which the rules of a world change, and what that costs an agent.

laboratory   phases of a world, and how it is seen     Laboratory(perceive, (6, same), (20, swapped))
excess       steps above the shortest, each episode    array([41, 0, 2, ...])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..episodes import Perceive
from ..worlds import changing
from ..worlds.changing import SWAPPED, UPSIDE_DOWN, Lava, TwoKeys, Wired
from ..worlds.gridworld import ACTIONS, GridWorld, perceive
from .training import train

CAP, BEFORE, AFTER = 100, 6, 20  # steps of an episode; episodes before the change, and after
Make = Callable[..., ProceduralMemoryAgent]


class Laboratory(NamedTuple):
    """How its worlds are seen, and one phase after the other: how many episodes in which world."""

    perceive: Perceive
    phases: tuple[tuple[int, Callable[[], gym.Env]], ...]


def rooms(**wiring: Any) -> Callable[[], gym.Env]:
    """Rooms of 5 by 5 with their actions wired in some way."""
    return lambda: Wired(GridWorld("rooms", 5, max_steps=CAP), **wiring)


def field(share: float) -> Callable[[], gym.Env]:
    """An open field of 6 by 6, some of it lava."""
    return lambda: Lava(GridWorld("open", 6, max_steps=CAP), share)


SAME_OLD, SWAP = (BEFORE, rooms()), rooms(order=SWAPPED)
LABS = {
    "swap": Laboratory(perceive, (SAME_OLD, (AFTER, SWAP))),
    "back": Laboratory(perceive, (SAME_OLD, (AFTER // 2, SWAP), (AFTER // 2, rooms()))),
    "light": Laboratory(changing.perceive_lamp, ((BEFORE, rooms(shown=True)),
                                        (AFTER, rooms(dark_order=SWAPPED, dark=0.5, shown=True)))),
    "hidden": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dark_order=SWAPPED, dark=0.5)))),
    "slip": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(slip=0.2)))),
    "keys": Laboratory(changing.perceive_two_keys, ((BEFORE, TwoKeys), (AFTER, lambda: TwoKeys("blue")))),
    "moves": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(order=UPSIDE_DOWN)))),
    "lava": Laboratory(changing.perceive_lava, ((BEFORE, field(0.0)), (AFTER, field(0.2)))),
    "faults": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dead=0.5)), (AFTER, rooms()))),
    "strike": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dead=1.0)), (AFTER, rooms()))),
}


def live(seed: int, lab: str, make: Make = ProceduralMemoryAgent, novice: bool = False, **settings: Any) -> dict:
    """One agent through all phases of a laboratory, learning; a novice comes when the world has changed.

    Returns:
        excess, died, library: an array each, of the episodes after the change; agent: as it was at the end.
    """
    look, phases = LABS[lab]
    agent = make(len(ACTIONS), look, seed, **settings)
    excess, died, library = [], [], []
    for number, (episodes, world) in enumerate(phases):
        if novice and number == 0:
            continue
        first = 100 * seed if number == 0 else (seed + 1) * 10_000 + 1_000 * number
        log = train(agent, world(), episodes, progress=False, seed=first, keep=True)
        if number:
            excess += [episode.steps - episode.optimal_steps for episode in log.episodes]
            died += [episode.transitions[-1].terminated and not episode.success for episode in log.episodes]
            library += list(log.library_size)
    return {"excess": np.array(excess), "died": np.array(died), "library": np.array(library), "agent": agent}
