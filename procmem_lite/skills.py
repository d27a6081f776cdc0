"""Chapter 2: from a trajectory to skills - cut where facts flip, erase loops, keep every useful part.

segment    steps up to one at which a fact appeared          [Transition, ..., Transition]
path       a segment without its loops
site       where an effect happens, seen from its anchor     Site((0, 0), 4): on it, by action 4
operator   when something applies, and what it changes       Operator(frozenset(), frozenset({"lamp lit"}), ...)
context    the anchor's displacement at the start            (2, -1)
skill      an operator, the actions that do it, a context    Skill((1, 1, 2, 4), ..., context=(2, -1))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from operator import add, sub
from typing import NamedTuple

import numpy as np

from .percepts import Displacement, Facts, Percept, Transition
from .settings import RULES

HARMONICS = 8  # clock hands for each axis of a displacement
REACH = 64.0  # longest displacement along an axis that is told apart from longer ones
_speeds = np.tile(np.arange(1, 2 * HARMONICS, 2), 2)
SPEEDS = _speeds * np.pi / (2 * REACH)  # of each hand's cosine, then of its sine: that of a quarter turn less
QUARTERS = np.repeat([0.0, np.pi / 2], HARMONICS)
WEIGHTS = 1 / np.sqrt(_speeds * (1 / _speeds).sum() / 2)


class Site(NamedTuple):
    """Where an effect happens: the anchor's displacement, and the action that causes it there (None: arriving)."""

    displacement: Displacement | None
    action: int | None


class Claim(NamedTuple):
    """What all cases of a site say together: "this effect happens there by this action"."""

    effect: Facts
    removes: Facts
    anchor: str | None
    site: Site


@dataclass(frozen=True)
class Operator:
    """When something applies, and what it changes; planning knows nothing else (Fikes and Nilsson, 1971).

    Attributes:
        preconditions: facts that must hold before. effect: facts that appear. removes: facts that vanish then.
        anchor: name of the object it is about, or None. site: where and how the effect happens, seen from there.
    """

    preconditions: Facts
    effect: Facts
    removes: Facts = frozenset()
    anchor: str | None = None
    site: Site = Site(None, None)

    def applies(self, facts: Facts) -> bool:
        """Whether the preconditions hold, and the effect is still missing."""
        return self.preconditions <= facts and self.removes <= facts and not self.effect <= facts

    def apply(self, facts: Facts) -> Facts:
        """The facts afterwards."""
        return (facts - self.removes) | self.effect

    @cached_property
    def claim(self) -> Claim:
        """What is disputed when it fails."""
        return Claim(self.effect, self.removes, self.anchor, self.site)

    anchors = property(lambda self: (self.anchor,))  # the objects that serve as well as each other


@dataclass(eq=False)
class Skill:
    """An operator and a sequence of actions that brings it about from one context, with its record.

    Attributes:
        actions: primitive actions, the last of which brings the effect about.
        preconditions, effect, removes, anchor, site: its operator's; see :class:`Operator`.
        context: the anchor's displacement at the start; empty without an anchor.
        uses, successes: its record; a merge adds to neither.
    """

    actions: tuple[int, ...]
    preconditions: Facts
    effect: Facts
    removes: Facts = frozenset()
    anchor: str | None = None
    context: Displacement = ()
    site: Site = Site(None, None)
    uses: int = 0
    successes: int = 0
    number: int = -1  # given by the library, in order of arrival

    @cached_property
    def operator(self) -> Operator:
        """What it has in common with all skills on its shelf of a library."""
        return Operator(self.preconditions, self.effect, self.removes, self.anchor, self.site)

    @property
    def name(self) -> str:
        """Readable and unique among skills with the same operator: "open from box (2, -1)"."""
        start = f" from {self.anchor} {self.context}" if self.anchor else ""
        return " + ".join(sorted(self.effect)) + start

    @property
    def success_rate(self) -> float:
        """Share of uses that succeeded, counted as if one more use had: 1.0 before the first."""
        return (self.successes + 1) / (self.uses + 1)

    @property
    def embedding(self) -> np.ndarray:
        """The context as a unit vector; see :func:`embed`."""
        return embed(self.context)

    def is_applicable(self, percept: Percept) -> bool:
        """Whether its operator applies and the anchor is there."""
        return self.operator.applies(percept.facts) and (self.anchor is None or self.anchor in percept.objects)

    def situation(self, percept: Percept) -> Hashable:
        """What is given up for a while when it fails here: these actions, under these facts, at this place."""
        return self.operator.claim, self.context, percept.facts, percept.place

    def start(self, percept: Percept, body: object) -> Replaying:
        """Begin to play its actions."""
        return Replaying(self.actions)


class Replaying:
    """One use of stored actions: one after the other, until they end or one changes nothing."""

    def __init__(self, actions: Sequence[int]) -> None:
        self.rest, self.before = list(actions), None
        self.reason = "no effect"

    def act(self, percept: Percept) -> int | None:
        """The next action; None at the end, or where the last one moved neither the agent nor a thing."""
        if self.before and (percept.place, percept.objects) == (self.before.place, self.before.objects):
            self.reason, self.rest = "blocked", []
        self.before = percept
        return self.rest.pop(0) if self.rest else None


def loop_erase(places: Sequence[Hashable]) -> list[int]:
    """Indices that remain when every excursion returning to an earlier place is dropped (Lawler, 1980).

    A place of ``None`` is like no other. Runs in linear time.
    """
    last = {place: index for index, place in enumerate(places)}
    kept, index = [], 0
    while index < len(places):
        if places[index] is not None:
            index = last[places[index]]  # whatever was done before leaving here for good led back here
        kept.append(index)
        index += 1
    return kept


def cut(transitions: Sequence[Transition]) -> list[list[Transition]]:
    """Split a trajectory after every step at which a fact appeared; what follows the last such step is left out."""
    segments, start = [], 0
    for index, step in enumerate(transitions):
        if step.next_percept.facts - step.percept.facts:
            segments.append(list(transitions[start:index + 1]))
            start = index + 1
        elif step.next_percept.facts != step.percept.facts:
            start = index + 1  # only lost something: nothing here is worth repeating
    return segments


def erase(segment: Sequence[Transition]) -> list[Transition]:
    """A segment without its loops; its last step always stays."""
    return [segment[index] for index in loop_erase([step.percept.place for step in segment])]


def site_of(last: Transition, name: str) -> Site:
    """Where the effect of a segment's last step happened, as seen from one object."""
    before, after = last.percept.objects[name], last.next_percept.objects.get(name)
    stood = last.percept.place == last.next_percept.place is not None  # else what moves by itself would be arrived at
    return Site(before, last.action) if stood or after is None or after == before else Site(after, None)


def induce_anchor(segments: Collection[Sequence[Transition]],
                  ahead: Collection[Displacement] = (), refuted: Collection[str] = ()) -> tuple[str | None, float]:
    """The object whose displacement at the effect is the most constant, and the share of segments that agree.

    Ties go to one that was not there all along (as what is carried is), to an object ``ahead`` (where those are known),
    to the nearest, then to the first in the alphabet. Without common objects: ``(None, 0.0)``.
    """
    lasts, steps = [segment[-1] for segment in segments], [step for segment in segments for step in segment]
    names = set.intersection(*(set(last.percept.objects) for last in lasts)).difference(refuted) if lasts else set()
    ranked = []
    for name in names:
        site, count = Counter(site_of(last, name) for last in lasts).most_common(1)[0]
        idle = all(step.percept.objects.get(name) == site.displacement for step in steps)
        far = sum(map(abs, site.displacement))
        ranked.append((-count / len(lasts), idle, site.displacement not in ahead, far, name))
    if not ranked:
        return None, 0.0
    share, *_, name = min(ranked)
    return name, -share


def induce_preconditions(segments: Iterable[Sequence[Transition]]) -> Facts:
    """The facts that held before the effect every time it was seen."""
    return frozenset.intersection(*(segment[-1].percept.facts for segment in segments))


def induce_operator(segments: Sequence[Sequence[Transition]]) -> Operator:
    """What the cases of one effect have in common; the anchor is dropped where fewer than half of them agree on it."""
    anchor, share = induce_anchor(segments)
    last, (effect, removes) = segments[-1][-1], change_of(segments[-1])
    anchor = anchor if share >= 0.5 else None
    site = site_of(last, anchor) if anchor else Site(None, last.action)
    return Operator(induce_preconditions(segments), effect, removes, anchor, site)


def served(operator: Operator, last: Transition) -> list[str | None]:
    """Which of an operator's anchors a step was about: the nearest; none where none was there."""
    there = [name for name in operator.anchors if name in {None, *last.percept.objects}]
    return sorted(there, key=lambda name: (sum(map(abs, site_of(last, name).displacement)) if name else 0, name))[:1]


def hindsight(path: Sequence[Transition], anchor: str | None,
              rule: str = "subpaths") -> dict[Displacement, tuple[int, ...]]:
    """Context -> actions: the parts of one loop-erased path that are skills too (every part of a success is a success).

    Rules: "whole" and "erased" keep the path as it is, "suffixes" each part up to its end, "subpaths" each part between
    two of its steps followed by the last action, where all objects agree that it only shifted the agent.
    """
    if rule not in RULES:
        raise ValueError(f"rule: one of {RULES} is needed, got {rule!r}")
    if anchor is None:
        return {(): (path[-1].action,)}
    if rule == "subpaths":
        return subpaths(path, anchor)
    if rule == "suffixes":
        return suffixes(path, anchor)
    start = path[0].percept.objects.get(anchor)
    return {} if start is None else {start: tuple(step.action for step in path)}


def suffixes(path: Sequence[Transition], anchor: str) -> dict[Displacement, tuple[int, ...]]:
    """Context -> actions for every part of a path up to its end, the shortest for each context."""
    actions = tuple(step.action for step in path)
    found: dict[Displacement, tuple[int, ...]] = {}
    for i, step in enumerate(path):
        if anchor in step.percept.objects:
            keep_shorter(found, step.percept.objects[anchor], actions[i:])
    return found


def subpaths(path: Sequence[Transition], anchor: str) -> dict[Displacement, tuple[int, ...]]:
    """The suffixes, and each part between two steps followed by the last action, where it only shifted the agent."""
    actions = tuple(step.action for step in path)
    found = suffixes(path, anchor)
    end = path[-1].percept.objects[anchor]
    for i, j in combinations(range(len(path)), 2):
        shift = common_shift(path[i].percept, path[j].percept)
        if shift is not None:
            keep_shorter(found, tuple(map(add, shift, end)), actions[i:j] + actions[-1:])
    return found


def keep_shorter(found: dict[Displacement, tuple[int, ...]], context: Displacement, actions: tuple[int, ...]) -> None:
    """Remember ``actions`` for a context unless something as short is there already."""
    if context not in found or len(actions) < len(found[context]):
        found[context] = actions


def common_shift(first: Percept, second: Percept) -> Displacement | None:
    """By how much every object moved between two percepts, or None where they disagree (the agent turned, say)."""
    names = first.objects.keys() & second.objects.keys()
    shifts = {tuple(map(sub, first.objects[name], second.objects[name])) for name in names}
    return shifts.pop() if len(shifts) == 1 else None


def change_of(path: Sequence[Transition]) -> tuple[Facts, Facts]:
    """The facts that appeared at a path's last step, and those that vanished."""
    before, after = path[-1].percept.facts, path[-1].next_percept.facts
    return after - before, before - after


def skills_from(path: Sequence[Transition], anchor: str | None, preconditions: Facts,
                rule: str = "subpaths") -> list[Skill]:
    """All skills that one loop-erased path yields under a rule of :func:`hindsight`."""
    effect, removes = change_of(path)
    site = site_of(path[-1], anchor) if anchor else Site(None, path[-1].action)
    return [Skill(actions, preconditions, effect, removes, anchor, context, site)
            for context, actions in hindsight(path, anchor, rule).items()]


def clamp(part: float) -> float:
    """A part of a displacement, no farther than ``REACH``; ValueError: for what is not a number."""
    if part != part:
        raise ValueError(f"displacement: numbers are needed, got {part!r}")
    return max(-REACH, min(REACH, part))


def embed(displacement: Displacement) -> np.ndarray:
    """A displacement as a unit vector of ``16 * axes`` numbers; the farther apart two are, the smaller their cosine.

    Each axis is a set of clock hands turning at the odd speeds 1, 3, 5 ...; a hand's weight is 1 / speed. The cosine of
    two such clocks is a sum of cos(j x) / j, whose slope -sin(n x) ** 2 / sin(x) is never positive: similarity never
    rises with the distance along an axis, up to ``2 * REACH``. No hashing, no random numbers: all processes agree.

    Raises:
        ValueError: for a part that is not a number.
    """
    reached = [[clamp(part)] for part in displacement]
    hands = np.cos(reached * SPEEDS - QUARTERS) * WEIGHTS / len(displacement) ** 0.5 if reached else np.ones(1)
    return hands.ravel().astype(np.float32)
