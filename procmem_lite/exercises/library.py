"""Checks for the exercises of the chapter on library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .. import library, skills
from ..worlds import gridworld
from .report import Wrong, require


def ledger_by_effect(answer: Callable[[library.SkillLibrary], dict]) -> str:
    """Effect -> (uses, successes), computed from the ledger."""
    for seed in range(20):
        rng, store = np.random.default_rng(seed), some_library(seed)
        stored, expected = list(store), {}
        for _ in range(seed):
            skill, succeeded = stored[rng.integers(len(stored))], bool(rng.integers(2))
            store.record(skill, succeeded, 3)
            uses, successes = expected.get(skill.effect, (0, 0))
            expected[skill.effect] = (uses + 1, successes + succeeded)
        for skill in stored:
            skill.uses = skill.successes = 7  # whoever reads these counts instead of the ledger is found out
        found = answer(store)
        require(isinstance(found, dict), f"a dictionary is needed, got a {type(found).__name__}")
        for effect in found.keys() - expected.keys():
            raise Wrong(f"{effect!r} was never attempted, or is not an effect as skills have it")
        for effect in expected.keys() - found.keys():
            raise Wrong(f"{set(effect)} was attempted, and is missing")
        for effect, counts in expected.items():
            require(tuple(found[effect]) == counts, f"{set(effect)}: (uses, successes) is {counts} in the ledger, "
                                                    f"your answer is {found[effect]}")
    return "20 libraries, the empty ledger among them"


def many_at_once(answer: Callable[[library.Shelf, np.ndarray], np.ndarray]) -> str:
    """The best row of a shelf for each of many displacements."""
    class OneQuestion(library.Shelf):
        def top(self, percept: gridworld.Percept, k: int) -> list[library.Match]:
            raise Wrong("shelf.top was asked, and it makes a product for each query; one for all is wanted")

    rng = np.random.default_rng(0)
    for queries in (1, 64):
        stored = list(some_library(0))
        shelf = OneQuestion(stored[0])
        for skill in (skill for skill in stored if skill.shelf == shelf.key):
            skill.uses = int(rng.integers(5))  # none succeeded: rates from 1 down to 1/5
            shelf.append(skill)
        displacements = rng.integers(-8, 9, size=(queries, 2))
        rows = np.asarray(answer(shelf, displacements))
        require(rows.shape == (queries,), f"one row for each of {queries} queries is needed, got shape {rows.shape}")
        for displacement, row in zip(displacements, rows, strict=True):
            require(0 <= row < len(shelf.skills), f"{row} is not a row of this shelf")
            score = library.nearness(shelf.matrix @ skills.embed(tuple(displacement))) * shelf.rates
            require(score[row] > score.max() - 1e-3,
                    f"for {tuple(displacement.tolist())} your row {row} scores {score[row]:.3f}, the best one "
                    f"{score.max():.3f}: was the success rate forgotten?")
    return "1 query, and 64 at once"


def forgetting(answer: Callable[[library.SkillLibrary, int], list[skills.Skill]]) -> str:
    """At most so many skills, one for every effect at least."""
    far = []
    for seed in range(5):
        store = some_library(seed)
        kept, room = list(answer(store, 40)), 40
        require(len(kept) <= room, f"there is room for {room} skills, {len(kept)} were kept")
        own = all(any(skill is known for known in store) for skill in kept)
        require(own, "something kept is not a skill of this library")
        require(len({skill.number for skill in kept}) == len(kept), "a skill was kept twice")
        lost = {skill.effect for skill in store} - {skill.effect for skill in kept}
        require(not lost, f"nothing is left for {[set(effect) for effect in lost]}")
        for skill in store:
            far.append(min(float(np.abs(np.subtract(skill.context, other.context)).sum())
                           for other in kept if other.effect == skill.effect))
    return f"five libraries; a context is {np.mean(far):.2f} cells from the nearest one kept"


def some_library(seed: int) -> library.SkillLibrary:
    """Some 160 skills for three effects, more of them near their object than far from it."""
    rng, store = np.random.default_rng(seed), library.SkillLibrary()
    for effect, anchor, count in (("has_key", "key", 120), ("door_open", "door", 60), ("success", "goal", 20)):
        for context in np.round(rng.normal(0, 4, size=(count, 2))).astype(int).tolist():
            store.add(skills.Skill((4,), frozenset(), frozenset({effect}), anchor=anchor, context=tuple(context)))
    return store
