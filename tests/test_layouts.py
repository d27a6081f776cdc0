"""Layouts: always solvable, drawn from a seed, written and read as text; a bad one is refused."""

import dataclasses
import hashlib
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procmem_lite.worlds.layouts import LAYOUTS, NEIGHBOURS, Layout, check_size, reachable

KINDS = pytest.mark.parametrize("kind", LAYOUTS)
SIZES = (4, 5, 6, 9, 16)


def drawn(kind: str, size: int, seed: int) -> Layout:
    return LAYOUTS[kind](size, np.random.default_rng(seed))


@KINDS
@pytest.mark.parametrize("size", SIZES)
def test_every_layout_drawn_is_solvable_and_of_its_size(kind, size):
    for seed in range(60):
        layout = drawn(kind, size, seed)
        assert layout.size == size
        assert layout.is_solvable()
        named = {layout.start, layout.key, layout.door, layout.goal}
        assert len(named) == 4
        assert not named & layout.walls
        assert all(0 <= part < size for cell in named | layout.walls | layout.barred for part in cell)


@KINDS
@pytest.mark.parametrize("size", SIZES)
def test_what_is_drawn_without_checks_passes_them_all(kind, size):
    for seed in range(60):
        layout = drawn(kind, size, seed)
        again = Layout(**{field.name: getattr(layout, field.name) for field in dataclasses.fields(Layout)})
        assert again == layout
        assert hash(again) == hash(layout)


@pytest.mark.parametrize(("kind", "digest"), [
    ("fixed", "f7cd9c36fbc3f718"), ("open", "ea51772a91d77f3a"), ("rooms", "bd6b4ed4fe6cf962"),
    ("walls", "aed939fed13b18df")])
def test_a_seed_draws_what_it_always_drew(kind, digest):
    """Stored outputs and learning tables rest on these layouts, the second from the same generator included."""
    texts = []
    for size, seed in product((5, 6, 8), range(300)):
        rng = np.random.default_rng(seed)
        texts += [str(LAYOUTS[kind](size, rng)) for _ in range(2)]
    assert hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16] == digest


@KINDS
@pytest.mark.parametrize("size", [3, 65, 5.0])
def test_no_layout_is_drawn_of_a_size_that_is_refused(kind, size):
    with pytest.raises(ValueError, match="size: a whole number from 4 to 64 is needed"):
        drawn(kind, size, 0)


@KINDS
def test_the_largest_size_can_be_drawn(kind):
    assert drawn(kind, 64, 0).is_solvable()


@KINDS
def test_the_same_seed_draws_the_same_layout_and_another_seed_another(kind):
    assert drawn(kind, 8, 3) == drawn(kind, 8, 3)
    different = {drawn(kind, 8, seed) for seed in range(20)}
    assert len(different) == (1 if kind == "fixed" else 20)


def test_the_fixed_layout_is_the_published_one():
    layout = drawn("fixed", 5, 0)
    assert (layout.start, layout.key, layout.door, layout.goal) == ((0, 0), (2, 2), (3, 3), (4, 4))
    assert not layout.walls
    assert not layout.barred


def test_an_open_layout_puts_things_everywhere():
    seen = {name: set() for name in ("start", "key", "door", "goal")}
    for seed in range(400):
        layout = drawn("open", 4, seed)
        assert not layout.walls | layout.barred
        for name, cells in seen.items():
            cells.add(getattr(layout, name))
    assert all(len(cells) == 16 for cells in seen.values())


@pytest.mark.parametrize("size", SIZES)
def test_rooms_are_cut_in_two_by_one_wall_with_one_door(size):
    turns = set()
    for seed in range(60):
        layout = drawn("rooms", size, seed)
        near = reachable(layout.start, size, layout.walls | layout.barred)
        assert {layout.key, layout.door} <= near
        assert layout.goal not in near, "with the door closed the goal must be out of reach"
        assert layout.goal in reachable(layout.start, size, layout.walls)
        assert len(layout.walls) == size - 1
        assert len(layout.barred) == 1
        (beyond,) = layout.barred
        turns.add((beyond[0] - layout.door[0], beyond[1] - layout.door[1]))
    assert turns == set(NEIGHBOURS), "the wall must stand and lie, and the goal be on either side of it"


@pytest.mark.parametrize("size", SIZES)
def test_fifteen_of_a_hundred_cells_are_walls(size):
    for seed in range(20):
        assert len(drawn("walls", size, seed).walls) == round(0.15 * size * size)


# ---------------------------------------------------------------- text


@KINDS
@given(seed=st.integers(0, 10_000), size=st.integers(4, 9))
def test_a_layout_written_as_text_is_read_again(kind, seed, size):
    layout = drawn(kind, size, seed)
    assert Layout.from_text(str(layout)) == layout


def test_a_start_or_goal_on_a_barred_cell_is_written_small():
    layout = Layout(4, (0, 0), (0, 1), (1, 1), (3, 3), barred=frozenset({(0, 0), (3, 3), (2, 2)}))
    assert str(layout) == "a K . .\n. D . .\n. . x .\n. . . g"
    assert Layout.from_text(str(layout)) == layout


def test_a_map_reads_as_it_looks():
    layout = Layout.from_text("""
        A . # .
        . K # .
        . . D x
        . . # G
    """)
    assert layout == Layout(4, (0, 0), (1, 1), (2, 2), (3, 3), frozenset({(0, 2), (1, 2), (3, 2)}),
                            frozenset({(2, 3)}))


# ---------------------------------------------------------------- reach


@given(st.frozensets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=15))
def test_reach_is_all_that_repeated_steps_lead_to(blocked):
    start = (2, 2)
    grown, before = {start}, None
    while grown != before:
        before = grown
        grown = before | {(r + down, c + right) for (r, c), (down, right) in product(before, NEIGHBOURS)
                          if 0 <= r + down < 5 and 0 <= c + right < 5 and (r + down, c + right) not in blocked}
    assert reachable(start, 5, blocked) == grown


# ---------------------------------------------------------------- what is refused


RIGHT = Layout(4, (0, 0), (1, 1), (2, 2), (3, 3))


@pytest.mark.parametrize(("change", "says"), [
    ({"size": 3}, "size: a whole number from 4 to 64 is needed, got 3"),
    ({"size": 65}, "size: .* got 65"),
    ({"size": 5.0}, "size: .* got 5.0"),
    ({"size": True}, "size: .* got True"),
    ({"goal": (4, 3)}, r"goal: \(4, 3\) is off the grid"),
    ({"key": (-1, 0)}, r"key: \(-1, 0\) is off the grid"),
    ({"door": (1.5, 0)}, r"door: a cell .* got \(1.5, 0\)"),
    ({"door": (1, 2, 3)}, r"door: a cell"),
    ({"start": 7}, r"start: a cell .* got 7"),
    ({"walls": frozenset({(0, 9)})}, r"walls: \(0, 9\) is off the grid"),
    ({"barred": frozenset({(0, 9)})}, r"barred: \(0, 9\) is off the grid"),
    ({"walls": [(0, 1)]}, r"walls: a frozenset of cells is needed, got \[\(0, 1\)\]"),
    ({"key": (0, 0)}, "four different cells"),
    ({"walls": frozenset({(1, 1)})}, r"key: \(1, 1\) is inside a wall"),
    ({"walls": frozenset({(3, 2), (2, 3)})}, "the goal cannot be reached"),
    ({"barred": frozenset({(0, 1), (1, 0)})}, "the goal cannot be reached"),
    ({"barred": frozenset({(2, 1), (1, 2), (2, 3), (3, 2)})}, "the goal cannot be reached"),
])
def test_a_layout_that_makes_no_sense_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(RIGHT, **change)


@pytest.mark.parametrize(("text", "error", "says"), [
    ("", ValueError, "text: A must stand there once, found 0"),
    ("A K D G", ValueError, "text: a square map is needed"),
    (str(RIGHT).replace("G", "."), ValueError, "text: G must stand there once, found 0"),
    (str(RIGHT).replace("G", "K"), ValueError, "text: K must stand there once, found 2"),
    (str(RIGHT).replace("G", "?"), ValueError, r"text: unknown mark '\?' at \(3, 3\)"),
    (str(RIGHT) + "\n. .", ValueError, "text: a square map is needed"),
    (None, TypeError, "text: a map is needed, got NoneType"),
])
def test_a_map_that_cannot_be_read_is_refused(text, error, says):
    with pytest.raises(error, match=says):
        Layout.from_text(text)


@pytest.mark.parametrize("size", [4, 64, np.int64(7)])
def test_sizes_from_four_to_sixty_four_are_fine(size):
    check_size(size)
