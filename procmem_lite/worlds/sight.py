"""Chapter 13: what a network is given - the agent's own 7 by 7 view, as numbers, beside what it is told in symbols.

code    what is on a cell, and its state    MiniGrid's number of the kind times 3, and the state's: a locked door is 14
view    the codes of all cells              49 bytes: row by row of MiniGrid's picture, from left to right
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import gymnasium as gym

from ..percepts import Percept
from .minigrid import ACTIONS, minigrid_of, perceive_view


@dataclass(frozen=True, slots=True)
class Sight(Percept):
    """A percept, and the view that it was made of.

    Attributes:
        view: a code for each of 49 cells. The agent stands at cell 27 and looks towards cell 21; on its own cell is
            what it carries.
    """

    view: bytes = b""


def perceive_sight(env: gym.Env) -> Sight:
    """What :func:`~procmem_lite.worlds.minigrid.perceive_view` gives, with the view itself.

    Raises:
        TypeError: for an environment that is not MiniGrid's.
    """
    percept, world = perceive_view(env), minigrid_of(env)
    view = type(world).gen_obs(world)["image"]
    codes = (view[..., 0] * 3 + view[..., 2]).astype("uint8").tobytes()
    return Sight(*(getattr(percept, field.name) for field in fields(Percept)), view=codes)


perceive_sight.actions = ACTIONS
