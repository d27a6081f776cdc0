"""What an agent offers its users beside playing: its library, lessons, and a look at what it is made from."""

from __future__ import annotations

from .arguments import whole
from .episodes import Episode, Judge, Perceive
from .explorers import EXPLORERS, Explorer
from .library import SkillLibrary
from .memory import Memory
from .percepts import Transition, mark_success


class Shell:
    """An agent's library and lessons; whoever has ``memory``, ``n_actions`` and ``succeeded`` can have it."""

    memory: Memory
    n_actions: int
    succeeded: Judge

    @property
    def library(self) -> SkillLibrary:
        """Its procedural memory."""
        return self.memory.library

    def learn_from(self, episode: Episode) -> int:
        """Take skills from an episode that anyone played; returns by how many the library grew."""
        before = len(self.library)
        self.memory.begin()
        for step in playable(episode, self.n_actions):
            self.memory.observe(mark_success(step, self.succeeded))
        return len(self.library) - before


def check(n_actions: int, perceive: Perceive, seed: int | None) -> int:
    """The number of actions; ValueError or TypeError for what no agent can be made from."""
    if seed is not None:
        whole(seed, "seed")
    if not callable(perceive):
        raise TypeError(f"perceive: a function from an environment to a Percept is needed, got {perceive!r}")
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
    strange = [step.action for step in episode.transitions if step.action not in range(n_actions)]
    if strange:
        raise ValueError(f"episode: actions from 0 to {n_actions - 1} are needed, got {strange[0]!r}")
    return episode.transitions
