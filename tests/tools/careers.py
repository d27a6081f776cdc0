"""Careers of agents, cut in two: what was learned up to a moment, and everything that happens from there on.

Run with a file of names and a folder of saved agents, it tells how they go on in this process.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from worlds import Garden, Paperwork

from procmem_lite.agent import ProceduralMemoryAgent, SequenceAgent
from procmem_lite.episodes import Episode
from procmem_lite.lab.experiments import Rewired
from procmem_lite.percepts import Percept
from procmem_lite.worlds import minigrid
from procmem_lite.worlds.gridworld import GridWorld, perceive

PIT, CORNER = (2, 2), (5, 5)
SLIPS = 0.2  # share of actions that go as another would


class Slippery(gym.ActionWrapper):
    """Some actions go as any other would; which ones, the episode's seed says."""

    def reset(self, **options: Any) -> tuple[Any, dict]:
        self.rng = np.random.default_rng([7, options["seed"]])
        return super().reset(**options)

    def action(self, action: int) -> int:
        return int(self.rng.integers(self.action_space.n)) if self.rng.random() < SLIPS else action


class Porch(Garden):
    """A garden one leaves by the goal after ringing, which one can do anywhere. Rain comes and goes, and does nothing.

    With ``known`` the bell was rung before.
    """

    def __init__(self, known: bool = False) -> None:
        super().__init__()
        self.known = known

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.facts = ({"rain"} if seed // 3 % 2 else set()) | ({"rung"} if self.known else set())
        return super().reset(seed=seed)

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        if action == 4:
            self.facts.add("rung")
        seen, reward, home, _, told = super().step(action)
        home = home and "rung" in self.facts
        return seen, reward * home, home, not home and self.steps >= self.max_steps, told

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """A garden's percept, with rain and ringing."""
        return replace(Garden.perceive(env), facts=frozenset(env.unwrapped.facts))


class Knocking(Garden):
    """Home is where one knocks near the goal, slantwise from it; knocking anywhere is heard, or no longer heard."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.heard = False
        return super().reset(seed=seed)

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.heard ^= action == 4
        seen, *_, late, told = super().step(action)
        home = action == 4 and [abs(a - b) for a, b in zip(self.cell, self.end, strict=True)] == [1, 1]
        return seen, float(home), home, late, told

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """A garden's percept, and whether knocking is heard."""
        return replace(Garden.perceive(env), facts=frozenset({"heard"} if env.unwrapped.heard else ()))


class Alarmed(Paperwork):
    """Paperwork in an office with an alarm, which ends the day."""

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        seen, reward, sent, late, told = super().step(action)
        return seen, reward, sent or action == 4, late, told


class Pit(Garden):
    """A garden with a pit in it, out of which one climbs in a corner."""

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        seen, reward, home, late, told = super().step(action)
        if self.cell == PIT and not home:
            self.cell = CORNER
        return seen, reward, home, late, told

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        """A garden's percept, and where the pit is."""
        seen, cell = Garden.perceive(env), env.unwrapped.cell
        return replace(seen, objects={**seen.objects, "pit": (PIT[0] - cell[0], PIT[1] - cell[1])})


class World(NamedTuple):
    """A world, what an agent perceives there, and how the agent is made."""

    make: Any
    perceive: Any
    settings: dict[str, Any] = {}
    kind: type = ProceduralMemoryAgent
    small: bool = False  # a quarter of the episodes: they are long


def in_tenths(env: gym.Env) -> Percept:
    """The grid world's percept, in another unit."""
    seen = perceive(env)
    return replace(seen, objects={name: (row / 10, column / 10) for name, (row, column) in seen.objects.items()},
                   around={(row / 10, column / 10): free for (row, column), free in seen.around.items()})


def mini(name: str) -> Any:
    """One of MiniGrid's worlds, without the picture that nobody looks at."""
    return lambda: minigrid.without_view(gym.make(f"MiniGrid-{name}").unwrapped)


WORLDS = {
    "rooms": World(lambda: GridWorld("rooms", size=5), perceive),
    "walls": World(lambda: GridWorld("walls", size=5), in_tenths,
                   {"burst": 3, "cases": 6, "trials": 9, "doubt": 2.5}),
    "open": World(lambda: GridWorld("open", size=5), perceive, {}, SequenceAgent, small=True),
    "sequences": World(lambda: GridWorld("rooms", size=5), perceive, {"closed_loop": False, "explorer": "random"}),
    "door": World(mini("DoorKey-6x6-v0"), minigrid.perceive),
    "corridor": World(mini("KeyCorridorS3R1-v0"), minigrid.perceive),
    "garden": World(lambda: Garden(ponds=8, vase=True), Garden.perceive),
    "vase": World(lambda: Garden(goal=False, vase=True, size=3, max_steps=40), Garden.perceive, {"explorer": "random"}),
    "porch": World(Porch, Porch.perceive, {"cases": 2, "hunch": False}),
    "rain": World(lambda: Porch(known=True), Porch.perceive, {"cases": 2, "hunch": False}),
    "paper": World(Paperwork, Paperwork.perceive),
    "knocking": World(Knocking, Knocking.perceive),
    "pit": World(Pit, Pit.perceive),
    "alarm": World(Alarmed, Paperwork.perceive),
}
MOMENTS = ("untrained", "cut off", "ten", "changed")
CAREERS = [
    *(("rooms", moment) for moment in MOMENTS), *(("door", moment) for moment in MOMENTS),
    ("walls", "changed"), ("open", "ten"), ("sequences", "ten"),
    ("corridor", "cut off"), ("corridor", "ten"), ("garden", "cut off"), ("garden", "ten"),
    ("vase", "ten"), ("knocking", "cut off"), ("alarm", "cut off"), ("pit", "ten"),
    ("porch", "cut off"), ("porch", "ten"), ("rain", "ten"),
    *(("paper", moment) for moment in MOMENTS)]


def world_at(name: str, moment: str) -> gym.Env:
    """The world as it is from a moment on: changed, it slips, and two of its buttons are swapped."""
    env = WORLDS[name].make()
    if moment != "changed":
        return env
    return Slippery(Rewired(env, [1, 0, *range(2, env.action_space.n)]))


def trained(name: str, moment: str) -> ProceduralMemoryAgent | SequenceAgent:
    """An agent at a moment of its career."""
    world = WORLDS[name]
    env = world.make()
    agent = world.kind(int(env.action_space.n), world.perceive, seed=3, **world.settings)
    if moment == "cut off":
        agent.run_episode(env, seed=0, max_steps=15)
    if moment in ("ten", "changed"):
        for seed in range(10):
            agent.run_episode(env, seed=seed)
    if moment == "changed":
        for seed in range(10, 60):
            agent.run_episode(Slippery(env) if seed < 40 else world_at(name, moment), seed=seed)
    return agent


def further(agent: ProceduralMemoryAgent | SequenceAgent, name: str, moment: str) -> Iterator[Any]:
    """What an agent does from a moment on, episode by episode: 20 learning, 20 frozen; or a quarter."""
    env, episodes = world_at(name, moment), 5 if WORLDS[name].small else 20
    for seed in range(1000, 1000 + episodes):
        yield told(agent.run_episode(env, seed=seed))
    for seed in range(1000, 1000 + episodes):
        yield told(agent.run_episode(env, seed=seed, learn=False))


def told(episode: Episode) -> list[Any]:
    """All steps of an episode and its diary, as JSON would have them."""
    steps = [[step.action, step.reward, step.invocation, sorted(step.next_percept.facts), step.terminated]
             for step in episode.transitions]
    diary = [[used.skill.name, used.skill.number, used.start, used.stop, used.succeeded, used.reason, used.similarity,
              used.success_rate, used.runners_up, sorted(used.expected), sorted(used.seen)]
             for used in episode.invocations]
    return json.loads(json.dumps([steps, diary]))


def load(folder: Path, name: str, moment: str) -> ProceduralMemoryAgent | SequenceAgent:
    """The agent that was saved at a moment."""
    world = WORLDS[name]
    return world.kind.load(folder / f"{name} {moment}.json", world.perceive)


def digest(value: Any) -> str:
    """A value in few letters."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


if __name__ == "__main__":
    found = {f"{name} {moment}": list(map(digest, further(load(Path(sys.argv[1]), name, moment), name, moment)))
             for name, moment in CAREERS}
    print(json.dumps(found))
