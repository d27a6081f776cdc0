"""Small worlds for tests: a plane one shifts over or turns on, a garden with dangers, tasks of facts without space."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from procmem_lite.percepts import Percept, Transition

Cell = tuple[int, int]
SHIFTS: tuple[Cell, ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))
QUARTER = np.array([[0, 1], [-1, 0]])  # what a quarter turn does to displacements


def percept(facts: Iterable[str] = (), objects: Mapping[str, Cell] | None = None,
            place: Any = None) -> Percept:
    """A percept by hand."""
    return Percept(frozenset(facts), dict(objects or {}), place)


def transition(before: Percept, action: int, after: Percept) -> Transition:
    """A step by hand."""
    return Transition(before, action, 0.0, after)


class Plane:
    """An endless plane with landmarks and obstacles.

    ``turning=False``: four actions shift the agent up, down, left, right, a fifth does nothing.
    ``turning=True``: actions turn it left, turn it right, move it one ahead; a fourth does nothing.
    ``feeling=True``: percepts tell whether the four cells next to the agent can be entered.
    """

    def __init__(self, turning: bool, obstacles: Iterable[Cell] = (),
                 landmarks: Mapping[str, Cell] | None = None, feeling: bool = False) -> None:
        self.turning, self.obstacles, self.feeling = turning, set(obstacles), feeling
        self.landmarks = dict(landmarks or {"tree": (3, 4), "well": (-2, 1), "rock": (5, -3)})
        self.cell, self.heading = np.zeros(2, dtype=int), np.eye(2, dtype=int)
        self.n_actions = 4 if turning else 5

    def do(self, action: int) -> Transition:
        """One step, with the percepts before and after it."""
        before, step = self.percept(), np.zeros(2, dtype=int)
        if self.turning and action < 2:
            self.heading = (QUARTER if action == 0 else QUARTER.T) @ self.heading
        elif self.turning and action == 2:
            step = self.heading.T @ [-1, 0]
        elif not self.turning and action < 4:
            step = np.array(SHIFTS[action])
        ahead = tuple((self.cell + step).tolist())
        if ahead not in self.obstacles:
            self.cell = np.array(ahead)
        return transition(before, action, self.percept())

    def slip(self, action: int, rng: random.Random, share: float) -> Transition:
        """One step that in a ``share`` of cases goes as some other action would, or nowhere, without saying so."""
        done = rng.randrange(self.n_actions) if rng.random() < share else action
        return self.do(done)._replace(action=action)

    def percept(self) -> Percept:
        """Landmarks in the agent's own frame; ahead is (-1, 0)."""
        seen = {name: tuple((self.heading @ (np.array(at) - self.cell)).tolist())
                for name, at in self.landmarks.items()}
        around = {step: tuple((self.cell + self.heading.T @ step).tolist()) not in self.obstacles
                  for step in (SHIFTS if self.feeling else ())}
        return Percept(frozenset(), seen, (*self.cell.tolist(), *self.heading.ravel().tolist()), around)


def on_ice(sees_goal: bool) -> Callable[[gym.Env], Percept]:
    """FrozenLake: no facts, nothing of the holes; the cell, and where the goal is if it can be seen."""

    def see(env: gym.Env) -> Percept:
        world = env.unwrapped
        row, column = divmod(int(world.s), world.ncol)
        (down, right), = np.argwhere(world.desc == b"G").tolist()
        return percept(objects={"goal": (down - row, right - column)} if sees_goal else {}, place=(row, column))

    return see


class Paperwork(gym.Env):
    """Write, check, send: each needs the one before; shredding undoes all. There is no space in it."""

    action_space = gym.spaces.Discrete(5)
    observation_space = gym.spaces.MultiBinary(2)

    def __init__(self, max_steps: int = 60) -> None:
        self.max_steps = max_steps

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict]:
        super().reset(seed=seed)
        self.done: set[str] = set()
        self.steps = 0
        return self._seen(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict]:
        self.steps += 1
        sent = action == 3 and "checked" in self.done
        if action == 0:
            self.done.add("written")
        elif action == 1 and "written" in self.done:
            self.done.add("checked")
        elif action == 2:
            self.done.clear()
        return self._seen(), float(sent), sent, not sent and self.steps >= self.max_steps, {}

    def _seen(self) -> np.ndarray:
        return np.array(["written" in self.done, "checked" in self.done], dtype=np.int8)

    def optimal_steps(self) -> int:
        return 3 - len(self.done)

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """The facts, and nothing else."""
        return Percept(frozenset(env.unwrapped.done))


Rule = tuple[Callable[[set[str]], bool], str]  # (when an action has its effect, the fact that appears)
DONE = "done"


class Chores(gym.Env):
    """Each action adds one fact when its time has come; "done" ends the episode. There is no space in it.

    ``start`` says which facts hold at first, given the seed.
    """

    observation_space = gym.spaces.Discrete(1)

    def __init__(self, rules: Sequence[Rule], start: Callable[[int | None], Iterable[str]] = lambda seed: (),
                 max_steps: int = 60) -> None:
        self.rules, self.start, self.max_steps = rules, start, max_steps
        self.action_space = gym.spaces.Discrete(len(rules))

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.facts, self.steps = set(self.start(seed)), 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        applies, fact = self.rules[action]
        if applies(self.facts):
            self.facts.add(fact)
        self.steps += 1
        done = DONE in self.facts
        return 0, float(done), done, not done and self.steps >= self.max_steps, {}

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """The facts, and nothing else; that all is done is for the agent to find out."""
        return Percept(frozenset(env.unwrapped.facts - {DONE}))


SHAKE, LADDER, PICK, BAKE = range(4)


class Orchard(Chores):
    """Shaking a tree brings down an apple; while nothing has fallen yet, on a lucky day, a pear with it.

    Else, whoever has an apple may fetch a ladder and pick a pear; who has both may bake. Luck cannot be seen.
    """

    def __init__(self, max_steps: int = 60) -> None:
        super().__init__([(lambda facts: True, "apple"), (lambda facts: "apple" in facts, "ladder"),
                          (lambda facts: "ladder" in facts, "pear"),
                          (lambda facts: {"apple", "pear"} <= facts, DONE)], max_steps=max_steps)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.lucky = bool(seed is None or seed % 2 == 0)
        return super().reset(seed=seed)

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        if action == SHAKE and self.lucky and not self.facts:
            self.facts.add("pear")
        return super().step(action)


class Garden(gym.Env):
    """A square with random ponds; entering one ends the episode. A fifth action breaks the vase underfoot for nothing.

    Percepts name the pond next to the agent, if ``deep`` says so by its seed: an episode may have ponds one can wade.
    """

    observation_space = gym.spaces.Discrete(1)
    action_space = gym.spaces.Discrete(5)

    def __init__(self, ponds: int = 0, goal: bool = True, vase: bool = False, size: int = 6, max_steps: int = 80,
                 deep: Callable[[int | None], bool] = lambda seed: True) -> None:
        self.ponds, self.goal, self.with_vase, self.size, self.max_steps = ponds, goal, vase, size, max_steps
        self.deep = deep

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        while True:
            cells = [divmod(int(cell), self.size) for cell in self.np_random.permutation(self.size ** 2)]
            self.cell, self.end, self.vase, *others = cells
            self.water = set(others[:self.ponds])
            if self.end in self.dry_land():
                break
        self.wade, self.steps, self.drowned, self.broken = not self.deep(seed), 0, False, not self.with_vase
        return 0, {}

    def dry_land(self) -> set[Cell]:
        """All cells that can be reached without entering water."""
        land, queue = {self.cell}, [self.cell]
        for row, column in queue:
            ahead = [(row + down, column + right) for down, right in SHIFTS]
            queue += [cell for cell in ahead if self.inside(cell) and cell not in land | self.water]
            land.update(queue)
        return land

    def inside(self, cell: Cell) -> bool:
        """Whether a cell belongs to the garden."""
        return 0 <= min(cell) <= max(cell) < self.size

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.steps += 1
        if action < 4:
            ahead = (self.cell[0] + SHIFTS[action][0], self.cell[1] + SHIFTS[action][1])
            self.cell = ahead if self.inside(ahead) else self.cell
        elif self.cell == self.vase:
            self.broken = True
        self.drowned = self.cell in self.water and not self.wade
        home = self.goal and self.cell == self.end
        over = self.drowned or home
        return 0, float(home), over, not over and self.steps >= self.max_steps, {}

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """Goal and vase, and what is next to the agent."""
        now = env.unwrapped
        row, column = now.cell
        things = {"tree": (-1, -1), "goal": now.end if now.goal else None, "vase": None if now.broken else now.vase}
        around = {(down, right): now.inside((row + down, column + right)) and (
            "pond" if (row + down, column + right) in now.water else True) for down, right in SHIFTS}
        return Percept(frozenset(), {name: (at[0] - row, at[1] - column) for name, at in things.items() if at},
                       now.cell, around)
