"""Checks for the exercises of the chapter on minigrid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv

from ..agent import ProceduralMemoryAgent
from ..percepts import Percept
from ..worlds import minigrid
from ..worlds.gridworld import GridWorld
from .report import require


def views(answer: Callable[[gym.Env], Percept], names: Sequence[str], layouts: int,
          turns: int = 1) -> Iterator[tuple[str, gym.Env, Percept]]:
    """(where, world, answer's percept) in some layouts of MiniGrid, after each turn to the left."""
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
    count = 0
    names = ("DoorKey-8x8-v0", "MultiRoom-N4-S5-v1", "KeyCorridorS6R3-v0", "LavaCrossingS11N5-v0")
    for where, world, found in views(answer, names, 5):
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
    return f"{count} things in 20 layouts"


def own_world(answer: Callable[[], tuple[gym.Env, Callable[[gym.Env], Percept]]]) -> str:
    """An environment that the series does not have, and its ``perceive``, in which the agent learns."""
    pair = answer()
    require(isinstance(pair, tuple | list) and len(pair) == 2, f"a pair is needed, environment and perceive: {pair!r}")
    env, perceive = pair
    require(isinstance(env, gym.Env), f"a Gymnasium environment is needed first, got a {type(env).__name__}")
    world = env.unwrapped
    known = isinstance(world, GridWorld | FrozenLakeEnv) or type(world).__module__.startswith("minigrid.")
    require(not known, f"a world of your own is needed, and {type(world).__name__} is in this series already")
    require(isinstance(env.action_space, gym.spaces.Discrete), "its actions must be whole numbers: gym.spaces.Discrete")
    env, actions = gym.wrappers.TimeLimit(env, 500), int(env.action_space.n)
    chance, late, effects = [], [], set()
    for seed in range(3):
        novice = ProceduralMemoryAgent(actions, perceive, seed=seed, explorer="random")
        chance.append(novice.run_episode(env, seed=seed, learn=False).steps)
        agent = ProceduralMemoryAgent(actions, perceive, seed=seed)
        episodes = [agent.run_episode(env, seed=seed) for seed in range(15)]
        won = sum(episode.success for episode in episodes[-5:])
        require(won == 5, f"of the last five episodes {won} ended with a positive reward: can every episode be won, "
                          "and do the facts tell the agent what it has achieved?")
        late += [episode.steps for episode in episodes[-5:]]
        effects |= {" + ".join(sorted(shelf.effect)) for shelf in agent.library.shelves.values()}
    told = f"a median of {np.median(late):.0f} steps at the end, by chance {np.median(chance):.0f}"
    require(np.median(late) < np.median(chance), f"{told}: there is nothing to learn here")
    return f"{told}; effects learned: {', '.join(sorted(effects))}"
