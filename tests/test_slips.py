"""Where actions slip, the chances are learned, and what is done is the best that can be expected."""

from __future__ import annotations

import random

import pytest
from worlds import SHIFTS, Plane

from procmem_lite import Percept
from procmem_lite.navigation.motion import MotionModel
from procmem_lite.navigation.slips import Careful
from procmem_lite.navigation.tracker import Tracker
from procmem_lite.skills import Operator, Site

SHARE = 0.3  # of the actions go as any other
DONE = Operator(frozenset(), frozenset({"done"}), anchor="tree", site=Site((0, 0), 4))


def slippery(share: float = SHARE) -> MotionModel:
    """What is learned of four moves and a still action in some hundred steps on a plane."""
    plane, model, rng = Plane(turning=False), MotionModel(5), random.Random(0)
    for _ in range(800):
        model.observe(plane.slip(rng.randrange(5), rng, share))
    return model


MODEL = slippery()


def first(model: MotionModel, tree: tuple[int, int], pits: tuple[tuple[int, int], ...] = ()) -> int | None:
    """What is done first, where a tree is seen there, and pits next to the agent."""
    body = Tracker(model)
    seen = Percept(frozenset(), {"tree": tree}, (0, 0), {way: "pit" if way in pits else True for way in SHIFTS})
    body.dangers.fatal["pit"] = True
    body.observe(seen)
    return Careful(DONE, body).act(seen)


def test_chances_are_learned_and_one_where_nothing_slips():
    chances = dict(MODEL.chances(0))
    assert MODEL.slips
    assert chances[0] == pytest.approx(1 - SHARE + SHARE / 5, abs=0.1)
    assert sum(chances.values()) == pytest.approx(1)
    firm = slippery(0.0)
    assert not firm.slips
    assert firm.chances(0) == [(0, 1.0)]


@pytest.mark.parametrize("away", [2, 9])
@pytest.mark.parametrize("action", range(4))
def test_it_heads_for_what_it_goes_to(action, away):
    assert first(MODEL, tuple(away * part for part in SHIFTS[action])) == action


@pytest.mark.parametrize(("down", "right"), [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_also_far_beyond_what_it_looks_at(down, right):
    assert SHIFTS[first(MODEL, (60 * down, 60 * right))] in {(down, 0), (0, right)}


def test_it_does_what_is_to_be_done_where_it_stands():
    assert first(MODEL, (0, 0)) == 4


def test_it_does_not_step_into_a_pit_that_lies_on_the_shortest_way():
    assert first(MODEL, (-3, 0)) == 0
    assert first(MODEL, (-3, 0), pits=((-1, 0),)) != 0
    assert first(MODEL, (-1, 0), pits=((0, -1), (0, 1))) == 0, "between two pits the way out is the best there is"


def test_without_a_tree_it_gives_up():
    using = Careful(DONE, Tracker(MODEL))
    using.body.observe(Percept(frozenset(), {"tree": (1, 1)}, (0, 0)))
    using.body.landmarks = {}
    assert using.act(Percept(frozenset())) is None
    assert using.reason == "no path"
