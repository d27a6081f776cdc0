"""The library: merging, retrieval, the ledger, growth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import percept

from procmem_lite.library import Shelf, SkillLibrary, nearness, top_rows
from procmem_lite.percepts import Percept
from procmem_lite.skills import REACH, Site, Skill, embed

FACTS = st.frozensets(st.sampled_from("abc"), max_size=2)
NEAR = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


@st.composite
def skills(draw: st.DrawFn) -> Skill:
    """Any skill, with few enough values that many of them collide."""
    anchor = draw(st.sampled_from([None, "tree", "well"]))
    return Skill(
        actions=tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))),
        preconditions=draw(FACTS), effect=draw(st.frozensets(st.sampled_from("xyz"), min_size=1, max_size=2)),
        removes=draw(FACTS), anchor=anchor, context=draw(NEAR) if anchor else ())


@st.composite
def libraries(draw: st.DrawFn) -> SkillLibrary:
    """Up to thirty skills, some of them used."""
    library = SkillLibrary()
    for skill in draw(st.lists(skills(), max_size=30)):
        library.add(skill)
    stored = list(library)
    if stored:
        for index, succeeded, steps in draw(st.lists(
                st.tuples(st.integers(0, len(stored) - 1), st.booleans(), st.integers(0, 9)), max_size=20)):
            library.record(stored[index], succeeded, steps)
    return library


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
def test_the_best_rows_are_those_of_a_stable_sort(scores, k):
    expected = sorted(range(len(scores)), key=lambda row: -scores[row])[:k]
    assert top_rows(np.array(scores, dtype=np.float32), k).tolist() == expected


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
        key, known = (skill.shelf, skill.context), best.get((skill.shelf, skill.context))
        changed = library.add(skill)
        assert changed == (known is None or len(skill.actions) < len(known))
        if changed:
            best[key] = skill.actions
    assert {(skill.shelf, skill.context): skill.actions for skill in library} == best
    assert len(library) == len(best)
    assert sorted(skill.number for skill in library) == list(range(len(best)))


def test_a_merge_takes_the_shorter_way_and_counts_no_use():
    library, stored = SkillLibrary(), one(actions=(1, 2, 3), site=Site((0, 0), 3))
    library.add(stored)
    library.record(stored, False, 7)
    assert library.add(one(actions=(4, 5), site=Site((0, 1), 5)))
    assert not library.add(one(actions=(9, 9)))
    assert (stored.actions, stored.site) == ((4, 5), Site((0, 1), 5))
    assert (stored.uses, stored.successes, len(library.ledger), len(library)) == (1, 0, 1, 1)


def test_a_skill_of_another_library_leaves_its_record_there():
    first, second = SkillLibrary(), SkillLibrary()
    second.add(one((3, 3)))
    first.add(one())
    shared = next(iter(first))
    first.record(shared, True, 2)
    second.add(shared)
    copied = second.find(shared)
    assert (copied.number, copied.uses, shared.number, shared.uses) == (1, 0, 0, 1)
    with pytest.raises(ValueError, match="skill: one of this library's own"):
        second.record(shared, True, 2)


# ---------------------------------------------------------------- the ledger


@given(libraries())
def test_every_statistic_is_what_the_ledger_says(library):
    for shelf in library.shelves.values():
        uses = [use for use in library.ledger if use.skill in {skill.number for skill in shelf.skills}]
        assert (shelf.uses, shelf.successes) == (len(uses), sum(use.succeeded for use in uses))
        assert shelf.steps == sum(use.steps for use in uses)
        assert shelf.success_rate == (shelf.successes + 1) / (shelf.uses + 1)
        mean = shelf.steps / shelf.uses if uses else len(shelf.skills[0].actions)
        assert shelf.cost == pytest.approx(max(mean, 1) / shelf.success_rate)
        for skill, rate in zip(shelf.skills, shelf.rates, strict=True):
            own = [use.succeeded for use in uses if use.skill == skill.number]
            assert (skill.uses, skill.successes) == (len(own), sum(own))
            assert rate == np.float32((sum(own) + 1) / (len(own) + 1))


@given(libraries(), st.sampled_from("xyz"))
def test_discarding_a_shelf_takes_its_skills_and_their_uses_and_nothing_else(library, fact):
    kept = [skill for skill in library if fact not in skill.effect]
    numbers = {skill.number for skill in kept}
    uses = [use for use in library.ledger if use.skill in numbers]
    following = max((skill.number for skill in library), default=-1) + 1
    library.discard(lambda shelf: fact in shelf.effect)
    assert list(library) == kept
    assert library.ledger == uses
    fresh = one((9, 9), effect=fact)
    library.add(fresh)
    assert fresh.number == following, "a number is never given twice"


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
    assert (skill.uses, library.ledger) == (0, [])


def test_an_unknown_skill_is_not_found_and_not_recorded():
    library = SkillLibrary()
    assert library.find(one()) is None
    with pytest.raises(ValueError, match="skill: one of this library's own"):
        library.record(one(), True, 1)


def test_a_shelf_is_one_contiguous_block():
    shelf = Shelf(one())
    for column in range(50):
        shelf.append(one((0, column)))
    assert shelf.matrix.flags.c_contiguous
    assert shelf.matrix.dtype == np.float32
