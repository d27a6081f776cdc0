"""Chapter 5: a stall on the market, where a bet pays now and then, and work pays always."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from ..percepts import Percept

ACTIONS = ("bet", "pick", "wash", "sell")
LUCK = 0.3  # how often a bet is won


class Stall(gym.Env):
    """A bet ends the day, won or lost; apples that were picked and then washed can be sold, and that ends it too.

    Actions: bet, pick, wash, sell. Reward: 1 for a bet that is won and for apples that are sold.
    """

    action_space, observation_space = gym.spaces.Discrete(len(ACTIONS)), gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        """A new day in another town: no apples."""
        super().reset(seed=seed)
        self.town = int(self.np_random.integers(10**6))
        self.apples: set[str] = set()
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Bet, pick, wash or sell."""
        what = ACTIONS[action]
        self.apples |= {"picked"} if what == "pick" else {"washed"} if what == "wash" and self.apples else set()
        paid = bool(self.np_random.random() < LUCK) if what == "bet" else what == "sell" and "washed" in self.apples
        return 0, float(paid), what == "bet" or paid, False, {}


def perceive(env: gym.Env) -> Percept:
    """Whether there are apples to sell, and where."""
    stall = env.unwrapped
    return Percept(frozenset(stall.apples), place=stall.town)
