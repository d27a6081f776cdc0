"""Chapter 5: where the agent is and what it has met in this episode."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from operator import add, le

from ..percepts import Displacement, Percept
from .dangers import Dangers
from .motion import EFFORT, STILL, MotionModel, Pose, pairs_of

DOUBT = 1e-3  # of two ways as long, rather take the one over known ground
DETOUR = 20  # steps that are rather taken than one onto what leads elsewhere
ODD = 3  # times that an action led elsewhere from a place, and it is not tried there again
MARGIN = 2  # how far beyond all it knows of an agent expects the world to go on


class Tracker:
    """Where the agent is and what it has met, within one episode, in the frame of the first percept.

    ``dangers`` say of which ground, and of which actions here, it is known that they end an episode badly.
    """

    def __init__(self, model: MotionModel, dangers: Dangers | None = None) -> None:
        self.model, self.dangers = model, dangers or Dangers(model)
        self.odd: dict[tuple, int] = {}  # (place, action) -> times it led elsewhere, if always
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new frame begins."""
        self.pose: Pose | None = None
        self.version = self.model.version
        self.ground: set[Displacement] = set()
        self.obstacles: set[Displacement] = set()
        self.bumps: set[Displacement] = set()  # obstacles that only a step in vain tells of
        self.deadly: set[Displacement] = set()  # obstacles that end an episode badly
        self.feared: set[Displacement] = set()  # where things are that must not be entered
        self.thrown: set[Displacement] = set()  # where things are that lead elsewhere
        self.panes: set[tuple] = set()  # pairs of free positions without a step between them
        self.landmarks: dict[str, Displacement] = {}
        self.visits: dict[Displacement, int] = {}
        self.bounds: tuple[Displacement, Displacement] | None = None  # how far the world is expected to go on

    def observe(self, percept: Percept, stay: bool = False) -> None:
        """Take a percept at the present pose into the map; ``stay`` says that all landmarks are where they were."""
        if self.version != self.model.version:
            self.restart()
        if not self.model.frames:
            return
        if self.pose is None:
            self.pose = (0, (0,) * len(self.model.frames[0]))
        here, from_agent = self.pose[1], self.model.from_agent
        if here not in self.visits:
            self.widen(here)
        if not stay:
            self.landmarks = {name: from_agent(self.pose, d) for name, d in percept.objects.items()}
            for position in self.landmarks.values():
                self.widen(position)
        self.visits[here] = self.visits.get(here, 0) + 1
        self.note(here, free=True)
        for step, free in percept.around.items():
            fatal = bool(free) and free is not True and self.dangers.fatal.get(free, False)
            self.note(from_agent(self.pose, step), bool(free) and not fatal, fatal)
        for action in self.model.movers if self.odd else ():
            if self.odd.get((percept.place, action), 0) >= ODD:
                self.panes.add((here, self.model.ahead(self.pose, action)[1]))
        for action in self.model.movers if self.dangers.are_known else []:
            if any(self.model.step(action)) and self.dangers.ends(percept, action):
                self.note(self.model.ahead(self.pose, action)[1], free=False, deadly=True)
        feared = {from_agent(self.pose, seen) for seen in self.dangers.feared(percept)}
        for position in self.feared - feared:  # what must not be entered has gone elsewhere
            self.obstacles.discard(position)
            self.deadly.discard(position)
        for position in feared:
            self.note(position, free=False, deadly=True)
        self.feared = feared
        self.thrown = {from_agent(self.pose, seen) for name, seen in percept.objects.items()
                       if self.model.throws(name)} if self.model.thrown else self.thrown

    def note(self, position: Displacement, free: bool, deadly: bool = False) -> None:
        """Remember whether a position can be entered."""
        known, other = (self.ground, self.obstacles) if free else (self.obstacles, self.ground)
        known.add(position)
        other.discard(position)
        if deadly:
            self.deadly.add(position)
        elif self.deadly:
            self.deadly.discard(position)

    def follow(self, before: Percept, action: int, after: Percept) -> None:
        """Follow one step: moved as predicted, stood still (an obstacle, then), or lost."""
        stay, key = False, (before.place, action)
        if self.pose is not None and self.version == self.model.version:
            pairs, taken = pairs_of(before, after), self.model.explain(before, action, after)
            stay = len(pairs) == len(after.objects) == len(before.objects) and len({a == b for a, b in pairs}) < 2
            if taken == STILL:
                self.bump(before, action, before.facts != after.facts)
            elif taken is not None:
                self.pose = self.model.ahead(self.pose, taken)
            else:
                self.restart()
            self.odd[key] = -EFFORT if taken == action else self.odd.get(key, 0) + (taken != STILL)
            stay = stay and taken in (action, STILL)
        if before.facts != after.facts:
            self.doubt(set(self.landmarks.values()))
        self.observe(after, stay)

    def bump(self, before: Percept, action: int, changed: bool) -> None:
        """Nothing moved: something is in the way, unless facts changed with it, as when something opens."""
        here, there = self.pose[1], self.model.ahead(self.pose, action)[1]
        if there == here or changed:
            return
        if before.around.get(self.model.step(action)) or there in self.visits:  # free, and yet not to be entered
            self.panes.add((here, there))
        else:
            self.note(there, free=False)
            self.bumps.add(there)

    def doubt(self, where: Collection[Displacement] | None = None) -> bool:
        """Forget what only steps in vain have told, or whatever was met somewhere; whether there was any."""
        doubted = self.bumps if where is None else self.obstacles & where
        known = bool(doubted or self.panes)
        self.obstacles -= doubted
        self.bumps, self.panes = self.bumps - doubted, set()
        return known

    def poses(self, anchor: Displacement, displacement: Displacement) -> list[Pose]:
        """All poses from which something at position ``anchor`` is seen at ``displacement``."""
        back = tuple(-x for x in displacement)
        return [(turn, self.model.from_agent((turn, anchor), back)) for turn in range(len(self.model.frames))]

    def poses_along(self, actions: Iterable[int]) -> list[Pose]:
        """The poses that a sequence of actions is expected to pass, from the present one on."""
        return list(itertools.accumulate(actions, self.model.ahead, initial=self.pose))[1:]

    def is_barred(self, poses: Sequence[Pose]) -> bool:
        """Whether a path along these poses meets an obstacle."""
        steps = [(a[1], b[1]) for a, b in itertools.pairwise(poses) if a[1] != b[1]]
        return not (self.obstacles.isdisjoint([there for _, there in steps]) and self.panes.isdisjoint(steps))

    def moves(self, pose: Pose) -> list[tuple[Pose, int, float]]:
        """The poses one action away, with the action and its price; unknown ground counts as free."""
        at, here = pose
        found = []
        for action, turn, shift in self.model.moves[at]:
            there = tuple(map(add, here, shift)) if shift else here
            if self.panes and (here, there) in self.panes:
                continue
            if shift and there in self.thrown:
                found.append(((turn, there), action, DETOUR))
            elif not shift or there in self.ground:
                found.append(((turn, there), action, 1))
            elif there not in self.obstacles and self.within(there):
                found.append(((turn, there), action, 1 + DOUBT))
        return found

    def within(self, position: Displacement) -> bool:
        """Whether a position lies no farther out than ``MARGIN`` beyond all that the agent knows of."""
        return all(map(le, self.bounds[0], position)) and all(map(le, position, self.bounds[1]))

    def widen(self, position: Displacement) -> None:
        """Expect the world to go on for ``MARGIN`` beyond a position."""
        low, high = self.bounds or (position, position)
        self.bounds = (tuple([min(edge, x - MARGIN) for edge, x in zip(low, position, strict=True)]),
                       tuple([max(edge, x + MARGIN) for edge, x in zip(high, position, strict=True)]))


