"""A MiniGrid world in which everything lies where a test wants it."""

from __future__ import annotations

from minigrid.core.grid import Grid
from minigrid.core.mission import MissionSpace
from minigrid.core.world_object import WorldObj
from minigrid.minigrid_env import MiniGridEnv

Cell = tuple[int, int]  # column and row


class Stage(MiniGridEnv):
    """A walled square with given things at given cells; the agent at one of them, looking right."""

    def __init__(self, things: dict[Cell, WorldObj], mission: str = "play", size: int = 8,
                 agent: Cell = (1, 1)) -> None:
        self.things, self.words, self.agent = things, mission, agent
        super().__init__(MissionSpace(lambda: mission), grid_size=size, max_steps=1000)
        self.reset(seed=0)

    def _gen_grid(self, width: int, height: int) -> None:
        self.grid = Grid(width, height)
        self.grid.wall_rect(0, 0, width, height)
        for cell, thing in self.things.items():
            self.put_obj(thing, *cell)
        self.agent_pos, self.agent_dir, self.mission = self.agent, 0, self.words
