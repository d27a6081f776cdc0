"""Training: what a log holds, that runs repeat, that evaluation leaves no trace, and that a sweep may run anywhere."""

import joblib
import numpy as np
import pytest

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train
from procmem_lite.lab.baselines import RandomAgent
from procmem_lite.lab.training import UNSEEN, evaluate, grid, sweep

ARRAYS = ("steps", "success", "optimality", "total_reward", "library_size", "uses", "exploring", "frames")


def new_agent(seed: int = 0, **settings) -> ProceduralMemoryAgent:
    return ProceduralMemoryAgent(6, perceive, seed, **settings)


def learn(seed: int, size: int = 5) -> dict:
    """What a sweep runs: it must be found by name in another process."""
    log = train(new_agent(seed), GridWorld("open", size), 3, progress=False, seed=seed)
    return {"steps": log.steps.tolist(), "skills": int(log.library_size[-1])}


class Stopped(RandomAgent):
    """Interrupted in its third episode."""

    played = 0

    def run_episode(self, env, seed=None, learn=True):
        self.played += 1
        if self.played == 3:
            raise KeyboardInterrupt
        return super().run_episode(env, seed, learn)


# ---------------------------------------------------------------- the log


def test_a_log_tells_what_its_episodes_tell():
    log = train(new_agent(), GridWorld("rooms", 6), 6, progress=False, keep=True)
    assert len(log) == len(log.episodes) == 6
    for name in ("steps", "success", "optimality", "total_reward"):
        np.testing.assert_array_equal(getattr(log, name), [getattr(each, name) for each in log.episodes])
    np.testing.assert_array_equal(log.exploring, [each.exploring_steps for each in log.episodes])
    np.testing.assert_array_equal(log.frames, np.cumsum([each.steps for each in log.episodes]))
    np.testing.assert_array_equal(log.uses, np.cumsum([len(each.invocations) for each in log.episodes]))


def test_the_library_is_measured_after_each_episode():
    agent, env = new_agent(), GridWorld("open", 5)
    sizes = [(agent.run_episode(env, seed), len(agent.library))[1] for seed in range(4)]
    log = train(new_agent(), env, 4, progress=False)
    assert log.library_size.tolist() == sizes
    assert sizes[0] > 0


def test_episodes_are_kept_only_on_request():
    assert train(new_agent(), GridWorld(), 2, progress=False).episodes == []


def test_each_episode_has_the_seed_after_the_one_before():
    log = train(new_agent(), GridWorld("open", 5), 4, progress=False, seed=30, keep=True)
    assert [each.seed for each in log.episodes] == log.made_by["seeds"] == [30, 31, 32, 33]


def test_the_same_seeds_give_the_same_log_and_others_another():
    logs = [train(new_agent(agent), GridWorld("walls", 6), 5, progress=False, seed=seed)
            for agent, seed in ((0, 0), (0, 0), (1, 0), (0, 50))]
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(logs[0], name), getattr(logs[1], name))
    assert logs[0].steps.tolist() != logs[2].steps.tolist()
    assert logs[0].steps.tolist() != logs[3].steps.tolist()


def test_a_log_says_what_made_it():
    made_by = train(new_agent(7, burst=5), GridWorld("rooms", 6), 2, progress=False).made_by
    assert made_by["versions"]["numpy"] == np.__version__
    assert made_by["agent_seed"] == 7
    assert made_by["agent"]["burst"] == 5
    assert made_by["agent"]["explorer"] == "UntriedExplorer"
    assert (made_by["environment"]["source"], made_by["environment"]["size"]) == ("rooms", 6)
    assert made_by["learn"] is True


def test_an_interrupt_keeps_the_finished_episodes():
    log = train(Stopped(0), GridWorld("open", 4), 10, progress=False)
    assert log.interrupted
    assert len(log) == 2
    assert log.steps.min() > 0
    assert not train(RandomAgent(0), GridWorld("open", 4), 1, progress=False).interrupted


def test_a_silent_run_prints_nothing_and_a_bar_goes_to_stdout(capfd):
    train(new_agent(), GridWorld(), 2, progress=False)
    assert capfd.readouterr() == ("", "")
    train(new_agent(), GridWorld(), 2)
    out, err = capfd.readouterr()
    assert "2/2" in out
    assert err == ""
    sweep(learn, [{}], range(2), n_jobs=1)
    out, err = capfd.readouterr()
    assert "2/2" in out
    assert err == ""
    sweep(learn, [{}], range(2), n_jobs=1, progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("wrong", [{"episodes": 0}, {"episodes": 2.5}, {"episodes": True}, {"seed": -1}])
def test_wrong_numbers_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        train(new_agent(), GridWorld(), progress=False, **{"episodes": 1, **wrong})


def test_what_cannot_play_is_refused():
    with pytest.raises(TypeError, match="run_episode"):
        train("an agent", GridWorld(), 1, progress=False)


# ---------------------------------------------------------------- evaluation


@pytest.mark.parametrize("before", [0, 3])
def test_evaluation_leaves_no_trace(before):
    def later(tested: bool) -> list[int]:
        agent, env = new_agent(), GridWorld("walls", 6)
        for seed in range(before):
            agent.run_episode(env, seed)
        if tested:
            evaluate(agent, env, range(5))
        return train(agent, env, 5, progress=False, seed=3).steps.tolist()

    assert later(tested=True) == later(tested=False)


def test_evaluation_does_not_learn_while_it_runs():
    agent = new_agent()
    assert evaluate(agent, GridWorld("open", 5), range(4)).library_size.tolist() == [0] * 4
    assert evaluate(agent, GridWorld("open", 5), range(4)).made_by["learn"] is False


def test_unseen_layouts_are_beyond_every_training_run():
    assert min(UNSEEN) >= 1_000_000


def test_evaluation_needs_a_seed():
    with pytest.raises(ValueError, match="seeds"):
        evaluate(new_agent(), GridWorld(), [])


# ---------------------------------------------------------------- sweeps


def test_a_grid_has_every_combination():
    assert grid(size=[5, 8], ban=[True, False]) == [
        {"size": 5, "ban": True}, {"size": 5, "ban": False}, {"size": 8, "ban": True}, {"size": 8, "ban": False}]


def test_a_sweep_has_a_row_for_every_setting_and_seed_in_order():
    rows = sweep(learn, grid(size=[4, 5]), iter([3, 1]), n_jobs=1, progress=False)
    assert [(row["size"], row["seed"]) for row in rows] == [(4, 3), (4, 1), (5, 3), (5, 1)]
    assert rows[2]["steps"] == learn(3, 5)["steps"]


def test_a_sweep_does_not_depend_on_where_it_runs():
    alone = sweep(learn, grid(size=[4, 5]), range(2), n_jobs=1, progress=False)
    assert sweep(learn, grid(size=[4, 5]), range(2), n_jobs=2, progress=False) == alone
    with joblib.parallel_config("threading"):
        assert sweep(learn, grid(size=[4, 5]), range(2), n_jobs=2, progress=False) == alone


def test_an_empty_sweep_is_refused():
    with pytest.raises(ValueError, match="settings, seeds"):
        sweep(learn, [], range(3), progress=False)
    with pytest.raises(ValueError, match="settings, seeds"):
        sweep(learn, [{}], [], progress=False)
