"""Chapter 3: what a skill must look like to be stored, and the file of a library: skills and the ledger of their uses.

account    all uses of one claim           Account(effect, removes, anchor, site, lines, facts, contexts)
line       one use, told in full           (3, frozenset(), True, 5): skill 3, no facts, succeeded, in five steps
counts     what some uses came to          (14, 12, 70): fourteen uses, twelve successes, seventy steps
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, NamedTuple

from .arguments import brief, is_action, is_number, whole
from .percepts import Facts
from .schema import DISPLACEMENT, FACTS, TEXT, TRUTH, WHOLE, listed, mapping, optional, record, row, same
from .skills import Claim, Site, Skill
from .storage import read, version_of, write

FORMAT, VERSION = "procmem_lite skill library", 2
Counts = tuple[int, int, int]  # uses, successes, steps


class Account(NamedTuple):
    """What the ledger says of one claim."""

    effect: Facts
    removes: Facts
    anchor: str | None
    site: Site
    lines: Sequence[tuple[int, Facts, bool, int]]  # (number of the skill, facts at the start, succeeded, steps)
    facts: Mapping[Facts | None, Counts]  # under which facts; None: the rarest, added up
    contexts: Mapping[tuple | None, Counts]  # from which context; None: from any

    @property
    def claim(self) -> Claim:
        """What it is about."""
        return Claim(self.effect, self.removes, self.anchor, self.site)

    @property
    def total(self) -> Counts:
        """What all its uses came to."""
        return added(self.facts.values())


class Stored(NamedTuple):
    """What is kept of a library: the number that the next skill will get, skills in order of arrival, the ledger."""

    next_number: int
    skills: Sequence[Skill]
    ledger: Sequence[Account]
    uses: Sequence[tuple[int, bool, int]] | None = None  # (number, succeeded, steps): a file of version 1 has these


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


def checked_skill(**parts: Any) -> Skill:
    """A skill from a file, if it can be stored."""
    skill = Skill(**parts)
    try:
        check_skill(skill)
    except ValueError as why:
        raise ValueError(str(why).removeprefix("skill.")) from None
    return skill


def whose(number: Any, at: str) -> int:
    """The number of a skill; -1 for what is no stored one."""
    return number if number == -1 and not isinstance(number, float) else whole(number, at)


ACTIONS, CONTEXT = listed(WHOLE), optional(DISPLACEMENT)
SITE = record(Site, {"displacement": CONTEXT, "action": optional(WHOLE)})
COUNTS = row(WHOLE, WHOLE, WHOLE)
SKILL = record(checked_skill, {
    "number": WHOLE, "actions": ACTIONS, "preconditions": FACTS, "effect": FACTS, "removes": FACTS,
    "anchor": optional(TEXT), "context": DISPLACEMENT, "site": SITE, "uses": WHOLE, "successes": WHOLE})
ACCOUNT = record(Account, {
    "effect": FACTS, "removes": FACTS, "anchor": optional(TEXT), "site": SITE,
    "lines": listed(row(same(whose), FACTS, TRUTH, WHOLE)),
    "facts": mapping(optional(FACTS), COUNTS), "contexts": mapping(CONTEXT, COUNTS)})
SHELVES = {"next_number": WHOLE, "skills": listed(SKILL)}
LIBRARY = record(Stored, SHELVES | {"ledger": listed(ACCOUNT)})
USE = record(lambda **use: tuple(use.values()), {"skill": WHOLE, "succeeded": TRUTH, "steps": WHOLE})
FIRST = record(lambda ledger, **shelves: Stored(ledger=(), uses=ledger, **shelves), SHELVES | {"ledger": listed(USE)})


def write_library(path: str | PathLike, stored: Stored) -> None:
    """Put a library into a file; see :func:`~procmem_lite.storage.write`."""
    write(path, "a library", {"format": FORMAT, "version": VERSION} | LIBRARY.write(stored, ""), from_data)


def read_library(path: str | PathLike) -> Stored:
    """Read a file that :func:`write_library` wrote; see :func:`~procmem_lite.storage.read`."""
    return read(path, "a library", from_data)


def from_data(data: Any) -> Stored:
    """A library from the JSON of its file, checked."""
    version = version_of(data, FORMAT, VERSION)
    body = {name: part for name, part in data.items() if name not in ("format", "version")}
    stored = (FIRST if version == 1 else LIBRARY).read(body, "")
    check_library(stored, "")
    return stored


def check_library(stored: Stored, at: str) -> None:
    """Raise unless all parts fit each other; ``at`` stands before the place in a message."""
    check_together(stored.skills, stored.next_number, at)
    counted = check_ledger(stored, at) if stored.uses is None else check_uses(stored, at)
    for i, skill in enumerate(stored.skills):
        uses, successes, _ = counted.get(skill.number, (0, 0, 0))
        if (skill.uses, skill.successes) != (uses, successes):
            raise ValueError(f"{at}skills[{i}]: {uses} uses, {successes} successes are needed as in the ledger, "
                             f"got {skill.uses} and {skill.successes}")


def check_together(skills: Sequence[Skill], following: int, at: str) -> None:
    """Raise unless numbers rise, no two skills are alike, and all displacements have one length."""
    last, seen, axes = -1, set(), 0
    for i, skill in enumerate(skills):
        if not last < skill.number < following:
            raise ValueError(f"{at}skills[{i}].number: one from {last + 1} to {following - 1} is needed, "
                             f"got {skill.number}")
        if (skill.operator, skill.context) in seen:
            raise ValueError(f"{at}skills[{i}]: a skill of this operator and context stood there before")
        axes = axes or len(skill.context)
        if skill.context and len(skill.context) != axes:
            raise ValueError(f"{at}skills[{i}].context: {axes} numbers are needed as before, "
                             f"got {brief(skill.context)}")
        last = skill.number
        seen.add((skill.operator, skill.context))


def check_uses(stored: Stored, at: str) -> dict[int, Counts]:
    """Counts of every skill by its number; raise unless all uses are of skills that are there."""
    counted = {skill.number: (0, 0, 0) for skill in stored.skills}
    for i, (number, *use) in enumerate(stored.uses):
        if number not in counted:
            raise ValueError(f"{at}ledger[{i}].skill: the number of a skill in this file is needed, got {number}")
        counted[number] = added([counted[number], (1, *use)])
    return counted


def check_ledger(stored: Stored, at: str) -> dict[int, Counts]:
    """Counts of every skill by its number; raise unless each claim has one account in which all adds up."""
    accounts = {account.claim: account for account in stored.ledger}
    for i, account in enumerate(stored.ledger):
        here = f"{at}ledger[{i}]"
        if account is not accounts[account.claim]:
            raise ValueError(f"{here}: a claim with one account only is needed, and this one has two")
        if account.total != added(account.contexts.values()):
            raise ValueError(f"{here}.contexts: {account.total} is needed in all, as under its facts, "
                             f"got {added(account.contexts.values())}")
        for counts in [*account.facts.values(), *account.contexts.values()]:
            if not 0 <= counts[1] <= counts[0] > 0:
                raise ValueError(f"{here}: one use or more, and no more successes than uses, are needed, got {counts}")
        check_lines(account, stored.next_number, here)
    missing = [i for i, skill in enumerate(stored.skills) if skill.operator.claim not in accounts]
    if missing:
        raise ValueError(f"{at}skills[{missing[0]}]: a claim with an account in the ledger is needed, and it has none")
    return {skill.number: accounts[skill.operator.claim].contexts.get(skill.context, (0, 0, 0))
            for skill in stored.skills}


def check_lines(account: Account, following: int, at: str) -> None:
    """Raise unless the last lines of an account are of skills that were there, and among its uses."""
    for i, (number, *_) in enumerate(account.lines):
        if number >= following:
            raise ValueError(f"{at}.lines[{i}][0]: a number below {following} is needed, got {number}")
    if len(account.lines) > account.total[0]:
        raise ValueError(f"{at}.lines: no more than its {account.total[0]} uses are needed, got {len(account.lines)}")


def added(counts: Iterable[Counts]) -> Counts:
    """The sums of uses, successes and steps."""
    return tuple(map(sum, zip((0, 0, 0), *counts, strict=True)))
