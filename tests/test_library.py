"""The library: merging, retrieval, the ledger, growth."""

import gc
import sys
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import percept

from procmem_lite.library import LINES, SETS, Ledger, Shelf, SkillLibrary, Tally, Use, alike, nearness, top_rows
from procmem_lite.percepts import Percept
from procmem_lite.skills import REACH, Claim, Site, Skill, embed

FACTS = st.frozensets(st.sampled_from("abc"), max_size=2)
NEAR = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


@st.composite
def skills(draw: st.DrawFn) -> Skill:
    """Any skill, with few enough values that many of them collide."""
    anchor = draw(st.sampled_from([None, "tree", "well"]))
    return Skill(
        actions=tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))),
        preconditions=draw(FACTS), effect=draw(st.frozensets(st.sampled_from("xyz"), min_size=1, max_size=2)),
        removes=draw(FACTS), anchor=anchor, context=draw(NEAR) if anchor else (),
        site=Site((0, 0) if anchor else None, draw(st.integers(0, 1))))


@st.composite
def libraries(draw: st.DrawFn) -> SkillLibrary:
    """Up to thirty skills, some of them used."""
    return draw(diaries())[0]


@st.composite
def diaries(draw: st.DrawFn) -> tuple[SkillLibrary, list[tuple[Skill, Use]]]:
    """A library, and all that was ever written into its ledger, with the skill that was used."""
    library, written = SkillLibrary(), []
    for skill in draw(st.lists(skills(), max_size=30)):
        library.add(skill)
    stored = list(library)
    for index, succeeded, steps, facts in draw(st.lists(st.tuples(
            st.integers(0, 29), st.booleans(), st.integers(0, 9), st.none() | FACTS), max_size=40)) if stored else ():
        skill = stored[index % len(stored)]
        library.record(skill, succeeded, steps, facts)
        written.append((skill, Use(skill.number, skill.operator.claim, skill.preconditions if facts is None else facts,
                                   succeeded, steps)))
    return library, written


def one(context: tuple = (0, 0), actions: tuple = (1,), effect: str = "x", **more) -> Skill:
    """A skill by hand."""
    return Skill(actions, frozenset(), frozenset(effect), context=context, **{"anchor": "tree"} | more)


SITUATIONS = st.builds(percept, FACTS, st.fixed_dictionaries({}, optional={"tree": NEAR, "well": NEAR}))


# ---------------------------------------------------------------- retrieval


def brute_force(library: SkillLibrary, situation: Percept, k: int,
                effect: frozenset[str] | None) -> list[tuple[int, float]]:
    """One skill after the other: filter, score, sort."""
    scored = []
    for skill in library:
        if skill.is_applicable(situation) and (effect is None or effect <= skill.effect):
            query = embed(situation.objects[skill.anchor] if skill.anchor else ())
            cosine = sum(float(a) * float(b) for a, b in zip(query, embed(skill.context), strict=True))
            scored.append((skill.number, float(nearness(np.float64(cosine))) * skill.success_rate))
    return sorted(scored, key=lambda pair: (-round(pair[1], 4), pair[0]))[:k]


@given(libraries(), SITUATIONS, st.integers(1, 8), st.none() | st.frozensets(st.sampled_from("xyz")))
def test_retrieval_finds_what_a_search_one_by_one_finds(library, situation, k, effect):
    matches = library.retrieve(situation, k, effect)
    expected = [score for _, score in brute_force(library, situation, k, effect)]
    claimed = dict(brute_force(library, situation, len(library) + 1, effect))
    assert [match.score for match in matches] == pytest.approx(expected, abs=1e-3)
    assert [claimed[match.skill.number] for match in matches] == pytest.approx(expected, abs=1e-3)
    ranks = [(-match.score, match.skill.number) for match in matches]
    assert ranks == sorted(set(ranks)), "best first; of equals, the first that came; none twice"


@given(st.permutations(range(6)), st.integers(1, 6))
def test_equal_scores_come_in_order_of_arrival(order, k):
    library = SkillLibrary()
    for i in order:  # six shelves, and on each a skill of the same context
        library.add(one((1, 1), actions=(i,), effect="abcdef"[i]))
    found = library.retrieve(percept(objects={"tree": (0, 0)}), k)
    assert [match.skill.actions[0] for match in found] == list(order)[:k]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_ties_on_one_shelf_keep_the_order_of_arrival_for_every_k(k):
    here, around = percept(objects={"tree": (0, 0)}), [(0, 1), (1, 0), (0, -1), (-1, 0), (5, 5)]
    for turn in range(4):
        library, contexts = SkillLibrary(), around[turn:] + around[:turn]
        for context in contexts:
            library.add(one(context))
        scores = {match.skill.context: match.score for match in library.retrieve(here, 5)}
        found = [match.skill.context for match in library.retrieve(here, k)]
        assert found == sorted(contexts, key=lambda context: -scores[context])[:k]


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=80), st.integers(1, 90))
def test_the_rows_of_the_smallest_costs_are_those_of_a_stable_sort(scores, k):
    expected = sorted(range(len(scores)), key=lambda row: scores[row])[:k]
    assert top_rows(np.array(scores, dtype=np.float32), k).tolist() == expected


@pytest.mark.parametrize("k", [1, 2, 7])
def test_the_smallest_of_a_long_list_of_ties_are_the_first_of_them(k):
    cost = np.random.default_rng(k).integers(0, 5, size=5000).astype(np.float32)
    assert top_rows(cost, k).tolist() == np.argsort(cost, kind="stable")[:k].tolist()


@pytest.mark.parametrize("k", [1, 39, 40])
def test_forty_contexts_too_far_away_to_tell_apart_keep_the_order_of_arrival(k):
    library = SkillLibrary()
    contexts = [(0, REACH + (7 * i) % 40) for i in range(40)]
    for context in contexts:
        library.add(one(context))
    found = library.retrieve(percept(objects={"tree": (0, 0)}), k)
    assert [match.skill.context for match in found] == contexts[:k]


def test_the_nearest_context_wins_and_a_failed_skill_falls_behind():
    library = SkillLibrary()
    near, far = one((2, 2)), one((2, 3))
    library.add(far)
    library.add(near)
    here = percept(objects={"tree": (2, 2)})
    assert library.retrieve(here, 1)[0].skill is near
    for _ in range(20):
        library.record(near, False, 1)
    assert library.retrieve(here, 1)[0].skill is far


def test_no_applicable_skill_is_no_match():
    library = SkillLibrary()
    assert library.retrieve(percept()) == []
    library.add(one())
    assert library.retrieve(percept()) == [], "the anchor is not there"
    assert library.retrieve(percept("x", {"tree": (0, 0)})) == [], "the effect is there already"
    assert library.retrieve(percept(objects={"tree": (0, 0)}), effect=frozenset("y")) == []


def test_similarity_is_one_for_the_same_context_only():
    library = SkillLibrary()
    for distance in range(10):
        library.add(one((0, distance)))
    values = [match.similarity for match in library.retrieve(percept(objects={"tree": (0, 0)}), 10)]
    assert values[0] == pytest.approx(1, abs=1e-3)
    assert all(a > b for a, b in zip(values, values[1:], strict=False))


# ---------------------------------------------------------------- merging


@given(st.lists(skills(), max_size=40))
def test_of_two_alike_the_shorter_stays_and_none_is_lost(arrivals):
    library, best = SkillLibrary(), {}
    for skill in arrivals:
        key = skill.operator, skill.context
        known = best.get(key)
        changed = library.add(skill)
        assert changed == (known is None or len(skill.actions) < len(known))
        if changed:
            best[key] = skill.actions
    assert {(skill.operator, skill.context): skill.actions for skill in library} == best
    assert len(library) == len(best)
    assert sorted(skill.number for skill in library) == list(range(len(best)))


def test_a_merge_takes_the_shorter_way_and_counts_no_use():
    library, stored = SkillLibrary(), one(actions=(1, 2, 3))
    library.add(stored)
    library.record(stored, False, 7)
    assert library.lacks(one(actions=(4, 5)))
    assert library.add(one(actions=(4, 5)))
    assert not library.lacks(one(actions=(9, 9)))
    assert not library.add(one(actions=(9, 9)))
    assert stored.actions == (4, 5)
    assert (stored.uses, stored.successes, len(library.ledger), len(library)) == (1, 0, 1, 1)


def test_what_happens_elsewhere_is_another_operator_and_is_not_merged():
    library = SkillLibrary()
    library.add(one(actions=(1, 2, 3), site=Site((0, 0), 3)))
    assert library.add(one(actions=(4, 5), site=Site((0, 1), 5)))
    assert [skill.actions for skill in library] == [(1, 2, 3), (4, 5)]
    assert len(library.shelves) == 2


def test_a_skill_of_another_library_leaves_its_record_there():
    first, second = SkillLibrary(), SkillLibrary()
    second.add(one((3, 3)))
    first.add(one())
    shared = next(iter(first))
    first.record(shared, True, 2)
    second.add(shared)
    assert len(second.ledger) == 0
    copied = second.find(shared)
    assert (copied.number, copied.uses, shared.number, shared.uses) == (1, 0, 0, 1)
    third = SkillLibrary()
    with pytest.raises(ValueError, match="skill: one of this library's own"):
        third.record(shared, True, 2)


# ---------------------------------------------------------------- the ledger


def came_to(uses: list[Use]) -> Tally:
    """What some uses came to, counted one by one."""
    return Tally(len(uses), sum(use.succeeded for use in uses), sum(use.steps for use in uses))


@given(diaries())
def test_every_rate_is_what_the_ledger_says(diary):
    library, written = diary
    assert len(library.ledger) == len(written)
    for shelf in library.shelves.values():
        claim = shelf.operator.claim
        uses = [use for _, use in written if use.claim == claim]
        assert shelf.tally is library.ledger.totals[claim]
        assert shelf.tally == came_to(uses)
        assert shelf.tally.rate == (sum(use.succeeded for use in uses) + 1) / (len(uses) + 1)
        mean = sum(use.steps for use in uses) / len(uses) if uses else len(shelf.skills[0].actions)
        assert shelf.cost == pytest.approx(max(mean, 1) / shelf.tally.rate)
        for skill, rate in zip(shelf.skills, shelf.rates, strict=True):
            own = came_to([use for other, use in written if use.claim == claim and other.context == skill.context])
            assert (skill.uses, skill.successes) == (own.uses, own.successes)
            assert rate == np.float32(own.rate) == np.float32(skill.success_rate)


@given(diaries())
def test_the_ledger_keeps_the_last_lines_and_tallies_of_all(diary):
    library, written = diary
    by_claim, by_facts = defaultdict(list), defaultdict(list)
    for _, use in written:
        by_claim[use.claim].append(use)
        by_facts[use.claim, use.facts].append(use)
    for claim in library.ledger.totals:
        assert list(library.ledger.lines[claim]) == by_claim[claim][-LINES:]
    for (claim, facts), uses in by_facts.items():
        assert library.ledger.under_facts(claim, facts) == came_to(uses)
    unseen = Claim(frozenset("q"), frozenset(), None, Site(None, 0))
    assert library.ledger.under_facts(unseen, frozenset()) == Tally()


@given(diaries(), st.sampled_from("xyz"))
def test_discarding_shelves_takes_their_skills_and_the_ledger_keeps_their_lines(diary, fact):
    library, written = diary
    kept = [skill for skill in library if fact not in skill.effect]
    gone = [skill for skill in library if fact in skill.effect]
    following = max((skill.number for skill in library), default=-1) + 1
    lines = {claim: list(uses) for claim, uses in library.ledger.lines.items()}
    library.discard(shelf for shelf in list(library.shelves.values()) if fact in shelf.effect)
    assert list(library) == kept
    assert {claim: list(uses) for claim, uses in library.ledger.lines.items()} == lines
    assert len(library.ledger) == len(written)
    for skill in gone:
        library.record(skill, True, 1)
        assert library.ledger.lines[skill.operator.claim][-1].skill == skill.number, "a retired skill may end its use"
    fresh = one((9, 9), effect=fact)
    library.add(fresh)
    assert fresh.number == following, "a number is never given twice"


def test_a_skill_that_comes_back_finds_its_record():
    library, skill = SkillLibrary(), one()
    library.add(skill)
    library.record(skill, False, 3)
    library.discard(library.shelves.values())
    again = one(actions=(2, 2))
    library.add(again)
    assert (again.number, again.uses, again.successes, again.success_rate) == (1, 1, 0, 0.5)
    assert library.shelves[again.operator].tally.uses == 1


def test_shelves_that_make_one_claim_share_its_record():
    library, wide = SkillLibrary(), one()
    narrow = Skill((1,), frozenset("a"), frozenset("x"), anchor="tree", context=(0, 0))
    library.add(wide)
    library.add(narrow)
    library.record(narrow, False, 3, frozenset("a"))
    assert [shelf.tally.uses for shelf in library.shelves.values()] == [1, 1]
    assert wide.success_rate == narrow.success_rate == 0.5


def test_a_ledger_of_many_facts_stays_small_and_loses_no_use():
    ledger, rng = Ledger(), np.random.default_rng(0)
    claim = Claim(frozenset("x"), frozenset(), "tree", Site((0, 0), 4))
    often, seen = frozenset({"often"}), Counter()
    for number in range(4000):
        lamps = frozenset(f"lamp {lamp}" for lamp in np.flatnonzero(rng.random(9) < 0.5))
        facts = often if number % 5 == 0 else lamps
        seen[facts] += 1
        ledger.write(Use(0, claim, facts, number % 3 == 0, 2), (0, 0))
        assert len(ledger.under[claim]) <= SETS + 1
    assert len(seen) > 400
    assert len(ledger.lines[claim]) == LINES
    assert ledger.under_facts(claim, often) == Tally(800, 267, 1600), "what is tried again and again is never folded"
    tallies = ledger.under[claim].values()
    for part in ("uses", "successes", "steps"):
        assert sum(getattr(tally, part) for tally in tallies) == getattr(ledger.totals[claim], part)
    assert ledger.totals[claim] == ledger.contexts[claim, (0, 0)] == Tally(4000, 1334, 8000)


def test_of_many_facts_the_rarest_are_folded():
    ledger, claim = Ledger(), Claim(frozenset("x"), frozenset(), None, Site(None, 0))
    for number in range(SETS):
        for _ in range(1 if number == 7 else 2):
            ledger.write(Use(0, claim, frozenset({str(number)}), True, 1), ())
    assert None not in ledger.under[claim]
    ledger.write(Use(0, claim, frozenset({"new"}), True, 1), ())
    assert ledger.under[claim][None] == Tally(1, 1, 1)
    assert frozenset({"7"}) not in ledger.under[claim]
    assert ledger.under_facts(claim, frozenset({"new"})).uses == 1, "what has just happened is not folded"


# ---------------------------------------------------------------- growth


def test_a_hundred_thousand_skills_keep_their_rows():
    library = SkillLibrary()
    contexts = [((i // 317 - 158) / 4, (i % 317 - 158) / 4) for i in range(100_000)]  # quarter steps
    for i, context in enumerate(contexts):
        library.add(one(context, actions=(i,)))
    shelf = next(iter(library.shelves.values()))
    assert len(library) == len(shelf.matrix) == len(shelf.rates) == 100_000
    assert max(abs(part) for context in contexts for part in context) <= REACH
    for i in [0, 7, 8, 9, 8191, 8192, 65_535, 65_536, 99_999]:
        assert shelf.skills[i].actions == (i,)
        assert shelf.rows[contexts[i]] == i
        np.testing.assert_array_equal(shelf.matrix[i], embed(contexts[i]))
    assert library.retrieve(percept(objects={"tree": contexts[54_321]}), 1)[0].skill.actions == (54_321,)


def lines_of_python(function, *arguments) -> int:
    """How many lines of Python a call executes: a measure of its work that no machine changes."""
    count, before = 0, sys.gettrace()

    def trace(frame, event, _):
        nonlocal count
        count += event == "line"
        return trace

    gc.disable()  # hypothesis listens to the collector, in lines of its own
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("anchor", [None, "tree"])
def test_adding_takes_as_long_however_much_there_is(anchor):
    library = SkillLibrary()
    arrivals = [Skill((1,), frozenset(), frozenset({str(number)}), anchor=anchor, context=(0, 1) if anchor else ())
                for number in range(300)]
    work = [lines_of_python(library.add, skill) for skill in arrivals]
    assert max(work[-20:]) <= min(work[1:21]) + 5


def test_retrieval_takes_as_many_lines_of_python_for_a_hundred_skills_as_for_thousands():
    library, here, work = SkillLibrary(), percept(objects={"tree": (0.3, 0.3)}), []
    for row in range(64):
        for column in range(64):
            library.add(one((row, column)))
        work.append(lines_of_python(library.retrieve, here))
    assert max(work[3:]) <= min(work[3:]) + 10


def test_all_embeddings_stand_in_order_of_iteration():
    library = SkillLibrary()
    assert library.embeddings.shape == (0, 0)
    for skill in (one((1, 2)), one((), anchor=None, effect="y"), one((3, 4))):
        library.add(skill)
    rows = library.embeddings
    assert rows.shape == (3, 32)
    for row, skill in zip(rows, library, strict=True):
        np.testing.assert_array_equal(row, np.pad(skill.embedding, (0, 32 - len(skill.embedding))))


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("skill", "error", "says"), [
    ("walk", TypeError, "skill: a Skill is needed, got str"),
    (one(actions=()), ValueError, r"skill\.actions: a tuple of one or more"),
    (one(actions=[1]), ValueError, r"skill\.actions: .* got \[1\]"),
    (one(actions=(-1,)), ValueError, r"skill\.actions"),
    (one(actions=(True,)), ValueError, r"skill\.actions"),
    (one(actions=("up",)), ValueError, r"skill\.actions"),
    (one(effect=""), ValueError, r"skill\.effect: one fact or more"),
    (Skill((1,), {"a"}, frozenset("x")), ValueError, r"skill\.preconditions: a frozenset"),
    (Skill((1,), frozenset(), frozenset({3})), ValueError, r"skill\.effect: a frozenset of texts"),
    (one((1, 2), anchor=None), ValueError, r"skill\.context: an anchor's displacement"),
    (one(()), ValueError, r"skill\.context: an anchor's displacement"),
    (one((1, float("nan"))), ValueError, r"skill\.context: a tuple of finite numbers"),
    (one((1, 2, 3)), ValueError, r"skill\.context: 2 numbers are needed"),
    (one(site=Site((1,), 4)), ValueError, r"skill\.site: as many numbers"),
])
def test_a_skill_that_could_not_be_used_is_refused_and_changes_nothing(skill, error, says):
    library = SkillLibrary()
    library.add(one((5, 5)))
    with pytest.raises(error, match=says):
        library.add(skill)
    assert len(library) == len(library.shelves) == 1


@pytest.mark.parametrize("k", [0, -1, 1.5, "3", None])
def test_a_number_of_matches_must_be_whole_and_positive(k):
    library = SkillLibrary()
    library.add(one())
    with pytest.raises(ValueError, match="k: "):
        library.retrieve(percept(objects={"tree": (0, 0)}), k)


@pytest.mark.parametrize("steps", [-1, 1.5, None])
def test_a_use_takes_a_whole_number_of_steps(steps):
    library, skill = SkillLibrary(), one()
    library.add(skill)
    with pytest.raises(ValueError, match="steps: "):
        library.record(skill, True, steps)
    assert (skill.uses, len(library.ledger)) == (0, 0)


def test_an_unknown_skill_is_not_found_and_not_recorded():
    library = SkillLibrary()
    assert library.find(one()) is None
    with pytest.raises(ValueError, match="skill: one of this library's own"):
        library.record(one(), True, 1)


def test_a_shelf_is_one_contiguous_block():
    shelf = Shelf(one().operator, Tally())
    for column in range(50):
        shelf.append(one((0, column)))
    assert shelf.matrix.flags.c_contiguous
    assert shelf.matrix.dtype == np.float32


def test_alike_is_what_does_the_same_to_whatever_is_there_and_needs_no_more():
    library, lit = SkillLibrary(), frozenset({"lit"})
    for anchor, needs, effect in (("lamp", {"match"}, lit), ("torch", {"match"}, lit), ("torch", set(), lit),
                                  ("lamp", {"match", "oil"}, lit), ("lamp", {"match"}, frozenset({"warm"}))):
        library.add(Skill((4,), frozenset(needs), effect, anchor=anchor, context=(0, 0), site=Site((0, 0), 4)))
    first, *others = library.shelves.values()
    assert alike(first, library.shelves.values()) == [first, *others[:2]]
    assert alike(first, library.shelves.values(), {"torch"}) == others[:2]
