"""Chapter 12: one layout of rooms as a table and as percepts, and pictures of what is known of its states."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..options import Option, graph_of
from ..percepts import Percept
from ..worlds.gridworld import decode, describe, encode, observations, steps_to_goal, transition_table
from ..worlds.layouts import LAYOUTS, NEIGHBOURS, Layout
from .plotting import draw_scene

BOARDS = {"no key": (False, False), "key": (True, False), "door open": (True, True)}  # facts, from start to end
DASHES = ("-", ":", "-.", "--", "-", "--", ":")


class Rooms:
    """One layout of rooms, in all the forms that learners want; the goal alone is paid.

    Attributes:
        table: all dynamics. start: the first state. shortest: steps to the goal. graph: state -> action -> next state.
        percepts: of each state that can be reached, else None. flips: the states before and after a fact appears.
    """

    def __init__(self, size: int, number: int) -> None:
        self.layout: Layout = LAYOUTS["rooms"](size, np.random.default_rng([12, size, number]))
        self.size, self.table = size, transition_table(self.layout, "goal")
        self.start = encode(size, self.layout.start, False, False)
        self.shortest = int(steps_to_goal(self.layout)[self.start])
        self.states = len(self.table.next_state)
        self.graph = graph_of(self.table, self.start)

    @cached_property
    def percepts(self) -> list[Percept | None]:
        """What an agent is told in each state."""
        seen = observations(self.layout).tolist()
        return [describe(self.layout, state, tuple(seen[state])) if state in self.graph else None
                for state in range(self.states)]

    @property
    def flips(self) -> list[int]:
        """Before and after the key is taken, before and after the door is opened."""
        key, door = self.layout.key, self.layout.door
        return [encode(self.size, *each) for each in ((key, False, False), (key, True, False), (door, True, False),
                                                      (door, True, True))]


def draw_option(world: Rooms, option: Option, ax: Axes) -> Axes:
    """An option as arrows on the board where it can start first; a dot where its action does not move."""
    starts = [percept for state, percept in enumerate(world.percepts) if percept is not None and option.starts(state)]
    draw_scene(starts[0].scene, ax, title=option.name)
    for state, percept in enumerate(world.percepts):
        if percept is not None and percept.facts == starts[0].facts and option.starts(state):
            row, column = percept.place
            action = option.policy[state]
            down, right = NEIGHBOURS[action] if action < len(NEIGHBOURS) else (0, 0)
            if (down, right) == (0, 0):
                ax.plot(column, row, ".", color="black", zorder=5)
            else:
                ax.annotate("", (column + 0.4 * right, row + 0.4 * down), (column - 0.3 * right, row - 0.3 * down),
                            arrowprops={"arrowstyle": "->", "color": "black"}, zorder=5)
    return ax


def draw_states(world: Rooms, values: Mapping[int, float], label: str, ringed: Collection[int] = (),
                even: bool = False) -> Figure:
    """A number of each state as colours: a board for each set of facts, some states ringed.

    Args:
        even: whether the scale is as long below zero as above, for waves.
    """
    figure, panels = plt.subplots(1, len(BOARDS), figsize=(9, 3.2), layout="constrained")
    highest = max(map(abs, values.values()))
    for ax, (title, facts) in zip(panels, BOARDS.items(), strict=True):
        board = np.full((world.size, world.size), np.nan)
        for state, value in values.items():
            cell, *flags = decode(world.size, state)
            if tuple(flags) == facts:
                board[cell] = value
                if state in ringed:
                    ax.plot(cell[1], cell[0], "o", color="C1", markersize=18, fillstyle="none", markeredgewidth=3)
        image = ax.imshow(board, cmap="coolwarm" if even else None, vmin=-highest if even else 0, vmax=highest)
        ax.set(title=title, xlabel="column", ylabel="row")
        ax.grid(False)
    figure.colorbar(image, ax=panels, label=label)
    return figure


def steps_of(runs: Sequence[Mapping[str, Any]], method: str, size: int, counted: bool = False) -> np.ndarray:
    """The steps of a method's runs, infinite where it was not solved; ``counted``: with those before the first."""
    return np.array([np.inf if each["steps"] is None else each["steps"] + counted * each["before"]
                     for each in runs if (each["method"], each["size"]) == (method, size)])


def draw_bill(runs: Sequence[Mapping[str, Any]], sides: Mapping[str, Sequence[str]], cap: float) -> Figure:
    """Median steps against size, a panel for each side: title -> its methods; what was not solved lies at the cap."""
    figure, panels = plt.subplots(1, len(sides), figsize=(9, 4.4), sharey=True, layout="constrained")
    sizes = sorted({each["size"] for each in runs})
    for ax, (title, methods) in zip(panels, sides.items(), strict=True):
        for number, method in enumerate(methods):
            middle = [min(float(np.median(steps_of(runs, method, size, "counted" in title))), cap) for size in sizes]
            ax.plot(sizes, middle, DASHES[number], marker="o", color=f"C{number}",
                    label=method if number < 5 else method.split(",")[0])
        ax.set(title=title, xlabel="cells along a side", xticks=sizes, yscale="log")
    panels[0].set_ylabel("steps until near the shortest path")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def draw_carried(steps: Mapping[str, Sequence[float]], cap: float) -> Axes:
    """A dot for each layout and a bar for the median; what was not solved lies at the cap."""
    ax = plt.figure(figsize=(6.4, 2.6)).gca()
    for place, values in enumerate(steps.values()):
        shown = np.minimum(values, cap)
        ax.plot(shown, np.full(len(shown), place), "o", color="C0", alpha=0.5)
        ax.plot(np.median(shown), place, "|", color="C1", markersize=22, markeredgewidth=3)
    ax.set(xscale="log", yticks=range(len(steps)), yticklabels=list(steps), ylim=(len(steps) - 0.5, -0.5),
           xlabel="steps until near the shortest path", title="What travels helps; a table does not")
    return ax
