"""Chapter 7: intervals, paired comparisons, ablations, transfer, and a world in which memory hurts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

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


def unpaired_difference(first: ArrayLike, second: ArrayLike, level: float = 0.95, seed: int = 0) -> Interval:
    """The difference of two means, each drawn again by itself: for samples that have nothing in common."""
    samples, rng = (as_samples("first", first), as_samples("second", second)), np.random.default_rng(seed)
    first_again, second_again = (rng.choice(each, (RESAMPLES, len(each))).mean(axis=1) for each in samples)
    low, high = np.quantile(first_again - second_again, [(1 - level) / 2, (1 + level) / 2])
    return Interval(samples[0].mean() - samples[1].mean(), low, high)


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
