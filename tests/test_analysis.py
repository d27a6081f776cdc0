"""Analysis: intervals that mean what they say, comparisons on the same seeds, and where memory hurts."""

import numpy as np
import pytest

from procmem_lite import GridWorld
from procmem_lite.lab.experiments import ABLATIONS, Rewired, ablate, after_a_change, learn_and_test, transfer
from procmem_lite.lab.statistics import (
    column,
    episodes_until,
    interquartile_mean,
    interval,
    longest_failure,
    mean_interval,
    paired_difference,
)

# ---------------------------------------------------------------- statistics


def test_the_interquartile_mean_ignores_the_outer_quarters():
    assert interquartile_mean([-1e9, 2, 4, 1e9]) == 3
    assert interquartile_mean([-1e9, 1, 2, 3, 4, 5, 6, 1e9]) == 3.5
    np.testing.assert_allclose(interquartile_mean([[0, 0], [1, 10], [3, 30], [99, 990]]), [2, 20])


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = [low <= 5 <= high for _, low, high in (mean_interval(rng.normal(5, 1, 20)) for _ in range(200))]
    assert 0.86 < np.mean(hits) < 0.99


def test_a_narrower_level_gives_a_narrower_interval_and_more_seeds_as_well():
    values = np.random.default_rng(0).normal(size=20)
    wide, narrow, many = mean_interval(values), mean_interval(values, level=0.5), mean_interval(np.tile(values, 16))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert many.high - many.low < (wide.high - wide.low) / 3


def test_intervals_repeat_by_seed_and_touch_no_global_state():
    values = np.random.default_rng(0).normal(size=10)
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert mean_interval(values) == mean_interval(values)
    assert mean_interval(values, seed=1) != mean_interval(values)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_rows_are_drawn_whole_so_a_curve_keeps_its_shape():
    curves = np.array([[1.0, 2.0, 3.0], [11.0, 12.0, 13.0]])
    band = mean_interval(curves)
    np.testing.assert_allclose(np.diff(band.low), 1)
    np.testing.assert_allclose(np.diff(band.high), 1)


def test_a_statistic_may_be_another_one():
    assert interval([1, 2, 99], np.median).value == 2
    assert str(interval([1.0, 1.0], np.median)) == "1.000 [1.000, 1.000]"


def test_pairing_sees_what_the_spread_between_seeds_hides():
    rng = np.random.default_rng(0)
    seeds = rng.normal(0, 10, size=20)
    first, second = seeds + 1 + rng.normal(0, 0.1, 20), seeds
    difference = paired_difference(first, second)
    assert 0.8 < difference.low < 1 < difference.high < 1.2
    assert mean_interval(first).low < mean_interval(second).high  # unpaired, they overlap


@pytest.mark.parametrize(("call", "named"), [
    (lambda: mean_interval([]), "values"), (lambda: mean_interval([1, np.nan]), "nan"),
    (lambda: mean_interval([1, 2], level=95), "level"), (lambda: paired_difference([1, 2], [1]), "second"),
    (lambda: interquartile_mean([]), "values"), (lambda: column([{"a": 1}], "a", a=2), "where"),
    (lambda: Rewired(GridWorld(), (0, 1, 2)), "order"),
    (lambda: transfer("open", [4], 0, [0]), "episodes"),
])
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


# ---------------------------------------------------------------- what is read from logs


def test_episodes_until_counts_to_the_last_that_was_worse():
    assert episodes_until([60, 10, 10], 10) == 1
    assert episodes_until([10, 10], 10) == 0
    assert episodes_until([60, 10, 12, 10], 10) == 3
    assert episodes_until([60, 61], 10) == 2


def test_the_longest_failure_leaves_out_the_first_episodes():
    assert longest_failure([False] * 12 + [True, False, True], after=10) == 2
    assert longest_failure([True] * 10 + [True, False, False, True, False, False, False], after=10) == 3
    assert longest_failure([False] * 10 + [True] * 5) == 0


def test_a_column_keeps_the_rows_asked_for():
    rows = [{"size": 5, "seed": 0, "ratio": 0.1}, {"size": 8, "seed": 0, "ratio": 0.2},
            {"size": 5, "seed": 1, "ratio": 0.3}]
    assert column(rows, "ratio", size=5).tolist() == [0.1, 0.3]


# ---------------------------------------------------------------- experiments


def test_stored_sequences_do_worse_than_the_closed_loop_and_whole_ones_worst():
    tests = [learn_and_test(0, "open", 5, 12, 5, tests=8, **ABLATIONS[name])["optimality"]
             for name in ("all of it", "stored sequences", "  whole")]
    assert tests[0] == 1
    assert tests[0] > tests[1] > tests[2]


def test_an_ablation_has_every_choice_on_the_same_seeds():
    rows = ablate("open", 4, 5, 2, [0, 1], tests=2, n_jobs=1)
    assert [(row["changed"], row["seed"]) for row in rows] == [(name, seed) for name in ABLATIONS for seed in (0, 1)]
    whole = column(rows, "optimality", changed="  whole", seed=1)
    assert whole == learn_and_test(1, "open", 4, 5, 2, tests=2, closed_loop=False, rule="whole")["optimality"]


def test_what_was_learned_small_serves_large_and_back():
    table = transfer("open", [5, 9], 8, [0], tests=5, n_jobs=1)
    assert table.shape == (2, 2)
    np.testing.assert_array_equal(table, 1)


def test_a_rewired_world_does_something_else():
    env = Rewired(GridWorld(), (1, 0, 3, 2, 4, 5))
    env.reset(seed=0)
    env.step(0)  # up, which goes down
    assert env.unwrapped.percept().place == (1, 0)


def test_memory_hurts_where_the_world_has_changed_and_heals():
    rewired = Rewired(GridWorld("open", 5), (1, 0, 3, 2, 4, 5))
    logs = after_a_change(0, GridWorld("open", 5), rewired, before=10, episodes=25)
    assert logs["veteran"].frames[-1] > logs["novice"].frames[-1]
    assert logs["novice"].optimality[-5:].min() == 1
    assert logs["veteran"].optimality[-5:].min() == 1


def test_an_unchanged_world_favours_memory():
    logs = after_a_change(0, GridWorld("open", 5), GridWorld("open", 5), before=10, episodes=3)
    assert logs["veteran"].frames[-1] < logs["novice"].frames[-1]
    assert logs["veteran"].made_by["seeds"] == logs["novice"].made_by["seeds"]
