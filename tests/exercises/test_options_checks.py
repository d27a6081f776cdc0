"""The checks of chapter 12: plausible wrong answers are refused, right ones pass however they are written."""

from dataclasses import replace

import numpy as np
import pytest
from verdicts import refused, verdict

from procmem_lite.exercises import options as checks
from procmem_lite.options import NOWHERE, Option
from procmem_lite.worlds.tolls import TollMap

# ---------------------------------------------------------------- 12.1 one after the other


def by_states(first, second):
    policy = [second.policy[state] if second.starts(state) else first.policy[state] if first.starts(state) else NOWHERE
              for state in range(len(first.policy))]
    return Option("both", tuple(policy), second.ends)


def by_arrays(first, second):
    ours, theirs = np.array(first.policy), np.array(second.policy)
    theirs[sorted(second.ends)] = NOWHERE
    ours[sorted(first.ends)] = NOWHERE
    return Option("both", tuple(np.where(theirs >= 0, theirs, ours).tolist()), frozenset(second.ends))


def by_changes(first, second):
    policy = [NOWHERE if state in first.ends else action for state, action in enumerate(first.policy)]
    for state, action in enumerate(second.policy):
        if second.starts(state):
            policy[state] = action
    return replace(second, name=f"{first.name}, {second.name}", policy=tuple(policy))


@pytest.mark.parametrize("answer", [by_states, by_arrays, by_changes])
def test_chains_pass(answer, capsys):
    assert verdict(checks.chain, answer, capsys).startswith("right: 100 pairs of options")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda first, second: by_states(second, first), "where the second ends"),
    (lambda first, second: replace(by_states(first, second), ends=first.ends | second.ends), "where the second ends"),
    (lambda first, second: replace(by_states(first, second), ends=frozenset()), "where the second ends"),
    (lambda first, second: Option("x", tuple(a if a >= 0 else b for a, b in zip(first.policy, second.policy)),
                                  second.ends), ""),
    (lambda first, second: Option("x", tuple(first.policy[state] if first.starts(state) else second.policy[state]
                                             for state in range(len(first.policy))), second.ends), "is needed, got"),
    (lambda first, second: replace(by_states(first, second), policy=list(first.policy)), "a tuple with an action"),
    (lambda first, second: replace(by_states(first, second), ends=set(second.ends)), "a frozenset is needed"),
    (lambda first, second: (first, second), "an Option is needed"),
])
def test_what_is_no_chain_is_refused(answer, says, capsys):
    refused(checks.chain, answer, capsys, says)


# ---------------------------------------------------------------- 12.2 leave when there is something better


def by_set(choices, number):
    option = choices.options[number - choices.n_actions]
    better = {state for state in range(len(option.policy))
              if option.starts(state) and choices.best(state) > choices.values[state][number]}
    return Option(option.name, option.policy, option.ends | better)


def by_loop(choices, number):
    option = choices.options[number - choices.n_actions]
    ends = set(option.ends)
    for state, row in enumerate(choices.values):
        if number in choices.open[state] and max(row[choice] for choice in choices.open[state]) != row[number]:
            ends.add(state)
    return replace(option, ends=frozenset(ends))


def by_rank(choices, number):
    option = choices.options[number - choices.n_actions]
    rows = [sorted(choices.open[state], key=lambda choice: (-choices.values[state][choice], choice != number))
            for state in range(len(option.policy))]
    leave = [state for state, ranked in enumerate(rows) if option.starts(state) and ranked[0] != number]
    return replace(option, ends=option.ends.union(leave))


@pytest.mark.parametrize("answer", [by_set, by_loop, by_rank])
def test_interrupted_options_pass(answer, capsys):
    assert verdict(checks.interrupted, answer, capsys).startswith("right: 180 options")


def cut_policy(choices, number):
    option = by_set(choices, number)
    return replace(option, policy=tuple(NOWHERE if state in option.ends else action
                                        for state, action in enumerate(option.policy)))


def off_by_actions(choices, number):
    return by_set(choices, number) if number < 4 else replace(by_set(choices, number), ends=frozenset())


def all_choices(choices, number):
    """Also what cannot start there."""
    option = choices.options[number - choices.n_actions]
    better = {state for state, row in enumerate(choices.values) if option.starts(state) and max(row) > row[number]}
    return replace(option, ends=option.ends | better)


def ties(choices, number):
    option = choices.options[number - choices.n_actions]
    equal = {state for state in range(len(option.policy)) if option.starts(state) and any(
        choices.values[state][other] >= choices.values[state][number] for other in choices.open[state]
        if other != number)}
    return replace(option, ends=option.ends | equal)


def spoils(choices, number):
    choices.values[0][0] += 1
    return by_set(choices, number)


def actions_only(choices, number):
    option = choices.options[number - choices.n_actions]
    return replace(option, ends=option.ends | {state for state, row in enumerate(choices.values)
                                               if option.starts(state) and max(row[:2]) > row[number]})


@pytest.mark.parametrize(("answer", "says"), [
    (lambda choices, number: choices.options[number - choices.n_actions], "it should end there"),
    (cut_policy, "the policy stays as it is"), (off_by_actions, "it should"), (all_choices, "it should go on there"),
    (ties, "it should go on there"), (spoils, "the values have been changed"), (actions_only, "it should end there"),
    (lambda choices, number: choices.options[number], ""),
    (lambda choices, number: by_set(choices, number).ends, "an Option is needed"),
])
def test_what_goes_on_or_ends_wrongly_is_refused(answer, says, capsys):
    refused(checks.interrupted, answer, capsys, says)


# ---------------------------------------------------------------- 12.3 a map that pays


WALL = frozenset((row, 2) for row in range(1, 5))
DEAR = TollMap(6, (2, 0), ((1, 0), (5, 0)), ((0, 2), (5, 2)), (3, 1), (2, 5), (6.0, 0.0), 2.0, WALL)


@pytest.mark.slow
@pytest.mark.parametrize("world", [
    DEAR, DEAR._replace(tolls=(7.0, 1.0), worth=0.5), DEAR._replace(worth=9.0, tolls=(1.0, 1.0)),
])
def test_maps_that_pay_pass(world, capsys):
    assert verdict(checks.own_map, lambda: world, capsys).startswith("right: of the best return the planner gets 0.")


@pytest.mark.slow
def test_a_map_on_which_there_is_nothing_to_overlook_is_refused(capsys):
    refused(checks.own_map, lambda: DEAR._replace(tolls=(0.0, 0.0), worth=0.0), capsys, "what it overlooks costs")


@pytest.mark.parametrize(("world", "says"), [
    (DEAR._replace(tolls=(12.0, 12.0)), "it should pay to go to the goal at all"),
    (DEAR._replace(goal=(1, 2)), "something stands in a wall"), (DEAR._replace(goal=(6, 0)), "cells (row, column)"),
    (DEAR._replace(size=12), "size: 5 to 8"), (DEAR._replace(tolls=(-1.0, 0.0)), "tolls"),
    (tuple(DEAR), "a TollMap is needed"),
])
def test_what_is_no_map_is_refused(world, says, capsys):
    refused(checks.own_map, lambda: world, capsys, says)
