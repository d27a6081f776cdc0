"""Chapter 12: values over skills - an actor that learns which of its skills pays, and a planner's optimum beside it.

decision   where a choice is made: facts and place        (frozenset({"lamp lit"}), (0, 3))
worth      what a choice has brought, steps included      worth[decision][choice]; a choice is an action or a shelf
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent, Run, choose, close, use
from ..episodes import Choice, Episode, Play, rollout
from ..library import Shelf
from ..percepts import Percept, Transition
from ..skills import Operator
from .learning import NEAR, Learned, Watch
from .option import Table

Decision = Hashable
SWEEPS = 10_000  # of value iteration at most


def by_place(percept: Percept) -> Decision:
    """Facts and place: all that counts in one layout."""
    return percept.facts, percept.place


def by_facts(percept: Percept) -> Decision:
    """Facts alone: what can be the same in another layout."""
    return percept.facts


class Chooser(Run):
    """An actor that has an agent's skills, and Q-learning in the place of its planner.

    A use of a skill teaches at its end, and every later part of it is a use too; each of its steps teaches the action
    that was taken, where actions may be chosen as well.

    Args:
        agent: whose skills; nothing of it changes.
        actions: may single actions be chosen too?
        decision: percept -> what counts in choosing.
        hope: what is expected of a choice that was never made; more than anything can bring, and all is tried.
        alpha, gamma, epsilon: learning rate, discount, share of random choices.
    """

    def __init__(self, agent: ProceduralMemoryAgent, seed: int = 0, actions: bool = True,
                 decision: Callable[[Percept], Decision] = by_place, hope: float = 0.0, alpha: float = 0.5,
                 gamma: float = 0.99, epsilon: float = 0.1) -> None:
        super().__init__(agent)
        self.rng, self.actions, self.decision = np.random.default_rng(seed), actions, decision
        self.hope, self.alpha, self.gamma, self.epsilon = hope, alpha, gamma, epsilon
        self.worth: dict[Decision, dict[int | Operator, float]] = {}
        self.taken = 0

    def begin(self, play: Play, learn: bool) -> None:
        """A new episode; its agent's memory is frozen, whatever the chooser learns."""
        super().begin(play, learn=False)
        self.learns, self.stretch, self.chosen = learn, [], None

    def shelves(self) -> list[Shelf]:
        """The shelves from which something can be used now."""
        facts = self.percept.facts
        return [shelf for shelf in self.memory.library.shelves.values()
                if shelf.operator.applies(facts) and choose(self, shelf)]

    def options(self) -> list[int | Operator]:
        """What may be chosen now; actions where nothing else is left."""
        skills = [shelf.operator for shelf in self.shelves()]
        return [*range(self.agent.n_actions), *skills] if self.actions or not skills else skills

    def row(self, percept: Percept) -> dict[int | Operator, float]:
        """The worth of all that has been chosen in a situation."""
        return self.worth.setdefault(self.decision(percept), {})

    def best(self, percept: Percept) -> float:
        """The worth of the best choice there is now."""
        row = self.row(percept)
        return max(row.get(option, self.hope) for option in self.options())

    def pick(self) -> int | Operator:
        """Mostly the best choice; ties are drawn."""
        options, row = self.options(), self.row(self.percept)
        if self.learns and self.rng.random() < self.epsilon:
            return options[int(self.rng.integers(len(options)))]
        worth = [row.get(option, self.hope) for option in options]
        ties = [option for option, value in zip(options, worth, strict=True) if value == max(worth)]
        return ties[int(self.rng.integers(len(ties))) if self.learns else 0]

    def act(self, play: Play) -> Choice:
        """Go on with what is in control; choose where nothing is."""
        while True:
            if self.using is None:
                self.chosen = self.pick()
                if not isinstance(self.chosen, Operator):
                    return Choice(self.chosen)
                shelf = self.memory.library.shelves[self.chosen]
                use(self, shelf, choose(self, shelf))
            action = self.using.act(self.percept)
            if action is not None:
                return Choice(action, len(play.episode.invocations) - 1)
            close(self, self.using.reason)
            self.learn_stretch()

    def observe(self, step: Transition) -> None:
        """Note a step; learn where a choice has come to its end."""
        super().observe(step)
        self.stretch.append(step)
        if self.using is None:
            self.learn_stretch()

    def end(self) -> None:
        """Close what is still in control."""
        super().end()
        self.learn_stretch()

    def learn_stretch(self) -> None:
        """One finished choice, from its last step back: what each of its parts was worth."""
        stretch, self.stretch = self.stretch, []
        if not self.learns:
            return
        if not stretch and not self.play.over:  # it could not start: then it is worth what else there is
            self.correct(self.row(self.percept), self.chosen, self.best(self.percept))
        if not stretch:
            return
        self.taken += len(stretch)
        ended = stretch[-1].terminated
        future = gained = 0.0 if ended else self.best(self.percept)
        for step in reversed(stretch):
            gained = step.reward + self.gamma * gained
            row = self.row(step.percept)
            if isinstance(self.chosen, Operator):
                self.correct(row, self.chosen, gained)
            if self.actions or self.chosen == step.action:
                self.correct(row, step.action, step.reward + self.gamma * future)
            future = max(row.values(), default=self.hope)

    def correct(self, row: dict[int | Operator, float], option: int | Operator, target: float) -> None:
        """Move a worth towards what was found."""
        known = row.get(option, self.hope)
        row[option] = known + self.alpha * (target - known)

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True,
                    max_steps: int | None = None) -> Episode:
        """Play one episode."""
        return rollout(env, self.agent.perceive, self, seed, learn, max_steps, self.agent.succeeded)


def learn_skills(chooser: Chooser, env: gym.Env, shortest: int, steps: int = 50_000) -> Learned:
    """Let a chooser play until its greedy play stays near the shortest path; tried, and not counted, before each
    episode. The criterion is that of ``learn_options``."""
    watch = Watch()
    while chooser.taken < steps:
        test = chooser.run_episode(env, learn=False, max_steps=4 * shortest)
        if watch.note(chooser.taken, test.success and test.steps * NEAR <= shortest):
            return Learned(watch.since, chooser)
        chooser.run_episode(env)
    return Learned(None, chooser)


class Optimum(NamedTuple):
    """The best that can be had from each state, and an action that gets it."""

    values: np.ndarray
    policy: np.ndarray


def value_iteration(table: Table, gamma: float = 1.0) -> Optimum:
    """Bellman's equation (1957), applied until nothing changes; states from which no end can be had are -inf."""
    values = np.full(len(table.next_state), -np.inf)
    for _ in range(SWEEPS):
        choices = table.reward + gamma * np.where(table.terminated, 0.0, values[table.next_state])
        better = choices.max(axis=1)
        if np.array_equal(better, values):
            break
        values = better
    return Optimum(values, choices.argmax(axis=1))
