"""The rules of a generated world: what every action does to a state, and the shortest path; pure functions.

cell       where something is, a whole number for each axis            (2, 0)
heading    quarter turns of an agent that turns; else 0                3
features   what a world has, and how much of it                        Features(axes=2, walls=0.1)
deed       facts that an action changes, and where                     Deed("use", ("lamp",), "at", adds={"lamp lit"})
chain      the deeds that lead to success, each before who needs it    rules.deeds[:4]
rules      what all layouts of a world have in common                  Rules(features, actions, motions, deeds, ...)
layout     where everything is, in one episode                         Layout(start, heading, places, walls, ...)
state      what the agent's actions change                             State((2, 0), 3, frozenset({"lamp lit"}))
end        how an episode ends with a step                             "" (it goes on), "success" or "harm"
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import add, sub
from typing import NamedTuple

from ..percepts import SUCCESS, Facts

HARM = "harm"
Cell = tuple[int, ...]
NOTHING: Facts = frozenset()


@dataclass(frozen=True)
class Features:
    """What a world has. The defaults are the plain values, towards which a failing world is shrunk.

    Attributes:
        axes: 0 (facts only) to 3; each has ``side`` cells. units: how long a step is in the percept.
        turns: the agent has a heading and goes forward.
        things: how many there are; ``wander`` of them move at random. twins: a thing is there twice, and "either"
            serves, only "one" (always the same), or only one that differs from layout to layout ("hidden").
        chain: deeds to success. sites: where they are done: "at" a thing, "next" to it (facing it, where the agent
            turns), "anywhere", or "mixed". arriving: the last happens without an action, on arrival.
        shared: one action does all deeds. consume: deeds remove a fact that they need. undo: an action removes all.
        carried, vanish: a thing is carried, or is gone, while the fact holds that was got from it.
        solid: things that are used from next to them cannot be entered.
        useless: actions that do nothing. decoys: deeds whose facts nobody needs. idle: facts that are there or not
            all through an episode. flicker: facts that flip at each step, with probability ``rate``.
        around: percepts show what is next to the agent. walls: share of cells. panes: edges that look free and do
            not let pass. door: a wall all across, with a door that the last fact but success opens.
        pads: cells that take the agent elsewhere. pits: deadly cells; ``named`` in around, else they are objects.
        deadly: a deed that ends the episode: "anywhere", "at" a thing, or the last of the chain done too "early".
        rewards: "goal" (1 for success), "steps" (-0.1 a step, 10), "shaped" (1 for each fact on the chain, 10);
            and those that need ``succeeded``: "zero" (0, harm -1), "cost" (-1, success 0), "fact" (0 and a fact).
        slips: how often another action happens than the one that was chosen.
    """

    axes: int = 2
    side: int = 5
    units: float = 1
    turns: bool = False
    things: int = 1
    wander: int = 0
    twins: str = ""
    chain: int = 1
    sites: str = "at"
    arriving: bool = False
    shared: bool = False
    consume: bool = False
    undo: bool = False
    carried: bool = False
    vanish: bool = False
    solid: bool = False
    useless: int = 0
    decoys: int = 0
    idle: int = 0
    flicker: int = 0
    rate: float = 0.5
    around: bool = True
    walls: float = 0.0
    panes: int = 0
    door: bool = False
    pads: int = 0
    pits: int = 0
    named: bool = True
    deadly: str = ""
    rewards: str = "goal"
    slips: float = 0.0


@dataclass(frozen=True)
class Deed:
    """What an action does to the facts where all that it needs holds, and what it adds does not yet.

    Attributes:
        action: its name; None for a deed that happens on arrival. things: which of them serve; none: no site.
        site: "at", "next" or "anywhere". end: of the episode.
    """

    action: str | None
    things: tuple[str, ...] = ()
    site: str = "anywhere"
    needs: Facts = NOTHING
    adds: Facts = NOTHING
    removes: Facts = NOTHING
    end: str = ""

    def applies(self, facts: Facts) -> bool:
        """Whether it would change anything under these facts."""
        return self.needs <= facts and not (self.adds and self.adds <= facts)


@dataclass(frozen=True)
class Rules:
    """What all layouts of a world have in common.

    Attributes:
        actions: their names. motions: of each, quarter turns and a step in the agent's own frame, or None.
        deeds: the first that applies happens; the chain comes first. chain: how many are the chain.
        things: names of all, twins told apart. taken: thing -> the fact with which it is gone, or carried.
        opens: the fact that opens the door. idle, flicker: facts that mean nothing.
    """

    features: Features
    actions: tuple[str, ...]
    motions: tuple[tuple[int, Cell] | None, ...]
    deeds: tuple[Deed, ...]
    things: tuple[str, ...] = ()
    wander: tuple[str, ...] = ()
    solid: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    opens: str = ""
    idle: tuple[str, ...] = ()
    flicker: tuple[str, ...] = ()

    @property
    def chain(self) -> tuple[Deed, ...]:
        """The deeds that lead to success."""
        return self.deeds[:self.features.chain]

    @cached_property
    def matters(self) -> Facts:
        """The facts that lead to success."""
        return NOTHING.union(*(deed.adds for deed in self.chain))


@dataclass(frozen=True)
class Layout:
    """Where everything is in one episode. pads: cell -> where it leads. dud: a twin that does not serve."""

    start: Cell
    heading: int = 0
    places: Mapping[str, Cell] = field(default_factory=dict)
    walls: frozenset[Cell] = frozenset()
    panes: frozenset[frozenset[Cell]] = frozenset()
    door: Cell | None = None
    pads: Mapping[Cell, Cell] = field(default_factory=dict)
    pits: tuple[Cell, ...] = ()
    dud: str = ""
    idle: Facts = NOTHING

    @property
    def begin(self) -> State:
        """The first state of an episode."""
        return State(self.start, self.heading, NOTHING)


class State(NamedTuple):
    """What the agent's actions change."""

    cell: Cell
    heading: int
    facts: Facts


def turned(way: Cell, quarters: int) -> Cell:
    """A displacement, turned by quarters in the plane of the first two axes; by halves on a line."""
    if len(way) == 1:
        return (-way[0],) if quarters % 2 else way
    for _ in range(quarters % 4):
        way = (way[1], -way[0], *way[2:])
    return way


def shift(cell: Cell, way: Cell) -> Cell:
    """The cell at a displacement."""
    return tuple(map(add, cell, way))


def seen_from(state: State, cell: Cell) -> Cell:
    """The displacement of a cell in the agent's own frame."""
    return turned(tuple(map(sub, cell, state.cell)), -state.heading)


def beside(state: State, way: Cell) -> Cell:
    """The cell at a displacement in the agent's own frame."""
    return shift(state.cell, turned(way, state.heading))


def ways(axes: int) -> list[Cell]:
    """The displacements to all cells next to one."""
    return [tuple(sign * (axis == each) for axis in range(axes)) for each in range(axes) for sign in (-1, 1)]


def where(rules: Rules, layout: Layout, state: State, thing: str) -> Cell | None:
    """The cell of a thing; None for one that is gone."""
    if rules.taken.get(thing) in state.facts:
        return state.cell if thing in rules.carried else None
    return layout.places[thing]


def free(rules: Rules, layout: Layout, state: State, cell: Cell) -> bool:
    """Whether a cell looks as if it could be entered."""
    side = rules.features.side
    if cell in layout.walls or min(cell) < 0 or max(cell) >= side:
        return False
    if cell == layout.door and rules.opens not in state.facts:
        return False
    return all(where(rules, layout, state, thing) != cell for thing in rules.solid)


def move(rules: Rules, layout: Layout, state: State, action: int) -> tuple[State, str]:
    """Where an action leads, and how the episode ends there."""
    motion = rules.motions[action]
    if motion is None:
        return state, ""
    quarters, way = motion
    if quarters:
        return State(state.cell, (state.heading + quarters) % (2 if len(way) == 1 else 4), state.facts), ""
    cell = beside(state, way)
    if not free(rules, layout, state, cell) or (layout.panes and frozenset((state.cell, cell)) in layout.panes):
        return state, ""
    return State(layout.pads.get(cell, cell), state.heading, state.facts), HARM if cell in layout.pits else ""


def reaches(rules: Rules, layout: Layout, state: State, deed: Deed) -> bool:
    """Whether the agent is where a deed can be done."""
    if deed.site == "anywhere":
        return True
    for thing in deed.things:
        cell = where(rules, layout, state, thing) if thing != layout.dud else None
        if cell is None:
            continue
        if deed.site == "at":
            if cell == state.cell:
                return True
        elif rules.features.turns:
            if seen_from(state, cell) == ahead(len(cell)):
                return True
        elif sum(abs(a - b) for a, b in zip(cell, state.cell)) == 1:
            return True
    return False


def ahead(axes: int) -> Cell:
    """One step forward, in the agent's own frame."""
    return (1,) + (0,) * (axes - 1)


def after(rules: Rules, layout: Layout, state: State, action: int) -> tuple[State, str]:
    """What an action makes of a state, and how the episode ends with it: it moves, or else does a deed."""
    state, end = move(rules, layout, state, action)
    if end:
        return state, end
    name = rules.actions[action]
    for deed in rules.deeds:
        if (deed.action == name or deed.action is None) and deed.applies(state.facts) and reaches(
                rules, layout, state, deed):
            return State(state.cell, state.heading, (state.facts - deed.removes) | deed.adds), deed.end
    return state, ""


def shortest_path(rules: Rules, layout: Layout, start: State) -> list[int] | None:
    """The fewest actions that succeed, while nothing slips or wanders; None where none do. Breadth first.

    Facts of decoys are left out: no deed needs them, and the chain comes before them.
    """
    matters = rules.matters
    leading = [deed for deed in rules.deeds if deed in rules.chain or deed.removes]
    useful = [action for action, motion in enumerate(rules.motions)
              if motion or any(deed.action == rules.actions[action] for deed in leading)]
    start = start._replace(facts=start.facts & matters)
    came: dict[State, tuple[State, int] | None] = {start: None}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for action in useful:
            then, end = after(rules, layout, state, action)
            if end == SUCCESS:
                return [*path_to(came, state), action]
            if then.facts is not state.facts and not then.facts <= matters:
                then = then._replace(facts=then.facts & matters)
            if not end and then not in came:
                came[then] = state, action
                queue.append(then)
    return None


def path_to(came: Mapping[State, tuple[State, int] | None], state: State) -> list[int]:
    """The actions that led to a state."""
    path = []
    while came[state] is not None:
        state, action = came[state]
        path.append(action)
    return path[::-1]
