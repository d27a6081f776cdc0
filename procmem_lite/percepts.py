"""What an agent is told: a percept at every step, and the transition from one to the next.

displacement   where a thing is, seen from the agent        (2, -1): two rows down, one column to the left
facts          what holds, as texts                         frozenset({"lamp lit"})
percept        facts, objects, place, around                Percept(frozenset(), {"lamp": (2, -1)}, place=(0, 3))
transition     percept, action, reward, next percept        Transition(before, 3, -0.1, after)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import hypot
from typing import Any, NamedTuple

import numpy as np

from .arguments import LARGEST_NUMBER, brief, is_writable, number, text, truth

Displacement = tuple[float, ...]
Facts = frozenset[str]
SUCCESS = "success"  # the fact that comes with the step that succeeds: the agent's own mark, which no world may set
EXPLORING = -1  # the invocation of a step that no skill chose
BAD_END = 200  # steps that an episode ended without success counts as
NUMBERS = {int, float}  # types of numbers that need no second look


@dataclass(frozen=True, slots=True)
class Percept:
    """What an agent takes from the environment at one step. It looks at itself when made, and says what is wrong.

    Lists, tuples and sets of facts become a frozenset; lists and arrays become tuples; NumPy's numbers plain ones.

    Attributes:
        facts: the predicates that hold.
        objects: name -> displacement from the agent, in the agent's own frame; all of one length.
        place: a hashable identity of where the agent is, for loop erasure.
        around: displacement next to the agent -> whether it can be entered; empty where unknown. Ground that can be
            entered and is not like the rest may be named instead of True: "lava", say.
        scene: what a picture needs. Agents never read it.
        goal: the facts that are wanted in this episode; empty for success, whatever it takes.

    Raises:
        TypeError, ValueError: for what no agent could learn from or keep in a file; the field is named.
    """

    facts: Facts
    objects: Mapping[str, Displacement] = field(default_factory=dict)
    place: Hashable = None
    around: Mapping[Displacement, bool | str] = field(default_factory=dict)
    scene: Any = None
    goal: Facts = frozenset()

    @property
    def wanted(self) -> Facts:
        """The goal, as long as some of it is missing; else success."""
        return frozenset({SUCCESS}) if self.goal <= self.facts else self.goal

    @property
    def axes(self) -> int:
        """How many numbers a displacement has; 0 where there is none."""
        return len(next(iter(self.objects.values()), None) or next(iter(self.around), ()))

    def __post_init__(self) -> None:
        facts, objects, around = self.facts, self.objects, self.around
        try:
            hash(self.place)
        except TypeError:
            raise TypeError(f"place: something hashable is needed, such as a tuple, got {brief(self.place)}") from None
        if not is_plain(facts, objects, around):
            facts, objects, around = made_plain(facts, objects, around)
            object.__setattr__(self, "facts", facts)
        if type(self.goal) is not frozenset or self.goal and not is_plain(self.goal, {}, {}):
            object.__setattr__(self, "goal", made_plain(self.goal, {}, {}, "goal")[0])
        object.__setattr__(self, "objects", objects.copy())  # a world may go on changing its own
        object.__setattr__(self, "around", around.copy())


def is_plain(facts: Any, objects: Any, around: Any) -> bool:
    """Whether a percept is as most are, all its texts and numbers plain; quick, for it is asked at every step."""
    if not (type(facts) is frozenset and type(objects) is type(around) is dict):
        return False
    texts = [*facts, *objects]
    for value in around.values():
        if value is not True and value is not False:
            texts.append(value)
    try:
        if not is_writable("".join(texts)) or "" in texts:
            return False
        return not (objects or around) or are_plain([*objects.values(), *around])
    except (TypeError, OverflowError):
        return False


def are_plain(displacements: list[Any]) -> bool:
    """Whether displacements are tuples of one length, of plain numbers that are finite and not too large to keep."""
    numbers, length = (), len(displacements[0])
    for each in displacements:
        if type(each) is not tuple or len(each) != length:
            return False
        numbers += each
    return length > 0 and NUMBERS.issuperset(map(type, numbers)) and hypot(*numbers) < LARGEST_NUMBER  # nan is not


def made_plain(facts: Any, objects: Any, around: Any, name: str = "facts") -> tuple[Facts, dict, dict]:
    """The same fields with plain texts and numbers; TypeError or ValueError names the field that cannot have them."""
    if not isinstance(facts, frozenset | set | list | tuple):
        raise TypeError(f"{name}: a frozenset of texts is needed, got {brief(facts)}")
    facts = frozenset(text(fact, name) for fact in facts)
    for name, value in (("objects", objects), ("around", around)):
        if not isinstance(value, Mapping):
            raise TypeError(f"{name}: a dictionary is needed, got {brief(value)}")
    objects = {text(name, "objects"): displacement(value, f"objects[{brief(name)}]") for name, value in objects.items()}
    around = {displacement(step, "around"): ground(value, f"around[{brief(step)}]") for step, value in around.items()}
    of_one_length("objects", objects.values())
    of_one_length("around", [*list(objects.values())[:1], *around])
    return facts, objects, around


def displacement(value: Any, at: str) -> Displacement:
    """A displacement as a tuple of plain numbers."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(value, list | tuple):
        raise TypeError(f"{at}: a displacement is needed, a tuple of numbers such as (2, -1), got {brief(value)}")
    if not value:
        raise ValueError(f"{at}: a displacement of at least one number is needed, got {brief(value)}")
    return tuple(number(part, at) for part in value)


def ground(value: Any, at: str) -> bool | str:
    """What is next to the agent: True, False, or a text that names it."""
    return text(value, at) if isinstance(value, str) else truth(value, at)


def of_one_length(at: str, displacements: Iterable[Displacement]) -> None:
    """ValueError unless all have as many numbers as the first."""
    lengths = sorted({*map(len, displacements)})
    if len(lengths) > 1:
        raise ValueError(f"{at}: displacements of one length are needed, in objects and around, got lengths {lengths}")


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
    if not truth(succeeded(step), "succeeded"):
        return step
    return step._replace(next_percept=replace(step.next_percept, facts=step.next_percept.facts | {SUCCESS}))


def is_disaster(step: Transition) -> bool:
    """Whether a step ended the episode without success; an effect that comes with that is nothing to aim for."""
    return step.terminated and SUCCESS not in step.next_percept.facts
