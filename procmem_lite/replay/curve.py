"""The curve of a training run: drawn in the browser, and as the picture that it leaves behind.

log        of a run: optimality ratio, shortest path / steps, an episode     TrainingLog(...)
earlier    the log of the run before, or None
line       values of one line of the curve, by its name                      {"mean": [0.0, 0.5], "each": [0.0, 1.0]}
"""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..lab.training import TrainingLog
from ..scenes import COLOURS
from . import assets
from .filmstrip import AGENT_COLOUR, WIDTH, as_png, room_for, write_sentence

RECENT = 10  # episodes in the moving average


class Curve(anywidget.AnyWidget):
    """A dot for each episode, their moving average, and that of the run before; nothing before the first run."""

    _esm = assets.script("curve.js")
    _css = assets.styles("base.css", "guess.css", "curve.css")
    _lines = traitlets.Dict().tag(sync=True)
    _title = traitlets.Unicode("").tag(sync=True)

    def show(self, log: TrainingLog, earlier: TrainingLog | None) -> None:
        """Draw a run, over the one before."""
        lines = {"each": log.optimality, "mean": moving_average(log.optimality)}
        if earlier is not None:
            lines["earlier"] = moving_average(earlier.optimality)
        with self.hold_sync():
            self._title = finding(log)
            self._lines = {name: np.round(values, 4).tolist() for name, values in lines.items()}


def finding(log: TrainingLog) -> str:
    """What a curve shows, in a sentence."""
    return f"Optimality ratio {log.optimality[-RECENT:].mean():.2f} at the end, 1.00 is a shortest path"


def learning_curve(log: TrainingLog | None, earlier: TrainingLog | None, sentence: str) -> bytes:
    """A PNG of the optimality ratio over the episodes, with the run before as a thin line, and a sentence beneath."""
    below = room_for(sentence, 125)
    height = 2.5 + below
    figure = Figure(figsize=(WIDTH, height), dpi=100, facecolor="white", layout="none")
    write_sentence(figure, sentence, 0.015, below / height, 125)
    axis = figure.add_axes((0.075, (below + 0.5) / height, 0.91, 1.75 / height))
    if earlier is not None:
        draw_mean(axis, earlier, color=COLOURS["grey"], linewidth=1.2, linestyle="--", label="the run before")
    if log is not None:
        episodes = np.arange(1, len(log) + 1)
        axis.plot(episodes, log.optimality, ".", color=AGENT_COLOUR, markersize=4, label="each episode")
        draw_mean(axis, log, color=AGENT_COLOUR, linewidth=2, label=f"mean of {RECENT}")
        axis.legend(frameon=False, fontsize=8, loc="lower right")
    axis.set(xlabel="episode", ylabel="optimality ratio", ylim=(-0.03, 1.08))
    axis.set_title("Not trained yet" if log is None else finding(log), fontsize=9, loc="left")
    axis.tick_params(labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    return as_png(figure)


def draw_mean(axis: Axes, log: TrainingLog, **line: Any) -> None:
    """The moving average of a log's optimality ratio."""
    axis.plot(np.arange(1, len(log) + 1), moving_average(log.optimality), **line)


def moving_average(values: np.ndarray) -> np.ndarray:
    """The mean of the last ``RECENT`` values at each position; of fewer at the beginning."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(0, stop - RECENT)
    return (sums[stop] - sums[start]) / (stop - start)
