"""Chapter 12: two levels - a manager that picks what to bring about, and a worker that learns how, for each.

subtask    a change that is wanted, and where it is over        Subtask("lamp lit", over={7, 8, 9})
within     what a subtask earns from a step on, to its end      within[subtask][state][action]
beyond     what is left of the whole after a subtask            beyond[state][subtask]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .learning import ALPHA, EPSILON, GAMMA, NEAR, Learned, Watch
from .option import Percepts, Table


class Subtask(NamedTuple):
    """A fact to bring about: the states in which it may be tried; it is over wherever facts have changed."""

    fact: str
    open: frozenset[int]


def subtasks_of(percepts: Percepts, end: str) -> list[Subtask]:
    """One for each fact that is ever told, open wherever that is missing, and one for the end of the episode."""
    known = {state: percept.facts for state, percept in enumerate(percepts) if percept is not None}
    names = sorted(set.union(*map(set, known.values())))
    return [Subtask(end, frozenset(known)),
            *(Subtask(fact, frozenset(state for state, facts in known.items() if fact not in facts)) for fact in names)]


class Manager:
    """MAXQ with two levels (Dietterich, 2000): the value of a subtask is what it earns, and what is left after it.

    A worker is paid what the world pays, until facts change; where the fact that changed is not its own, it is charged
    ``fine``: that reward exists in its head alone.
    """

    def __init__(self, table: Table, percepts: Percepts, subtasks: Sequence[Subtask], fine: float = 5.0,
                 alpha: float = ALPHA, gamma: float = GAMMA) -> None:
        states, actions = table.next_state.shape
        self.percepts, self.subtasks, self.fine, self.alpha, self.gamma = percepts, subtasks, fine, alpha, gamma
        self.steered = np.zeros((len(subtasks), states, actions))  # with fines: what the worker acts by
        self.within = np.zeros((len(subtasks), states, actions))  # without: what the manager reckons with
        self.beyond = np.zeros((states, len(subtasks)))

    def allowed(self, state: int) -> list[int]:
        """The subtasks that may be tried in a state."""
        return [number for number, each in enumerate(self.subtasks) if state in each.open]

    def worth(self, state: int) -> np.ndarray:
        """The value of each subtask in a state: within and beyond; minus infinity where it may not be tried."""
        found = np.full(len(self.subtasks), -np.inf)
        for number in self.allowed(state):
            action = self.steered[number, state].argmax()
            found[number] = self.within[number, state, action] + self.beyond[state, number]
        return found

    def is_over(self, state: int, after: int, ended: bool) -> bool:
        """Whether a step ends what is being tried."""
        return ended or self.percepts[after].facts != self.percepts[state].facts

    def learn_worker(self, task: int, state: int, action: int, reward: float, after: int, ended: bool) -> bool:
        """One step of a worker; whether its subtask is over."""
        over, mine = self.is_over(state, after, ended), self.subtasks[task]
        wanted = ended if task == 0 else mine.fact in self.percepts[after].facts
        fine = self.fine if over and not wanted else 0.0
        best = 0 if over else int(self.steered[task, after].argmax())
        for values, charged in ((self.steered, fine), (self.within, 0.0)):
            future = 0.0 if over else self.gamma * values[task, after, best]
            values[task, state, action] += self.alpha * (reward - charged + future - values[task, state, action])
        return over

    def learn_manager(self, task: int, state: int, steps: int, after: int, ended: bool) -> None:
        """One finished subtask: what is left after it."""
        future = 0.0 if ended else self.gamma ** steps * float(self.worth(after).max())
        self.beyond[state, task] += self.alpha * (future - self.beyond[state, task])

    def greedy_steps(self, table: Table, start: int, limit: int) -> int | None:
        """Steps that greedy play takes; None where it takes more than ``limit``."""
        state, task = start, None
        for taken in range(1, limit + 1):
            task = int(self.worth(state).argmax()) if task is None else task
            action = int(self.steered[task, state].argmax())
            after, ended = int(table.next_state[state, action]), bool(table.terminated[state, action])
            if ended:
                return taken
            task = None if self.is_over(state, after, ended) else task
            state = after
        return None


def two_levels(table: Table, start: int, shortest: int, percepts: Percepts, seed: int = 0, steps: int = 50_000,
               cap: int = 1_000, check: int = 50, epsilon: float = EPSILON, patience: int = 100) -> Learned:
    """Learn both levels at once; the other arguments are those of ``learn_options``.

    Args:
        patience: steps after which a manager takes back what it has set a worker to.
    """
    rng, manager, watch = np.random.default_rng(seed), Manager(table, percepts, subtasks_of(percepts, "end")), Watch()
    state, age, task = start, 0, None
    for taken in range(steps):
        if taken % check == 0:
            found = manager.greedy_steps(table, start, 4 * shortest)
            if watch.note(taken, found is not None and found * NEAR <= shortest):
                return Learned(watch.since, manager)
        if task is None:
            allowed, begun, length = manager.allowed(state), state, 0
            best = manager.worth(state)
            ties = np.flatnonzero(best == best.max())
            task = int(rng.choice(allowed if rng.random() < epsilon else ties))
        row = manager.steered[task, state]
        action = int(rng.integers(len(row)) if rng.random() < epsilon else rng.choice(np.flatnonzero(row == row.max())))
        after, ended = int(table.next_state[state, action]), bool(table.terminated[state, action])
        over = manager.learn_worker(task, state, action, float(table.reward[state, action]), after, ended)
        state, age, length = after, age + 1, length + 1
        if over or length >= patience:
            manager.learn_manager(task, begun, length, state, ended)
            task = None
        if ended or age >= cap:
            state, age, task = start, 0, None
    return Learned(None, manager)
