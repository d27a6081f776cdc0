"""The doctor: each mistake brings the finding that is about it, and no other; a healthy world brings none."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from hall import Hall, see

from procmem_lite import Percept, ProceduralMemoryAgent, diagnose, train
from procmem_lite.lab.doctor import Diagnosis


def look(env: gym.Env, perceive=see, **settings) -> Diagnosis:
    """What the doctor says of a newcomer in a world."""
    return diagnose(ProceduralMemoryAgent(int(env.action_space.n), perceive, seed=0, **settings), env)


def kinds(diagnosis: Diagnosis) -> list[str]:
    """The names of all findings."""
    return [each.kind for each in diagnosis.findings]


# ---------------------------------------------------------------- mistakes of perceive


def stale(env: gym.Env) -> Percept:
    """Looks at another hall."""
    return ELSEWHERE


def without_facts(env: gym.Env) -> Percept:
    """Nothing that holds is told; and the exit is never open."""
    return replace(see(env), facts=frozenset({"hall"}))


def positions(env: gym.Env) -> Percept:
    """Where things are, not where they are seen."""
    hall = env.unwrapped
    return replace(see(env), objects={"lamp": hall.lamp, "exit": hall.exit})


def swapped(env: gym.Env) -> Percept:
    """Rows and columns, and columns and rows at every other step."""
    percept = see(env)
    turned = {name: at[::-1] for name, at in percept.objects.items()}
    return replace(percept, objects=turned if env.unwrapped.steps % 2 else percept.objects)


class Locked(Hall):
    """The lamp cannot be lit."""

    def step(self, action: int) -> tuple:
        """Walk."""
        self.lamp = (-9, -9)
        return super().step(action)


HERE = Hall()
HERE.reset(seed=0)
ELSEWHERE = see(HERE)


@pytest.mark.parametrize(("env", "perceive", "kind"), [
    (Hall(), stale, "the percept never changes"), (Locked(), without_facts, "no fact flips"),
    (Hall(), positions, "no object moves"), (Hall(), swapped, "displacements jump")])
def test_a_mistake_brings_the_finding_that_is_about_it_and_no_other(env, perceive, kind):
    assert kinds(look(env, perceive)) == [kind]


def test_of_a_healthy_world_nothing_is_said():
    diagnosis = look(Hall())
    assert diagnosis.findings == ()
    assert str(diagnosis).endswith("nothing wrong seen.")


def test_the_agent_is_afterwards_what_it_was_before(tmp_path):
    agent, env = ProceduralMemoryAgent(5, see, seed=0), Hall()
    train(agent, env, 5, progress=False)
    for name in ("before", "after"):
        agent.save(tmp_path / name)
        diagnose(agent, env, episodes=np.int64(2), seed=np.int64(3))
    agent.save(tmp_path / "after")
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()
