"""Chapter 3: a library that merges, retrieves in one matrix product, and keeps a ledger of every use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from os import PathLike
from typing import NamedTuple

import numpy as np

from .percepts import Percept
from .skills import Skill, embed
from .storage import Stored, check_skill, read, whole, write

BLUR = 0.001  # of contexts whose cosines differ by less, the success rates decide
COLUMN = 64  # scores compared at once when looking for the best
embedded = lru_cache(maxsize=10_000)(embed)  # the same displacements come again and again


def nearness(cosine: np.ndarray) -> np.ndarray:
    """Cosines as similarities from 1 (the same context) towards 0: about 0.2 one cell away, 0.01 five cells away.

    A rising function of the cosine, so it changes no order; it keeps a success rate from drowning small distances.
    """
    return BLUR / np.maximum(1 + BLUR - cosine, BLUR)  # at least that: rounding may lift a cosine above 1


def top_rows(score: np.ndarray, k: int) -> np.ndarray:
    """Rows of the ``k`` greatest scores, best first; of equals, the first. Only those at the top are sorted."""
    if len(score) <= COLUMN * k:
        return np.argsort(-score, kind="stable")[:k]
    best = score[:len(score) // COLUMN * COLUMN].reshape(COLUMN, -1).max(axis=0)
    rows = np.flatnonzero(score >= np.partition(best, -k)[-k])  # the k-th of the columns' best is at most the k-th best
    return rows[np.argsort(-score[rows], kind="stable")[:k]]


class Match(NamedTuple):
    """One retrieved skill. ``score`` is similarity times success rate."""

    skill: Skill
    similarity: float
    score: float


class Use(NamedTuple):
    """One line of the ledger: which skill (by number), whether its effect appeared, and after how many steps."""

    skill: int
    succeeded: bool
    steps: int


class Shelf:
    """All skills with the same preconditions, effect and anchor: one edge of the plan, one contiguous matrix."""

    def __init__(self, example: Skill) -> None:
        self.key = example.shelf
        self.preconditions, self.effect, self.removes, self.anchor = self.key
        self.skills: list[Skill] = []
        self.rows: dict[tuple, int] = {}  # context -> row
        self.uses = self.successes = self.steps = 0
        self._matrix = np.empty((8, len(example.embedding)), dtype=np.float32)
        self._rates = np.empty(8, dtype=np.float32)

    @property
    def matrix(self) -> np.ndarray:
        """The embeddings, shape ``(skills, dimensions)``, a view."""
        return self._matrix[:len(self.skills)]

    @property
    def rates(self) -> np.ndarray:
        """The skills' success rates, shape ``(skills,)``, a view."""
        return self._rates[:len(self.skills)]

    @property
    def success_rate(self) -> float:
        """Share of all uses that succeeded, counted as if one more had: 1.0 before the first."""
        return (self.successes + 1) / (self.uses + 1)

    @property
    def cost(self) -> float:
        """Expected steps: mean length divided by success rate, both as attempted."""
        mean = self.steps / self.uses if self.uses else len(self.skills[0].actions)
        return max(mean, 1.0) / self.success_rate

    def append(self, skill: Skill) -> None:
        """Put a new skill at the end."""
        row = len(self.skills)
        if row == len(self._matrix):  # twice the room each time: adding n skills copies each less than twice
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
            self._rates = np.concatenate([self._rates, np.empty_like(self._rates)])
        self._matrix[row], self._rates[row] = skill.embedding, skill.success_rate
        self.skills.append(skill)
        self.rows[skill.context] = row

    def count(self, skill: Skill) -> None:
        """Take over a skill's new record."""
        self._rates[self.rows[skill.context]] = skill.success_rate

    def top(self, percept: Percept, k: int) -> list[Match]:
        """The ``k`` best matches; equal scores keep the order of arrival."""
        similarity = nearness(self.matrix @ embedded(percept.objects[self.anchor] if self.anchor else ()))
        score = similarity * self.rates
        rows = top_rows(score, k).tolist()
        return [Match(self.skills[row], float(similarity[row]), float(score[row])) for row in rows]


def merge(known: Skill, skill: Skill) -> bool:
    """Let the shorter of two sequences stay; whether ``known`` changed. A merge is not a use: no record changes."""
    shorter = len(skill.actions) < len(known.actions)
    if shorter:
        known.actions, known.site = skill.actions, skill.site
    return shorter


def search(shelves: Iterable[Shelf], percept: Percept, k: int, effect: frozenset[str] | None = None) -> list[Match]:
    """The ``k`` best matches on all shelves that are applicable and bring about ``effect``."""
    found = [match for shelf in shelves
             if (effect is None or effect <= shelf.effect) and shelf.skills[0].is_applicable(percept)
             for match in shelf.top(percept, k)]
    return sorted(found, key=lambda match: (-match.score, match.skill.number))[:k]


class SkillLibrary:
    """Skills on their shelves, and the ledger of their uses."""

    def __init__(self) -> None:
        self.shelves: dict[tuple, Shelf] = {}
        self.ledger: list[Use] = []
        self._added = 0

    def __len__(self) -> int:
        return sum(len(shelf.skills) for shelf in self.shelves.values())

    def __iter__(self) -> Iterator[Skill]:
        return (skill for shelf in self.shelves.values() for skill in shelf.skills)

    @property
    def embeddings(self) -> np.ndarray:
        """All embeddings in the order of iteration, padded with zeros to one width; a copy."""
        width = max((shelf.matrix.shape[1] for shelf in self.shelves.values()), default=0)
        blocks = [np.pad(s.matrix, ((0, 0), (0, width - s.matrix.shape[1]))) for s in self.shelves.values()]
        return np.concatenate(blocks) if blocks else np.empty((0, 0), dtype=np.float32)

    def find(self, skill: Skill) -> Skill | None:
        """The stored skill of the same shelf and context, or None."""
        shelf = self.shelves.get(skill.shelf)
        row = None if shelf is None else shelf.rows.get(skill.context)
        return None if row is None else shelf.skills[row]

    def lacks(self, skill: Skill) -> bool:
        """Whether a skill would change the library: nothing as short is stored for its shelf and context."""
        known = self.find(skill)
        return known is None or len(skill.actions) < len(known.actions)

    def add(self, skill: Skill) -> bool:
        """Store a skill, or merge it: of two with the same shelf and context the shorter sequence stays.

        Returns:
            Whether the library changed. A merge is not a use: no record changes.

        Raises:
            TypeError: for anything but a :class:`Skill`; ValueError: for one that could not be used.
        """
        check_skill(skill, among=self)
        known = self.find(skill)
        if known is not None:
            return merge(known, skill)
        if skill.number >= 0:  # another library's: its record stays there
            skill = replace(skill, uses=0, successes=0)
        shelf = self.shelves.get(skill.shelf) or Shelf(skill)
        shelf.append(skill)
        self.shelves[skill.shelf] = shelf
        skill.number, self._added = self._added, self._added + 1
        return True

    def discard(self, unwanted: Callable[[Shelf], bool]) -> None:
        """Remove whole shelves, and their lines in the ledger."""
        gone = {key: shelf for key, shelf in self.shelves.items() if unwanted(shelf)}
        if not gone:
            return
        numbers = {skill.number for shelf in gone.values() for skill in shelf.skills}
        self.shelves = {key: shelf for key, shelf in self.shelves.items() if key not in gone}
        self.ledger = [use for use in self.ledger if use.skill not in numbers]

    def retrieve(self, percept: Percept, k: int = 3, effect: frozenset[str] | None = None) -> list[Match]:
        """The ``k`` best skills for a percept, best first: applicable ones by similarity times success rate.

        Args:
            effect: only skills that bring about all of these facts.
        """
        whole(k, "k", least=1)
        return search(self.shelves.values(), percept, k, effect)

    def record(self, skill: Skill, succeeded: bool, steps: int) -> None:
        """Write one use into the ledger and into the counts kept beside it."""
        if self.find(skill) is not skill:
            raise ValueError(f"skill: one of this library's own is needed, got {skill!r}")
        whole(steps, "steps")
        shelf = self.shelves[skill.shelf]
        self.ledger.append(Use(skill.number, succeeded, steps))
        for counted in (skill, shelf):
            counted.uses += 1
            counted.successes += succeeded
        shelf.steps += steps
        shelf.count(skill)

    def save(self, path: str | PathLike) -> None:
        """Write the library as JSON; the file is either the old one or the new one, never half of either."""
        skills = sorted(self, key=lambda skill: skill.number)
        write(path, Stored(skills, self.ledger, self._added))

    @classmethod
    def load(cls, path: str | PathLike) -> SkillLibrary:
        """Read a saved library; ValueError says what is wrong with a file that is not one."""
        library, stored = cls(), read(path)
        for skill in stored.skills:
            library._added = skill.number
            library.add(skill)
        by_number = {skill.number: skill for skill in library}
        for number, succeeded, steps in stored.ledger:
            library.record(by_number[number], succeeded, steps)
        library._added = stored.next_number
        return library
