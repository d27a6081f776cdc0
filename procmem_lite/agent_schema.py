"""Chapter 4: what stands in the file of a whole agent, part by part.

percept       told once, without its scene                        {"facts": [], "objects": {"tree": [2, -1]}, ...}
transition    its percepts by their places in a list              [7, 3, -0.1, 8, false, false, -1]
notes         what an explorer remembers beyond an episode        {"name": "untried", "notes": {"tried": ..., ...}}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, NamedTuple

from .arguments import brief, whole
from .beliefs import Belief
from .explorers import EXPLORERS
from .navigation.motion import Learned
from .navigation.view import View
from .percepts import Percept, Transition
from .schema import (
    DISPLACEMENT,
    FACTS,
    NUMBER,
    TEXT,
    TRUTH,
    VALUE,
    WHOLE,
    WIDE,
    Kind,
    collected,
    inside,
    listed,
    mapping,
    named,
    optional,
    record,
    row,
    same,
    text_of,
)
from .settings import Settings
from .skill_file import LIBRARY, SITE, whose


class Generator(NamedTuple):
    """The state of a PCG64."""

    state: int
    inc: int
    has_uint32: int
    uinteger: int


class Harm(NamedTuple):
    """What is known to do harm."""

    fatal: Mapping[Any, bool]
    costly: frozenset[tuple]


class Thoughts(NamedTuple):
    """What is believed, and the trials that may refute it, an action after the other."""

    held: Mapping[tuple, Belief]
    trials: Sequence[Sequence[Transition]]


class Notes(NamedTuple):
    """An explorer's name, and what it remembers, by attribute; None where that cannot be kept."""

    name: str
    notes: Mapping[str, Any] | None


def ground_of(value: Any, at: str) -> bool | str:
    """What lies next to the agent."""
    return value if isinstance(value, bool) else text_of(value, at)


def pcg64(**state: int) -> Generator:
    """The state of a PCG64 from a file."""
    for name, bits in (("state", 128), ("inc", 128), ("has_uint32", 1), ("uinteger", 32)):
        if not 0 <= state[name] < 2**bits:
            raise ValueError(f"{name}: a number of {bits} bits is needed, got {brief(state[name])}")
    return Generator(**state)


def viewing(**parts: Any) -> View:
    """A view from a file."""
    if parts["unit"] <= 0:
        raise ValueError(f"unit: a number above 0 is needed, got {parts['unit']}")
    view = View()
    flips = {fact: Counter(each) for fact, each in parts["flips"].items()}
    vars(view).update(parts, guesses=list(parts["guesses"]), flickers=set(parts["flickers"]),
                      taken=Counter(parts["taken"]), flips=flips)
    return view


BY_TYPE = {"bool": TRUTH, "int": WHOLE, "float": NUMBER, "str": TEXT}
SETTINGS = record(Settings, {each.name: BY_TYPE[each.type] for each in fields(Settings)})
GENERATOR = record(pcg64, {"state": WIDE, "inc": WIDE, "has_uint32": WHOLE, "uinteger": WHOLE})
PERCEPT = record(Percept, {"facts": FACTS, "objects": named(DISPLACEMENT), "place": VALUE,
                           "around": mapping(DISPLACEMENT, same(ground_of))})
BELIEF = record(Belief, {"anchor": optional(TEXT), "site": SITE, "preconditions": FACTS, "version": WHOLE,
                         "twins": FACTS})
HARM = record(Harm, {"fatal": mapping(VALUE, TRUTH), "costly": collected(VALUE)})
SAMPLES = listed(listed(row(DISPLACEMENT, DISPLACEMENT)))
TIMES, COUNTED = mapping(VALUE, WHOLE), mapping(WHOLE, WHOLE)
VIEW = record(viewing, {"unit": NUMBER, "noisy": TRUTH, "whole": TRUTH, "seen": WHOLE, "guesses": listed(NUMBER),
                        "flickers": FACTS, "taken": COUNTED, "flips": named(COUNTED)})
NOTES = {"untried": {"tried": TIMES, "ever": collected(VALUE), "turned": TIMES,
                     "telling": collected(VALUE), "killed": TIMES}, "least taken": {}, "random": {}}
HEAD = {"agent": TEXT, "n_actions": same(partial(whole, least=1)), "settings": SETTINGS, "generator": GENERATOR}


class Table:
    """Percepts that are told once and named by their place in a list."""

    def __init__(self, percepts: Sequence[Percept] = ()) -> None:
        self.percepts = percepts
        self.rows: list[dict] = []
        self.places: dict[str, int] = {}

    def write(self, percept: Percept, at: str) -> int:
        """The place of a percept, which from now on has one."""
        told = PERCEPT.write(percept, at)
        place = self.places.setdefault(repr(told), len(self.rows))
        self.rows += [told] if place == len(self.rows) else []
        return place

    def read(self, place: Any, at: str) -> Percept:
        """The percept at a place."""
        if whole(place, at) >= len(self.percepts):
            raise ValueError(f"{at}: a number below {len(self.percepts)}, that of a percept, is needed, got {place}")
        return self.percepts[place]


def body(n_actions: int, table: Table) -> dict[str, Kind]:
    """What stands in a file of an agent with so many actions, after its head and its percepts."""
    percept, action = Kind(table.write, table.read), same(partial(action_of, n_actions))
    steps = row(percept, action, NUMBER, percept, TRUTH, TRUTH, same(whose))
    step = Kind(steps.write, lambda data, at: Transition(*steps.read(data, at)))
    motion = {"maps": mapping(action, row(listed(DISPLACEMENT), DISPLACEMENT)), "trust": listed(WHOLE),
              "samples": listed(SAMPLES), "tries": listed(WHOLE), "outcomes": listed(listed(WHOLE)),
              "thrown": named(row(WHOLE, WHOLE)), "version": WHOLE}
    beliefs = {"held": mapping(row(FACTS, FACTS), BELIEF), "trials": listed(listed(step))}
    return {"explorer": Kind(tell_explorer, hear_explorer), "library": LIBRARY, "view": VIEW,
            "cases": listed(listed(listed(step))), "explored": mapping(FACTS, WHOLE),
            "motion": optional(record(Learned, motion)), "dangers": optional(HARM),
            "beliefs": optional(record(Thoughts, beliefs))}


def action_of(n_actions: int, value: Any, at: str) -> int:
    """One of an agent's actions."""
    if whole(value, at) >= n_actions:
        raise ValueError(f"{at}: an action below {n_actions} is needed, got {value}")
    return value


def tell_explorer(explorer: object, at: str) -> dict[str, Any]:
    """An explorer's name and its notes; of a foreign one, the name alone."""
    kind = type(explorer)
    for name, notes in NOTES.items():
        if kind is EXPLORERS[name]:
            return {"name": name, "notes": {part: notes[part].write(getattr(explorer, part), f"{at}.{part}")
                                            for part in notes}}
    return {"name": f"{kind.__module__}.{kind.__qualname__}", "notes": None}


def hear_explorer(data: Any, at: str) -> Notes:
    """What :func:`tell_explorer` told."""
    name, notes = record(Notes, {"name": TEXT, "notes": Kind(None, lambda data, at: data)}).read(data, at)
    if name not in NOTES:
        return Notes(name, None)
    kinds = NOTES[name]
    return Notes(name, record(lambda **parts: parts, kinds).read(notes, inside(at, "notes")))
