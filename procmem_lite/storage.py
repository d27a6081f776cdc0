"""What a skill must look like to be stored, and a file that is either whole or refused.

The file is JSON that reads well: one skill a line, then one use a line. It is written beside its place and
moved there in one step, so an interrupted save leaves the old file as it was.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .arguments import brief, is_action, is_number, whole
from .skills import Site, Skill

FORMAT, VERSION = "procmem_lite skill library", 1
LARGEST_FILE = 128 * 2**20  # bytes; a library of 100,000 skills takes about 25 million
HEAD = ("format", "version", "next_number", "skills", "ledger")
SKILL = ("number", "actions", "preconditions", "effect", "removes", "anchor", "context", "site", "uses",
         "successes")
USE = ("skill", "succeeded", "steps")


class Stored(NamedTuple):
    """What a file holds: skills in order of arrival, the ledger, the number that the next skill will get."""

    skills: Sequence[Skill]
    ledger: Sequence[tuple[int, bool, int]]  # (number of the skill, succeeded, steps)
    next_number: int


def check_skill(skill: Skill, axes: int = 0) -> None:
    """Raise ``ValueError`` or ``TypeError`` unless a skill can be stored, found and replayed.

    Args:
        axes: numbers in a context, where that is known; 0 where it is not.
    """
    if not isinstance(skill, Skill):
        raise TypeError(f"skill: a Skill is needed, got {type(skill).__name__}")
    if not isinstance(skill.actions, tuple) or not skill.actions or not all(map(is_action, skill.actions)):
        raise ValueError("skill.actions: a tuple of one or more whole numbers from 0 on is needed, "
                         f"got {brief(skill.actions)}")
    for name in ("preconditions", "effect", "removes"):
        facts = getattr(skill, name)
        if not isinstance(facts, frozenset) or not all(isinstance(fact, str) and fact for fact in facts):
            raise ValueError(f"skill.{name}: a frozenset of texts is needed, got {brief(facts)}")
    if not skill.effect:
        raise ValueError("skill.effect: one fact or more is needed, got none")
    if not isinstance(skill.context, tuple) or not all(map(is_number, skill.context)):
        raise ValueError(f"skill.context: a tuple of finite numbers is needed, got {brief(skill.context)}")
    if bool(skill.context) != bool(skill.anchor):
        raise ValueError("skill.context: an anchor's displacement is needed, and () without an anchor, "
                         f"got {brief(skill.context)} for {brief(skill.anchor)}")
    site = skill.site.displacement
    if site is not None and (len(site) != len(skill.context) or not all(map(is_number, site))):
        raise ValueError(f"skill.site: as many numbers as in the context are needed, got {brief(site)}")
    if skill.context and axes and len(skill.context) != axes:
        raise ValueError(f"skill.context: {axes} numbers are needed as elsewhere, got {brief(skill.context)}")


def write(path: str | os.PathLike, stored: Stored) -> None:
    """Put a library into a file: all of it, or, where anything fails, nothing.

    Raises:
        ValueError: for a library that could not be read again; OSError: where the file system refuses.
    """
    raw = to_text(stored).encode("utf-8")
    try:
        from_bytes(raw)
    except ValueError as why:
        raise ValueError(f"library: not one that could be read again: {why}") from None
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:  # an interrupt, too, leaves nothing behind
        beside.unlink(missing_ok=True)
        raise


def read(path: str | os.PathLike) -> Stored:
    """Read a file that :func:`write` made.

    Raises:
        ValueError: for anything else, with the file, the place in it and what was expected.
        OSError: where there is no file, or none that may be read.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: a file is needed, and this is none")
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    try:
        return from_bytes(raw)
    except ValueError as why:
        raise ValueError(f"{path}: not a library that can be read: {why}") from None


def to_text(stored: Stored) -> str:
    """A library as JSON, one skill and one use a line."""
    skills = [dict(zip(SKILL, (
        skill.number, skill.actions, sorted(skill.preconditions), sorted(skill.effect), sorted(skill.removes),
        skill.anchor, skill.context, skill.site._asdict(), skill.uses, skill.successes), strict=True))
        for skill in stored.skills]
    ledger = [dict(zip(USE, use, strict=True)) for use in stored.ledger]
    parts = zip(HEAD, (FORMAT, VERSION, stored.next_number, skills, ledger), strict=True)
    return "{\n" + ",\n".join(f'"{name}": {lines(value)}' for name, value in parts) + "\n}\n"


def lines(value: Any) -> str:
    """JSON with each element of a list on a line of its own."""
    if not isinstance(value, list) or not value:
        return dumps(value)
    return "[\n" + ",\n".join(map(dumps, value)) + "\n]"


def dumps(value: Any) -> str:
    """JSON on one line; NumPy's numbers become plain ones."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=lambda number: number.item())


def from_bytes(raw: bytes) -> Stored:
    """Read what :func:`to_text` wrote; ``ValueError`` names the first place that is not as it must be."""
    if len(raw) > LARGEST_FILE:
        raise ValueError(f"at most {LARGEST_FILE} bytes are read")
    try:
        text = raw.decode("utf-8")
        data = json.loads(text, object_pairs_hook=unique, parse_constant=finite, parse_int=short)
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None
    except UnicodeDecodeError as why:
        raise ValueError(f"text in UTF-8 is needed, got none at byte {why.start}") from None
    except json.JSONDecodeError as why:
        raise ValueError(f"JSON is needed, got none at line {why.lineno}, column {why.colno}") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"format: {FORMAT!r} is needed")
    version = whole(data.get("version"), "version", 1)
    if version > VERSION:
        raise ValueError(f"version: {version} is newer than {VERSION}, the newest that this program knows")
    _, _, following, skills, ledger = fields(data, "the file", HEAD)
    following = whole(following, "next_number")
    found = [skill_from(row, f"skills[{i}]") for i, row in enumerate(listed(skills, "skills"))]
    check_together(found, following)
    uses = [use_of(row, f"ledger[{i}]") for i, row in enumerate(listed(ledger, "ledger"))]
    check_records(found, uses)
    return Stored(found, uses, following)


def check_together(skills: Sequence[Skill], following: int) -> None:
    """Raise unless numbers rise, no two skills are alike, and all displacements have one length."""
    last, seen, axes = -1, set(), 0
    for i, skill in enumerate(skills):
        if not last < skill.number < following:
            raise ValueError(f"skills[{i}].number: one from {last + 1} to {following - 1} is needed, "
                             f"got {skill.number}")
        if (skill.shelf, skill.context) in seen:
            raise ValueError(f"skills[{i}]: a skill of these facts, anchor and context stood there before")
        axes = axes or len(skill.context)
        if skill.context and len(skill.context) != axes:
            raise ValueError(f"skills[{i}].context: {axes} numbers are needed as before, "
                             f"got {brief(skill.context)}")
        last = skill.number
        seen.add((skill.shelf, skill.context))


def check_records(skills: Sequence[Skill], ledger: Sequence[tuple[int, bool, int]]) -> None:
    """Raise unless every skill's record is what the ledger says."""
    counted = {skill.number: [0, 0] for skill in skills}
    for i, (number, succeeded, _) in enumerate(ledger):
        if number not in counted:
            raise ValueError(f"ledger[{i}].skill: the number of a skill in this file is needed, got {number}")
        counted[number][0] += 1
        counted[number][1] += succeeded
    for i, skill in enumerate(skills):
        uses, successes = counted[skill.number]
        if (skill.uses, skill.successes) != (uses, successes):
            raise ValueError(f"skills[{i}]: {uses} uses, {successes} successes are needed as in the ledger, "
                             f"got {skill.uses} and {skill.successes}")


def skill_from(row: Any, at: str) -> Skill:
    """One line of the skills."""
    (number, actions, preconditions, effect, removes, anchor, context, site, uses,
     successes) = fields(row, at, SKILL)
    displacement, action = fields(site, f"{at}.site", Site._fields)
    skill = Skill(
        actions=tuple(whole(a, f"{at}.actions[{i}]") for i, a in enumerate(listed(actions, f"{at}.actions"))),
        preconditions=texts(preconditions, f"{at}.preconditions"),
        effect=texts(effect, f"{at}.effect"),
        removes=texts(removes, f"{at}.removes"),
        anchor=None if anchor is None else text_of(anchor, f"{at}.anchor"),
        context=displacement_of(context, f"{at}.context"),
        site=Site(None if displacement is None else displacement_of(displacement, f"{at}.site.displacement"),
                  None if action is None else whole(action, f"{at}.site.action")),
        uses=whole(uses, f"{at}.uses"), successes=whole(successes, f"{at}.successes"),
        number=whole(number, f"{at}.number"))
    try:
        check_skill(skill)
    except ValueError as why:
        raise ValueError(str(why).replace("skill", at, 1)) from None
    return skill


def use_of(row: Any, at: str) -> tuple[int, bool, int]:
    """One line of the ledger."""
    skill, succeeded, steps = fields(row, at, USE)
    if not isinstance(succeeded, bool):
        raise ValueError(f"{at}.succeeded: true or false is needed, got {brief(succeeded)}")
    return whole(skill, f"{at}.skill"), succeeded, whole(steps, f"{at}.steps")


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; one that says a thing twice is refused."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        raise ValueError(f"an object has a name twice: {brief(twice)}")
    return found


def finite(constant: str) -> None:
    """NaN and the infinities are no JSON."""
    raise ValueError(f"a finite number is needed, got {constant}")


def short(digits: str) -> int:
    """A whole number; one of thousands of digits is refused before it is worked out."""
    if len(digits) > 17:
        raise ValueError(f"a whole number of at most 16 digits is needed, got {brief(digits)}")
    return int(digits)


def fields(value: Any, at: str, names: Sequence[str]) -> list[Any]:
    """The values of an object that must have these names and no others, in this order."""
    if not isinstance(value, dict) or value.keys() != set(names):
        got = sorted(value) if isinstance(value, dict) else value
        raise ValueError(f"{at}: an object with the names {', '.join(names)} is needed, got {brief(got)}")
    return [value[name] for name in names]


def listed(value: Any, at: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise ValueError(f"{at}: a list is needed, got {brief(value)}")
    return value


def displacement_of(value: Any, at: str) -> tuple[float, ...]:
    """A list of finite numbers."""
    for i, part in enumerate(listed(value, at)):
        if not is_number(part):
            raise ValueError(f"{at}[{i}]: a finite number is needed, got {brief(part)}")
    return tuple(value)


def text_of(value: Any, at: str) -> str:
    """A name that can be written again."""
    if not isinstance(value, str) or not value or any("\ud800" <= mark <= "\udfff" for mark in value):
        raise ValueError(f"{at}: a text that is not empty is needed, got {brief(value)}")
    return value


def texts(value: Any, at: str) -> frozenset[str]:
    """A list of different names, as a set."""
    found = [text_of(name, f"{at}[{i}]") for i, name in enumerate(listed(value, at))]
    if len(set(found)) < len(found):
        raise ValueError(f"{at}: different names are needed, got {brief(value)}")
    return frozenset(found)


