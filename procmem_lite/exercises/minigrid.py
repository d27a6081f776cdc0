"""Checks for the exercises of the chapter on minigrid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import gymnasium as gym
import numpy as np

from ..percepts import Percept
from .report import require


def views(answer: Callable[[gym.Env], Percept], names: Sequence[str], layouts: int,
          turns: int = 1) -> Iterator[tuple[str, gym.Env, Percept]]:
    """(where, world, answer's percept) in some layouts of MiniGrid, after each turn to the left."""
    from . import minigrid  # an extra: the other chapters do without it

    for name in names:
        env = gym.make(f"MiniGrid-{name}")
        for seed in range(layouts):
            env.reset(seed=seed)
            for turn in range(turns):
                seen, found = minigrid.perceive(env), answer(env)
                require(isinstance(found, Percept), f"a Percept is needed, got {type(found).__name__}")
                require((found.facts, found.place) == (seen.facts, seen.place),
                        "facts and place should be what minigrid.perceive gives")
                yield f"{name}, layout {seed}, after {turn} turns", env.unwrapped, found
                env.step(minigrid.ACTIONS.index("left"))


def still_frame(answer: Callable[[gym.Env], Percept]) -> str:
    """A percept whose displacements are (rows, columns) from the agent, whatever its heading."""
    from . import minigrid

    count = 0
    for where, world, found in views(answer, ("DoorKey-8x8-v0", "UnlockPickup-v0", "LavaCrossingS9N1-v0"), 3, turns=4):
        ax, ay = map(int, world.agent_pos)
        things = {thing: (y - ay, x - ax) for thing, _, x, y in minigrid.things_in(world).placed}
        require(found.objects.keys() == things.keys(), f"{where}: objects {sorted(things)} are needed")
        for thing, away in things.items():
            got = tuple(found.objects[thing])
            require(got == away, f"{where}: the {thing} is at {away}, rows and columns from the agent, not at {got}")
        beside = {(dy, dx): world.grid.get(ax + dx, ay + dy) for dx, dy in minigrid.AHEAD}
        free = {step: cell is None or (cell.can_overlap() and cell.type) for step, cell in beside.items()}
        require(found.around == free, f"{where}: around should be {free}, got {found.around}")
        count += 1
    return f"{count} views of 9 layouts"


def nearest_of_each(answer: Callable[[gym.Env], Percept]) -> str:
    """A percept whose objects are the nearest thing of each kind, by its kind."""
    from . import minigrid

    count = 0
    for where, world, found in views(answer, ("Fetch-8x8-N3-v0", "MultiRoom-N4-S5-v1", "DoorKey-8x8-v0"), 5):
        forward, (ax, ay) = minigrid.AHEAD[world.agent_dir], world.agent_pos
        away: dict[str, list[tuple[int, int]]] = {}
        for x, y in np.ndindex(world.width, world.height):
            cell = world.grid.get(x, y)
            if cell is not None and cell.type not in ("wall", "floor"):
                dx, dy = int(x - ax), int(y - ay)
                away.setdefault(cell.type, []).append(
                    (dx * forward[0] + dy * forward[1], dy * forward[0] - dx * forward[1]))
        require(found.objects.keys() == away.keys(),
                f"{where}: objects named {sorted(away)} are needed, got {sorted(found.objects)}")
        for kind, each in away.items():
            got, least = found.objects[kind], min(abs(a) + abs(b) for a, b in each)
            require(tuple(got) in each, f"{where}: there is no {kind} at {tuple(got)}, seen from the agent")
            require(sum(map(abs, got)) == least, f"{where}: the {kind} at {tuple(got)} is not the nearest")
            count += 1
    return f"{count} things in 15 layouts"
