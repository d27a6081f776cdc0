"""Chapter 4: what to do when no skill helps."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from .navigation.search import leads, nearest_unvisited, shortest_path, site_stage
from .navigation.tracker import Tracker
from .percepts import SUCCESS, Percept, Transition, is_disaster
from .skills import Site

MANY = 30  # deaths in a row; more of them make no difference
DARING = 6  # deaths in a row that prove nothing while nothing has succeeded yet


class Explorer(Protocol):
    """Chooses one action at a time; told when an episode begins and what each step brought."""

    def begin(self) -> None: ...

    def choose(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int: ...

    def observe(self, step: Transition, body: Tracker | None) -> None: ...


class RandomExplorer:
    """Every action equally often."""

    def __init__(self, n_actions: int) -> None:
        self.n_actions = n_actions

    def begin(self) -> None:
        """Nothing to forget."""

    def choose(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int:
        """Any action."""
        return int(rng.integers(self.n_actions))

    def observe(self, step: Transition, body: Tracker | None) -> None:
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

    def choose(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int:
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

    def observe(self, step: Transition, body: Tracker | None) -> None:
        """Nothing to learn."""


class LeastTaken:
    """Takes what was taken least often here; of what was taken, what led to the least visited place.

    It knows no target, no order and no motion, and remembers nothing beyond the episode.
    """

    def __init__(self, n_actions: int) -> None:
        self.n_actions = n_actions
        self.begin()

    def begin(self) -> None:
        """A new episode: all places are new."""
        self.taken: Counter = Counter()  # (facts, place, action) -> times
        self.visits: Counter = Counter()  # (facts, place) -> times
        self.led: dict[tuple, tuple] = {}  # (facts, place, action) -> (facts, place)

    def observe(self, step: Transition, body: object) -> None:
        """Count what was done, and where it led."""
        here = (step.percept.facts, step.percept.place, step.action)
        there = (step.next_percept.facts, step.next_percept.place)
        self.taken[here] += 1
        self.visits[there] += 1
        self.led[here] = there

    def choose(self, percept: Percept, body: object, rng: np.random.Generator) -> int:
        """An action never taken here, or one towards the least visited place; ties are drawn."""
        here = [(percept.facts, percept.place, action) for action in range(self.n_actions)]
        counts = np.array([self.taken[each] for each in here])
        if counts.min() > 0:
            counts = np.array([self.visits[self.led[each]] for each in here])
        return int(rng.choice(np.flatnonzero(counts == counts.min())))


class UntriedExplorer(LeastTaken):
    """Tries first what was tried least: actions on their own, then actions at each object, then places never seen.

    What made a difference on its own is also tried next to each object. What killed on its own is tried half as
    often each time. It knows no target and no order: an action at an object counts as tried for the facts that held
    then. Where the agent does not know its place on a map, it does what :class:`LeastTaken` does.
    """

    def __init__(self, n_actions: int) -> None:
        super().__init__(n_actions)
        self.tried: Counter = Counter()  # (facts, object, displacement, action) -> times, over all episodes
        self.ever: set[tuple] = set()  # (object, displacement, action), whatever the facts
        self.turned: Counter = Counter()  # (facts, object) -> times it was turned to
        self.telling: set[tuple] = set()  # (facts, action) that made a difference with nothing near
        self.killed: Counter = Counter()  # (facts, action) -> times in a row that it killed with nothing near
        # and (None, action) -> the same wherever; (SUCCESS, None) -> whether anything has succeeded

    def begin(self) -> None:
        """A new episode: places are new, experience with objects stays."""
        super().begin()
        self.path: list[int] = []
        self.chosen: int | None = None

    def observe(self, step: Transition, body: Tracker | None) -> None:
        """Count what was done, and drop the path ahead when the step did not go as hoped."""
        super().observe(step, body)
        before, action, after = step.percept, step.action, step.next_percept
        near = body.model.stances if body else ()
        self.killed[SUCCESS, None] |= SUCCESS in after.facts
        self.killed[None, action] = (self.killed[None, action] + 1) * is_disaster(step)
        if before.place == after.place and not any(seen in near for seen in before.objects.values()):
            self.killed[before.facts, action] = (self.killed[before.facts, action] + 1) * is_disaster(step)
            if before.facts != after.facts or step.terminated:
                self.telling.add((before.facts, action))
        if body and body.model.is_open(before):
            self.tried[before.facts, action] += 1
        for name, displacement in before.objects.items():
            if body and displacement in body.model.aside:
                self.tried[before.facts, name, action] += 1
                self.tried[before.facts, name, displacement, action] += 1
            if displacement in near:
                for done in (action,) if any(displacement) else (action, None):
                    self.tried[before.facts, name, displacement, done] += 1
                    self.ever.add((name, displacement, done))
        if action != self.chosen or before.facts != after.facts or before.place == after.place:
            self.path = []

    def choose(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int:
        """The next step towards whatever was tried least."""
        if self.path and body and body.pose and body.is_barred([body.pose, *body.poses_along(self.path)]):
            self.path = []  # something turned out to be in the way
        self.chosen = self.path.pop(0) if self.path else self._begin_anew(percept, body, rng)
        return self.chosen

    def _begin_anew(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int:
        """The first step of a new path."""
        if body is None or body.pose is None:
            return self._wander(percept, body, rng)
        new = body.model.untried() or self._untried_alone(percept, body)
        if new:
            return int(rng.choice(new))
        self.path = self._to_least_tried(percept, body, rng)
        return self.path.pop(0) if self.path else self._wander(percept, body, rng)

    def _wander(self, percept: Percept, body: Tracker | None, rng: np.random.Generator) -> int:
        """What was taken least; what killed with nothing near is taken half as often each time."""
        action = super().choose(percept, body, rng)
        times = self.killed[percept.facts, action]
        if times and rng.random() >= 0.5 ** times:
            harmless = [other for other in range(self.n_actions) if not self.killed[percept.facts, other]]
            action = int(rng.choice(harmless or [action]))
        return action

    def tries(self, facts: frozenset[str], *interaction: object) -> int:
        """0 for what was never tried, 1 for what was tried under other facts only, else one more than tries here.

        What killed counts as tried more often; see :meth:`deaths`.
        """
        here = self.tried[facts, *interaction]
        return (here + 1 if here else int(interaction in self.ever)) + self.deaths(interaction[-1])

    def deaths(self, action: int | None) -> int:
        """1, 3, 7 ... tries more for what killed the last 1, 2, 3 ... times, wherever: half as often each time.

        Until anything has succeeded, what kills nearly everywhere may be what succeeds somewhere: one try more for
        each death after the first few.
        """
        times = min(self.killed[None, action], MANY)
        return 2**times - 1 if self.killed[SUCCESS, None] else max(0, times - DARING)

    def _untried_alone(self, percept: Percept, body: Tracker) -> list[int]:
        """Actions that move nothing and were never tried under these facts with open ground ahead."""
        if not body.model.is_open(percept):
            return []
        return [action for action in range(self.n_actions)
                if action not in body.model.maps and not self.tried[percept.facts, action] + self.deaths(action)]

    def _to_least_tried(self, percept: Percept, body: Tracker, rng: np.random.Generator) -> list[int]:
        facts = percept.facts
        options = self.interactions(facts, body)
        for count in sorted({option[0] for option in options}):
            if count > 1:
                elsewhere = nearest_unvisited(body)
                if elsewhere:
                    return elsewhere
            least = [option for option in options if option[0] == count]
            for name in self.nearest_and_least(facts, {option[1] for option in least}, body):
                stage = {}
                sites = [option[2] for option in least if option[1] == name]
                for index in rng.permutation(len(sites)):
                    closed = body.obstacles if sites[index].displacement in body.model.aside else ()
                    for pose, action in site_stage(body, body.landmarks[name], sites[index]).items():
                        if not (closed and leads(body.model, pose) <= closed):
                            stage[pose] = stage.get(pose) if action is None else action
                path = shortest_path(body, stage) if stage else None
                if path:
                    self.turned[facts, name] += 1
                    return path
        return []

    def interactions(self, facts: frozenset[str], body: Tracker) -> list[tuple[int, str, Site]]:
        """What could be tried at each object, and how often it was: (tries, object, site).

        What tells something with nothing near is tried next to each object too: once, before places never seen.
        """
        still = [action for action in range(self.n_actions) if action not in body.model.maps]
        found = [(self.tries(facts, name, stance, action), name, Site(stance, action))
                 for name in body.landmarks for stance in body.model.stances
                 for action in (still if any(stance) else [*still, None])]  # None: only to stand there
        for name, action in itertools.product(body.landmarks, still):
            if (facts, action) in self.telling:
                known = 1 + (self.tried[facts, name, action] > 0) + self.deaths(action)
                found += [(known + self.tried[facts, name, spot, action], name, Site(spot, action))
                          for spot in body.model.aside]
        return found

    def nearest_and_least(self, facts: frozenset[str], names: set[str], body: Tracker) -> list[str]:
        """Objects in the order to turn to: two tries at one count like a step of distance."""
        position = body.pose[1]

        def effort(name: str) -> tuple[float, str]:
            away = sum(abs(a - b) for a, b in zip(body.landmarks[name], position, strict=True))
            return away + self.turned[facts, name] / 2, name

        return sorted(names, key=effort)


EXPLORERS = {"untried": UntriedExplorer, "least taken": LeastTaken, "random": RandomExplorer}
