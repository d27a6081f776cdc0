"""What can be done to skills: each operation does what it says, to whom it says, and nothing else."""

import pytest

from procmem_lite.library import Match, Tally
from procmem_lite.lifecycle import LivingLibrary
from procmem_lite.lifecycle.operations import (
    abstract,
    add,
    compose,
    distil,
    merge_alike,
    prune,
    refine,
    rerank,
    restore,
    rewrite,
    split,
    tainted,
    unmask,
)
from procmem_lite.skills import Site, Skill

LIGHT, DARK = frozenset({"light"}), frozenset({"dark"})


def brew(actions=(1, 2), context=(0, 1), needs=(), effect="tea", action=2) -> Skill:
    """A skill about a cup."""
    return Skill(actions, frozenset(needs), frozenset({effect}), frozenset(), "cup", context, Site((0, 0), action))


def living(*skills: Skill) -> LivingLibrary:
    """A library of these."""
    library = LivingLibrary()
    for each in skills:
        assert library.add(each)
    return library


def test_refining_keeps_the_record_and_puts_the_longer_sequence_into_the_attic():
    library = living(brew((1, 1, 2)))
    library.record(next(iter(library)), True, 3)
    refine(library, 0, (1, 2))
    (skill,) = library
    assert (skill.actions, skill.uses, skill.number) == ((1, 2), 1, 1)
    assert library.attic[0].actions == (1, 1, 2)
    assert refine(library, 1, (2, 2)) is None, "no shorter: no refinement"


def test_merging_alike_keeps_the_shortest_and_only_what_is_near_on_the_same_shelf_goes():
    library = living(brew((1, 1, 2), (0, 2)), brew((1, 2), (0, 1)), brew((1,) * 9 + (2,), (0, 9)),
                     brew((1, 1, 2), (0, 2), effect="milk"))
    assert merge_alike(library, 1.0) is None, "at 1 the same contexts only, and those are merged when added"
    merge_alike(library, 0.9)
    assert sorted(skill.context for skill in library if "tea" in skill.effect) == [(0, 1), (0, 9)]
    assert library.attic.keys() == {0}
    assert library.entries[0].retired == "merged into 1"


def test_a_split_asks_which_facts_explain_the_failures():
    library = living(brew())
    skill = next(iter(library))
    for facts, worked in ((LIGHT, True), (LIGHT, True), (DARK, False), (DARK, False)):
        library.record(skill, worked, 2, facts | {"lamp"})
    split(library, skill.operator)
    (only,) = library
    assert only.preconditions == LIGHT
    assert library.entries[only.number].origin.parents == (0,)


def test_nothing_is_split_where_the_context_is_hidden_or_nothing_failed():
    library = living(brew())
    skill = next(iter(library))
    assert split(library, skill.operator) is None
    for worked in (True, False, True, False):
        library.record(skill, worked, 2, LIGHT)
    assert split(library, skill.operator) is None


def test_what_is_pruned_by_claim_goes_whole_and_by_case_one_by_one():
    def fails(tally: Tally) -> bool:
        return tally.uses >= 2 and 2 * tally.successes < tally.uses

    for by_claim, left in ((True, 0), (False, 1)):
        library = living(brew(context=(0, 1)), brew(context=(0, 2)))
        for _ in range(3):
            library.record(library.find(brew(context=(0, 1))), False, 2)
        prune(library, fails, by_claim)
        assert len(library) == left
        assert 0 in library.attic
    restore(library, [0])
    assert {skill.number for skill in library} == {0, 1}
    assert library.find(brew(context=(0, 1))).uses == 3, "what comes back has its record"


def test_nothing_comes_back_where_another_stands_in_its_place():
    library = living(brew((1, 1, 2)))
    refine(library, 0, (1, 2))
    with pytest.raises(ValueError, match="0 cannot come back while 1"):
        restore(library, [0])


def test_many_cases_are_distilled_into_the_shortest():
    library = living(brew((1, 1, 2), (0, 2)), brew((2,), (0, 0)), brew(effect="milk"))
    distil(library, brew().operator)
    assert sorted((skill.number, min(skill.effect)) for skill in library) == [(1, "tea"), (2, "milk")]
    assert library.entries[0].retired == "distilled into 1"


def test_names_become_roles_and_what_was_known_of_two_becomes_one():
    library = living(*(Skill(actions, frozenset(), frozenset({f"has {colour}"}), frozenset(), colour, (0, 1),
                             Site((0, 0), 2)) for colour, actions in (("red", (1, 2)), ("blue", (1, 1, 2)))))
    abstract(library, {"red": "$1", "blue": "$1"})
    (skill,) = library
    assert (skill.anchor, skill.effect, skill.actions) == ("$1", frozenset({"has $1"}), (1, 2))
    assert library.entries[1].retired == f"abstract: {skill.number}"


def test_two_skills_composed_need_what_the_first_does_not_bring():
    library = living(brew(needs={"water"}), brew((3,), (0, 0), {"tea", "tray"}, "served"))
    compose(library, 0, 1)
    made = library.entries[2].operator
    assert made.preconditions == {"water", "tray"}
    assert made.effect == {"tea", "served"}
    assert library.entries[2].actions == (1, 2, 3)
    assert library.entries[2].origin.parents == (0, 1)
    assert len(library) == 3, "the parts stay"


def test_what_the_first_undoes_the_second_cannot_need():
    library = living(Skill((1,), frozenset({"water"}), frozenset({"tea"}), frozenset({"water"})),
                     Skill((2,), frozenset({"water"}), frozenset({"egg"})))
    with pytest.raises(ValueError, match="can follow"):
        compose(library, 0, 1)


def test_an_interface_that_changed_is_rewritten_in_sequences_and_sites():
    library = living(brew((1, 2), action=2), brew((5,), effect="milk", action=5))
    rewrite(library, {2: 3, 3: 2})
    tea = next(skill for skill in library if "tea" in skill.effect)
    assert (tea.actions, tea.site.action) == ((1, 3), 3)
    assert 1 not in library.attic, "what has none of these actions stays"


def test_reranking_puts_last_what_failed_and_keeps_the_order_of_equals():
    matches = [Match(brew(action=action), 1.0, 1.0) for action in (4, 2, 3)]
    again = rerank(matches, lambda claim: 2 * (claim.site.action == 4))
    assert [match.skill.site.action for match in again] == [2, 3, 4]


def test_unmasking_retires_all_that_a_stranger_brought_or_that_was_made_of_it_and_no_honest_skill():
    library = living(brew((1, 1, 1, 2), (0, 3)), brew((1, 2), (0, 1)))
    library.sign("stranger")
    add(library, brew((2,), (0, 3)))  # looks better: it replaces an honest one
    add(library, Skill((3,), frozenset({"tea"}), frozenset({"served"})))
    library.sign("agent")
    compose(library, 1, 3)
    assert tainted(library, "stranger") == {2, 3, 4}
    unmask(library, "stranger")
    assert {skill.number for skill in library} == {0, 1}, "the honest one is back in its place"
    library.undo()
    assert {skill.number for skill in library} == {1, 2, 3, 4}


def test_trust_is_the_least_along_a_lineage_of_any_length():
    library = living(brew((1, 1, 1, 1, 2)))
    library.sign("stranger")
    refine(library, 0, (1, 1, 1, 2))
    library.sign("agent")
    refine(library, 1, (1, 1, 2))
    rewrite(library, {2: 3})
    unmask(library, "stranger")
    assert [skill.number for skill in library] == [0]
