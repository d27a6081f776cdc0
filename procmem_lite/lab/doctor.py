"""Chapter 8: the doctor plays a little, and says in words what may be wrong with a world, its perceive or an agent.

players      who plays: chance, a newcomer that learns, and a copy of the agent that does not
diagnosis    what was found; prints as text                  diagnose(agent, env)
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent, SequenceAgent
from ..arguments import whole
from ..episodes import Actor, Choice, Episode, Play, rollout, stated_bound
from .findings import LONG, SHORT, Finding, Played
from .symptoms import CHECKS, blind

ENOUGH, MANY = 400, 800  # steps of a player: at least, if ten times as many episodes will do; at most, if it thinks


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What was found in so many episodes and steps; prints as text."""

    findings: tuple[Finding, ...]
    episodes: int
    steps: int

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that are likely to keep an agent from learning."""
        return tuple(each for each in self.findings if each.is_wrong)

    def __repr__(self) -> str:
        return "\n".join(self.lines("{}:", "    {}")).replace("`", "")

    def _repr_markdown_(self) -> str:
        return "\n\n".join(self.lines("**{}:**", "*{}*"))

    def lines(self, strong: str, weak: str) -> Iterator[str]:
        """What there is to say, with marks for names and for advice."""
        count = len(self.wrong)
        looks = f"{count} thing{'s look' if count > 1 else ' looks'} wrong" if count else "nothing wrong seen"
        yield f"Played {self.episodes} episodes, {self.steps:,} steps in all: {looks}."
        for each in sorted(self.findings, key=lambda each: not each.is_wrong):
            yield f"{strong.format(each.kind)} {each.said}" + ("" if each.is_wrong else " (Worth knowing.)")
            yield weak.format(f"README, Bring your own environment: {each.helps}")


class Chance(Actor):
    """Every action equally often."""

    def __init__(self, n_actions: int, seed: int) -> None:
        self.n_actions, self.rng = n_actions, np.random.default_rng(seed)

    def act(self, play: Play) -> Choice:
        """Any action."""
        return Choice(int(self.rng.integers(self.n_actions)))


def diagnose(agent: SequenceAgent, env: gym.Env, episodes: int = 10, seed: int = 0) -> Diagnosis:
    """Play a little, by chance, as a newcomer and as a copy of the agent, and say in words what looks wrong.

    The agent is afterwards what it was before; the environment has been played.

    Args:
        episodes: of each of the three, more where they are short.
        seed: of the first episode, and of all that is left to chance.

    Raises:
        TypeError, ValueError: for what is no agent, and for all that :class:`~procmem_lite.episodes.Play` refuses.
    """
    whole(episodes, "episodes", least=1)
    whole(seed, "seed")
    if not isinstance(agent, SequenceAgent):
        raise TypeError(f"agent: a ProceduralMemoryAgent is needed, got {type(agent).__name__}")
    own = copy.deepcopy(agent)
    newcomer = ProceduralMemoryAgent(own.n_actions, own.perceive, seed, succeeded=own.succeeded)
    chance = Chance(own.n_actions, seed)

    def by_chance(number: int) -> Episode:
        longest = LONG if number == seed else SHORT
        return rollout(env, own.perceive, chance, number, max_steps=longest, succeeded=own.succeeded)

    played = Played(
        several(by_chance, episodes, seed),
        several(lambda number: newcomer.run_episode(env, number, max_steps=SHORT), episodes, seed, MANY),
        several(lambda number: own.run_episode(env, number, learn=False, max_steps=SHORT), episodes, seed, MANY),
        newcomer, own, stated_bound(env))
    findings = list(blind(played)) or [finding for check in CHECKS for finding in check(played)]
    return Diagnosis(tuple(findings), len(played.episodes), sum(episode.steps for episode in played.episodes))


def several(play: Callable[[int], Episode], episodes: int, seed: int, most: float = float("inf")) -> list[Episode]:
    """So many episodes; more, where they are short, and fewer, where they are long."""
    found: list[Episode] = []
    steps = 0
    while steps < most and (len(found) < episodes or steps < ENOUGH and len(found) < 10 * episodes):
        found.append(play(seed + len(found)))
        steps += found[-1].steps
    return found
