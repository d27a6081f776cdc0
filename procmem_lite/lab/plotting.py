"""Figures: one style, one palette, pictures of scenes, curves with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..episodes import Episode
from ..scenes import COLOURS, KINDS, Scene, board_to_rgb
from .statistics import Interval, mean_interval
from .training import TrainingLog

AGENT = COLOURS[KINDS["agent"]]
HEADINGS = {None: "o", 0: ">", 1: "v", 2: "<", 3: "^"}  # how the agent is drawn
STYLE = Path(__file__).with_name("procmem.mplstyle")
UNITS = {  # measure of a log -> its axis
    "steps": "steps per episode", "total_reward": "return per episode", "optimality": "shortest path / steps",
    "success": "share of episodes solved", "library_size": "skills in the library", "uses": "skill uses so far",
    "frames": "steps so far", "exploring": "exploring steps per episode",
}

PANELS = ("total_reward", "steps", "library_size", "uses")


def use_style() -> None:
    """Draw all further figures in the style of the series."""
    plt.style.use(STYLE)


def draw_scene(scene: Scene, ax: Axes | None = None, title: str = "") -> Axes:
    """A scene with a letter on every thing and a marker for the agent."""
    ax = ax or plt.figure(figsize=(3, 3)).gca()
    rows, columns = scene.board.rows, scene.board.columns
    ax.imshow(board_to_rgb(scene), extent=(-0.5, columns - 0.5, rows - 0.5, -0.5))
    for kind, _, (row, column) in scene.board.items:
        if kind != "barred":
            ax.text(column, row, kind[0].upper(), ha="center", va="center", color="white", weight="bold")
    ax.plot(scene.agent[1], scene.agent[0], HEADINGS[scene.heading], color=AGENT,
            markersize=min(110 / max(rows, columns), 14), markeredgecolor="white", zorder=4)
    every = max(1, rows // 8)
    ax.set(xticks=range(0, columns, every), yticks=range(0, rows, every), xlabel="column", ylabel="row",
           title=title)
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="white", linewidth=1)
    ax.tick_params(which="both", length=0)
    return ax


def draw_path(episode: Episode, ax: Axes | None = None, title: str = "") -> Axes:
    """Every cell an episode passed, over the scene it began in; steps by skills are solid, exploring ones dotted."""
    percepts = episode.percepts
    if not percepts or percepts[0].scene is None:
        raise ValueError("episode: one with steps and scenes is needed; this one has nothing to draw")
    ax = draw_scene(percepts[0].scene, ax, title)
    cells = np.array([percept.scene.agent for percept in percepts], dtype=float)
    shift = np.linspace(-0.18, 0.18, len(cells))[:, None]  # so that a second visit does not hide the first
    rows, columns = (cells + shift).T
    labels = {"exploring": (":", COLOURS["wall"]), "by a skill": ("-", AGENT)}
    for index, step in enumerate(episode.transitions):
        style, colour = labels["by a skill" if step.invocation >= 0 else "exploring"]
        ax.plot(columns[index:index + 2], rows[index:index + 2], style, color=colour, linewidth=1.6, zorder=3)
    return ax


def learning_curve(logs: Mapping[str, Sequence[TrainingLog]], measure: str = "steps", ax: Axes | None = None,
                   title: str = "", best: float | None = None, log_scale: bool = False) -> Axes:
    """The mean of a measure, episode by episode, with its 95 % bootstrap band over seeds.

    Args:
        logs: name -> the logs of all seeds; of unequal length, all are cut to the shortest.
        best: a level to mark, the shortest path say.

    Raises:
        ValueError: for a measure that a log does not have, or a name without logs.
    """
    if measure not in UNITS:
        raise ValueError(f"measure: one of {sorted(UNITS)} is needed, got {measure!r}")
    ax = ax or plt.figure().gca()
    for name, runs in logs.items():
        if not runs:
            raise ValueError(f"logs: {name!r} has none")
        length = min(len(run) for run in runs)
        band = mean_interval([getattr(run, measure)[:length] for run in runs])
        episodes = np.arange(1, length + 1)
        line, = ax.plot(episodes, band.value, label=f"{name} ({len(runs)} seeds)")
        ax.fill_between(episodes, band.low, band.high, color=line.get_color(), alpha=0.2, linewidth=0)
    if best is not None:
        ax.axhline(best, color=COLOURS["wall"], linestyle="--", linewidth=1, label=f"best possible: {best:g}")
    ax.set(xlabel="episode", ylabel=UNITS[measure], title=title, yscale="log" if log_scale else "linear")
    if log_scale:
        ax.yaxis.set_major_formatter("{x:g}")
    ax.legend(title="mean and 95 % bootstrap band")
    return ax


def heat_map(values: ArrayLike, rows: Sequence, columns: Sequence, ax: Axes | None = None, title: str = "",
             xlabel: str = "", ylabel: str = "", unit: str = "", span: tuple[float, float] | None = None) -> Axes:
    """A table as colours with the number in every cell.

    Args:
        values: shape ``(rows, columns)``; ``unit`` names them on the colour bar.
        span: the values at the ends of the colour scale; theirs unless given.
    """
    table = np.asarray(values, dtype=float)
    if table.shape != (len(rows), len(columns)):
        raise ValueError(f"values: shape {(len(rows), len(columns))} is needed, got {table.shape}")
    ax = ax or plt.figure().gca()
    low, high = span or (np.nanmin(table), np.nanmax(table))
    image = ax.imshow(table, vmin=low, vmax=high, aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        bright = high > low and (value - low) / (high - low) > 0.6
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", color="black" if bright else "white")
    ax.set(xticks=range(len(columns)), xticklabels=columns, yticks=range(len(rows)), yticklabels=rows,
           xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=unit)
    return ax


def interval_plot(intervals: Mapping[str, Interval], ax: Axes | None = None, title: str = "", xlabel: str = "",
                  reference: float | None = None) -> Axes:
    """A dot and its interval for each name, the first on top; ``reference`` draws a line to compare with."""
    if not intervals:
        raise ValueError("intervals: at least one is needed, got none")
    ax = ax or plt.figure(figsize=(6.4, 0.8 + 0.35 * len(intervals))).gca()
    for place, (low, high) in enumerate((each.low, each.high) for each in intervals.values()):
        ax.plot([low, high], [place, place], color=AGENT, solid_capstyle="butt")
    ax.plot([each.value for each in intervals.values()], range(len(intervals)), "o", color=AGENT)
    if reference is not None:
        ax.axvline(reference, color=COLOURS["wall"], linestyle="--", linewidth=1)
    ax.set(yticks=range(len(intervals)), yticklabels=list(intervals), xlabel=xlabel, title=title,
           ylim=(len(intervals) - 0.5, -0.5))
    ax.grid(axis="y", visible=False)
    return ax


def visualize_training(log: TrainingLog, title: str = "") -> Figure:
    """The published tutorial's four panels: reward, steps, library and skill uses, episode by episode."""
    if not len(log):
        raise ValueError("log: one with episodes is needed, got none")
    figure, panels = plt.subplots(2, 2, figsize=(8, 5), sharex=True)
    episodes = np.arange(1, len(log) + 1)
    for colour, (ax, measure) in enumerate(zip(panels.flat, PANELS, strict=True)):
        ax.plot(episodes, getattr(log, measure), color=f"C{colour}", marker="." if len(log) <= 50 else "")
        ax.set(ylabel=UNITS[measure], xlabel="episode" if colour > 1 else "")
    figure.suptitle(title, x=0.01, ha="left", weight="bold", size=11)
    return figure
