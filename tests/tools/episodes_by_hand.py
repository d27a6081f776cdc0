"""Episodes for tests: walked by the shortest path or at random, with stretches of them told as skills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np

from procmem_lite.agent import ProceduralMemoryAgent
from procmem_lite.episodes import Actor, Choice, Episode, Invocation, Perceive, Play, rollout
from procmem_lite.skills import Skill
from procmem_lite.worlds.gridworld import GridWorld, perceive, steps_to_goal


def shortest_action(env: gym.Env) -> int:
    """An action that lies on a shortest path to the goal."""
    world = env.unwrapped
    steps, table, state = steps_to_goal(world.layout), world.table, world.state
    left = [0 if table.terminated[state, a] else 1 + steps[table.next_state[state, a]] for a in range(6)]
    return int(np.argmin(left))


class Walker(Actor):
    """``wander`` random steps, then the shortest path; it gives up after ``limit`` steps."""

    def __init__(self, seed: int, wander: int = 0, limit: int | None = None) -> None:
        self.rng, self.wander, self.limit = np.random.default_rng(seed), wander, limit

    def act(self, play: Play) -> Choice | None:
        if play.episode.steps == self.limit:
            return None
        wanders = play.episode.steps < self.wander
        return Choice(int(self.rng.integers(6)) if wanders else shortest_action(play.env))


def walk(
    layout: str = "rooms", size: int = 6, seed: int = 0, wander: int = 0, limit: int | None = None
) -> Episode:
    """An episode that a :class:`Walker` plays."""
    return rollout(GridWorld(layout, size=size, max_steps=100_000), perceive, Walker(seed, wander, limit), seed)


def do(env: gym.Env, see: Perceive, actions: Iterable[int], seed: int | None = None) -> Episode:
    """An episode of given actions."""
    play = Play(env, see, seed)
    for action in actions:
        play.step(action)
    return play.episode


def learn(env: gym.Env, seeds: Iterable[int], **settings: Any) -> tuple[ProceduralMemoryAgent, list[Episode]]:
    """An agent with its first episodes."""
    settings = {"perceive": getattr(env, "perceive", None), "seed": 0} | settings
    agent = ProceduralMemoryAgent(int(env.action_space.n), **settings)
    return agent, [agent.run_episode(env, seed=seed) for seed in seeds]


def tell_skills(episode: Episode, length: int = 5, every: int = 9, failing: int = 3) -> Episode:
    """Tell stretches of an episode as invocations; each ``failing``-th one failed."""
    steps = list(episode.transitions)
    for number, start in enumerate(range(every - length, len(steps) - length + 1, every)):
        part = steps[start : start + length]
        fails = number % failing == failing - 1
        skill = Skill(
            tuple(step.action for step in part),
            part[0].percept.facts,
            frozenset({f"effect_{number % 4}"}),
            anchor="goal",
            context=part[0].percept.objects["goal"],
        )
        episode.invocations.append(
            Invocation(
                skill,
                start,
                part[0].percept,
                skill.effect,
                0.875,
                0.5,
                (("another", 0.31),),
                start + length,
                part[-1].next_percept,
                frozenset() if fails else skill.effect,
                not fails,
                "blocked" if fails else "effect",
            )
        )
        for at in range(start, start + length):
            steps[at] = steps[at]._replace(invocation=number)
    episode.transitions[:] = steps
    return episode
