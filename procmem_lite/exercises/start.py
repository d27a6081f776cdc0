"""The check for the exercise of the first chapter."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real

from ..episodes import Episode
from ..percepts import SUCCESS, Percept, Transition
from .report import require


def optimality_ratio(answer: Callable[[Episode], float]) -> str:
    """Shortest path / steps for episodes that ended in every way one can end."""
    cases = {
        "a perfect": told(12, 12, success=True),
        "a slow": told(81, 12, success=True, reward=-0.1),
        "another slow": told(7, 6, success=True),
        "one step's": told(1, 1, success=True),
        "a failed (broken off early)": told(5, 12, reward=0.5),
        "a failed (broken off after as many steps as the shortest path has)": told(12, 12, reward=0.5),
        "a failed (out of steps)": told(256, 12, truncated=True, reward=0.5),
        "a failed (out of steps, in debt)": told(256, 12, truncated=True, reward=-0.1),
        "a failed (ended in lava)": told(30, 12, terminated=True, reward=-1.0),
    }
    for name, episode in cases.items():
        seen = answer(episode)
        require(isinstance(seen, Real) and math.isfinite(seen), f"for {name} episode a number is needed, got {seen!r}")
        require(0 <= seen <= 1, f"for {name} episode it is {seen:.3f}, outside 0 to 1")
        require(abs(seen - episode.optimality) < 1e-6, f"for {name} episode it is {seen:.3f}, which is not right")
    return "successes fast and slow, and failures of every kind"


def told(steps: int, optimal: int, *, success: bool = False, terminated: bool = False, truncated: bool = False,
         reward: float = 1.0) -> Episode:
    """An episode of so many steps, all with one reward; of its percepts only the last may hold a fact."""
    here, there = Percept(frozenset()), Percept(frozenset({SUCCESS} if success else ()))
    last = Transition(here, 0, reward, there, terminated or success, truncated)
    return Episode([Transition(here, 0, reward, here)] * (steps - 1) + [last], optimal_steps=optimal)
