"""Chapter 12: two rooms, two doors with a toll, two keys and a purse off the path: there is something to choose.

toll       what opening a door costs              2.0
purse      what taking it pays                    1.5
map        where everything is                    TollMap(size=6, start=(0, 0), keys=((1, 2), (4, 0)), ...)
state      cell, keys held, doors open, purse     encode(size, cell, flags); a flag is one bit
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from ..percepts import Percept
from ..scenes import Board, Scene
from .layouts import NEIGHBOURS, Cell

ACTIONS = ("up", "down", "left", "right", "pick_up", "open")
PICK_UP, OPEN = 4, 5
STEP, GOAL = -0.1, 10.0
METALS = ("brass", "silver")
COLOURS = {"brass": "yellow", "silver": "grey"}
KEYS, DOORS, PURSE = (1, 2), (4, 8), 16  # bits of a state's flags
FLAGS = 32
TOLLS, PURSES = (0.0, 1.0, 2.0, 3.0), (0.5, 1.0, 2.0)  # what is drawn from
SMALLEST, LARGEST = 5, 32  # cells along a side


class TollMap(NamedTuple):
    """Where everything is, and what it costs. Doors stand in the gaps of a wall; brass comes first."""

    size: int
    start: Cell
    keys: tuple[Cell, Cell]
    doors: tuple[Cell, Cell]
    purse: Cell
    goal: Cell
    tolls: tuple[float, float]
    worth: float
    walls: frozenset[Cell]


class TollTable(NamedTuple):
    """All dynamics as arrays of shape ``(states, 6)``; a state is ``cell * 32 + flags``."""

    next_state: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray


def draw_map(size: int, rng: np.random.Generator) -> TollMap:
    """A wall with two doors; start and keys on its left, the goal on its right, the purse on either side."""
    wall = int(rng.integers(2, size - 2))
    doors = tuple((int(row), wall) for row in rng.choice(size, 2, replace=False))
    left = [(row, column) for row in range(size) for column in range(wall)]
    right = [(row, column) for row in range(size) for column in range(wall + 1, size)]
    start, brass, silver = (left[pick] for pick in rng.choice(len(left), 3, replace=False).tolist())
    right = [cell for cell in right if cell not in {beyond(door) for door in doors}]
    goal = right[int(rng.integers(len(right)))]
    free = [cell for cell in (*left, *right) if cell not in (start, brass, silver, goal)]
    tolls = tuple(float(rng.choice(TOLLS)) for _ in METALS)
    walls = frozenset((row, wall) for row in range(size)) - set(doors)
    return TollMap(size, start, (brass, silver), doors, free[int(rng.integers(len(free)))], goal, tolls,
                   float(rng.choice(PURSES)), walls)


def encode(world: TollMap, cell: Cell, flags: int = 0) -> int:
    """The number of a state."""
    return (cell[0] * world.size + cell[1]) * FLAGS + flags


def decode(world: TollMap, state: int) -> tuple[Cell, int]:
    """``encode`` backwards: cell and flags."""
    cell, flags = divmod(int(state), FLAGS)
    return divmod(cell, world.size), flags


def beyond(door: Cell) -> Cell:
    """The cell behind a door, which nobody enters until it is open."""
    return door[0], door[1] + 1


def neighbours(world: TollMap, cell: Cell, flags: int) -> Iterator[Cell]:
    """Where the four moves lead."""
    shut = {beyond(door) for door, bit in zip(world.doors, DOORS, strict=True) if not flags & bit}
    for down, right in NEIGHBOURS:
        row, column = after = cell[0] + down, cell[1] + right
        inside = 0 <= row < world.size and 0 <= column < world.size
        yield after if inside and after not in world.walls and after not in shut else cell


def outcome(world: TollMap, state: int, action: int) -> tuple[int, float, bool]:
    """What one action does: next state, reward, and whether the episode ends."""
    cell, flags = decode(world, state)
    gained = STEP
    if action < PICK_UP:
        cell = list(neighbours(world, cell, flags))[action]
    elif action == PICK_UP:
        for key, bit in zip(world.keys, KEYS, strict=True):
            flags |= bit if cell == key else 0
        if cell == world.purse and not flags & PURSE:
            flags, gained = flags | PURSE, gained + world.worth
    else:
        for door, toll, key, bit in zip(world.doors, world.tolls, KEYS, DOORS, strict=True):
            if cell == door and flags & key and not flags & bit:
                flags, gained = flags | bit, gained - toll
    ended = cell == world.goal
    return encode(world, cell, flags), gained + GOAL * ended, ended


@lru_cache(maxsize=64)
def toll_table(world: TollMap) -> TollTable:
    """Every outcome of every state."""
    states = world.size ** 2 * FLAGS
    rows = [[outcome(world, state, action) for action in range(len(ACTIONS))] for state in range(states)]
    return TollTable(*(np.array([[cell[part] for cell in row] for row in rows]) for part in range(3)))


def describe(world: TollMap, state: int) -> Percept:
    """A state as facts, displacements and what is next to the agent. No toll is told, nor what a purse is worth."""
    cell, flags = decode(world, state)
    things = {"goal": world.goal}
    facts, items = set(), []
    for metal, key, door, held, opened in zip(METALS, world.keys, world.doors, KEYS, DOORS, strict=True):
        things[f"{metal} door"] = door
        facts |= {f"{metal} key held"} if flags & held else set()
        facts |= {f"{metal} door open"} if flags & opened else set()
        if not flags & held:
            things[f"{metal} key"] = key
            items.append(("key", COLOURS[metal], key))
        items.append(("door", f"{COLOURS[metal]} {'open' if flags & opened else 'locked'}", door))
        if not flags & opened:
            items.append(("barred", "shut", beyond(door)))
    if flags & PURSE:
        facts.add("purse held")
    else:
        things["purse"] = world.purse
        items.append(("ball", "purple", world.purse))
    board = Board(world.size, world.size, world.walls, (*items, ("goal", "green", world.goal)))
    around = {step: after != cell for step, after in zip(NEIGHBOURS, neighbours(world, cell, flags), strict=True)}
    away = {name: (row - cell[0], column - cell[1]) for name, (row, column) in things.items()}
    return Percept(frozenset(facts), away, cell, around, Scene(board, cell))


class TollWorld(gym.Env):
    """Reach the goal behind one of two doors; each opens with its key, and costs its toll.

    Actions: 0 up, 1 down, 2 left, 3 right, 4 pick up, 5 open (on a door's cell, with its key).
    Observation: the number of the state. Rewards: -0.1 a step, +10 at the goal, minus a door's toll when it opens, plus
        what the purse is worth. Termination: at the goal. Truncation: after ``max_steps``.
    A map is drawn at each ``reset``, unless one is given.
    """

    metadata = {"render_modes": []}

    def __init__(self, source: TollMap | int = 6, max_steps: int = 400) -> None:
        size = source.size if isinstance(source, TollMap) else source
        if isinstance(size, bool) or not isinstance(size, int) or not SMALLEST <= size <= LARGEST:
            raise ValueError(f"source: a TollMap, or a size from {SMALLEST} to {LARGEST}, is needed, got {source!r}")
        self.source, self.size, self.max_steps = source, size, max_steps
        self.action_space = gym.spaces.Discrete(len(ACTIONS))
        self.observation_space = gym.spaces.Discrete(size ** 2 * FLAGS)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict]:
        """Start an episode; the same seed gives the same map."""
        super().reset(seed=seed)
        self.map = self.source if isinstance(self.source, TollMap) else draw_map(self.size, self.np_random)
        self.state, self.steps = encode(self.map, self.map.start), 0
        return self.state, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        """One action; see Gymnasium: observation, reward, terminated, truncated, info."""
        self.state, reward, ended = outcome(self.map, self.state, int(action))
        self.steps += 1
        return self.state, reward, ended, not ended and self.steps >= self.max_steps, {}


def perceive(env: gym.Env) -> Percept:
    """What the agent takes from a :class:`TollWorld` at this step."""
    world = env.unwrapped
    return describe(world.map, world.state)


perceive.actions = ACTIONS
