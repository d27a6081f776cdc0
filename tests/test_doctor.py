"""The doctor: each mistake brings the finding that is about it, and no other; a healthy world brings none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hall import WAYS, Cell, Hall, see

from procmem_lite import GridWorld, Percept, ProceduralMemoryAgent, diagnose, train
from procmem_lite.lab import generated
from procmem_lite.lab.baselines import RandomAgent
from procmem_lite.lab.doctor import Diagnosis
from procmem_lite.lab.findings import HELP, Finding
from procmem_lite.worlds import gridworld, minigrid, office


def look(env: gym.Env, perceive=see, **settings) -> Diagnosis:
    """What the doctor says of a newcomer in a world."""
    return diagnose(ProceduralMemoryAgent(int(env.action_space.n), perceive, seed=0, **settings), env)


def kinds(diagnosis: Diagnosis) -> list[str]:
    """The names of all findings."""
    return [each.kind for each in diagnosis.findings]


class Remembers:
    """A perceive that has a memory."""

    calls = 0

    def __call__(self, env: gym.Env) -> Percept:
        """Look, and remember that."""
        self.calls += 1
        return see(env)


def test_the_agent_is_afterwards_what_it_was_before(tmp_path):
    agent, env = ProceduralMemoryAgent(5, Remembers(), seed=0), Hall()
    train(agent, env, 5, progress=False)
    agent.save(tmp_path / "before")
    calls = agent.perceive.calls
    diagnose(agent, env, episodes=np.int64(2), seed=np.int64(3))
    agent.save(tmp_path / "after")
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
    assert agent.perceive.calls == calls


def test_two_looks_say_the_same_and_another_seed_plays_otherwise():
    one, two, three = (diagnose(ProceduralMemoryAgent(5, see, seed=0), Hall(), 2, seed) for seed in (0, 0, 1))
    assert (one, str(one)) == (two, str(two))
    assert one.steps != three.steps


def test_a_diagnosis_reads_well():
    idle, endless = Finding("actions do nothing", "Of 5 actions 4 did.", False), Finding("no end", "None.")
    diagnosis = Diagnosis((idle, endless), 3, 4000)
    assert diagnosis.wrong == (endless,)
    lines = str(diagnosis).splitlines()
    assert lines[:2] == ["Played 3 episodes, 4,000 steps in all: 1 thing looks wrong.", "no end: None."]
    assert lines[3] == "actions do nothing: Of 5 actions 4 did. (Worth knowing.)"
    assert f"*README, Bring your own environment: {HELP['no end']}*" in diagnosis._repr_markdown_()


@pytest.mark.parametrize("wrong", [RandomAgent(0), None, see, ProceduralMemoryAgent])
def test_who_is_no_agent_is_named(wrong):
    with pytest.raises(TypeError, match="agent: a ProceduralMemoryAgent is needed, got"):
        diagnose(wrong, Hall())


def test_training_without_a_success_says_where_to_ask():
    with pytest.warns(UserWarning, match=r"none of 20 episodes .* diagnose\(agent, env\)"):
        train(ProceduralMemoryAgent(5, see, seed=0, succeeded=lambda step: False), Hall(), 20, progress=False)


# ---------------------------------------------------------------- perceive is wrong


def changed(**how: Any) -> Callable[[gym.Env], Percept]:
    """A perceive of which some fields come out otherwise: each by a function of the hall."""
    return lambda env: replace(see(env), **{field: make(env.unwrapped) for field, make in how.items()})


def things(make: Callable[[Hall, Cell], tuple]) -> Callable[[Hall], dict]:
    """Lamp and exit as something else than their displacement."""
    return lambda hall: {"lamp": make(hall, hall.lamp), "exit": make(hall, hall.exit)}


def turned(hall: Hall, cell: Cell) -> Cell:
    """Rows and columns, but columns and rows at every other step."""
    return hall.from_here(cell)[::-1 if hall.steps % 2 else 1]


def shaken(hall: Hall, cell: Cell) -> tuple:
    """Off by a step or two."""
    return tuple(part + hall.np_random.normal(0, 2) for part in hall.from_here(cell))


def around(mend: Callable[[Cell], Cell]) -> Callable[[Hall], dict]:
    """What is free, elsewhere."""
    return lambda hall: {mend(way): hall.is_free(way) for way in WAYS}


ELSEWHERE = Hall()
ELSEWHERE.reset(seed=0)
PERCEIVE = {
    "the percept never changes": [lambda env: see(ELSEWHERE), lambda env: Percept({"dark"})],
    "no object moves": [changed(objects=things(lambda hall, cell: cell))],
    "displacements jump": [changed(objects=things(turned)), changed(objects=things(shaken))],
    "the place never changes": [changed(place=lambda hall: "hall")],
    "the place never comes back": [changed(place=lambda hall: hall.steps)],
    "around is wrong": [changed(around=around(lambda way: way[::-1])), changed(around=around(lambda way: (-way[0], 0))),
                        changed(around=around(lambda way: (9 * way[0], 9 * way[1]))),
                        changed(around=lambda hall: {way: not hall.is_free(way) for way in WAYS}),
                        changed(around=lambda hall: dict.fromkeys(WAYS, False))],
    "facts flip at every step": [changed(facts=lambda hall: hall.facts | {f"step {hall.steps}"}),
                                 changed(facts=lambda hall: hall.facts | {f"at {hall.me}"}),
                                 lambda env: Percept(see(env).facts | {f"step {env.unwrapped.steps}"})],
    "facts flicker": [changed(facts=lambda hall: hall.facts | ({"tick"} if hall.np_random.random() < 0.5 else set()))],
    "names never come back": [changed(objects=lambda hall: {f"lamp {hall.number}": hall.from_here(hall.lamp),
                                                            "exit": hall.from_here(hall.exit)})],
}


@pytest.mark.parametrize(("kind", "perceive"), [(kind, each) for kind, many in PERCEIVE.items() for each in many])
def test_a_mistake_of_perceive_brings_the_finding_that_is_about_it_and_no_other(kind, perceive):
    assert kinds(look(Hall(), perceive)) == [kind]


# ---------------------------------------------------------------- the environment is wrong, or what is asked of it


class Broken(Hall):
    """A hall that comes out otherwise."""

    def __init__(self, mend: Callable[[Hall, int, tuple], tuple], bound: int = 200, actions: int = 5) -> None:
        self.mend, self.bound, self.action_space = mend, bound, gym.spaces.Discrete(actions)

    def step(self, action: int) -> tuple:
        """As it should be, then as it is."""
        return self.mend(self, action, super().step(action))


def paid(reward: Callable[[bool], float]) -> Callable[[Hall, int, tuple], tuple]:
    """Other rewards, by whether one has got out."""
    return lambda hall, action, told: (0, reward(told[2]), *told[2:])


def never_lit(hall: Hall, action: int, told: tuple) -> tuple:
    """There is nothing to be lit or told."""
    hall.facts = frozenset({"dark"})
    return told


def test_where_no_fact_flips_because_an_action_does_nothing_both_are_told():
    assert kinds(look(Broken(never_lit))) == ["no fact flips", "actions do nothing"]


class Unseeded(Hall):
    """Draws from elsewhere."""

    rng = np.random.default_rng(0)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Another hall at every reset."""
        return super().reset(seed=int(self.rng.integers(10**6)))


class Mud(Hall):
    """Three steps in five sink in, where nobody sees it."""

    def step(self, action: int) -> tuple:
        """Walk or stay."""
        before, told = self.me, super().step(action)
        self.me = before if self.np_random.random() < 0.6 else self.me
        return told


ENVIRONMENTS = {
    "around is wrong": [Mud()],
    "never a success": [Broken(paid(lambda out: 0.0)), Broken(paid(lambda out: -float(not out))),
                        Broken(lambda hall, action, told: (0, told[1], False, told[2] or told[3], {}))],
    "always a success": [Broken(lambda hall, action, told: (0, 1.0, hall.steps == 7, False, {})),
                         Broken(lambda hall, action, told: (0, 1.0, hall.np_random.random() < 0.1, False, {}))],
    "no end": [Broken(lambda hall, action, told: (0, 0.0, False, False, {}), bound=10**9)],
    "actions do nothing": [Broken(lambda hall, action, told: told, actions=7)],
    "the seed is not heard": [Unseeded()],
}


@pytest.mark.parametrize(("kind", "env"), [(kind, each) for kind, many in ENVIRONMENTS.items() for each in many])
def test_a_mistake_of_the_environment_brings_the_finding_that_is_about_it_and_no_other(kind, env):
    assert kinds(look(env)) == [kind]


# ---------------------------------------------------------------- the agent does not fit


def mirrored(env: gym.Env) -> Percept:
    """The other way round: up is down and left is right."""
    percept = see(env)
    return replace(percept, objects={name: (-row, -column) for name, (row, column) in percept.objects.items()},
                   around={(-row, -column): free for (row, column), free in percept.around.items()})


def renamed(env: gym.Env) -> Percept:
    """A lamp under each name, and no other thing."""
    hall = env.unwrapped
    return replace(see(env), objects={"lamp": hall.from_here(hall.exit), "exit": hall.from_here(hall.lamp)})


@pytest.mark.parametrize(("perceive", "found"), [
    (mirrored, ["what was learned does not hold", "skills fail"]),  # who knows the ways wrongly gets nowhere
    (renamed, ["skills fail"])])
def test_of_an_agent_that_has_learned_by_another_perceive_it_is_told(perceive, found):
    agent = ProceduralMemoryAgent(5, see, seed=0)
    train(agent, Hall(), 20, progress=False)
    assert diagnose(agent, Hall()).findings == ()
    agent.perceive = perceive
    assert kinds(diagnose(agent, Hall())) == found


# ---------------------------------------------------------------- healthy worlds


def worlds() -> Iterator[tuple[str, gym.Env, Callable[[gym.Env], Percept], list[str]]]:
    """Worlds in which an agent learns, and what is worth knowing of them."""
    yield "the hall", Hall(), see, []
    for layout in ("fixed", "open", "rooms", "walls"):
        yield layout, GridWorld(layout, 6), gridworld.perceive, []
    key = minigrid.without_view(gym.make("MiniGrid-DoorKey-6x6-v0"))
    yield "MiniGrid's DoorKey, where 'done' does nothing", key, minigrid.perceive, ["actions do nothing"]
    yield "the office, where the button does nothing", office.Office(), office.perceive, ["actions do nothing"]


@pytest.mark.parametrize(("env", "perceive", "known"), [pytest.param(*each, id=name) for name, *each in worlds()])
def test_in_a_healthy_world_nothing_looks_wrong(env, perceive, known):
    diagnosis = look(env, perceive)
    assert kinds(diagnosis) == known
    assert diagnosis.wrong == ()
    assert "nothing wrong seen." in str(diagnosis)


class Quiz(gym.Env):
    """One question, one answer: the colour that is shown."""

    action_space, observation_space, bound = gym.spaces.Discrete(3), gym.spaces.Discrete(1), 1

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """A colour."""
        super().reset(seed=seed)
        self.colour, self.facts = int(self.np_random.integers(3)), frozenset({"asked"})
        return 0, {}

    def step(self, action: int) -> tuple:
        """Right or wrong."""
        self.facts = frozenset({"answered"})
        return 0, float(action == self.colour), True, False, {}


def test_that_every_step_of_a_world_is_new_is_not_wrong_where_episodes_are_short():
    def perceive(env: Quiz) -> Percept:
        return Percept(env.facts | {f"colour {env.colour}"})

    assert look(Quiz(), perceive).wrong == ()


@pytest.mark.parametrize("seed", [0, 1, 2, 6, 8, 10, 14, 16, 23, 25])
def test_in_a_generated_world_nothing_looks_wrong(seed):
    env, perceive = generated.world(seed)
    assert look(env, perceive, succeeded=env.unwrapped.succeeded).wrong == ()


# ---------------------------------------------------------------- the README


def test_the_readme_has_the_line_of_every_finding():
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Bring your own environment")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("| ")][1:] == [
        f"| {kind} | {helps} |" for kind, helps in HELP.items()]
