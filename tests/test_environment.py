"""The world: Gymnasium's rules, determinism, exact shortest paths, rewards, ends, and what an agent perceives."""

import warnings
from collections import deque
from itertools import product

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import FlattenObservation

from procmem_lite.worlds import gridworld
from procmem_lite.worlds.gridworld import (
    ACTIONS,
    OPEN,
    PICK_UP,
    GridWorld,
    decode,
    encode,
    observations,
    outcomes,
    perceive,
    steps_to_goal,
    transition_table,
)
from procmem_lite.worlds.layouts import LAYOUTS, NEIGHBOURS, Layout

KINDS = pytest.mark.parametrize("kind", LAYOUTS)
REWARDS = pytest.mark.parametrize("rewards", ["once", "original", "goal"])


def world(kind: str = "fixed", size: int = 5, seed: int = 0, **more) -> GridWorld:
    """An environment, reset."""
    env = GridWorld(kind, size=size, **more)
    env.reset(seed=seed)
    return env


def put(env: GridWorld, state: int) -> None:
    """Set the world to one of its states."""
    env.reset()
    env._state = state


# ---------------------------------------------------------------- Gymnasium


@KINDS
@REWARDS
def test_gymnasium_finds_nothing_to_complain_about(kind, rewards):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(GridWorld(kind, rewards=rewards), skip_render_check=True)


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_rendering_passes_the_checks_too(mode):
    env = gym.make("procmem_lite/GridWorld-v0", layout="rooms", render_mode=mode)
    check_env(env.unwrapped)
    env.reset(seed=0)
    picture = env.render()
    if mode == "ansi":
        assert sorted(set(picture) - set(" \n.#")) == ["A", "d", "g", "k", "x"]
    else:
        assert picture.dtype == np.uint8
        assert picture.ndim == picture.shape[2] == 3


def test_it_is_registered_with_all_its_settings():
    env = gym.make("procmem_lite/GridWorld-v0", layout="rooms", size=7, rewards="goal", max_steps=3)
    env.reset(seed=1)
    assert (env.unwrapped.size, env.unwrapped.rewards, env.unwrapped.max_steps) == (7, "goal", 3)


@KINDS
def test_two_worlds_side_by_side_do_the_same(kind):
    one, two = GridWorld(kind, size=7, max_steps=40), GridWorld(kind, size=7, max_steps=40)
    rng = np.random.default_rng(0)
    for seed in [0, 1, None, None, 2]:
        assert one.reset(seed=seed) == two.reset(seed=seed)
        assert one.layout == two.layout
        ended = False
        while not ended:
            action = int(rng.integers(6))
            here, there = one.step(action), two.step(action)
            assert here == there
            assert perceive(one) == perceive(two)
            ended = here[2] or here[3]


def test_a_seed_gives_the_same_layout_whatever_went_before():
    fresh, used = GridWorld("walls"), GridWorld("walls")
    for seed in range(5):
        used.reset(seed=100 + seed)
        used.step(0)
    fresh.reset(seed=7)
    used.reset(seed=7)
    assert fresh.layout == used.layout
    fresh.reset()
    used.reset()
    assert fresh.layout == used.layout, "without a seed the next layout follows from the last seed"
    assert fresh.layout != world("walls", seed=7).layout


@KINDS
def test_flat_observations_reach_a_learner_that_knows_only_gymnasium(kind):
    """Vectors of worlds, each observation one row of numbers within its space, as learners from elsewhere want them."""
    envs = gym.make_vec("procmem_lite/GridWorld-v0", num_envs=3, vectorization_mode="sync",
                        wrappers=[FlattenObservation], vector_kwargs={}, layout=kind, size=6, max_steps=30)
    assert isinstance(envs.single_observation_space, gym.spaces.Box)
    width = 6 * 8 + 2 * 6  # one place for each value of each of the 14 numbers
    assert envs.single_observation_space.shape == (width,)
    seen, _ = envs.reset(seed=0)
    envs.action_space.seed(0)
    ends = 0
    for _ in range(100):
        assert seen.shape == (3, width)
        assert seen in envs.observation_space
        np.testing.assert_array_equal(seen.sum(axis=1), 14)
        seen, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
        assert rewards.shape == (3,)
        ends += int((terminated | truncated).sum())
    assert ends >= 9
    assert len(np.unique(seen, axis=0)) == 3 or kind == "fixed"
    envs.close()


def test_a_learner_written_by_others_learns_this_world():
    others = pytest.importorskip("stable_baselines3", reason="needs the extra `rivals`: PPO by Stable-Baselines3")
    env = FlattenObservation(gym.make("procmem_lite/GridWorld-v0", layout="fixed", size=4, max_steps=60))
    learner = others.PPO("MlpPolicy", env, n_steps=512, seed=0, device="cpu")
    learner.learn(16_000)
    seen, _ = env.reset(seed=0)
    reward, over = 0.0, False
    while not over:
        seen, reward, terminated, truncated, _ = env.step(int(learner.predict(seen, deterministic=True)[0]))
        over = terminated or truncated
    assert terminated
    assert reward > 0


# ---------------------------------------------------------------- dynamics


def by_hand(layout: Layout, state: int, action: int, rewards: str) -> tuple[int, float, bool]:
    """The rules of the world, as the docstring tells them, for one state and one action."""
    cell, has_key, door_open = decode(layout.size, state)
    reward = -0.1
    if action < 4:
        ahead = (cell[0] + NEIGHBOURS[action][0], cell[1] + NEIGHBOURS[action][1])
        inside = all(0 <= part < layout.size for part in ahead)
        if inside and ahead not in layout.walls and (door_open or ahead not in layout.barred):
            cell = ahead
    elif action == PICK_UP and cell == layout.key and not has_key:
        has_key = True
        reward = reward if rewards == "goal" else 1.0
    elif action == OPEN and cell == layout.door and has_key:
        if rewards == "original" or rewards == "once" and not door_open:
            reward = 2.0
        door_open = True
    terminated = cell == layout.goal and door_open
    return encode(layout.size, cell, has_key, door_open), 10.0 if terminated else reward, terminated


@KINDS
@REWARDS
def test_the_table_is_the_rules_for_every_state_and_action(kind, rewards):
    for size, seed in ((4, 0), (5, 1), (6, 2)):
        env = world(kind, size, seed, rewards=rewards)
        table = transition_table(env.layout, rewards)
        for state, action in product(range(size * size * 4), range(len(ACTIONS))):
            expected = by_hand(env.layout, state, action, rewards)
            assert (table.next_state[state, action], table.reward[state, action],
                    table.terminated[state, action]) == expected, (decode(size, state), ACTIONS[action])


@KINDS
@REWARDS
def test_the_table_equals_stepping_the_world_from_every_state(kind, rewards):
    env = world(kind, 5, 3, rewards=rewards)
    layout, table = env.layout, transition_table(env.layout, rewards)
    seen = list(map(tuple, observations(layout).tolist()))
    states, actions = (part.ravel() for part in np.meshgrid(np.arange(100), np.arange(6), indexing="ij"))
    batch = table.step(states, actions)
    for state, action, *expected in zip(states.tolist(), actions.tolist(), *batch, strict=True):
        env.reset(options={"layout": layout})
        env._state = state
        observation, reward, terminated, _, _ = env.step(action)
        assert [env.state, reward, terminated] == expected
        assert observation == seen[env.state]


@KINDS
@REWARDS
@pytest.mark.parametrize("size", [4, 6, 9])
def test_one_state_worked_out_alone_is_its_row_of_the_table(kind, rewards, size):
    layout = world(kind, size, 7).layout
    table = transition_table(layout, rewards)
    for state, row in enumerate(zip(*(part.tolist() for part in table), strict=True)):
        assert outcomes(layout, state, rewards) == list(zip(*row, strict=True)), decode(size, state)


def test_playing_works_out_no_table_and_only_the_states_it_meets(monkeypatch):
    asked = []
    monkeypatch.setattr(gridworld, "transition_table", lambda *whose: asked.append(whose) or transition_table(*whose))
    env = world("rooms", 6, 123_456)
    for action in (0, 1, 2, 3, PICK_UP, OPEN):
        env.step(action)
        perceive(env)
    assert asked == []
    assert sum(known is not None for known in env._known) <= 5
    assert env.table.reward.shape == (6 * 6 * 4, 6)
    assert asked == [(env.layout, "once")]


def test_the_table_is_the_present_layouts_under_the_worlds_own_rewards():
    env = GridWorld("rooms", 6, rewards="original")
    for seed in (0, 1):
        env.reset(seed=seed)
        assert env.table is transition_table(env.layout, "original")


def test_a_state_is_a_number_and_back():
    for size in (4, 9):
        numbers = [encode(size, cell, has_key, door_open) for cell in product(range(size), repeat=2)
                   for has_key in (False, True) for door_open in (False, True)]
        assert numbers == list(range(size * size * 4))
        assert [encode(size, *decode(size, number)) for number in numbers] == numbers


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("size", [4, 5])
def test_the_shortest_path_is_what_a_search_by_stepping_finds(kind, size):
    for seed in range(6):
        env = world(kind, size, seed, max_steps=10_000)
        layout, first = env.layout, env.state
        left, queue, found = {first: 0}, deque([first]), None
        while queue and found is None:
            state = queue.popleft()
            for action in range(6):
                env.reset(options={"layout": layout})
                env._state = state
                _, _, terminated, _, _ = env.step(action)
                if terminated:
                    found = left[state] + 1
                    break
                if env.state not in left:
                    left[env.state] = left[state] + 1
                    queue.append(env.state)
        env.reset(options={"layout": layout})
        assert env.optimal_steps() == found


def test_following_the_shortest_path_counts_down_to_the_goal():
    env, steps = world("rooms", 8, 4), []
    terminated = False
    while not terminated:
        steps.append(env.optimal_steps())
        following = steps_to_goal(env.layout)[env.table.next_state[env.state]]
        action = int(np.argmin(np.where(env.table.terminated[env.state], 0, following)))
        _, _, terminated, _, _ = env.step(action)
    assert steps == list(range(len(steps), 0, -1))


def test_the_published_world_takes_ten_steps_and_pays_twelve_point_three():
    env = world("fixed", 5)
    assert env.optimal_steps() == 10
    walk = [1, 3, 1, 3, PICK_UP, 1, 3, OPEN, 1, 3]
    rewards, ends = zip(*(env.step(action)[1:3] for action in walk), strict=True)
    assert sum(rewards) == pytest.approx(12.3)
    assert ends == (False,) * 9 + (True,)


# ---------------------------------------------------------------- rewards and ends


@pytest.mark.parametrize(("rewards", "expected"), [
    ("once", [2.0, -0.1, -0.1, -0.1]), ("original", [2.0, 2.0, 2.0, -0.1]), ("goal", [-0.1, -0.1, -0.1, -0.1])])
def test_what_the_door_pays_when_it_is_opened_again_and_again(rewards, expected):
    env = world("fixed", rewards=rewards)
    put(env, encode(5, (3, 3), True, False))
    assert [env.step(action)[1] for action in (OPEN, OPEN, OPEN, PICK_UP)] == expected


@pytest.mark.parametrize(("rewards", "expected"), [("once", 1.0), ("original", 1.0), ("goal", -0.1)])
def test_the_key_pays_once(rewards, expected):
    env = world("fixed", rewards=rewards)
    put(env, encode(5, (2, 2), False, False))
    assert [env.step(PICK_UP)[1] for _ in range(2)] == [expected, -0.1]


def test_only_the_goal_with_the_door_open_ends_an_episode():
    env = world("fixed", max_steps=1000)
    for has_key, door_open in product((False, True), repeat=2):
        put(env, encode(5, (4, 3), has_key, door_open))
        _, reward, terminated, truncated, _ = env.step(3)
        assert (terminated, reward) == ((True, 10.0) if door_open else (False, -0.1))
        assert not truncated


@pytest.mark.parametrize("cap", [1, 3, 10])
def test_an_episode_is_cut_off_at_its_last_step_and_not_before(cap):
    env = world("fixed", max_steps=cap)
    assert [env.step(0)[3] for _ in range(cap)] == [False] * (cap - 1) + [True]
    env.reset()
    assert env.step(0)[3] == (cap == 1), "the count starts again with each episode"


def test_reaching_the_goal_at_the_cap_is_an_end_and_no_cut():
    env = world("fixed", max_steps=1)
    put(env, encode(5, (4, 3), True, True))
    assert env.step(3)[2:4] == (True, False)


def test_the_cap_grows_with_the_world():
    assert [GridWorld(size=size).max_steps for size in (4, 5, 16)] == [160, 250, 2560]


@pytest.mark.parametrize("size", [4, 6, 9])
def test_in_rooms_the_goal_is_out_of_reach_while_the_door_is_closed(size):
    for seed in range(20):
        env = world("rooms", size, seed)
        table, frontier = env.table.next_state, {env.state}
        seen = set(frontier)
        while frontier:  # everything that can be done without opening
            frontier = {int(table[state, action]) for state in frontier for action in range(5)} - seen
            seen |= frontier
        assert env.layout.goal not in {decode(size, state)[0] for state in seen}
        assert np.isfinite(env.optimal_steps())


# ---------------------------------------------------------------- what is seen


@KINDS
def test_an_observation_and_a_percept_say_the_same_in_every_state(kind):
    env = world(kind, 5, 2)
    for state, seen in enumerate(map(tuple, observations(env.layout).tolist())):
        env._state = state
        (row, column), has_key, door_open = decode(5, state)
        told = perceive(env)
        blocked = [env.table.next_state[state, action] == state for action in range(4)]
        assert seen == (row, column, has_key, door_open, *env.layout.key, *env.layout.door, *env.layout.goal, *blocked)
        assert seen in env.observation_space
        assert told.facts == {name for name, holds in (("has_key", has_key), ("door_open", door_open)) if holds}
        assert told.place == (row, column)
        expected = {name: (at[0] - row, at[1] - column) for name, at in (
            ("key", env.layout.key), ("door", env.layout.door), ("goal", env.layout.goal))}
        if has_key:
            del expected["key"]
        assert told.objects == expected
        assert told.around == {step: not shut for step, shut in zip(NEIGHBOURS, blocked, strict=True)}


def test_a_percept_holds_no_map():
    """A far wall changes nothing in what an agent may read (the scene is for pictures)."""
    plain, walled = (Layout(8, (0, 0), (1, 1), (2, 2), (3, 3), frozenset(walls)) for walls in ((), {(7, 7), (7, 5)}))
    percepts = []
    for layout in (plain, walled):
        env = GridWorld(layout)
        env.reset()
        told = perceive(env)
        percepts.append((told.facts, told.objects, told.place, told.around))
    assert percepts[0] == percepts[1]


def test_a_layout_by_hand_comes_in_at_the_start_or_at_a_reset():
    layout = Layout.from_text("A K . .\n. . . .\n. D . .\n. . . G")
    env = GridWorld(layout)
    assert env.reset()[0][4:10] == (0, 1, 2, 1, 3, 3)
    other = GridWorld("open", size=4)
    other.reset(seed=0, options={"layout": layout})
    assert other.layout == layout
    other.reset(seed=0)
    assert other.layout != layout


# ---------------------------------------------------------------- what is refused


SMALL = Layout(4, (0, 0), (1, 1), (2, 2), (3, 3))


@pytest.mark.parametrize(("call", "error", "says"), [
    (lambda: GridWorld("maze"), ValueError, "layout: one of .*'walls'.* got 'maze'"),
    (lambda: GridWorld(["open"]), ValueError, "layout: one of"),
    (lambda: GridWorld(size=3), ValueError, "size: a whole number from 4 to 64 is needed, got 3"),
    (lambda: GridWorld(size=5.0), ValueError, "size: .* got 5.0"),
    (lambda: GridWorld(SMALL, size=5), ValueError, "size: 5 contradicts the layout's own size 4"),
    (lambda: GridWorld(rewards="all"), ValueError, "rewards: one of .* got 'all'"),
    (lambda: GridWorld(max_steps=0), ValueError, "max_steps: a positive whole number is needed, got 0"),
    (lambda: GridWorld(max_steps=1.5), ValueError, "max_steps: .* got 1.5"),
    (lambda: GridWorld(max_steps=True), ValueError, "max_steps: .* got True"),
    (lambda: GridWorld(render_mode="human"), ValueError, "render_mode: one of .* got 'human'"),
    (lambda: world().step(6), ValueError, "action: a whole number from 0 to 5 is needed, got 6"),
    (lambda: world().step(-1), ValueError, "action: .* got -1"),
    (lambda: world().step(0.5), ValueError, "action: .* got 0.5"),
    (lambda: world().step("up"), ValueError, "action: .* got 'up'"),
    (lambda: GridWorld().step(0), gym.error.ResetNeeded, r"reset\(\) comes first"),
    (lambda: GridWorld().optimal_steps(), gym.error.ResetNeeded, r"reset\(\) comes first"),
    (lambda: GridWorld().table, gym.error.ResetNeeded, r"reset\(\) comes first"),
    (lambda: perceive(GridWorld()), gym.error.ResetNeeded, r"reset\(\) comes first"),
    (lambda: GridWorld(render_mode="ansi").render(), gym.error.ResetNeeded, r"reset\(\) comes first"),
    (lambda: world().reset(options={"layout": "maze"}), ValueError, "layout: one of .* got 'maze'"),
    (lambda: world().reset(options={"layout": SMALL}), ValueError, "options: the layout's size 4 differs .* 5"),
    (lambda: world().reset(seed=-1), gym.error.Error, "Seed must be greater or equal to zero"),
    (lambda: perceive("world"), TypeError, "env: a GridWorld is needed, got str"),
    (lambda: perceive(gym.make("CartPole-v1")), TypeError, "env: a GridWorld is needed"),
])
def test_bad_input_meets_a_clear_error(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_size_from_an_array_is_a_size():
    env = world("rooms", np.int64(6), 3)
    assert env.layout == world("rooms", 6, 3).layout
    assert all(type(part) is int for cell in (env.layout.start, *env.layout.walls) for part in cell)


def test_a_refused_action_changes_nothing():
    env = world()
    before = env.state, env._steps
    with pytest.raises(ValueError, match="action"):
        env.step(6)
    assert (env.state, env._steps) == before


def test_a_table_refuses_rewards_it_does_not_know():
    with pytest.raises(ValueError, match="rewards: one of .* is needed, got 'twice'"):
        transition_table(Layout.from_text("A K . .\n. . . .\n. D . .\n. . . G"), "twice")
