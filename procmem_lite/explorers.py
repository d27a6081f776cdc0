"""Chapter 4: what to do when no skill helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .navigation.search import nearest_unvisited, shortest_way, site_stage
from .navigation.tracker import Tracker
from .percepts import Percept
from .skills import Site


class Explorer(Protocol):
    """Chooses one action at a time; told when an episode begins and what each step brought."""

    def begin(self) -> None: ...

    def choose(self, percept: Percept, tracker: Tracker | None, rng: np.random.Generator) -> int: ...

    def observe(self, before: Percept, action: int, after: Percept, tracker: Tracker | None) -> None: ...


class RandomExplorer:
    """Every action equally often."""

    def __init__(self, n_actions: int) -> None:
        self.n_actions = n_actions

    def begin(self) -> None:
        """Nothing to forget."""

    def choose(self, percept: Percept, tracker: Tracker | None, rng: np.random.Generator) -> int:
        """Any action."""
        return int(rng.integers(self.n_actions))

    def observe(self, before: Percept, action: int, after: Percept, tracker: Tracker | None) -> None:
        """Nothing to learn."""


class ScriptedExplorer:
    """Walks to named objects in turn and does one action at each: an explorer that already knows the answer.

    Args:
        script: pairs (object, action at it or None); an object that is not there is done with.
        moves: action -> the shift of the agent, in rows and columns.
    """

    def __init__(self, script: Sequence[tuple[str, int | None]], moves: dict[int, tuple[int, int]]) -> None:
        self.script, self.moves = script, moves
        self.begin()

    def begin(self) -> None:
        """Start the script again."""
        self._line = 0

    def choose(self, percept: Percept, tracker: Tracker | None, rng: np.random.Generator) -> int:
        """The move that brings the present object nearest, columns first; its action once there; else any move."""
        while self._line < len(self.script):
            name, action = self.script[self._line]
            rows, columns = percept.objects.get(name, (0, 0))
            if (rows, columns) == (0, 0):
                self._line += 1
                if action is not None and name in percept.objects:
                    return action
                continue
            wanted = (0, int(np.sign(columns))) if columns else (int(np.sign(rows)), 0)
            return next(action for action, shift in self.moves.items() if shift == wanted)
        return int(rng.choice(list(self.moves)))

    def observe(self, before: Percept, action: int, after: Percept, tracker: Tracker | None) -> None:
        """Nothing to learn."""


class UntriedExplorer:
    """Tries first what was tried least: actions on their own, then actions at each object, then places never seen.

    It knows no target and no order: an action at an object counts as tried for the facts that held then. Without a
    motion model it takes the action least often taken at this place, and of those all taken, the one that led to the
    least visited place.
    """

    def __init__(self, n_actions: int) -> None:
        self.n_actions = n_actions
        self.tried: Counter = Counter()  # (facts, object, displacement, action) -> times, over all episodes
        self.ever: set[tuple] = set()  # (object, displacement, action), whatever the facts
        self.turned: Counter = Counter()  # (facts, object) -> times it was turned to
        self.begin()

    def begin(self) -> None:
        """A new episode: places are new, experience with objects stays."""
        self.taken: Counter = Counter()  # (facts, place, action) -> times
        self.visits: Counter = Counter()  # (facts, place) -> times
        self.led: dict[tuple, tuple] = {}
        self.beyond: Counter = Counter()  # (facts, object, displacement, action) -> times it was out of reach
        self.way: list[int] = []

    def observe(self, before: Percept, action: int, after: Percept, tracker: Tracker | None) -> None:
        """Count what was done, and drop the way ahead when the step did not go as hoped."""
        here, there = (before.facts, before.place), (after.facts, after.place)
        self.taken[(*here, action)] += 1
        self.visits[there] += 1
        self.led[(*here, action)] = there
        near = tracker.model.stances if tracker else ()
        if tracker and tracker.model.is_open(before):
            self.tried[before.facts, action] += 1
        for name, displacement in before.objects.items():
            if displacement in near:
                for done in (action,) if any(displacement) else (action, None):
                    self.tried[before.facts, name, displacement, done] += 1
                    self.ever.add((name, displacement, done))
        if before.facts != after.facts or before.place == after.place:
            self.way = []

    def choose(self, percept: Percept, tracker: Tracker | None, rng: np.random.Generator) -> int:
        """The next step towards whatever was tried least."""
        if self.way:
            return self.way.pop(0)
        if tracker is None or tracker.pose is None:
            return self._least_taken(percept, rng)
        new = tracker.model.untried() or self._untried_alone(percept, tracker)
        if new:
            return int(rng.choice(new))
        self.way = self._to_least_tried(percept, tracker, rng)
        return self.way.pop(0) if self.way else self._least_taken(percept, rng)

    def tries(self, facts: frozenset[str], *interaction: object) -> int:
        """0 for what was never tried, 1 for what was tried under other facts only, else one more than tries here."""
        here = self.tried[facts, *interaction]
        return (here + 1 if here else int(interaction in self.ever)) + 2 * self.beyond[facts, *interaction]

    def _untried_alone(self, percept: Percept, tracker: Tracker) -> list[int]:
        """Actions that move nothing and were never tried under these facts with open ground ahead."""
        if not tracker.model.is_open(percept):
            return []
        return [action for action in range(self.n_actions)
                if action not in tracker.model.maps and not self.tried[percept.facts, action]]

    def _least_taken(self, percept: Percept, rng: np.random.Generator) -> int:
        here = (percept.facts, percept.place)
        taken = np.array([self.taken[(*here, action)] for action in range(self.n_actions)], dtype=float)
        if taken.min() > 0:
            taken = np.array([self.visits[self.led[(*here, action)]] for action in range(self.n_actions)], dtype=float)
        return int(rng.choice(np.flatnonzero(taken == taken.min())))

    def _to_least_tried(self, percept: Percept, tracker: Tracker, rng: np.random.Generator) -> list[int]:
        facts = percept.facts
        options = self.interactions(facts, tracker)
        for count in sorted({option[0] for option in options}):
            if count > 1:
                elsewhere = nearest_unvisited(tracker)
                if elsewhere:
                    return elsewhere
            least = [option for option in options if option[0] == count]
            for name in self.nearest_and_least(facts, {option[1] for option in least}, tracker):
                stage = {}
                sites = [option[2] for option in least if option[1] == name]
                for index in rng.permutation(len(sites)):
                    for pose, action in site_stage(tracker, tracker.landmarks[name], sites[index]).items():
                        stage[pose] = stage.get(pose) if action is None else action
                way = shortest_way(tracker, [stage])
                if way and way[0]:
                    self.turned[facts, name] += 1
                    return way[0]
                for site in sites:  # out of reach: do not ask for it again before the rest
                    self.beyond[facts, name, *site] += 1
        return []

    def interactions(self, facts: frozenset[str], tracker: Tracker) -> list[tuple[int, str, Site]]:
        """What could be tried at each object, and how often it was: (tries, object, site)."""
        still = [action for action in range(self.n_actions) if action not in tracker.model.maps]
        return [(self.tries(facts, name, stance, action), name, Site(stance, action))
                for name in tracker.landmarks for stance in tracker.model.stances
                for action in (still if any(stance) else [*still, None])]  # None: only to stand there

    def nearest_and_least(self, facts: frozenset[str], names: set[str], tracker: Tracker) -> list[str]:
        """Objects in the order to turn to: two tries at one count like a step of distance."""
        position = tracker.pose[1]

        def effort(name: str) -> tuple[float, str]:
            away = sum(abs(a - b) for a, b in zip(tracker.landmarks[name], position, strict=True))
            return away + self.turned[facts, name] / 2, name

        return sorted(names, key=effort)


EXPLORERS = {"untried": UntriedExplorer, "random": RandomExplorer}
