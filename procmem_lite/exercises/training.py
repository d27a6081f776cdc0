"""Checks for the exercises of the chapter on training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..lab.training import train
from ..worlds import gridworld
from ..worlds.gridworld import GridWorld
from ..worlds.layouts import Layout
from .report import require


def settled(answer: Callable[[Sequence[int], int], int]) -> str:
    """After how many episodes every further one takes the best number of steps."""
    cases = {"never anything but the best": ([10] * 4, 0), "bad once, at first": ([31, 10, 10], 1),
             "a relapse in the middle": ([31, 10, 14, 10, 10], 3), "bad to the end": ([31, 10, 12], 3),
             "never settled": ([50] * 6, 6), "a single good episode": ([10], 0)}
    for name, (steps, truth) in cases.items():
        seen = answer(np.array(steps), 10)
        require(isinstance(seen, (int, np.integer)) and not isinstance(seen, bool),
                f"{name}: a whole number is needed, got {seen!r}")
        require(seen == truth, f"{name}: of {steps} you say {seen}, but that does not count the episodes up to "
                               "the last one that was not best")
    return f"{len(cases)} logs, with relapses and without"


def seen_before(answer: Callable[..., float]) -> str:
    """The share of test layouts that occurred in training."""
    for layout, size, seen, tests in (("fixed", 5, range(3), range(90, 95)), ("open", 16, range(50), range(90, 130)),
                                      ("rooms", 4, range(300), range(900, 960)), ("rooms", 4, range(5), range(20)),
                                      ("open", 4, range(10), range(10))):
        share = answer(layout, size, seen, tests)
        require(np.isscalar(share) and 0 <= share <= 1, f"a share from 0 to 1 is needed, got {share!r}")
        met = {drawn(layout, size, seed) for seed in seen}
        truth = float(np.mean([drawn(layout, size, seed) in met for seed in tests]))
        require(abs(share - truth) < 1e-9, f"{layout}, size {size}, {len(seen)} seeds to train and {len(tests)} to "
                                           f"test: you say {share:.3f}; compare layouts, and count test seeds")
    return "five pairs of training and test sets, from all seen to none"


def drawn(layout: str, size: int, seed: int) -> Layout:
    """The layout that a seed gives."""
    env = GridWorld(layout, size)
    env.reset(seed=seed)
    return env.layout


def slippery(answer: Callable[[gym.Env, float], gym.Env]) -> str:
    """A wrapper that replaces a share of all actions by random ones, repeatably."""
    def visited(share: float, seed: int) -> tuple[list[int], float]:
        env = answer(GridWorld("open", 16), share)
        require(isinstance(env, gym.Env), f"a Gymnasium environment is needed, got a {type(env).__name__}")
        env.reset(seed=seed)
        world, places, slips = env.unwrapped, [], []
        for step in range(1500):
            state, action = world.state, 1 - step // 15 % 2  # fifteen up, fifteen down
            expected = world.table.next_state[state, action]
            env.step(action)
            places.append(world.state)
            if expected != state:
                slips.append(world.state != expected)
        return places, float(np.mean(slips))

    require(visited(0.0, 3)[1] == 0, "with a share of 0 an action still slips")
    require(visited(0.4, 3)[0] == visited(0.4, 3)[0], "the same seed gives another episode the second time")
    require(visited(0.4, 3)[0] != visited(0.4, 4)[0], "two seeds give the same slips")
    for share in (0.2, 0.6):
        seen = visited(share, 5)[1]
        require(0.7 * share < seen < 1.15 * share, f"with a share of {share}, {seen:.2f} of the steps went astray")
    return "no slips, some and many; the same seed slips the same way"


def nasty(answer: Callable[[], Layout]) -> str:
    """A layout on which the agent stays far from the shortest path."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size <= 16, f"the world is {layout.size} by {layout.size}; 16 is the most")
    env, ratios = GridWorld(layout), []
    for seed in range(3):
        learner = ProceduralMemoryAgent(len(gridworld.ACTIONS), gridworld.perceive, seed)
        ratios.append(train(learner, env, 6, progress=False).optimality[3:].mean())
    require(np.mean(ratios) < 0.6, f"from its fourth episode on the agent's ratio is {np.mean(ratios):.2f}: "
                                   "where would it walk if it had never seen this layout?")
    return f"ratio {np.mean(ratios):.2f} from the fourth episode on, three agents"
