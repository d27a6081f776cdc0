"""Layouts: where everything stands on a square grid, and four ways to draw one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Cell = tuple[int, int]
NEIGHBOURS: tuple[Cell, ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))
SMALLEST, LARGEST = 4, 64


@dataclass(frozen=True)
class Layout:
    """A square world. Cells are ``(row, column)``, row 0 at the top.

    ``walls`` can never be entered; ``barred`` cells cannot be entered while the door is closed.

    Raises:
        ValueError: where a cell lies off the grid, two things share a cell, or the goal cannot be reached.
    """

    size: int
    start: Cell
    key: Cell
    door: Cell
    goal: Cell
    walls: frozenset[Cell] = frozenset()
    barred: frozenset[Cell] = frozenset()

    def __post_init__(self) -> None:
        check_size(self.size)
        named = {"start": self.start, "key": self.key, "door": self.door, "goal": self.goal}
        for name, cells in (("walls", self.walls), ("barred", self.barred)):
            if not isinstance(cells, frozenset):
                raise ValueError(f"{name}: a frozenset of cells is needed, got {cells!r}")
        for name, cell in [*named.items(), *(("walls", w) for w in self.walls), *(("barred", b) for b in self.barred)]:
            if not isinstance(cell, tuple) or len(cell) != 2 or not all(isinstance(part, int) for part in cell):
                raise ValueError(f"{name}: a cell (row, column) of whole numbers is needed, got {cell!r}")
            if not all(0 <= part < self.size for part in cell):
                raise ValueError(f"{name}: {cell!r} is off the grid; rows and columns run from 0 to {self.size - 1}")
        if len(set(named.values())) < 4:
            raise ValueError(f"start, key, door and goal need four different cells, got {named}")
        for name, cell in named.items():
            if cell in self.walls:
                raise ValueError(f"{name}: {cell!r} is inside a wall")
        if not self.is_solvable():
            raise ValueError("the goal cannot be reached: walls or barred cells cut off the key, the door or the goal")

    def is_solvable(self) -> bool:
        """Whether key and door can be reached with the door closed, and the goal once it is open."""
        before = reachable(self.start, self.size, self.walls | self.barred)
        after = reachable(self.door, self.size, self.walls)
        return self.key in before and self.door in before and self.goal in after

    @classmethod
    def from_text(cls, text: str) -> Layout:
        """Read a map: A start, K key, D door, G goal, # wall, x barred until the door is open, . free.

        A small a or g is a start or goal on a barred cell.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: a map is needed, got {type(text).__name__}")
        rows = [line.replace(" ", "") for line in text.strip().splitlines()]
        if any(len(row) != len(rows) for row in rows):
            raise ValueError(f"text: a square map is needed, got {len(rows)} rows of {[len(row) for row in rows]}")
        found: dict[str, list[Cell]] = {mark: [] for mark in "AKDGag#x."}
        for r, row in enumerate(rows):
            for c, mark in enumerate(row):
                if mark not in found:
                    raise ValueError(f"text: unknown mark {mark!r} at {(r, c)}; use A K D G # x . a g")
                found[mark].append((r, c))
        named = {"A": found["A"] + found["a"], "K": found["K"], "D": found["D"], "G": found["G"] + found["g"]}
        for mark, cells in named.items():
            if len(cells) != 1:
                raise ValueError(f"text: {mark} must stand there once, found {len(cells)}")
        start, key, door, goal = (cells[0] for cells in named.values())
        barred = frozenset(found["x"] + found["a"] + found["g"])
        return cls(len(rows), start, key, door, goal, frozenset(found["#"]), barred)

    def __str__(self) -> str:
        marks = dict.fromkeys(self.barred, "x") | dict.fromkeys(self.walls, "#")
        marks |= {self.start: "a" if self.start in self.barred else "A", self.key: "K", self.door: "D",
                  self.goal: "g" if self.goal in self.barred else "G"}
        cells = range(self.size)
        return "\n".join(" ".join(marks.get((r, c), ".") for c in cells) for r in cells)


def check_size(size: int) -> None:
    """Raise ``ValueError`` unless ``size`` is a whole number from 4 to 64."""
    if not isinstance(size, (int, np.integer)) or not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size: a whole number from {SMALLEST} to {LARGEST} is needed, got {size!r}")


def reachable(start: Cell, size: int, blocked: frozenset[Cell]) -> set[Cell]:
    """All cells that a walk from ``start`` can reach without entering ``blocked``."""
    seen, frontier = {start}, [start]
    while frontier:
        row, column = frontier.pop()
        for down, right in NEIGHBOURS:
            cell = (row + down, column + right)
            if cell not in seen and cell not in blocked and 0 <= cell[0] < size and 0 <= cell[1] < size:
                seen.add(cell)
                frontier.append(cell)
    return seen


def drawn(size: int, start: Cell, key: Cell, door: Cell, goal: Cell, walls: frozenset[Cell] = frozenset(),
          barred: frozenset[Cell] = frozenset()) -> Layout:
    """A layout that makes sense by the way it was drawn: without the checks, which take most of a layout's time."""
    layout = object.__new__(Layout)
    vars(layout).update(size=size, start=start, key=key, door=door, goal=goal, walls=walls, barred=barred)
    return layout


def fixed(size: int, rng: np.random.Generator) -> Layout:
    """The published tutorial's world: everything on the diagonal. ``rng`` is not used."""
    check_size(size)
    middle = (size - 1) // 2
    return drawn(size, (0, 0), (middle, middle), (size - 2, size - 2), (size - 1, size - 1))


def open_field(size: int, rng: np.random.Generator) -> Layout:
    """No walls; start, key, door and goal on random cells."""
    check_size(size)
    return drawn(size, *(divmod(pick, size) for pick in rng.choice(size * size, size=4, replace=False).tolist()))


def rooms(size: int, rng: np.random.Generator) -> Layout:
    """A wall with one locked door; start and key on one side, the goal on the other; turned at random."""
    check_size(size)
    wall = int(rng.integers(1, size - 1))
    gap = int(rng.integers(size))
    start, key = (divmod(pick, wall) for pick in rng.choice(size * wall, size=2, replace=False).tolist())
    beyond = size - wall - 1  # columns of the far room
    row, column = divmod(int(rng.integers(size * beyond)), beyond)
    turns = int(rng.integers(4))

    def turn(cell: Cell) -> Cell:
        for _ in range(turns):
            cell = (cell[1], size - 1 - cell[0])
        return cell

    walls = frozenset([turn((r, wall)) for r in range(size) if r != gap])
    barred = frozenset([turn((gap, wall + 1))])
    return drawn(size, turn(start), turn(key), turn((gap, wall)), turn((row, wall + 1 + column)), walls, barred)


def walls(size: int, rng: np.random.Generator, share: float = 0.15) -> Layout:
    """``share`` of all cells are walls, at random; drawn again until the goal can be reached."""
    check_size(size)
    count = 4 + round(share * size * size)
    while True:
        picks = [divmod(pick, size) for pick in rng.permutation(size * size)[:count].tolist()]
        layout = drawn(size, *picks[:4], walls=frozenset(picks[4:]))
        if layout.is_solvable():  # not cut off by its own walls
            return layout


LAYOUTS: dict[str, Callable[[int, np.random.Generator], Layout]] = {
    "fixed": fixed, "open": open_field, "rooms": rooms, "walls": walls,
}
