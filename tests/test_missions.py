"""Missions: whatever they mention has a role, no role tells a colour, and what is perceived is true."""

import contextlib
import copy
import io
import re
import warnings
from collections.abc import Iterator

import gymnasium as gym
import numpy as np
import pytest
from minigrid.core.constants import COLOR_NAMES
from minigrid.core.world_object import Ball, Box, Door, Goal, Key, Lava, Wall, WorldObj
from minigrid.minigrid_env import MiniGridEnv
from stage import Cell, Stage

from procmem_lite.agent import ProceduralMemoryAgent
from procmem_lite.percepts import Percept
from procmem_lite.worlds import minigrid
from procmem_lite.worlds.gridworld import GridWorld
from procmem_lite.worlds.minigrid import perceive, perceive_mission
from procmem_lite.worlds.missions import Mention, mentions_of, template_of

LEFT, RIGHT, FORWARD, PICK_UP, DROP, TOGGLE = range(6)
BUSY = np.array([0.12, 0.12, 0.4, 0.12, 0.12, 0.12])  # how often the random walker does what
ENVS = [name for name in gym.registry if name.startswith(("MiniGrid-", "BabyAI-")) and "WFC" not in name]
LIVELY = ["MiniGrid-KeyCorridorS3R3-v0", "MiniGrid-ObstructedMaze-2Dlhb-v1", "MiniGrid-BlockedUnlockPickup-v0",
          "MiniGrid-Dynamic-Obstacles-6x6-v0", "MiniGrid-PutNear-8x8-N3-v0", "BabyAI-UnlockToUnlock-v0",
          "BabyAI-KeyInBox-v0", "BabyAI-PickupLoc-v0", "BabyAI-PutNextS5N2Carrying-v0", "BabyAI-OpenDoor-v0"]


def begin(name: str, seed: int = 0) -> MiniGridEnv:
    """An environment at its beginning; what MiniGrid says of layouts that it threw away is of no interest."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        env = gym.make(name).unwrapped
        env.reset(seed=seed)
    return env


def stage(mission: str, things: dict[Cell, WorldObj], agent: Cell = (1, 1)) -> Stage:
    """A square of nine cells a side, with a mission."""
    return Stage(things, mission, 9, agent)


def after(env: MiniGridEnv, *actions: int) -> Percept:
    """The percept after some actions."""
    for action in actions:
        perceive_mission(env)
        env.step(action)
    return perceive_mission(env)


def seen_at(env: MiniGridEnv, seen: Percept, name: str) -> WorldObj:
    """The thing that lies where a name is said to be."""
    forward, right = seen.objects[name]
    return env.grid.get(*(np.array(env.agent_pos) + forward * env.dir_vec + right * env.right_vec))


def texts(seen: Percept) -> str:
    """All that is said in a percept."""
    return " | ".join([*seen.facts, *seen.objects])


# ---------------------------------------------------------------- wording


@pytest.mark.parametrize(("mission", "mentions", "template"), [
    ("go to the red ball", [Mention("ball", "red")], "go to $1"),
    ("you must fetch a grey key", [Mention("key", "grey", only=False)], "you must fetch $1"),
    ("put the yellow ball near the purple box", [Mention("ball", "yellow"), Mention("box", "purple")],
     "put $1 near $2"),
    ("open the door on your left", [Mention("door", None, "on your left")], "open $1"),
    ("pick up an object in front of you", [Mention(None, None, "in front of you", False)], "pick up $1"),
    ("open the red door, then open a door behind you",
     [Mention("door", "red"), Mention("door", None, "behind you", False)], "open $1, then open $2"),
    ("put a red box next to a door on your right and go to the key after you open the green door",
     [Mention("box", "red", only=False), Mention("door", None, "on your right", False), Mention("key"),
      Mention("door", "green")],
     "put $1 next to $2 and go to $3 after you open $4"),
    ("get the red key from the blue room, unlock the red door and go to the goal",
     [Mention("key", "red"), Mention("door", "blue"), Mention("door", "red"), Mention("goal")],
     "get $1 from $2, unlock $3 and go to $4"),
    ("avoid the lava and get to the green goal square", [Mention("goal", "green")], "avoid the lava and get to $1"),
    ("go to the matching object at the end of the hallway", [], "go to the matching object at the end of the hallway"),
    ("", [], ""),
])
def test_a_mission_is_read_into_mentions_and_a_template(mission, mentions, template):
    assert mentions_of(mission) == mentions
    assert template_of(mission, [f"${number}" for number in range(1, 9)]) == template


@pytest.mark.parametrize("name", ENVS)
def test_every_mention_of_every_environment_is_bound_and_no_colour_is_told(name):
    for seed in range(4):
        env = begin(name, seed)
        seen = perceive_mission(env)
        said = texts(seen)
        assert not re.search(rf"\b({'|'.join(COLOR_NAMES)})\b", said)
        told = [fact for fact in seen.facts if fact.startswith("mission: ")]
        assert len(told) == bool(env.mission)
        assert not re.search(r"\b(the|an?) (key|ball|box|door|room|object|goal)\b", "".join(told)), "all are roles"
        held = {fact.removeprefix("carrying ") for fact in seen.facts if fact.startswith("carrying ")}
        assert set(re.findall(r"\$\d+", "".join(told))) <= {*seen.objects} | held


def descriptions(instruction: object) -> Iterator[object]:
    """What BabyAI's verifier takes a mission to speak of, in the order of mention."""
    for part in ("instr_a", "instr_b"):
        if hasattr(instruction, part):
            yield from descriptions(getattr(instruction, part))
    for part in ("desc", "desc_move", "desc_fixed"):
        if hasattr(instruction, part):
            yield getattr(instruction, part)


@pytest.mark.parametrize("name", [name for name in ENVS if name.startswith("BabyAI")])
def test_what_plays_a_role_is_what_the_verifier_means(name):
    for seed in range(8):
        env = begin(name, seed)
        seen = perceive_mission(env)
        mission, = (fact for fact in seen.facts if fact.startswith("mission: "))
        roles, meant = re.findall(r"\$\d+", mission), list(descriptions(env.instrs))
        assert len(roles) == len(meant)
        for role, description in zip(roles, meant, strict=True):
            thing = env.carrying if f"carrying {role}" in seen.facts else seen_at(env, seen, role)
            assert any(thing is each for each in description.obj_set) or thing is env.carrying


# ---------------------------------------------------------------- who plays a role


def test_of_twins_the_nearest_plays_the_role():
    env = stage("pick up a red ball", {(7, 7): Ball("red"), (4, 1): Ball("red"), (2, 1): Ball("blue")})
    assert perceive_mission(env).objects == {"$1": (3, 0), "twin of $1, 1": (6, 6), "other ball 1": (1, 0)}
    assert after(env, RIGHT, FORWARD, FORWARD).objects["$1"] == (-2, -3), "and keeps it"


def test_near_is_what_can_be_walked_to():
    wall = {(column, 3): Wall() for column in range(1, 8) if column != 5}
    env = stage("go to a ball", {**wall, (5, 3): Door("red"), (1, 5): Ball("red"), (7, 2): Ball("blue")})
    assert perceive_mission(env).objects["$1"] == (6, 1), "four steps away, but behind a door, is farther"


@pytest.mark.parametrize(("side", "cell"), [
    ("in front of you", (7, 4)), ("behind you", (1, 4)), ("on your left", (4, 1)), ("on your right", (4, 7))])
def test_a_side_is_meant_as_seen_at_the_beginning(side, cell):
    balls = {(7, 4): Ball("red"), (1, 4): Ball("red"), (4, 1): Ball("red"), (4, 7): Ball("red")}
    env = stage(f"pick up the ball {side}", balls, agent=(4, 4))
    x, y = cell[0] - 4, cell[1] - 4
    assert perceive_mission(env).objects["$1"] == (x, y)
    assert after(env, RIGHT).objects["$1"] == (y, -x), "turning changes nothing of it"


def test_one_mention_after_another_finds_another_twin_and_one_thing_may_be_meant_twice():
    env = stage("pick up a key and go to a key", {(3, 1): Key("red"), (5, 1): Key("blue")})
    assert perceive_mission(env).objects == {"$1": (2, 0), "$2": (4, 0)}
    env = stage("pick up the key and go to the red key", {(3, 1): Key("red"), (7, 7): Key("blue")})
    assert "mission: pick up $1 and go to $1" in perceive_mission(env).facts


def test_others_go_by_kind_and_number_the_nearest_first_and_lava_by_none():
    env = stage("go to the goal", {(7, 7): Goal(), (5, 1): Ball("red"), (3, 1): Ball("blue"), (2, 2): Box("red"),
                                   (6, 6): Lava()})
    assert perceive_mission(env).objects == {"$1": (6, 6), "other ball 1": (2, 0), "other ball 2": (4, 0),
                                             "other box 1": (1, 1)}


# ---------------------------------------------------------------- roles by property


ROOMS = {(5, row): Wall() for row in range(1, 8) if row != 4}  # two rooms, and a place for a door


def test_the_door_before_a_thing_and_its_key_have_roles():
    env = stage("pick up the box", {**ROOMS, (5, 4): Door("red", is_locked=True), (7, 7): Box("green"),
                                    (2, 1): Key("red"), (1, 3): Key("blue")})
    seen = perceive_mission(env)
    assert seen.objects == {"$1": (6, 6), "door before $1": (4, 3), "key of door before $1": (1, 0),
                            "other key 1": (0, 2)}
    assert seen.facts == {"mission: pick up $1", "carrying nothing", "door before $1 locked",
                          "key of door before $1 there"}
    assert "carrying key of door before $1" in after(env, PICK_UP).facts
    assert "carrying something else" in after(env, DROP, RIGHT, FORWARD, PICK_UP).facts


def test_what_blocks_a_door_has_a_role_and_the_way_is_cleared_when_it_lies_elsewhere():
    env = stage("pick up the box", {**ROOMS, (5, 4): Door("red", is_locked=True), (7, 7): Box("green"),
                                    (4, 4): Ball("red"), (1, 1): Key("red")}, agent=(3, 4))
    seen = perceive_mission(env)
    assert seen.objects["ball before door before $1"] == (1, 0)
    taken = after(env, PICK_UP)
    assert taken.facts - seen.facts == {"carrying ball before door before $1"}
    assert after(env, DROP).facts == seen.facts, "put back"
    assert after(env, PICK_UP, RIGHT, DROP).facts - seen.facts == {"way to door before $1 cleared"}


def test_a_key_in_a_box_plays_its_role_when_it_turns_up():
    env = stage("pick up the ball", {**ROOMS, (5, 4): Door("red", is_locked=True), (7, 7): Ball("green"),
                                     (2, 1): Box("blue", contains=Key("red"))})
    seen, opened = perceive_mission(env), after(env, TOGGLE)
    assert set(seen.objects) == {"$1", "door before $1", "other box 1"}
    assert set(opened.objects) == {"$1", "door before $1", "key of door before $1"}
    assert opened.facts - seen.facts == {"key of door before $1 there"}


def test_doors_one_behind_another_are_told_one_by_the_other():
    rooms = {(column, row): Wall() for column in (3, 6) for row in range(1, 8)}
    env = stage("go to the ball", {**rooms, (3, 4): Door("red"), (6, 2): Door("blue"), (7, 7): Ball("red")})
    assert set(perceive_mission(env).objects) == {"$1", "door before $1", "door before door before $1"}
    assert "door before door before $1 open" in after(env, *[RIGHT, FORWARD, FORWARD, FORWARD, LEFT, FORWARD],
                                                      TOGGLE).facts


# ---------------------------------------------------------------- colours


def repainted(env: MiniGridEnv, shift: int) -> MiniGridEnv:
    """The same environment, every colour another one."""
    new = dict(zip(COLOR_NAMES, [*COLOR_NAMES[shift:], *COLOR_NAMES[:shift]], strict=True))
    env = copy.deepcopy(env)
    boxed = [thing.contains for thing in env.grid.grid if isinstance(thing, Box) and thing.contains]
    for thing in {id(thing): thing for thing in [*env.grid.grid, *boxed, env.carrying] if thing}.values():
        thing.color = new[thing.color]
    env.mission = re.sub("|".join(COLOR_NAMES), lambda colour: new[colour[0]], env.mission)
    return env


@pytest.mark.parametrize("name", LIVELY)
def test_painted_otherwise_all_is_perceived_as_before(name):
    for seed in range(6):
        env = begin(name, seed)
        other = repainted(env, 1 + seed % 5)
        for action in [None, *np.random.default_rng(seed).choice(len(BUSY), 40, p=BUSY).tolist()]:
            if action is not None:
                MiniGridEnv.step(env, action)  # without the verifier, which means other things in the copy
                MiniGridEnv.step(other, action)
            one, two = perceive_mission(env), perceive_mission(other)
            assert (one.facts, one.objects, one.place, one.around) == (two.facts, two.objects, two.place, two.around)


# ---------------------------------------------------------------- true, and never stale


@pytest.mark.parametrize("name", LIVELY)
def test_what_is_perceived_is_true_and_each_name_stays_with_its_thing(name):
    for seed in range(6):
        env, known = begin(name, seed), {}
        for action in np.random.default_rng(seed).choice(len(BUSY), 60, p=BUSY).tolist():
            seen, plain = perceive_mission(env), perceive(env)
            assert (seen.place, seen.around, seen.scene) == (plain.place, plain.around, plain.scene)
            lying = [thing for thing in env.grid.grid if thing and thing.type not in ("wall", "floor", "lava")]
            assert len(seen.objects) == len(lying), "each thing has a name of its own"
            for role in seen.objects:
                thing = seen_at(env, seen, role)
                assert known.setdefault(role, thing) is thing
                if thing.type == "door" and not role.startswith("other"):
                    state = "open" if thing.is_open else "locked" if thing.is_locked else "closed"
                    assert [fact for fact in seen.facts if fact.startswith(f"{role} ")] == [f"{role} {state}"]
            carried, = (fact.removeprefix("carrying ") for fact in seen.facts if fact.startswith("carrying "))
            if env.carrying is None:
                assert carried == "nothing"
            elif carried != "something else":
                assert known.setdefault(carried, env.carrying) is env.carrying
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                break


def test_a_new_episode_begins_with_new_roles():
    env = begin("MiniGrid-Fetch-8x8-N3-v0")
    for seed in range(20):
        env.reset(seed=seed)
        thing = seen_at(env, perceive_mission(env), "$1")
        assert (thing.type, thing.color) == (env.targetType, env.targetColor)


def test_what_is_no_minigrid_environment_is_refused():
    with pytest.raises(TypeError, match="env: a MiniGrid environment is needed, got GridWorld"):
        perceive_mission(GridWorld())


# ---------------------------------------------------------------- what it is for


def of_colour(env: gym.Env, colour: str, number: int, is_it: bool = True) -> list[int]:
    """Seeds of layouts whose mission mentions a colour, or does not."""
    found, seed = [], 0
    while len(found) < number:
        env.reset(seed=seed)
        found += [seed] * ((colour in env.unwrapped.mission) == is_it)
        seed += 1
    return found


def test_what_is_learned_in_one_colour_holds_for_all_others():
    rates = {}
    for name, look in {"names": perceive, "roles": perceive_mission}.items():
        env = minigrid.without_view(gym.make("BabyAI-PickupLoc-v0"))
        with contextlib.redirect_stdout(io.StringIO()):
            agent = ProceduralMemoryAgent(7, look, seed=0)
            for seed in of_colour(env, "red", 20):
                agent.run_episode(env, seed=seed)
            episodes = [agent.run_episode(env, seed=seed, learn=False, max_steps=30)
                        for seed in of_colour(env, "red", 20, is_it=False)]
        rates[name] = np.mean([episode.success for episode in episodes])
    assert rates["roles"] == 1
    assert rates["names"] < 0.9
