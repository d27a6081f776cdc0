"""What does harm: deeds that ended an episode without success, or cost an object and brought nothing.

deed      what an action does in a situation       "lava" (enter it), (2, "bump"), (4, facts, what is near),
                                                   (ENTER, facts, {"pit"})
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from ..percepts import Displacement, Percept, Transition, is_disaster
from .motion import STILL, MotionModel

RISK = 0.1  # of ending badly
ENTER = -1  # the action, whichever, that leads there


def is_near(deed: Hashable) -> bool:
    """Whether a deed is one with what was near: action, facts, names."""
    return isinstance(deed, tuple) and len(deed) == 3 and isinstance(deed[1], frozenset)


class Dangers:
    """Deeds that are known to do harm.

    Attributes:
        fatal: deed -> whether it has only ever ended episodes badly; with what was near, whether the last two times.
        deaths: deed with what was near, whatever held -> the facts under which it has killed, never survived since.
        costly: (action, (object, displacement)) whose object vanished for nothing.
    """

    def __init__(self, model: MotionModel) -> None:
        self.model = model
        self.forget("space")

    def forget(self, what: str) -> None:
        """Begin anew."""
        self.restore({}, ())

    def restore(self, fatal: Mapping[Hashable, bool], costly: Iterable[tuple]) -> None:
        """Know so much, and no more."""
        self.fatal, self.costly, self.deaths = dict(fatal), set(costly), {}
        for deed in self.fatal:
            if is_near(deed):
                self.deaths.setdefault(deed[::2], set()).add(deed[1])

    @property
    def are_known(self) -> bool:
        """Whether anything is known to have ended an episode badly: asked at every step, and mostly nothing is."""
        return bool(self.deaths) or any(self.fatal.values())

    def deed(self, percept: Percept, action: int) -> Hashable:
        """What an action does here: enter ground that the percept names, or bump; else, itself in this situation."""
        ground = percept.around.get(self.model.step(action), True)
        if isinstance(ground, str):
            return ground
        if not ground:
            return action, "bump"
        return action, percept.facts, percept.place, frozenset(percept.objects.items())

    def nearby(self, percept: Percept, action: int) -> Hashable | None:
        """What an action does to what is near, in whatever room: to enter it, or to stand still there; else None."""
        if action in self.model.maps:
            return self.entered(percept, self.model.step(action))
        near = frozenset((name, seen) for name, seen in percept.objects.items() if seen in self.model.stances)
        return (action, percept.facts, near) if near else None

    def entered(self, percept: Percept, step: Displacement) -> Hashable | None:
        """To come where things are, under these facts; None where nothing is, or nothing moves."""
        things = frozenset(name for name, seen in percept.objects.items() if seen == step) if any(step) else ()
        return (ENTER, percept.facts, things) if things else None

    def feared(self, percept: Percept) -> list[Displacement]:
        """Where things are that must not be entered."""
        if not self.are_known:
            return []
        return [seen for seen in {*percept.objects.values()} if self.kills(self.entered(percept, seen))]

    def kills(self, near: Hashable | None) -> bool:
        """Whether a deed with what is near has killed under these facts, or under some that differ in nothing new.

        Nothing new: what held at all deaths holds, and nothing does that held at none.
        """
        if near is None or self.fatal.get(near, False):
            return near is not None
        deaths = self.deaths.get(near[::2], ())
        return len(deaths) > 1 and frozenset.intersection(*deaths) <= near[1] <= frozenset.union(*deaths)

    def survived(self, near: tuple) -> None:
        """A deed with what is near did no harm: what it did under these facts, or like facts, is forgotten."""
        deaths = self.deaths.get(near[::2], set())
        for facts in [*deaths] if self.kills(near) else [near[1]]:
            self.fatal.pop((near[0], facts, near[2]), None)
            deaths.discard(facts)

    def observe(self, step: Transition) -> None:
        """Learn from a step: a disaster, ground or a bump that did no harm, an object lost for nothing."""
        before, after = step.percept, step.next_percept
        if self.fatal or is_disaster(step) or before.around.get(self.model.step(step.action), True) is not True:
            self.judge(step)
        if not step.terminated and after.facts <= before.facts and before.objects.keys() - after.objects.keys():
            self.costly |= {(step.action, item) for item in before.objects.items() if item[0] not in after.objects}

    def judge(self, step: Transition) -> None:
        """Which deed ended an episode badly, or did no harm; where actions slip, another one may be to blame."""
        before, after = step.percept, step.next_percept
        taken = self.model.explain(before, step.action, after)
        action = step.action if taken in (None, STILL) else taken
        deed, near = self.deed(before, action), self.nearby(before, action)
        if is_disaster(step):
            if taken is not None or not self.model.maps:  # else: who knows what it was
                self.fatal.setdefault(deed, True)
                if near:
                    self.fatal[near] = near in self.fatal  # once may be another room's fault
                    self.deaths.setdefault(near[::2], set()).add(near[1])
            return
        if near and (before.facts != after.facts or action in self.model.maps and taken == action):
            self.survived(near)
        bump = not isinstance(deed, str) and deed[1] == "bump"
        if bump and taken == STILL or taken == action and not bump and (isinstance(deed, str) or deed in self.fatal):
            self.fatal[deed] = False

    def ends(self, percept: Percept, action: int) -> bool:
        """Whether an action is known to end an episode badly here."""
        if not self.are_known:
            return False
        return self.fatal.get(self.deed(percept, action), False) or self.kills(self.nearby(percept, action))

    def risk(self, percept: Percept, action: int) -> float:
        """How likely an action ends an episode badly here, as far as is known."""
        return sum(share for taken, share in self.model.chances(action) if self.ends(percept, taken))

    def is_reckless(self, percept: Percept, action: int) -> bool:
        """Whether an action may end an episode badly here, and another one is much safer."""
        risk = self.risk(percept, action) if self.are_known else 0.0
        return risk > RISK and (not self.model.slips or 2 * min(
            self.risk(percept, other) for other in range(self.model.n_actions)) < risk)

    def forbid(self, percept: Percept, action: int) -> bool:
        """Whether an action is known to do any harm here."""
        return self.is_reckless(percept, action) or bool(self.costly) and any(
            (action, item) in self.costly for item in percept.objects.items())
