"""The record of an episode: transitions, invocations, and what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .environment import Percept

if TYPE_CHECKING:
    from .skills import Skill

EXPLORING = -1


class Transition(NamedTuple):
    """One step: the percept before and after, the action, its reward, and who chose it."""

    percept: Percept
    action: int
    reward: float
    next_percept: Percept
    terminated: bool = False
    truncated: bool = False
    invocation: int = EXPLORING  # index into Episode.invocations, or EXPLORING


@dataclass(slots=True)
class Invocation:
    """One use of one skill: why it was chosen, what it expected, and what came of it."""

    skill: Skill
    start: int  # step at which it began
    before: Percept
    expected: frozenset[str]
    similarity: float
    success_rate: float
    runners_up: tuple[tuple[str, float], ...] = ()  # (name, score) of the next best
    stop: int = -1  # step after its last
    after: Percept | None = None
    seen: frozenset[str] = frozenset()  # the facts that appeared
    succeeded: bool = False
    reason: str = ""  # "effect", "blocked", "surprise", "no way", "episode over"


@dataclass(slots=True)
class Episode:
    """One episode, from reset to its end. Steps are primitive actions; a return is the undiscounted sum of rewards."""

    transitions: list[Transition] = field(default_factory=list)
    invocations: list[Invocation] = field(default_factory=list)
    seed: int | None = None
    optimal_steps: int | None = None
    actions: Sequence[str] | None = None  # names of the actions, where the environment has them

    @property
    def steps(self) -> int:
        """Number of primitive actions."""
        return len(self.transitions)

    @property
    def total_reward(self) -> float:
        """The return."""
        return float(sum(t.reward for t in self.transitions))

    @property
    def success(self) -> bool:
        """Whether the episode terminated with a positive reward."""
        return bool(self.transitions) and self.transitions[-1].terminated and self.transitions[-1].reward > 0

    @property
    def optimality(self) -> float:
        """Shortest path / steps: 1.0 is perfect, 0 a failed episode, nan where the shortest path is not known."""
        if not self.success:
            return 0.0
        return self.optimal_steps / self.steps if self.optimal_steps is not None else float("nan")

    @property
    def exploring_steps(self) -> int:
        """Steps chosen by the explorer, not by a skill."""
        return sum(t.invocation == EXPLORING for t in self.transitions)

    @property
    def percepts(self) -> list[Percept]:
        """All percepts in order, one more than there are steps."""
        return [t.percept for t in self.transitions] + [t.next_percept for t in self.transitions[-1:]]
