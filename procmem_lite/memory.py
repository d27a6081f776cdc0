"""Chapter 4: all that outlives an episode - taken in by one method, and by none where it is frozen.

cases      (effect, removes) -> the latest paths that brought it about
explored   facts -> exploring steps taken under them
senses     whatever else learns from every step: motion, dangers, beliefs (chapter 5)
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from .episodes import Invocation
from .explorers import Explorer
from .library import SkillLibrary
from .navigation.view import View
from .percepts import EXPLORING, Transition, is_disaster
from .settings import Settings
from .skills import Operator, change_of, cut, erase, induce_operator, served, skills_from


class Sense(Protocol):
    """Learns from every step, and can begin anew."""

    def observe(self, step: Transition) -> None: ...

    def forget(self, what: str) -> None: ...


Induce = Callable[[Sequence[Sequence[Transition]]], Operator]


class Memory:
    """All that outlives an episode: skills and their ledger, the cases they came from, what was explored."""

    def __init__(self, explorer: Explorer, rng: np.random.Generator, settings: Settings,
                 induce: Induce = induce_operator, senses: Mapping[str, Sense] | None = None) -> None:
        self.explorer, self.rng, self.settings, self.induce = explorer, rng, settings, induce
        self.senses, self.view, self.learning = dict(senses or {}), View(), True
        self.forget()

    def forget(self, what: str = "space") -> None:
        """Begin anew, after facts are viewed otherwise, or even displacements; the explorer alone keeps its notes."""
        self.library, self.explored, self.cases = SkillLibrary(), Counter(), {}
        for sense in self.senses.values():
            sense.forget(what)
        self.begin()

    def begin(self) -> None:
        """An episode begins: what is cut into skills begins with it."""
        self.segment: list[Transition] = []

    def observe(self, step: Transition) -> Transition:
        """Take a step in, the only way to learn anything from the world; returns it as it was measured."""
        steps, anew = self.view.look(step) if self.learning else ((), "")
        if anew:  # what was learned so far was viewed otherwise
            self.forget(anew)
        for seen in steps:
            self.take(seen)
        return self.view.viewed(step)

    def take(self, step: Transition) -> None:
        """Learn from a step in lengths of a step."""
        self.explored[step.percept.facts] += step.invocation == EXPLORING
        for sense in self.senses.values():
            sense.observe(step)
        self.segment.append(step)
        changed = step.next_percept.facts != step.percept.facts
        for segment in cut(self.segment) if changed and not is_disaster(step) else []:
            learn(self, segment)
        if changed or step.terminated or step.truncated:
            self.segment = []

    def record(self, used: Invocation) -> None:
        """Write one use of a skill into the ledger, unless it was forgotten meanwhile; think over what failed."""
        if self.learning and self.library.knows(used.skill):
            self.library.record(used.skill, used.succeeded, used.cost, used.before.facts)
            if not used.succeeded and (change := used.skill.operator.claim[:2]) in self.cases:
                learn(self, self.cases[change].pop())

    def frozen(self) -> Memory:
        """The same memory, which nothing can change; its explorer and generator are copies."""
        still = copy.copy(self)
        still.learning, (still.explorer, still.rng) = False, copy.deepcopy((self.explorer, self.rng))
        return still


def learn(memory: Memory, segment: list[Transition]) -> None:
    """Make skills of a segment; where its effect's operator looks different now, make all anew."""
    path = segment if memory.settings.rule == "whole" else erase(segment)
    change = change_of(path)
    cases = memory.cases.setdefault(change, deque(maxlen=memory.settings.cases))
    cases.append(path)
    operator = memory.induce(cases)
    stale = [shelf for shelf in memory.library.shelves.values() if (shelf.effect, shelf.removes) == change
             and not (shelf.anchor in operator.anchors and shelf.preconditions == operator.preconditions)]
    memory.library.discard(stale)
    for known in cases if stale else [path]:
        for anchor in served(operator, known[-1]):
            for skill in skills_from(known, anchor, operator.preconditions, memory.settings.rule):
                if memory.library.lacks(skill):
                    memory.library.add(skill)
