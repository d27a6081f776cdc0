"""Checks for the exercises: they say what is wrong with an answer, never what to write.

A check takes the reader's answer, raises :class:`Wrong` with one sentence where it falls short, and returns one
sentence on what was tried where it holds. In a notebook, ``report(check, answer)`` prints either.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..worlds.layouts import LAYOUTS, Layout
from . import progress


class Wrong(AssertionError):
    """An answer that is not right yet."""


def report(check: Callable[..., str], *answers: object) -> None:
    """Print what a check says; a stub that still raises ``NotImplementedError`` is "not done yet", no error."""
    try:
        verdict = f"right: {check(*answers)}"
        progress.note("passed", f"{check.__module__.rpartition('.')[2]}.{check.__name__}")
    except NotImplementedError:
        verdict = "not done yet"
    except Wrong as wrong:
        verdict = f"not right yet: {wrong}"
    except Exception as error:  # whatever else the reader's code may run into
        verdict = f"not right yet: it stopped with {type(error).__name__}: {error}"
    print(f"{check.__name__}: {verdict}")


def require(condition: bool, message: str) -> None:
    """Raise :class:`Wrong` unless the condition holds."""
    if not condition:
        raise Wrong(message)


def some_layouts(size: int, each: int = 3) -> list[Layout]:
    """A few layouts of every kind."""
    return [draw(size, np.random.default_rng(seed)) for draw in LAYOUTS.values() for seed in range(each)]


def some_walks(count: int = 200) -> list[str]:
    """Random walks between the letters A to F, the shortest first."""
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("ABCDEF"), size=1 + n // 12)) for n in range(count)]
