"""Checks for the exercises of the chapter on environment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..worlds import gridworld
from ..worlds.layouts import LAYOUTS, Layout
from .report import require, some_layouts


def long_layout(answer: Callable[[], Layout]) -> str:
    """A 6 by 6 layout whose shortest path takes at least 40 steps."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size == 6, f"the world is {layout.size} by {layout.size}, not 6 by 6")
    start = gridworld.encode(6, layout.start, False, False)
    steps = int(gridworld.steps_to_goal(layout)[start])
    require(steps >= 40, f"the shortest path takes {steps} steps, fewer than 40")
    return f"the shortest path takes {steps} steps"


def best_action(answer: Callable[[Layout, int], int]) -> str:
    """An action that begins a shortest path, from every state that has one."""
    tried = 0
    for layout in some_layouts(5):
        table, steps = gridworld.transition_table(layout), gridworld.steps_to_goal(layout)
        for state in np.flatnonzero(np.isfinite(steps)).tolist():
            action = answer(layout, state)
            where = "from cell {}, has_key {}, door_open {}".format(*gridworld.decode(5, state))
            require(action in range(6), f"{where}: {action!r} is not an action")
            after = 0 if table.terminated[state, action] else steps[table.next_state[state, action]]
            require(after < steps[state], f"{where}: after {gridworld.ACTIONS[action]!r} the goal is "
                                          f"{after:.0f} steps away, before it was {steps[state]:.0f}")
            tried += 1
    return f"every one of {tried} states is left on a shortest path"


def finishes(answer: Callable[[float], bool]) -> str:
    """Whether the best policy under the original rewards reaches the goal, for a discount."""
    layout = LAYOUTS["fixed"](5, np.random.default_rng(0))
    for discount in (0.05, 0.15, 0.4, 0.5, 0.6, 0.68, 0.75, 0.9, 0.99):
        seen = answer(discount)
        require(isinstance(seen, (bool, np.bool_)), f"True or False is needed, got {seen!r}")
        table = gridworld.transition_table(layout, "original")
        truth = steps_under(table, best_values(table, discount), discount, layout) is not None
        require(seen == truth, f"with a discount of {discount} the best policy {'does' if truth else 'never does'} "
                               f"reach the goal, your function says {bool(seen)}")
    return "nine discounts, from short-sighted to far-sighted"


def shaped_rewards(answer: Callable[[Layout], np.ndarray]) -> str:
    """Rewards that pay for progress on the way and still make the shortest path the best policy."""
    for layout in some_layouts(5):
        rewards, plain = answer(layout), gridworld.transition_table(layout, "goal")
        require(np.shape(rewards) == plain.reward.shape,
                f"an array of shape {plain.reward.shape} is needed, this one has {np.shape(rewards)}")
        require(bool(np.isfinite(rewards).all()), "some rewards are not finite")
        paid = (np.asarray(rewards) > 0) & ~plain.terminated
        require(bool(paid[:, :4].any()), "no move is paid before the goal: that cannot help a learner on its way")
        table = plain._replace(reward=np.asarray(rewards, dtype=float))
        steps = steps_under(table, best_values(table, 0.99), 0.99, layout)
        best = gridworld.steps_to_goal(layout)[gridworld.encode(5, layout.start, False, False)]
        require(steps is not None, f"the best policy under your rewards never ends an episode of\n{layout}")
        require(steps == best, f"the best policy takes {steps} steps where {best:.0f} would do, in\n{layout}")
    return "the best policy takes the shortest path in every layout tried"


def best_values(table: gridworld.TransitionTable, discount: float) -> np.ndarray:
    """Value iteration: the greatest discounted return from every state."""
    values = np.zeros(len(table.reward))
    while True:
        better = (table.reward + discount * ~table.terminated * values[table.next_state]).max(axis=1)
        if np.abs(better - values).max() < 1e-9:
            return better
        values = better


def steps_under(table: gridworld.TransitionTable, values: np.ndarray, discount: float, layout: Layout) -> int | None:
    """Steps to the goal under the greedy policy for some values, or None where it never gets there."""
    state = gridworld.encode(layout.size, layout.start, False, False)
    for steps in range(len(values)):
        worth = table.reward[state] + discount * ~table.terminated[state] * values[table.next_state[state]]
        action = int(np.argmax(worth > worth.max() - 1e-6))
        if table.terminated[state, action]:
            return steps + 1
        state = table.next_state[state, action]
    return None
