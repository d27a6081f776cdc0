"""Checks for the exercises of the chapter on environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np

from ..episodes import Actor, rollout
from ..percepts import Percept
from ..worlds import gridworld
from ..worlds.layouts import LAYOUTS, Layout
from .report import require, some_layouts


def long_layout(answer: Callable[[], Layout]) -> str:
    """A 6 by 6 layout whose shortest path takes at least 40 steps."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size == 6, f"the world is {layout.size} by {layout.size}, not 6 by 6")
    steps = int(gridworld.steps_to_goal(layout)[first_state(layout)])
    require(steps >= 40, f"the shortest path takes {steps} steps, fewer than 40")
    return f"the shortest path takes {steps} steps"


def goes_by_percepts(answer: Callable[[], Actor]) -> str:
    """An actor that is told percepts alone, and wastes no step on a board without walls."""
    actor = answer()
    require(isinstance(actor, Actor), f"an Actor is needed, this is a {type(actor).__name__}")
    for size, seed in [(4, 0), (7, 1), *((8, seed) for seed in range(2, 30))]:
        world = gridworld.GridWorld("open", size)
        episode = rollout(Veiled(world), perceive_veiled, actor, seed)
        best = int(gridworld.steps_to_goal(world.layout)[first_state(world.layout)])
        facts = sorted(episode.percepts[-1].facts) if episode.steps else []
        where = f"on this board it took {episode.steps} steps, {{}}\n{world.layout}"
        require(episode.success, where.format(f"never reached the goal, and ended with the facts {facts}:"))
        require(episode.steps == best, where.format(f"where {best} would do:"))
    return "no step wasted on 30 boards, from percepts alone"


class Veiled(gym.Env):
    """A world of which only the percepts can be had: no state, no table, no layout."""

    def __init__(self, world: gridworld.GridWorld) -> None:
        self.action_space, self.observation_space = world.action_space, gym.spaces.Discrete(1)
        self._world = world

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict]:
        """A new episode, with nothing to observe."""
        self._world.reset(seed=seed, options=options)
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        """One action, with nothing to observe."""
        return 0, *self._world.step(action)[1:]


def perceive_veiled(env: Veiled) -> Percept:
    """The percept without its picture, which would be a map."""
    return replace(env._world.percept(), scene=None)


def finishes(answer: Callable[[Layout, float], bool]) -> str:
    """Whether the best policy under the original rewards reaches the goal, for a layout and a discount."""
    cases = [(LAYOUTS["fixed"](5, np.random.default_rng(0)), discount)
             for discount in (0.05, 0.15, 0.4, 0.5, 0.6, 0.68, 0.75, 0.9, 0.99)]
    cases += [(LAYOUTS["open"](5, np.random.default_rng(seed)), discount)
              for seed in (0, 1, 4, 10) for discount in (0.5, 0.65, 0.75, 0.9)]
    for layout, discount in cases:
        seen = answer(layout, discount)
        require(isinstance(seen, (bool, np.bool_)), f"True or False is needed, got {seen!r}")
        table = gridworld.transition_table(layout, "original")
        truth = steps_under(table, best_values(table, discount), discount, layout) is not None
        require(seen == truth, f"with a discount of {discount} the best policy {'does' if truth else 'never does'} "
                               f"reach the goal, your function says {bool(seen)}, on\n{layout}")
    return f"{len(cases)} pairs of a layout and a discount, from short-sighted to far-sighted"


def shaped_rewards(answer: Callable[[Layout], np.ndarray]) -> str:
    """Rewards that pay for progress on the way and still make the shortest path the best policy."""
    for layout in some_layouts(5):
        rewards, plain = answer(layout), gridworld.transition_table(layout, "goal")
        require(np.shape(rewards) == plain.reward.shape,
                f"an array of shape {plain.reward.shape} is needed, this one has {np.shape(rewards)}")
        require(bool(np.isfinite(rewards).all()), "some rewards are not finite")
        table = plain._replace(reward=np.array(rewards, dtype=float))
        require_paid_progress(table, layout)
        values = best_values(table, 0.99)
        steps = steps_under(table, values, 0.99, layout)
        require(steps is not None, f"the best policy under your rewards never ends an episode of\n{layout}")
        longest = steps_under(table, values, 0.99, layout, unlucky=True)
        best = int(gridworld.steps_to_goal(layout)[first_state(layout)])
        require(steps == longest == best,
                f"a best policy takes {longest or 'endlessly many'} steps where {best} would do, in\n{layout}")
    return "moves towards the goal are paid, and the best policy takes the shortest path in every layout tried"


def require_paid_progress(table: gridworld.TransitionTable, layout: Layout) -> None:
    """Moves before the goal must be paid, and those that bring it nearer better than those that lead away."""
    steps = gridworld.steps_to_goal(layout)[:, None]
    known = np.isfinite(steps) & ~table.terminated
    gained = np.where(known, steps, 0) - np.where(known, steps[table.next_state, 0], 0)
    moves, goes_on = table.reward[:, :4], ~table.terminated[:, :4]
    require(bool((moves[goes_on] > 0).any()), "no move is paid before the goal: that cannot help a learner on its way")
    nearer, farther = (float(moves[goes_on & (gained[:, :4] == change)].mean()) for change in (1, -1))
    require(nearer > farther + 1e-6, f"a move towards the goal brings {nearer:.3f} on average, one away from it "
                                     f"{farther:.3f}: that pays for moving, not for progress, in\n{layout}")


def first_state(layout: Layout) -> int:
    """The state in which every episode begins."""
    return gridworld.encode(layout.size, layout.start, False, False)


def best_values(table: gridworld.TransitionTable, discount: float) -> np.ndarray:
    """Value iteration: the greatest discounted return from every state."""
    values = np.zeros(len(table.reward))
    while True:
        better = (table.reward + discount * ~table.terminated * values[table.next_state]).max(axis=1)
        if np.abs(better - values).max() < 1e-10:
            return better
        values = better


def steps_under(table: gridworld.TransitionTable, values: np.ndarray, discount: float, layout: Layout,
                unlucky: bool = False) -> int | None:
    """Steps to the goal under the greedy policy for some values, or None where it never gets there.

    Among actions that are equally good it takes the first, or the one from which the goal is farthest (``unlucky``).
    """
    state, far = first_state(layout), gridworld.steps_to_goal(layout)
    for steps in range(len(values)):
        worth = table.reward[state] + discount * ~table.terminated[state] * values[table.next_state[state]]
        best = worth > worth.max() - 1e-7
        left = np.where(table.terminated[state], 0, far[table.next_state[state]])
        action = int(np.where(best, left, -1).argmax() if unlucky else best.argmax())
        if table.terminated[state, action]:
            return steps + 1
        state = table.next_state[state, action]
    return None
