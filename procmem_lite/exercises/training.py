"""Checks for the exercises of the chapter on training."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..episodes import Episode
from ..lab.training import Learner, train
from ..percepts import Percept, Transition
from ..worlds import gridworld
from ..worlds.gridworld import GridWorld
from ..worlds.layouts import Layout
from .report import require


class Pupil:
    """A learner of known worth: its steps hang on the layout, and fall by ``gain`` for each episode learned from."""

    def __init__(self, gain: int, least: int) -> None:
        self.gain, self.least, self.lessons = gain, least, 0

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode:
        """An episode whose length alone means anything."""
        require(seed is not None, "an episode was played without a seed: then no two learners meet the same layout")
        steps = max(40 - self.gain * self.lessons, self.least) + seed * 7 % 11
        self.lessons += learn
        nothing = Percept(frozenset())
        return Episode([Transition(nothing, 0, 0.0, nothing, False, False)] * steps, seed=seed)


def saved(answer: Callable[[Callable[[int], Learner], gym.Env, int], float]) -> str:
    """How many steps an episode a learner's memory saves, against its control."""
    cases = {"a learner that improves": (9, 5, 6), "one that is quick to learn": (30, 1, 4),
             "one without memory": (0, 1, 5), "one whom memory hurts": (-4, 1, 5), "a single episode": (9, 5, 1)}
    for name, (gain, least, episodes) in cases.items():
        seen = answer(lambda seed, gain=gain, least=least: Pupil(gain, least), GridWorld("open", 4), episodes)
        require(np.isscalar(seen) and not isinstance(seen, str), f"a number is needed, got {seen!r}")
        truth = float(np.mean([40 - max(40 - gain * number, least) for number in range(episodes)]))
        require(abs(seen - truth) < 1e-9, f"{name}, {episodes} episodes: you say {seen:.2f} steps an episode; are both "
                                          "on the same layouts, does one learn all along, and the other never?")
    return f"{len(cases)} learners, with memory and without"


def seen_before(answer: Callable[..., float]) -> str:
    """The share of test layouts that occurred in training."""
    twin, other, moved = twins("walls", 4)
    again = repeats("rooms", 4)
    cases = (("fixed", 5, range(3), range(90, 95)), ("open", 16, range(50), range(90, 130)),
             ("rooms", 4, range(300), range(900, 960)), ("rooms", 4, range(5), range(20)),
             ("open", 4, range(10), range(10)), ("walls", 4, [twin], [other, twin]),
             ("walls", 4, [twin, moved], [other]), ("rooms", 4, again[:1], again), ("rooms", 4, again[1:], again[:2]))
    for layout, size, seen, tests in cases:
        share = answer(layout, size, seen, tests)
        require(np.isscalar(share) and 0 <= share <= 1, f"a share from 0 to 1 is needed, got {share!r}")
        met = {drawn(layout, size, seed) for seed in seen}
        truth = float(np.mean([drawn(layout, size, seed) in met for seed in tests]))
        require(abs(share - truth) < 1e-9, f"{layout}, size {size}, {len(seen)} seeds to train and {len(tests)} to "
                                           f"test: you say {share:.3f}; compare whole layouts, and count test seeds")
    return f"{len(cases)} pairs of training and test sets, from all seen to none"


def drawn(layout: str, size: int, seed: int) -> Layout:
    """The layout that a seed gives."""
    env = GridWorld(layout, size)
    env.reset(seed=seed)
    return env.layout


def twins(layout: str, size: int) -> tuple[int, int, int]:
    """Seeds of two layouts that differ in their walls alone, and of a third."""
    places: dict[tuple, tuple[int, Layout]] = {}
    for seed in itertools.count():
        found = drawn(layout, size, seed)
        first, known = places.setdefault((found.start, found.key, found.door, found.goal), (seed, found))
        if known.walls != found.walls:
            return first, seed, seed + 1


def repeats(layout: str, size: int) -> list[int]:
    """Three seeds: the first two give the same layout, the third another."""
    met: dict[Layout, int] = {}
    for seed in itertools.count():
        first = met.setdefault(drawn(layout, size, seed), seed)
        if first != seed:
            return [first, seed, next(other for found, other in met.items() if other != first)]


class Listener(gym.Env):
    """Hears which actions arrive, and does nothing."""

    observation_space = gym.spaces.Discrete(1)

    def __init__(self, n_actions: int) -> None:
        self.action_space, self.heard, self.seeds = gym.spaces.Discrete(n_actions), [], []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.heard, self.seeds = [], [*self.seeds, seed]
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        require(self.action_space.contains(int(action)), f"the world was told {action!r}, which is none of its actions")
        self.heard.append(int(action))
        return 0, 0.5, False, False, {"heard": int(action)}


def slippery(answer: Callable[[gym.Env, float], gym.Env]) -> str:
    """A wrapper that replaces a share of all actions by random ones, repeatably."""
    def slips(env: gym.Env, seed: int, wanted: Iterable[int]) -> list[int]:
        env.reset(seed=seed)
        for action in wanted:
            _, reward, *_, info = env.step(action)
            require((reward, info) == (0.5, {"heard": listener.heard[-1]}), "what the world answers does not arrive")
        return listener.heard

    listener = Listener(6)
    wanted = np.random.default_rng(0).integers(6, size=300).tolist()
    env = answer(listener, 0.4)
    require(isinstance(env, gym.Env), f"a Gymnasium environment is needed, got a {type(env).__name__}")
    first = slips(env, 3, wanted)
    require(listener.seeds == [3], "the seed does not reach the world within: its layout would not come from it")
    require(first == slips(env, 3, wanted), "the same seed gives another episode the second time")
    require(first == slips(answer(listener, 0.4), 3, wanted), "the same seed gives another episode in a new wrapper")
    require(first != slips(env, 4, wanted), "two seeds give the same slips")
    require(slips(answer(listener, 0.0), 3, wanted) == wanted, "with a share of 0 an action still slips")
    for actions, share in ((6, 0.2), (6, 0.6), (3, 1.0)):
        listener, count = Listener(actions), 3000
        heard = np.bincount(slips(answer(listener, share), 5, [1] * count), minlength=actions) / count
        told = f"with a share of {share} and {actions} actions, {1 - heard[1]:.2f} of the steps did something else"
        expected = np.full(actions, share / actions)
        expected[1] += 1 - share
        require(np.all(np.abs(heard - expected) < 0.035), f"{told}: a random action may be any, also the one wanted")
    return "no slips, some and many; the same seed slips the same way"


def nasty(answer: Callable[[], Layout]) -> str:
    """A layout on which the agent stays far from the shortest path."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size <= 16, f"the world is {layout.size} by {layout.size}; 16 is the most")
    env, ratios, solved = GridWorld(layout), [], []
    for seed in range(3):
        learner = ProceduralMemoryAgent(len(gridworld.ACTIONS), gridworld.perceive, seed)
        log = train(learner, env, 6, progress=False)
        ratios.append(log.optimality[3:].mean())
        solved.append(log.success.sum())
    require(min(solved) > 0, "an agent never reaches the goal: then it has learned nothing that could stay bad")
    require(np.mean(ratios) < 0.6, f"from its fourth episode on the agent's ratio is {np.mean(ratios):.2f}: "
                                   "where would it walk if it had never seen this layout?")
    return f"ratio {np.mean(ratios):.2f} from the fourth episode on, three agents"
