"""Plans over facts: cheapest by expected steps, in agreement with trying out every chain."""

from collections.abc import Collection, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procmem_lite.library import Shelf
from procmem_lite.planning import Facts, outlook, plan
from procmem_lite.skills import Skill

SETS = st.frozensets(st.sampled_from("abc"))


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """A shelf with one skill and any record."""
    skill = Skill((0,) * draw(st.integers(1, 5)), draw(SETS), draw(st.frozensets(st.sampled_from("abc"), min_size=1)),
                  draw(SETS))
    shelf = Shelf(skill)
    shelf.append(skill)
    shelf.uses = draw(st.integers(0, 5))
    shelf.successes = draw(st.integers(0, shelf.uses))
    shelf.steps = draw(st.integers(0, 6)) * shelf.uses
    return shelf


def edge(preconditions: str, effect: str, steps: int = 1, removes: str = "") -> Shelf:
    """A shelf by hand."""
    skill = Skill((0,) * steps, frozenset(preconditions), frozenset(effect), frozenset(removes))
    shelf = Shelf(skill)
    shelf.append(skill)
    return shelf


def apply(facts: Facts, shelf: Shelf) -> Facts | None:
    """What a shelf makes of facts, or None where it cannot be used or would bring nothing new."""
    if not shelf.preconditions <= facts or shelf.effect <= facts:
        return None
    return (facts - shelf.removes) | shelf.effect


def every_chain(facts: Facts, known: list[Shelf], met: frozenset[Facts] = frozenset(),
                shut: Collection = ()) -> Iterator[tuple[Facts, float]]:
    """The end and the cost of each chain of shelves that meets no set of facts twice."""
    yield facts, 0.0
    for shelf in known:
        there = None if (shelf.key, facts) in shut else apply(facts, shelf)
        if there is not None and there not in met | {facts}:
            for end, cost in every_chain(there, known, met | {facts}, shut):
                yield end, shelf.cost + cost


def cheapest(chains: Iterable[tuple[Facts, float]]) -> dict[Facts, float]:
    """The least cost to each end."""
    best: dict[Facts, float] = {}
    for end, cost in chains:
        best[end] = min(cost, best.get(end, cost))
    return best


@given(SETS, st.lists(shelves(), max_size=4))
def test_the_outlook_is_what_trying_every_chain_finds(facts, known):
    best, found = cheapest(every_chain(facts, known)), outlook(facts, known)
    assert found.keys() == best.keys()
    for end, (cost, way) in found.items():
        assert cost == pytest.approx(best[end])
        assert cost == pytest.approx(sum(shelf.cost for shelf in way))
        here = facts
        for shelf in way:
            here = apply(here, shelf)
        assert here == end, "the way must really lead there"


@given(SETS, st.lists(shelves(), max_size=4), st.sampled_from("abc"))
def test_a_plan_is_the_cheapest_chain_that_makes_its_goal_true(facts, known, goal):
    costs = [cost for end, cost in every_chain(facts, known) if goal in end]
    way = plan(facts, goal, known)
    assert (way is None) == (not costs)
    if way is not None:
        assert sum(shelf.cost for shelf in way) == pytest.approx(min(costs))


@given(SETS, st.lists(shelves(), min_size=1, max_size=4), st.data())
def test_what_is_shut_is_not_used_and_everything_else_is(facts, known, data):
    shut = {(data.draw(st.sampled_from(known)).key, data.draw(SETS)) for _ in range(3)}
    best = cheapest(every_chain(facts, known, shut=shut))
    assert {end: cost for end, (cost, _) in outlook(facts, known, shut).items()} == pytest.approx(best)


def test_failures_make_a_short_chain_dearer_than_a_long_one():
    short, first, second = edge("", "z", steps=2), edge("", "m", steps=3), edge("m", "z", steps=3)
    assert plan(frozenset(), "z", [short, first, second]) == (short,)
    short.uses, short.successes, short.steps = 9, 0, 18
    assert plan(frozenset(), "z", [short, first, second]) == (first, second)


def test_a_rare_success_is_not_cheap_because_it_was_short():
    lucky = edge("", "z", steps=1)
    lucky.uses, lucky.successes, lucky.steps = 52, 1, 520
    assert lucky.cost == pytest.approx(10 / (2 / 53))


def test_of_equal_chains_the_first_on_the_shelf_is_taken():
    one, two = edge("", "z"), edge("", "z", removes="q")
    assert plan(frozenset(), "z", [one, two]) == (one,)
    assert plan(frozenset(), "z", [two, one]) == (two,)


def test_nothing_to_do_is_a_plan_and_nothing_known_is_none():
    assert plan(frozenset("z"), "z", []) == ()
    assert plan(frozenset(), "z", []) is None
    assert outlook(frozenset("a"), []) == {frozenset("a"): (0.0, ())}


def test_a_skill_that_undoes_a_precondition_is_planned_around():
    """Taking z spends a, which y needs: y must come first."""
    spend, keep = edge("a", "z", removes="a"), edge("a", "y")
    ways = outlook(frozenset("a"), [spend, keep])
    assert ways[frozenset("yz")][1] == (keep, spend)
