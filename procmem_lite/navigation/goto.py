"""Chapter 5: a second kind of policy - go to where the effect happens, by a path found anew each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ..library import Shelf
from ..percepts import Percept
from ..skills import Operator, Replaying
from .search import any_path, nearest_open, open_ground, site_stage
from .slips import Careful
from .tracker import Tracker

PATIENCE = 8  # times that one use comes by the same pose


@dataclass(frozen=True)
class GoTo:
    """Whatever the context: go to the site of an operator, and act there."""

    operator: Operator
    on_open: bool = False  # whether it always happened with open ground ahead
    number: int = -1  # it is no stored skill
    context: tuple | None = None  # any

    @property
    def name(self) -> str:
        """What it brings and where: "open at box"."""
        return f"{' + '.join(sorted(self.operator.effect))} at {self.operator.anchor}"

    def can_start(self, percept: Percept, body: Tracker | None) -> bool:
        """Whether the agent knows where it is, and where the anchor is."""
        return body is not None and body.pose is not None and self.operator.anchor in body.landmarks

    def situation(self, percept: Percept) -> Hashable:
        """What is given up for a while when it fails here: this site under these facts."""
        return self.operator.claim, percept.facts

    def start(self, percept: Percept, body: Tracker) -> Going | Careful:
        """Begin to go; carefully, where actions slip."""
        kind = Careful if body.model.slips else Going
        return kind(self.operator, body, self.on_open)


class Going:
    """One use of :class:`GoTo`: the shortest path, found anew whenever the world is not as expected."""

    def __init__(self, operator: Operator, body: Tracker, on_open: bool = False) -> None:
        self.operator, self.body, self.on_open = operator, body, on_open
        self.path, self.taken, self.reason = [], 0, ""
        self.met: Counter = Counter()  # pose -> times it was there in this use

    def act(self, percept: Percept) -> int | None:
        """The next action; None where there is no path, or nothing came of it."""
        body = self.body
        self.met[body.pose] += 1
        if self.taken and body.pose is None or self.met[body.pose] > PATIENCE:
            return self.stop("lost" if body.pose is None else "no progress")
        ahead = self.poses[self.taken - 1:] if self.taken else []
        if not ahead or body.pose != ahead[0] or body.is_barred(ahead) or is_shut(self, percept):
            if not self.find():
                return self.stop("no path")
        elif self.taken == len(self.path):
            return self.stop("no effect")
        self.taken += 1
        return self.path[self.taken - 1]

    def find(self) -> bool:
        """Look for a path from here; whether there is one."""
        anchor = self.body.landmarks.get(self.operator.anchor)  # None: it has vanished on the way
        stage = {} if anchor is None else site_stage(self.body, anchor, self.operator.site, self.on_open)
        self.path, self.taken = (any_path(self.body, stage) if stage else None) or [], 0
        self.poses = self.body.poses_along(self.path)
        return bool(self.path)

    def stop(self, reason: str) -> None:
        """Say why it ends."""
        self.reason = reason


def is_shut(going: Going, percept: Percept) -> bool:
    """Whether something turns out to be in the way of what is about to be done."""
    return going.on_open and going.taken == len(going.path) - 1 and not going.body.model.is_open(percept)


def nearest_first(shelves: Sequence[Shelf], body: Tracker, on_open: bool = False) -> Sequence[Shelf]:
    """Shelves that do the same from different sides: first where the fewest steps are expected for a success."""
    def effort(shelf: Shelf) -> float:
        stage = site_stage(body, body.landmarks[shelf.anchor], shelf.site, on_open)
        return (open_ground(body.model, list(stage))(body.pose) + 1) / shelf.tally.rate

    return sorted(shelves, key=effort) if len(shelves) > 1 else shelves


def on_open_ground(actions: tuple[int, ...], body: Tracker) -> Replaying:
    """Stored actions, after the path to the next open ground: for what has to be put down somewhere."""
    return Replaying([*(nearest_open(body) or []), *actions])
