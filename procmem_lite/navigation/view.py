"""Chapter 5: how an agent views its percepts - displacements in lengths of a step, and no facts that flicker.

unit     how long a step is          0.1, in a world that counts in tenths; 1.0 until something has moved
noisy    whether displacements tremble; then they are rounded to whole steps
flickers facts that come and go whatever is done                  {"lamp 3"}
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import replace

import numpy as np

from ..percepts import SUCCESS, Displacement, Percept, Transition
from .motion import pairs_of

EARLY = 1000  # steps kept until something has moved
ENOUGH = 32  # movements, and the scale is settled
ROUGH = 0.25  # parts of a step that are noise
DUST = 1e-6  # parts of a step that are an error of rounding
DIGITS = 6
RECENT = 400  # steps, and what was counted counts half
SOME = 5  # times that an action must have been taken to be asked
FLICKER = 0.1  # of the times that an action was taken, a fact came or went with it


class View:
    """The length of a step, learned from the first movements; and the facts that mean nothing."""

    def __init__(self) -> None:
        self.unit, self.noisy, self.whole = 1.0, False, True  # whole: nothing but whole numbers so far
        self.seen = 0  # movements so far
        self.guesses: list[float] = []  # before the first movement: the least that anything moved, where things moved
        # differently; after it: lengths of movements that were no steps, as far as is known
        self.flickers: set[str] = set()
        self.taken: Counter = Counter()  # action -> times, of late
        self.flips: dict[str, Counter] = {}  # fact -> twice the action, plus 1 where it came with it -> times, of late
        self.early: deque[Transition] = deque(maxlen=EARLY)  # until something has moved

    def look(self, step: Transition) -> tuple[list[Transition], str]:
        """A step as it is viewed, and what is viewed otherwise from now on: "", "facts" or "space".

        After the first movement, all steps before it come too, to be learned anew.
        """
        self.early.append(step)
        space = self.seen < ENOUGH and bool(step.percept.objects) and self.changes(step)
        facts = self.flicker(step)
        found = [self.viewed(each) for each in (self.early if space else [step])]
        if self.seen or not step.percept.objects:
            self.early.clear()
        return found, "space" if space else "facts" if facts else ""

    def flicker(self, step: Transition) -> bool:
        """Whether a fact is found to come with every action that was taken some times, and also to go with it."""
        self.taken[step.action] += 1
        for fact in (step.percept.facts ^ step.next_percept.facts) - self.flickers - {SUCCESS}:
            self.flips.setdefault(fact, Counter())[2 * step.action + (fact in step.next_percept.facts)] += 1
        if sum(self.taken.values()) > RECENT:
            self.taken = halved(self.taken)
            self.flips = {fact: left for fact, flips in self.flips.items() if (left := halved(flips))}
        known = [action for action, times in self.taken.items() if times >= SOME]
        new = {fact for fact, flips in self.flips.items() if len(known) > 2
               and all(both_ways(flips[2 * action], flips[2 * action + 1], self.taken[action]) for action in known)}
        self.flickers |= new
        for fact in new:
            del self.flips[fact]
        return bool(new)

    def changes(self, step: Transition) -> bool:
        """Whether a step shows that all was measured wrongly so far."""
        before, after = step.percept, step.next_percept
        self.whole = self.whole and all(type(x) is int for each in after.objects.values() for x in each)
        pairs = pairs_of(before, after)
        shifts = [np.subtract(b, a) for a, b in pairs]
        size = max((float(np.abs(shift).max()) for shift in shifts), default=0.0)
        if size == 0 or before.place == after.place is not None:
            self.noisy = self.noisy or self.seen > 0 and not self.whole and DUST < size / self.unit < ROUGH
            return False
        if all(abs(math.hypot(*b) - math.hypot(*a)) < ROUGH / 4 * size for a, b in pairs):
            return False  # nothing came nearer or went farther: a turn
        spread = float(np.ptp(shifts, axis=0).max()) / size
        if spread > ROUGH:  # a turn, or something that moves by itself
            moved = [float(np.abs(shift).max()) for shift in shifts]
            if self.seen == 0:
                self.guesses.append(min(each for each in moved if each > ROUGH * size))
            return self.seen == 0 and len(self.guesses) >= ENOUGH and self.settle(min(self.guesses))
        parts = np.abs(shifts).ravel() / size
        trembles = spread > DUST or bool(np.any((parts > DUST) & (parts < ROUGH)))
        self.noisy = self.noisy or trembles and not self.whole
        return self.settle(size)

    def settle(self, size: float) -> bool:
        """Take one movement into the mean of all; whether it shows that a step has another length than was thought.

        The first may have been a leap: the length that was seen most often of late is believed.
        """
        self.seen += 1
        if self.seen == 1:
            self.unit, self.guesses = size, []
            return size != 1
        fits = self.seen - len(self.guesses)
        if abs(size / self.unit - 1) < ROUGH:
            self.unit += (size - self.unit) / fits if self.noisy else 0.0
            return False
        self.guesses.append(size)
        alike = [each for each in self.guesses if abs(each / size - 1) < ROUGH]
        if len(alike) < fits:
            return False
        others = [each for each in self.guesses if abs(each / size - 1) >= ROUGH]
        self.unit, self.guesses = size, [*others, *[self.unit] * (fits - 1)]
        return True

    def measured(self, displacement: Displacement) -> Displacement:
        """A displacement in steps."""
        parts = [x / self.unit for x in displacement]
        if self.noisy:
            return tuple(map(round, parts))
        return tuple([round(x) if abs(x - round(x)) < DUST else round(x, DIGITS) for x in parts])

    def of(self, percept: Percept) -> Percept:
        """A percept as it is viewed; itself, where a step has length 1 and nothing flickers."""
        if self.flickers:
            percept = replace(percept, facts=percept.facts - self.flickers)
        if self.unit == 1 and self.whole:
            return percept
        return replace(percept, objects={name: self.measured(seen) for name, seen in percept.objects.items()},
                       around={self.measured(near): free for near, free in percept.around.items()})

    def viewed(self, step: Transition) -> Transition:
        """A transition as it is viewed."""
        if self.unit == 1 and self.whole and not self.flickers:
            return step
        return step._replace(percept=self.of(step.percept), next_percept=self.of(step.next_percept))


def both_ways(went: int, came: int, taken: int) -> bool:
    """Whether a fact has come with an action and gone with it, and often enough."""
    return went > 0 and came > 0 and went + came >= FLICKER * taken


def halved(counts: Counter) -> Counter:
    """Half of each count, as far as anything is left."""
    return Counter({key: count // 2 for key, count in counts.items() if count > 1})
