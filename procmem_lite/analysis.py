"""Chapter 6: intervals, paired comparisons, ablations, transfer, and a world in which memory hurts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import ArrayLike

from .agent import ProceduralMemoryAgent
from .environment import ACTIONS, GridWorld, perceive
from .storage import whole
from .training import UNSEEN, TrainingLog, evaluate, sweep, train

RESAMPLES = 2_000
Statistic = Callable[..., np.ndarray]


class Interval(NamedTuple):
    """A value and the ends of its interval; numbers, or arrays of one shape."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def as_samples(name: str, values: ArrayLike) -> np.ndarray:
    """``values`` as numbers with the seeds first; ValueError where there are none or one is nan."""
    array = np.asarray(values, dtype=float)
    if array.ndim == 0 or array.shape[0] == 0:
        raise ValueError(f"{name}: at least one value is needed, got {values!r}")
    if np.isnan(array).any():
        raise ValueError(f"{name}: numbers are needed, got nan among them")
    return array


def interquartile_mean(values: ArrayLike, axis: int = 0) -> np.ndarray:
    """The mean of the middle half: a quarter is cut off at each end (Agarwal et al., 2021)."""
    ordered = np.sort(as_samples("values", values), axis=axis)
    cut = ordered.shape[axis] // 4
    return np.take(ordered, range(cut, ordered.shape[axis] - cut), axis=axis).mean(axis=axis)


def interval(values: ArrayLike, statistic: Statistic = np.mean, level: float = 0.95, seed: int = 0) -> Interval:
    """A statistic over the first axis, with its percentile bootstrap interval (Efron, 1979).

    Args:
        values: shape ``(seeds, ...)``: whole rows are drawn again, with replacement, ``RESAMPLES`` times.
        statistic: takes ``axis``; ``np.mean``, ``np.median``, :func:`interquartile_mean`.

    Raises:
        ValueError: for no values, nan among them, or a level outside (0, 1).
    """
    samples = as_samples("values", values)
    if not 0 < level < 1:
        raise ValueError(f"level: a share between 0 and 1 is needed, got {level!r}")
    drawn = np.random.default_rng(seed).integers(len(samples), size=(RESAMPLES, len(samples)))
    parts = np.array_split(drawn, RESAMPLES // 100)  # all at once would fill the memory with curves
    again = np.concatenate([statistic(samples[rows], axis=1) for rows in parts])
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Interval(statistic(samples, axis=0), low, high)


def mean_interval(values: ArrayLike, level: float = 0.95, seed: int = 0) -> Interval:
    """The mean over the first axis with its bootstrap interval."""
    return interval(values, np.mean, level, seed)


def paired_difference(first: ArrayLike, second: ArrayLike, level: float = 0.95, seed: int = 0) -> Interval:
    """Mean of ``first - second``, seed by seed, with its interval: what varies between seeds alone drops out.

    Raises:
        ValueError: where the two do not have the same shape.
    """
    a, b = as_samples("first", first), as_samples("second", second)
    if a.shape != b.shape:
        raise ValueError(f"second: one value for each of first's is needed, got shapes {a.shape} and {b.shape}")
    return interval(a - b, np.mean, level, seed)


def column(rows: Iterable[Mapping[str, Any]], name: str, **where: Any) -> np.ndarray:
    """One column of a sweep's rows, of those rows that have the values asked for."""
    found = [row[name] for row in rows if all(row[key] == value for key, value in where.items())]
    if not found:
        raise ValueError(f"where: no row has {where!r}")
    return np.array(found)


def episodes_until(steps: ArrayLike, best: int) -> int:
    """After how many episodes every further one takes ``best`` steps; all of them where the last does not."""
    worse = np.flatnonzero(np.asarray(steps) != best)
    return int(worse[-1]) + 1 if len(worse) else 0


def longest_failure(success: ArrayLike, after: int = 10) -> int:
    """The longest run of failed episodes that follows the first ``after``."""
    longest = run = 0
    for succeeded in np.asarray(success)[after:]:
        run = 0 if succeeded else run + 1
        longest = max(longest, run)
    return longest


ABLATIONS: dict[str, dict[str, Any]] = {
    "all of it": {},
    "no plan ahead": {"lookahead": 0},
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
                   **settings: Any) -> dict[str, float]:
    """Train a new agent on one size, test it on layouts of another that it has never seen."""
    agent = ProceduralMemoryAgent(len(ACTIONS), perceive, seed, **settings)
    log = train(agent, GridWorld(layout, small), episodes, progress=False, seed=seed * episodes)
    test = evaluate(agent, GridWorld(layout, large), unseen(seed, tests))
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
