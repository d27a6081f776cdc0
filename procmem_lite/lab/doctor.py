"""Chapter 8: what may be wrong with a world, its perceive or an agent in it, found by playing a little.

players    who plays: chance, a newcomer that learns, and a copy of the agent that does not
played     all of their episodes, and what the newcomer knows then    Played(chance, newcomer, own, ...)
finding    what was seen, in a sentence with numbers                  Finding("no object moves", "none of 2 ...", True)
kind       its name, and that of the line of the README that helps    "no object moves"
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent, SequenceAgent
from ..arguments import whole
from ..episodes import Actor, Choice, Episode, Play, rollout
from ..memory import Memory
from ..navigation.motion import MotionModel, pairs_of
from ..percepts import SUCCESS, Facts, Percept, Transition

LONG, SHORT = 2000, 300  # steps, and an episode is left: the first one by chance, all others
ENOUGH = 400  # steps of each player, where episodes are short; at most ten times as many episodes as were asked for
FEW = 20  # cases below which nothing is said
OFTEN = 0.3  # share of steps in which what is perceived may be at odds with what was learned
HELP = {  # kind -> what helps: these are lines of the README
    "the percept never changes": "`perceive(env)` has to look at the `env` that it is given, after every step.",
    "no fact flips": "Skills are cut where facts flip: add facts that tell what has been done, is held, or is open.",
    "no object moves": "`objects=` takes displacements from the agent (thing minus agent), not positions.",
    "displacements jump": "One action should do nearly the same to all displacements: give all of them in one frame, "
                          "the agent's own if it turns, and in one order of axes.",
}


@dataclass(frozen=True)
class Finding:
    """Something that was seen.

    Attributes:
        kind: its name, which stays the same; the README has a line of this name.
        said: what was seen, in words and numbers.
        is_wrong: whether it keeps an agent from learning; else it is worth knowing.
    """

    kind: str
    said: str
    is_wrong: bool = True

    @property
    def helps(self) -> str:
        """The line of the README that helps."""
        return HELP[self.kind]


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What was found in so many episodes and steps; prints as text."""

    findings: tuple[Finding, ...]
    episodes: int
    steps: int

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that keep an agent from learning."""
        return tuple(each for each in self.findings if each.is_wrong)

    def __repr__(self) -> str:
        return "\n".join(self.lines("{}:", "{}")).replace("`", "")

    def _repr_markdown_(self) -> str:
        return "\n\n".join(self.lines("**{}:**", "*{}*"))

    def lines(self, strong: str, weak: str) -> Iterator[str]:
        """What there is to say, with marks for names and for advice."""
        count = len(self.wrong)
        looks = f"{count} thing{'s look' if count > 1 else ' looks'} wrong" if count else "nothing wrong seen"
        yield f"Played {self.episodes} episodes of {self.steps:,} steps in all: {looks}."
        for each in sorted(self.findings, key=lambda each: not each.is_wrong):
            yield f"{strong.format(each.kind)} {each.said}" + ("" if each.is_wrong else " (Worth knowing.)")
            yield weak.format(f"{each.helps} README, Bring your own environment: {each.kind!r}")


class Chance(Actor):
    """Every action equally often."""

    def __init__(self, n_actions: int, seed: int) -> None:
        self.n_actions, self.rng = n_actions, np.random.default_rng(seed)

    def act(self, play: Play) -> Choice:
        """Any action."""
        return Choice(int(self.rng.integers(self.n_actions)))


class Played(NamedTuple):
    """All episodes, and what a newcomer has learned in them."""

    chance: list[Episode]
    newcomer: list[Episode]
    own: list[Episode]
    memory: Memory  # the newcomer's
    agent: SequenceAgent  # a copy

    @property
    def steps(self) -> list[Transition]:
        """The steps of chance and of the newcomer."""
        return [step for episode in self.chance + self.newcomer for step in episode.transitions]

    @property
    def model(self) -> MotionModel:
        """The newcomer's motion model."""
        return self.memory.senses["motion"]

    @property
    def has_succeeded(self) -> bool:
        """Whether any episode has."""
        return any(episode.success for episode in self.chance + self.newcomer + self.own)


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
        return rollout(env, own.perceive, chance, number, max_steps=LONG if number == seed else SHORT,
                       succeeded=own.succeeded)

    played = Played(
        some(by_chance, episodes, seed),
        some(lambda number: newcomer.run_episode(env, number, max_steps=SHORT), episodes, seed),
        some(lambda number: own.run_episode(env, number, learn=False, max_steps=SHORT), episodes, seed),
        newcomer.memory, own)
    findings: list[Finding] = []
    for check in CHECKS:
        findings += check(played)
        if findings and findings[0].kind == "the percept never changes":
            break  # all else would only say the same
    everything = played.chance + played.newcomer + played.own
    return Diagnosis(tuple(findings), len(everything), sum(episode.steps for episode in everything))


def some(play: Callable[[int], Episode], episodes: int, seed: int) -> list[Episode]:
    """So many episodes; more, where they are short."""
    found: list[Episode] = []
    while len(found) < episodes or sum(each.steps for each in found) < ENOUGH and len(found) < 10 * episodes:
        found.append(play(seed + len(found)))
    return found


def facts_of(percept: Percept) -> Facts:
    """The world's own facts."""
    return percept.facts - {SUCCESS}


# ---------------------------------------------------------------- what is perceived


def blind(played: Played) -> Iterator[Finding]:
    """Nothing that is perceived ever changes."""
    seen = [percept for episode in played.chance + played.newcomer for percept in episode.percepts]
    first, steps = seen[0], len(played.steps)
    tells = bool(first.facts or first.objects or first.around or first.place is not None)
    if (tells or not played.has_succeeded) and steps >= FEW and all(
            (facts_of(each), each.objects, each.place, each.around)
            == (facts_of(first), first.objects, first.place, first.around) for each in seen):
        yield Finding("the percept never changes", f"all {len(seen)} percepts were the same, whatever was done.")


def no_flip(played: Played) -> Iterator[Finding]:
    """No fact has come or gone, success neither."""
    steps = [step for episode in played.chance + played.newcomer + played.own for step in episode.transitions]
    if len(steps) >= FEW and all(step.percept.facts == step.next_percept.facts for step in steps):
        facts = sorted(steps[0].percept.facts)
        yield Finding("no fact flips", f"in {len(steps):,} steps no fact came or went, and nothing succeeded; the "
                                       f"facts are {facts[:3] if facts else 'none at all'}.")


def still(played: Played) -> Iterator[Finding]:
    """Objects are seen, and none is ever seen to move."""
    pairs = [pair for step in played.steps for pair in pairs_of(step.percept, step.next_percept)]
    if len(pairs) >= FEW and all(a == b for a, b in pairs):
        names = sorted({name for step in played.steps for name in step.percept.objects})
        walked = sum(step.percept.place != step.next_percept.place for step in played.steps)
        yield Finding("no object moves", f"none of {len(names)} objects ({', '.join(names[:3])}) was seen to move in "
                                         f"{len(played.steps):,} steps; the place changed in {walked:,} of them.")


def jumps(played: Played) -> Iterator[Finding]:
    """Most displacements change, and no map explains how."""
    moved = [step for step in map(played.memory.view.viewed, played.steps) if has_moved(step)]
    odd = [step for step in moved if played.model.explain(step.percept, step.action, step.next_percept) is None]
    if len(moved) >= FEW and len(odd) > OFTEN * len(moved):
        yield Finding("displacements jump", f"in {len(odd):,} of {len(moved):,} steps that moved things, they moved as "
                                            "no action was seen to move them before.")


def has_moved(step: Transition) -> bool:
    """Whether most of what is seen is elsewhere afterwards."""
    pairs = pairs_of(step.percept, step.next_percept)
    return 2 * sum(a != b for a, b in pairs) > len(pairs)


CHECKS: tuple[Callable[[Played], Iterator[Finding]], ...] = (blind, no_flip, still, jumps)
