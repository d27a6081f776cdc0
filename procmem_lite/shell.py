"""What an agent offers its users beside playing: its library, lessons, its file, and a look at what it is made from."""

from __future__ import annotations

from dataclasses import asdict
from os import PathLike
from typing import Self

from .agent_file import read_agent, restore, write_agent
from .arguments import brief, is_action, number, whole
from .episodes import Episode, Judge, Perceive
from .explorers import EXPLORERS, Explorer
from .library import SkillLibrary
from .memory import Memory
from .percepts import Transition, mark_success


class Shell:
    """An agent's library, lessons and file; whoever has ``memory``, ``n_actions`` and ``succeeded`` can have it."""

    memory: Memory
    n_actions: int
    succeeded: Judge

    @property
    def library(self) -> SkillLibrary:
        """Its procedural memory."""
        return self.memory.library

    @property
    def axes(self) -> int:
        """How many numbers the displacements have from which it has learned motion; 0 before that."""
        motion = self.memory.senses.get("motion")
        return next((len(pairs[0][0]) for each in motion.learned.samples for pairs in each), 0) if motion else 0

    def doubts(self, run: object, found: object) -> bool:
        """Whether to look for something better than a plan: never, unless an agent knows better."""
        return False

    def learn_from(self, episode: Episode) -> int:
        """Take skills from an episode that anyone played; returns by how many the library grew."""
        before = len(self.library)
        self.memory.begin()
        for step in playable(episode, self.n_actions):
            self.memory.observe(mark_success(step, self.succeeded))
        return len(self.library) - before

    def save(self, path: str | PathLike) -> None:
        """Write the whole agent as JSON; the file is either the old one or the new one, never half of either."""
        write_agent(path, type(self).__name__, self.n_actions, self.memory)

    @classmethod
    def load(cls, path: str | PathLike, perceive: Perceive, succeeded: Judge | None = None,
             explorer: str | Explorer | None = None) -> Self:
        """The agent that was saved; ``perceive``, ``succeeded`` and an explorer of one's own are not in a file."""
        kept = read_agent(path, cls.__name__, explorer is not None)
        agent = cls(kept.n_actions, perceive, explorer=explorer or kept.explorer.name, succeeded=succeeded,
                    **asdict(kept.settings))
        restore(agent.memory, kept, explorer is None)
        return agent


def check(n_actions: int, perceive: Perceive, seed: int | None) -> int:
    """The number of actions; ValueError or TypeError for what no agent can be made from."""
    if seed is not None:
        whole(seed, "seed")
    if not callable(perceive):
        raise TypeError(f"perceive: a function from an environment to a Percept is needed, got {brief(perceive)}")
    return int(whole(n_actions, "n_actions", least=1))


def made(explorer: str | Explorer, n_actions: int) -> Explorer:
    """An explorer by its name, or itself."""
    named = isinstance(explorer, str)
    if explorer not in EXPLORERS if named else not callable(getattr(explorer, "choose", None)):
        raise ValueError(f"explorer: one of {sorted(EXPLORERS)} or an Explorer is needed, got {explorer!r}")
    return EXPLORERS[explorer](n_actions) if named else explorer


def playable(episode: Episode, n_actions: int) -> list[Transition]:
    """The steps of an episode; ValueError or TypeError where an agent could not have taken them."""
    if not isinstance(episode, Episode):
        raise TypeError(f"episode: an Episode is needed, got {type(episode).__name__}")
    for step in episode.transitions:
        if not isinstance(step, Transition):
            raise TypeError(f"episode: Transitions are needed, got {brief(step)}")
        if not is_action(step.action) or step.action >= n_actions:
            raise ValueError(f"episode: actions from 0 to {n_actions - 1} are needed, got {brief(step.action)}")
        number(step.reward, "episode: reward")
    return episode.transitions
