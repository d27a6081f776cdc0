"""Rooms for tests of motion: a model that knows how to move, walled squares, and what a search of the world finds."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from worlds import Cell, Plane

from procmem_lite.navigation.motion import MotionModel
from procmem_lite.navigation.tracker import Tracker

BOTH = pytest.mark.parametrize("turning", [False, True], ids=["shifting", "turning"])
SIDE = 7
EDGE = {cell for cell in product(range(-1, SIDE + 1), repeat=2) if not 0 <= min(cell) <= max(cell) < SIDE}


def taught(turning: bool, steps: int = 60) -> MotionModel:
    """A model that has seen random actions on open ground."""
    world, rng = Plane(turning), random.Random(0)
    model = MotionModel(world.n_actions)
    for _ in range(steps):
        model.learn(*world.do(rng.randrange(world.n_actions))[:2], world.percept())
    return model


MODELS = {turning: taught(turning) for turning in (False, True)}


def room(turning: bool, seed: int, share: float = 0.25, feeling: bool = False) -> tuple[Plane, set[Cell]]:
    """A walled square with random obstacles, the agent on a random free cell; and its free cells."""
    rng = random.Random(seed)
    cells = list(product(range(SIDE), repeat=2))
    rng.shuffle(cells)
    inner = set(cells[3:3 + round(share * len(cells))])
    world = Plane(turning, EDGE | inner, {"tree": cells[1], "well": cells[2]}, feeling)
    world.cell = np.array(cells[0])
    return world, set(cells) - inner


def seen_from(world: Plane, cells: set[Cell]) -> set[Cell]:
    """Cells in the frame of an agent that starts where this one stands, upright."""
    return {tuple((np.array(cell) - world.cell).tolist()) for cell in cells}


def informed(world: Plane, free: set[Cell]) -> Tracker:
    """A tracker that knows every cell of a room."""
    tracker = Tracker(MODELS[world.turning])
    tracker.observe(world.percept())
    tracker.obstacles, tracker.ground = seen_from(world, world.obstacles), seen_from(world, free)
    return tracker


def fewest(world: Plane, reached: Callable[[Plane], bool]) -> float:
    """Breadth-first search by doing every action from every state of the world itself."""
    first = (tuple(world.cell.tolist()), tuple(world.heading.ravel().tolist()))
    steps, queue = {first: 0}, deque([first])
    while queue:
        state = queue.popleft()
        for action in range(-1, world.n_actions):
            world.cell, world.heading = np.array(state[0]), np.array(state[1]).reshape(2, 2)
            if action < 0:
                if reached(world):
                    return steps[state]
                continue
            world.do(action)
            following = (tuple(world.cell.tolist()), tuple(world.heading.ravel().tolist()))
            if following not in steps:
                steps[following] = steps[state] + 1
                queue.append(following)
    return np.inf


def line(length: int = 9) -> Tracker:
    """A corridor with the tree at its far end, all of it known."""
    world = Plane(False, {(row, column) for row in (-1, 1) for column in range(-1, length + 1)}
                  | {(0, -1), (0, length)}, {"tree": (0, length - 1), "well": (0, 4)})
    return informed(world, {(0, column) for column in range(length)})
