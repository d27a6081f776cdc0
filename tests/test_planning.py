"""Plans over facts: chains of shelves, nearly always the cheapest, and never more looked at than is needed."""

from collections.abc import Collection, Iterable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procmem_lite import planning
from procmem_lite.library import Shelf, Tally
from procmem_lite.percepts import SUCCESS, Facts
from procmem_lite.planning import LIMIT, outlook, plan, relaxed
from procmem_lite.skills import Skill

SETS = st.frozensets(st.sampled_from("abc"))


def edge(preconditions: Iterable[str], effect: Iterable[str], steps: int = 1, removes: Iterable[str] = (),
         tally: Tally | None = None) -> Shelf:
    """A shelf by hand."""
    skill = Skill((0,) * steps, frozenset(preconditions), frozenset(effect), frozenset(removes))
    shelf = Shelf(skill.operator, tally or Tally())
    shelf.append(skill)
    return shelf


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """A shelf with one skill and any record; what it removes has to be there, as with all that is induced."""
    uses = draw(st.integers(0, 5))
    tally = Tally(uses, draw(st.integers(0, uses)), draw(st.integers(0, 6)) * uses)
    removes = draw(SETS)
    return edge(draw(SETS) | removes, draw(st.frozensets(st.sampled_from("abc"), min_size=1)),
                draw(st.integers(1, 5)), removes, tally)


def every_chain(facts: Facts, known: list[Shelf], met: frozenset[Facts] = frozenset(),
                shut: Collection = ()) -> Iterator[tuple[Facts, float]]:
    """The end and the cost of each chain of shelves that meets no set of facts twice."""
    yield facts, 0.0
    for shelf in known:
        if shelf.operator.applies(facts) and (shelf.operator.claim, facts) not in shut:
            there = shelf.operator.apply(facts)
            if there not in met | {facts}:
                for end, cost in every_chain(there, known, met | {facts}, shut):
                    yield end, shelf.cost + cost


def cheapest(chains: Iterable[tuple[Facts, float]]) -> dict[Facts, float]:
    """The least cost to each end."""
    best: dict[Facts, float] = {}
    for end, cost in chains:
        best[end] = min(cost, best.get(end, cost))
    return best


def walked(facts: Facts, chain: Iterable[Shelf]) -> Facts:
    """Where a chain leads, if every shelf of it applies in turn."""
    for shelf in chain:
        assert shelf.operator.applies(facts), "a plan uses nothing where it does not apply"
        facts = shelf.operator.apply(facts)
    return facts


# ---------------------------------------------------------------- all that is within reach


@given(SETS, st.lists(shelves(), max_size=4))
def test_the_outlook_is_what_trying_every_chain_finds_and_what_is_near_comes_first(facts, known):
    best, found = cheapest(every_chain(facts, known)), list(outlook(facts, known))
    assert {there for there, _, _ in found} == best.keys()
    assert len(found) == len(best), "each set of facts comes once"
    costs = [cost for _, cost, _ in found]
    assert costs == sorted(costs), "the cheapest first"
    for there, cost, chain in found:
        assert cost == pytest.approx(best[there]) == pytest.approx(sum(shelf.cost for shelf in chain))
        assert walked(facts, chain) == there, "the chain must really lead there"


@given(SETS, st.lists(shelves(), min_size=1, max_size=4), st.data())
def test_what_is_shut_is_not_used_and_everything_else_is(facts, known, data):
    shut = {(data.draw(st.sampled_from(known)).operator.claim, data.draw(SETS)) for _ in range(3)}
    best = cheapest(every_chain(facts, known, shut=shut))
    assert {there: cost for there, cost, _ in outlook(facts, known, shut)} == pytest.approx(best)


def test_the_outlook_is_worked_out_only_as_far_as_it_is_asked_for(monkeypatch):
    asked = []
    known = [edge("", [f"fact {number}"]) for number in range(10)]
    nearest = outlook(frozenset(), known, price=lambda shelf, facts: asked.append(facts) or 1.0)
    assert [next(nearest).facts, next(nearest).cost] == [frozenset(), 1.0]
    assert set(asked) == {frozenset()}


def test_nothing_known_leads_nowhere():
    assert list(outlook(frozenset("a"), [])) == [(frozenset("a"), 0.0, ())]
    assert plan(frozenset("z"), "z", []) == ()
    assert plan(frozenset(), "z", []) is None


def test_a_skill_that_undoes_a_precondition_is_planned_around():
    """Taking z spends a, which y needs: y must come first."""
    spend, keep = edge("a", "z", removes="a"), edge("a", "y")
    chains = {there: chain for there, _, chain in outlook(frozenset("a"), [spend, keep])}
    assert chains[frozenset("yz")] == (keep, spend)


# ---------------------------------------------------------------- a plan


@given(SETS, st.lists(shelves(), max_size=4), st.sampled_from("abc"))
def test_a_plan_leads_to_its_goal_and_there_is_one_wherever_a_chain_does(facts, known, goal):
    costs = [cost for end, cost in every_chain(facts, known) if goal in end]
    chain = plan(facts, goal, known)
    assert (chain is None) == (not costs)
    if chain is not None:
        assert goal in walked(facts, chain)
        assert sum(shelf.cost for shelf in chain) >= min(costs) - 1e-9


def drawn(rng: Random, facts: str = "abcdef") -> list[Shelf]:
    """Eight operators over some facts, as they are induced: what one removes is among what it needs."""
    known = []
    for _ in range(8):
        needs = rng.sample(facts, rng.randrange(3))
        removes = rng.sample(needs, rng.randrange(len(needs) + 1)) if rng.random() < 0.3 else []
        effect = rng.sample([fact for fact in facts if fact not in needs], rng.choice((1, 1, 2)))
        uses = rng.randrange(6)
        tally = Tally(uses, rng.randrange(uses + 1), uses * rng.randrange(1, 7))
        known.append(edge(needs, effect, rng.randrange(1, 6), removes, tally))
    return known


def test_the_estimate_costs_a_detour_in_at_most_one_of_twenty_plans_and_never_a_large_one():
    ratios = []
    for seed in range(400):
        known, goal = drawn(Random(seed)), "f"
        least = min((cost for there, cost, _ in outlook(frozenset("a"), known) if goal in there), default=None)
        chain = plan(frozenset("a"), goal, known)
        assert (chain is None) == (least is None)
        if chain:
            assert goal in walked(frozenset("a"), chain)
            ratios.append(sum(shelf.cost for shelf in chain) / least)
    assert len(ratios) > 150, "there must be enough to find"
    assert min(ratios) >= 1 - 1e-9
    assert sum(ratio > 1 + 1e-9 for ratio in ratios) <= 0.05 * len(ratios)
    assert max(ratios) < 2


def test_what_nothing_brings_is_infinitely_far_and_shared_steps_of_a_relaxed_plan_count_once():
    fetch, left, right, both = edge("", "a", 5), edge("a", "l", 2), edge("a", "r", 3), edge("lr", "z", 1)
    assert relaxed(frozenset(), "z", [left, right, both]) == float("inf")
    assert relaxed(frozenset(), "z", [fetch, left, right, both]) == 5 + 2 + 3 + 1
    assert relaxed(frozenset("z"), "z", []) == 0


def test_failures_make_a_short_chain_dearer_than_a_long_one():
    short, first, second = edge("", "z", steps=2), edge("", "m", steps=3), edge("m", "z", steps=3)
    assert plan(frozenset(), "z", [short, first, second]) == (short,)
    short.tally.add(Tally(9, 0, 18))
    assert plan(frozenset(), "z", [short, first, second]) == (first, second)


def test_a_plan_avoids_what_is_shut_and_what_has_an_infinite_price():
    short, long = edge("", "z", steps=2), edge("", "zy", steps=3)
    assert plan(frozenset(), "z", [short, long], {(short.operator.claim, frozenset())}) == (long,)
    assert plan(frozenset(), "z", [short, long], price=lambda shelf, facts: (
        float("inf") if shelf is short else shelf.cost)) == (long,)
    assert plan(frozenset(), "z", [short], {(short.operator.claim, frozenset())}) is None


def test_a_rare_success_is_not_cheap_because_it_was_short():
    assert edge("", "z", tally=Tally(52, 1, 520)).cost == pytest.approx(10 / (2 / 53))


def test_of_equal_chains_the_first_on_the_shelves_is_taken():
    one, two = edge("", "z"), edge("", "z", removes="q", steps=1)
    assert plan(frozenset("q"), "z", [one, two]) == (one,)
    assert plan(frozenset("q"), "z", [two, one]) == (two,)


# ---------------------------------------------------------------- how much is looked at


def opened(monkeypatch: pytest.MonkeyPatch) -> list[Facts]:
    """The sets of facts that plans open from now on."""
    found, look = [], planning.outlook

    def watched(*args):
        for reached in look(*args):
            found.append(reached.facts)
            yield reached

    monkeypatch.setattr(planning, "outlook", watched)
    return found


def with_switches(count: int, needed: bool) -> tuple[list[Shelf], Facts]:
    """A task of three shelves among switches that do nothing for it, each on or off.

    ``needed``: the task was always done with every third switch off, so that this is taken for a precondition.
    """
    off = frozenset(f"switch {number} off" for number in range(count))
    habit = sorted(off)[::3] if needed else []
    switches = [edge([f"switch {number} {before}"], [f"switch {number} {after}"], 2, [f"switch {number} {before}"])
                for number in range(count) for before, after in (("off", "on"), ("on", "off"))]
    for number, shelf in enumerate(switches):  # prices as they come: no round numbers
        shelf.tally.add(Tally(9 + number % 3, 9 + number % 3 - number % 2, 25 + number))
    task = [edge([*habit, *needs], [fact], 4) for needs, fact in (("", "a"), ("a", "b"), ("ab", SUCCESS))]
    return switches + task, off


@pytest.mark.parametrize("count", [8, 16, 24])
@pytest.mark.parametrize("needed", [False, True], ids=["known to do nothing", "some taken for needed"])
def test_switches_that_do_nothing_cost_hardly_a_look(monkeypatch, count, needed):
    known, off = with_switches(count, needed)
    looks = opened(monkeypatch)
    rng = Random(0)
    for _ in range(10):
        here = frozenset(fact if rng.random() < 0.5 else fact.replace("off", "on") for fact in off)
        looks.clear()
        chain = plan(here, SUCCESS, known)
        assert SUCCESS in walked(here, chain)
        assert len(chain) == 3 + (sum(f"switch {fact.split()[1]} on" in here for fact in sorted(off)[::3])
                                  if needed else 0), "no switch is turned in vain"
        assert len(looks) < 50, f"of {2 ** count} sets of facts"


def test_no_search_opens_more_sets_of_facts_than_the_limit(monkeypatch):
    known, off = with_switches(12, needed=False)
    assert sum(1 for _ in outlook(off, known)) == LIMIT
    looks = opened(monkeypatch)
    far = [*known[:24], edge([f"switch {number} on" for number in range(12)], ["a"], removes=["switch 0 on"]),
           edge(["a", "switch 0 on", "never"], [SUCCESS])]
    assert plan(off, SUCCESS, far) is None, "what is never there is never asked for twice"
    monkeypatch.setattr(planning, "relaxed", lambda *_: 0.0)  # a search without a sense of direction
    looks.clear()
    assert plan(off, SUCCESS, far) is None
    assert len(looks) == LIMIT
