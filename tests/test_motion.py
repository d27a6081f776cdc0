"""Motion: what actions do is learned from what is seen; ways are shortest; the map holds what was met."""

import copy
import random
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import QUARTER, SHIFTS, Cell, Plane, percept

from procmem_lite.navigation import motion
from procmem_lite.navigation.motion import TRUST, MotionModel, clean, consensus, fit, rows, transform
from procmem_lite.navigation.search import nearest_open, nearest_unvisited, open_ground, shortest_way, site_stage
from procmem_lite.navigation.tracker import DOUBT, MARGIN, Tracker
from procmem_lite.percepts import Percept
from procmem_lite.skills import Site

BOTH = pytest.mark.parametrize("turning", [False, True], ids=["shifting", "turning"])
SIDE = 7
EDGE = {cell for cell in product(range(-1, SIDE + 1), repeat=2) if not 0 <= min(cell) <= max(cell) < SIDE}


def taught(turning: bool, steps: int = 60) -> MotionModel:
    """A model that has seen random actions on open ground."""
    world, rng = Plane(turning), random.Random(0)
    model = MotionModel(world.n_actions)
    for _ in range(steps):
        model.learn(*world.do(rng.randrange(world.n_actions))[:2], world.percept())
    return model


MODELS = {turning: taught(turning) for turning in (False, True)}


def room(turning: bool, seed: int, share: float = 0.25, feeling: bool = False) -> tuple[Plane, set[Cell]]:
    """A walled square with random obstacles, the agent on a random free cell; and its free cells."""
    rng = random.Random(seed)
    cells = list(product(range(SIDE), repeat=2))
    rng.shuffle(cells)
    inner = set(cells[3:3 + round(share * len(cells))])
    world = Plane(turning, EDGE | inner, {"tree": cells[1], "well": cells[2]}, feeling)
    world.cell = np.array(cells[0])
    return world, set(cells) - inner


def seen_from(world: Plane, cells: set[Cell]) -> set[Cell]:
    """Cells in the frame of an agent that starts where this one stands, upright."""
    return {tuple((np.array(cell) - world.cell).tolist()) for cell in cells}


def informed(world: Plane, free: set[Cell]) -> Tracker:
    """A tracker that knows every cell of a room."""
    tracker = Tracker(MODELS[world.turning])
    tracker.observe(world.percept())
    tracker.obstacles, tracker.ground = seen_from(world, world.obstacles), seen_from(world, free)
    return tracker


def fewest(world: Plane, reached: Callable[[Plane], bool]) -> float:
    """Breadth-first search by doing every action from every state of the world itself."""
    first = (tuple(world.cell.tolist()), tuple(world.heading.ravel().tolist()))
    steps, queue = {first: 0}, deque([first])
    while queue:
        state = queue.popleft()
        for action in range(-1, world.n_actions):
            world.cell, world.heading = np.array(state[0]), np.array(state[1]).reshape(2, 2)
            if action < 0:
                if reached(world):
                    return steps[state]
                continue
            world.do(action)
            following = (tuple(world.cell.tolist()), tuple(world.heading.ravel().tolist()))
            if following not in steps:
                steps[following] = steps[state] + 1
                queue.append(following)
    return np.inf


# ---------------------------------------------------------------- what actions do


def test_in_a_world_of_shifts_every_map_is_the_shift():
    model = MODELS[False]
    assert sorted(model.maps) == [0, 1, 2, 3], "the fifth action does nothing"
    for action, shift in enumerate(SHIFTS):
        matrix, offset = model.maps[action]
        np.testing.assert_allclose(matrix, np.eye(2))
        np.testing.assert_allclose(offset, [-shift[0], -shift[1]])
    assert len(model.frames) == 1
    assert set(model.stances) == {(0, 0), *SHIFTS}


def test_in_a_world_of_turns_every_map_is_the_turn():
    model = MODELS[True]
    assert sorted(model.maps) == [0, 1, 2]
    for action, turn, offset in ((0, QUARTER, (0, 0)), (1, QUARTER.T, (0, 0)), (2, np.eye(2), (1, 0))):
        np.testing.assert_allclose(model.maps[action][0], turn, atol=1e-9)
        np.testing.assert_allclose(model.maps[action][1], offset, atol=1e-9)
    assert len(model.frames) == 4
    assert set(model.stances) == {(0, 0), (-1, 0)}, "a thing one stands on after a turn is under one's feet already"


@BOTH
@given(st.lists(st.integers(0, 4), max_size=12))
def test_prediction_is_what_happens_on_open_ground(turning, actions):
    world, model = Plane(turning), MODELS[turning]
    for action in actions:
        step = world.do(action % world.n_actions)
        for name, displacement in step.percept.objects.items():
            assert model.predict(displacement, step.action) == step.next_percept.objects[name]


@BOTH
def test_bumping_into_things_teaches_no_false_map(turning):
    model = MotionModel(5)
    for seed in range(20):
        world, _ = room(turning, seed)
        rng = random.Random(seed)
        for _ in range(40):
            step = world.do(rng.randrange(world.n_actions))
            model.learn(step.percept, step.action, step.next_percept)
    for action, (matrix, offset) in MODELS[turning].maps.items():
        np.testing.assert_allclose(model.maps[action][0], matrix, atol=1e-9)
        np.testing.assert_allclose(model.maps[action][1], offset, atol=1e-9)
    assert model.maps.keys() == MODELS[turning].maps.keys()


def test_an_action_that_never_moves_anything_is_tried_twice_and_left():
    model, still = MotionModel(3), percept(objects={"tree": (1, 1)})
    assert model.untried() == [0, 1, 2]
    for _ in range(2):
        model.learn(still, 1, still)
    model.learn(still, 2, percept(objects={"tree": (0, 1)}))
    assert model.untried() == [0]
    assert model.predict((5, 5), 1) == (5, 5)


def test_too_little_to_tell_a_turn_from_anything_else_gives_no_map():
    assert fit([((1, 0), (0, 1)), ((0, 1), (-1, 0))]) is None
    assert fit([((1, 0), (5, 5)), ((0, 1), (-3, 0)), ((1, 1), (0, 9)), ((2, 3), (7, 7))]) is None
    matrix, offset = fit([((1, 0), (3, 0)), ((4, 4), (6, 4))])
    assert (matrix.tolist(), offset.tolist()) == ([[1, 0], [0, 1]], [2, 0])


def test_a_world_of_ever_new_orientations_is_given_up_not_followed_for_ever():
    angle = 1.0  # no whole number of such turns makes a full one
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    model = MotionModel(1)
    for point in ((1, 0), (0, 1), (3, 4), (-2, 5)):
        model.learn(percept(objects={"tree": point}), 0, percept(objects={"tree": tuple(turn @ point)}))
    assert model.maps == {}
    assert model.frames == []


def test_a_map_that_cannot_be_believed_costs_no_other_map():
    model = MotionModel(2)
    seen = [(1, 0), (0, 1), (3, 4), (-2, 5)]
    model.learn(percept(objects={"tree": (3, 4)}), 0, percept(objects={"tree": (3, 3)}))
    for x, y in seen:
        model.learn(percept(objects={"tree": (x, y)}), 1, percept(objects={"tree": (2 * x + y, x + y)}))
    assert sorted(model.maps) == [0], "one action only shifts; the other stretches the world, again and again"
    for x, y in seen * 8:
        model.learn(percept(objects={"tree": (x, y)}), 1, percept(objects={"tree": (-y, x)}))
    assert sorted(model.maps) == [0, 1], "what is not believed now may be learned later"


# ---------------------------------------------------------------- what actions do, most of the time


def same_map(model: MotionModel, other: MotionModel, action: int) -> bool:
    """Whether two models agree about an action."""
    if action not in model.maps or action not in other.maps:
        return action not in model.maps and action not in other.maps
    return all(np.allclose(mine, yours) for mine, yours in zip(model.maps[action], other.maps[action], strict=True))


@BOTH
@pytest.mark.parametrize("share", [0.1, 0.2])
def test_actions_that_slip_now_and_then_are_learned_and_stay_known(turning, share):
    wrong = []
    for seed in range(4):
        world, rng = Plane(turning, feeling=True), random.Random(seed)
        model = MotionModel(world.n_actions)
        for step in range(400):
            action = rng.randrange(world.n_actions)
            slip = world.slip(action, rng, share)
            model.learn(slip.percept, action, slip.next_percept)
            if step >= 100:
                wrong += [not same_map(model, MODELS[turning], action) for action in range(world.n_actions)]
    assert np.mean(wrong) < 0.02


@BOTH
def test_what_is_known_for_sure_outlives_a_few_slips_in_a_row_untouched(turning):
    model, world = copy.deepcopy(MODELS[turning]), Plane(turning)
    version = model.version
    for action, other in ((0, 1), (1, 0), (2, 0)):
        for _ in range(TRUST - 1):
            model.learn(world.percept(), action, world.do(other).next_percept)
        model.learn(*world.do(action)[:2], world.percept())
        assert same_map(model, MODELS[turning], action)
    assert model.version == version, "no map was made anew, so no pose was lost"


@BOTH
def test_a_map_is_given_up_once_its_action_stops_moving_anything_over_free_ground(turning):
    for action in MODELS[turning].maps:
        model, still = copy.deepcopy(MODELS[turning]), Plane(turning, feeling=True).percept()
        for _ in range(TRUST - 1):
            model.learn(still, action, still)
        assert action in model.maps, "a few misses may be chance"
        for _ in range(2):
            model.learn(still, action, still)
        assert model.maps.keys() == MODELS[turning].maps.keys() - {action}
        assert model.predict((5, 3), action) == (5, 3)


@BOTH
@pytest.mark.parametrize("around", [dict.fromkeys(SHIFTS, False), {}], ids=["blocked", "unknown"])
def test_no_map_is_given_up_for_bumping(turning, around):
    world = Plane(turning)
    model, still = copy.deepcopy(MODELS[turning]), Percept(frozenset(), world.percept().objects, None, around)
    for action in [2] if turning else range(4):
        for _ in range(5 * TRUST):
            model.learn(still, action, still)
    assert model.version == MODELS[turning].version
    assert all(same_map(model, MODELS[turning], action) for action in range(world.n_actions))


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_in_a_crowded_room_whose_ground_is_felt_no_map_is_ever_lost(turning, seed):
    (world, _), model, rng = room(turning, seed, 0.4, feeling=True), copy.deepcopy(MODELS[turning]), random.Random(seed)
    for _ in range(200):
        step = world.do(rng.randrange(world.n_actions))
        model.learn(step.percept, step.action, step.next_percept)
        assert model.version == MODELS[turning].version


def shifted(by: Cell, *places: Cell) -> list[tuple[Cell, Cell]]:
    """Where things at some places were before and after a shift."""
    return [(place, (place[0] + by[0], place[1] + by[1])) for place in places]


SMALL = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


@given(st.lists(SMALL, min_size=1, max_size=10), SMALL)
def test_a_consensus_explains_most_of_what_happened_or_there_is_none(moves, place):
    memory = [shifted(by, place, (place[0] + 1, place[1])) for by in moves]
    found = consensus(memory)
    often = max(moves.count(by) for by in moves)
    if found is None:
        assert 2 * often <= len(moves) or 2 * moves.count(moves[-1]) <= len(moves)
    else:
        np.testing.assert_allclose(found[0], np.eye(2))
        assert 2 * moves.count(tuple(found[1].astype(int).tolist())) > len(moves)


def test_a_consensus_sees_past_slips_but_not_past_as_many_as_hits():
    hit, slip = shifted((1, 0), (0, 0), (2, 5)), shifted((0, 1), (0, 0), (2, 5))
    assert consensus([slip, hit, slip, hit, hit])[1].tolist() == [1, 0]
    assert consensus([slip, hit, slip, hit]) is None


def test_one_thing_seen_again_and_again_is_enough_for_a_turn():
    memory = [[(place, tuple((QUARTER @ place).tolist()))] for place in ((1, 0), (0, 1), (3, 4), (-2, 5))]
    matrix, offset = consensus(memory)
    np.testing.assert_allclose(matrix, QUARTER, atol=1e-9)
    np.testing.assert_allclose(offset, [0, 0], atol=1e-9)


@given(st.integers(1, 3), st.data())
def test_a_transform_is_matrix_arithmetic(axes, data):
    part = st.one_of(st.integers(-50, 50), st.floats(-50, 50))
    vector = st.lists(part, min_size=axes, max_size=axes)
    matrix = np.array(data.draw(st.lists(vector, min_size=axes, max_size=axes)), dtype=float)
    offset, displacement = np.array(data.draw(vector), dtype=float), data.draw(vector)
    found = transform(rows(matrix), clean(offset), tuple(displacement))
    assert isinstance(found, tuple)
    assert found == pytest.approx(matrix @ displacement + offset, abs=1e-3)
    assert all(isinstance(x, int) or x != round(x) for x in found), "whole numbers come out whole"


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=2))
def test_whole_numbers_come_out_whole(vector):
    for part, cleaned in zip(vector, clean(np.array(vector)), strict=True):
        assert cleaned == pytest.approx(part, abs=2e-6)
        assert isinstance(cleaned, int) or cleaned != round(cleaned)


# ---------------------------------------------------------------- the shortest way


@BOTH
@pytest.mark.parametrize("seed", range(25))
def test_a_way_is_a_shortest_one(turning, seed):
    world, free = room(turning, seed)
    tracker, target = informed(world, free), world.landmarks["tree"]
    ways = shortest_way(tracker, [site_stage(tracker, tracker.landmarks["tree"], Site((0, 0), None))])
    start = world.cell, world.heading
    best = fewest(world, lambda now: tuple(now.cell.tolist()) == target)
    if ways is None:
        assert best == np.inf
        return
    world.cell, world.heading = start
    for action in ways[0]:
        world.do(action)
    assert tuple(world.cell.tolist()) == target, "the way must lead there"
    assert len(ways[0]) == best


@BOTH
@pytest.mark.parametrize("seed", range(15))
def test_a_way_over_two_places_is_a_shortest_one_with_both_ends_and_the_action_between(turning, seed):
    world, free = room(turning, seed, share=0.15)
    tracker, facing = informed(world, free), (-1, 0)
    stages = [site_stage(tracker, tracker.landmarks["tree"], Site(facing, 4)),
              site_stage(tracker, tracker.landmarks["well"], Site((0, 0), None))]
    start = world.cell.copy(), world.heading.copy()
    ways = shortest_way(tracker, stages)

    best = np.inf
    for turn in [np.eye(2, dtype=int), QUARTER, QUARTER @ QUARTER, QUARTER.T][:4 if turning else 1]:
        spot = tuple((np.array(world.landmarks["tree"]) - turn.T @ facing).tolist())
        world.cell, world.heading = start
        there = fewest(world, lambda now, spot=spot, turn=turn: (
            tuple(now.cell.tolist()) == spot and np.array_equal(now.heading, turn)))
        world.cell, world.heading = np.array(spot), turn
        onward = fewest(world, lambda now: tuple(now.cell.tolist()) == now.landmarks["well"])
        best = min(best, there + 1 + onward)
    assert (sum(map(len, ways)) if ways else np.inf) == best
    if ways:
        assert ways[0][-1] == 4


def line(length: int = 9) -> Tracker:
    """A corridor with the tree at its far end, all of it known."""
    world = Plane(False, {(row, column) for row in (-1, 1) for column in range(-1, length + 1)}
                  | {(0, -1), (0, length)}, {"tree": (0, length - 1), "well": (0, 4)})
    return informed(world, {(0, column) for column in range(length)})


def test_an_obstacle_that_an_earlier_stage_removes_may_be_passed_by_later_ones():
    tracker = line()
    tracker.note((0, 4), free=False)
    stages = [{(0, (0, 3)): 4}, {(0, (0, 8)): None}]
    assert shortest_way(tracker, stages) is None
    assert shortest_way(tracker, stages, passable=[(0, 4), (0, 8)]) == [[3, 3, 3, 4], [3] * 5]
    assert shortest_way(tracker, stages[1:], passable=[(0, 4)]) is None, "it is there until the first stage is done"


def test_of_two_ways_as_long_the_known_one_is_taken():
    world = Plane(False, landmarks={"tree": (2, 2), "well": (3, 3)})
    for known, way in (([(1, 0), (2, 0), (2, 1)], [1, 1, 3, 3]), ([(0, 1), (0, 2), (1, 2)], [3, 3, 1, 1])):
        tracker = Tracker(MODELS[False])
        tracker.observe(world.percept())
        for position in known:
            tracker.note(position, free=True)
        assert shortest_way(tracker, [{(0, (2, 2)): None}]) == [way]


@pytest.mark.parametrize("seed", range(25))
def test_no_way_is_shorter_however_much_of_the_ground_is_known(seed):
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
    ways = shortest_way(tracker, [{(0, target): None}])
    if ways is None:
        assert cost[target] == np.inf
    else:
        passed = [position for _, position in tracker.poses_along(ways[0])]
        assert len(passed) == int(cost[target]), "no way has fewer steps"
        assert sum(price[position] for position in passed) <= cost[target] * (1 + DOUBT) + 1e-9


def test_the_search_goes_no_farther_out_than_the_world_seems_to_go():
    tracker = Tracker(MODELS[False])
    tracker.observe(Plane(False, landmarks={"tree": (3, 3)}).percept())
    assert shortest_way(tracker, [{(0, (3 + MARGIN, 0)): None}]) == [[1] * (3 + MARGIN)]
    assert shortest_way(tracker, [{(0, (4 + MARGIN, 0)): None}]) is None


@BOTH
@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_place_not_yet_visited_is_the_nearest(turning, seed):
    world, free = room(turning, seed)
    tracker, rng = informed(world, free), random.Random(seed)
    origin = world.cell.copy()
    for _ in range(40):
        step = world.do(rng.randrange(world.n_actions))
        tracker.follow(step.percept, step.action, step.next_percept)
    way = nearest_unvisited(tracker)
    best = fewest(world, lambda now: tuple((now.cell - origin).tolist()) not in tracker.visits)
    assert (np.inf if way is None else len(way)) == best


@cache
def distances(turning: bool, layers: int = 10) -> list[dict[tuple[int, Cell], int]]:
    """From each orientation, the steps to every pose on open ground, by doing all actions in a world without end."""
    world, frames = Plane(turning), [frame.round().astype(int) for frame in MODELS[turning].frames]
    turns = {frame.tobytes(): turn for turn, frame in enumerate(frames)}
    found = []
    for turn in range(len(frames)):
        steps = {(turn, (0, 0)): 0}
        queue = deque(steps)
        while queue:
            here, cell = pose = queue.popleft()
            for action in range(world.n_actions if steps[pose] < layers else 0):
                world.cell, world.heading = np.array(cell), frames[here]
                world.do(action)
                ahead = turns[world.heading.astype(int).tobytes()], tuple(world.cell.tolist())
                if ahead not in steps:
                    steps[ahead] = steps[pose] + 1
                    queue.append(ahead)
        found.append(steps)
    return found


POSES = st.tuples(st.integers(0, 3), st.tuples(st.integers(-2, 2), st.integers(-2, 2)))


def least(turning: bool, turn: int, here: Cell, ends: list[tuple[int, Cell]]) -> int:
    """Fewest steps on open ground from a pose to the nearest of some, from the table of distances."""
    return min(distances(turning)[turn][end, (row - here[0], column - here[1])] for end, (row, column) in ends)


@BOTH
@given(st.lists(POSES, min_size=1, max_size=4))
def test_steps_on_open_ground_are_those_of_a_search_that_tries_everything(turning, ends):
    orientations = len(MODELS[turning].frames)
    ends = [(turn % orientations, position) for turn, position in ends]
    steps = open_ground(MODELS[turning], ends)
    for turn in range(orientations):
        for here in product(range(-1, 2), repeat=2):
            assert steps((turn, here)) == least(turning, turn, here, ends)


@BOTH
def test_where_the_search_stops_early_it_never_says_too_much(turning, monkeypatch):
    monkeypatch.setattr(motion, "EFFORT", 30)
    model, end = copy.deepcopy(MODELS[turning]), (0, (0, 1))
    motion.distances.cache_clear()
    model._rebuild()  # nothing remembered from other tests
    said = {here: open_ground(model, [end])((0, here)) for here in product(range(-2, 3), repeat=2)}
    true = {here: least(turning, 0, here, [end]) for here in said}
    assert all(said[here] <= true[here] for here in said)
    assert all(said[here] > 0 for here in said if true[here])
    assert any(said[here] < true[here] for here in said), "it must have stopped early somewhere"


def test_agents_in_several_threads_may_grow_the_same_distances():
    shifts = [(row, column) for row in range(-7, 8) for column in range(-7, 8)]
    often = sys.getswitchinterval()

    def told_by(threads: int) -> list[list[float]]:
        motion.distances.cache_clear()
        models = [copy.deepcopy(MODELS[True]) for _ in range(threads)]
        for model in models:
            model._rebuild()
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda model: [model.open_steps(0, 0, shift) for shift in shifts], models))

    (alone,) = told_by(1)
    sys.setswitchinterval(1e-6)
    try:
        assert all(told_by(4) == [alone] * 4 for _ in range(5))
    finally:
        sys.setswitchinterval(often)


def test_a_copy_shares_what_was_worked_out_until_it_learns_another_map():
    model = copy.deepcopy(MODELS[True])
    model.open_steps(0, 0, (-2, 1))
    twin = copy.deepcopy(model)
    assert twin._open is model._open, "what is costly to work out is not copied"
    del twin.maps[twin.movers[-1]]
    twin._rebuild()
    assert twin._open is not model._open
    assert model.open_steps(0, 0, (-2, 1)) == MODELS[True].open_steps(0, 0, (-2, 1))


@pytest.mark.parametrize("turning", [False, True], ids=["shifting", "turning"])
def test_ground_is_open_where_an_action_leads_onto_something_plain(turning):
    model, ways = MODELS[turning], [(-1, 0)] if turning else SHIFTS
    for around, is_open in (({}, False), ({(0, 0): True}, False), ({(7, 7): True}, False), *(
            ({way: ground}, ground is True and way in ways) for way in SHIFTS for ground in (True, False, "lava"))):
        assert model.is_open(Percept(frozenset(), {}, None, around)) == is_open
    assert not MotionModel(5).is_open(Percept(frozenset(), {}, None, {(-1, 0): True})), "who cannot move sees none"


@BOTH
@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_open_ground_is_the_nearest(turning, seed):
    world, free = room(turning, seed, share=0.75)
    tracker, plain = informed(world, free), free - set(world.landmarks.values())

    def is_open(now: Plane) -> bool:
        steps = [now.heading.T @ [-1, 0]] if turning else SHIFTS
        return any(tuple((now.cell + step).tolist()) in plain for step in steps)

    way = nearest_open(tracker)
    start = world.cell, world.heading
    best = fewest(world, is_open)
    assert (np.inf if way is None else len(way)) == best
    world.cell, world.heading = start
    for action in way or []:
        world.do(action)
    assert way is None or is_open(world)


def test_somewhere_the_nearest_open_ground_is_far_and_somewhere_there_is_none():
    """Otherwise the test above would show little."""
    lengths = []
    for seed in range(8):
        way = nearest_open(informed(*room(True, seed, share=0.75)))
        lengths.append(np.inf if way is None else len(way))
    assert max(lengths) == np.inf
    assert any(2 <= length < np.inf for length in lengths)


# ---------------------------------------------------------------- the map


@BOTH
@pytest.mark.parametrize("seed", range(10))
def test_the_tracker_follows_and_remembers_what_it_met(turning, seed):
    world, free = room(turning, seed)
    tracker, rng = Tracker(MODELS[turning]), random.Random(seed)
    tracker.observe(world.percept())
    origin, walls, bumped, stood = world.cell.copy(), seen_from(world, world.obstacles), set(), {(0, 0)}
    open_cells, landmarks = seen_from(world, free), {
        name: tuple((np.array(at) - world.cell).tolist()) for name, at in world.landmarks.items()}
    for _ in range(150):
        before, action = world.cell.copy(), rng.randrange(world.n_actions)
        step = world.do(action)
        tracker.follow(step.percept, action, step.next_percept)
        turn, position = tracker.pose
        assert position == tuple((world.cell - origin).tolist())
        np.testing.assert_allclose(MODELS[turning].frames[turn], world.heading, atol=1e-9)
        assert tracker.landmarks == landmarks
        stood.add(position)
        if np.array_equal(before, world.cell) and action in ((2,) if turning else range(4)):
            ahead = world.heading.T @ [-1, 0] if turning else np.array(SHIFTS[action])
            bumped.add(tuple((world.cell - origin + ahead).tolist()))
    assert tracker.obstacles == bumped
    assert bumped
    assert bumped <= walls
    assert stood == tracker.ground == set(tracker.visits)
    assert stood <= open_cells


@BOTH
@pytest.mark.parametrize("seed", range(10))
def test_the_tracker_follows_slips_and_keeps_its_map(turning, seed):
    world, _ = room(turning, seed, feeling=True)
    tracker, rng, slips = Tracker(MODELS[turning]), random.Random(seed), 0
    tracker.observe(world.percept())
    origin, walls = world.cell.copy(), seen_from(world, world.obstacles)
    for _ in range(150):
        step = world.slip(rng.randrange(world.n_actions), rng, share=0.3)
        tracker.follow(step.percept, step.action, step.next_percept)
        slips += any(MODELS[turning].predict(seen, step.action) != step.next_percept.objects[name]
                     for name, seen in step.percept.objects.items())
        turn, position = tracker.pose
        assert position == tuple((world.cell - origin).tolist())
        np.testing.assert_allclose(MODELS[turning].frames[turn], world.heading, atol=1e-9)
        assert tracker.obstacles <= walls, "where a step went nowhere, what is seen of the ground decides"
    assert slips > 10
    assert sum(tracker.visits.values()) == 151, "it never had to begin anew"


@BOTH
def test_a_step_that_went_as_another_action_would_have_gone_is_followed(turning):
    for meant in range(3):
        for done in range(3):
            world, tracker = Plane(turning), Tracker(MODELS[turning])
            tracker.observe(world.percept())
            step = world.do(done)
            tracker.follow(step.percept, meant, step.next_percept)
            turn, position = tracker.pose
            assert position == tuple(world.cell.tolist())
            np.testing.assert_allclose(MODELS[turning].frames[turn], world.heading, atol=1e-9)
            assert tracker.obstacles == set()
            assert len(tracker.visits) == (1 if not any(world.cell) else 2), "the map is still the old one"


def test_something_that_moves_by_itself_does_not_hide_where_the_agent_went():
    tracker = Tracker(MODELS[True])
    before, after = percept(objects={"tree": (-3, 1), "cat": (2, 2)}), percept(objects={"tree": (-2, 1), "cat": (2, 2)})
    tracker.observe(before)
    tracker.follow(before, 2, after)
    assert tracker.pose == (0, (-1, 0))
    assert tracker.landmarks == {"tree": (-3, 1), "cat": (1, 2)}
    assert len(tracker.visits) == 2, "the map is still the old one"


@BOTH
def test_what_is_next_to_the_agent_goes_into_the_map(turning):
    world = Plane(turning)
    tracker = Tracker(MODELS[turning])
    for action in (2, 0, 2):
        step = world.do(action)
        tracker.follow(step.percept, step.action, step.next_percept)
    seen = world.percept()
    tracker.observe(type(seen)(seen.facts, seen.objects, seen.place, {(-1, 0): False, (0, 1): True}))
    turn, position = tracker.pose
    ahead, right = (tuple((np.array(position) + world.heading.T @ way).tolist()) for way in ((-1, 0), (0, 1)))
    assert ahead in tracker.obstacles
    assert right in tracker.ground
    tracker.note(ahead, free=True)
    assert ahead not in tracker.obstacles, "what opens is forgotten as an obstacle"


@BOTH
def test_ground_that_is_known_to_kill_is_an_obstacle_on_the_map_and_other_named_ground_is_not(turning):
    tracker = Tracker(MODELS[turning], {"lava": True, "moss": False})
    seen = Plane(turning).percept()
    tracker.observe(Percept(seen.facts, seen.objects, seen.place, {
        (-1, 0): "lava", (1, 0): "moss", (0, -1): "sand", (0, 1): False}))
    assert tracker.obstacles == {(-1, 0), (0, 1)}
    assert tracker.ground == {(0, 0), (1, 0), (0, -1)}


def test_a_jump_that_no_action_explains_starts_a_new_map():
    world = Plane(False)
    tracker = Tracker(MODELS[False])
    tracker.observe(world.percept())
    for action in (0, 3, 3):
        step = world.do(action)
        tracker.follow(step.percept, action, step.next_percept)
    assert tracker.pose == (0, (-1, 2))
    before = world.percept()
    world.cell = np.array([9, 9])
    tracker.follow(before, 0, world.percept())
    assert tracker.pose == (0, (0, 0))
    assert tracker.obstacles == set()
    assert tracker.ground == {(0, 0)}


def test_a_model_that_learns_something_new_starts_a_new_map():
    world, model = Plane(True), MotionModel(4)
    tracker = Tracker(model)
    for action in [2, 2, 2, 0, 0, 1, 0, 2]:
        step = world.do(action)
        model.learn(step.percept, action, step.next_percept)
        tracker.follow(step.percept, action, step.next_percept)
        assert tracker.version == model.version
        if tracker.pose is not None:
            for name, position in tracker.landmarks.items():
                assert tracker.model.from_agent(tracker.pose, world.percept().objects[name]) == position


@BOTH
@given(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), st.tuples(st.integers(-4, 4), st.integers(-4, 4)))
def test_from_each_of_its_poses_a_thing_is_seen_where_it_should_be(turning, anchor, displacement):
    tracker = Tracker(MODELS[turning])
    tracker.observe(Plane(turning).percept())
    poses = tracker.poses(anchor, displacement)
    assert len(poses) == (4 if turning else 1)
    for pose in poses:
        assert tracker.model.from_agent(pose, displacement) == anchor


def test_a_way_is_barred_where_it_enters_an_obstacle():
    tracker = line()
    tracker.note((0, 4), free=False)
    assert tracker.is_barred(tracker.poses_along([3, 3, 3, 3]))
    assert not tracker.is_barred(tracker.poses_along([3, 3, 3]))
    assert tracker.poses_along([3, 3]) == [(0, (0, 1)), (0, (0, 2))]
