"""Planning over facts: each operator leads from some facts to others, and a plan is a chain of them.

plan       a chain of shelves            (shelf of "written", shelf of "sealed", shelf of "success")
price      expected steps of a shelf     8.4, under some facts
shut       shelves not to be used        {(operator, facts), ...}
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .library import Shelf
from .percepts import Facts

LIMIT = 400  # sets of facts that one search opens at most
DIGITS = 6  # costs that agree so far are equal
Price = Callable[[Shelf, Facts], float]


class Reached(NamedTuple):
    """A set of facts that known skills lead to, the expected steps, and the cheapest plan found."""

    facts: Facts
    cost: float
    plan: tuple[Shelf, ...]


def expected_steps(shelf: Shelf, facts: Facts) -> float:
    """What using a shelf costs."""
    return shelf.cost_under(facts)


def outlook(facts: Facts, shelves: Iterable[Shelf], shut: Collection[tuple] = (), price: Price = expected_steps,
            estimate: Callable[[Facts], float] = lambda facts: 0.0) -> Iterator[Reached]:
    """The sets of facts within reach, one at a time: the cheapest first, or what ``estimate`` thinks nearest a goal.

    Without an estimate this is Dijkstra's algorithm (1959), with one A* (Hart, Nilsson and Raphael, 1968). What the
    estimate holds for infinitely far is left out; at most ``LIMIT`` sets are opened. Of equal costs, what is nearer the
    goal comes first: else all orders of steps that do not depend on one another would be looked at.
    """
    shelves, ticket, opened = list(shelves), itertools.count(), set()  # else: first come, first served
    queue = [(0.0, 0.0, next(ticket), Reached(facts, 0.0, ()))]
    while queue and len(opened) < LIMIT:
        here, cost, plan = reached = heapq.heappop(queue)[-1]
        if here in opened:
            continue
        opened.add(here)
        yield reached
        for shelf in shelves:
            if not shelf.operator.applies(here) or (shelf.operator.claim, here) in shut:
                continue
            there, steps = shelf.operator.apply(here), price(shelf, here)
            if steps < float("inf") and there not in opened and (left := estimate(there)) < float("inf"):
                ahead = Reached(there, cost + steps, (*plan, shelf))
                heapq.heappush(queue, (round(ahead.cost + left, DIGITS), left, next(ticket), ahead))


def plan(facts: Facts, goal: str | Facts, shelves: Iterable[Shelf], shut: Collection[tuple] = (),
         price: Price = expected_steps) -> tuple[Shelf, ...] | None:
    """A cheap chain of shelves that makes all of ``goal``, a fact or several, true; or None where none is found."""
    shelves, goal = list(shelves), frozenset({goal} if isinstance(goal, str) else goal)
    known: dict[Facts, float] = {}
    matters = relevant(goal, shelves)
    helpful = [shelf for shelf in shelves if not shelf.effect.isdisjoint(matters)]

    def estimate(facts: Facts) -> float:
        part = facts & matters
        if part not in known:
            known[part] = relaxed(part, goal, helpful, price)
        return known[part]

    return next((plan for there, _, plan in outlook(facts, shelves, shut, price, estimate) if goal <= there), None)


def relevant(goal: Iterable[str], shelves: Sequence[Shelf]) -> Facts:
    """The goal, and all facts that might have to hold on the way to it."""
    found, before = {*goal}, 0
    while len(found) > before:
        before = len(found)
        for shelf in shelves:
            if not shelf.effect.isdisjoint(found):
                found = found.union(*shelf.needs)
    return frozenset(found)


def relaxed(facts: Facts, goal: Iterable[str], shelves: Sequence[Shelf], price: Price = expected_steps) -> float:
    """Steps to a goal if nothing that holds were ever lost: the length of a relaxed plan (Hoffmann and Nebel, 2001)."""
    edges = [(shelf, price(shelf, facts)) for shelf in shelves]
    costs, makers, changed = dict.fromkeys(facts, 0.0), {}, True
    while changed:
        changed = False
        for shelf, steps in edges:
            used = [min((costs.get(fact, float("inf")), fact) for fact in need) for need in shelf.needs]
            cost = steps + math.fsum(paid for paid, _ in used)
            for fact in shelf.effect:
                if cost < costs.get(fact, float("inf")):
                    costs[fact], makers[fact], changed = cost, (shelf, steps, [fact for _, fact in used]), True
    return math.fsum(makers_of(goal, makers).values()) if costs.keys() >= {*goal} else float("inf")


def makers_of(goal: Iterable[str], makers: Mapping[str, tuple]) -> dict[Shelf, float]:
    """The shelves that a relaxed plan uses, each once, and their steps."""
    used, wanted, seen = {}, sorted(goal), set()
    while wanted:
        fact = wanted.pop()
        if fact in makers and fact not in seen:
            seen.add(fact)
            shelf, used[shelf], needs = makers[fact]
            wanted += needs
    return used
