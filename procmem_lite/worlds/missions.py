"""Roles in place of names: what a mission mentions, and what stands in some relation to that.

mention    what a mission speaks of                     Mention("key", "red", "left"): "the red key on your left"
template   a mission with roles in place of mentions    "put $1 near $2"
role       the name of whatever plays a part now        "$1", "door before $1", "key of door before $1"
twin       what a mention fits too, only farther away   "twin of $1, 2"
thing      an object of MiniGrid and where it lies      Thing(Key("red"), (4, 1), seen=(2, -1)): cell (4, 1)
ways       cell -> the cheapest way to it               {(4, 1): Way(barriers=1, steps=7, back=(3, 1))}

No role and no template tells a colour: what is learned about a red door holds for a green one.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from minigrid.core.constants import COLOR_NAMES
from minigrid.core.grid import Grid
from minigrid.core.world_object import WorldObj

from ..percepts import Displacement

Cell = tuple[int, int]  # column and row, as MiniGrid counts
KINDS = {"key": "key", "ball": "ball", "box": "box", "door": "door", "goal": "goal", "goal square": "goal",
         "room": "door", "object": None}  # a room is called by the colour of its door; an object may be anything
SIDES = {"in front of you": (0, 1), "behind you": (0, -1), "on your right": (1, 1), "on your left": (1, -1)}
MENTION = re.compile(rf"\b(the|an?) (?:({'|'.join(COLOR_NAMES)}) )?({'|'.join(sorted(KINDS, key=len, reverse=True))})"
                     rf"\b(?: ({'|'.join(SIDES)}))?")
OTHER = "other"  # so begins the name of what plays no part
UNSEEN = (0, 0)  # where something lies that is carried


class Mention(NamedTuple):
    """What a mission says of a thing; None where it says nothing."""

    kind: str | None
    colour: str | None = None
    side: str | None = None
    only: bool = True  # "the", which means the same thing each time; "a" may mean another

    def fits(self, thing: Thing) -> bool:
        """Whether a thing is what is spoken of, if the agent is where the mission was given."""
        axis, sign = SIDES.get(self.side, (0, 0))
        return (self.kind in {None, thing.what.type} and self.colour in {None, thing.what.color}
                and (sign == 0 or thing.seen[axis] * sign > 0))


class Thing(NamedTuple):
    """An object, the cell where it lies (None: it is carried), and where the agent sees it, forward and right."""

    what: WorldObj
    cell: Cell | None
    seen: Displacement = UNSEEN


class Way(NamedTuple):
    """The cheapest way to a cell: what has to be opened or removed for it, then its steps; the cell before."""

    barriers: int
    steps: int
    back: Cell | None = None


def mentions_of(mission: str) -> list[Mention]:
    """What a mission speaks of, in the order of mention."""
    return [Mention(KINDS[kind], colour or None, side or None, article == "the")
            for article, colour, kind, side in MENTION.findall(mission)]


def template_of(mission: str, roles: Sequence[str]) -> str:
    """The mission with a role in place of each mention."""
    following = iter(roles)
    return MENTION.sub(lambda mention: next(following), mission)


def is_barrier(what: WorldObj | None) -> bool:
    """Whether something has to be opened or removed before one can go where it is."""
    return what is not None and not what.can_overlap()


def ways_from(start: Cell, grid: Grid) -> dict[Cell, Way]:
    """The cheapest way from one cell to all others: round walls and lava, through as few barriers as can be.

    After Dijkstra (1959); what lies in a cell counts for the ways that go on from there.
    """
    ways = {start: Way(0, 0)}
    queue = [(0, 0, start)]
    while queue:
        barriers, steps, here = heapq.heappop(queue)
        if (barriers, steps) > ways[here][:2]:
            continue
        barriers += here != start and is_barrier(grid.get(*here))
        for there in ((here[0] + 1, here[1]), (here[0], here[1] + 1), (here[0] - 1, here[1]), (here[0], here[1] - 1)):
            if 0 <= there[0] < grid.width and 0 <= there[1] < grid.height:
                what = grid.get(*there)
                if (what is None or what.type not in ("wall", "lava")) and (
                        there not in ways or (barriers, steps + 1) < ways[there][:2]):
                    ways[there] = Way(barriers, steps + 1, here)
                    heapq.heappush(queue, (barriers, steps + 1, there))
    return ways


class Roles:
    """Who plays which part in one episode: found when it begins, and kept.

    Attributes:
        names: id of an object -> its role, or what it is and a number.
        template: the mission, in roles.
        colours: role of a door that was locked -> its colour.
        blocked: role -> what stood in the way to it, for all but doors.
        pending: roles that nobody plays yet, and what fits them: a key may lie in a box.
    """

    def __init__(self, mission: str, things: Sequence[Thing], start: Cell, grid: Grid) -> None:
        self.names: dict[int, str] = {}
        self.counts: Counter = Counter()
        self.colours: dict[str, str] = {}
        self.blocked: dict[str, Thing] = {}
        self.pending: dict[str, Callable[[Thing], bool]] = {}
        ways = ways_from(start, grid)
        things = sorted(things, key=lambda thing: distance(thing, ways, start))
        self.mentioned = {f"${number}": mention for number, mention in enumerate(mentions_of(mission), start=1)}
        meant = {role: self.cast(role, mention.fits, things, mention.only) for role, mention in self.mentioned.items()}
        self.template = template_of(mission, [self.names[id(meant[role].what)] if meant[role] else role
                                              for role in meant])
        self.relate([thing for thing in meant.values() if thing], things, ways)
        self.admit(things)

    def cast(self, role: str, fits: Callable[[Thing], bool], things: Iterable[Thing],
             again: bool = False) -> Thing | None:
        """Give a role to the nearest thing that fits, and return it: to one without a role, unless it is meant again.

        Where all that fit have roles, the nearest of them is meant again; where nothing fits, it may turn up.
        """
        fitting = [thing for thing in things if fits(thing)]
        free = [thing for thing in fitting if id(thing.what) not in self.names]
        if not fitting:
            self.pending[role] = fits
            return None
        chosen = (fitting if again else free or fitting)[0]
        self.names.setdefault(id(chosen.what), role)
        return chosen

    def relate(self, known: Sequence[Thing], things: Sequence[Thing], ways: Mapping[Cell, Way]) -> None:
        """Roles by property: the key of a locked door; what is last in the way to a thing; and so on from these."""
        lying, queue = {thing.cell: thing for thing in things}, list(known)
        for thing in queue:  # grows while it is walked through
            role, barrier, found = self.names[id(thing.what)], barrier_before(thing.cell, lying, ways), []
            if thing.what.type == "door" and thing.what.is_locked:
                self.colours[role] = thing.what.color
                found.append(self.cast(f"key of {role}", Mention("key", thing.what.color).fits, things))
            if barrier and id(barrier.what) not in self.names:
                found.append(self.cast(f"{barrier.what.type} before {role}", barrier.__eq__, things))
                self.blocked |= {} if barrier.what.type == "door" else {role: barrier}
            queue += [other for other in found if other and other not in queue]

    def admit(self, things: Iterable[Thing]) -> None:
        """Name what has no name yet: by a role that nobody plays; as a twin of what is mentioned; by its kind."""
        for thing in things:
            if id(thing.what) not in self.names:
                waiting = [role for role, fits in self.pending.items() if fits(thing)]
                twins = [role for role, mention in self.mentioned.items() if mention.fits(thing)]
                for role in waiting[:1]:
                    del self.pending[role]
                stem = f"twin of {twins[0]}," if twins else f"{OTHER} {thing.what.type}"
                self.counts[stem] += not waiting
                self.names[id(thing.what)] = waiting[0] if waiting else f"{stem} {self.counts[stem]}"

    def facts(self, grid: Grid, carried: WorldObj | None) -> set[str]:
        """What holds: the mission, what is carried, and of each role how its door stands and what is in its way."""
        things = [thing for thing in [*grid.grid, carried] if thing is not None]
        roles = {thing: role for thing in things if (role := self.names.get(id(thing))) and not role.startswith(OTHER)}
        facts = {f"carrying {'nothing' if carried is None else roles.get(carried, 'something else')}"}
        facts |= {f"{role} {state_of(thing)}" for thing, role in roles.items() if thing.type == "door"}
        keys = {thing.color for thing in things if thing.type == "key"}
        facts |= {f"key of {role} there" for role, colour in self.colours.items() if colour in keys}
        facts |= {f"way to {role} cleared" for role, thing in self.blocked.items()
                  if thing.what is not carried and not is_barrier(grid.get(*thing.cell))}
        return facts | ({f"mission: {self.template}"} if self.template else set())


def state_of(door: WorldObj) -> str:
    """How a door stands."""
    return "open" if door.is_open else "locked" if door.is_locked else "closed"


def distance(thing: Thing, ways: Mapping[Cell, Way], start: Cell) -> tuple[float, ...]:
    """How far a thing is: barriers, then steps; what is carried is nearest, what cannot be reached farthest."""
    if thing.cell is None:
        return 0, 0
    straight = sum(abs(a - b) for a, b in zip(thing.cell, start, strict=True))
    way = ways.get(thing.cell)
    return (way.barriers, way.steps, *thing.cell) if way else (float("inf"), straight, *thing.cell)


def barrier_before(cell: Cell | None, lying: Mapping[Cell | None, Thing], ways: Mapping[Cell, Way]) -> Thing | None:
    """The last barrier on the cheapest way to a cell; None where the way is free."""
    way = ways.get(cell)
    while way and way.back:
        if way.back in lying and is_barrier(lying[way.back].what):
            return lying[way.back]
        way = ways[way.back]
    return None
