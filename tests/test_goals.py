"""Goals: a percept may say what is wanted in an episode, and skills serve goals they were never learned for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from test_kinds import TAKE, Room, see

from procmem_lite import Percept, ProceduralMemoryAgent, train
from procmem_lite.percepts import SUCCESS


class Errands(Room):
    """A letter is taken at the thing, a stamp at the exit; what is asked for, the goal says."""

    wanted = ({"letter"}, {"stamp"})

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Another errand."""
        told = super().reset(seed=seed)
        self.goal = frozenset(self.wanted[int(self.np_random.integers(len(self.wanted)))])
        return told

    def takes(self, action: int) -> bool:
        """What is taken is had; all that is asked for ends the errand."""
        self.facts |= {"letter"} if action == TAKE and self.me == self.thing else set()
        self.facts |= {"stamp"} if action == TAKE and self.me == self.exit else set()
        return self.goal <= self.facts


class Both(Errands):
    """The letter and the stamp are asked for, which nobody ever practised together."""

    wanted = ({"letter", "stamp"},)


def told(env: Errands) -> Percept:
    """The room, and what is wanted."""
    return replace(see(env, thing=True), goal=env.goal)


@pytest.mark.parametrize("seed", range(3))
def test_who_has_practised_one_errand_at_a_time_does_both_at_once(seed):
    agent = ProceduralMemoryAgent(5, told, seed)
    assert train(agent, Errands(), 40, progress=False, seed=1000 * seed).steps[-10:].mean() <= 9
    both = [agent.run_episode(Both(), seed=10**6 + n, learn=False) for n in range(20)]
    assert [episode.success for episode in both] == [True] * 20
    assert sum(episode.steps for episode in both) / 20 <= 14, "no longer than one errand after the other"


def test_who_is_told_what_is_wanted_fetches_nothing_else():
    def unasked(perceive: Callable[[Errands], Percept]) -> int:
        agent = ProceduralMemoryAgent(5, perceive, seed=0)
        train(agent, Errands(), 40, progress=False)
        ends = [agent.run_episode(Errands(), seed=10**6 + n, learn=False).percepts[-1].facts for n in range(40)]
        return sum({"letter", "stamp"} <= facts for facts in ends)

    assert unasked(told) == 0
    assert unasked(lambda env: see(env, thing=True)) >= 10, "who is not told guesses"


def test_what_is_wanted_is_the_goal_until_it_holds_and_then_success():
    assert Percept(frozenset()).wanted == {SUCCESS}
    assert Percept(frozenset(), goal=frozenset({"letter"})).wanted == {"letter"}
    assert Percept(frozenset({"letter"}), goal=frozenset({"letter"})).wanted == {SUCCESS}
    assert Percept(frozenset({"letter"}), goal=frozenset({"letter", "stamp"})).wanted == {"letter", "stamp"}


def test_a_goal_is_made_plain_or_named():
    assert Percept(frozenset(), goal=["letter"]).goal == frozenset({"letter"})
    with pytest.raises(TypeError, match="goal: a frozenset of texts is needed, got 'letter'"):
        Percept(frozenset(), goal="letter")
