"""Figures: one style, one palette, and pictures of scenes."""

from __future__ import annotations

import numpy as np

from .environment import Scene

COLOURS = {
    "floor": "#f4f4f2", "wall": "#4a4a4a", "barred": "#c9b8a0", "agent": "#0072b2", "key": "#e69f00",
    "door": "#8c4a00", "open door": "#d9c3a5", "goal": "#009e73", "other": "#cc79a7",
}


def rgb(name: str) -> np.ndarray:
    """A palette colour as three numbers from 0 to 255."""
    value = COLOURS[name]
    return np.array([int(value[i:i + 2], 16) for i in (1, 3, 5)], dtype=np.uint8)


def scene_to_rgb(scene: Scene, pixels: int = 16) -> np.ndarray:
    """A scene as an RGB array of shape ``(rows * pixels, columns * pixels, 3)``; one square a cell."""
    board = scene.board
    picture = np.empty((board.rows, board.columns, 3), dtype=np.uint8)
    picture[:] = rgb("floor")
    for cell in board.walls:
        picture[cell] = rgb("wall")
    for kind, look, cell in board.items:
        name = "open door" if (kind, look) == ("door", "open") else kind
        picture[cell] = rgb(name if name in COLOURS else "other")
    picture[scene.agent] = rgb("agent")
    return picture.repeat(pixels, axis=0).repeat(pixels, axis=1)
