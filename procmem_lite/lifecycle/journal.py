"""Chapter 10: a library that knows where each skill is from, writes down each change, and can go back.

origin    who brought a skill, when, made from which         Origin("agent", episode=3, parents=(7,))
entry     a skill, its origin, and why it was retired        Entry(skill parts ..., origin, retired="")
change    one number's entry before and after                Change(12, None, Entry(...)): it was added
line      one operation: all its changes                     Line(4, "merge", "agent", 3, (Change(...), ...))
attic     entries that were retired; nothing is erased       {7: Entry(..., retired="merged into 12")}
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any, NamedTuple, Self

from ..arguments import whole
from ..library import Shelf, SkillLibrary, Tally, accounts_of, fill
from ..schema import DISPLACEMENT, FACTS, TEXT, WHOLE, listed, optional, record, row, same
from ..skill_file import ACCOUNT, ACTIONS, SITE, check_skill
from ..skills import Claim, Operator, Site, Skill
from ..storage import read, version_of, write

FORMAT, VERSION = "procmem_lite living library", 1
BOUND = 1000  # lines kept


class Origin(NamedTuple):
    """Where a skill is from."""

    author: str = "agent"
    episode: int = 0
    parents: tuple[int, ...] = ()  # numbers of the skills that it was made from


class Entry(NamedTuple):
    """A skill as it was stored; ``retired`` says why it lies in the attic, and is empty on a shelf."""

    actions: tuple[int, ...]
    operator: Operator
    context: tuple
    origin: Origin
    retired: str = ""

    def skill(self, number: int) -> Skill:
        """The skill, with no record."""
        does = self.operator
        return Skill(self.actions, does.preconditions, does.effect, does.removes, does.anchor, self.context, does.site,
                     number=number)


class Change(NamedTuple):
    """What happened to one number; None: there was no such skill."""

    number: int
    before: Entry | None
    after: Entry | None


class Line(NamedTuple):
    """One operation, with all that it changed."""

    version: int
    what: str
    author: str
    episode: int
    changes: tuple[Change, ...]
    opened: tuple[Claim, ...] = ()  # claims that the ledger did not know


class LivingLibrary(SkillLibrary):
    """Skills, an attic, and a journal from which every change can be undone.

    Attributes:
        entries: number -> entry, on shelves and in the attic. journal: the last ``bound`` lines.
        version: operations so far that were not undone.
    """

    def __init__(self, bound: int = BOUND) -> None:
        super().__init__()
        self.bound = whole(bound, "bound", least=1)
        self.entries: dict[int, Entry] = {}
        self.journal: deque[Line] = deque(maxlen=bound)
        self.version, self.signed = 0, Origin()

    @classmethod
    def of(cls, skills: Iterable[Skill], author: str = "agent", bound: int = BOUND) -> Self:
        """A living library of some skills, from their first line on."""
        library = cls(bound)
        library.sign(author)
        library.change("found", {number: Entry(skill.actions, skill.operator, skill.context, library.signed)
                                 for number, skill in enumerate(skills)})
        return library

    def sign(self, author: str | None = None, episode: int | None = None) -> None:
        """Say on whose behalf, and in which episode, what follows is done."""
        self.signed = Origin(self.signed.author if author is None else author,
                             self.signed.episode if episode is None else whole(episode, "episode"))

    @property
    def attic(self) -> dict[int, Entry]:
        """What was retired."""
        return {number: entry for number, entry in self.entries.items() if entry.retired}

    @property
    def next_number(self) -> int:
        """The number that the next skill will get."""
        return self._added

    def change(self, what: str, after: Mapping[int, Entry | None]) -> Line | None:
        """Do one operation, the only gate to what is stored; None where it changes nothing."""
        changes = tuple(Change(number, self.entries.get(number), entry) for number, entry in after.items()
                        if self.entries.get(number) != entry)
        if not changes:
            return None
        claims = dict.fromkeys(each.after.operator.claim for each in changes if each.after)
        opened = tuple(claim for claim in claims if claim not in self.ledger.totals)
        self.version += 1
        line = Line(self.version, what, self.signed.author, self.signed.episode, changes, opened)
        self.apply((each.number, each.after) for each in changes)
        self.journal.append(line)
        return line

    def undo(self) -> Line:
        """Take the last operation back; the library is byte for byte what it was. What was used stays counted."""
        if not self.journal:
            raise ValueError("library: a line in the journal is needed to undo, and there is none")
        line = self.journal.pop()
        self.apply((each.number, each.before) for each in reversed(line.changes))
        for claim in line.opened:
            if not self.ledger.totals[claim].uses:
                for told in (self.ledger.totals, self.ledger.under, self.ledger.lines):
                    del told[claim]
        self.version -= 1
        return line

    def at(self, version: int) -> Self:
        """A copy of the library as it was; its ledger is of today. ValueError: further back than the journal goes."""
        whole(version, "version")
        first = self.version - len(self.journal)
        if not first <= version <= self.version:
            raise ValueError(f"version: one from {first} to {self.version} is needed, got {version}")
        again = type(self)(self.bound)
        again.fill(self.entries, self.journal, self.version, accounts_of(self.ledger))
        while again.version > version:
            again.undo()
        return again

    def apply(self, entries: Iterable[tuple[int, Entry | None]]) -> None:
        """Put entries in place, and bring the shelves that they touch up to date."""
        gone: dict[Operator, set[int]] = {}
        come: dict[Operator, list[Skill]] = {}
        for number, entry in entries:
            before = self.entries.pop(number, None)
            if before is not None and not before.retired:
                gone.setdefault(before.operator, set()).add(number)
            if entry is not None:
                self.entries[number] = entry
                self._added = max(self._added, number + 1)
                self.ledger.open(entry.operator.claim)
                if not entry.retired:
                    come.setdefault(entry.operator, []).append(entry.skill(number))
        while self._added and self._added - 1 not in self.entries:
            self._added -= 1
        for operator in {**gone, **come}:
            self.shelve(operator, gone.get(operator, set()), come.get(operator, []))
        self.shelves = dict(sorted(self.shelves.items(), key=lambda pair: pair[1].skills[0].number))
        self._axes = next((len(shelf.skills[0].context) for shelf in self.shelves.values() if shelf.anchor), 0)

    def shelve(self, operator: Operator, gone: set[int], come: list[Skill]) -> None:
        """Bring one shelf up to date, skills in the order of their numbers; an empty one goes."""
        old = self.shelves.get(operator)
        stay = [skill for skill in old.skills if skill.number not in gone] if old else []
        come = sorted(come, key=lambda skill: skill.number)
        if old and not gone and come[0].number > stay[-1].number:  # as when skills are added one by one
            for skill in come:
                self.put(old, skill)
            return
        self.shelves.pop(operator, None)
        if stay or come:
            shelf = self.shelves[operator] = Shelf(operator, self.ledger.open(operator.claim))
            for skill in sorted([*stay, *come], key=lambda skill: skill.number):
                self.put(shelf, skill)

    def put(self, shelf: Shelf, skill: Skill) -> None:
        """One skill onto its shelf, with its record from the ledger."""
        shelf.append(skill)
        shelf.count(len(shelf.skills) - 1, self.ledger.contexts.get((shelf.operator.claim, skill.context), Tally()))

    def add(self, skill: Skill, parents: tuple[int, ...] = (), what: str = "add") -> bool:
        """Store a skill, or let the shorter of two replace the other, which goes to the attic."""
        check_skill(skill, self._axes)
        known = self.find(skill)
        if known is not None and len(skill.actions) >= len(known.actions):
            return False
        number = self._added
        born = Entry(skill.actions, skill.operator, skill.context, self.signed._replace(parents=parents))
        if known is not None:
            born = born._replace(origin=born.origin._replace(parents=(*parents, known.number)))
            old = self.entries[known.number]._replace(retired=f"refined by {number}")
            return self.change("refine", {known.number: old, number: born}) is not None
        return self.change(what, {number: born}) is not None

    def discard(self, unwanted: Iterable[Shelf]) -> None:
        """Retire whole shelves."""
        self.retire([skill.number for shelf in list(unwanted) for skill in shelf.skills], "no longer believed")

    def retire(self, numbers: Iterable[int], why: str, what: str = "retire") -> Line | None:
        """Move skills to the attic."""
        return self.change(what, {number: self.entries[number]._replace(retired=why) for number in numbers
                                  if not self.entries[number].retired})

    def fill(self, entries: Mapping[int, Entry], journal: Iterable[Line], version: int, accounts: Iterable) -> None:
        """Become, from an empty one, the library of which all this was kept."""
        fill(self.ledger, accounts)
        self.apply(entries.items())
        self.journal.extend(journal)
        self.version = version

    def save(self, path: str | PathLike) -> None:
        """Write all of it: entries, journal and ledger."""
        kept = Kept(self.bound, self.version, [Told(number, entry) for number, entry in sorted(self.entries.items())],
                    list(self.journal), accounts_of(self.ledger))
        write(path, "a living library", {"format": FORMAT, "version": VERSION} | KEPT.write(kept, ""), from_data)

    @classmethod
    def load(cls, path: str | PathLike) -> Self:
        """Read a saved one; ValueError says what is wrong with a file that is none."""
        kept = read(path, "a living library", from_data)
        library = cls(kept.bound)
        library.fill({each.number: each.entry for each in kept.entries}, kept.journal, kept.edition, kept.ledger)
        return library

    def life(self, number: int) -> Iterator[tuple[Line, Change]]:
        """All that the journal tells of one skill, in order."""
        return ((line, change) for line in self.journal for change in line.changes if change.number == number)


# ---------------------------------------------------------------- the file


class Told(NamedTuple):
    """An entry and its number."""

    number: int
    entry: Entry


class Kept(NamedTuple):
    """What a file keeps."""

    bound: int
    edition: int  # the library's version; the file has one of its own
    entries: list[Told]
    journal: list[Line]
    ledger: list


def made_entry(retired: str, **parts: Any) -> Entry:
    """An entry from a file, if it can be stored."""
    skill = Skill(**{name: parts[name] for name in ("actions", "context", *OPERATOR)})
    check_skill(skill)
    return Entry(skill.actions, skill.operator, skill.context, parts["origin"], retired)


def free_text(value: Any, at: str) -> str:
    """A text, or none."""
    if not isinstance(value, str):
        raise ValueError(f"{at}: a text is needed, got {value!r}")
    return value


def line_of(changes: tuple, **parts: Any) -> Line:
    """A line from a file."""
    return Line(changes=tuple(Change(*each) for each in changes), **parts)


OPERATOR = {"preconditions": FACTS, "effect": FACTS, "removes": FACTS, "anchor": optional(TEXT), "site": SITE}
ORIGIN = record(Origin, {"author": TEXT, "episode": WHOLE, "parents": listed(WHOLE)})


class Flat(NamedTuple):
    """An entry with its operator's parts beside its own, as a file tells it."""

    actions: tuple[int, ...]
    preconditions: frozenset
    effect: frozenset
    removes: frozenset
    anchor: str | None
    site: Site
    context: tuple
    origin: Origin
    retired: str


def flat(entry: Entry) -> Flat:
    """An entry as a file tells it."""
    does = entry.operator
    return Flat(entry.actions, does.preconditions, does.effect, does.removes, does.anchor, does.site, entry.context,
                entry.origin, entry.retired)


def told_as(kind: Any) -> Any:
    """A kind of entry, flattened before it is written."""
    return kind._replace(write=lambda value, at: None if value is None else kind.write(flat(value), at))


ENTRY = told_as(optional(record(made_entry, {
    "actions": ACTIONS, **OPERATOR, "context": DISPLACEMENT, "origin": ORIGIN, "retired": same(free_text)})))
CLAIM = record(Claim, {"effect": FACTS, "removes": FACTS, "anchor": optional(TEXT), "site": SITE})
LINE = record(line_of, {"version": WHOLE, "what": TEXT, "author": TEXT, "episode": WHOLE,
                        "changes": listed(row(WHOLE, ENTRY, ENTRY)), "opened": listed(CLAIM)})
TOLD = record(Told, {"number": WHOLE, "entry": ENTRY})
KEPT = record(Kept, {"bound": WHOLE, "edition": WHOLE, "entries": listed(TOLD), "journal": listed(LINE),
                     "ledger": listed(ACCOUNT)})


def from_data(data: Any) -> Kept:
    """A living library from the JSON of its file, checked."""
    version_of(data, FORMAT, VERSION)
    kept = KEPT.read({name: part for name, part in data.items() if name not in ("format", "version")}, "")
    numbers = [each.number for each in kept.entries]
    if numbers != sorted(set(numbers)):
        raise ValueError("entries: numbers that rise are needed")
    versions = [line.version for line in kept.journal]
    if versions != list(range(kept.edition - len(versions) + 1, kept.edition + 1)):
        raise ValueError(f"journal: lines up to version {kept.edition}, one after the other, are needed")
    return kept
