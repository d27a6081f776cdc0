"""The map: the agent follows itself through slips and bumps, and remembers what it met."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms import BOTH, MODELS, line, room, seen_from
from worlds import SHIFTS, Plane, percept

from procmem_lite.navigation.dangers import Dangers
from procmem_lite.navigation.motion import MotionModel
from procmem_lite.navigation.tracker import Tracker
from procmem_lite.percepts import Percept


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
    tracker = Tracker(MODELS[turning], Dangers(MODELS[turning]))
    tracker.dangers.fatal = {"lava": True, "moss": False}
    seen = Plane(turning).percept()
    tracker.observe(Percept(seen.facts, seen.objects, seen.place, {
        (-1, 0): "lava", (1, 0): "moss", (0, -1): "sand", (0, 1): False}))
    assert tracker.obstacles == {(-1, 0), (0, 1)}
    assert tracker.ground == {(0, 0), (1, 0), (0, -1)}


@BOTH
def test_a_thing_that_was_seen_to_be_in_the_way_is_doubted_once_facts_change_and_a_wall_is_not(turning):
    tracker, things = Tracker(MODELS[turning]), {"door": (-1, 0), "tree": (-3, 1)}
    shut = Percept(frozenset(), things, 0, {(-1, 0): False, (0, 1): False})
    tracker.observe(shut)
    assert tracker.obstacles == {(-1, 0), (0, 1)}
    tracker.follow(shut, 1, Percept(frozenset({"bolt drawn"}), things, 0))
    assert tracker.obstacles == {(0, 1)}


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


def test_a_path_is_barred_where_it_enters_an_obstacle():
    tracker = line()
    tracker.note((0, 4), free=False)
    assert tracker.is_barred(tracker.poses_along([3, 3, 3, 3]))
    assert not tracker.is_barred(tracker.poses_along([3, 3, 3]))
    assert tracker.poses_along([3, 3]) == [(0, (0, 1)), (0, (0, 2))]
