"""MiniGrid: its state in symbols, in the agent's own frame, never stale; and the unchanged agent on it."""

import copy
import warnings
from collections import deque
from collections.abc import Iterable, Iterator

import gymnasium as gym
import numpy as np
import pytest
from minigrid.core.world_object import Ball, Box, Door, Goal, Key, Lava, WorldObj
from minigrid.minigrid_env import MiniGridEnv
from stage import Stage

from procmem_lite.agent import ProceduralMemoryAgent
from procmem_lite.percepts import Percept
from procmem_lite.worlds import minigrid
from procmem_lite.worlds.gridworld import GridWorld
from procmem_lite.worlds.minigrid import ACTIONS, perceive

LEFT, RIGHT, FORWARD, PICK_UP, DROP, TOGGLE = range(6)
FRONT, TO_THE_RIGHT, BEHIND, TO_THE_LEFT = (1, 0), (0, 1), (-1, 0), (0, -1)
BUSY = np.array([0.12, 0.12, 0.4, 0.12, 0.12, 0.12])  # how often the random walker does what
STILL = ["DoorKey-6x6-v0", "Unlock-v0", "UnlockPickup-v0", "MultiRoom-N2-S4-v0", "LavaCrossingS9N2-v0", "FourRooms-v0",
         "Fetch-6x6-N2-v0", "GoToDoor-6x6-v0", "PutNear-6x6-N2-v0", "ObstructedMaze-1Dlhb-v0",
         "BlockedUnlockPickup-v0", "RedBlueDoors-6x6-v0", "LockedRoom-v0", "MemoryS7-v0"]
STALE = ["KeyCorridorS3R3-v0", "Dynamic-Obstacles-6x6-v0", "Playground-v0", "ObstructedMaze-2Dlhb-v1"]


def make(name: str) -> MiniGridEnv:
    """An environment by the rest of its name."""
    return gym.make(f"MiniGrid-{name}").unwrapped


def after(env: MiniGridEnv, *actions: int) -> Percept:
    """The percept after some actions."""
    for action in actions:
        env.step(action)
    return perceive(env)


def wander(name: str, episodes: int, steps: int) -> Iterator[MiniGridEnv]:
    """An environment in every state that random actions lead to."""
    env, rng = make(name), np.random.default_rng(0)
    for seed in range(episodes):
        env.reset(seed=seed)
        for action in rng.choice(len(BUSY), steps, p=BUSY).tolist():
            yield env
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                break
        yield env


# ---------------------------------------------------------------- the agent's own frame


def check_objects(env: MiniGridEnv, seen: Percept) -> None:
    """Every name means something of that kind and colour where it is said to be."""
    for name, (forward, right) in seen.objects.items():
        cell = env.grid.get(*(np.array(env.agent_pos) + forward * env.dir_vec + right * env.right_vec))
        *looks, kind = name.split()
        assert cell.type == kind
        assert set(looks) <= {cell.color, "locked"}
    assert len(set(seen.objects.values())) == len(seen.objects), "two things cannot lie in one cell"


@pytest.mark.parametrize("name", STILL)
def test_displacements_are_forward_and_right_whatever_the_heading(name):
    for env in wander(name, episodes=4, steps=15):
        headings = []
        for _ in range(4):
            check_objects(env, perceive(env))
            headings.append(perceive(env))
            env.step(LEFT)
        assert perceive(env) == headings[0], "four turns to the left lead back"
        for before, turned in zip(headings, headings[1:] + headings[:1], strict=True):
            assert turned.objects == {key: (-right, forward) for key, (forward, right) in before.objects.items()}
            assert turned.facts == before.facts
            assert turned.place != before.place
            for way, left_of_it in ((FRONT, TO_THE_LEFT), (TO_THE_RIGHT, FRONT), (BEHIND, TO_THE_RIGHT),
                                    (TO_THE_LEFT, BEHIND)):
                assert turned.around[way] == before.around[left_of_it]


@pytest.mark.parametrize("name", STILL)
def test_around_says_what_forward_then_does_and_a_step_forward_brings_all_things_one_nearer(name):
    stepped = 0
    for env in wander(name, episodes=4, steps=15):
        here, heading, count = env.agent_pos, env.agent_dir, env.step_count
        seen = perceive(env)
        for turns, way in enumerate((FRONT, TO_THE_RIGHT, BEHIND, TO_THE_LEFT)):
            env.agent_dir = (heading + turns) % 4
            before, cell = perceive(env), env.grid.get(*env.front_pos)
            env.step(FORWARD)
            now = perceive(env)
            moved = tuple(env.agent_pos) != tuple(here)
            assert bool(seen.around[way]) == moved
            assert seen.around[way] in ((True,) if cell is None else (False, cell.type)), "what is not plain has a name"
            shift = int(moved)
            assert now.objects == {key: (forward - shift, right) for key, (forward, right) in before.objects.items()}
            assert (now.place != before.place) == moved
            stepped += moved
            env.agent_pos, env.agent_dir, env.step_count = here, heading, count
    assert stepped > 20


def test_lava_has_a_name_and_a_closed_door_cannot_be_entered():
    env = Stage({(2, 1): Lava(), (1, 2): Door("red")})
    assert perceive(env).around == {FRONT: "lava", TO_THE_RIGHT: False, BEHIND: False, TO_THE_LEFT: False}
    assert after(env, RIGHT, TOGGLE).around == {FRONT: "door", TO_THE_LEFT: "lava", TO_THE_RIGHT: False, BEHIND: False}


# ---------------------------------------------------------------- names and facts


def names(things: Iterable[WorldObj]) -> set[str]:
    """The names that things get when they lie in one environment."""
    cells = [(column, row) for row in (3, 5) for column in range(1, 7)]
    return set(perceive(Stage(dict(zip(cells, things)))).objects)


@pytest.mark.parametrize(("things", "named"), [
    ([Door("red"), Key("red"), Goal()], {"door", "key", "goal"}),
    ([Door("red", is_locked=True), Key("red")], {"locked door", "key"}),
    ([Door("red", is_locked=True), Door("red"), Door("blue")], {"locked door", "red door", "blue door"}),
    ([Door("red", is_locked=True), Door("blue", is_locked=True)], {"red locked door", "blue locked door"}),
    ([Key("yellow"), Key("yellow"), Key("red"), Ball("red")], {"red key", "ball"}),
    ([Key("yellow"), Key("yellow"), Lava(), Lava(), Lava()], set()),
    ([], set()),
])
def test_a_name_is_the_kind_and_where_that_is_not_enough_the_colour(things, named):
    assert names(things) == named


def test_facts_tell_what_is_carried_and_how_each_door_stands():
    env = Stage({(2, 1): Key("red"), (6, 3): Door("red", is_locked=True), (6, 5): Door("blue")})
    assert perceive(env).facts == {"carrying nothing", "locked door locked", "door closed"}
    assert after(env, PICK_UP).facts == {"carrying key", "locked door locked", "door closed"}
    two = Stage({(2, 1): Key("red"), (6, 3): Key("blue"), (6, 5): Door("red"), (6, 6): Door("blue")})
    assert after(two, PICK_UP).facts == {"carrying red key", "red door closed", "blue door closed"}


def test_what_is_picked_up_is_gone_and_what_is_put_down_lies_there_by_its_old_name():
    env = Stage({(2, 1): Key("red"), (6, 6): Ball("blue"), (3, 3): Key("green")})
    assert perceive(env).objects == {"red key": (1, 0), "ball": (5, 5), "green key": (2, 2)}
    taken = after(env, PICK_UP)
    assert taken.objects == {"ball": (5, 5), "green key": (2, 2)}
    assert taken.facts == {"carrying red key"}
    assert taken.scene.carrying == "key"
    put_down = after(env, FORWARD, RIGHT, DROP)
    assert put_down.objects == {"red key": (1, 0), "ball": (5, -4), "green key": (2, -1)}
    assert put_down.facts == {"carrying nothing"}


def test_a_door_keeps_its_name_for_the_episode_although_it_is_locked_no_more():
    env = Stage({(2, 1): Key("red"), (3, 1): Door("red", is_locked=True)})
    assert after(env, PICK_UP, FORWARD).facts == {"carrying key", "locked door locked"}
    opened = after(env, TOGGLE)
    assert opened.facts == {"carrying key", "locked door open"}
    assert opened.objects == {"locked door": (1, 0)}
    assert opened.around[FRONT] == "door"
    assert after(env, TOGGLE).facts == {"carrying key", "locked door closed"}
    env.reset()
    assert "door" in perceive(env).objects, "a new episode names things anew"


def test_what_comes_out_of_a_box_gets_a_name_that_is_still_free():
    env = Stage({(2, 1): Box("grey", contains=Key("red"))})
    assert perceive(env).objects == {"box": (1, 0)}
    assert after(env, TOGGLE).objects == {"key": (1, 0)}
    env = Stage({(2, 1): Box("grey", contains=Key("red")), (5, 5): Key("blue")})
    assert perceive(env).objects == {"box": (1, 0), "key": (4, 4)}
    assert after(env, TOGGLE).objects == {"red key": (1, 0), "key": (4, 4)}


def test_what_vanishes_is_no_longer_seen():
    env = Stage({(2, 1): Box("grey"), (4, 4): Ball("red")})
    assert set(after(env, TOGGLE).objects) == {"ball"}


# ---------------------------------------------------------------- never stale


def seen_afresh(env: MiniGridEnv) -> Percept:
    """The percept after a new scan of everything; names stay. What is remembered of the environment is left alone."""
    known = minigrid._known[env]
    fresh = copy.copy(known)
    fresh.names, fresh.kept = dict(known.names), list(known.kept)
    fresh.scan(env)
    minigrid._known[env] = fresh
    seen = perceive(env)
    minigrid._known[env] = known
    return seen


@pytest.mark.parametrize("name", [*STILL, *STALE])
def test_what_is_remembered_of_an_environment_is_never_stale(name):
    for env in wander(name, episodes=30, steps=30):
        assert perceive(env) == seen_afresh(env)


def test_of_two_environments_each_is_remembered_for_itself():
    things = {(2, 1): Key("red"), (3, 1): Door("red", is_locked=True)}
    one, other = Stage(copy.deepcopy(things)), Stage(copy.deepcopy(things))
    locked = perceive(other)
    for action in (PICK_UP, FORWARD, TOGGLE, FORWARD):
        seen = after(one, action)
        assert perceive(other) == locked
        assert perceive(one) == seen
    assert seen.facts == {"carrying key", "locked door open"}, "it was found locked, and that name stays"
    assert seen.objects == {"locked door": (0, 0)}


# ---------------------------------------------------------------- every environment


def test_every_registered_environment_can_be_perceived():
    ids = [name for name in gym.registry if name.startswith(("MiniGrid-", "BabyAI-"))]
    seen = 0
    for name in ids:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some are marked as old
            try:
                env = gym.make(name).unwrapped
            except gym.error.DependencyNotInstalled:
                continue
        env.reset(seed=0)
        percept = perceive(env)
        check_objects(env, percept)
        carried = "nothing" if env.carrying is None else env.carrying.type
        carrying, = (fact for fact in percept.facts if fact.startswith("carrying "))
        assert carrying.endswith(carried)
        assert percept == seen_afresh(env)
        assert len(perceive.actions) >= env.action_space.n
        seen += 1
    assert seen >= len(ids) - 10 > 100


def test_what_is_no_minigrid_environment_is_refused():
    with pytest.raises(TypeError, match="env: a MiniGrid environment is needed, got GridWorld"):
        perceive(GridWorld())


def test_wrapped_environments_are_seen_through():
    env = gym.make("MiniGrid-DoorKey-6x6-v0")
    env.reset(seed=3)
    assert perceive(env) == perceive(env.unwrapped)


# ---------------------------------------------------------------- the unchanged agent


def shortest(env: MiniGridEnv) -> int:
    """Fewest actions that solve a DoorKey layout from its start, by breadth-first search over all its states."""
    things = {cell.type: divmod(index, env.width)[::-1] for index, cell in enumerate(env.grid.grid)
              if cell is not None and cell.type != "wall"}
    walls = {divmod(index, env.width)[::-1] for index, cell in enumerate(env.grid.grid)
             if cell is not None and cell.type == "wall"}
    first = (*map(int, env.agent_pos), int(env.agent_dir), False, False)
    steps, queue = {first: 0}, deque([first])
    while queue:
        state = column, row, heading, has_key, is_open = queue.popleft()
        if (column, row) == things["goal"]:
            return steps[state]
        right, down = ((1, 0), (0, 1), (-1, 0), (0, -1))[heading]
        front = column + right, row + down
        closed = walls | (set() if has_key else {things["key"]}) | (set() if is_open else {things["door"]})
        for ahead in ((column, row, (heading - 1) % 4, has_key, is_open),
                      (column, row, (heading + 1) % 4, has_key, is_open),
                      state if front in closed else (*front, heading, has_key, is_open),
                      (column, row, heading, has_key or front == things["key"], is_open),
                      (column, row, heading, has_key, is_open or has_key and front == things["door"])):
            if ahead not in steps:
                steps[ahead] = steps[state] + 1
                queue.append(ahead)
    raise AssertionError("every layout has a solution")


@pytest.mark.parametrize("seed", range(2))
def test_what_was_learned_in_6x6_solves_8x8_layouts_never_seen_in_little_more_than_the_fewest_steps(seed):
    agent = ProceduralMemoryAgent(len(ACTIONS), perceive, seed)
    small, large = make("DoorKey-6x6-v0"), make("DoorKey-8x8-v0")
    for number in range(12):
        agent.run_episode(small, seed=number)
    needed, taken = [], []
    for number in range(1000, 1010):
        large.reset(seed=number)
        needed.append(shortest(large))
        episode = agent.run_episode(large, seed=number, learn=False)
        assert episode.success
        assert episode.actions == ACTIONS
        taken.append(episode.steps)
    assert all(steps >= fewest for steps, fewest in zip(taken, needed, strict=True)), "the yardstick must be right"
    assert np.mean(taken) <= 1.3 * np.mean(needed)


def test_lava_is_entered_once_and_never_again_in_larger_rooms_either():
    agent, burned = ProceduralMemoryAgent(len(ACTIONS), perceive, seed=0), []
    for name, seeds in (("LavaGapS5-v0", range(15)), ("LavaGapS7-v0", range(10)), ("LavaCrossingS9N1-v0", range(5))):
        env = make(name)
        for seed in seeds:
            episode = agent.run_episode(env, seed=seed)
            burned.append(episode.transitions[-1].terminated and not episode.success)
    assert sum(burned) == 1
    assert agent.memory.senses["dangers"].fatal["lava"]
    assert episode.success


@pytest.mark.parametrize("seed", [2, 4])
def test_what_is_often_put_down_in_a_doorway_is_not_put_down_there_because_of_the_door(seed):
    env = minigrid.without_view(gym.make("MiniGrid-KeyCorridorS3R1-v0"))
    agent = ProceduralMemoryAgent(7, perceive, seed=seed)
    episodes = [agent.run_episode(env, 1000 * seed + number) for number in range(40)]
    assert sum(not episode.success for episode in episodes[10:]) == 0
