"""Motion: what actions do is learned from what is seen, and stays known although they slip now and then."""

import copy
import random
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms import BOTH, MODELS, room
from worlds import QUARTER, SHIFTS, Cell, Plane, percept, transition

from procmem_lite.navigation import motion
from procmem_lite.navigation.motion import MISS, MotionModel, clean, consensus, fit, rows, transform
from procmem_lite.navigation.search import open_ground
from procmem_lite.percepts import Percept

TRUST = MotionModel(1).trust


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
        for _ in range(TRUST * MISS - 1):
            model.learn(still, action, still)
        assert action in model.maps, "a few misses may be chance, or a pane"
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


def test_a_step_is_learned_from_unless_what_ended_the_episode_may_also_have_stood_in_the_way():
    before, moved = percept(objects={"tree": (3, 4)}, place=0), percept(objects={"tree": (2, 4)}, place=1)
    model = MotionModel(2)
    model.observe(transition(before, 0, before)._replace(terminated=True))
    assert model.tries.tolist() == [1, 0], "it was tried, and who knows what it does"
    model.observe(transition(before, 0, before))
    model.observe(transition(before, 1, moved)._replace(terminated=True))
    assert model.tries.tolist() == [2, 1]
    assert list(model.maps) == [1]


@pytest.mark.parametrize("trust", [1, 2, 6])
def test_trust_says_how_many_misses_a_map_always_right_outlives(trust):
    world, model = Plane(False), MotionModel(5, trust)
    for _ in range(3 * trust):
        model.learn(*world.do(0)[:2], world.percept())
    for _ in range(trust - 1):
        model.learn(world.percept(), 0, world.do(1).next_percept)
    assert model.predict((5, 5), 0) == (6, 5)
    for _ in range(trust + 1):
        model.learn(world.percept(), 0, world.do(1).next_percept)
    assert model.predict((5, 5), 0) != (6, 5)


# ---------------------------------------------------------------- how far it would be on open ground


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
