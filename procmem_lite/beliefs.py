"""What the agent believes of its operators, and how far: causes and accidents, needs and habits.

trial     a step that moved nothing               Transition, kept by action
belief    what an effect is about                 Belief(anchor="lamp", site=Site((0, 0), 4), preconditions, version)
hunch     a shelf that may do with less           Hunch(shelf, needs={{"loaded", "signed"}}): one of the two must hold
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .library import Ledger, Shelf
from .navigation.motion import MotionModel
from .percepts import Displacement, Facts, Percept, Transition
from .settings import Settings
from .skills import Operator, Site, change_of, induce_anchor, induce_preconditions, served, site_of

NEARLY = 0.9  # of the cases
SEVERAL = 2  # cases of which each of several objects alone is at hand
FAITH = 4  # successes that each part of a plan is credited with


class Belief(NamedTuple):
    """What an effect is about and needs; ``version`` is the motion model's when it was thought over last.

    ``twins`` are all objects that serve as well as each other, where there are several.
    """

    anchor: str | None
    site: Site
    preconditions: Facts
    version: int
    twins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Serving(Operator):
    """An operator that is about whichever of some objects."""

    twins: frozenset[str] = frozenset()

    @property
    def anchors(self) -> Collection[str | None]:
        """The objects that serve as well as each other."""
        return self.twins or (self.anchor,)


class Beliefs:
    """Beliefs by (effect, removes), and the trials that may refute them."""

    def __init__(self, model: MotionModel, settings: Settings) -> None:
        self.model, self.settings = model, settings
        self.forget("space")

    def forget(self, what: str) -> None:
        """Begin anew."""
        self.held: dict[tuple, Belief] = {}
        self.trials: dict[int, deque[Transition]] = {}

    def observe(self, step: Transition) -> None:
        """Remember what an action did where it moved nothing."""
        if step.percept.place == step.next_percept.place:
            self.trials.setdefault(step.action, deque(maxlen=self.settings.trials)).append(step)

    def induce(self, cases: Sequence[Sequence[Transition]]) -> Operator:
        """What the cases of one effect have in common; thought over again when the latest is not as believed."""
        last, change = cases[-1][-1], change_of(cases[-1])
        held = self.held.get(change)
        if (held is None or held.version != self.model.version or not held.preconditions <= last.percept.facts
                or held.anchor not in last.percept.objects or site_of(last, held.anchor) != held.site
                or goes_along(cases, held.anchor) or self.is_refuted(cases, held.anchor, held.preconditions)):
            preconditions = induce_preconditions(cases)
            refuted = [name for name in last.percept.objects if self.is_refuted(cases, name, preconditions)]
            anchor, share = induce_anchor(cases, self.faced(last), refuted)
            if share < 0.5 or self.is_superstition(cases, anchor, preconditions):
                anchor = None
            if anchor is None or goes_along(cases, anchor):
                anchor = self.beside(cases, preconditions) or anchor
            twins = self.either(cases, preconditions) if anchor is None or share < NEARLY else frozenset()
            anchor = served(Serving(preconditions, *change, twins=twins), last)[0] if twins else anchor
            site = site_of(last, anchor) if anchor else Site(None, last.action)
            held = self.held[change] = Belief(anchor, site, preconditions, self.model.version, twins)
        return Serving(held.preconditions, *change, held.anchor, held.site, held.twins)

    def faced(self, last: Transition) -> list[Displacement]:
        """Where what an action changed is to be looked for first: ahead, if the agent can turn and stood still."""
        turns, still = len(self.model.frames) > 1, last.percept.place == last.next_percept.place
        return self.model.strides if turns and still else []

    def elsewhere(self, last: Transition, anchors: Collection[str], preconditions: Facts,
                  spots: Collection[Displacement]) -> list[bool]:
        """Whether an effect came about in each trial in which none of its anchors was at any of some ``spots``.

        Only trials that met the same kind of ground ahead count: what can be put down, say, can be put down on open
        ground.
        """
        effect, is_open = change_of([last])[0], self.model.is_open
        return [effect <= trial.next_percept.facts for trial in self.trials.get(last.action, ())
                if preconditions <= trial.percept.facts and not effect <= trial.percept.facts
                and not any(trial.percept.objects.get(name) in spots for name in anchors)
                and is_open(trial.percept) == is_open(last.percept)]

    def is_superstition(self, cases: Sequence[Sequence[Transition]], anchor: str, preconditions: Facts) -> bool:
        """Whether an effect has nothing to do with its anchor: in most trials elsewhere it came about too.

        Where it may have to do with what is ahead, the agent could stand on the anchor by accident; then there must be
        several cases, all of them there, and several trials elsewhere in vain.
        """
        last, spots = cases[-1][-1], [case[-1].percept.objects[anchor] for case in cases]
        if site_of(last, anchor).action is None:
            return False  # arriving was enough
        worked = self.elsewhere(last, [anchor], preconditions, {site_of(last, anchor).displacement})
        if self.faced(last) and not any(spots[-1]):
            failed = len(worked) - sum(worked)
            few = failed < self.settings.accidents or len(spots) * failed < self.settings.accidents**2
            return any(map(any, spots)) or few or sum(worked) >= failed
        return 2 * sum(worked) >= max(len(worked), 1)

    def is_refuted(self, cases: Sequence[Sequence[Transition]], anchor: str, preconditions: Facts) -> bool:
        """Whether an action was in vain more often than not with an anchor where it was when the effect came about."""
        last, effect = cases[-1][-1], change_of(cases[-1])[0]
        if site_of(last, anchor).action is None:
            return False  # arriving was enough: who stood still has not arrived
        spots = {case[-1].percept.objects.get(anchor) for case in cases}
        worked = [effect <= trial.next_percept.facts for trial in self.trials.get(last.action, ())
                  if preconditions <= trial.percept.facts and not effect <= trial.percept.facts
                  and trial.percept.objects.get(anchor) in spots]
        return len(worked) - sum(worked) >= max(self.settings.accidents, sum(worked))

    def beside(self, cases: Sequence[Sequence[Transition]], preconditions: Facts) -> str | None:
        """The object that was within reach nearly each time, from whatever side, and out of reach was in vain; or None.

        Of several, the one that was there most often, then from the fewest sides.
        """
        lasts, reach, ranked = [case[-1] for case in cases], self.model.reach, []
        for name in set.intersection(*(set(last.percept.objects) for last in lasts)):
            spots = [site_of(last, name).displacement for last in lasts]
            ranked.append((-sum(spot in reach for spot in spots), len(set(spots)), name))
        ranked = [each for each in ranked if -each[0] >= NEARLY * len(lasts) and not goes_along(cases, each[-1])
                  and not self.is_refuted(cases, each[-1], preconditions)]
        if len(lasts) < self.settings.accidents or not ranked:
            return None
        name, last = min(ranked)[-1], lasts[-1]
        return name if self.is_needed(last, [name], preconditions, reach) else None

    def is_needed(self, last: Transition, anchors: Collection[str], preconditions: Facts,
                  spots: Collection[Displacement]) -> bool:
        """Whether an action was in vain, several times, with no object at some spots; or arriving was enough."""
        worked = self.elsewhere(last, anchors, preconditions, spots)
        failed = len(worked) - sum(worked)
        return (site_of(last, min(anchors)).action is None
                or failed >= self.settings.accidents and sum(worked) <= (1 - NEARLY) * failed)

    def either(self, cases: Sequence[Sequence[Transition]], preconditions: Facts) -> frozenset[str]:
        """Objects of which one was at hand nearly each time, each several times alone, and none in vain; or none."""
        lasts, near, found = [case[-1] for case in cases], set(self.model.stances), set()
        left, least = set(range(len(lasts))), (1 - NEARLY) * len(lasts)
        hand = {name: {i for i in left if name in lasts[i].percept.objects
                       and site_of(lasts[i], name).displacement in near} for name in lasts[-1].percept.objects}
        while len(left) > least:
            name = max(sorted(hand), key=lambda name: len(hand[name] & left), default=None)
            if name is None or len(hand[name] & left) < SEVERAL:
                return frozenset()
            found, left = found | {name}, left - hand[name]
        fits = len(found) > 1 and self.is_needed(lasts[-1], found, preconditions, near)
        return frozenset(found) if fits else frozenset()

    def in_vain(self, operator: Operator) -> list[Facts]:
        """The facts of all trials in which an operator's action did nothing at its site."""
        effect, anchor, (spot, action) = operator.effect, operator.anchor, operator.site
        return [trial.percept.facts for trial in self.trials.get(action, ())
                if not (effect <= trial.next_percept.facts or effect <= trial.percept.facts)
                and operator.removes <= trial.percept.facts and trial.percept.objects.get(anchor) == spot]


def goes_along(cases: Iterable[Sequence[Transition]], name: str) -> bool:
    """Whether an object was where it was all along, although the agent moved: it is carried, say."""
    steps = [step for case in cases for step in case]
    return (len({step.percept.objects.get(name) for step in steps}) == 1
            and any(step.percept.place != step.next_percept.place for step in steps))


def lacking(preconditions: Facts, failed: Iterable[Facts], here: Facts) -> frozenset[Facts]:
    """The preconditions that each failure lacked: one of them is needed.

    A failure while other facts held that do not hold here says nothing: they may have been in the way.
    """
    lacked = {preconditions - facts for facts in failed if not preconditions <= facts and facts <= here | preconditions}
    return frozenset(some for some in lacked if not any(other < some for other in lacked))  # the sharpest say it all


@dataclass(frozen=True)
class Doubted(Operator):
    """An operator of whose preconditions less may do: of each of some sets, one fact must hold."""

    needs: Collection[Facts] = ()

    def applies(self, facts: Facts) -> bool:
        """Whether no failure says that it cannot work, and the effect is still missing."""
        return (self.removes <= facts and not self.effect <= facts
                and not any(need.isdisjoint(facts) for need in self.needs))


class Hunch:
    """A shelf as an edge of a plan that may do without preconditions, and counts as dearer for it."""

    def __init__(self, shelf: Shelf, needs: Collection[Facts], least: float, most: float) -> None:
        self.shelf, self.needs, self.least, self.most = shelf, needs, least, most
        self.operator = Doubted(shelf.preconditions, shelf.effect, shelf.removes, shelf.anchor, shelf.site, needs)

    def cost_under(self, facts: Facts) -> float:
        """Expected steps: 1, 2, 3 ... times dearer where 1, 2, 4 ... facts are missing that nothing says are needed."""
        missing = len(self.shelf.preconditions - facts) - sum(need.isdisjoint(facts) for need in self.needs)
        return self.shelf.cost * max(self.least, min(max(missing, 0).bit_length(), self.most))

    def __getattr__(self, name: str) -> object:
        """All the rest is the shelf's."""
        return getattr(self.shelf, name)


def hunches(beliefs: Beliefs, shelves: Iterable[Shelf], percept: Percept, ledger: Ledger,
            learning: bool) -> list[Hunch]:
    """Every shelf once more, as far as no failure tells that it needs what always held."""
    found, most = [], beliefs.settings.doubt
    for shelf in shelves:
        if shelf.preconditions and shelf.anchor in {None, *percept.objects}:
            failed = ledger.failures(shelf.operator.claim) + beliefs.in_vain(shelf.operator)
            needs = lacking(shelf.preconditions, failed, percept.facts)
            found.append(Hunch(shelf, needs, 1.0 if learning else most, most))
    return found


def is_vain(plan: Iterable[Shelf], facts: Facts, ledger: Ledger, rng: np.random.Generator) -> bool:
    """Whether to doubt a plan: the likelier, the less often its parts have worked under the facts to come."""
    rate = 1.0
    for shelf in plan:
        tried = ledger.under_facts(shelf.operator.claim, facts)
        rate *= (tried.successes + FAITH) / (tried.uses + FAITH)
        facts = shelf.operator.apply(facts)
    return rate < 0.5 and rng.random() >= rate
