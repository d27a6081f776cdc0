"""The checks of chapter 7: plausible wrong answers are refused, right ones pass however they are written."""

import itertools
import math
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from verdicts import refused, verdict

from procmem_lite.exercises import analysis as checks

# ---------------------------------------------------------------- 7.1 probability of improvement


def by_loops(first, second):
    wins = 0
    for one in first:
        for other in second:
            wins += 1 if one > other else 0.5 if one == other else 0
    return wins / (len(first) * len(second))


def by_ranks(first, second):
    """The rank-sum statistic of Mann and Whitney, over all there are."""
    everything = np.concatenate([first, second])
    ranks = np.array([np.mean(np.flatnonzero(np.sort(everything) == value) + 1) for value in first])
    return (ranks.sum() - len(first) * (len(first) + 1) / 2) / (len(first) * len(second))


def by_sorting(first, second):
    ordered = np.sort(second)
    below, up_to = (np.searchsorted(ordered, first, side=side) for side in ("left", "right"))
    return float((below + up_to).sum()) / 2 / len(first) / len(second)


@pytest.mark.parametrize("answer", [by_loops, by_ranks, by_sorting])
def test_all_pairs_compared_pass(answer, capsys):
    assert verdict(checks.improvement, answer, capsys).startswith("right: 23 pairs")


@pytest.mark.parametrize("answer", [
    lambda first, second: float(np.mean(np.asarray(first)[:, None] > np.asarray(second))),
    lambda first, second: float(np.mean(np.asarray(first)[:, None] >= np.asarray(second))),
    lambda first, second: np.mean([(a > b) + (a == b) / 2 for a, b in zip(first, second)]),
    lambda first, second: float(np.mean(first) > np.mean(second)),
    lambda first, second: float(np.mean(first > np.mean(second))),
    lambda first, second: by_loops(second, first),
    lambda first, second: 100 * by_loops(first, second),
    lambda first, second: np.subtract.outer(first, second) > 0,
])
def test_other_comparisons_are_refused(answer, capsys):
    refused(checks.improvement, answer, capsys)


# ---------------------------------------------------------------- 7.2 how many seeds?


def by_formula(first, second, width):
    return int(np.ceil((2 * 1.96 * np.std(np.subtract(first, second), ddof=1) / width) ** 2))


def by_counting(first, second, width):
    deviation, count = stdev(float(a - b) for a, b in zip(first, second, strict=True)), 1
    while 2 * 1.96 * deviation / math.sqrt(count) > width:
        count += 1
    return count


def by_covariance(first, second, width):
    (one, both), (_, other) = np.cov(first, second)
    wide = 2 * NormalDist().inv_cdf(0.975) / width
    return math.ceil(wide**2 * (one + other - 2 * both))


@pytest.mark.parametrize("answer", [by_formula, by_counting, by_covariance])
def test_seeds_for_paired_differences_pass(answer, capsys):
    assert verdict(checks.seeds_needed, answer, capsys).startswith("right: four pilot runs")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda first, second, width: math.ceil((3.92 / width) ** 2 * (np.var(first, ddof=1) + np.var(second, ddof=1))),
     "fewer would do"),
    (lambda first, second, width: math.ceil((3.92 / width) ** 2 * np.var(first, ddof=1)), ""),
    (lambda first, second, width: math.ceil((3.92 / width) ** 2 * np.var(first - second)), "would be"),
    (lambda first, second, width: math.floor((3.92 / width) ** 2 * np.var(first - second, ddof=1)), "would be"),
    (lambda first, second, width: by_formula(first, second, 2 * width), "would be"),
    (lambda first, second, width: by_formula(first, second, width) + 5, "fewer would do"),
    (lambda first, second, width: math.ceil(3.92 * np.std(first - second, ddof=1) / width), "would be"),
    (lambda first, second, width: 20, ""),
    (lambda first, second, width: float(by_formula(first, second, width)), "a whole number"),
])
def test_other_numbers_of_seeds_are_refused(answer, says, capsys):
    refused(checks.seeds_needed, answer, capsys, says)


# ---------------------------------------------------------------- 7.3 a test by flipping signs


def by_product(first, second, rng):
    difference = np.asarray(first) - np.asarray(second)
    signs = rng.choice([-1, 1], size=(10_000, len(difference)))
    return float(np.mean(np.abs(signs @ difference) >= abs(difference.sum()) - 1e-12))


def by_swapping(first, second, rng):
    """Who is first in a pair is drawn anew: the same as a sign."""
    seen, count = abs(np.mean(first) - np.mean(second)), 0
    for _ in range(3000):
        swap = rng.random(len(first)) < 0.5
        one, other = np.where(swap, second, first), np.where(swap, first, second)
        count += abs(one.mean() - other.mean()) >= seen - 1e-12
    return count / 3000


def by_every_flip(first, second, rng):
    """Not at random at all: every flip there is."""
    difference = [a - b for a, b in zip(first, second, strict=True)]
    flips = itertools.product((-1, 1), repeat=len(difference))
    extreme = [abs(mean(s * d for s, d in zip(flip, difference))) >= abs(mean(difference)) - 1e-12 for flip in flips]
    return sum(extreme) / len(extreme)


@pytest.mark.parametrize("answer", [by_product, by_swapping, by_every_flip])
def test_flips_pass(answer, capsys):
    assert verdict(checks.sign_flip, answer, capsys).startswith("right: four samples")


def one_sided(first, second, rng):
    signs = rng.choice([-1, 1], size=(10_000, len(first)))
    return float(np.mean(signs @ (first - second) >= (first - second).sum() - 1e-12))


def strictly_farther(first, second, rng):
    signs = rng.choice([-1, 1], size=(10_000, len(first)))
    return float(np.mean(np.abs(signs @ (first - second)) > abs((first - second).sum())))


def shuffled(first, second, rng):
    """Forgets who was paired with whom."""
    everything, seen = np.concatenate([first, second]), abs(np.mean(first) - np.mean(second))
    halves = [rng.permutation(everything).reshape(2, -1).mean(axis=1) for _ in range(3000)]
    return float(np.mean([abs(one - other) >= seen - 1e-12 for one, other in halves]))


def one_sign_for_all(first, second, rng):
    signs = rng.choice([-1, 1], size=(10_000, 1)) * np.ones(len(first))
    return float(np.mean(np.abs(signs @ (first - second)) >= abs((first - second).sum()) - 1e-12))


def bootstrapped(first, second, rng):
    drawn = rng.choice(first - second, size=(10_000, len(first))).mean(axis=1)
    return float(np.mean(drawn <= 0))


@pytest.mark.parametrize("answer", [
    one_sided, strictly_farther, shuffled, one_sign_for_all, bootstrapped,
    lambda first, second, rng: 1 - by_product(first, second, rng),
    lambda first, second, rng: float(np.mean(first - second > 0)),
])
def test_other_tests_are_refused(answer, capsys):
    refused(checks.sign_flip, answer, capsys)


# ---------------------------------------------------------------- 7.4 the worst habit


@pytest.mark.parametrize("answer", [
    lambda: (3, 1, 2, 5, 4, 0), lambda: [0, 2, 5, 1, 4, 3], lambda: np.array([2, 0, 5, 3, 1, 4])])
def test_orders_that_break_both_memories_pass(answer, capsys):
    assert verdict(checks.worst_habit, answer, capsys).startswith("right: veterans took")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda: range(6), "times as many"), (lambda: (0, 1, 2, 3, 5, 4), "times as many"),
    (lambda: (1, 0, 2, 3, 5, 4), "times as many"), (lambda: (2, 3, 0, 1, 5, 4), "times as many"),
    (lambda: (1, 0, 2, 3, 4, 5), "times as many"), (lambda: (3, 2, 1, 0, 5, 4), "times as many"),
    (lambda: (0, 1, 2, 4, 3, 5), "times as many"), (lambda: (1, 2, 3, 4, 5, 6), "every action"),
    (lambda: (1, 0, 3, 2), "every action"), (lambda: (1, 1, 2, 3, 4, 5), "every action"),
])
def test_orders_that_are_milder_or_none_are_refused(answer, says, capsys):
    refused(checks.worst_habit, answer, capsys, says)
