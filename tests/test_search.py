"""Finding the way: paths are the shortest there are, by all that is known of the ground."""

import random

import numpy as np
import pytest
from rooms import BOTH, MODELS, fewest, informed, room, seen_from
from worlds import SHIFTS, Plane

from procmem_lite.navigation.search import nearest_open, nearest_unvisited, shortest_path, site_stage
from procmem_lite.navigation.tracker import DOUBT, MARGIN, Tracker
from procmem_lite.skills import Site


@BOTH
@pytest.mark.parametrize("seed", range(25))
def test_a_path_is_a_shortest_one(turning, seed):
    world, free = room(turning, seed)
    tracker, target = informed(world, free), world.landmarks["tree"]
    path = shortest_path(tracker, site_stage(tracker, tracker.landmarks["tree"], Site((0, 0), None)))
    start = world.cell, world.heading
    best = fewest(world, lambda now: tuple(now.cell.tolist()) == target)
    if path is None:
        assert best == np.inf
        return
    world.cell, world.heading = start
    for action in path:
        world.do(action)
    assert tuple(world.cell.tolist()) == target, "the path must lead there"
    assert len(path) == best


@BOTH
@pytest.mark.parametrize("seed", range(15))
def test_a_path_ends_with_what_is_to_be_done_there_and_no_place_to_do_it_is_nearer(turning, seed):
    world, free = room(turning, seed, share=0.15)
    tracker, facing, tree = informed(world, free), (-1, 0), world.landmarks["tree"]
    start = world.cell, world.heading
    path = shortest_path(tracker, site_stage(tracker, tracker.landmarks["tree"], Site(facing, 4)))
    best = fewest(world, lambda now: tuple((now.cell + now.heading.T @ facing).tolist()) == tree)
    assert (np.inf if path is None else len(path)) == best + 1
    if path:
        assert path[-1] == 4
        world.cell, world.heading = start
        for action in path[:-1]:
            world.do(action)
        assert world.percept().objects["tree"] == facing


def test_of_several_places_the_nearest_is_gone_to_and_its_own_action_done():
    tracker = Tracker(MODELS[False])
    tracker.observe(Plane(False).percept())
    assert shortest_path(tracker, {(0, (0, 3)): 7, (0, (2, 0)): 8}) == [1, 1, 8]
    assert shortest_path(tracker, {(0, (0, 0)): 5, (0, (2, 0)): 8}) == [5], "where it stands, only the action is left"
    assert shortest_path(tracker, {(0, (0, 0)): None}) == [], "and where nothing is to be done, nothing"


def test_of_two_paths_as_long_the_known_one_is_taken():
    world = Plane(False, landmarks={"tree": (2, 2), "well": (3, 3)})
    for known, path in (([(1, 0), (2, 0), (2, 1)], [1, 1, 3, 3]), ([(0, 1), (0, 2), (1, 2)], [3, 3, 1, 1])):
        tracker = Tracker(MODELS[False])
        tracker.observe(world.percept())
        for position in known:
            tracker.note(position, free=True)
        assert shortest_path(tracker, {(0, (2, 2)): None}) == path


@pytest.mark.parametrize("seed", range(25))
def test_no_path_is_shorter_however_much_of_the_ground_is_known(seed):
    world, free = room(False, seed, share=0.1)
    tracker, rng = informed(world, free), random.Random(seed)
    tracker.ground = {cell for cell in sorted(tracker.ground) if rng.random() < 0.5} | {(0, 0)}
    cells, target = seen_from(world, free), tracker.landmarks["tree"]
    price = {cell: 1 if cell in tracker.ground else 1 + DOUBT for cell in cells}
    cost = dict.fromkeys(cells, np.inf) | {(0, 0): 0.0}
    for _ in cells:  # Bellman and Ford: as many rounds as there are cells
        for row, column in cells:
            before = [cost.get((row - down, column - right), np.inf) for down, right in SHIFTS]
            cost[row, column] = min(cost[row, column], min(before) + price[row, column])
    path = shortest_path(tracker, {(0, target): None})
    if path is None:
        assert cost[target] == np.inf
    else:
        passed = [position for _, position in tracker.poses_along(path)]
        assert len(passed) == int(cost[target]), "no path has fewer steps"
        assert sum(price[position] for position in passed) <= cost[target] * (1 + DOUBT) + 1e-9


def test_the_search_goes_no_farther_out_than_the_world_seems_to_go():
    tracker = Tracker(MODELS[False])
    tracker.observe(Plane(False, landmarks={"tree": (3, 3)}).percept())
    assert shortest_path(tracker, {(0, (3 + MARGIN, 0)): None}) == [1] * (3 + MARGIN)
    assert shortest_path(tracker, {(0, (4 + MARGIN, 0)): None}) is None


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_place_not_yet_visited_is_the_nearest(turning, seed):
    world, free = room(turning, seed)
    tracker, rng = informed(world, free), random.Random(seed)
    origin = world.cell.copy()
    for _ in range(40):
        step = world.do(rng.randrange(world.n_actions))
        tracker.follow(step.percept, step.action, step.next_percept)
    path = nearest_unvisited(tracker)
    best = fewest(world, lambda now: tuple((now.cell - origin).tolist()) not in tracker.visits)
    assert (np.inf if path is None else len(path)) == best


@BOTH
@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_open_ground_is_the_nearest(turning, seed):
    world, free = room(turning, seed, share=0.75)
    tracker, plain = informed(world, free), free - set(world.landmarks.values())

    def is_open(now: Plane) -> bool:
        steps = [now.heading.T @ [-1, 0]] if turning else SHIFTS
        return any(tuple((now.cell + step).tolist()) in plain for step in steps)

    path = nearest_open(tracker)
    start = world.cell, world.heading
    best = fewest(world, is_open)
    assert (np.inf if path is None else len(path)) == best
    world.cell, world.heading = start
    for action in path or []:
        world.do(action)
    assert path is None or is_open(world)


def test_somewhere_the_nearest_open_ground_is_far_and_somewhere_there_is_none():
    """Otherwise the test above would show little."""
    lengths = []
    for seed in range(8):
        path = nearest_open(informed(*room(True, seed, share=0.75)))
        lengths.append(np.inf if path is None else len(path))
    assert max(lengths) == np.inf
    assert any(2 <= length < np.inf for length in lengths)
