"""Chapter 12: learning to choose between actions and options - by whole uses, or from every step within.

choice     an action, or an option by its number after them     8: the third option, where there are six actions
value      what a choice is worth in a state                    values[state][choice]
gap        semi-Markov: a choice may last many steps            gamma ** 7 * what follows
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .option import LONGEST, Option, Table

ALPHA, GAMMA, EPSILON = 0.5, 0.99, 0.1  # learning rate, discount, share of random choices
NEAR = 0.95  # shortest path / steps, from which on greedy play counts as solved
HELD = 3  # tries in a row


class Choices:
    """What may be chosen in each state, actions first and then options, and what it is worth."""

    def __init__(self, table: Table, options: Sequence[Option] = ()) -> None:
        states, self.n_actions = table.next_state.shape
        self.options, every = list(options), range(states)
        count = self.n_actions + len(self.options)
        numbered = list(enumerate(self.options, start=self.n_actions))
        self.running = [[(number, each.policy[state]) for number, each in numbered if each.starts(state)]
                        for state in every]  # the options that can start or go on, and what they do
        self.open = [[*range(self.n_actions), *(number for number, _ in self.running[state])] for state in every]
        self.values = [[0.0] * count for _ in every]

    def best(self, state: int) -> float:
        """The value of the best choice."""
        return max([self.values[state][choice] for choice in self.open[state]])

    def greedy(self, state: int, rng: np.random.Generator | None = None) -> int:
        """The best choice; ties are drawn, or the first is taken."""
        best, row = self.best(state), self.values[state]
        ties = [choice for choice in self.open[state] if row[choice] == best]
        return ties[0] if rng is None else ties[int(rng.integers(len(ties)))]


def learn_use(choices: Choices, state: int, choice: int, gained: float, steps: int, after: int, ended: bool,
              alpha: float = ALPHA, gamma: float = GAMMA) -> None:
    """SMDP Q-learning: one update for a whole use, by its discounted reward and how long it took."""
    future = 0.0 if ended else gamma ** steps * choices.best(after)
    row = choices.values[state]
    row[choice] += alpha * (gained + future - row[choice])


def learn_step(choices: Choices, state: int, action: int, reward: float, after: int, ended: bool,
               alpha: float = ALPHA, gamma: float = GAMMA) -> None:
    """Intra-option learning: one step teaches the action, and every option that would have taken it too."""
    row = choices.values[state]
    for choice, taken in ((action, action), *choices.running[state]):
        if taken == action:
            goes_on = choice >= choices.n_actions and choice in choices.open[after]
            future = 0.0 if ended else choices.values[after][choice] if goes_on else choices.best(after)
            row[choice] += alpha * (reward + gamma * future - row[choice])


class Learned(NamedTuple):
    """From which step on greedy play stayed near the shortest path (None: never), and what was learned."""

    steps: int | None
    learner: object


class Watch:
    """Notes at every try whether play is good enough, and since when it has been."""

    def __init__(self, held: int = HELD) -> None:
        self.held, self.since, self.count = held, None, 0

    def note(self, taken: int, good: bool) -> bool:
        """Take a try in; whether there were enough good ones in a row."""
        self.since = (taken if self.since is None else self.since) if good else None
        self.count = self.count + 1 if good else 0
        return self.count >= self.held


def greedy_steps(choices: Choices, table: Table, start: int, limit: int) -> int | None:
    """Steps that greedy play takes to the end of an episode; None where it takes more than ``limit``."""
    state, taken, choice = start, 0, None
    while taken < limit:
        if choice is None or choice < choices.n_actions or choice not in choices.open[state]:
            choice = choices.greedy(state)
        action = choice if choice < choices.n_actions else choices.options[choice - choices.n_actions].policy[state]
        taken += 1
        if table.terminated[state, action]:
            return taken
        state = int(table.next_state[state, action])
    return None


def learn_options(table: Table, start: int, shortest: int, options: Sequence[Option] = (), seed: int = 0,
                  steps: int = 50_000, within: bool = True, again: bool = False, cap: int = 1_000, check: int = 50,
                  values: Sequence[Sequence[float]] | None = None, alpha: float = ALPHA, gamma: float = GAMMA,
                  epsilon: float = EPSILON) -> Learned:
    """Q-learning over actions and options, epsilon-greedy; without options it is Watkins's.

    Args:
        shortest: steps of the shortest path; greedy play is tried every ``check`` steps, and has to come near it at
            ``HELD`` tries in a row. Steps taken in a try are not counted.
        within: learn from every step within an option, which may then be left at any step to explore; else options
            run to their end, and are learned from as wholes.
        again: learn from all steps of an episode once more at its end, the last first.
        cap: steps after which an episode is cut off. values: to begin with, zero unless given.
    """
    rng, choices, watch = np.random.default_rng(seed), Choices(table, options), Watch()
    choices.values = [list(row) for row in values or choices.values]
    moves, rewards, ends = (array.tolist() for array in (table.next_state, table.reward, table.terminated))
    state, age, taken, tried, episode = start, 0, 0, 0, []
    while taken < steps:
        if taken >= tried:
            tried += check
            found = greedy_steps(choices, table, start, 4 * shortest)
            if watch.note(taken, found is not None and found * NEAR <= shortest):
                return Learned(watch.since, choices)
        is_random = rng.random() < epsilon
        allowed = choices.open[state]
        choice = allowed[int(rng.integers(len(allowed)))] if is_random else choices.greedy(state, rng)
        begun, use, ended = state, [], False
        while not ended and age < cap:
            action = choice if choice < choices.n_actions else options[choice - choices.n_actions].policy[state]
            after, reward, ended = moves[state][action], rewards[state][action], ends[state][action]
            use.append((state, action, reward, after, ended))
            state, age = after, age + 1
            if choice < choices.n_actions or choice not in choices.open[state] or len(use) >= LONGEST:
                break
            if within and rng.random() < epsilon:
                break  # or states on an option's path would hardly ever be left for anything else
        if within:
            for step in reversed(use):  # from its end back, so that the end is known at once at its beginning
                learn_step(choices, *step, alpha, gamma)
        else:
            gained = sum(gamma ** number * reward for number, (_, _, reward, _, _) in enumerate(use))
            learn_use(choices, begun, choice, gained, len(use), state, ended, alpha, gamma)
        taken, episode = taken + len(use), episode + use
        if ended or age >= cap:
            for step in reversed(episode) if again else ():
                learn_step(choices, *step, alpha, gamma)
            state, age, episode = start, 0, []
    return Learned(None, choices)
