"""Two hundred mistakes in what others bring: each is named at its source, in one line, or by a warning or the doctor.

A mistake is a way to break a percept, an environment or an argument, in one of three worlds, at some step of each
episode. None may hang, none may pass in silence, and none may come up deep inside the agent.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from hall import Hall, see

from procmem_lite import GridWorld, Percept, ProceduralMemoryAgent, SkillLibrary, diagnose, train
from procmem_lite import episodes as episodes_module
from procmem_lite.worlds import gridworld, office

COUNT, ENDLESS = 200, 20_000
SPEAKERS = {"arguments.py", "percepts.py", "episodes.py", "shell.py", "training.py", "doctor.py", "test_mistakes.py"}


class World(NamedTuple):
    """An environment, and what is told of it."""

    make: Callable[[], gym.Env]
    perceive: Callable[[gym.Env], Percept]
    n_actions: int
    has_space: bool = True


WORLDS = {"hall": World(Hall, see, 5), "rooms": World(lambda: GridWorld("rooms", 5), gridworld.perceive, 6),
          "office": World(office.Office, office.perceive, 6, has_space=False)}


class Mine(RuntimeError):
    """Somebody's own error."""


class Broken(gym.Wrapper):
    """An environment that goes wrong: a step (-1: each) brings what ``answer`` makes of it."""

    def __init__(self, env: gym.Env, when: int = -1, answer: Callable[[tuple], Any] | None = None) -> None:
        super().__init__(env)
        self.when, self.answer, self.steps, self.all_steps, self.episodes = when, answer, 0, 0, 0

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """An episode."""
        self.steps, self.episodes = 0, self.episodes + 1
        return super().reset(seed=seed, options=options)

    def step(self, action: int) -> Any:
        """One step; far too many of them are a failure."""
        self.steps, self.all_steps = self.steps + 1, self.all_steps + 1
        assert self.all_steps < ENDLESS, "it hangs"
        told = super().step(action)
        return self.answer(told) if self.answer and self.when in (self.steps, -1) else told


class Case(NamedTuple):
    """A mistake in one world, at one step."""

    world: World
    when: int

    def seen(self, make: Callable[[Percept], Any]) -> Any:
        """All goes well until a step at which the percept is another."""
        def perceive(env: gym.Env) -> Any:
            percept = self.world.perceive(env)
            return make(percept) if env.steps == self.when else percept
        return self.run(perceive=perceive)

    def always(self, make: Callable[[Percept, gym.Env], Percept]) -> Any:
        """A perceive that is wrong all the time."""
        return self.run(perceive=lambda env: make(self.world.perceive(env), env))

    def told(self, answer: Callable[[tuple], Any], always: bool = False) -> Any:
        """Steps bring something else."""
        return self.run(env=Broken(self.world.make(), -1 if always else max(1, self.when), answer))

    def run(self, env: Any = None, perceive: Any = None, n_actions: Any = None, seed: Any = 0, first: Any = 0,
            episodes: Any = 3, **others: Any) -> Any:
        """Make an agent, train it a little, and ask the doctor."""
        env = Broken(self.world.make()) if env is None else env
        n_actions = self.world.n_actions if n_actions is None else n_actions
        agent = ProceduralMemoryAgent(n_actions, perceive or self.world.perceive, seed, **others)
        train(agent, env, episodes, seed=first, progress=False)
        return diagnose(agent, env, episodes=5)

    def spaced(self, space: Any) -> Any:
        """Another action space."""
        env = Broken(self.world.make())
        env.action_space = space
        return self.run(env=env)

    def with_(self, **attributes: Any) -> Any:
        """Other attributes of the environment itself."""
        env = self.world.make()
        for name, value in attributes.items():
            setattr(env, name, value)
        return self.run(env=Broken(env))


def raising(error: Exception) -> Callable[..., Any]:
    """A function that fails."""
    def fail(*_: Any, **__: Any) -> Any:
        raise error
    return fail


async def late(percept: Percept) -> Percept:
    """A percept that has to be waited for."""
    return percept


class Unseeded(Hall):
    """As environments were once written."""

    def reset(self) -> tuple:
        """No seed."""
        return super().reset()


def others(case: Case) -> SkillLibrary:
    """Skills of an agent that knows more actions."""
    class More(Hall):
        action_space = Discrete(7)

        def step(self, action: int) -> tuple:
            return super().step({6: 4, 4: 6}.get(action, action))

    agent = ProceduralMemoryAgent(7, see, seed=0)
    train(agent, More(), 5, progress=False)
    return agent.library


def with_others_skills(case: Case) -> Any:
    """A library that does not fit."""
    agent = ProceduralMemoryAgent(5, see, seed=0)
    agent.memory.library = others(case)
    return train(agent, Broken(Hall()), 3, progress=False)


def other(field: str, value: Any) -> Callable[[Case], Any]:
    """A field of the percept is this, at some step."""
    return lambda case: case.seen(lambda percept: replace(percept, **{field: value}))


def moved(value: Any) -> Callable[[Case], Any]:
    """The displacement of one thing is this, at some step."""
    return lambda case: case.seen(lambda percept: replace(percept, objects=percept.objects | {"exit": value}))


def step(index: int, value: Any) -> Callable[[Case], Any]:
    """A part of what a step returns is this."""
    return lambda case: case.told(lambda told: (*told[:index], value, *told[index + 1:]))


def argument(**what: Any) -> Callable[[Case], Any]:
    """An argument is this."""
    return lambda case: case.run(**what)


class Stale:
    """Looks once, and never again."""

    def __init__(self, perceive: Callable[[gym.Env], Percept]) -> None:
        self.perceive, self.kept = perceive, None

    def __call__(self, env: gym.Env) -> Percept:
        """What there was."""
        self.kept = self.kept or self.perceive(env)
        return self.kept


def longer(percept: Percept) -> Percept:
    """The same with one axis more."""
    return replace(percept, objects={name: (*at, 0) for name, at in percept.objects.items()}, around={})


def as_positions(percept: Percept, env: gym.Env) -> Percept:
    """Where things are, not where they are seen."""
    (row, column), seen = percept.place, percept.objects
    return replace(percept, objects={name: (row + down, column + right) for name, (down, right) in seen.items()})


SPACE = True  # needs a world with space
MISTAKES: dict[str, tuple] = {  # what is wrong: (what it is told by, how it is made, whether it needs space)
    "facts are a text": ("facts:", other("facts", "lit")), "facts are None": ("facts:", other("facts", None)),
    "facts are a dictionary": ("facts:", other("facts", {"lit": True})),
    "facts are lists": ("facts:", other("facts", [["lit"]])), "facts are numbers": ("facts:", other("facts", {1})),
    "a fact is empty": ("facts:", other("facts", {"", "lit"})), "facts are bytes": ("facts:", other("facts", {b"a"})),
    "a fact is the agent's mark": ("perceive: the fact 'success'", other("facts", {"success"})),
    "the goal is a text": ("goal:", other("goal", "lit")), "the goal is None": ("goal:", other("goal", None)),
    "objects are pairs": ("objects:", other("objects", [("lamp", (1, 2))])),
    "objects are numbered": ("objects:", other("objects", {1: (1, 2)})),
    "a displacement is nan": ("objects['exit']:", moved((np.nan, 1))),
    "a displacement is infinite": ("objects['exit']:", moved((1, np.inf))),
    "a displacement is complex": ("objects['exit']:", moved((1j, 2))),
    "a displacement is a text": ("objects['exit']:", moved("ab")),
    "a displacement is one number": ("objects['exit']:", moved(3)),
    "a displacement is empty": ("objects['exit']:", moved(())),
    "a displacement is None": ("objects['exit']:", moved(None)),
    "a displacement is a matrix": ("objects['exit']:", moved(np.zeros((2, 2)))),
    "one displacement is longer": ("objects:", moved((1, 2, 3)), SPACE),
    "all displacements are longer now": (
        "perceive: displacements of 2 numbers are needed, as before, got 3",
        lambda case: Case(case.world, max(1, case.when)).seen(longer), SPACE),
    "all displacements are longer in later episodes": (
        "perceive: displacements of 2 numbers are needed, as before, got 3",
        lambda case: case.always(lambda percept, env: longer(percept) if env.episodes > 2 else percept), SPACE),
    "the place is a list": ("place:", other("place", [1, 2])), "the place is a set": ("place:", other("place", {1})),
    "the place is an array": ("place:", other("place", np.zeros(2))),
    "around is a list": ("around:", other("around", [True, False])),
    "around goes by actions": ("around:", other("around", {0: True, 1: False})),
    "around is counted": ("around[", other("around", {(0, 1): 1})),
    "around has another length": ("around:", other("around", {(0, 0, 1): True}), SPACE),
    "perceive returns nothing": ("perceive: must return a Percept, got NoneType",
                                 lambda case: case.seen(lambda _: None)),
    "perceive returns an array": ("perceive: must return a Percept, got ndarray",
                                  lambda case: case.seen(lambda _: np.zeros(3))),
    "perceive returns facts": ("perceive: must return a Percept, got frozenset",
                               lambda case: case.seen(lambda percept: percept.facts)),
    "perceive returns a pair": ("perceive: must return a Percept, got tuple",
                                lambda case: case.seen(lambda percept: (percept, {}))),
    "perceive returns the class": ("perceive: must return a Percept, got type",
                                   lambda case: case.seen(lambda percept: Percept)),
    "perceive has to be waited for": ("perceive: must return a Percept, got coroutine", lambda case: case.seen(late)),
    "perceive fails": (Mine, lambda case: case.seen(raising(Mine("dark")))),
    "perceive forgets what is wrapped": ("perceive: this environment is wrapped", lambda case: case.run(
        perceive=lambda env: Percept(env.facts))),
    "perceive is a percept": ("perceive: a function", argument(perceive=Percept(frozenset()))),
    "names are missing": ("perceive.actions: ", lambda case: case.run(perceive=named(case, ("up", "down")))),
    "names are counted": ("perceive.actions: ", lambda case: case.run(perceive=named(case, 9))),
    "four values": ("env.step: five values", lambda case: case.told(lambda told: told[:4])),
    "six values": ("env.step: five values", lambda case: case.told(lambda told: (*told, 0))),
    "a dictionary": ("env.step: five values", lambda case: case.told(lambda told: {"reward": told[1]})),
    "nothing": ("env.step: five values", lambda case: case.told(lambda told: None)),
    "the reward is nan": ("env.step, reward:", step(1, np.nan)),
    "the reward is infinite": ("env.step, reward:", step(1, np.inf)),
    "it is None": ("env.step, reward:", step(1, None)), "it is a text": ("env.step, reward:", step(1, "1.0")),
    "it is an array": ("env.step, reward:", step(1, np.zeros(2))), "it is complex": ("env.step, reward:", step(1, 1j)),
    "terminated is None": ("env.step, terminated:", step(2, None)),
    "it is a word": ("env.step, terminated:", step(2, "no")), "it is two": ("env.step, terminated:", step(2, 2)),
    "it is the information": ("env.step, terminated:", step(2, {})),
    "truncated is None": ("env.step, truncated:", step(3, None)),
    "truncated is a word": ("env.step, truncated:", step(3, "False")),
    "truncated is the information": ("env.step, truncated:", step(3, {})),
    "a step fails": (Mine, lambda case: case.told(raising(Mine("broken")))),
    "a reset fails": (Mine, lambda case: case.with_(reset=raising(Mine("broken")))),
    "a reset takes no seed": ("env.reset: it must take a seed", lambda case: case.run(
        env=Unseeded(), n_actions=5, perceive=see)),
    "actions begin with one": ("env: actions numbered from 0", lambda case: case.spaced(Discrete(6, start=1))),
    "actions are several": ("env: numbered actions", lambda case: case.spaced(MultiDiscrete([3, 2]))),
    "actions are continuous": ("env: numbered actions", lambda case: case.spaced(Box(-1, 1, (2,)))),
    "actions are a number": ("env: numbered actions", lambda case: case.spaced(5)),
    "too few actions": ("n_actions: ", lambda case: case.run(n_actions=case.world.n_actions - 1)),
    "too many actions": ("n_actions: ", lambda case: case.run(n_actions=case.world.n_actions + 1)),
    "no actions": ("n_actions: ", argument(n_actions=0)),
    "actions are no whole number": ("n_actions: ", argument(n_actions=2.5)),
    "actions are a text": ("n_actions: ", argument(n_actions="five")),
    "a library of another agent": ("library: skills of an agent with 5 actions", with_others_skills),
    "the shortest path is a text": ("env.optimal_steps:", lambda case: case.with_(optimal_steps=lambda: "4")),
    "the shortest path is nan": ("env.optimal_steps:", lambda case: case.with_(optimal_steps=lambda: np.nan)),
    "the shortest path is below nothing": ("env.optimal_steps:", lambda case: case.with_(optimal_steps=lambda: -1)),
    "the agent's seed is below nothing": ("seed:", argument(seed=-1)), "it is half": ("seed:", argument(seed=0.5)),
    "the first seed is below nothing": ("seed:", argument(first=-1)), "it is text": ("seed:", argument(first="0")),
    "no episodes": ("episodes:", argument(episodes=0)), "episodes are a text": ("episodes:", argument(episodes="3")),
    "the environment is a class": ("env: a Gymnasium environment", argument(env=Hall)),
    "the environment is its name": ("env: a Gymnasium environment", argument(env="CartPole-v1")),
    "the agent is a class": ("agent:", lambda case: train(ProceduralMemoryAgent, case.world.make(), 3, progress=False)),
    "the explorer is not known": ("explorer:", argument(explorer="best")),
    "success is a number": ("succeeded:", argument(succeeded=3)),
    "success is None": ("succeeded:", argument(succeeded=lambda step: None)),
    "success is a reward": ("succeeded:", argument(succeeded=lambda step: step.reward)),
    "it never ends": ("env: no end after", lambda case: case.told(
        lambda told: (0, 0.0, False, False, {}), always=True)),
    "it never looks again": ("the percept never changes", lambda case: case.run(perceive=Stale(case.world.perceive))),
    "it sees positions": ("no object moves", lambda case: case.always(as_positions), SPACE),
    "all is one place": ("the place never changes", lambda case: case.always(
        lambda percept, env: replace(percept, place="here")), SPACE),
    "the place has the time in it": ("the place never comes back", lambda case: case.always(
        lambda percept, env: replace(percept, place=(percept.place, env.steps)))),
    "around is the other way round": ("around is wrong", lambda case: case.always(lambda percept, env: replace(
        percept, around={step: not free for step, free in percept.around.items()})), SPACE),
    "a goal that is no fact": ("the goal is never met", lambda case: case.always(
        lambda percept, env: replace(percept, goal={"Lit"}))),
    "where one is, is a fact": ("facts flip at every step", lambda case: Case(WORLDS["hall"], 0).always(
        lambda percept, env: replace(percept, facts=percept.facts | {f"at {percept.place}"})), SPACE),
    "nothing is paid": ("never a success", lambda case: case.told(lambda told: (0, 0.0, *told[2:]), always=True)),
    "the end costs what a step costs": ("never a success", lambda case: case.told(
        lambda told: (0, -1.0, *told[2:]), always=True)),
    "every end is a success": ("always a success", lambda case: case.told(
        lambda told: (0, 1.0, True, False, {}), always=True)),
    "all actions are one": (("actions do nothing", "no fact flips"), lambda case: case.run(
        env=gym.wrappers.TransformAction(Broken(case.world.make()), lambda action: 0, None))),
}


def named(case: Case, names: Any) -> Callable[[gym.Env], Percept]:
    """A perceive with other names for actions."""
    def perceive(env: gym.Env) -> Percept:
        return case.world.perceive(env)
    perceive.actions = names
    return perceive


def drawn(count: int) -> list[tuple[str, str, int]]:
    """So many mistakes: each at least once, the others by chance, none twice."""
    every = [(name, world, when) for name, (_, _, *space) in MISTAKES.items() for world, made in WORLDS.items()
             if made.has_space or not space for when in (0, 1, 5)]
    mixed = [every[index] for index in np.random.default_rng(0).permutation(len(every))]
    first = list({name: (name, *rest) for name, *rest in mixed}.values())
    return (first + [each for each in mixed if each not in first])[:count]


def lines(case: Case, mistake: Callable[[Case], Any]) -> list[str]:
    """What is said of a mistake: by an error raised at its source, by warnings, by the doctor."""
    found, where = None, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = mistake(case)
        except (TypeError, ValueError, AttributeError) as error:
            said, where = [*getattr(error, "__notes__", ()), str(error)], traceback.extract_tb(error.__traceback__)
    assert {Path(frame.filename).name for frame in where[-1:]} <= SPEAKERS, "an error from deep inside"
    if where:
        return said
    told = [str(each.message) for each in caught if each.category is UserWarning]
    return told + [each.kind for each in getattr(found, "findings", ())]


@pytest.mark.parametrize(("name", "world", "when"), drawn(COUNT), ids=lambda value: str(value))
def test_a_mistake_is_named_in_one_line(name, world, when, monkeypatch):
    monkeypatch.setattr(episodes_module, "LONGEST", 500)
    expected, mistake, *_ = MISTAKES[name]
    case = Case(WORLDS[world], when)
    if expected is Mine:
        with pytest.raises(Mine):
            mistake(case)
        return
    said = lines(case, mistake)
    assert any(each.startswith(expected) for each in said), said
    assert all("\n" not in each and len(each) < 320 for each in said)


def test_there_are_two_hundred_and_all_kinds_are_among_them():
    mistakes = drawn(COUNT)
    assert len({*mistakes}) == COUNT
    assert {name for name, *_ in mistakes} == {*MISTAKES}


@pytest.mark.parametrize("world", WORLDS)
def test_without_a_mistake_nothing_is_said(world):
    assert set(lines(Case(WORLDS[world], 0), Case.run)) <= {"actions do nothing"}, "the office has such a button"
