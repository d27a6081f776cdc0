"""The checks of chapter 10: plausible wrong answers are refused, right ones pass however they are written."""

from itertools import groupby

import pytest
from verdicts import refused, verdict

from procmem_lite.exercises import life as checks

# ---------------------------------------------------------------- 10.1 in a row


def one_pass(uses):
    misses = {}
    for facts, worked in uses:
        misses[facts] = 0 if worked else misses.get(facts, 0) + 1
    return misses


def backwards(uses):
    found = {}
    for facts in {facts for facts, _ in uses}:
        told = [worked for each, worked in uses if each == facts]
        found[facts] = next((at for at, worked in enumerate(reversed(told)) if worked), len(told))
    return found


def by_runs(uses):
    found = {}
    for facts in dict.fromkeys(facts for facts, _ in uses):
        runs = [(worked, len(list(run))) for worked, run in groupby(worked for each, worked in uses if each == facts)]
        found[facts] = 0 if runs[-1][0] else runs[-1][1]
    return found


@pytest.mark.parametrize("answer", [one_pass, backwards, by_runs])
def test_right_counts_pass(answer, capsys):
    assert verdict(checks.in_a_row, answer, capsys).startswith("right: ")


def all_failures(uses):
    return {facts: sum(not worked for each, worked in uses if each == facts) for facts, _ in uses}


def whatever_the_facts(uses):
    run = 0
    for _, worked in uses:
        run = 0 if worked else run + 1
    return {facts: run for facts, _ in uses}


def only_what_failed(uses):
    return {facts: count for facts, count in one_pass(uses).items() if count}


def emptied(uses):
    found = one_pass(uses)
    uses.clear()
    return found


@pytest.mark.parametrize("answer", [all_failures, whatever_the_facts, only_what_failed, emptied, lambda uses: [],
                                    lambda uses: {facts: 0 for facts, _ in uses}])
def test_wrong_counts_are_refused(answer, capsys):
    refused(checks.in_a_row, answer, capsys)


# ---------------------------------------------------------------- 10.2 trust


def recursive(made, trusted):
    def of(number):
        author, parents = made[number]
        return min([trusted[author], *map(of, parents)])
    return {number: of(number) for number in made}


def until_nothing_changes(made, trusted):
    found = {number: trusted[author] for number, (author, _) in made.items()}
    while True:
        again = {number: min([found[number], *(found[each] for each in made[number][1])]) for number in made}
        if again == found:
            return found
        found = again


def from_the_worst(made, trusted):
    found = {}
    for number, (author, _) in sorted(made.items(), key=lambda pair: trusted[pair[1][0]]):
        reached = {number}
        while True:
            more = {child for child, (_, parents) in made.items() if reached & set(parents)} - reached
            if not more:
                break
            reached |= more
        for each in reached:
            found.setdefault(each, trusted[author])
    return found


@pytest.mark.parametrize("answer", [recursive, until_nothing_changes, from_the_worst])
def test_right_trust_passes(answer, capsys):
    assert verdict(checks.trust, answer, capsys).startswith("right: ")


def in_order_of_numbers(made, trusted):
    found = {}
    for number in sorted(made):
        author, parents = made[number]
        found[number] = min([trusted[author], *(found.get(each, 1.0) for each in parents)])
    return found


def mean(made, trusted):
    return {number: sum([trusted[author], *(trusted[made[each][0]] for each in parents)]) / (1 + len(parents))
            for number, (author, parents) in made.items()}


@pytest.mark.parametrize("answer", [
    lambda made, trusted: {number: trusted[author] for number, (author, _) in made.items()},
    lambda made, trusted: {number: min([trusted[author], *(trusted[made[each][0]] for each in parents)])
                           for number, (author, parents) in made.items()},  # parents, and no further
    in_order_of_numbers, mean, lambda made, trusted: dict(trusted)])
def test_wrong_trust_is_refused(answer, capsys):
    refused(checks.trust, answer, capsys)


# ---------------------------------------------------------------- 10.3 a rule of one's own


def weighed(uses):
    """Late uses count more."""
    value = 1.0
    for worked in uses:
        value = 0.6 * value + 0.4 * worked
    return value < 0.2


@pytest.mark.parametrize("answer", [
    lambda uses: len(uses) >= 3 and not any(uses[-3:]), lambda uses: uses[-4:] == [False] * 4, weighed])
def test_rules_that_are_quick_and_calm_pass(answer, capsys):
    assert verdict(checks.own_rule, answer, capsys).startswith("right: ")


@pytest.mark.parametrize("answer", [
    lambda uses: bool(uses) and not uses[-1], lambda uses: len(uses) >= 3 and 2 * sum(uses) < len(uses),
    lambda uses: False, lambda uses: True, lambda uses: uses[-9:] == [False] * 9,
    lambda uses: any(not any(uses[at:at + 3]) for at in range(len(uses) - 2))])
def test_rules_that_are_rash_slow_or_bear_a_grudge_are_refused(answer, capsys):
    refused(checks.own_rule, answer, capsys)
