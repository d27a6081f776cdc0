"""A world without any space: a letter is loaded, checked, signed and sent."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from ..percepts import Percept

ACTIONS = ("load", "check", "sign", "send", "start over", "press the button")
DONE = ("loaded", "checked", "signed")


class Office(gym.Env):
    """Load, check, sign, send: each needs the one before.

    Actions: 0 to 3 as named; 4 undoes everything; 5 does nothing, or, with ``alarm=True``, ends the day.
    Rewards: 1 for sending. Termination: sent, or an alarm. Truncation: after 200 steps.

    Args:
        lit: the lamp is on from the first day to this one. It is needed for nothing.
        alarm: what the button does.
    """

    action_space, observation_space = gym.spaces.Discrete(len(ACTIONS)), gym.spaces.Discrete(4)

    def __init__(self, lit: int = 0, alarm: bool = False) -> None:
        self.lit, self.alarm, self.day = lit, alarm, 0

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict[str, Any]]:
        """A new day with a new letter."""
        super().reset(seed=seed)
        self.day += 1
        self.done, self.steps = 0, 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One action."""
        self.steps += 1
        sent = action == 3 and self.done == 3
        if action == 4:
            self.done = 0
        elif action < 3 and action == self.done:
            self.done += 1
        over = sent or (self.alarm and action == 5)
        return self.done, float(sent), over, not over and self.steps == 200, {}

    def optimal_steps(self) -> int:
        """The fewest steps from here."""
        return 4 - self.done


def perceive(env: gym.Env) -> Percept:
    """What has been done, and whether the lamp is on: facts and nothing else."""
    office = env.unwrapped
    return Percept(frozenset(DONE[:office.done]) | ({"lamp on"} if office.day <= office.lit else set()))


perceive.actions = ACTIONS
