"""The checks of chapter 5 let right answers pass, however they are written, and refuse plausible wrong ones."""

from dataclasses import dataclass

import numpy as np
import pytest
from verdicts import refused

from procmem_lite.exercises import finding_the_way as checks
from procmem_lite.exercises.report import Wrong
from procmem_lite.navigation.goto import Going, GoTo
from procmem_lite.skills import Replaying


def by_columns(first, second):
    axes = len(first[1])
    def both(point):
        return second[0] @ (first[0] @ point + first[1]) + second[1]
    zero = both(np.zeros(axes))
    return np.column_stack([both(unit) - zero for unit in np.eye(axes)]), zero


def homogeneous(first, second):
    def square(pair):
        return np.block([[np.asarray(pair[0]), np.asarray(pair[1])[:, None]], [np.zeros(len(pair[1])), np.ones(1)]])
    both = square(second) @ square(first)
    return both[:-1, :-1], both[:-1, -1]


COMPOSED = {
    "by the formula": lambda first, second: (second[0] @ first[0], second[0] @ first[1] + second[1]),
    "column by column": by_columns,
    "as one larger matrix": homogeneous,
}
NOT_COMPOSED = {
    "the other order": lambda first, second: (first[0] @ second[0], first[0] @ second[1] + first[1]),
    "offsets added": lambda first, second: (second[0] @ first[0], first[1] + second[1]),
    "matrices multiplied the wrong way": lambda first, second: (
        first[0] @ second[0], second[0] @ first[1] + second[1]),
    "entry by entry": lambda first, second: (second[0] * first[0], second[0] @ first[1] + second[1]),
    "no offset": lambda first, second: (second[0] @ first[0], np.zeros(len(first[1]))),
    "a list": lambda first, second: [second[0] @ first[0], second[0] @ first[1] + second[1]],
}
KINGS = {
    "diagonal, then straight": lambda down, right: (
        1.5 * min(abs(down), abs(right)) + abs(abs(down) - abs(right))),
    "the larger and half the smaller": lambda down, right: (
        max(abs(down), abs(right)) + 0.5 * min(abs(down), abs(right))),
    "the mean of two": lambda down, right: (
        0.5 * max(abs(down), abs(right)) + 0.5 * (abs(down) + abs(right))),
}
NO_KINGS = {
    "Manhattan": lambda down, right: abs(down) + abs(right),
    "Chebyshev": lambda down, right: max(abs(down), abs(right)),
    "Euclid": lambda down, right: float(np.hypot(down, right)),
    "nothing": lambda down, right: 0,
    "signs forgotten": lambda down, right: max(down, right) + 0.5 * min(down, right),
    "a chess king's octile": lambda down, right: (
        max(abs(down), abs(right)) + 0.4142 * min(abs(down), abs(right))),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_two_maps_in_one_pass_however_they_are_found(name):
    assert "5 pairs" in checks.composed(COMPOSED[name])


@pytest.mark.parametrize("name", NOT_COMPOSED)
def test_another_map_is_refused(name):
    with pytest.raises(Wrong):
        checks.composed(NOT_COMPOSED[name])


def test_a_list_of_two_is_told_to_be_one(capsys):
    refused(checks.composed, NOT_COMPOSED["a list"], capsys, says="a tuple (A, b) is needed, got a list")


@pytest.mark.parametrize("name", KINGS)
def test_the_largest_honest_estimate_passes(name):
    assert "displacements" in checks.king(KINGS[name])


@pytest.mark.parametrize("name", NO_KINGS)
def test_an_estimate_that_says_too_much_or_too_little_is_refused(name):
    with pytest.raises(Wrong):
        checks.king(NO_KINGS[name])


class Again(Going):
    """Begins to go again, up to three times."""

    left = 3

    def act(self, percept):
        action = super().act(percept)
        if action is None and self.reason == "no effect" and self.left:
            self.left, self.taken = self.left - 1, 0
            return super().act(percept)
        return action


class Twice(Going):
    """Does the last action of its path twice more."""

    def find(self):
        found = super().find()
        if found and self.operator.site.action is not None:
            self.path += [self.path[-1]] * 2
            self.poses = self.body.poses_along(self.path)
        return found


class AtTheSite:
    """Walks with GoTo, and acts up to four times where it ends."""

    def __init__(self, operator, body):
        self.inner, self.left, self.operator = Going(operator, body), 4, operator

    @property
    def reason(self):
        return self.inner.reason

    def act(self, percept):
        action = self.inner.act(percept)
        if action is None and self.inner.reason == "no effect" and self.operator.site.action is not None:
            self.left -= 1
            return self.operator.site.action if self.left > 0 else None
        return action


def policy(using):
    @dataclass(frozen=True)
    class Policy(GoTo):
        def start(self, percept, body):
            return using(self.operator, body)
    return Policy


@pytest.mark.slow
@pytest.mark.parametrize("using", [Again, Twice, AtTheSite])
def test_a_policy_that_tries_again_passes(using):
    assert "steps" in checks.stubborn(policy(using))


class ForEver(Going):
    """Acts at the site until something comes of it."""

    def act(self, percept):
        action = super().act(percept)
        return self.operator.site.action if action is None and self.taken == len(self.path) else action


@dataclass(frozen=True)
class AlwaysNew(GoTo):
    """Is never where it has failed."""

    def situation(self, percept):
        return object()


def test_a_policy_that_never_gives_up_is_refused(capsys):
    refused(checks.stubborn, policy(ForEver), capsys, says="does not give up")


def test_a_policy_that_could_never_be_banned_is_refused(capsys):
    refused(checks.stubborn, AlwaysNew, capsys, says="two situations")


class GivesUp(Going):
    """Never leaves."""

    def act(self, percept):
        self.reason = "no path"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [GoTo, policy(GivesUp), policy(lambda operator, body: Replaying([4, 4, 4])),
                                  lambda operator: object()])
def test_a_policy_that_saves_nothing_is_refused(kind):
    with pytest.raises(Wrong):
        checks.stubborn(kind)
