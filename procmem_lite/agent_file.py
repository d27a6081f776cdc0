"""Chapter 4: a whole agent in a file, and back: all that its memory holds, settings, generator, explorer's notes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from os import PathLike
from typing import Any, NamedTuple, Protocol

import numpy as np

from .agent_schema import HEAD, PERCEPT, VIEW, Generator, Harm, Notes, Table, Thoughts, body
from .arguments import brief
from .navigation.motion import Learned, MotionModel
from .navigation.view import View
from .percepts import Percept, Transition
from .schema import fields, list_of, listed
from .settings import Settings
from .skill_file import Stored, check_library
from .skills import change_of
from .storage import read, version_of, write

FORMAT, VERSION = "procmem_lite agent", 4
SENSES = ("motion", "dangers", "beliefs")


class Memory(Protocol):
    """What is kept, and brought back: an agent's memory."""

    explorer: object
    rng: np.random.Generator
    settings: Settings
    library: Any
    view: View
    cases: dict
    explored: Counter
    senses: dict


class Kept(NamedTuple):
    """All that a file keeps of an agent."""

    agent: str  # name of its class
    n_actions: int
    settings: Settings
    generator: Generator
    explorer: Notes
    library: Stored
    view: View
    cases: Sequence[Sequence[Sequence[Transition]]]  # paths, an effect after the other
    explored: Mapping[frozenset[str], int]
    motion: Learned | None
    dangers: Harm | None
    beliefs: Thoughts | None


NAMES = ("format", "version", *HEAD, "percepts", *Kept._fields[len(HEAD):])


def write_agent(path: str | PathLike, agent: str, n_actions: int, memory: Memory) -> None:
    """Put a whole agent into a file; see :func:`~procmem_lite.storage.write`.

    Raises:
        TypeError: for a place that no file can hold; ValueError: for what else could not be brought back.
    """
    write(path, "an agent", to_data(agent, n_actions, memory), from_data)


def read_agent(path: str | PathLike, agent: str, handed_in: bool) -> Kept:
    """Read a file that :func:`write_agent` wrote for an agent of this class; see :func:`~procmem_lite.storage.read`.

    Args:
        handed_in: whether there is an explorer already, so that the file's is not needed.
    """
    kept = read(path, "an agent", from_data)
    if kept.agent != agent:
        raise ValueError(f"{path}: agent: one saved by a {agent} is needed, got one saved by a {kept.agent}")
    if kept.explorer.notes is None and not handed_in:
        raise ValueError(f"{path}: explorer: a {kept.explorer.name} cannot be kept in a file: "
                         "hand one in as explorer=")
    return kept


def to_data(agent: str, n_actions: int, memory: Memory) -> dict[str, Any]:
    """An agent as JSON."""
    if memory.senses and tuple(memory.senses) != SENSES:
        raise ValueError(f"senses: {SENSES}, or none, can be saved, got {tuple(memory.senses)}")
    state = memory.rng.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise ValueError(f"generator: a PCG64 is needed, got {state['bit_generator']}")
    motion, dangers, beliefs = memory.senses.values() if memory.senses else (None, None, None)
    generator = Generator(**state["state"], has_uint32=state["has_uint32"], uinteger=state["uinteger"])
    table = Table()
    head = dict(zip(HEAD, (agent, n_actions, memory.settings, generator), strict=True))
    kinds = body(n_actions, table)
    parts = dict(zip(kinds, (
        memory.explorer, memory.library.stored, memory.view, memory.cases.values(), memory.explored,
        motion and motion.learned, dangers, beliefs and Thoughts(beliefs.held, beliefs.trials.values())), strict=True))
    head = {name: kind.write(head[name], name) for name, kind in HEAD.items()}
    parts = {name: kind.write(parts[name], name) for name, kind in kinds.items()}
    return {"format": FORMAT, "version": VERSION, **head, "percepts": table.rows, **parts}


def from_data(data: Any) -> Kept:
    """An agent from the JSON of its file, checked."""
    version = version_of(data, FORMAT, VERSION)
    try:
        for older in range(version, VERSION):
            data = NEXT[older](data)
    except (AttributeError, KeyError, TypeError):
        pass  # a broken one stays as it is, and is refused below
    told = dict(zip(NAMES, fields(data, "", NAMES)))
    head = {name: kind.read(told[name], name) for name, kind in HEAD.items()}
    percepts = listed(PERCEPT).read(told["percepts"], "percepts")
    kinds = body(head["n_actions"], Table(percepts))
    kept = Kept(**head, **{name: kind.read(told[name], name) for name, kind in kinds.items()})
    check_agent(kept, percepts)
    return kept


def measuring(data: dict[str, Any]) -> dict[str, Any]:
    """A file from before an agent measured its steps and counted slips, as the next version's."""
    explorer, motion = data["explorer"], data["motion"]
    if explorer["name"] == "untried":
        explorer = explorer | {"notes": explorer["notes"] | {"telling": [], "killed": []}}
    settings = {name: value for name, value in data["settings"].items() if name != "refuted"}
    return data | {"view": VIEW.write(View(), "view"), "settings": settings, "explorer": explorer,
                   "motion": motion and motion | {"outcomes": []}}


def twinned(data: dict[str, Any]) -> dict[str, Any]:
    """A file from before several objects could serve as well, as the next version's."""
    beliefs = data["beliefs"]
    held = beliefs and [[change, belief | {"twins": []}] for change, belief in beliefs["held"]]
    return data | {"view": data["view"] | {"flips": {}}, "beliefs": beliefs and beliefs | {"held": held}}


def throwing(data: dict[str, Any]) -> dict[str, Any]:
    """A file from before things were known to lead elsewhere, as the next version's."""
    return data | {"motion": data["motion"] and data["motion"] | {"thrown": {}}}


NEXT = {1: measuring, 2: twinned, 3: throwing}  # version -> what makes the next one of it


def check_agent(kept: Kept, percepts: Sequence[Percept]) -> None:
    """Raise unless all parts fit each other."""
    check_library(kept.library, "library.")
    for i, skill in enumerate(kept.library.skills):
        if max(skill.actions) >= kept.n_actions:
            raise ValueError(f"library.skills[{i}].actions: actions below {kept.n_actions} are needed, "
                             f"got {brief(skill.actions)}")
    check_alike(kept.cases, "cases", lambda path: change_of(path) if path else None, kept.settings.cases)
    senses = [name for name in SENSES if getattr(kept, name) is not None]
    if len(senses) not in (0, len(SENSES)):
        raise ValueError(f"{', '.join(SENSES)}: all of them or none is needed, got {', '.join(senses)}")
    lengths = [len(each) for percept in percepts for each in percept.objects.values()]
    lengths += [len(skill.context) for skill in kept.library.skills if skill.anchor]
    if senses:
        check_alike(kept.beliefs.trials, "beliefs.trials", lambda step: step.action, kept.settings.trials)
        lengths += check_motion(kept.motion, kept.n_actions)
    if len(set(lengths)) > 1:
        raise ValueError(f"percepts: displacements of one length are needed, got {brief(sorted(set(lengths)))}")


def check_alike(groups: Sequence[Sequence], at: str, kind: Callable[[Any], Any], most: int) -> None:
    """Raise unless each group holds some, at most so many, of a kind of its own."""
    seen = set()
    for i, group in enumerate(groups):
        kinds = set(map(kind, group))
        if len(kinds) != 1 or None in kinds or kinds <= seen or len(group) > most:
            raise ValueError(f"{at}[{i}]: 1 to {most} of one kind, which stood nowhere before, are needed, "
                             f"got {len(group)} of {len(kinds)}")
        seen |= kinds


def check_motion(learned: Learned, n_actions: int) -> list[int]:
    """Lengths of the displacements in it; raise unless there is one of everything for each action, and maps fit."""
    for name in ("trust", "samples", "tries"):
        list_of(list(getattr(learned, name)), f"motion.{name}", n_actions)
    for i, counts in enumerate(learned.outcomes and list_of(list(learned.outcomes), "motion.outcomes", n_actions)):
        list_of(list(counts), f"motion.outcomes[{i}]", n_actions + 2)
    sides = [len(side) for matrix, offset in learned.maps.values() for side in (*matrix, offset)]
    sides += [len(matrix) for matrix, _ in learned.maps.values()]
    if len(set(sides)) > 1 or 0 in sides:
        raise ValueError(f"motion.maps: matrices and offsets of one size are needed, got {brief(sorted(set(sides)))}")
    try:
        MotionModel(n_actions).restore(learned)
    except ValueError as why:
        raise ValueError(f"motion.{why}") from None
    return sides + [len(each) for pairs in chain(*learned.samples) for each in chain(*pairs)]


def restore(memory: Memory, kept: Kept, explorer: bool) -> None:
    """Bring all that was kept back into the memory of a new agent; its explorer's notes, where ``explorer`` says so."""
    generator = kept.generator._asdict()
    memory.rng.bit_generator.state = {
        "bit_generator": "PCG64", "state": {name: generator.pop(name) for name in ("state", "inc")}, **generator}
    for name, value in kept.explorer.notes.items() if explorer else ():
        setattr(memory.explorer, name, type(getattr(memory.explorer, name))(value))
    memory.library.restore(kept.library)
    memory.view = kept.view
    memory.cases = {change_of(paths[0]): deque(map(list, paths), kept.settings.cases) for paths in kept.cases}
    memory.explored = Counter(kept.explored)
    if tuple(memory.senses) != (SENSES if kept.motion else ()):
        raise ValueError(f"{', '.join(SENSES)}: not what this agent learns with")
    if kept.motion:
        motion, dangers, beliefs = memory.senses.values()
        motion.restore(kept.motion)
        dangers.restore(kept.dangers.fatal, kept.dangers.costly)
        beliefs.held = dict(kept.beliefs.held)
        beliefs.trials = {steps[0].action: deque(steps, kept.settings.trials) for steps in kept.beliefs.trials}
