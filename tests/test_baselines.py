"""Baselines: what each knows, what it reaches, and that all play by the same rules."""

import gymnasium as gym
import numpy as np
import pytest

from procmem_lite import GridWorld, Layout, train
from procmem_lite.lab.baselines import (
    CompassAgent,
    OracleAgent,
    QLearningAgent,
    RandomAgent,
    ScriptedAgent,
    q_learning,
    reaches_goal,
)
from procmem_lite.lab.training import evaluate
from procmem_lite.worlds.gridworld import encode, transition_table

PUBLISHED = Layout(5, (0, 0), (2, 2), (3, 3), (4, 4))
POCKET = Layout.from_text("""
    . . . . . .
    . # # # . .
    K # A . . .
    . # # # . .
    . . . . . .
    D . . . . G""")  # the only way out leads away from the key
EVERYONE = [RandomAgent, ScriptedAgent, CompassAgent, OracleAgent, QLearningAgent]


@pytest.mark.parametrize("kind", EVERYONE)
def test_everyone_keeps_to_the_step_cap_and_plays_the_layout_of_the_seed(kind):
    env = GridWorld("walls", 8, max_steps=15)
    for seed in range(5):
        episode = kind(0).run_episode(env, seed)
        other = GridWorld("walls", 8)
        other.reset(seed=seed)
        assert env.layout == other.layout
        assert episode.steps <= 15
        assert episode.transitions[-1].terminated or episode.transitions[-1].truncated
        assert episode.optimal_steps == other.optimal_steps()


@pytest.mark.parametrize("kind", EVERYONE)
def test_everyone_repeats_itself_from_its_seed(kind):
    first, second = (kind(3).run_episode(GridWorld("walls", 6), 1) for _ in range(2))
    assert [step.action for step in first.transitions] == [step.action for step in second.transitions]


@pytest.mark.parametrize("layout", ["fixed", "open", "rooms", "walls"])
def test_the_oracle_takes_the_shortest_path_everywhere(layout):
    log = evaluate(OracleAgent(0), GridWorld(layout, 9), range(10))
    assert log.optimality.tolist() == [1.0] * 10


def test_the_script_is_perfect_without_walls_and_lost_among_them():
    assert evaluate(ScriptedAgent(0), GridWorld("open", 8), range(20)).optimality.min() == 1
    assert evaluate(ScriptedAgent(0), GridWorld("walls", 8), range(20)).success.mean() < 0.6


def test_the_compass_is_perfect_without_walls_and_a_pocket_holds_it():
    assert evaluate(CompassAgent(0), GridWorld("open", 8), range(20)).optimality.min() == 1
    held = evaluate(CompassAgent(0), GridWorld(POCKET), [0])
    freed = evaluate(CompassAgent(0, remembers=True), GridWorld(POCKET), [0])
    assert not held.success.any()
    assert freed.success.all()


def test_the_compass_never_walks_into_a_wall():
    episode = CompassAgent(0, remembers=True).run_episode(GridWorld("walls", 10), 4)
    assert episode.success
    assert all(step.percept != step.next_percept for step in episode.transitions)


def test_with_a_memory_of_the_episode_every_solvable_layout_is_solved():
    plain = evaluate(CompassAgent(0), GridWorld("walls", 12), range(20))
    remembering = evaluate(CompassAgent(0, remembers=True), GridWorld("walls", 12), range(20))
    assert remembering.success.all()
    assert plain.success.mean() < 1
    assert remembering.optimality.mean() > plain.optimality.mean()


def test_chance_hardly_ever_gets_there():
    assert evaluate(RandomAgent(0), GridWorld("fixed", 5, max_steps=50), range(200)).success.mean() < 0.05


def test_q_learning_gets_from_wandering_to_the_shortest_path():
    agent, env = QLearningAgent(0), GridWorld("fixed", 5)
    log = train(agent, env, 150, progress=False)
    assert log.steps[0] > 50
    assert evaluate(agent, env, range(3)).steps.tolist() == [10] * 3
    assert agent.taken == log.frames[-1]


def test_q_learning_does_not_learn_when_told_not_to():
    agent, env = QLearningAgent(0), GridWorld("fixed", 5)
    for seed in range(5):
        agent.run_episode(env, seed, learn=False)
    assert agent.taken == 0
    assert all(not values.any() for values in agent.values.values())


def test_a_state_number_means_something_else_in_every_layout_and_a_percept_does_not():
    def goal_elsewhere(state: str) -> bool:
        agent = QLearningAgent(0, state=state)
        train(agent, GridWorld(Layout(6, (0, 0), (2, 2), (3, 3), (4, 4))), 150, progress=False)
        moved = Layout(6, (1, 1), (3, 3), (4, 4), (5, 5))  # all one cell further: the same displacements
        return bool(evaluate(agent, GridWorld(moved), [0]).success.all())

    assert goal_elsewhere("percept")
    assert not goal_elsewhere("number")


def test_an_unknown_kind_of_state_is_refused():
    with pytest.raises(ValueError, match="state"):
        QLearningAgent(0, state="map")


def test_another_environment_needs_only_its_own_percepts():
    class Two(gym.Env):
        action_space = gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return 0, {}

        def step(self, action):
            return 0, float(action), action == 1, False, {}

    from procmem_lite import Percept
    episode = RandomAgent(0, n_actions=2, perceive=lambda env: Percept(frozenset())).run_episode(Two())
    assert episode.success
    assert np.isnan(episode.optimality)


# ---------------------------------------------------------------- Q-learning on the table


@pytest.mark.parametrize(("rewards", "solved"), [("original", 0), ("once", 10), ("goal", 10)])
def test_only_a_reward_that_can_be_hacked_is_never_solved(rewards, solved):
    start = encode(5, PUBLISHED.start, False, False)
    runs = [q_learning(transition_table(PUBLISHED, rewards), start, seed, steps=8_000).steps for seed in range(10)]
    assert sum(steps is not None for steps in runs) == solved


def test_paying_the_way_is_faster_than_paying_the_goal_alone():
    start = encode(5, PUBLISHED.start, False, False)

    def median(rewards: str) -> float:
        table = transition_table(PUBLISHED, rewards)
        return float(np.median([q_learning(table, start, seed, steps=8_000).steps for seed in range(10)]))

    assert 300 < median("once") < 1_200
    assert median("goal") > 2 * median("once")


def test_q_learning_on_the_table_repeats_itself_and_finds_the_shortest_path():
    table, start = transition_table(PUBLISHED), encode(5, PUBLISHED.start, False, False)
    first, second, other = (q_learning(table, start, seed, steps=8_000, within=10) for seed in (1, 1, 2))
    assert first.steps == second.steps
    np.testing.assert_array_equal(first.values, second.values)
    assert not np.array_equal(first.values, other.values)
    moves, ends = table.next_state.tolist(), table.terminated.tolist()
    assert reaches_goal(first.values.tolist(), moves, ends, start, 10)
    assert not reaches_goal(first.values.tolist(), moves, ends, start, 9)
