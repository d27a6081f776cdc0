"""Guess: the reader commits to a number or a curve before the answer shows, and sees one over the other.

=========  ==============================================================  ==================================
question   what is asked                                                   ``"Steps per episode, 1st to 4th"``
answer     a number, a curve, or up to four curves by name                 ``[90, 40, 31, 30]``
x          where on the x axis the values of a curve lie                   ``[1, 2, 3, 4]``
span       the ends of the axis that is guessed on                         ``(0, 200)``
value      what was guessed; of a curve, None where nothing was drawn      ``[120, 80, 60, None]``
=========  ==============================================================  ==================================
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from ..exercises import progress
from . import assets
from .filmstrip import as_png, write_sentence
from .replay_widget import fallback_bundle

MOST_CURVES = 4  # as many as have a colour and a mark of their own
HOW = "Run this cell in JupyterLab to commit a guess; the answer is in the next cell."

Curves = dict[str, list[float]]


class Guess(anywidget.AnyWidget):
    """Ask for a guess, and show the answer once the reader has committed one or skipped.

    A curve is drawn with mouse, finger, pen or arrow keys. The stored output shows the question and empty axes,
    never the answer. ``guess.value`` is None until something was committed; nothing should depend on it.

    Args:
        question: one sentence.
        answer: a number, the values of a curve (at least two), or up to four such curves by name.
        x: where the values of a curve lie, increasing; 1, 2, 3 ... unless given.
        xlabel: what lies on the x axis of a curve, or on the line of numbers.
        ylabel: what lies on the y axis of a curve.
        log: whether the axis that is guessed on counts in powers of ten.
        span: its ends, low and high. Without them they follow from the answer, and say something about it. The axis
            grows where the answer lies outside.

    Raises:
        TypeError, ValueError: naming the argument, what was given and what is needed.
    """

    _esm = assets.script("guess.js")
    _css = assets.styles("base.css", "guess.css")
    _question = traitlets.Unicode("").tag(sync=True)
    _plot = traitlets.Dict().tag(sync=True)
    _answers = traitlets.List().tag(sync=True)
    _skipped = traitlets.Bool(False).tag(sync=True)
    value = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(self, question: str, *, answer: float | Sequence[float] | Mapping[str, Sequence[float]],
                 x: Sequence[float] | None = None, xlabel: str = "", ylabel: str = "", log: bool = False,
                 span: tuple[float, float] | None = None) -> None:
        for argument, text in (("question", question), ("xlabel", xlabel), ("ylabel", ylabel)):
            if not isinstance(text, str):
                raise TypeError(f"{argument}: a text is needed, got {text!r}")
        if not question.strip():
            raise ValueError(f"question: a sentence is needed, got {question!r}")
        if not isinstance(log, bool):
            raise TypeError(f"log: True or False is needed, got {log!r}")
        curves = check_answer(answer, log)
        if span is not None:
            span = check_span(span, log)
        if is_number(answer):
            for argument, given in (("x", x), ("ylabel", ylabel or None)):
                if given is not None:
                    raise ValueError(f"{argument}: only a curve has one, got {given!r} for a number")
            places = None
        else:
            places = check_places(x, len(next(iter(curves.values()))))
            span = span or span_around([value for values in curves.values() for value in values], log)
        plot = {"x": places, "xlabel": xlabel, "ylabel": ylabel, "log": log, "span": span and list(span)}
        super().__init__(_question=question, _plot=plot, _answers=[list(curve) for curve in curves.items()])

    @traitlets.validate("value")
    def _check_value(self, proposal: dict[str, Any]) -> float | list[float | None] | None:
        value, places, log = proposal["value"], self._plot["x"], self._plot["log"]
        if value is None:
            return None
        if places is None:
            return check_number(value, "value", log)
        if not isinstance(value, list | tuple) or len(value) != len(places):
            raise ValueError(f"value: None or {len(places)} numbers are needed, got {value!r}")
        if all(part is None for part in value):
            raise ValueError("value: at least one number is needed, got None at every x")
        return [part if part is None else check_number(part, "value", log) for part in value]

    @traitlets.observe("value")
    def _keep(self, change: dict[str, Any]) -> None:
        if change["new"] is not None:
            progress.note("guessed", self._question)

    def __repr__(self) -> str:
        return f"{self._question} {HOW}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        picture = empty_picture(self._question, **self._plot)
        return fallback_bundle(super()._repr_mimebundle_(**kwargs), picture, repr(self))


def is_number(answer: object) -> bool:
    """Whether an answer is one number rather than a curve."""
    return isinstance(answer, Real) and not isinstance(answer, bool)


def check_number(value: object, argument: str, log: bool) -> float:
    """A finite number, as an int or a float; positive where the axis counts in powers of ten."""
    if not is_number(value):
        raise TypeError(f"{argument}: a number is needed, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{argument}: a finite number is needed, got {value!r}")
    if log and value <= 0:
        raise ValueError(f"{argument}: a number above 0 is needed on a logarithmic axis, got {value!r}")
    return int(value) if isinstance(value, Integral) else float(value)


def check_numbers(values: object, argument: str, log: bool = False) -> list[float]:
    """At least two numbers."""
    if isinstance(values, str | bytes | Mapping | set) or not np.iterable(values):
        raise TypeError(f"{argument}: a sequence of numbers is needed, got {values!r}")
    numbers = list(values)
    if len(numbers) < 2:
        raise ValueError(f"{argument}: at least two numbers are needed, got {numbers!r}")
    return [check_number(number, f"{argument}[{index}]", log) for index, number in enumerate(numbers)]


def check_answer(answer: object, log: bool) -> Curves:
    """The curves of an answer by name; a number is a curve with one value, and its name is empty."""
    if is_number(answer):
        return {"": [check_number(answer, "answer", log)]}
    if not isinstance(answer, Mapping):
        return {"": check_numbers(answer, "answer", log)}
    if not 1 <= len(answer) <= MOST_CURVES:
        raise ValueError(f"answer: 1 to {MOST_CURVES} curves are needed, got {len(answer)}")
    for name in answer:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"answer: the name of each curve is a text, got {name!r}")
    curves = {name: check_numbers(values, f"answer[{name!r}]", log) for name, values in answer.items()}
    lengths = {name: len(values) for name, values in curves.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"answer: curves of one length are needed, got {lengths}")
    return curves


def check_places(x: object, count: int) -> list[float]:
    """Where ``count`` values lie on the x axis."""
    places = list(range(1, count + 1)) if x is None else check_numbers(x, "x")
    if len(places) != count:
        raise ValueError(f"x: one for each of the answer's {count} values is needed, got {len(places)}")
    for before, after in zip(places, places[1:]):
        if before >= after:
            raise ValueError(f"x: increasing numbers are needed, got {after!r} after {before!r}")
    return places


def check_span(span: object, log: bool) -> tuple[float, float]:
    """The two ends of an axis."""
    ends = check_numbers(span, "span", log)
    if len(ends) != 2 or ends[0] >= ends[1]:
        raise ValueError(f"span: two numbers, the lower one first, are needed, got {span!r}")
    return ends[0], ends[1]


def span_around(values: Sequence[float], log: bool) -> tuple[float, float]:
    """Round ends of an axis that holds some values, with 0 or whole powers of ten."""
    if log:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return 10.0**low, 10.0 ** max(high, low + 1)
    low, high = 0.0 - round_above(-min(values)), round_above(max(values))
    return low, high if high > low else low + 1.0


def round_above(size: float) -> float:
    """1, 2 or 5 times a power of ten, with some room above ``size``; 0 for what is not above 0.

    >>> round_above(38.0)
    50.0
    """
    if size <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in (2, 5, 10, 20) if step * power >= 1.2 * size)


def empty_picture(question: str, *, x: list[float] | None, xlabel: str, ylabel: str, log: bool,
                  span: list[float] | None) -> bytes:
    """A PNG of the question and of axes with nothing on them."""
    asked = textwrap.fill(question, 88)
    head = 0.16 * (asked.count("\n") + 1) + 0.12  # inches
    body = 0.0 if span is None else 2.1 if x else 0.55
    height = head + body + 0.3
    figure = Figure(figsize=(7.6, height), dpi=100, facecolor="white", layout="none")
    figure.text(0.015, 1 - 0.08 / height, asked, fontsize=9, fontweight="bold", va="top", parse_math=False)
    write_sentence(figure, HOW, 0.015, 0.22 / height, 125)
    if span is None:
        return as_png(figure)
    if x:
        axis = figure.add_axes((0.1, 0.78 / height, 0.87, (body - 0.55) / height), xlim=(x[0], x[-1]), ylim=span)
        axis.set_yscale("log" if log else "linear")
        axis.set_ylabel(ylabel, fontsize=8, parse_math=False)
        axis.locator_params(axis="x", nbins=min(8, len(x) - 1))
        axis.grid(color="#e6e6e1", linewidth=0.8)
    else:
        axis = figure.add_axes((0.1, 0.72 / height, 0.8, 0.01), xlim=span, yticks=[])
        axis.set_xscale("log" if log else "linear")
        axis.spines["left"].set_visible(False)
    axis.set_xlabel(xlabel, fontsize=8, parse_math=False)
    axis.tick_params(labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)
    return as_png(figure)
