"""Chapter 10: worlds whose rules change - buttons swapped, a lamp that decides, slips, faults, lava, another key.

order      which action of the world each of the agent's is       (0, 1, 2, 3, 5, 4): the last two are swapped
lamp       what decides between two orders, drawn each episode    "light" or "dark"
lost       chance that a deed is lost, and one that it slips      0.5, 0.2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from ..percepts import Percept
from .gridworld import ACTIONS, GOAL, OPEN, PICK_UP, STEP, GridWorld, perceive
from .layouts import NEIGHBOURS, Cell, reachable

SAME = tuple(range(len(ACTIONS)))
SWAPPED = (0, 1, 2, 3, OPEN, PICK_UP)  # the two buttons
UPSIDE_DOWN = (1, 0, 2, 3, PICK_UP, OPEN)  # up and down
LAVA = "lava"
TRIALS = 1000  # draws of lava, and there is none that leaves a way


class Wired(gym.Wrapper):
    """The same world with its actions wired anew.

    Args:
        order: the world's action for each of the agent's.
        dark: chance of an episode in the dark, where ``dark_order`` holds instead.
        slip: chance that any other action comes out. dead: chance that a button, no move, does nothing.
        shown: whether :func:`perceive_lamp` tells light from dark.
    """

    def __init__(self, env: gym.Env, order: Sequence[int] = SAME, *, dark_order: Sequence[int] | None = None,
                 dark: float = 0.0, slip: float = 0.0, dead: float = 0.0, shown: bool = False) -> None:
        super().__init__(env)
        self.orders = tuple(order), tuple(order if dark_order is None else dark_order)
        for each in self.orders:
            if sorted(each) != list(range(env.action_space.n)):
                raise ValueError(f"order: every action once is needed, got {each!r}")
        self.dark, self.slip, self.dead, self.shown, self.is_dark = dark, slip, dead, shown, False

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[Any, dict]:
        """Draw the lamp, and what will be lost or slip, from the seed of the layout."""
        self.chance = np.random.default_rng([7, 0 if seed is None else seed])
        self.is_dark = bool(self.chance.random() < self.dark)
        return self.env.reset(seed=seed, options=options)

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        """What the agent wants, by the order that holds, if it neither slips nor is lost."""
        done = self.orders[self.is_dark][action]
        if self.slip and self.chance.random() < self.slip:
            done = int(self.chance.integers(self.action_space.n))
        if self.dead and done in (PICK_UP, OPEN) and self.chance.random() < self.dead:
            done = idle(self.env.unwrapped)
        return self.env.step(done)


class Lava(gym.Wrapper):
    """Some free cells of a layout are lava, which ends an episode; key, door and goal stay within reach."""

    def __init__(self, env: gym.Env, share: float) -> None:
        super().__init__(env)
        if not 0 <= share < 1:
            raise ValueError(f"share: a number from 0 to below 1 is needed, got {share!r}")
        self.share, self.cells = share, frozenset()

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[Any, dict]:
        """Draw the cells from the seed of the layout, anew until everything can be reached."""
        found, layout = self.env.reset(seed=seed, options=options), self.env.unwrapped.layout
        chance = np.random.default_rng([9, 0 if seed is None else seed])
        targets = {layout.key, layout.door, layout.goal}
        kept = targets | {layout.start} | layout.walls
        spare = [cell for cell in np.ndindex(layout.size, layout.size) if cell not in kept]
        for _ in range(TRIALS):
            chosen = chance.permutation(len(spare))[:round(self.share * layout.size ** 2)]
            self.cells = frozenset(spare[index] for index in chosen)
            if targets <= reachable(layout.start, layout.size, self.cells | layout.walls):
                return found
        raise ValueError(f"share: {self.share} leaves no way to key, door and goal in {TRIALS} draws; less is needed")

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        """One action; whoever is on lava then is gone."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        burnt = self.env.unwrapped.percept().place in self.cells
        return (seen, -1.0, True, False, info) if burnt else (seen, reward, terminated, truncated, info)


class TwoKeys(gym.Env):
    """An open field with two keys; the door takes one of them.

    Actions and rewards as in :class:`~procmem_lite.worlds.gridworld.GridWorld`; both keys may be carried.
    """

    action_space, observation_space = gym.spaces.Discrete(len(ACTIONS)), gym.spaces.Discrete(1)

    def __init__(self, right: str = "red", size: int = 5, max_steps: int = 100) -> None:
        self.right, self.size, self.max_steps = right, size, max_steps

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        """Draw all positions."""
        super().reset(seed=seed)
        cells = [divmod(int(cell), self.size) for cell in self.np_random.choice(self.size ** 2, 5, replace=False)]
        self.at, self.things = cells[0], dict(zip(("red", "blue", "door", "goal"), cells[1:], strict=True))
        self.held, self.opened, self.steps = frozenset(), False, 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        """One action."""
        self.steps += 1
        if action < PICK_UP:
            there = tuple(np.add(self.at, NEIGHBOURS[action]).tolist())
            self.at = there if is_inside(there, self.size) else self.at
        elif action == PICK_UP:
            self.held |= {name for name in ("red", "blue") if self.at == self.things[name]}
        elif self.at == self.things["door"] and self.right in self.held:
            self.opened = True
        done = self.opened and self.at == self.things["goal"]
        return 0, GOAL if done else STEP, done, not done and self.steps >= self.max_steps, {}

    def optimal_steps(self) -> int:
        """The fewest steps at the start of an episode."""
        stops = [self.at, self.things[self.right], self.things["door"], self.things["goal"]]
        return 2 + sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in zip(stops, stops[1:]))


def idle(world: GridWorld) -> int:
    """The button that does nothing where the agent stands."""
    return PICK_UP if world.percept().place == world.layout.door else OPEN


def is_inside(cell: Cell, size: int) -> bool:
    """Whether a cell is one of a square grid's."""
    return 0 <= cell[0] < size and 0 <= cell[1] < size


def layer(env: gym.Env, kind: type) -> gym.Wrapper:
    """The wrapper of some kind around an environment."""
    while not isinstance(env, kind):
        env = env.env
    return env


def perceive_lamp(env: gym.Env) -> Percept:
    """A grid world's percept; where the lamp is shown, a fact tells light from dark."""
    wired, seen = layer(env, Wired), perceive(env)
    return replace(seen, facts=seen.facts | {"dark" if wired.is_dark else "light"}) if wired.shown else seen


def perceive_lava(env: gym.Env) -> Percept:
    """A grid world's percept in which lava next to the agent is named."""
    cells, seen = layer(env, Lava).cells, perceive(env)
    row, column = seen.place
    return replace(seen, around={(down, right): LAVA if free and (row + down, column + right) in cells else free
                                 for (down, right), free in seen.around.items()})


def perceive_two_keys(env: gym.Env) -> Percept:
    """What is held, whether the door is open, and where everything else is."""
    world = env.unwrapped
    row, column = world.at
    return Percept(
        frozenset({f"has_{name}" for name in world.held} | ({"door_open"} if world.opened else set())),
        {name: (r - row, c - column) for name, (r, c) in world.things.items() if name not in world.held}, world.at,
        {(down, right): is_inside((row + down, column + right), world.size) for down, right in NEIGHBOURS})


for look in (perceive_lamp, perceive_lava, perceive_two_keys):
    look.actions = ACTIONS
