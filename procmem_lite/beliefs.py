"""What the agent believes of its operators, and how far: causes and accidents, needs and habits.

trial     a step that moved nothing               Transition, kept by action
belief    what an effect is about                 Belief(anchor="lamp", site=Site((0, 0), 4), preconditions, version)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from .library import Ledger, Shelf
from .navigation.motion import MotionModel
from .percepts import Displacement, Facts, Percept, Transition
from .settings import Settings
from .skills import Operator, Site, change_of, induce_anchor, induce_preconditions, site_of


class Belief(NamedTuple):
    """What an effect is about and needs; ``version`` is the motion model's when it was thought over last."""

    anchor: str | None
    site: Site
    preconditions: Facts
    version: int


class Beliefs:
    """Beliefs by (effect, removes), and the trials that may refute them."""

    def __init__(self, model: MotionModel, settings: Settings) -> None:
        self.model, self.settings = model, settings
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
                or held.anchor not in last.percept.objects or site_of(last, held.anchor) != held.site):
            anchor, share = induce_anchor(cases, self.faced(last))
            preconditions = induce_preconditions(cases)
            if share < 0.5 or self.is_superstition(cases, anchor, preconditions):
                anchor = None
            site = site_of(last, anchor) if anchor else Site(None, last.action)
            held = self.held[change] = Belief(anchor, site, preconditions, self.model.version)
        return Operator(held.preconditions, *change, held.anchor, held.site)

    def faced(self, last: Transition) -> list[Displacement]:
        """Where what an action changed is to be looked for first: ahead, if the agent can turn and stood still."""
        turns, still = len(self.model.frames) > 1, last.percept.place == last.next_percept.place
        return self.model.strides if turns and still else []

    def elsewhere(self, last: Transition, anchor: str, preconditions: Facts) -> list[bool]:
        """Whether an effect came about in each trial away from its anchor's site.

        Only trials that met the same kind of ground ahead count: what can be put down, say, can be put down on open
        ground.
        """
        effect, site, is_open = change_of([last])[0], site_of(last, anchor), self.model.is_open
        return [effect <= trial.next_percept.facts for trial in self.trials.get(last.action, ())
                if preconditions <= trial.percept.facts and not effect <= trial.percept.facts
                and trial.percept.objects.get(anchor) != site.displacement
                and is_open(trial.percept) == is_open(last.percept)]

    def is_superstition(self, cases: Sequence[Sequence[Transition]], anchor: str, preconditions: Facts) -> bool:
        """Whether an effect has nothing to do with its anchor: in most trials elsewhere it came about too.

        Where it may have to do with what is ahead, the agent could stand on the anchor by accident; then there must be
        several cases, all of them there, and several trials elsewhere in vain.
        """
        last, spots = cases[-1][-1], [case[-1].percept.objects[anchor] for case in cases]
        if site_of(last, anchor).action is None:
            return False  # arriving was enough
        worked = self.elsewhere(last, anchor, preconditions)
        if self.faced(last) and not any(spots[-1]):
            failed = len(worked) - sum(worked)
            few = min(len(spots), failed) < self.settings.accidents
            return any(map(any, spots)) or few or sum(worked) >= failed
        return 2 * sum(worked) >= max(len(worked), 1)

    def hunch(self, shelf: Shelf, percept: Percept, ledger: Ledger, learning: bool) -> float:
        """How many times dearer a shelf is that misses a precondition here; infinite where that is refuted.

        What always held need not be needed: a learner tries without it once for nothing, then at a price, and in the
        end no more. A claim that has never come true when it was used may miss any number of preconditions.
        """
        missing, total = shelf.preconditions - percept.facts, ledger.totals[shelf.operator.claim]
        never = total.uses >= self.settings.refuted and not total.successes
        if len(missing) != 1 and not (missing and never) or shelf.anchor not in {None, *percept.objects}:
            return float("inf")
        if not shelf.removes <= percept.facts and not never:
            return float("inf")
        tried = ledger.under_facts(shelf.operator.claim, percept.facts)
        if tried.uses >= self.settings.refuted and not tried.successes:
            return float("inf")
        return self.settings.doubt if tried.uses or not learning else 1.0
