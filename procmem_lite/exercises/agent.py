"""Checks for the exercises of the chapter on agent."""

from __future__ import annotations

from collections.abc import Callable

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..explorers import Explorer
from ..percepts import Percept, Transition
from ..worlds import gridworld
from ..worlds.gridworld import GridWorld
from .report import require


def reason(answer: Callable[[list[Transition], frozenset[str]], str]) -> str:
    """Why the use of a skill stopped, from its percepts alone."""
    cases = [  # (facts and column at each percept, expected effect, reason)
        ([("", 0), ("", 1), ("x", 1)], "x", "effect"),
        ([("a", 0), ("ax", 0)], "x", "effect"),
        ([("", 0), ("xy", 1)], "x", "effect"),
        ([("", 0), ("", 1), ("y", 1)], "x", "surprise"),
        ([("a", 0), ("a", 1), ("", 1)], "x", "surprise"),
        ([("", 0), ("x", 1)], "xy", "surprise"),
        ([("", 0), ("", 1), ("", 1)], "x", "blocked"),
        ([("a", 3), ("a", 3)], "x", "blocked"),
        ([("", 0), ("", 0), ("", 1)], "x", "no effect"),
        ([("a", 0), ("a", 1)], "x", "no effect"),
    ]
    for told, expected, why in cases:
        percepts = [Percept(frozenset(facts), {"tree": (0, -column)}, (0, column)) for facts, column in told]
        steps = [Transition(before, 3, 0.0, after) for before, after in zip(percepts, percepts[1:], strict=False)]
        found = answer(steps, frozenset(expected))
        shown = " then ".join(f"{set(facts) or 'no facts'} at column {column}" for facts, column in told)
        require(found == why, f"{shown}, expecting {set(expected)}: that is {why!r}, your answer is {found!r}")
    return f"{len(cases)} cases"


def explorer(answer: Callable[[int], Explorer]) -> str:
    """An explorer that finds the first success sooner than chance, whatever objects and facts are called."""
    for method in ("begin", "choose", "observe"):
        require(callable(getattr(answer(6), method, None)), f"the method {method} is missing")
    yours, chance = ([first_success(make, seed) for seed in range(10)] for make in (answer, lambda n: "random"))
    told = f"a median of {np.median(yours):.0f} steps to the first success, by chance {np.median(chance):.0f}"
    require(np.median(yours) < np.median(chance), told)
    return told


def first_success(make: Callable[[int], Explorer | str], seed: int, cap: int = 1000) -> int:
    """Steps of a first episode among walls, in which nothing has the name one knows."""
    names = {"key": "a", "door": "b", "goal": "c", "has_key": "p", "door_open": "q"}

    def perceive(env: gym.Env) -> Percept:
        seen = gridworld.perceive(env)
        objects = {names[name]: displacement for name, displacement in seen.objects.items()}
        return Percept(frozenset(map(names.get, seen.facts)), objects, seen.place, seen.around)

    agent = ProceduralMemoryAgent(6, perceive, seed=seed, explorer=make(6))
    return agent.run_episode(GridWorld("walls", size=6, max_steps=cap), seed=seed).steps


def own_world(answer: Callable[[], tuple[gym.Env, Callable[[gym.Env], Percept]]]) -> str:
    """An environment and its ``perceive``, in which the agent learns."""
    env, perceive = answer()
    require(isinstance(env, gym.Env), f"a Gymnasium environment is needed first, got a {type(env).__name__}")
    require(isinstance(env.action_space, gym.spaces.Discrete), "its actions must be whole numbers: gym.spaces.Discrete")
    env, actions = gym.wrappers.TimeLimit(env, 1000), int(env.action_space.n)
    chance, late, effects = [], [], set()
    for seed in range(3):
        agent = ProceduralMemoryAgent(actions, perceive, seed=seed, explorer="random")
        chance.append(agent.run_episode(env, seed=seed, learn=False).steps)
        agent = ProceduralMemoryAgent(actions, perceive, seed=seed)
        episodes = [agent.run_episode(env, seed=seed) for seed in range(15)]
        won = sum(episode.success for episode in episodes[-5:])
        require(won == 5, f"of the last five episodes {won} ended with a positive reward: can every episode be won, "
                          "and do the facts tell the agent what it has achieved?")
        late += [episode.steps for episode in episodes[-5:]]
        effects |= {" + ".join(sorted(skill.effect)) for skill in agent.library}
    told = f"a median of {np.median(late):.0f} steps at the end, by chance {np.median(chance):.0f}"
    require(np.median(late) < np.median(chance), f"{told}: there is nothing to learn here")
    return f"{told}; effects learned: {', '.join(sorted(effects))}"
