"""Chapter 4: planning over facts - each shelf of the library leads from its preconditions to its effect."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Iterable

import numpy as np

from .library import Shelf

Facts = frozenset[str]


def expected_steps(shelf: Shelf, facts: Facts) -> float:
    """What using a shelf costs where its preconditions hold; elsewhere it is not to be used."""
    return shelf.cost if shelf.preconditions <= facts else np.inf


def outlook(facts: Facts, shelves: Iterable[Shelf], shut: Collection[tuple[tuple, Facts]] = (),
            price: Callable[[Shelf, Facts], float] = expected_steps) -> dict[Facts, tuple[float, tuple[Shelf, ...]]]:
    """Every set of facts that known skills lead to from ``facts``, with its expected steps and the cheapest way there.

    Dijkstra's algorithm over sets of facts; a shelf costs its mean length divided by its success rate, as attempted.
    ``shut`` names shelves that are not to be used under some facts; ``price`` may know more than the shelves do.
    """
    shelves = list(shelves)
    ticket = itertools.count()  # equal costs: first come, first served
    queue: list[tuple[float, int, Facts, tuple[Shelf, ...]]] = [(0.0, next(ticket), facts, ())]
    found: dict[Facts, tuple[float, tuple[Shelf, ...]]] = {}
    while queue:
        cost, _, here, way = heapq.heappop(queue)
        if here in found:
            continue
        found[here] = (cost, way)
        for shelf in shelves:
            if shelf.effect <= here or shut and (shelf.key, here) in shut:
                continue
            there = (here - shelf.removes) | shelf.effect
            steps = np.inf if there in found else price(shelf, here)
            if steps < np.inf:
                heapq.heappush(queue, (cost + steps, next(ticket), there, (*way, shelf)))
    return found


def plan(facts: Facts, goal: str, shelves: Iterable[Shelf]) -> tuple[Shelf, ...] | None:
    """The cheapest chain of shelves that makes ``goal`` true, or None where no chain is known."""
    ways = [(cost, index, way) for index, (there, (cost, way)) in enumerate(outlook(facts, shelves).items())
            if goal in there]
    return min(ways)[2] if ways else None
