"""Ablations, transfer, and a world in which memory hurts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..arguments import whole
from ..worlds.gridworld import ACTIONS, GridWorld, perceive
from .statistics import column, longest_failure
from .training import UNSEEN, TrainingLog, evaluate, sweep, train

ABLATIONS: dict[str, dict[str, Any]] = {
    "all of it": {},
    "no bans": {"ban": False},
    "random explorer": {"explorer": "random"},
    "stored sequences": {"closed_loop": False},
    "  suffixes only": {"closed_loop": False, "rule": "suffixes"},
    "  whole, loops erased": {"closed_loop": False, "rule": "erased"},
    "  whole": {"closed_loop": False, "rule": "whole"},
}


def unseen(seed: int, count: int) -> range:
    """Seeds of layouts that no training run gets to; every run has its own, so that intervals cover layouts too."""
    return range(UNSEEN[0] + seed * count, UNSEEN[0] + (seed + 1) * count)


def learn_and_test(seed: int, layout: str, small: int, large: int, episodes: int, tests: int = len(UNSEEN),
                   cap: int | None = None, **settings: Any) -> dict[str, float]:
    """Train a new agent on one size, test it on layouts of another that it has never seen."""
    agent = ProceduralMemoryAgent(len(ACTIONS), perceive, seed, **settings)
    log = train(agent, GridWorld(layout, small, max_steps=cap), episodes, progress=False, seed=seed * episodes)
    test = evaluate(agent, GridWorld(layout, large, max_steps=cap), unseen(seed, tests))
    return {"frames": int(log.frames[-1]), "longest_failure": longest_failure(log.success),
            "success": float(test.success.mean()), "optimality": float(test.optimality.mean())}


def ablate(layout: str, small: int, large: int, episodes: int, seeds: Iterable[int], tests: int = 20,
           n_jobs: int = -1) -> list[dict[str, Any]]:
    """Every design choice switched off in turn, on the same seeds: rows with the name of what was changed."""
    seeds = list(seeds)
    rows = []
    for name, settings in ABLATIONS.items():
        found = sweep(learn_and_test, [{"layout": layout, "small": small, "large": large, "episodes": episodes,
                                        "tests": tests, **settings}], seeds, n_jobs, progress=False)
        rows += [{"changed": name, **row} for row in found]
    return rows


def transfer(layout: str, sizes: Sequence[int], episodes: int, seeds: Iterable[int], tests: int = 20,
             measure: str = "optimality", n_jobs: int = -1) -> np.ndarray:
    """Train on each size, test on each: the mean of a measure over seeds, shape ``(trained on, tested on)``."""
    whole(episodes, "episodes", least=1)
    settings = [{"layout": layout, "small": small, "sizes": tuple(sizes), "episodes": episodes, "tests": tests,
                 "measure": measure} for small in sizes]
    rows = sweep(learn_once_test_all, settings, seeds, n_jobs, progress=False)
    return np.array([column(rows, "tested", small=small).mean(axis=0) for small in sizes])


def learn_once_test_all(seed: int, layout: str, small: int, sizes: Sequence[int], episodes: int, tests: int,
                        measure: str) -> dict[str, list[float]]:
    """Train on one size, test on all of them."""
    agent = ProceduralMemoryAgent(len(ACTIONS), perceive, seed)
    train(agent, GridWorld(layout, small), episodes, progress=False, seed=seed * episodes)
    logs = [evaluate(agent, GridWorld(layout, size), unseen(seed, tests)) for size in sizes]
    return {"tested": [float(getattr(log, measure).mean()) for log in logs]}


class Rewired(gym.ActionWrapper):
    """The same world with its actions in another order: what was learned about them is wrong now."""

    def __init__(self, env: gym.Env, order: Sequence[int]) -> None:
        super().__init__(env)
        if sorted(order) != list(range(env.action_space.n)):
            raise ValueError(f"order: every action once is needed, got {tuple(order)!r}")
        self.order = tuple(order)

    def action(self, action: int) -> int:
        """What the world is told instead."""
        return self.order[action]


def after_a_change(seed: int, env: gym.Env, changed: gym.Env, before: int, episodes: int,
                   **settings: Any) -> dict[str, TrainingLog]:
    """An agent that has learned in ``env`` and a new one, both learning on in ``changed``: where memory may hurt."""
    veteran, novice = (ProceduralMemoryAgent(len(ACTIONS), perceive, seed, **settings) for _ in range(2))
    train(veteran, env, before, progress=False, seed=seed * before)
    first = (seed + 1) * 10_000  # layouts that the veteran has not met
    return {name: train(agent, changed, episodes, progress=False, seed=first)
            for name, agent in (("veteran", veteran), ("novice", novice))}
