"""Chapter 8: ``perceive`` for MiniGrid. The agent stays as it is; only such a function is new."""

from __future__ import annotations

import copy
import itertools
import weakref
from collections import Counter

import gymnasium as gym
from minigrid.core.constants import IDX_TO_COLOR, IDX_TO_OBJECT, STATE_TO_IDX
from minigrid.core.grid import Grid
from minigrid.core.world_object import WorldObj
from minigrid.minigrid_env import MiniGridEnv

from ..percepts import Percept
from ..scenes import Board, Scene
from .missions import UNSEEN, Roles, Thing

ACTIONS = ("left", "right", "forward", "pickup", "drop", "toggle", "done")
STATES = {number: name for name, number in STATE_TO_IDX.items()}
AHEAD = ((1, 0), (0, 1), (-1, 0), (0, -1))  # heading -> one step, in (x, y)
NEXT_TO = ((1, 0), (0, 1), (-1, 0), (0, -1))  # in front, right, behind, left: in the agent's frame

Found = list[tuple[WorldObj, tuple[int, int]]]  # things, with row and column


class Things:
    """The objects of one episode by name, found by one scan and followed without another until something changes."""

    def __init__(self, env: MiniGridEnv) -> None:
        self.grid = env.grid
        self.names: dict[int, str] = {}  # id of an object -> the name it keeps for the episode
        self.kept: list[WorldObj] = []  # an id means nothing once its object is gone
        self.scan(env)

    def scan(self, env: MiniGridEnv) -> None:
        """Find everything that is not a wall, and give new things a name."""
        self.board = draw_board(self.grid)
        found = [(self.grid.get(column, row), (row, column)) for kind, _, (row, column) in self.board.items
                 if kind != "floor"]
        if env.carrying is not None:
            found.append((env.carrying, (-1, -1)))
        new = [cell for cell, _ in found if id(cell) not in self.names]
        self.kept += new
        if new:
            self.call(env, new, found)
        self.placed = [(self.names[id(cell)], cell, column, row) for cell, (row, column) in found
                       if id(cell) in self.names and row >= 0]
        self.carrying = env.carrying
        self.cells = list(self.grid.grid)
        self.doors = [cell for cell, _ in found if cell.type == "door"]
        self.state = self.door_state()
        self.facts = self.describe(env)

    def call(self, env: MiniGridEnv, new: list[WorldObj], found: Found) -> None:
        """Give each new thing a name, unless it looks like another one."""
        self.names |= name_all(new, set(self.names.values()))

    def door_state(self) -> list[tuple[bool, bool]]:
        """Open or locked, for each door."""
        return [(door.is_open, door.is_locked) for door in self.doors]

    def describe(self, env: MiniGridEnv) -> frozenset[str]:
        """What is carried, and which doors are open, closed or locked."""
        carried = self.names.get(id(env.carrying), env.carrying.type) if env.carrying is not None else "nothing"
        doors = {f"{self.names[id(door)]} {'open' if door.is_open else 'locked' if door.is_locked else 'closed'}"
                 for door in self.doors if id(door) in self.names}
        return frozenset({f"carrying {carried}"} | doors)

    def is_current(self, env: MiniGridEnv) -> bool:
        """Whether nothing but the agent has moved or changed since the last scan."""
        return (env.grid is self.grid and env.carrying is self.carrying and self.door_state() == self.state
                and self.grid.grid == self.cells)  # a thing is equal to itself alone


class Cast(Things):
    """The objects of one episode by the parts that they play in its mission."""

    roles: Roles | None = None

    def call(self, env: MiniGridEnv, new: list[WorldObj], found: Found) -> None:
        """Give parts at the beginning, and later to what turns up."""
        lies = {id(cell): (column, row) for cell, (row, column) in found if row >= 0}
        things = []
        for thing in new:
            cell = lies.get(id(thing))
            begins = cell and not self.roles  # "on your left" is what was there when the mission was given
            if thing.type != "lava":
                things.append(Thing(thing, cell, seen_from(env, *cell) if begins else UNSEEN))
        self.roles = self.roles or Roles(env.mission, things, tuple(map(int, env.agent_pos)), env.grid)
        self.roles.admit(things)
        self.names = self.roles.names

    def describe(self, env: MiniGridEnv) -> frozenset[str]:
        """What holds of the parts in the mission; what plays none is carried as something else."""
        return frozenset(self.roles.facts(env.grid, env.carrying)) if self.roles else super().describe(env)


def name_all(things: list[WorldObj], taken: set[str]) -> dict[int, str]:
    """Object id -> name: its kind; its lock or colour too where kinds repeat. Many alike get no name (lava, say)."""
    names: dict[int, str] = {}
    plain = Counter(kind(thing) for thing in things)
    coloured = Counter((kind(thing), thing.color) for thing in things)
    for thing in things:
        name = kind(thing)
        if plain[name] > 1 or name in taken:
            if coloured[name, thing.color] > 1:
                continue
            name = f"{thing.color} {name}"
        names[id(thing)] = name
    return names


def kind(thing: WorldObj) -> str:
    """What a thing is, as one can see; a door that is locked looks different from one that is not."""
    return "locked door" if thing.type == "door" and thing.is_locked else thing.type


def draw_board(grid: Grid) -> Board:
    """The whole grid, for pictures."""
    walls, items = set(), []
    for place, cell in zip(itertools.product(range(grid.height), range(grid.width)), grid.grid, strict=True):
        if cell is not None:
            if cell.type == "wall":
                walls.add(place)
            else:
                lock = " locked" if cell.type == "door" and cell.is_locked else ""
                look = "open" if cell.type == "door" and cell.is_open else cell.color + lock
                items.append((cell.type, look, place))
    return Board(grid.height, grid.width, frozenset(walls), tuple(items))


_known: weakref.WeakKeyDictionary[MiniGridEnv, Things] = weakref.WeakKeyDictionary()
_casts: weakref.WeakKeyDictionary[MiniGridEnv, Things] = weakref.WeakKeyDictionary()


def things_in(env: MiniGridEnv, make: type[Things] = Things) -> Things:
    """The present episode's objects, scanned again only where something changed."""
    known = _known if make is Things else _casts
    things = known.get(env)
    if things is None or things.grid is not env.grid:
        things = known[env] = make(env)
    elif not things.is_current(env):
        things.scan(env)
    return things


def minigrid_of(env: gym.Env) -> MiniGridEnv:
    """The MiniGrid environment inside all wrappers."""
    world = env.unwrapped
    if not isinstance(world, MiniGridEnv):
        raise TypeError(f"env: a MiniGrid environment is needed, got {type(world).__name__}")
    return world


def without_view(env: gym.Env) -> gym.Env:
    """The environment, no longer drawing the 7 by 7 view at every step: neither ``perceive`` looks at that one.

    The view takes most of MiniGrid's time. What ``step`` returns as the observation means nothing from now on.
    """
    view = env.observation_space.sample()
    minigrid_of(env).gen_obs = lambda: {name: copy.copy(part) for name, part in view.items()}
    return env


def perceive(env: gym.Env) -> Percept:
    """A MiniGrid environment's whole state in symbols.

    Facts: what is carried; each door open, closed or locked. Objects: displacement (forward, right) of everything with
    a name. Around: whether the cells in front, right, behind and left can be entered. Place: cell and heading.

    Raises:
        TypeError: for an environment that is not MiniGrid's.
    """
    world = minigrid_of(env)
    return percept_of(world, things_in(world))


def perceive_mission(env: gym.Env) -> Percept:
    """What :func:`perceive` gives, with roles for names: what the mission mentions is called $1, $2, and so on.

    Further roles are told by a property: "key of $1", "door before $1". All else goes by its kind and a number. Twins
    are told apart by distance: a role is the nearest one's. The mission is a fact, with roles in place of mentions; so
    is it that the key of a locked door is to be seen, and that what lay in the way to a thing lies elsewhere.

    Raises:
        TypeError: for an environment that is not MiniGrid's.
    """
    world = minigrid_of(env)
    return percept_of(world, things_in(world, Cast))


def seen_from(env: MiniGridEnv, x: int, y: int) -> tuple[int, int]:
    """Where the agent sees a cell: so far ahead, so far to the right."""
    (ax, ay), (fx, fy) = env.agent_pos, AHEAD[env.agent_dir]
    return int((x - ax) * fx + (y - ay) * fy), int((y - ay) * fx - (x - ax) * fy)


def percept_of(world: MiniGridEnv, things: Things) -> Percept:
    """Things as the agent sees them."""
    ax, ay = map(int, world.agent_pos)
    heading = int(world.agent_dir)
    fx, fy = AHEAD[heading]
    objects = {name: ((x - ax) * fx + (y - ay) * fy, (y - ay) * fx - (x - ax) * fy) for name, _, x, y in things.placed}
    cells, width = things.grid.grid, things.grid.width
    around = {}
    for forward, right in NEXT_TO:
        cell = cells[(ay + forward * fy + right * fx) * width + ax + forward * fx - right * fy]
        around[forward, right] = cell is None or (cell.can_overlap() and cell.type)
    carried = None if world.carrying is None else world.carrying.type
    return Percept(things.facts, objects, (ax, ay, heading), around, Scene(things.board, (ay, ax), heading, carried))


perceive.actions = perceive_mission.actions = ACTIONS  # names for whoever shows an episode


class Memory:
    """What an agent has seen in one episode: cell -> (kind, colour, state), and the names of what it saw."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid  # of this episode: another one begins with another grid
        self.seen: dict[tuple[int, int], tuple[str, str, str]] = {}
        self.names: dict[tuple[str, str], str] = {}  # (kind, colour) -> the name it keeps for the episode

    def look(self, world: MiniGridEnv) -> str:
        """Take in what MiniGrid shows its agents now; returns what is carried, which the view shows too."""
        view = type(world).gen_obs(world)["image"]  # the class's own, also after without_view
        side = len(view)
        (ax, ay), (fx, fy) = map(int, world.agent_pos), AHEAD[world.agent_dir]
        for right, forward in itertools.product(range(-(side // 2), side // 2 + 1), range(side)):
            kind, colour, state = view[right + side // 2, side - 1 - forward].tolist()
            if (right, forward) == (0, 0):
                carried = IDX_TO_OBJECT[kind], IDX_TO_COLOR[colour]
            elif IDX_TO_OBJECT[kind] != "unseen":
                cell = ax + forward * fx - right * fy, ay + forward * fy + right * fx
                self.seen[cell] = IDX_TO_OBJECT[kind], IDX_TO_COLOR[colour], STATES[state]
        return "nothing" if carried[0] in ("empty", "unseen") else self.name(*carried, "open")

    def name(self, kind: str, colour: str, state: str) -> str:
        """The name of a thing; its colour is part of it where another thing was called the same before."""
        if (kind, colour) not in self.names:
            plain = "locked door" if (kind, state) == ("door", "locked") else kind
            self.names[kind, colour] = f"{colour} {plain}" if plain in self.names.values() else plain
        return self.names[kind, colour]


_memories: weakref.WeakKeyDictionary[MiniGridEnv, Memory] = weakref.WeakKeyDictionary()


def perceive_view(env: gym.Env) -> Percept:
    """What :func:`perceive` gives, but only of things that the agent's own view has shown in this episode.

    The view is MiniGrid's own, 7 by 7 cells, seen through no wall. A door not seen open counts as not open. The
    agent knows its cell and heading, so that what it has seen stays where it is while it moves.

    Raises:
        TypeError: for an environment that is not MiniGrid's.
    """
    world = minigrid_of(env)
    memory = _memories.get(world)
    if memory is None or memory.grid is not world.grid:
        memory = _memories[world] = Memory(world.grid)
    carried = memory.look(world)
    (ax, ay), heading = map(int, world.agent_pos), int(world.agent_dir)
    fx, fy = AHEAD[heading]
    facts, objects = {f"carrying {carried}"}, {}
    for (x, y), (kind, colour, state) in memory.seen.items():
        if kind not in ("empty", "wall", "floor", "lava"):
            name = memory.name(kind, colour, state)
            objects[name] = ((x - ax) * fx + (y - ay) * fy, (y - ay) * fx - (x - ax) * fy)
            facts |= {f"{name} open"} if (kind, state) == ("door", "open") else set()
    around = {}
    for forward, right in NEXT_TO:
        cell = memory.seen.get((ax + forward * fx - right * fy, ay + forward * fy + right * fx))
        if cell is not None:
            enter = cell[0] in ("empty", "floor", "goal", "lava") or cell[::2] == ("door", "open")
            around[forward, right] = cell[0] == "empty" or (enter and cell[0])
    scene = Scene(things_in(world).board, (ay, ax), heading, None if carried == "nothing" else carried)
    return Percept(frozenset(facts), objects, (ax, ay, heading), around, scene)


perceive_view.actions = ACTIONS
