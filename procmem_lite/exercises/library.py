"""Checks for the exercises of the chapter on library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import library, skills
from ..percepts import Facts, Percept
from .report import Wrong, require

Counts = tuple[int, int]  # uses, successes


def merge_by_cost(answer: Callable[[skills.Skill, skills.Skill], bool]) -> str:
    """Of two sequences the one with fewer expected steps stays, and no record changes."""
    rng, count = np.random.default_rng(0), 300
    for number in range(count):
        known, skill = some_record(rng), some_record(rng)
        if number % 5 == 0:  # as many expected steps, by another sequence
            skill.actions, skill.uses, skill.successes = known.actions[::-1], known.uses, known.successes
        before = [(each.actions, each.uses, each.successes, each.success_rate) for each in (known, skill)]
        costs = [len(each.actions) / each.success_rate for each in (known, skill)]
        changed = answer(known, skill)
        shown = " and ".join(f"{len(actions)} actions at a rate of {rate:.2f}" for actions, _, _, rate in before)
        better = costs[1] < costs[0] - 1e-9
        require(isinstance(changed, (bool, np.bool_)), f"True or False is needed, got {changed!r}")
        require(skill.actions == before[1][0], "the newcomer's actions were changed; only known may change")
        for each, (_, uses, successes, _) in zip((known, skill), before, strict=True):
            require((each.uses, each.successes) == (uses, successes), "a record changed: a merge is not a use")
        require(known.actions == before[int(better)][0],
                f"known and newcomer have {shown}: {costs[0]:.2f} and {costs[1]:.2f} expected steps, "
                f"and {'known' if known.actions == before[0][0] else 'the newcomer'} stayed")
        require(bool(changed) == better, f"{shown}: you say {bool(changed)}, where known did"
                                         f"{'' if better else ' not'} change")
    return f"{count} pairs, with ties among them"


def some_record(rng: np.random.Generator) -> skills.Skill:
    """A skill with some actions and some record; pairs of them often disagree on length and rate."""
    uses = int(rng.integers(0, 6))
    return skills.Skill(tuple(rng.integers(4, size=rng.integers(1, 9)).tolist()), frozenset(), frozenset({"lit"}),
                        anchor="lamp", context=(1, 0), uses=uses, successes=int(rng.integers(0, uses + 1)))


def with_and_without(answer: Callable[[library.Ledger, Facts, str], tuple[Counts, Counts]]) -> str:
    """(uses, successes) of an effect under a fact, and without it."""
    count, effect = 40, frozenset({"baked"})
    for seed in range(count):
        ledger, expected = some_ledger(seed, effect, "lamp")
        lines, uses = {claim: list(kept) for claim, kept in ledger.lines.items()}, len(ledger)
        found = answer(ledger, effect, "lamp")
        require({claim: list(kept) for claim, kept in ledger.lines.items()} == lines and len(ledger) == uses,
                "the ledger was changed; read it only")
        try:
            pairs = [(int(tried), int(won)) for tried, won in found]
        except (TypeError, ValueError):
            raise Wrong(f"two pairs (uses, successes) are needed, got {found!r}") from None
        require(len(pairs) == 2, f"two pairs are needed, got {len(pairs)}")
        for mine, right, when in zip(pairs, expected, ("with", "without"), strict=True):
            require(mine == right, f"{when} the lamp, {right[0]} uses and {right[1]} successes are in the ledger, "
                                   f"your answer is {mine}")
    return f"{count} ledgers, the empty one among them"


def some_ledger(seed: int, effect: Facts, fact: str) -> tuple[library.Ledger, list[Counts]]:
    """A ledger of several claims, three with the effect asked for; and the right answer."""
    rng, ledger = np.random.default_rng(seed), library.Ledger()
    claims = [skills.Claim(effect, frozenset(), anchor, skills.Site((0, side), 4))
              for anchor, side in (("oven", 0), ("oven", 1), ("stove", 0))]
    claims += [skills.Claim(frozenset({"cold"}), frozenset(), "sink", skills.Site((0, 0), 4)),
               skills.Claim(effect | {"burnt"}, frozenset(), "oven", skills.Site((0, 0), 4))]
    for claim in claims:
        ledger.open(claim)
    for number in range(30 * (seed % 3) * min(seed, 8)):
        claim = claims[rng.integers(len(claims))]
        names = [f"cup {cup}" for cup in range(7 if seed % 4 == 2 else 2) if rng.random() < 0.5]  # many sets, or few
        facts = frozenset([*names, *[fact] * int(rng.random() < 0.4)])
        won = bool(rng.random() < (0.9 if fact in facts else 0.3))
        ledger.write(library.Use(number % 5, claim, facts, won, 2), (number % 3, 0))
    counts = [[0, 0], [0, 0]]
    for claim in claims[:3]:
        for facts, tally in ledger.under[claim].items():
            if facts is not None:
                counts[fact not in facts][0] += tally.uses
                counts[fact not in facts][1] += tally.successes
    return ledger, [tuple(each) for each in counts]


class Counted(np.ndarray):
    """A matrix that writes down every product it takes part in."""

    products: list[tuple]

    def __array_finalize__(self, other: Any) -> None:
        self.products = getattr(other, "products", [])

    def noted(self, result: Any) -> Any:
        """A result as a plain array, and its shape in the list."""
        self.products.append(np.shape(result))
        return result

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(plain(each) for each in out)
        result = getattr(ufunc, method)(*map(plain, inputs), **options)
        return self.noted(result) if ufunc in (np.matmul, np.multiply, getattr(np, "vecdot", None)) else result

    def __array_function__(self, function: Callable, types: Any, inputs: tuple, options: dict) -> Any:
        result = function(*plain_all(inputs), **{name: plain(value) for name, value in options.items()})
        products = (np.dot, np.inner, np.einsum, np.tensordot, np.vdot, np.linalg.multi_dot)
        return self.noted(result) if function in products else result

    def dot(self, other: Any, out: Any = None) -> Any:
        """A product by the method."""
        return self.noted(plain(self).dot(plain(other)))


def plain(value: Any) -> Any:
    """Without the counter."""
    return value.view(np.ndarray) if isinstance(value, Counted) else value


def plain_all(values: Any) -> Any:
    """Without counters, also inside lists and tuples."""
    return type(values)(plain_all(each) if isinstance(each, (list, tuple)) else plain(each) for each in values)


def many_at_once(answer: Callable[[library.Shelf, np.ndarray], np.ndarray]) -> str:
    """The best row of a shelf for each of many displacements, by one product."""

    class OneQuestion(library.Shelf):
        products: list[tuple] = []  # shapes, written down by the matrix

        @property
        def matrix(self) -> np.ndarray:
            """The embeddings, counting."""
            counted = self._matrix[:len(self.skills)].view(Counted)
            counted.products = self.products
            return counted

        def top(self, percept: Percept, k: int) -> list[library.Match]:
            raise Wrong("shelf.top was asked, and it makes a product for each query; one for all is wanted")

    rng = np.random.default_rng(0)
    for queries in (1, 64):
        shelf = some_shelf(rng, OneQuestion)
        displacements = rng.integers(-8, 9, size=(queries, 2))
        shelf.products.clear()
        rows = np.asarray(answer(shelf, displacements))
        products = [shape for shape in shelf.products if np.prod(shape, dtype=int) >= 1]
        require(rows.shape == (queries,), f"one row for each of {queries} queries is needed, got shape {rows.shape}")
        best = library.nearness(np.array([skills.embed(tuple(d)) for d in displacements.tolist()])
                                @ plain(shelf.matrix).T) * shelf.rates
        for displacement, row, score in zip(displacements.tolist(), rows.tolist(), best, strict=True):
            require(row in range(len(shelf.skills)), f"{row} is not a row of this shelf")
            require(score[row] > score.max() - 1e-3,
                    f"for {tuple(displacement)} your row {row} scores {score[row]:.3f}, the best one "
                    f"{score.max():.3f}: was the success rate forgotten?")
        require(len(products) > 0, "shelf.matrix took part in no product; multiply it, as it is, by all questions")
        require(len(products) == 1, f"shelf.matrix took part in {len(products)} products for {queries} queries; "
                                    "one is wanted")
    return "1 query, and 64 at once"


def some_shelf(rng: np.random.Generator, kind: type[library.Shelf]) -> library.Shelf:
    """A shelf of some hundred skills, none of which ever succeeded: rates from 1 down to 1/5."""
    stored = [skill for skill in some_library(0) if skill.effect == {"has_key"}]
    shelf = kind(stored[0].operator, library.Tally())
    for skill in stored:
        skill.uses = int(rng.integers(5))
        shelf.append(skill)
    return shelf


def forgetting(answer: Callable[[library.SkillLibrary, int], list[skills.Skill]]) -> str:
    """At most so many skills, one for every effect at least, and what is forgotten has something near it."""
    far, chance, room = [], [], 40
    for seed in range(5):
        store = some_library(seed)
        stored = list(store)
        kept = list(answer(store, room))
        require(len(store) == len(stored), "the library was changed; return what is to be kept")
        require(len(kept) <= room, f"there is room for {room} skills, {len(kept)} were kept")
        own = all(any(skill is known for known in stored) for skill in kept)
        require(own, "something kept is not a skill of this library")
        require(len({id(skill) for skill in kept}) == len(kept), "a skill was kept twice")
        lost = {skill.effect for skill in stored} - {skill.effect for skill in kept}
        require(not lost, f"nothing is left for {[set(effect) for effect in lost]}")
        far.append(distance(stored, kept))
        for draw in range(20):
            some = np.random.default_rng(draw).permutation(len(stored))[:room]
            one_each = {skill.effect: skill for skill in stored}.values()
            chance.append(distance(stored, [*one_each, *(stored[row] for row in some)][:room]))
    near, drawn = float(np.mean(far)), float(np.mean(chance))
    require(near < 0.92 * drawn, f"a context is {near:.2f} cells from the nearest one kept; forty at random do as "
                                 f"well: {drawn:.2f}")
    return f"five libraries; a context is {near:.2f} cells from the nearest one kept, with forty at random {drawn:.2f}"


def distance(stored: list[skills.Skill], kept: list[skills.Skill]) -> float:
    """How far a stored context is, on average, from the nearest one kept for the same effect."""
    gaps = []
    for effect in {skill.effect for skill in stored}:
        own, left = (np.array([s.context for s in some if s.effect == effect]) for some in (stored, kept))
        gaps.extend(np.abs(own[:, None] - left).sum(axis=2).min(axis=1).tolist())
    return float(np.mean(gaps))


def some_library(seed: int) -> library.SkillLibrary:
    """Some 160 skills for three effects, more of them near their object than far from it."""
    rng, store = np.random.default_rng(seed), library.SkillLibrary()
    for effect, anchor, count in (("has_key", "key", 120), ("door_open", "door", 60), ("success", "goal", 20)):
        for context in np.round(rng.normal(0, 4, size=(count, 2))).astype(int).tolist():
            store.add(skills.Skill((4,), frozenset(), frozenset({effect}), anchor=anchor, context=tuple(context)))
    return store
