"""Chapter 12: option-critic - options that are learned by gradients, with nothing given but their number.

taste      an option's preferences for actions          tastes[option][state], through a softmax
will       how ready an option is to end in a state     wills[option][state], through a sigmoid
"""

from __future__ import annotations

import numpy as np

from .learning import EPSILON, GAMMA, NEAR, Learned, Watch
from .option import Table

HESITATION = 0.01  # by so much another option has to be better before ending pays (Bacon and others call it xi)


def softmax(tastes: np.ndarray) -> np.ndarray:
    """Preferences as chances."""
    raised = np.exp(tastes - tastes.max())
    return raised / raised.sum()


def sigmoid(will: float) -> float:
    """A preference as a chance."""
    return float(1 / (1 + np.exp(-will)))


class Critic:
    """Tabular option-critic (Bacon, Harb and Precup, 2017).

    Args:
        count: options. alpha, taste_rate, will_rate: learning rates of the values, the policies and the terminations.

    Attributes:
        worth: value of an option in a state, shape ``(states, options)``.
        upon: value of an action upon a state and an option, shape ``(states, options, actions)``.
    """

    def __init__(self, table: Table, count: int = 4, alpha: float = 0.9, taste_rate: float = 0.5,
                 will_rate: float = 0.25, gamma: float = GAMMA) -> None:
        states, actions = table.next_state.shape
        self.alpha, self.taste_rate, self.will_rate, self.gamma = alpha, taste_rate, will_rate, gamma
        self.worth, self.upon = np.zeros((states, count)), np.zeros((states, count, actions))
        self.tastes, self.wills = np.zeros((count, states, actions)), np.full((count, states), -1.0)

    def learn(self, option: int, state: int, action: int, reward: float, after: int, ended: bool) -> float:
        """One step: values first, then the two gradients; returns the chance that the option ends now."""
        chances, stop = softmax(self.tastes[option, state]), sigmoid(self.wills[option, after])
        stays, best = self.worth[after, option], self.worth[after].max()
        future = 0.0 if ended else (1 - stop) * stays + stop * best
        upon = self.upon[state, option]
        upon[action] += self.alpha * (reward + self.gamma * future - upon[action])
        self.worth[state, option] = chances @ upon
        slope = -chances
        slope[action] += 1
        self.tastes[option, state] += self.taste_rate * slope * (upon[action] - self.worth[state, option])
        if not ended:
            self.wills[option, after] -= self.will_rate * stop * (1 - stop) * (stays - best + HESITATION)
        return stop

    def greedy_steps(self, table: Table, start: int, limit: int) -> int | None:
        """Steps of play in which every chance is rounded; None where it takes more than ``limit``."""
        state, option = start, int(self.worth[start].argmax())
        for taken in range(1, limit + 1):
            action = int(self.tastes[option, state].argmax())
            if table.terminated[state, action]:
                return taken
            state = int(table.next_state[state, action])
            if self.wills[option, state] > 0:
                option = int(self.worth[state].argmax())
        return None


def option_critic(table: Table, start: int, shortest: int, seed: int = 0, count: int = 4, steps: int = 50_000,
                  cap: int = 1_000, check: int = 50, epsilon: float = EPSILON, **rates: float) -> Learned:
    """Learn options and the choice between them at once; the arguments are those of ``learn_options``."""
    rng, critic, watch = np.random.default_rng(seed), Critic(table, count, **rates), Watch()
    state, age, option = start, 0, None
    for taken in range(steps):
        if taken % check == 0:
            found = critic.greedy_steps(table, start, 4 * shortest)
            if watch.note(taken, found is not None and found * NEAR <= shortest):
                return Learned(watch.since, critic)
        if option is None:
            is_random = rng.random() < epsilon
            option = int(rng.integers(count)) if is_random else int(critic.worth[state].argmax())
        chances = softmax(critic.tastes[option, state])
        action = min(int(np.searchsorted(chances.cumsum(), rng.random())), len(chances) - 1)
        after, ended = int(table.next_state[state, action]), bool(table.terminated[state, action])
        stop = critic.learn(option, state, action, float(table.reward[state, action]), after, ended)
        state, age = after, age + 1
        if ended or age >= cap:
            state, age, option = start, 0, None
        elif rng.random() < stop:
            option = None
    return Learned(None, critic)
