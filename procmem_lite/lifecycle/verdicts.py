"""Chapter 10: failures counted by claim, under the facts of each - and an agent that plans by that.

trial     a deed that moved nothing, and what came of it     Transition, kept by chapter 5's beliefs
misses    facts -> trials in vain since the last success     {frozenset({"dark"}): 2}
verdict   what all trials say of one claim                   Verdict(misses, in_vain, broken=True)
looks     as which other actions one looked of late          Looks({0}, times=3, moved=2)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..agent import ProceduralMemoryAgent, Run, SequenceAgent
from ..beliefs import FAITH, Belief, Beliefs, hunches
from ..explorers import Explorer, UntriedExplorer
from ..library import Ledger, Match, Shelf
from ..navigation.dangers import Dangers
from ..navigation.motion import MISS, STILL, MotionModel
from ..percepts import Facts, Percept, Transition
from ..planning import expected_steps
from ..settings import Settings
from ..skills import Claim, Operator, change_of, induce_anchor, induce_preconditions, site_of

TWO = 2  # trials in vain, one after the other under the same facts, that refute a claim there
AGREE = 6  # points until two actions are held to have changed places: 2 a step that moved like the other, 1 in vain


class Verdict(NamedTuple):
    """What trials say of one claim.

    Attributes:
        misses: facts -> trials in vain under these very facts since the last success there.
        in_vain: the facts of all trials in vain since it broke. broken: whether it is refuted where it once worked.
    """

    misses: Mapping[Facts, int]
    in_vain: Sequence[Facts]
    broken: bool


def is_test(claim: Claim, step: Transition) -> bool:
    """Whether a step put a claim to the test: its action, at its site, while its effect was missing."""
    seen = step.percept
    return (step.action == claim.site.action and seen.objects.get(claim.anchor) == claim.site.displacement
            and claim.removes <= seen.facts and not claim.effect <= seen.facts)


def judge(claim: Claim, trials: Iterable[Transition]) -> Verdict:
    """Count by claim and facts. What failed before a claim broke tells of a world that is no more."""
    misses, in_vain, worked, broken = {}, [], set(), False
    for trial in trials:
        if not is_test(claim, trial):
            continue
        facts = trial.percept.facts
        if claim.effect <= trial.next_percept.facts:
            misses[facts] = 0
            worked.add(facts)
            continue
        misses[facts] = misses.get(facts, 0) + 1
        in_vain.append(facts)
        if facts in worked and misses[facts] == TWO:
            in_vain, broken = [facts], True
    return Verdict(misses, in_vain, broken)


class Verdicts(Beliefs):
    """Beliefs that ask under which facts a claim failed, and give nothing up for nothing."""

    def __init__(self, model: MotionModel, settings: Settings, explorer: Explorer) -> None:
        self.explorer = explorer
        super().__init__(model, settings)

    def forget(self, what: str) -> None:
        """Begin anew."""
        super().forget(what)
        self.known: dict[Claim, tuple[Transition, Verdict]] = {}  # as of its action's last trial

    def observe(self, step: Transition) -> None:
        """Remember a trial; at the first surprise in a situation, look for another deed there."""
        super().observe(step)
        if step.percept.place == step.next_percept.place and isinstance(self.explorer, UntriedExplorer):
            for (effect, removes), belief in self.held.items():
                claim = Claim(effect, removes, belief.anchor, belief.site)
                if belief.anchor and is_test(claim, step) and self.misses(claim, step.percept.facts) == 1:
                    forget_notes(self.explorer, step.percept.facts, claim)

    def verdict(self, claim: Claim) -> Verdict:
        """What all trials kept say of a claim; nothing of one that needs no deed."""
        trials = self.trials.get(claim.site.action)
        if not trials:
            return Verdict({}, (), False)
        if claim not in self.known or self.known[claim][0] is not trials[-1]:
            self.known[claim] = trials[-1], judge(claim, trials)
        return self.known[claim][1]

    def misses(self, claim: Claim, facts: Facts) -> int:
        """Trials in vain in a row under these facts."""
        return self.verdict(claim).misses.get(facts, 0)

    def in_vain(self, operator: Operator) -> list[Facts]:
        """The facts of all trials in vain since the claim broke."""
        return list(self.verdict(operator.claim).in_vain)

    def is_disproved(self, case: Sequence[Transition]) -> bool:
        """Whether what a case shows would not come about any more, under the facts that it began with."""
        change, last = change_of(case), case[-1]
        held = self.held.get(change)
        if held is None or held.anchor not in last.percept.objects:
            return False
        return self.misses(Claim(*change, held.anchor, site_of(last, held.anchor)), last.percept.facts) >= TWO

    def induce(self, cases: Sequence[Sequence[Transition]]) -> Operator:
        """What the cases that still hold have in common; an object is given up only for something better."""
        change, last = change_of(cases[-1]), cases[-1][-1]
        cases = [case for case in cases if not self.is_disproved(case)] or cases
        held = self.held.get(change)
        if held is not None and held.preconditions != induce_preconditions(cases):
            del self.held[change]
        operator = super().induce(cases)
        if operator.anchor is None:
            anchor, share = induce_anchor(cases, self.faced(last))
            sure = share >= 0.5 and len(cases) >= self.settings.accidents
            if sure and not self.is_superstition(cases, anchor, operator.preconditions):
                site = site_of(cases[-1][-1], anchor)
                self.held[change] = Belief(anchor, site, operator.preconditions, self.model.version)
                return Operator(operator.preconditions, *change, anchor, site)
        return operator


def forget_notes(explorer: UntriedExplorer, facts: Facts, claim: Claim) -> None:
    """Let an explorer hold every other deed at a claim's site for untried under these facts."""
    explorer.turned.pop((facts, claim.anchor), None)
    for other in set(range(explorer.n_actions)) - {claim.site.action}:
        interaction = claim.anchor, claim.site.displacement, other
        explorer.tried.pop((facts, *interaction), None)
        explorer.ever.discard(interaction)


class Looks(NamedTuple):
    """As which other actions one looked, how many times in a row, and how many of these moved things."""

    others: frozenset[int]
    times: int
    moved: int


class Exchanging(MotionModel):
    """Learned motion that sees when two actions have changed places, long before both are learned anew."""

    def __init__(self, n_actions: int, trust: int = 4) -> None:
        super().__init__(n_actions, trust)
        self.looks: dict[int, Looks] = {}

    def learn(self, before: Percept, action: int, after: Percept) -> None:
        """Take a step into account; where an action has looked like one other for a while, exchange the two."""
        taken = self.explain(before, action, after)
        like = self.like(before, action, taken)
        super().learn(before, action, after)
        if taken == action:
            self.looks.pop(action, None)
        if not like:
            return
        others, times, moved = self.looks.get(action, Looks(like, 0, 0))
        if not others & like:
            others, times, moved = like, 0, 0
        found = self.looks[action] = Looks(others & like, times + 1, moved + (taken != STILL))
        sure = found.times + found.moved >= AGREE and found.moved and len(found.others) == 1
        if sure and {action, *found.others} <= {*self.maps}:
            self.exchange(action, *found.others)

    def like(self, before: Percept, action: int, taken: int | None) -> frozenset[int]:
        """As which other actions a step looks: one that moves so, or any that would have been blocked here."""
        if action not in self.maps or self.slips:
            return frozenset()
        if taken == STILL and self.enters_free(before, action):
            return frozenset(other for other in self.maps if before.around.get(self.shift[0][other]) is False)
        return frozenset({taken} & self.maps.keys() - {action})

    def exchange(self, one: int, other: int) -> None:
        """Each does what the other did; a few misses will show if it does not."""
        self.maps[one], self.maps[other] = self.maps[other], self.maps[one]
        for action in (one, other):
            self._trust[action] = 2 * MISS
            self._samples[action].clear()
            self.outcomes[action][:] = [0] * len(self.outcomes[action])
            self.looks.pop(action, None)
        self._rebuild()


class Since(NamedTuple):
    """A ledger of which only what was written since a claim broke is believed."""

    ledger: Ledger
    beliefs: Verdicts

    def failures(self, claim: Claim) -> list[Facts]:
        """The facts under which no use has succeeded; none, where the claim broke since."""
        return [] if self.beliefs.verdict(claim).broken else self.ledger.failures(claim)


def misses_in(ledger: Ledger, claim: Claim, facts: Facts) -> int:
    """Uses in vain in a row under these facts, of the last few that the ledger tells in full."""
    here = [use.succeeded for use in ledger.lines.get(claim, ()) if use.facts == facts]
    return len(here) if not any(here) else here[::-1].index(True)


class LifelongAgent(ProceduralMemoryAgent):
    """Plans by what failed in a row under the same facts, not by how often something has ever failed."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)
        model = Exchanging(self.n_actions, self.settings.trust)
        beliefs = Verdicts(model, self.settings, self.memory.explorer)
        self.memory.senses = {"motion": model, "dangers": Dangers(model), "beliefs": beliefs}
        self.memory.induce = beliefs.induce

    def misses(self, claim: Claim, facts: Facts) -> int:
        """Failures in a row of a claim under these facts; all uses, where none has ever succeeded there.

        Who never gets to a site puts no claim to the test: that a way is barred, the ledger alone can tell.
        """
        ledger, beliefs = self.memory.library.ledger, self.memory.senses["beliefs"]
        tried = ledger.under_facts(claim, facts)
        in_vain = 0 if tried.successes else tried.uses
        if claim.site.action is None or claim.anchor is None:
            return max(in_vain, misses_in(ledger, claim, facts))
        return max(in_vain, beliefs.misses(claim, facts))

    def price(self, run: Run, shelf: Shelf, facts: Facts) -> float:
        """Expected steps of a shelf: twice, three times ... its mean after one, two ... failures in a row."""
        if super().price(run, shelf, facts) == float("inf"):
            return float("inf")
        return expected_steps(shelf, facts) * shelf.tally.rate * (1 + self.misses(shelf.operator.claim, facts))

    def edges(self, run: Run) -> list[Shelf]:
        """All shelves and hunches; what failed before a claim broke forbids no hunch."""
        known, beliefs = SequenceAgent.edges(self, run), self.memory.senses["beliefs"]
        if not self.settings.hunch:
            return known
        since = Since(run.memory.library.ledger, beliefs)
        return known + hunches(beliefs, known, run.percept, since, run.memory.learning)

    def doubts(self, run: Run, found: Sequence[Shelf]) -> bool:
        """Whether to doubt a plan: the likelier, the more of its parts failed last under the facts to come."""
        rate, facts = 1.0, run.percept.facts
        for shelf in found:
            rate *= FAITH / (FAITH + self.misses(shelf.operator.claim, facts))
            facts = shelf.operator.apply(facts)
        return self.settings.ban and run.memory.learning and rate < 0.5 and run.memory.rng.random() >= rate

    def policies(self, run: Run, shelf: Shelf, k: int) -> list[Match]:
        """What may be used, what failed least in a row first; of equals, the nearest."""
        facts = run.percept.facts
        return sorted(super().policies(run, shelf, k), key=lambda match: self.misses(match.skill.operator.claim, facts))
