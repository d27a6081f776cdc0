"""Silence is a fault: a mistake in a percept, a world or an argument is refused where it is made, in one line."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Paperwork

from procmem_lite import episodes as episodes_module
from procmem_lite.agent import ProceduralMemoryAgent, SequenceAgent
from procmem_lite.arguments import LARGEST_NUMBER
from procmem_lite.episodes import Episode, Play
from procmem_lite.lab.baselines import RandomAgent
from procmem_lite.lab.original import Moved, OriginalAgent
from procmem_lite.lab.training import ENOUGH, evaluate, train
from procmem_lite.percepts import SUCCESS, Percept, Transition
from procmem_lite.replay import Drive
from procmem_lite.worlds import gridworld
from procmem_lite.worlds.gridworld import GridWorld

GOOD = {"facts": frozenset({"lamp on"}), "objects": {"lamp": (2, -1), "well": (0.5, 3)}, "place": (0, 3),
        "around": {(1, 0): True, (0, 1): "mud"}}


def refused(call: Callable[[], Any], *names: str) -> str:
    """What a call is refused with: one short line that begins with one of the names."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    said = str(caught.value)
    assert said.startswith(names), said
    assert "\n" not in said
    assert len(said) < 320
    return said


# ---------------------------------------------------------------- percepts: what is refused


NO_NUMBER = st.sampled_from([np.nan, np.inf, -np.inf, np.float32("nan"), None, True, np.True_, "1", 1j, (1,), 10**400,
                             -2.0**60, LARGEST_NUMBER + 1, np.uint64(2**63)])
NO_TEXT = st.sampled_from([None, 3, 0.5, True, b"lamp", ("lamp",), frozenset({"lamp"}), "", "\ud800", Enum("E", "a").a])
NO_DISPLACEMENT = st.one_of(
    st.sampled_from([3, 0.5, None, "ab", b"ab", (), [], np.array(2), np.zeros((1, 2)), np.array([]), {1, 2}, {1: 2},
                     range(2), np.array(["a", "b"]), np.array([True, False]), (1, 2, 3), [4]]),
    st.tuples(st.integers(-9, 9), NO_NUMBER), st.tuples(NO_NUMBER, st.floats(-9, 9)).map(list))
NO_STEP = NO_DISPLACEMENT.filter(lambda value: getattr(value, "__hash__", None) and not isinstance(value, np.ndarray))
NO_GROUND = st.sampled_from([0, 1, None, 1.0, "", "\udc80", (True,), [], np.nan, np.array([True, True])])
NO_MAPPING = st.sampled_from([None, 3, "lamp", ["lamp"], {"lamp"}, [("lamp", (1, 2))], np.zeros(2)])
WRONG = st.one_of(
    st.tuples(st.just("facts"), st.one_of(
        st.sampled_from(["lamp on", b"lamp", None, 3, {"lamp on": True}, np.array(["lamp on"])]),
        NO_TEXT.map(lambda value: frozenset({"lamp on", value})), NO_TEXT.map(lambda value: ["lamp on", value]),
        st.just([["lamp on"]]))),
    st.tuples(st.just("objects"), st.one_of(
        NO_MAPPING, NO_TEXT.map(lambda name: {"well": (1, 2), name: (1, 2)}),
        NO_DISPLACEMENT.map(lambda value: {"well": (1, 2), "lamp": value}),
        NO_DISPLACEMENT.map(lambda value: {"lamp": value, "well": (1, 2)}))),
    st.tuples(st.just("place"), st.sampled_from([[1, 2], {1}, {1: 2}, np.zeros(2), (1, [2]), ({"a"},)])),
    st.tuples(st.just("around"), st.one_of(
        NO_MAPPING, NO_STEP.map(lambda step: {(1, 0): True, step: True}),
        NO_GROUND.map(lambda ground: {(1, 0): True, (0, 1): ground}))))


@settings(max_examples=200)
@given(WRONG)
def test_whatever_is_wrong_with_a_percept_is_named_when_it_is_made(mistake):
    field, value = mistake
    refused(lambda: Percept(**GOOD | {field: value}), field)


@settings(max_examples=40)
@given(WRONG, st.integers(0, 4), st.sampled_from([ProceduralMemoryAgent, SequenceAgent, RandomAgent]))
def test_and_reaches_whoever_plays_unchanged_at_any_step(mistake, when, kind):
    field, value = mistake

    def see(env: gym.Env) -> Percept:
        return Percept(**GOOD | ({field: value} if env.unwrapped.steps == when else {}))

    refused(lambda: player(kind, perceive=see).run_episode(World()), field)


@pytest.mark.parametrize("wrong", [
    {"objects": {"a": (1, 2), "b": (1,)}}, {"objects": {"a": (1,), "b": (1, 2)}}, {"objects": {"a": (1,)},
    "around": {(1, 0): True}}, {"around": {(1, 0): True, (1,): True}}, {"objects": {"a": np.arange(2), "b": [1]}}])
def test_displacements_of_several_lengths_are_named(wrong):
    assert "lengths [1, 2]" in refused(lambda: Percept(frozenset(), **wrong), "objects", "around")


def test_a_refusal_says_what_is_needed_and_what_it_got():
    assert refused(lambda: Percept("lamp on"), "facts") == "facts: a frozenset of texts is needed, got 'lamp on'"
    assert "got [0, 3]" in refused(lambda: Percept(frozenset(), place=[0, 3]), "place")
    assert "['lamp']: a finite number is needed, got nan" in refused(
        lambda: Percept(frozenset(), {"lamp": (np.nan, 1)}), "objects")
    assert "such as (2, -1), got 3" in refused(lambda: Percept(frozenset(), {"lamp": 3}), "objects['lamp']")


# ---------------------------------------------------------------- percepts: what is made plain


class Thing(StrEnum):
    """Names as some worlds keep them."""

    LAMP = "lamp"


@pytest.mark.parametrize("given_", [
    GOOD, GOOD | {"facts": ["lamp on"]}, GOOD | {"facts": {"lamp on"}}, GOOD | {"facts": ("lamp on", "lamp on")},
    GOOD | {"facts": {np.str_("lamp on")}}, GOOD | {"objects": {"lamp": [2, -1], "well": np.array([0.5, 3])}},
    GOOD | {"objects": {Thing.LAMP: (np.int64(2), np.float32(-1)), "well": (np.float16(0.5), np.uint8(3))}},
    GOOD | {"objects": MappingProxyType(GOOD["objects"]), "around": OrderedDict(GOOD["around"])},
    GOOD | {"around": {(np.int64(1), 0): np.True_, (0, np.int8(1)): np.str_("mud")}},
    GOOD | {"place": (np.int64(0), 3)},
])
def test_what_can_be_made_plain_is(given_):
    percept = Percept(**given_)
    assert percept == Percept(**GOOD)
    displacements = [*percept.objects.values(), *percept.around]
    assert {type(each) for each in displacements} == {tuple}
    assert {type(part) for each in displacements for part in each} <= {int, float}
    assert {type(percept.facts), type(percept.objects), type(percept.around)} == {frozenset, dict}
    assert {type(value) for value in percept.around.values()} <= {bool, str, np.str_}


@pytest.mark.parametrize("kind", [set, frozenset])
def test_a_percept_is_taken_as_it_was_when_the_world_goes_on_changing_its_own(kind):
    facts, objects, around = kind({"lamp on"}), {}, {}
    percept = Percept(facts, objects, around=around)
    if kind is set:
        facts.add("late")
    objects["lamp"] = (1, 2)
    around[1, 0] = False
    assert percept == Percept(frozenset({"lamp on"}))


def test_an_agent_whose_world_speaks_numpy_learns_is_saved_and_comes_back(tmp_path):
    def see(env: gym.Env) -> Percept:
        seen = gridworld.perceive(env)
        return Percept(set(seen.facts), {name: np.array(at) for name, at in seen.objects.items()},
                       tuple(np.array(seen.place)), {tuple(np.array(step)): np.bool_(free)
                                                     for step, free in seen.around.items()})

    logs = []
    for perceive in (see, gridworld.perceive):
        agent = ProceduralMemoryAgent(6, perceive, seed=0)
        logs.append(train(agent, GridWorld("rooms", 5), 4, progress=False).steps.tolist())
        agent.save(tmp_path / f"{perceive.__name__}.json")
        ProceduralMemoryAgent.load(tmp_path / f"{perceive.__name__}.json", perceive)
    assert logs[0] == logs[1]
    assert (tmp_path / "see.json").read_bytes() == (tmp_path / "perceive.json").read_bytes()


# ---------------------------------------------------------------- worlds


THREE = Discrete(3)


class World(gym.Env):
    """Three actions; the third in a row of the last one ends it with a reward. ``answers`` replaces some answers."""

    observation_space = Discrete(1)

    def __init__(self, space: gym.Space | None = THREE, answers: dict[int, Any] | None = None,
                 bound: int = 300) -> None:
        if space is not None:
            self.action_space = space
        self.answers, self.bound = answers or {}, bound

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.steps = self.row = 0
        return 0, {}

    def step(self, action: int) -> Any:
        self.steps += 1
        self.row = self.row + 1 if action == 2 else 0
        done = self.row == 3
        return self.answers.get(self.steps, (0, float(done), done, not done and self.steps == self.bound, {}))


def see_row(env: gym.Env) -> Percept:
    """How often the last action was taken in a row."""
    return Percept(frozenset({f"row {env.unwrapped.row}"}))


def player(kind: type, n_actions: int = 3, perceive: Callable[[gym.Env], Percept] = see_row, **others) -> Any:
    """An actor of some kind."""
    return kind(seed=0, n_actions=n_actions, perceive=perceive, **others)


KINDS = st.sampled_from([ProceduralMemoryAgent, SequenceAgent, RandomAgent])
BAD_ANSWERS = st.one_of(
    st.tuples(st.just("env.step, reward"), st.sampled_from(
        [np.nan, np.inf, None, "1", 1j, [], np.array([1.0, 2.0]), np.float32("nan"), -1e300]).map(
        lambda reward: (0, reward, False, False, {}))),
    st.tuples(st.just("env.step, terminated"), st.sampled_from([None, "no", 2, 0.5, [], np.array([True, False])]).map(
        lambda flag: (0, 0.0, flag, False, {}))),
    st.tuples(st.just("env.step, truncated"), st.sampled_from([None, "False", -1, {}, np.array([])]).map(
        lambda flag: (0, 0.0, False, flag, {}))),
    st.tuples(st.just("env.step:"), st.sampled_from([None, 0, (0, 0.0, False, {}), (0, 0.0), "abcde", range(5)])))


@settings(max_examples=80)
@given(BAD_ANSWERS, st.integers(1, 3), KINDS)
def test_whatever_is_wrong_with_what_a_step_returns_is_named(mistake, when, kind):
    name, answer = mistake
    refused(lambda: player(kind).run_episode(World(answers={when: answer})), name)


@settings(max_examples=30)
@given(st.sampled_from([None, {}, "row 0", (frozenset(), {}), Percept]), st.integers(0, 4), KINDS)
def test_what_is_no_percept_is_named_at_any_step(wrong, when, kind):
    def see(env: gym.Env) -> Any:
        return wrong if env.unwrapped.steps == when else see_row(env)

    refused(lambda: player(kind, perceive=see).run_episode(World()), "perceive: must return a Percept")


SPACES = st.sampled_from([None, Discrete(3, start=1), Discrete(3, start=-1), Discrete(2), Discrete(4), Discrete(7),
                          Box(-1, 1, (2,)), MultiDiscrete([3, 2]), gym.spaces.MultiBinary(3), "three"])


@settings(max_examples=60)
@given(SPACES, KINDS)
def test_actions_that_are_not_the_agents_are_named_before_the_first_step(space, kind):
    env = World(space)
    said = refused(lambda: player(kind).run_episode(env), "env", "n_actions")
    assert env.steps == 0
    if isinstance(space, Discrete):
        assert f"Discrete({space.n})" in said if space.start else f"n_actions={space.n}" in said


def test_what_a_refusal_advises_helps():
    shifted = gym.wrappers.TransformAction(World(), lambda action: action - 1, Discrete(3, start=1))
    refused(lambda: player(RandomAgent).run_episode(shifted), "env: actions numbered from 0")
    mended = gym.wrappers.TransformAction(shifted, lambda action: action + 1, Discrete(3))
    assert train(player(ProceduralMemoryAgent), mended, 6, progress=False).steps[-1] == 3
    assert player(ProceduralMemoryAgent, 4).run_episode(World(Discrete(4))).success


def test_who_watches_or_plays_another_game_goes_on_as_before():
    assert OriginalAgent(0, salt=0).run_episode(Moved(GridWorld()), 0).steps
    assert RandomAgent(0).run_episode(GridWorld(), 0).steps
    drive = Drive(GridWorld(), seed=np.int64(2))
    assert (drive.episode.seed, type(drive.seed)) == (2, int)
    pupil = ProceduralMemoryAgent(5, gridworld.perceive, seed=0)
    refused(lambda: Drive(GridWorld(), pupil), "n_actions: the environment has 6 actions, not 5")


def test_the_error_of_a_perceive_that_fails_is_its_own():
    class Dark(RuntimeError):
        """Nothing can be seen."""

    failure = Dark("no light")

    def see(env: gym.Env) -> Percept:
        raise failure

    for space in (Discrete(3), Discrete(5), Box(0, 1)):
        with pytest.raises(Dark) as caught:
            player(ProceduralMemoryAgent, perceive=see).run_episode(World(space))
        assert caught.value is failure


@pytest.mark.parametrize("action", [3, -1, True, 1.0, "1", None, np.nan])
def test_an_action_that_there_is_not_is_refused(action):
    play = Play(World(), see_row)
    refused(lambda: play.step(action), "action: a whole number from 0 to 2")
    assert (play.episode.steps, play.env.steps) == (0, 0)


@pytest.mark.parametrize("flag", [bool, np.bool_, int, np.int8, float, np.array, lambda over: np.array([over])])
@pytest.mark.parametrize("reward", [int, float, bool, np.bool_, np.float32, np.int64, np.array,
                                    lambda won: np.ones(1) * won])
def test_what_stands_for_a_number_or_a_truth_value_will_do(flag, reward):
    play = Play(World(answers={1: (0, reward(0), flag(False), flag(False), {}),
                               2: (0, reward(1), flag(True), flag(False), {})}), see_row)
    steps = [play.step(0), play.step(np.int64(1))]
    assert [(step.reward, step.terminated, step.truncated) for step in steps] == [(0, False, False), (1, True, False)]
    assert {type(value) for step in steps for value in step[1:3] + step[4:6]} == {int, float, bool}
    assert play.episode.success


def test_a_lesson_with_steps_that_nobody_can_take_is_named():
    good = Transition(Percept(frozenset()), 1, 0.0, Percept(frozenset()))
    agent = player(ProceduralMemoryAgent)
    for wrong in (good._replace(action=3), good._replace(action=1.0), good._replace(action=True), tuple(good),
                  good._replace(reward=np.nan)):
        refused(lambda wrong=wrong: agent.learn_from(Episode([good, wrong])), "episode:")
    assert agent.learn_from(Episode([good])) == 0


# ---------------------------------------------------------------- success


@pytest.mark.parametrize("when", [0, 2])
@pytest.mark.parametrize("kind", [ProceduralMemoryAgent, RandomAgent])
def test_no_world_can_set_the_agents_mark(when, kind):
    def see(env: gym.Env) -> Percept:
        return Percept(frozenset({SUCCESS} if env.unwrapped.steps == when else ()))

    said = refused(lambda: player(kind, perceive=see).run_episode(World()), "perceive: the fact 'success'")
    assert "rename this fact" in said
    assert "succeeded=" in said


def test_a_fact_that_is_only_like_it_is_free():
    log = train(player(ProceduralMemoryAgent, perceive=lambda env: Percept({f"success {env.unwrapped.row}"})), World(),
                8, progress=False)
    assert log.steps[-2:].tolist() == [3, 3]


@pytest.mark.parametrize("verdict", [None, 0, 1, 1.0, "yes", np.int64(1), [], np.array([True, False])])
def test_a_judge_must_say_true_or_false(verdict):
    agent = player(ProceduralMemoryAgent, succeeded=lambda step: verdict)
    refused(lambda: agent.run_episode(World()), "succeeded: True or False is needed")


@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_a_judge_may_speak_numpy(kind):
    agent = player(ProceduralMemoryAgent, succeeded=lambda step: kind(step.reward >= 1))
    assert agent.run_episode(World()).success


def warned(call: Callable[[], Any]) -> list[str]:
    """The warnings of a call, were none of them held back."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert {each.category for each in caught} <= {UserWarning}
    return [str(each.message) for each in caught]


class Pole(World):
    """Every step is paid until it falls, whatever one does."""

    def step(self, action: int) -> Any:
        self.steps += 1
        return 0, 1.0, bool(self.np_random.random() < 0.2), False, {}


def paid(reward: float) -> World:
    """A world that ends with its first step."""
    return World(answers={1: (0, reward, True, False, {})})


def test_training_in_which_success_means_nothing_warns_once():
    def said(env: gym.Env, episodes: int = ENOUGH, **others) -> list[str]:
        return warned(lambda: train(player(ProceduralMemoryAgent, **others), env, episodes, progress=False))

    never, always = f"none of {ENOUGH} episodes", f"every one of {ENOUGH} episodes counted as a success, whatever"
    for env, others, begins in (
            (paid(-1), {}, never), (World(bound=2), {}, never), (World(), {"succeeded": lambda step: False}, never),
            (paid(1), {}, always), (Pole(), {"perceive": lambda env: Percept(frozenset())}, always),
            (World(), {"succeeded": lambda step: True}, None)):
        heard = said(env, **others)
        assert len(heard) == (begins is not None), heard
        assert all(each.startswith(begins) for each in heard)
        assert all("terminates with a positive reward" in each and "succeeded=" in each for each in heard)
    assert said(paid(-1), ENOUGH - 1) == []


def test_the_line_that_called_train_is_warned():
    with pytest.warns(UserWarning, match="none of") as caught:
        train(player(SequenceAgent), paid(0), ENOUGH, progress=False)
    assert [each.filename for each in caught] == [__file__]


def test_ordinary_training_and_any_evaluation_are_silent():
    assert warned(lambda: train(ProceduralMemoryAgent(6, gridworld.perceive, seed=0), GridWorld(), 20,
                                progress=False)) == []
    assert warned(lambda: train(ProceduralMemoryAgent(5, Paperwork.perceive, seed=0), Paperwork(), 20,
                                progress=False)) == []
    assert warned(lambda: evaluate(player(ProceduralMemoryAgent), paid(-1), range(20))) == []
    assert warned(lambda: train(player(RandomAgent), paid(-1), 20, progress=False)) == [], "it has no succeeded="


# ---------------------------------------------------------------- an end to every episode


@pytest.mark.parametrize("kind", [ProceduralMemoryAgent, RandomAgent])
def test_an_episode_without_an_end_is_cut_off_and_a_warning_says_so(kind, monkeypatch):
    monkeypatch.setattr(episodes_module, "LONGEST", 50)
    played = []
    never = World(Discrete(2), bound=0)
    said = warned(lambda: played.append(player(kind, 2).run_episode(never)))
    episode = played[0]
    assert (episode.steps, episode.transitions[-1].truncated, episode.success) == (50, True, False)
    assert len(said) == 1
    assert said[0].startswith("env: no end after 50 steps")
    assert "max_steps=" in said[0]


def test_who_sets_a_bound_is_not_warned_even_if_it_is_a_long_one(monkeypatch):
    monkeypatch.setattr(episodes_module, "LONGEST", 50)
    agent = player(ProceduralMemoryAgent, 2)
    long = World(Discrete(2), bound=70)
    assert warned(lambda: agent.run_episode(World(Discrete(2), bound=0), max_steps=60)) == []
    assert warned(lambda: agent.run_episode(World(Discrete(2), bound=50))) == []
    for env in (gym.wrappers.TimeLimit(long, 60), gym.wrappers.TimeLimit(gym.wrappers.TimeLimit(long, 60), 65)):
        assert warned(lambda env=env: RandomAgent(0, 2, see_row).run_episode(env)) == []
        assert RandomAgent(0, 2, see_row).run_episode(env).steps == 60
    blind = ProceduralMemoryAgent(6, lambda env: Percept(frozenset()), seed=0, explorer="random")
    assert warned(lambda: blind.run_episode(GridWorld("open", 16, max_steps=80), seed=1)) == []
    assert episodes_module.stated_bound(GridWorld("open", 40)) == 16_000


def test_the_bound_is_one_that_no_chapter_comes_near():
    assert episodes_module.LONGEST == 10_000


# ---------------------------------------------------------------- NumPy's whole numbers


def test_numpys_whole_numbers_are_whole_numbers(tmp_path):
    i = np.int64
    made = []
    for number in (int, i, np.uint8):
        env = GridWorld("rooms", number(6), max_steps=number(200))
        agent = ProceduralMemoryAgent(number(6), gridworld.perceive, number(3), burst=number(8), trust=number(4))
        log = train(agent, env, episodes=number(5), seed=number(7), progress=False)
        evaluate(agent, env, [number(1)])
        agent.run_episode(env, seed=number(9), max_steps=number(30))
        agent.save(tmp_path / "agent.json")
        made.append((log.steps.tolist(), log.made_by["seeds"], (tmp_path / "agent.json").read_bytes()))
    assert made[0] == made[1] == made[2]
    assert RandomAgent(i(0), i(6)).run_episode(GridWorld(), i(4)).seed == 4
    play = Play(GridWorld(), gridworld.perceive, i(3), i(7))
    assert [type(value) for value in (play.episode.seed, play.max_steps)] == [int, int]
    lesson = [step._replace(action=np.int64(step.action), reward=np.float32(step.reward))
              for step in RandomAgent(0).run_episode(GridWorld("open", 4), 0).transitions]
    pupil = ProceduralMemoryAgent(6, gridworld.perceive, seed=0)
    pupil.learn_from(Episode(lesson))
    pupil.save(tmp_path / "pupil.json")
    assert len(ProceduralMemoryAgent.load(tmp_path / "pupil.json", gridworld.perceive).library) == len(pupil.library)


@pytest.mark.parametrize(("call", "name"), [
    (lambda: Play(World(), see_row, seed=-1), "seed"), (lambda: Play(World(), see_row, seed=1.5), "seed"),
    (lambda: Play(World(), see_row, seed="3"), "seed"), (lambda: Play(World(), 3), "perceive"),
    (lambda: Play(World(), see_row, max_steps=np.float64(3)), "max_steps"),
    (lambda: evaluate(player(RandomAgent), World(), [1.5]), "seeds"),
    (lambda: evaluate(player(RandomAgent), World(), [np.nan]), "seeds"),
    (lambda: player(RandomAgent, "three").run_episode(World()), "n_actions"),
    (lambda: player(RandomAgent, 3.0).run_episode(World()), "n_actions"),
    (lambda: Drive(GridWorld(), seed=0.5), "seed"),
])
def test_other_numbers_are_named(call, name):
    refused(call, name)
