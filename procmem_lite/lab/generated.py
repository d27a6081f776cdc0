"""Thousands of small worlds with a known shortest path, no two alike: to measure an agent on a distribution.

features   what a world has, drawn from its seed and a difficulty; each can be fixed      world(7, walls=0, units=1)
layout     where everything is: drawn from the seed of a reset, so that it can be solved
ground     what a cell next to the agent is: True (free), False, or the name of what harms
judge      which step succeeds; needed where rewards do not tell                          env.unwrapped.succeeded
shrunk     a failing world with as few features as still fail                             shrunk(7, fails)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from ..arguments import whole
from ..episodes import Actor, Choice, Play
from ..percepts import SUCCESS, Facts, Percept, Transition, earned
from .drawing import PAID, check, draw_features, draw_layout, draw_rules, pick
from .rulebook import HARM, Cell, Features, Rules, after, beside, free, seen_from, shift, shortest_path, ways, where

LONGEST = 500  # steps of an episode, at most
ROAMS = 0.3  # how often a thing that wanders moves


# ---------------------------------------------------------------- judges


def unharmed(step: Transition) -> bool:
    """The episode has ended, and nothing was paid for that."""
    return step.terminated and step.reward == 0


def brought(fact: str, step: Transition) -> bool:
    """A fact holds."""
    return fact in step.next_percept.facts


def judge_of(rules: Rules) -> Callable[[Transition], bool]:
    """Which step succeeds."""
    if rules.features.rewards == "fact":
        return partial(brought, *rules.chain[-1].adds)
    return unharmed if rules.features.rewards in ("zero", "cost") else earned


# ---------------------------------------------------------------- the environment


class Generated(gym.Env):
    """A world with rules of its own.

    Description: an agent does deeds that change facts, each where it can be done; the last brings success. What else
        there is, ``features`` says: see :class:`~procmem_lite.lab.rulebook.Features`.
    Actions: as ``actions`` names them: moves, deeds, and some that do nothing.
    Observation: the agent's cell and heading, where the things are (-1: nowhere), and for every fact whether it holds.
    Rewards: as the feature ``rewards`` says.
    Termination: success or harm. Truncation: after 20 times the shortest path and 50 steps, or 500.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules, self.features, self.actions = rules, rules.features, rules.actions
        self.succeeded = judge_of(rules)
        facts = {fact for deed in rules.deeds for fact in deed.adds}
        self.known_facts = sorted(facts.union(rules.idle, rules.flicker))
        length = 1 + self.features.axes * (1 + len(rules.things)) + len(self.known_facts)
        self.action_space = gym.spaces.Discrete(len(rules.actions))
        self.observation_space = gym.spaces.Box(-1, max(4, self.features.side), (length,), np.int64)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode; the same seed gives the same layout."""
        super().reset(seed=seed)
        self.layout = draw_layout(self.rules, int(self.np_random.integers(2**32)))
        self.state, self.steps = self.layout.begin, 0
        self.lit = frozenset(fact for fact in self.rules.flicker if self.np_random.random() < 0.5)
        self.max_steps = min(LONGEST, 50 + 20 * self.optimal_steps())
        return self.observe(), {}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The agent acts; then things wander and facts flicker."""
        self.steps += 1
        if self.np_random.random() < self.features.slips:
            action = int(self.np_random.integers(self.action_space.n))
        before = self.state
        self.state, end = after(self.rules, self.layout, before, int(action))
        self.wander()
        self.lit ^= {fact for fact in self.rules.flicker if self.np_random.random() < self.features.rate}
        step, success, harm = PAID[self.features.rewards]
        reward = success if end == SUCCESS else harm if end == HARM else step
        if self.features.rewards == "shaped" and not end:
            reward += len((self.state.facts - before.facts) & self.rules.matters)
        return self.observe(), reward, bool(end), not end and self.steps >= self.max_steps, {}

    def wander(self) -> None:
        """Things that wander stay, or go one cell on where nothing is in the way."""
        for thing in self.rules.wander:
            if self.np_random.random() < ROAMS:
                way = pick(self.np_random, ways(self.features.axes))
                there = shift(self.layout.places[thing], way)
                if free(self.rules, self.layout, self.state, there) and there not in (
                        self.layout.door, *self.layout.pads, *self.layout.pits):
                    self.layout = replace(self.layout, places={**self.layout.places, thing: there})

    @property
    def facts(self) -> Facts:
        """All facts that hold."""
        return self.state.facts | self.layout.idle | self.lit

    @property
    def objects(self) -> dict[str, Cell]:
        """Where things are that are not gone, and what else can be seen from afar."""
        layout = self.layout
        cells = {thing: where(self.rules, layout, self.state, thing) for thing in self.rules.things}
        cells |= {f"pad {number + 1}": cell for number, cell in enumerate(layout.pads)} | {"door": layout.door}
        cells |= {} if self.features.named else {f"pit {number + 1}": cell for number, cell in enumerate(layout.pits)}
        return {name: cell for name, cell in cells.items() if cell is not None}

    def ground(self, way: Cell) -> bool | str:
        """What is next to the agent, at a displacement in its own frame."""
        cell = beside(self.state, way)
        if cell in self.layout.pits and self.features.named:
            return "pit"
        return free(self.rules, self.layout, self.state, cell)

    def observe(self) -> np.ndarray:
        """What Gymnasium's agents are told."""
        cells = [where(self.rules, self.layout, self.state, thing) for thing in self.rules.things]
        places = [part for cell in cells for part in (cell or (-1,) * self.features.axes)]
        holds = [fact in self.facts for fact in self.known_facts]
        return np.array([*self.state.cell, self.state.heading, *places, *holds], dtype=np.int64)

    def optimal_path(self) -> list[int] | None:
        """The fewest actions from the present state to success, while nothing slips or wanders; None without any."""
        return shortest_path(self.rules, self.layout, self.state)

    def optimal_steps(self) -> int | None:
        """How many they are."""
        path = self.optimal_path()
        return None if path is None else len(path)


def perceive(env: gym.Env) -> Percept:
    """Facts, where things are seen from the agent, and what is next to it."""
    world = env.unwrapped
    if not world.features.axes:
        return Percept(world.facts)
    unit, cell, heading = world.features.units, world.state.cell, world.state.heading
    return Percept(
        facts=world.facts,
        objects={name: tuple(unit * x for x in seen_from(world.state, there)) for name, there in world.objects.items()},
        place=(*cell, heading) if world.features.turns else cell,
        around={tuple(unit * x for x in way): world.ground(way) for way in ways(world.features.axes)}
        if world.features.around else {})


def world(seed: int, difficulty: float = 0.5, **fixed: Any) -> tuple[Generated, Callable[[gym.Env], Percept]]:
    """A world and what an agent is told of it; ``fixed`` features are not drawn.

    Example:
        >>> env, perceive = world(7, turns=False, units=1)
        >>> agent = ProceduralMemoryAgent(env.action_space.n, perceive, 0, succeeded=env.unwrapped.succeeded)

    Raises:
        TypeError, ValueError: for a seed, difficulty or feature that there is not.
    """
    whole(seed, "seed")
    if not 0 <= difficulty <= 1:
        raise ValueError(f"difficulty: a number from 0 to 1 is needed, got {difficulty!r}")
    check(fixed)
    return Generated(draw_rules(draw_features(seed, difficulty, fixed), seed)), perceive


class Planner(Actor):
    """Knows the rules, and takes the first action of the shortest path at every step: what can be reached at best."""

    def act(self, play: Play) -> Choice | None:
        """The next action; None where nothing succeeds any more."""
        path = play.env.unwrapped.optimal_path()
        return Choice(path[0]) if path else None


def shrunk(seed: int, fails: Callable[[Generated], bool], difficulty: float = 0.5) -> dict[str, Any]:
    """The features with which a world still fails: one after the other is made plain, or less, as long as it does."""
    features, plain, better = asdict(world(seed, difficulty)[0].features), asdict(Features()), True
    while better:
        better = False
        for name in [each.name for each in fields(Features) if each.name != "axes" or features["axes"] > 2]:
            less = [features[name] - 1] if type(features[name]) is int and features[name] > plain[name] + 1 else []
            for value in [plain[name], *less] if features[name] != plain[name] else []:
                smaller = world(seed, **features | {name: value})[0]
                if smaller.features != Features(**features) and fails(smaller):
                    features, better = asdict(smaller.features), True
                    break
    return {name: value for name, value in features.items() if value != plain[name]}
