"""Chapter 3: a library that merges, retrieves in one matrix product, and keeps a ledger of every use.

shelf     one operator, and all skills that have it      Shelf(operator), with a matrix of their contexts
match     one retrieved skill                            Match(skill, similarity=0.21, score=0.18)
use       one line of the ledger                         Use(skill=3, claim, facts, succeeded=True, steps=5)
tally     what some uses came to                         Tally(uses=14, successes=12, steps=70)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from os import PathLike
from typing import NamedTuple

import numpy as np

from .arguments import whole
from .percepts import Facts, Percept
from .skill_file import Account, Stored, check_skill, read_library, write_library
from .skills import Claim, Operator, Skill, embed

BLUR = 0.001  # of contexts whose cosines differ by less, the success rates decide
DIGITS = 1e5  # cosines are rounded to five digits: contexts equally far away tie on every processor
COLUMN = 64  # scores compared at once when looking for the best
LINES, SETS = 8, 64  # of each claim: lines kept, and sets of facts with a tally of their own
embedded = lru_cache(maxsize=10_000)(embed)  # the same displacements come again and again


def nearness(cosine: np.ndarray) -> np.ndarray:
    """Cosines as similarities from 1 (the same context) towards 0: about 0.2 one cell away, 0.01 five cells away.

    A rising function of the cosine, so it changes no order; it keeps a success rate from drowning small distances.
    """
    return BLUR / (1 + BLUR - np.minimum(np.rint(cosine * DIGITS) / DIGITS, 1))


def top_rows(cost: np.ndarray, k: int) -> np.ndarray:
    """Rows of the ``k`` smallest costs, best first; of equals, the first. Only those at the top are sorted."""
    if len(cost) <= COLUMN * k:
        return np.argsort(cost, kind="stable")[:k]
    best = cost[:len(cost) // COLUMN * COLUMN].reshape(COLUMN, -1).min(axis=0)
    rows = np.flatnonzero(cost <= np.partition(best, k - 1)[k - 1])  # the k-th of the columns' best is at least that
    return rows[np.argsort(cost[rows], kind="stable")[:k]]


class Match(NamedTuple):
    """One retrieved skill. ``score`` is similarity times success rate."""

    skill: Skill
    similarity: float
    score: float


class Use(NamedTuple):
    """One line of the ledger: which skill (by number), its claim, the facts at its start, what came of it."""

    skill: int
    claim: Claim
    facts: Facts
    succeeded: bool
    steps: int


@dataclass(slots=True)
class Tally:
    """What some uses came to: how many, how many successes, how many steps; a bad end counts as 200 more."""

    uses: int = 0
    successes: int = 0
    steps: int = 0

    @property
    def rate(self) -> float:
        """Share of uses that succeeded, counted as if one more had: 1.0 before the first."""
        return (self.successes + 1) / (self.uses + 1)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Uses, successes and steps."""
        return self.uses, self.successes, self.steps

    def add(self, other: Tally) -> None:
        """Take the counts of another in."""
        self.uses, self.successes, self.steps = (
            self.uses + other.uses, self.successes + other.successes, self.steps + other.steps)


class Ledger:
    """All uses of all skills, by claim: the last lines as they were, and tallies of everything before.

    Attributes:
        lines: claim -> its last uses, in order.
        under: claim -> facts at the start -> tally; the rarest beyond ``SETS`` are added up under None.
        totals: claim -> tally of all its uses. contexts: (claim, context) -> tally of one skill's uses.
    """

    def __init__(self) -> None:
        self.lines: dict[Claim, deque[Use]] = {}
        self.under: dict[Claim, dict[Facts | None, Tally]] = {}
        self.totals: dict[Claim, Tally] = {}
        self.contexts: dict[tuple, Tally] = {}

    def __len__(self) -> int:
        return sum(tally.uses for tally in self.totals.values())

    def open(self, claim: Claim) -> Tally:
        """The tally of all uses of a claim, from now on kept."""
        if claim not in self.totals:
            self.totals[claim], self.under[claim], self.lines[claim] = Tally(), {}, deque(maxlen=LINES)
        return self.totals[claim]

    def write(self, use: Use, context: tuple) -> None:
        """Write down one use of a skill that has a context."""
        self.open(use.claim)
        self.lines[use.claim].append(use)
        sets = self.under[use.claim]
        once = Tally(1, int(use.succeeded), use.steps)
        for tallies, key in ((self.totals, use.claim), (sets, use.facts), (self.contexts, (use.claim, context))):
            tallies.setdefault(key, Tally()).add(once)
        if len(sets) > SETS + (None in sets):
            others = [facts for facts in sets if facts not in (None, use.facts)]
            rarest = min(others, key=lambda facts: sets[facts].uses)
            sets.setdefault(None, Tally()).add(sets.pop(rarest))

    def under_facts(self, claim: Claim, facts: Facts) -> Tally:
        """What came of a claim's uses that began under these very facts."""
        return self.under.get(claim, {}).get(facts, Tally())

    def failures(self, claim: Claim) -> list[Facts]:
        """The facts under which no use of a claim has succeeded."""
        sets = self.under.get(claim, {})
        return [facts for facts, tally in sets.items() if facts is not None and not tally.successes]


class Shelf:
    """One operator and all skills that have it: one edge of the plan, one contiguous matrix.

    ``tally`` is the ledger's, of all uses of the operator's claim.
    """

    def __init__(self, operator: Operator, tally: Tally) -> None:
        self.operator, self.tally = operator, tally
        self.preconditions, self.effect, self.removes = operator.preconditions, operator.effect, operator.removes
        self.anchor, self.site = operator.anchor, operator.site
        self.needs = [frozenset({fact}) for fact in sorted(operator.preconditions)]  # of each, one fact must hold
        self.skills: list[Skill] = []
        self.rows: dict[tuple, int] = {}  # context -> row
        self._matrix = np.empty((8, 0), dtype=np.float32)
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
    def cost(self) -> float:
        """Expected steps: mean length divided by success rate, both as attempted."""
        uses = self.tally.uses
        return max(self.tally.steps / uses if uses else len(self.skills[0].actions), 1.0) / self.tally.rate

    def cost_under(self, facts: Facts) -> float:
        """Expected steps under some facts: the same under all."""
        return self.cost

    def append(self, skill: Skill) -> None:
        """Put a new skill at the end."""
        row = len(self.skills)
        if row == 0:
            self._matrix = np.empty((8, len(skill.embedding)), dtype=np.float32)
        if row == len(self._matrix):  # twice the room each time: adding n skills copies each less than twice
            self._matrix = np.concatenate([self._matrix, np.empty_like(self._matrix)])
            self._rates = np.concatenate([self._rates, np.empty_like(self._rates)])
        self._matrix[row], self._rates[row] = skill.embedding, skill.success_rate
        self.skills.append(skill)
        self.rows[skill.context] = row

    def count(self, row: int, tally: Tally) -> None:
        """Take over a skill's new record."""
        skill = self.skills[row]
        skill.uses, skill.successes = tally.uses, tally.successes
        self._rates[row] = skill.success_rate

    def top(self, percept: Percept, k: int) -> list[Match]:
        """The ``k`` best matches; equal scores keep the order of arrival.

        Score = BLUR * rate / (1 + BLUR - cosine): the greatest is where (1 + BLUR - cosine) / rate is smallest.
        """
        far = self.matrix @ embedded(percept.objects[self.anchor] if self.anchor else ())
        np.rint(np.multiply(far, DIGITS, out=far), out=far)
        np.maximum(np.subtract((1 + BLUR) * DIGITS, far, out=far), BLUR * DIGITS, out=far)
        cost = far / self.rates
        return [Match(self.skills[row], BLUR * DIGITS / float(far[row]), BLUR * DIGITS / float(cost[row]))
                for row in top_rows(cost, k).tolist()]


def alike(shelf: Shelf, shelves: Iterable[Shelf], there: Collection[str] | None = None) -> list[Shelf]:
    """All shelves that do the same and need no more, wherever and to whatever of the things that are ``there``."""
    what = shelf.effect, shelf.removes
    return [other for other in shelves if (other.effect, other.removes) == what
            and other.preconditions <= shelf.preconditions and (there is None or other.anchor in there)]


def merge(known: Skill, skill: Skill) -> bool:
    """Let the shorter of two sequences stay; whether known changed. A merge is not a use: no record changes."""
    shorter = len(skill.actions) < len(known.actions)
    if shorter:
        known.actions = skill.actions
    return shorter


def search(shelves: Iterable[Shelf], percept: Percept, k: int, effect: Facts | None = None) -> list[Match]:
    """The ``k`` best matches on all shelves that are applicable and bring about ``effect``."""
    found = [match for shelf in shelves
             if (effect is None or effect <= shelf.effect) and shelf.skills[0].is_applicable(percept)
             for match in shelf.top(percept, k)]
    return sorted(found, key=lambda match: (-match.score, match.skill.number))[:k]


def accounts_of(ledger: Ledger) -> list[Account]:
    """All that a ledger says, claim by claim, in plain values."""
    contexts: dict[Claim, dict] = {claim: {} for claim in ledger.totals}
    for (claim, context), tally in ledger.contexts.items():
        contexts[claim][context] = tally.counts
    return [Account(*claim, [(use.skill, *use[2:]) for use in ledger.lines[claim]],
                    {facts: tally.counts for facts, tally in ledger.under[claim].items()}, contexts[claim])
            for claim in ledger.totals]


def fill(ledger: Ledger, accounts: Iterable[Account]) -> None:
    """Make of an empty ledger the one that gave these accounts."""
    for account in accounts:
        claim = account.claim
        ledger.open(claim).add(Tally(*account.total))
        ledger.lines[claim] += [Use(skill, claim, *rest) for skill, *rest in account.lines]
        ledger.under[claim] = {facts: Tally(*counts) for facts, counts in account.facts.items()}
        ledger.contexts |= {(claim, context): Tally(*counts) for context, counts in account.contexts.items()}


class SkillLibrary:
    """Skills on their shelves, and the ledger of their uses."""

    def __init__(self) -> None:
        self.shelves: dict[Operator, Shelf] = {}
        self.ledger = Ledger()
        self._added = 0
        self._axes = 0  # numbers in a context; 0 while there is none

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
        """The stored skill of the same operator and context, or None."""
        shelf = self.shelves.get(skill.operator)
        row = None if shelf is None else shelf.rows.get(skill.context)
        return None if row is None else shelf.skills[row]

    def lacks(self, skill: Skill) -> bool:
        """Whether a skill would change the library: nothing as short is stored for its operator and context."""
        known = self.find(skill)
        return known is None or len(skill.actions) < len(known.actions)

    def add(self, skill: Skill) -> bool:
        """Store a skill, or merge it: of two with the same operator and context the shorter sequence stays.

        Returns:
            Whether the library changed. A merge is not a use: no record changes.

        Raises:
            TypeError: for anything but a :class:`Skill`; ValueError: for one that could not be used.
        """
        check_skill(skill, self._axes)
        known = self.find(skill)
        if known is not None:
            return merge(known, skill)
        if skill.number >= 0:  # another library's: its record stays there
            skill = replace(skill)
        operator = skill.operator
        if operator not in self.shelves:
            self.shelves[operator] = Shelf(operator, self.ledger.open(operator.claim))
        shelf = self.shelves[operator]
        shelf.append(skill)
        shelf.count(len(shelf.skills) - 1, self.ledger.contexts.get((operator.claim, skill.context), Tally()))
        skill.number, self._added = self._added, self._added + 1
        self._axes = self._axes or len(skill.context)
        return True

    def discard(self, unwanted: Iterable[Shelf]) -> None:
        """Remove whole shelves; the ledger keeps what was written."""
        for shelf in list(unwanted):
            del self.shelves[shelf.operator]

    def retrieve(self, percept: Percept, k: int = 3, effect: Facts | None = None) -> list[Match]:
        """The ``k`` best skills for a percept, best first: applicable ones by similarity times success rate.

        Args:
            effect: only skills that bring about all of these facts.
        """
        whole(k, "k", least=1)
        return search(self.shelves.values(), percept, k, effect)

    def knows(self, skill: Skill) -> bool:
        """Whether a skill is this library's own, also one that was removed since."""
        return skill.operator.claim in self.ledger.totals and skill.number < self._added

    def record(self, skill: Skill, succeeded: bool, steps: int, facts: Facts | None = None) -> None:
        """Write one use into the ledger, and into the counts that are kept beside it.

        Args:
            skill: one of this library's, also one that was removed since.
            facts: what held at its start; its preconditions unless given.
        """
        operator = skill.operator
        if not self.knows(skill):
            raise ValueError(f"skill: one of this library's own is needed, got {skill!r}")
        whole(steps, "steps")
        use = Use(skill.number, operator.claim, operator.preconditions if facts is None else facts, succeeded, steps)
        self.ledger.write(use, skill.context)
        for shelf in self.shelves.values():  # a claim may have several, whose preconditions differ
            if shelf.operator.claim == operator.claim and skill.context in shelf.rows:
                shelf.count(shelf.rows[skill.context], self.ledger.contexts[operator.claim, skill.context])

    @property
    def stored(self) -> Stored:
        """All that a file keeps of it."""
        return Stored(self._added, sorted(self, key=lambda skill: skill.number), accounts_of(self.ledger))

    def restore(self, stored: Stored) -> None:
        """Become the library, from an empty one, of which this was kept."""
        fill(self.ledger, stored.ledger)
        for skill in stored.skills:
            self._added = skill.number
            self.add(skill)
        self._added = stored.next_number
        by_number = {skill.number: skill for skill in self}
        for number, succeeded, steps in stored.uses or ():
            self.record(by_number[number], succeeded, steps)

    def save(self, path: str | PathLike) -> None:
        """Write the library as JSON; the file is either the old one or the new one, never half of either."""
        write_library(path, self.stored)

    @classmethod
    def load(cls, path: str | PathLike) -> SkillLibrary:
        """Read a saved library; ValueError says what is wrong with a file that is not one."""
        library = cls()
        library.restore(read_library(path))
        return library
