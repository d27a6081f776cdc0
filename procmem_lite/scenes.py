"""What a person is shown: one frame of a picture, as text and as pixels, and the one palette of all pictures.

kind      what a thing is                       "door"
look      its colour or state, in words         "yellow", "open", "red locked"
scene     board, agent, heading, in hand        Scene(board, agent=(3, 1), heading=None, carrying="yellow key")
colour    a name of the palette                 "brown"
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Cell = tuple[int, int]

# The hues of Okabe and Ito (2008), as dark (or light) as it takes to stand out 3 to 1 from floor and page.
COLOURS = {
    "floor": "#f7f7f4", "line": "#e6e6e1", "wall": "#54565c", "exploring": "#8b8e93", "red": "#c44f00",
    "green": "#007a58", "blue": "#0072b2", "purple": "#a3508a", "yellow": "#bd7f00", "grey": "#7d7f85",
    "brown": "#8c4a00", "tan": "#a5804c",
}
DARK = {  # the same on a dark page
    "floor": "#24262a", "line": "#31343a", "wall": "#7b7f88", "exploring": "#71767e", "red": "#ff7d33",
    "green": "#2fc896", "blue": "#6cc0f0", "purple": "#e095c2", "yellow": "#f0b429", "grey": "#a4a8b0",
    "brown": "#d39a5c", "tan": "#b99465",
}
SKILLS = ("#c08000", "#2e8fcf", "#009268", "#c06a9d", "#00558f", "#6b6300")  # one after the other, then anew
DARK_SKILLS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#4a86d8", "#b5a900")
NAMED = ("red", "green", "blue", "purple", "yellow", "grey")  # colours that a look may name
KINDS = {"agent": "blue", "key": "yellow", "door": "brown", "goal": "green", "lava": "red", "barred": "grey"}
OTHER = "purple"


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


def colour_of(kind: str, look: str = "") -> str:
    """The name of a thing's colour: the one its look names, or its kind's."""
    return next((word for word in look.split() if word in NAMED), KINDS.get(kind, OTHER))


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


def board_to_rgb(scene: Scene) -> np.ndarray:
    """A scene without its agent, one pixel a cell: shape ``(rows, columns, 3)``."""
    board = scene.board
    picture = np.empty((board.rows, board.columns, 3), dtype=np.uint8)
    picture[:] = rgb("floor")
    for cell in board.walls:
        picture[cell] = rgb("wall")
    for kind, look, cell in board.items:
        opened = (kind, look) == ("door", "open")
        picture[cell] = rgb("tan" if opened else colour_of(kind, look))
    return picture


def scene_to_rgb(scene: Scene, pixels: int = 16) -> np.ndarray:
    """A scene as an RGB array of shape ``(rows * pixels, columns * pixels, 3)``; one square a cell."""
    picture = board_to_rgb(scene)
    picture[scene.agent] = rgb(KINDS["agent"])
    return picture.repeat(pixels, axis=0).repeat(pixels, axis=1)
