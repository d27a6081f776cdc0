"""Checks for the exercises of the chapter on analysis."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from ..lab.experiments import Rewired, after_a_change
from ..worlds.gridworld import GridWorld
from .report import require


def improvement(answer: Callable[[Sequence[float], Sequence[float]], float]) -> str:
    """The share of all pairs in which the first is greater, ties counted half."""
    rng = np.random.default_rng(0)
    cases = [([1.0, 2.0], [0.0, 0.5]), ([1.0, 1.0], [1.0]), ([0.0, 1.0, 2.0], [1.0, 3.0]),
             *((rng.integers(5, size=7).astype(float), rng.integers(5, size=4).astype(float)) for _ in range(20))]
    for first, second in cases:
        seen = answer(np.array(first), np.array(second))
        require(np.isscalar(seen) and 0 <= seen <= 1, f"a share from 0 to 1 is needed, got {seen!r}")
        truth = float(np.mean([(a > b) + (a == b) / 2 for a in first for b in second]))
        shown = f"{np.asarray(first).tolist()} against {np.asarray(second).tolist()}: you say {seen:.3f}"
        require(abs(seen - truth) < 1e-9, f"{shown}; are all pairs compared, and ties counted half?")
    return f"{len(cases)} pairs of samples, of unequal length and with ties"


def seeds_needed(answer: Callable[[np.ndarray, np.ndarray, float], int]) -> str:
    """How many seeds make the interval of a paired difference narrow enough."""
    rng = np.random.default_rng(1)
    for luck, spread, width in ((0.0, 0.1, 0.05), (1.0, 0.1, 0.025), (0.3, 1.0, 0.5), (2.0, 0.3, 0.2)):
        boards = rng.normal(5, luck, size=12)  # what both have in common
        first, second = (boards + rng.normal(0, spread, size=12) for _ in range(2))
        seen = answer(first, second, width)
        whole = isinstance(seen, int | np.integer) and not isinstance(seen, bool)
        require(whole and seen > 0, f"a whole number is needed, got {seen!r}")
        deviation = (first - second).std(ddof=1)
        enough = [2 * 1.96 * deviation / np.sqrt(count) for count in (seen, max(seen - 1, 1))]
        told = f"for a width of {width} you say {seen}"
        require(enough[0] <= width * 1.001, f"{told}: the interval of the difference would be {enough[0]:.3f} wide")
        require(seen <= 2 or enough[1] > width * 0.999, f"{told}: fewer would do; the seeds are the same for both")
    return "four pilot runs; each number is enough, and one fewer is not"


def sign_flip(answer: Callable[..., float]) -> str:
    """A p-value by random sign flips, compared with all flips there are."""
    rng = np.random.default_rng(2)
    for shift, size in ((0.0, 8), (0.4, 8), (-0.6, 9), (1.5, 10)):
        boards = rng.normal(0, 3, size=size)
        second = boards + rng.normal(size=size)
        first = boards + rng.normal(shift, 1, size=size)
        flips = np.array(list(itertools.product((-1, 1), repeat=size)))
        differences = first - second
        truth = float(np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-12))
        seen = answer(first, second, np.random.default_rng(3))
        require(np.isscalar(seen) and 0 <= seen <= 1, f"a p-value from 0 to 1 is needed, got {seen!r}")
        require(abs(seen - truth) < 0.03, f"{size} pairs: you say {seen:.3f}, all {len(flips)} flips say {truth:.3f}")
    same = answer(np.ones(6), np.ones(6), np.random.default_rng(3))
    require(same > 0.99, f"two equal samples give a p-value of {same:.3f}")
    return "four samples, against every possible flip, and two that are equal"


def worst_habit(answer: Callable[[], Sequence[int]]) -> str:
    """An order of actions after which three veterans need 2.25 times as many steps as three novices."""
    order = answer()
    require(sorted(order) == list(range(6)), f"every action from 0 to 5 once is needed, got {order!r}")
    world, totals = GridWorld("open", 4, max_steps=60), np.zeros(2)
    for seed in range(3):
        logs = after_a_change(seed, world, Rewired(world, order), 5, 6)
        totals += [logs["veteran"].steps.sum(), logs["novice"].steps.sum()]
    told = f"veterans took {totals[0]:.0f} steps, novices {totals[1]:.0f}"
    require(totals[0] >= 2.25 * totals[1], f"{told}: that is {totals[0] / totals[1]:.1f} times as many")
    return f"{told}, {totals[0] / totals[1]:.1f} times as many"
