"""What a person is shown: one frame of a picture, as text and as pixels, in one palette."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Cell = tuple[int, int]
COLOURS = {
    "floor": "#f4f4f2", "wall": "#4a4a4a", "barred": "#c9b8a0", "agent": "#0072b2", "key": "#e69f00",
    "door": "#8c4a00", "open door": "#d9c3a5", "goal": "#009e73", "other": "#cc79a7",
}


class Board(NamedTuple):
    """What stands still between two changes of the world; only pictures read it."""

    rows: int
    columns: int
    walls: frozenset[Cell]
    items: tuple[tuple[str, str, Cell], ...]  # (kind, state or colour, cell)


class Scene(NamedTuple):
    """One frame of a picture: the board, the agent's cell, its heading (0 right, 1 down, 2 left, 3 up) or None."""

    board: Board
    agent: Cell
    heading: int | None = None
    carrying: str | None = None


def draw_text(scene: Scene) -> str:
    """A scene as lines of text: A agent, k key, d door (o open), g goal, # wall, x barred."""
    board = scene.board
    marks = dict.fromkeys(board.walls, "#")
    for kind, look, cell in board.items:
        marks[cell] = "o" if (kind, look) == ("door", "open") else "x" if kind == "barred" else kind[0]
    marks[scene.agent] = "A"
    return "\n".join(" ".join(marks.get((r, c), ".") for c in range(board.columns)) for r in range(board.rows))


def rgb(name: str) -> np.ndarray:
    """A palette colour as three numbers from 0 to 255."""
    value = COLOURS[name]
    return np.array([int(value[i:i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


def look(kind: str, state: str) -> str:
    """The palette's name for a thing."""
    name = "open door" if (kind, state) == ("door", "open") else kind
    return name if name in COLOURS else "other"


def board_to_rgb(scene: Scene) -> np.ndarray:
    """A scene without its agent, one pixel a cell: shape ``(rows, columns, 3)``."""
    board = scene.board
    picture = np.empty((board.rows, board.columns, 3), dtype=np.uint8)
    picture[:] = rgb("floor")
    for cell in board.walls:
        picture[cell] = rgb("wall")
    for kind, state, cell in board.items:
        picture[cell] = rgb(look(kind, state))
    return picture


def scene_to_rgb(scene: Scene, pixels: int = 16) -> np.ndarray:
    """A scene as an RGB array of shape ``(rows * pixels, columns * pixels, 3)``; one square a cell."""
    picture = board_to_rgb(scene)
    picture[scene.agent] = rgb("agent")
    return picture.repeat(pixels, axis=0).repeat(pixels, axis=1)
