"""The published recipe: its figures, and each of its flaws where it can be seen."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from procmem_lite import GridWorld, Layout, train
from procmem_lite.episodes import Play
from procmem_lite.lab.original import (
    ACTIONS,
    Moved,
    OriginalAgent,
    OriginalGame,
    OriginalLibrary,
    OriginalRun,
    OriginalSkill,
    OriginalWorld,
    cosine,
    embed,
)
from procmem_lite.lab.training import evaluate

ROOT = Path(__file__).resolve().parents[1]
FIXED = GridWorld("fixed", 5, rewards="original")


def state(**changes):
    return OriginalWorld().state() | changes


def trained(**settings) -> OriginalAgent:
    agent = OriginalAgent(0, **settings)
    train(agent, FIXED, 15, progress=False)
    return agent


# ---------------------------------------------------------------- its figures


@pytest.mark.parametrize("use_skills", [True, False])
@pytest.mark.parametrize("salt", [None, 1, 2])
def test_every_episode_takes_10_steps_and_returns_12_3_with_or_without_skills(use_skills, salt):
    log = train(OriginalAgent(0, use_skills=use_skills, salt=salt), FIXED, 15, progress=False)
    assert set(log.steps) == {10}
    np.testing.assert_allclose(log.total_reward, 12.3)
    assert log.optimality.tolist() == [1.0] * 15  # from the first on: nothing is left to learn


def test_on_moved_layouts_its_skills_ruin_what_it_could_do_without_them():
    agent = trained()
    log = evaluate(agent, Moved(FIXED), range(300))
    assert 0.02 < log.success.mean() < 0.10
    agent.use_skills = False
    assert evaluate(agent, Moved(FIXED), range(300)).success.all()


def test_learning_on_moved_layouts_ends_at_the_cap():
    log = train(OriginalAgent(0, salt=0), Moved(FIXED), 60, progress=False)
    assert (log.steps >= 50).mean() > 0.8


def test_chance_solves_less_than_one_in_fifty():
    log = evaluate(OriginalAgent(0, use_skills=False, explorer="random"), FIXED, range(400))
    assert log.success.mean() < 0.02


def test_one_skill_is_all_it_learns_and_its_success_rate_exceeds_one():
    skills = trained().library.skills
    assert [skill.name for skill in skills] == ["open_door_sequence"]
    assert skills[0].success_count / skills[0].times_used == pytest.approx(2.07, abs=0.01)


def test_the_cap_is_looked_at_only_between_skills():
    log = evaluate(trained(), Moved(FIXED), range(50))
    assert 50 < log.steps.max() <= 54


# ---------------------------------------------------------------- its world


def test_its_world_and_ours_agree_step_by_step():
    rng = np.random.default_rng(0)
    for seed in range(5):
        env = Moved(GridWorld("fixed", 5, rewards="original", max_steps=10_000))
        env.reset(seed=seed)
        world = OriginalWorld(env.unwrapped.layout)
        for action in rng.integers(6, size=400).tolist():
            _, ours, terminated, _, _ = env.step(action)
            _, theirs, done = world.step(ACTIONS[action])
            assert (ours, terminated) == (pytest.approx(theirs), done)
            assert env.unwrapped.percept() == world.percept()
            if done:
                break


def test_opening_the_door_pays_again_and_again():
    world = OriginalWorld(Layout(4, (0, 0), (0, 1), (0, 2), (3, 3)))
    rewards = [world.step(action)[1] for action in
               ("move_right", "pickup_key", "move_right", "open_door", "open_door", "open_door")]
    assert rewards == [-0.1, 1.0, -0.1, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("layout", ["walls", "rooms"])
def test_it_knows_no_walls(layout):
    with pytest.raises(ValueError, match="layout"):
        OriginalAgent(0).run_episode(GridWorld(layout, 8), 0)


def test_moved_layouts_repeat_by_seed_and_differ_between_seeds():
    env = Moved(GridWorld("fixed", 5))
    layouts = []
    for seed in (1, 1, 2):
        env.reset(seed=seed)
        layouts.append(env.unwrapped.layout)
    assert layouts[0] == layouts[1] != layouts[2]
    assert {(each.start, each.goal) for each in layouts} == {((0, 0), (4, 4))}
    env.reset()
    assert env.unwrapped.layout != layouts[2]


# ---------------------------------------------------------------- its flaws


def test_its_embeddings_differ_between_processes():
    code = ("from procmem_lite.lab.original import OriginalWorld, embed;"
            "print(embed(OriginalWorld().state(), ['move_up'] * 5).round(6).tolist())")

    def in_a_process(salt: str) -> str:
        return subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, check=True, capture_output=True,
                              env=os.environ | {"PYTHONHASHSEED": salt}).stdout

    assert in_a_process("1") == in_a_process("1") != in_a_process("2")


def test_a_salt_stands_for_a_process():
    same, again, other = (embed(state(), ["move_up"] * 5, salt) for salt in (1, 1, 2))
    np.testing.assert_array_equal(same, again)
    assert not np.allclose(same, other)


def test_only_the_first_five_actions_are_embedded_so_what_follows_is_lost():
    short, long = ["move_up"] * 5, ["move_up"] * 5 + ["open_door"] * 20
    assert cosine(embed(state(), short), embed(state(), long)) == pytest.approx(1)
    library = OriginalLibrary()
    for actions in (long, short):
        library.add_skill(OriginalSkill("any", {"has_key": False}, actions, embed(state(), actions)))
    assert [skill.actions for skill in library.skills] == [long]  # the longer one, and a success it never had
    assert library.skills[0].success_count == 1


def test_unrelated_skills_often_pass_for_the_same():
    rng = np.random.default_rng(0)

    def pair(salt: int) -> float:
        sides = [embed(state(agent_pos=tuple(rng.integers(5, size=2).tolist())),
                       rng.choice(ACTIONS, size=5).tolist(), salt) for _ in range(2)]
        return cosine(*sides)

    shares = [np.mean([pair(salt) > 0.9 for _ in range(200)]) for salt in range(8)]
    assert max(shares) > 0.3
    assert max(shares) - min(shares) > 0.2  # it depends on the process


def test_equal_similarities_crash_its_sort():
    library = OriginalLibrary()
    library.skills = [OriginalSkill(name, {}, ["move_up"], np.ones(8)) for name in "ab"]
    with pytest.raises(TypeError, match="not supported between"):
        library.retrieve_skills(state(), np.ones(8))


def test_a_skill_that_failed_stays_applicable():
    agent = trained()
    episode = next(each for each in evaluate(agent, Moved(FIXED), range(30), keep=True).episodes if not each.success)
    assert len({invocation.skill.actions for invocation in episode.invocations}) == 1
    assert len(episode.invocations) > 5
    assert not any(invocation.succeeded for invocation in episode.invocations)


def test_a_walk_without_the_key_in_it_can_be_called_acquire_key():
    agent, world = OriginalAgent(0), OriginalWorld(Layout(5, (0, 0), (0, 1), (0, 2), (0, 3)))
    run = OriginalRun(agent, world)
    play = Play(OriginalGame(world, 3), lambda game: game.unwrapped.world.percept())
    run.begin(play, learn=True)
    for _ in range(5):
        run.observe(play.step(ACTIONS.index("move_up")))
    world.inventory.append("key")  # the world goes on; the slice does not hold it
    assert agent.extract(run).name == "acquire_key"


def test_the_goal_is_hard_coded():
    log = evaluate(OriginalAgent(0, use_skills=False), GridWorld("open", 5), range(60))
    assert log.success.mean() < 0.5


def test_what_it_uses_is_told_as_invocations():
    episode = OriginalAgent.run_episode(trained(), FIXED, 0)
    assert [invocation.reason for invocation in episode.invocations] == ["episode over"]
    assert (episode.invocations[0].start, episode.invocations[0].stop) == (5, 10)
    assert [step.invocation for step in episode.transitions] == [-1] * 5 + [0] * 5


def test_an_unknown_explorer_is_refused():
    with pytest.raises(ValueError, match="explorer"):
        OriginalAgent(0, explorer="untried")
