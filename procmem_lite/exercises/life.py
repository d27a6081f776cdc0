"""Checks for the exercises of the chapter on a skill's life."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .report import require

SETS = tuple(map(frozenset, ((), {"dark"}, {"dark", "has_key"}, {"has_key"})))


def in_a_row(answer: Callable[[Sequence[tuple[frozenset, bool]]], Mapping]) -> str:
    """Facts -> failures in a row at the end, of all facts that were met."""
    rng = np.random.default_rng(0)
    for count in range(60):
        uses = [(SETS[int(rng.integers(len(SETS)))], bool(rng.random() < 0.5)) for _ in range(count // 3)]
        wanted: dict[frozenset, int] = {}
        for facts, worked in uses:
            wanted[facts] = 0 if worked else wanted.get(facts, 0) + 1
        given = list(uses)
        found = answer(given)
        require(given == uses, "the uses that were given have been changed")
        require(isinstance(found, Mapping), f"a dictionary is needed, got {type(found).__name__}")
        require(set(found) == set(wanted), f"facts that were met, and no others, are needed: {len(wanted)} sets, "
                                           f"got {len(found)}")
        for facts, misses in wanted.items():
            told = [worked for each, worked in uses if each == facts]
            require(found[facts] == misses, f"under {sorted(facts)} it worked: {told}; got {found[facts]!r}")
    return "60 histories, under four sets of facts"


def trust(answer: Callable[[Mapping[int, tuple[str, tuple[int, ...]]], Mapping[str, float]], Mapping]) -> str:
    """Skill -> the least trust in any author along its lineage."""
    rng, authors = np.random.default_rng(1), ("agent", "teacher", "stranger")
    for count in range(40):
        numbers = rng.permutation(100)[:1 + count // 2].tolist()  # a parent may have the greater number
        trusted = {author: float(rng.integers(11)) / 10 for author in authors}
        made = {}
        for at, number in enumerate(numbers):
            chosen = rng.permutation(at)[:int(rng.integers(3))] if at else []
            made[number] = (authors[int(rng.integers(3))], tuple(numbers[int(each)] for each in chosen))
        wanted: dict[int, float] = {}
        for number in numbers:
            author, parents = made[number]
            wanted[number] = min([trusted[author], *(wanted[each] for each in parents)])
        shuffled = {number: made[number] for number in rng.permutation(numbers).tolist()}
        found = answer(dict(shuffled), dict(trusted))
        require(isinstance(found, Mapping), f"a dictionary is needed, got {type(found).__name__}")
        require(set(found) == set(wanted), f"one value for each of {len(wanted)} skills is needed, got {len(found)}")
        for number, value in wanted.items():
            require(found[number] == value, f"skill {number} is by {made[number][0]}, from {made[number][1]}: "
                                            f"{value} is the least, got {found[number]!r}")
    return "40 families of up to 20 skills"


def own_rule(answer: Callable[[Sequence[bool]], bool]) -> str:
    """Whether to give a claim up, told its uses under one set of facts: quick after a change, calm where it slips."""
    rng = np.random.default_rng(2)
    require(answer([]) in (False, np.False_), "nothing was tried: there is nothing to give up")
    waited = []
    for worked in (3, 10, 40):
        history = [True] * worked
        while len(history) < worked + 9 and not answer(list(history)):
            history.append(False)
        require(len(history) > worked, f"it worked {worked} times and never failed, and is given up")
        waited.append(len(history) - worked)
    require(max(waited) <= 4, f"it worked 3, 10 and 40 times and then no more: given up after {waited} failures, "
                              "and 4 are enough")
    calm = [bool(answer(list(rng.random(int(rng.integers(5, 40))) < 0.8))) for _ in range(400)]
    require(np.mean(calm) <= 0.05, f"where one use in five slips it is given up in {np.mean(calm):.0%} of histories, "
                                   "and 5% are allowed")
    back = [False] * 20 + [True] * 3
    require(not answer(back), "after 20 faults it has worked three times: it should be used again")
    return f"given up after {waited} failures; where one in five slips, in {np.mean(calm):.1%} of histories"
