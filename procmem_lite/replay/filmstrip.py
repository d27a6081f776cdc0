"""What a reader sees where no widget runs: an episode as a strip of pictures, the same bytes every time."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, FigureBase
from matplotlib.patches import Circle, Polygon, Rectangle

from ..episodes import Episode
from ..percepts import EXPLORING
from ..scenes import COLOURS, KINDS, SKILLS, Scene, colour_of

FRAMES = 6
AGENT_COLOUR = COLOURS[KINDS["agent"]]
WIDTH, LINE = 7.6, 0.138  # inches: of every picture, of a line of its sentence


def key_frames(episode: Episode, count: int = FRAMES) -> list[int]:
    """The frames to show: the first, those at which facts changed, the last; then the middles of the gaps."""
    facts = [percept.facts for percept in episode.percepts]
    changes = [frame for frame in range(1, len(facts)) if facts[frame] != facts[frame - 1]]
    frames = {0, episode.steps, *changes[: count - 2]}
    while len(frames) < min(count, episode.steps + 1):
        ordered = sorted(frames)
        gap, start = max((b - a, -a) for a, b in zip(ordered, ordered[1:], strict=False))
        frames.add(-start + gap // 2)
    return sorted(frames)


def film_strip(episodes: Sequence[Episode], labels: Sequence[str], sentence: str) -> bytes:
    """A PNG with one row of frames and one timeline for each episode, and a sentence beneath."""
    below = room_for(sentence, 125)
    heights = [1.95] * len(episodes) + [below]
    figure = Figure(figsize=(WIDTH, sum(heights)), dpi=100, facecolor="white", layout="none")
    *parts, foot = figure.subfigures(len(heights), 1, height_ratios=heights)
    write_sentence(foot, sentence, 0.015, 1, 125)
    longest = max(episode.steps for episode in episodes)
    for part, episode, label in zip(parts, episodes, labels, strict=True):
        grid = part.add_gridspec(
            2, FRAMES, height_ratios=[6, 1], left=0.015, right=0.985, top=0.84, bottom=0.07, hspace=0.12
        )
        for column, frame in enumerate(key_frames(episode)):
            draw_frame(part.add_subplot(grid[0, column]), episode, frame)
        draw_timeline(part.add_subplot(grid[1, :]), episode, longest)
        part.text(0.015, 0.98, label, fontsize=8, fontweight="bold", ha="left", va="top")
    return as_png(figure)


def scene_picture(scene: Scene, sentence: str) -> bytes:
    """A PNG of one scene, and a sentence beside it."""
    figure = Figure(figsize=(WIDTH, 2.4), dpi=100, facecolor="white", layout="none")
    draw_scene(figure.add_axes((0.01, 0.03, 0.3, 0.94)), scene)
    write_sentence(figure, sentence, 0.34, 0.94, 80)
    return as_png(figure)


def room_for(sentence: str, width: int) -> float:
    """Inches that a sentence needs, and a margin below it."""
    return LINE * len(textwrap.wrap(sentence, width)) + 0.1


def write_sentence(figure: FigureBase, sentence: str, left: float, top: float, width: int) -> None:
    """Words inside the picture: where a picture is shown, the text beside it in the bundle is not."""
    figure.text(left, top, textwrap.fill(sentence, width), fontsize=7, color="#444444", va="top", linespacing=1.4)


def as_png(figure: Figure) -> bytes:
    """A figure's bytes, without the note on which software made them."""
    picture = BytesIO()
    FigureCanvasAgg(figure).print_png(picture, metadata={"Software": None})
    return picture.getvalue()


def draw_frame(axis: Axes, episode: Episode, frame: int) -> None:
    """One scene with the trail that led there."""
    percepts = episode.percepts
    draw_scene(axis, percepts[frame].scene)
    trail = [percept.scene.agent for percept in percepts[max(0, frame - 60) : frame + 1]]
    axis.plot(
        [c for _, c in trail],
        [r for r, _ in trail],
        color=AGENT_COLOUR,
        alpha=0.45,
        linewidth=1.6,
        solid_capstyle="round",
        solid_joinstyle="round",
        zorder=2,
    )
    before = percepts[frame - 1].facts if frame else percepts[0].facts
    gained = ", ".join(sorted(percepts[frame].facts - before))
    told = textwrap.shorten(f"{frame}: {gained}", 23, placeholder=" …") if gained else f"step {frame}"
    axis.set_title(told, fontsize=7, pad=3)


def draw_scene(axis: Axes, scene: Scene) -> None:
    """Board, things and agent, a cell one unit wide, row 0 at the top."""
    rows, columns, walls, items = scene.board
    axis.set(xticks=[], yticks=[])
    squares = np.full((rows, columns, 3), to_rgb(COLOURS["floor"]))
    for cell in walls:
        squares[cell] = to_rgb(COLOURS["wall"])
    axis.imshow(squares, interpolation="nearest")
    for kind, look, (row, column) in items:
        draw_item(axis, kind, look, row, column)
    row, column = scene.agent
    if scene.heading is None:
        body = Circle((column, row), 0.3)
    else:
        corners = [(0.36, 0.0), (-0.28, -0.3), (-0.28, 0.3)]
        for _ in range(scene.heading):
            corners = [(-y, x) for x, y in corners]
        body = Polygon([(column + x, row + y) for x, y in corners])
    body.set(facecolor=AGENT_COLOUR, edgecolor="white", linewidth=0.8, zorder=4)
    axis.add_patch(body)


def draw_item(axis: Axes, kind: str, look: str, row: int, column: int) -> None:
    """A thing as a shape of its own, so that colour is never the only difference."""
    colour, lines = COLOURS[colour_of(kind, look)], {"zorder": 3, "solid_capstyle": "round"}
    if kind == "key":
        axis.add_patch(
            Circle((column - 0.18, row + 0.1), 0.15, fill=False, edgecolor=colour, linewidth=1.4, zorder=3)
        )
        axis.plot([column - 0.05, column + 0.32], [row, row - 0.25], color=colour, linewidth=1.4, **lines)
    elif kind == "door":
        axis.add_patch(
            Rectangle(
                (column - 0.36, row - 0.44),
                0.72,
                0.88,
                fill="open" not in look.split(),
                linewidth=1.2,
                facecolor=colour,
                edgecolor=colour,
                zorder=3,
            )
        )
    elif kind == "goal":
        axis.plot([column - 0.2] * 2, [row + 0.38, row - 0.36], color=colour, linewidth=1.4, **lines)
        flag = [(column - 0.2, row - 0.38), (column + 0.34, row - 0.18), (column - 0.2, row)]
        axis.add_patch(Polygon(flag, color=colour, linewidth=0, zorder=3))
    elif kind == "ball":
        axis.add_patch(Circle((column, row), 0.28, color=colour, linewidth=0, zorder=3))
    else:
        axis.add_patch(
            Rectangle(
                (column - 0.32, row - 0.32),
                0.64,
                0.64,
                fill=kind == "lava",
                facecolor=colour,
                edgecolor=colour,
                linewidth=1.4,
                hatch="||" if kind == "barred" else None,
                zorder=3,
            )
        )


def draw_timeline(axis: Axes, episode: Episode, longest: int) -> None:
    """Who was in control at every step: grey exploring, a colour a skill, a red cross where one failed."""
    axis.set(xlim=(0, longest), ylim=(0, 1))
    axis.set_axis_off()
    names = {used.skill.name: None for used in episode.invocations}
    colours = {name: SKILLS[index % len(SKILLS)] for index, name in enumerate(names)}
    control = [transition.invocation for transition in episode.transitions]
    starts = [step for step in range(len(control)) if step == 0 or control[step] != control[step - 1]]
    stretches = [(start, stop - start) for start, stop in zip(starts, [*starts[1:], len(control)], strict=True)]
    names_at = [None if control[s] == EXPLORING else episode.invocations[control[s]].skill.name for s in starts]
    shades = [colours.get(name, COLOURS["exploring"]) for name in names_at]
    axis.broken_barh(stretches, (0.2, 0.6), facecolors=shades, edgecolors="white", linewidths=0.5)
    failed = [max(used.stop, used.start) - 0.5 for used in episode.invocations if not used.succeeded]
    axis.plot(
        failed,
        [0.5] * len(failed),
        "X",
        color=COLOURS["red"],
        markeredgecolor="white",
        markersize=7,
        markeredgewidth=0.8,
        clip_on=False,
    )


def library_picture(rows: Sequence[Sequence], points: np.ndarray, sentence: str) -> bytes:
    """A PNG with the map of the embeddings and the skills used most, and a sentence beneath.

    Args:
        rows: name, effect, needs, steps, uses, successes of each skill.
        points: on the map, shape ``(skills, 2)``, of the first so many rows; the others have no embedding.
    """
    below, body = room_for(sentence, 125), 2.6
    height = body + below
    figure = Figure(figsize=(WIDTH, height), dpi=100, facecolor="white", layout="none")
    write_sentence(figure, sentence, 0.02, below / height, 125)
    scatter, table = figure.subplots(1, 2, width_ratios=[2, 3], gridspec_kw={
        "left": 0.02, "right": 0.99, "top": 1 - 0.23 / height, "bottom": (below + 0.1) / height})
    effects = list(dict.fromkeys(row[1] for row in rows))
    for number, effect in enumerate(effects):
        chosen = [index for index in range(len(points)) if rows[index][1] == effect]
        colour = SKILLS[number % len(SKILLS)]
        scatter.scatter(*points[chosen].T, s=9, color=colour, alpha=0.7, linewidths=0, label=effect)
    scatter.set(xticks=[], yticks=[], xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
    scatter.set_title("embeddings, two principal components", fontsize=7)
    if effects:
        scatter.legend(fontsize=6, frameon=False, loc="best")
    table.set_axis_off()
    table.set_title("used most (successes / uses)", fontsize=7, loc="left")
    most = sorted((row for row in rows if row[4]), key=lambda row: -row[4])[:9]
    lines = [f"{successes:>4} / {uses:<4}  {name}" for name, *_, uses, successes in most]
    table.text(0, 0.97, "\n".join(lines) or "none so far", fontsize=7, family="monospace", va="top", linespacing=1.7)
    return as_png(figure)
