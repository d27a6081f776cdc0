"""Going somewhere: a path is found once, anew where the world is not as expected, and given up where there is none."""

import pytest
from rooms import MODELS, line
from worlds import Plane, percept

from procmem_lite.navigation import goto
from procmem_lite.navigation.goto import GoTo, on_open_ground
from procmem_lite.navigation.tracker import Tracker
from procmem_lite.skills import Operator, Site

WATER = Operator(frozenset(), frozenset({"watered"}), frozenset(), "tree", Site((0, 0), 4))


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """One entry for every search for a path from now on."""
    found, search = [], goto.any_path
    monkeypatch.setattr(goto, "any_path", lambda *args: found.append(args) or search(*args))
    return found


def at_the_start(world: Plane) -> Tracker:
    """A tracker that has seen the first percept."""
    tracker = Tracker(MODELS[world.turning])
    tracker.observe(world.percept())
    return tracker


def go(world: Plane, tracker: Tracker, steps: int = 40) -> tuple[list[int], str]:
    """What is done on the way to the tree, and why it ends."""
    using, done = GoTo(WATER).start(world.percept(), tracker), []
    while len(done) < steps and (action := using.act(world.percept())) is not None:
        step = world.do(action)
        tracker.follow(step.percept, action, step.next_percept)
        done.append(action)
    return done, using.reason


def test_it_goes_straight_there_acts_and_searches_once(searches):
    world = Plane(False, landmarks={"tree": (2, 3), "well": (-2, 1)})
    done, reason = go(world, at_the_start(world))
    assert sorted(done) == [1, 1, 3, 3, 3, 4]
    assert done[-1] == 4
    assert reason == "no effect", "facts did not change: nobody watered anything"
    assert len(searches) == 1, "the rest of a path is not searched for again"


def test_an_agent_that_turns_finds_its_way_as_well(searches):
    world = Plane(True, landmarks={"tree": (2, 3), "well": (-2, 1)})
    policy = GoTo(Operator(frozenset(), frozenset("z"), frozenset(), "tree", Site((-1, 0), 3)))
    tracker = at_the_start(world)
    using = policy.start(world.percept(), tracker)
    while (action := using.act(world.percept())) is not None:
        step = world.do(action)
        tracker.follow(step.percept, action, step.next_percept)
    assert world.percept().objects["tree"] == (-1, 0)
    assert step.action == 3
    assert len(searches) == 1


def test_where_something_stands_in_the_way_it_is_walked_round_after_one_more_search(searches):
    world = Plane(False, obstacles={(0, 2)}, landmarks={"tree": (0, 4), "well": (3, 1)})
    done, reason = go(world, at_the_start(world))
    assert tuple(world.cell) == (0, 4)
    assert reason == "no effect"
    assert len(done) == 8, "one step into the obstacle, six around it, and the deed"
    assert len(searches) == 2


def test_what_is_seen_ahead_in_time_costs_no_bump(searches):
    world = Plane(False, obstacles={(0, 2)}, landmarks={"tree": (0, 4), "well": (3, 1)}, feeling=True)
    done, _ = go(world, at_the_start(world))
    assert len(done) == 7
    assert len(searches) == 2


def test_a_slip_is_mended_by_a_new_path():
    world = Plane(False, landmarks={"tree": (0, 4), "well": (3, 1)})
    tracker = at_the_start(world)
    using = GoTo(WATER).start(world.percept(), tracker)
    assert using.act(world.percept()) == 3
    step = world.do(1)._replace(action=3)  # to the right was meant, down it went
    tracker.follow(step.percept, 3, step.next_percept)
    rest, _ = go(world, tracker)
    assert sorted(rest) == [0, 3, 3, 3, 3, 4]


def test_what_is_walled_in_is_given_up():
    world = Plane(False, {(3, 4), (1, 4), (2, 3), (2, 5)}, {"tree": (2, 4), "well": (3, 1)}, feeling=True)
    tracker = at_the_start(world)
    for position in world.obstacles:
        tracker.note(position, free=False)
    assert go(world, tracker) == ([], "no path")


def test_what_vanishes_on_the_way_is_given_up():
    world = Plane(False, landmarks={"tree": (0, 4), "well": (3, 1)})
    tracker = at_the_start(world)
    using = GoTo(WATER).start(world.percept(), tracker)
    step = world.do(using.act(world.percept()))
    del world.landmarks["tree"]
    gone = step._replace(next_percept=world.percept())
    tracker.follow(gone.percept, gone.action, gone.next_percept)
    tracker.note((0, 2), free=False)  # so that it has to look for a path again
    assert using.act(world.percept()) is None
    assert using.reason == "no path"


def test_who_is_lost_says_so():
    world = Plane(False)
    tracker = at_the_start(world)
    using = GoTo(WATER).start(world.percept(), tracker)
    using.act(world.percept())
    tracker.restart()
    assert using.act(world.percept()) is None
    assert using.reason == "lost"


def test_it_can_start_only_where_the_agent_knows_itself_and_the_anchor():
    world = Plane(False)
    tracker, elsewhere = at_the_start(world), Operator(frozenset(), frozenset("z"), anchor="moon", site=Site((0, 0), 1))
    assert GoTo(WATER).can_start(world.percept(), tracker)
    assert not GoTo(elsewhere).can_start(world.percept(), tracker)
    assert not GoTo(WATER).can_start(world.percept(), None)
    tracker.restart()
    assert not GoTo(WATER).can_start(world.percept(), tracker)


def test_what_is_given_up_after_a_failure_is_the_site_under_these_facts_wherever_the_agent_stands():
    policy = GoTo(WATER)
    assert policy.situation(percept(place=1)) == policy.situation(percept(place=2))
    assert policy.situation(percept(["dry"])) != policy.situation(percept())
    assert policy.situation(percept()) != GoTo(Operator(frozenset(), frozenset("z"))).situation(percept())


def test_what_has_to_be_put_down_on_open_ground_is_carried_there_first():
    tracker = line()  # a corridor with a well in it and a tree at its end; here, all is open
    assert on_open_ground((9,), tracker).rest == [9]
    tracker.ground = {(0, 0), (0, 1), (0, 2), (0, 3)}
    tracker.landmarks["box"] = (0, 1)
    assert on_open_ground((9,), tracker).rest == [3, 9]
