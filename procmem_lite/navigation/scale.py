"""Chapter 5: displacements in lengths of a step, whatever the world's unit, and without noise well below a step.

unit     how long a step is          0.1, in a world that counts in tenths; 1.0 until something has moved
noisy    whether displacements tremble; then they are rounded to whole steps
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from ..percepts import Displacement, Percept, Transition
from .motion import pairs_of

EARLY = 1000  # steps kept until something has moved
ENOUGH = 32  # movements, and the scale is settled
ROUGH = 0.25  # parts of a step that are noise
DUST = 1e-6  # parts of a step that are an error of rounding
DIGITS = 6


class Scale:
    """The length of a step, learned from the first things that move."""

    def __init__(self) -> None:
        self.unit, self.noisy, self.whole = 1.0, False, True  # whole: nothing but whole numbers so far
        self.seen = 0  # movements so far
        self.guesses: list[float] = []  # the least that anything moved, where things moved differently
        self.early: deque[Transition] = deque(maxlen=EARLY)  # until something has moved

    def look(self, step: Transition) -> tuple[list[Transition], bool]:
        """What a step is in lengths of a step; after the first movement, all before it too, to be learned anew."""
        self.early.append(step)
        anew = self.seen < ENOUGH and bool(step.percept.objects) and self.changes(step)
        found = [self.in_steps(each) for each in (self.early if anew else [step])]
        if self.seen or not step.percept.objects:
            self.early.clear()
        return found, anew

    def changes(self, step: Transition) -> bool:
        """Whether a step shows that all was measured wrongly so far."""
        before, after = step.percept, step.next_percept
        self.whole = self.whole and all(type(x) is int for each in after.objects.values() for x in each)
        shifts = [np.subtract(b, a) for a, b in pairs_of(before, after)]
        size = max((float(np.abs(shift).max()) for shift in shifts), default=0.0)
        if size == 0 or before.place == after.place is not None:
            self.noisy = self.noisy or self.seen > 0 and DUST < size / self.unit < ROUGH
            return False
        spread = float(np.ptp(shifts, axis=0).max()) / size
        if spread > ROUGH:  # a turn, or something that moves by itself
            moved = [float(np.abs(shift).max()) for shift in shifts]
            self.guesses.append(min(each for each in moved if each > ROUGH * size))
            return self.seen == 0 and len(self.guesses) >= ENOUGH and self.settle(min(self.guesses))
        parts = np.abs(shifts).ravel() / size
        self.noisy = bool(self.noisy or spread > DUST or np.any((parts > DUST) & (parts < ROUGH)))
        return self.settle(size)

    def settle(self, size: float) -> bool:
        """Take one movement into the mean of all; whether it was the first, and not of length 1."""
        self.seen += 1
        if self.seen > 1 and abs(size / self.unit - 1) < ROUGH:
            self.unit += (size - self.unit) / self.seen if self.noisy else 0.0
        if self.seen == 1:
            self.unit = size
        return self.seen == 1 and size != 1

    def measured(self, displacement: Displacement) -> Displacement:
        """A displacement in steps."""
        parts = [x / self.unit for x in displacement]
        if self.noisy:
            return tuple(map(round, parts))
        return tuple([round(x) if abs(x - round(x)) < DUST else round(x, DIGITS) for x in parts])

    def of(self, percept: Percept) -> Percept:
        """A percept in steps; itself, where a step has length 1."""
        if self.unit == 1 and self.whole:
            return percept
        return replace(percept, objects={name: self.measured(seen) for name, seen in percept.objects.items()},
                       around={self.measured(near): free for near, free in percept.around.items()})

    def in_steps(self, step: Transition) -> Transition:
        """A transition in steps."""
        if self.unit == 1 and self.whole:
            return step
        return step._replace(percept=self.of(step.percept), next_percept=self.of(step.next_percept))
