"""A small world that can be broken in many ways: light the lamp, then leave by the exit."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from procmem_lite.percepts import Percept

Cell = tuple[int, int]
WAYS: tuple[Cell, ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))
SIDE, USE = 5, 4


class Hall(gym.Env):
    """Walk (0 to 3); use what is here (4): the lamp lights up, the exit lets out whoever has light."""

    action_space, observation_space = gym.spaces.Discrete(5), gym.spaces.Discrete(1)
    bound = 200

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """The agent, the lamp and the exit, each somewhere else."""
        super().reset(seed=seed)
        self.me, self.lamp, self.exit = (divmod(int(cell), SIDE) for cell in self.np_random.permutation(SIDE**2)[:3])
        self.steps, self.facts, self.number = 0, frozenset({"dark"}), seed
        return 0, {}

    def step(self, action: int) -> tuple:
        """Walk or use."""
        self.steps += 1
        if action < USE and self.is_free(WAYS[action]):
            self.me = self.next_to(WAYS[action])
        out = action == USE and self.me == self.exit and "lit" in self.facts
        if action == USE and self.me == self.lamp:
            self.facts = frozenset({"lit"})
        return 0, float(out), out, not out and self.steps >= self.bound, {}

    def next_to(self, way: Cell) -> Cell:
        """The cell that lies in a direction."""
        return self.me[0] + way[0], self.me[1] + way[1]

    def is_free(self, way: Cell) -> bool:
        """Whether there is floor."""
        return all(0 <= part < SIDE for part in self.next_to(way))

    def from_here(self, cell: Cell) -> Cell:
        """The displacement of a cell."""
        return cell[0] - self.me[0], cell[1] - self.me[1]


def see(env: gym.Env) -> Percept:
    """All there is, rightly told."""
    hall: Any = env.unwrapped
    return Percept(hall.facts, {"lamp": hall.from_here(hall.lamp), "exit": hall.from_here(hall.exit)}, hall.me,
                   {way: hall.is_free(way) for way in WAYS})
