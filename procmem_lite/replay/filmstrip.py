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
from ..scenes import Scene
from ..skills import Skill

FRAMES = 6
SKILL_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#0072b2", "#b5a900")
EXPLORING_COLOUR, FAILURE_COLOUR, AGENT_COLOUR = "#c9cacc", "#d55e00", "#0072b2"
WALL_COLOUR, FLOOR_COLOUR = "#54565c", "#f7f7f4"
NAMED_COLOURS = {
    "red": "#d55e00",
    "green": "#008a64",
    "blue": "#0072b2",
    "purple": "#a3508a",
    "yellow": "#c98500",
    "grey": "#7d7f85",
}
KIND_COLOURS = {"key": "yellow", "goal": "green", "lava": "red", "barred": "grey"}
DOOR_COLOUR, OTHER_COLOUR = "#8c4a00", "#a3508a"


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
    heights = [1.95] * len(episodes) + [0.36]
    figure = Figure(figsize=(7.6, sum(heights)), dpi=100, facecolor="white", layout="none")
    *parts, foot = figure.subfigures(len(heights), 1, height_ratios=heights)
    write_sentence(foot, sentence, 0.015, 0.9, 125)
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
    figure = Figure(figsize=(7.6, 2.4), dpi=100, facecolor="white", layout="none")
    draw_scene(figure.add_axes((0.01, 0.03, 0.3, 0.94)), scene)
    write_sentence(figure, sentence, 0.34, 0.94, 80)
    return as_png(figure)


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
    squares = np.full((rows, columns, 3), to_rgb(FLOOR_COLOUR))
    for cell in walls:
        squares[cell] = to_rgb(WALL_COLOUR)
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


def item_colour(kind: str, look: str) -> str:
    """A thing's colour: the one its look names, or its kind's."""
    words = look.split()
    named = next((word for word in words if word in NAMED_COLOURS), KIND_COLOURS.get(kind))
    return NAMED_COLOURS[named] if named else DOOR_COLOUR if kind == "door" else OTHER_COLOUR


def draw_item(axis: Axes, kind: str, look: str, row: int, column: int) -> None:
    """A thing as a shape of its own, so that colour is never the only difference."""
    colour, lines = item_colour(kind, look), {"zorder": 3, "solid_capstyle": "round"}
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
    colours = {name: SKILL_COLOURS[index % len(SKILL_COLOURS)] for index, name in enumerate(names)}
    control = [transition.invocation for transition in episode.transitions]
    starts = [step for step in range(len(control)) if step == 0 or control[step] != control[step - 1]]
    stretches = [(start, stop - start) for start, stop in zip(starts, [*starts[1:], len(control)], strict=True)]
    names_at = [None if control[s] == EXPLORING else episode.invocations[control[s]].skill.name for s in starts]
    shades = [colours.get(name, EXPLORING_COLOUR) for name in names_at]
    axis.broken_barh(stretches, (0.2, 0.6), facecolors=shades, edgecolors="white", linewidths=0.5)
    failed = [max(used.stop, used.start) - 0.5 for used in episode.invocations if not used.succeeded]
    axis.plot(
        failed,
        [0.5] * len(failed),
        "x",
        color=FAILURE_COLOUR,
        markersize=5,
        markeredgewidth=1.6,
        clip_on=False,
    )


def library_picture(skills: Sequence[Skill], points: np.ndarray, sentence: str) -> bytes:
    """A PNG with the map of the embeddings and the skills used most, and a sentence beneath."""
    figure = Figure(figsize=(7.6, 2.9), dpi=100, facecolor="white", layout="none")
    write_sentence(figure, sentence, 0.02, 0.11, 125)
    scatter, table = figure.subplots(
        1, 2, width_ratios=[2, 3], gridspec_kw={"left": 0.02, "right": 0.99, "top": 0.92, "bottom": 0.15}
    )
    effects = list(dict.fromkeys(" + ".join(sorted(skill.effect)) for skill in skills))
    for number, effect in enumerate(effects):
        rows = [i for i, skill in enumerate(skills) if " + ".join(sorted(skill.effect)) == effect]
        colour = SKILL_COLOURS[number % len(SKILL_COLOURS)]
        scatter.scatter(*points[rows].T, s=9, color=colour, alpha=0.7, linewidths=0, label=effect)
    scatter.set(xticks=[], yticks=[], xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
    scatter.set_title("embeddings, two principal components", fontsize=7)
    if effects:
        scatter.legend(fontsize=6, frameon=False, loc="best")
    table.set_axis_off()
    table.set_title("used most (successes / uses)", fontsize=7, loc="left")
    best = sorted(skills, key=lambda skill: -skill.uses)[:9]
    lines = [f"{skill.successes:>4} / {skill.uses:<4}  {skill.name}" for skill in best]
    table.text(0, 0.97, "\n".join(lines), fontsize=7, family="monospace", va="top", linespacing=1.7)
    return as_png(figure)
