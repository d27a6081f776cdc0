"""What an agent is told: a percept at every step, and the transition from one to the next.

displacement   where a thing is, seen from the agent        (2, -1): two rows down, one column to the left
facts          what holds, as texts                         frozenset({"lamp lit"})
percept        facts, objects, place, around                Percept(frozenset(), {"lamp": (2, -1)}, place=(0, 3))
transition     percept, action, reward, next percept        Transition(before, 3, -0.1, after)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Displacement = tuple[float, ...]
Facts = frozenset[str]
SUCCESS = "success"  # the fact that comes with the step that succeeds
EXPLORING = -1  # the invocation of a step that no skill chose


@dataclass(frozen=True, slots=True)
class Percept:
    """What an agent takes from the environment at one step.

    Attributes:
        facts: the predicates that hold.
        objects: name -> displacement from the agent, in the agent's own frame; all of one length.
        place: a hashable identity of where the agent is, for loop erasure.
        around: displacement next to the agent -> whether it can be entered; empty where unknown. Ground that can be
            entered and is not like the rest may be named instead of True: "lava", say.
        scene: what a picture needs. Agents never read it.
    """

    facts: Facts
    objects: Mapping[str, Displacement] = field(default_factory=dict)
    place: Hashable = None
    around: Mapping[Displacement, bool | str] = field(default_factory=dict)
    scene: Any = None


class Transition(NamedTuple):
    """One step: the percept before and after, the action, its reward, and who chose it."""

    percept: Percept
    action: int
    reward: float
    next_percept: Percept
    terminated: bool = False
    truncated: bool = False
    invocation: int = EXPLORING  # index into Episode.invocations, or EXPLORING


def earned(step: Transition) -> bool:
    """Whether a step ended the episode with a positive reward."""
    return step.terminated and step.reward > 0


def mark_success(step: Transition, succeeded: Callable[[Transition], bool] = earned) -> Transition:
    """The step, with the fact "success" after it if it succeeded."""
    if not succeeded(step):
        return step
    return step._replace(next_percept=replace(step.next_percept, facts=step.next_percept.facts | {SUCCESS}))


def is_disaster(step: Transition) -> bool:
    """Whether a step ended the episode without success; an effect that comes with that is nothing to aim for."""
    return step.terminated and SUCCESS not in step.next_percept.facts
