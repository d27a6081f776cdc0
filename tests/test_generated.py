"""Generated worlds: the same in every process, no two alike, honest, and as short as they say."""

import hashlib
import os
import subprocess
import sys
import warnings
from collections import deque
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from procmem_lite.episodes import rollout
from procmem_lite.lab.generated import LONGEST, Generated, Planner, perceive, shrunk, world
from procmem_lite.lab.rulebook import Features, State, seen_from, turned, ways

QUIET = {"slips": 0, "wander": 0, "flicker": 0}  # nothing happens by itself


def trace(seed: int, steps: int = 25) -> str:
    """All that random actions bring in a world, in one number."""
    env, see = world(seed)
    told = [env.reset(seed=seed)[0].tolist()]
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        observation, reward, terminated, _, _ = env.step(int(rng.integers(env.action_space.n)))
        percept = see(env)
        told.append((observation.tolist(), reward, sorted(percept.facts), list(percept.objects.items()), percept.place,
                     list(percept.around.items())))
        if terminated:
            break
    return hashlib.sha256(repr((env.rules.actions, told)).encode()).hexdigest()


def play(env: Generated, seed: int):
    """One episode of who knows the rules."""
    return rollout(env, perceive, Planner(), seed, succeeded=env.succeeded)


def brute(env: Generated) -> int:
    """The shortest path, found by taking every action of the environment itself in every state."""
    steps = {env.state: 0}
    queue = deque(steps)
    while True:
        state = queue.popleft()
        for action in range(env.action_space.n):
            env.state, env.steps = state, 0
            _, reward, terminated, _, _ = env.step(action)
            if terminated:
                if reward > 0:
                    return steps[state] + 1
            elif env.state not in steps:
                steps[env.state] = steps[state] + 1
                queue.append(env.state)


# ---------------------------------------------------------------- the same, and not alike


def test_two_processes_with_other_salts_see_the_same():
    script = ("import sys; sys.path[:0] = sys.argv[1:]; from test_generated import trace\n"
              "print([trace(seed) for seed in range(20)])")
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    told = [subprocess.run([sys.executable, "-c", script, *folders], env=os.environ | {"PYTHONHASHSEED": salt},
                           capture_output=True, text=True, check=True).stdout for salt in "12"]
    assert told[0] == told[1]
    assert told[0].split() == str([trace(seed) for seed in range(20)]).split()


def test_a_seed_gives_a_layout_again_and_another_seed_another():
    env, _ = world(3, axes=2)
    layouts = []
    for seed in (1, 2, 1):
        env.reset(seed=seed)
        layouts.append(env.layout)
    assert layouts[0] == layouts[2] != layouts[1]


def test_no_two_worlds_are_alike():
    assert len({repr(world(seed)[0].rules) for seed in range(300)}) == 300


@pytest.mark.parametrize("seed", range(25))
def test_gymnasium_finds_nothing_to_complain_of(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*(spec|render|Box observation|unwrapped).*")
        check_env(world(seed)[0], skip_render_check=True)


# ---------------------------------------------------------------- the shortest path


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_who_walks_the_stated_path_succeeds_in_as_many_steps(seed, difficulty):
    env = world(seed, difficulty, **QUIET)[0]
    episode = play(env, seed)
    assert episode.success
    assert episode.steps == episode.optimal_steps < env.max_steps <= LONGEST


@pytest.mark.slow
def test_a_planner_solves_nearly_every_world_that_slips_and_wanders():
    well = [np.mean([play(env, layout).success for layout in range(3)]) >= 0.9
            for seed in range(16) for env in [world(seed, 1.0)[0]]]
    assert np.mean(well) >= 0.98


@pytest.mark.parametrize("seed", range(24))
def test_no_shorter_path_is_found_by_trying_everything(seed):
    env = world(seed, 1.0, **QUIET, side=4, rewards="goal")[0]
    for layout in range(2):
        env.reset(seed=layout)
        stated = env.optimal_steps()
        assert brute(env) == stated


def test_a_state_from_which_nothing_succeeds_has_no_path():
    env, _ = world(0, 0.0, axes=2, chain=2, sites="at", arriving=False, around=True)
    env.reset(seed=0)
    env.layout = replace(env.layout, walls=frozenset(env.layout.places.values()))
    assert env.optimal_path() is env.optimal_steps() is None


# ---------------------------------------------------------------- features


def test_what_is_fixed_changes_nothing_else():
    for seed in range(20):
        drawn = asdict(world(seed, axes=2, panes=0)[0].features)
        fixed = asdict(world(seed, axes=2, panes=4)[0].features)
        assert {name for name in drawn if drawn[name] != fixed[name]} == {"panes"}


@pytest.mark.parametrize("seed", range(40))
def test_every_world_can_be_made_from_its_own_features(seed):
    made, _ = world(seed, 1.0)
    again, _ = world(seed, 0.0, **asdict(made.features))
    assert again.rules == made.rules


@pytest.mark.parametrize("seed", range(5))
def test_every_feature_can_be_made_plain_alone(seed):
    env, _ = world(seed, 1.0)
    for each in fields(Features):
        plain, _ = world(seed, **asdict(env.features) | {each.name: each.default})
        plain.reset(seed=0)


def test_shrinking_leaves_what_a_failure_needs_and_no_more():
    def fails(env: Generated) -> bool:
        return env.features.walls > 0 and env.features.chain >= 2

    assert shrunk(next(seed for seed in range(999) if fails(world(seed)[0])), fails).keys() == {"walls", "chain"}


@pytest.mark.parametrize(("fixed", "error"), [
    ({"wals": 0.1}, TypeError), ({"walls": 2}, ValueError), ({"walls": True}, ValueError), ({"door": 1}, TypeError),
    ({"axes": 4}, ValueError), ({"axes": 1.5}, ValueError), ({"sites": "in"}, ValueError), ({"units": 0}, ValueError),
    ({"units": float("nan")}, ValueError), ({"rewards": None}, ValueError), ({"pits": -1}, ValueError)])
def test_a_feature_that_there_is_not_is_named(fixed, error):
    with pytest.raises(error, match=next(iter(fixed))):
        world(0, **fixed)


@pytest.mark.parametrize("difficulty", [-0.1, 1.1, float("nan")])
def test_a_difficulty_that_there_is_not_is_refused(difficulty):
    with pytest.raises(ValueError, match="difficulty"):
        world(0, difficulty)


def test_the_harder_the_more_features():
    counts = [np.mean([sum(value != default for value, default in zip(asdict(world(seed, difficulty)[0].features)
                           .values(), asdict(Features()).values())) for seed in range(100)])
              for difficulty in (0.0, 0.5, 1.0)]
    assert counts == sorted(counts)
    assert counts[2] > counts[0] + 3


# ---------------------------------------------------------------- what the agent is told


@pytest.mark.parametrize("seed", range(60))
def test_a_percept_holds_nothing_that_is_hidden(seed):
    env, see = world(seed, 1.0, axes=2)
    env.reset(seed=seed)
    told, layout = see(env), env.layout
    other = replace(layout, dud="", panes=frozenset(), pads=dict.fromkeys(layout.pads, layout.start))
    if not env.features.around:
        other = replace(other, walls=frozenset())
    env.layout, env.steps = other, 7
    assert see(env) == told
    assert len(told.objects) <= len(layout.places) + len(layout.pads) + len(layout.pits) + (layout.door is not None)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_an_agent_that_turns_sees_things_in_its_own_frame(axes):
    for heading in range(2 if axes == 1 else 4):
        state = State((2,) * axes, heading, frozenset())
        for way in ways(axes):
            cell = tuple(2 + x for x in turned(way, heading))
            assert seen_from(state, cell) == way


def test_a_length_of_a_step_is_one_unit():
    env, see = world(5, 0.0, axes=2, units=0.25, turns=False, around=True)
    env.reset(seed=1)
    path, before = env.optimal_path(), see(env)
    env.step(path[0])
    moved = {tuple(np.subtract(see(env).objects[name], there)) for name, there in before.objects.items()}
    assert len(moved) == 1
    assert np.abs(moved.pop()).sum() == 0.25
    assert {np.abs(way).sum() for way in before.around} == {0.25}


def steps_to(env: Generated, cells: set) -> list:
    """Every move onto some cells from next to them: what was shown, where it led, and whether it ended badly."""
    found = []
    for cell in cells:
        for action, motion in enumerate(env.rules.motions):
            before = tuple(np.subtract(cell, motion[1]).tolist()) if motion else None
            if before and min(before) >= 0 and max(before) < env.features.side and before not in env.layout.walls:
                env.state = State(before, 0, frozenset())
                shown, told = env.ground(motion[1]), env.step(action)
                found.append((shown, env.state.cell, before, told[2]))
    assert found
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_stands_in_the_way_does_what_its_feature_says(seed):
    plain = {"axes": 2, "turns": False, "sites": "at", "side": 6, "around": True, "arriving": False, "rewards": "goal"}

    def made(**fixed) -> Generated:
        env, _ = world(seed, 0.0, **plain | fixed)
        env.reset(seed=seed)
        return env

    env = made(walls=0.3)
    assert all((shown, cell, ends) == (False, before, False)
               for shown, cell, before, ends in steps_to(env, env.layout.walls))
    env = made(pads=1)
    assert all((shown, cell) == (True, env.layout.pads[pad]) for pad in env.layout.pads
               for shown, cell, _, _ in steps_to(env, {pad}))
    for named, ground in ((True, "pit"), (False, True)):
        env = made(pits=2, named=named)
        assert all((shown, ends) == (ground, True) for shown, _, _, ends in steps_to(env, set(env.layout.pits)))
    env = made(panes=0)
    env.layout = replace(env.layout, panes=frozenset({frozenset({(2, 2), (2, 3)})}))
    assert sum(cell == before and shown is True for shown, cell, before, _ in steps_to(env, {(2, 2)})) == 1
    env = made(door=True, chain=2, things=3)
    assert all((shown, cell) == (False, before) for shown, cell, before, _ in steps_to(env, {env.layout.door}))
    env.reset(seed=seed)
    for action in env.optimal_path():
        _, reward, _, _, _ = env.step(action)
    assert reward > 0
    assert env.state.cell[0] > env.layout.door[0], "what is needed last is behind the door"


@pytest.mark.parametrize("rewards", ["goal", "steps", "shaped", "zero", "cost", "fact"])
def test_success_is_told_by_its_judge_and_harm_is_none(rewards):
    env, _ = world(2, 0.0, axes=0, chain=2, rewards=rewards, deadly="anywhere")
    assert play(env, 0).success
    alarm = env.actions.index("alarm")

    class Careless(Planner):
        def act(self, play):
            return super().act(play)._replace(action=alarm)

    episode = rollout(env, perceive, Careless(), 0, succeeded=env.succeeded)
    assert (episode.steps, episode.success) == (1, False)
