"""Skills: cutting, erasing, hindsight, anchors, preconditions and embeddings."""

import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import percept, transition

from procmem_lite.percepts import Transition, mark_success
from procmem_lite.skills import (
    REACH,
    RULES,
    Operator,
    Skill,
    change_of,
    common_shift,
    cut,
    embed,
    erase,
    hindsight,
    induce_anchor,
    induce_operator,
    induce_preconditions,
    loop_erase,
    site_of,
    skills_from,
)
from procmem_lite.worlds.gridworld import (
    GridWorld,
    TransitionTable,
    encode,
    perceive,
    steps_to_goal,
    transition_table,
)
from procmem_lite.worlds.layouts import Layout

PLACES = st.lists(st.one_of(st.integers(0, 5), st.none()), max_size=30)
WITHIN = st.integers(-int(REACH), int(REACH))


def wandering_success(seed: int, size: int = 6) -> list[Transition]:
    """A success on an open field that starts with a random walk and bumps into walls on its way."""
    env = GridWorld("open", size=size, max_steps=10_000)
    env.reset(seed=seed)
    rng, walk, terminated = np.random.default_rng(seed), [], False
    while not terminated:
        before, steps, table = perceive(env), steps_to_goal(env.layout), env.table
        left = np.where(table.terminated[env.state], 0, 1 + steps[table.next_state[env.state]])
        action = int(rng.integers(6)) if rng.random() < 0.5 else int(np.argmin(left))
        _, reward, terminated, _, _ = env.step(action)
        walk.append(mark_success(Transition(before, action, reward, perceive(env), terminated)))
    return walk


# ---------------------------------------------------------------- loops


@given(PLACES)
def test_loop_erasure_keeps_both_ends_and_never_lengthens(places):
    kept = loop_erase(places)
    assert len(kept) <= len(places)
    assert kept == sorted(set(kept))
    if places:
        assert places[kept[0]] == places[0]
        assert kept[-1] == len(places) - 1


@given(PLACES)
def test_loop_erasure_leaves_a_walk_that_was_walked_and_no_place_twice(places):
    kept = loop_erase(places)
    for here, there in zip(kept, kept[1:], strict=False):
        assert places[there] == places[here + 1], "a step that stays leads to the next place that stays"
    met = [places[index] for index in kept if places[index] is not None]
    assert len(met) == len(set(met))


@given(PLACES)
def test_erasing_loops_twice_changes_nothing_more(places):
    once = [places[index] for index in loop_erase(places)]
    assert [once[index] for index in loop_erase(once)] == once


def test_an_unknown_place_is_like_no_other():
    assert loop_erase([None, None, None]) == [0, 1, 2]
    assert loop_erase(["a", None, "a", None, "b"]) == [2, 3, 4]


@given(st.integers(0, 500))
def test_an_erased_segment_still_ends_with_its_effect(seed):
    for segment in cut(wandering_success(seed)):
        path = erase(segment)
        assert path[-1] is segment[-1]
        places = [step.percept.place for step in path]
        assert len(places) == len(set(places))


# ---------------------------------------------------------------- cutting


@given(st.lists(st.frozensets(st.sampled_from("abc")), min_size=1, max_size=20))
def test_each_segment_ends_with_the_first_fact_that_appears_in_it(history):
    walk = [transition(percept(before), 0, percept(after))
            for before, after in zip(history, history[1:], strict=False)]
    segments = cut(walk)
    gains = [step for step in walk if step.next_percept.facts - step.percept.facts]
    assert [segment[-1] for segment in segments] == gains
    for segment in segments:
        assert all(step.percept.facts == segment[0].percept.facts for step in segment)
        first = next(i for i, step in enumerate(walk) if step is segment[0])
        assert all(a is b for a, b in zip(segment, walk[first:], strict=False)), "a segment has no gaps"


def test_a_walk_without_a_new_fact_gives_no_segment():
    assert cut([transition(percept("a"), 0, percept())]) == []
    assert cut([]) == []


# ---------------------------------------------------------------- hindsight


@cache
def field_around(anchor: str, size: int = 64) -> TransitionTable:
    """A large open field with one object in its middle and the others far away."""
    spots = {name: (0, column) for column, name in enumerate(("start", "key", "door", "goal"))}
    return transition_table(Layout(size, **spots | {anchor: (size // 2, size // 2)}))


def works(skill: Skill, size: int = 64) -> bool:
    """Whether a skill's effect, and no other, appears when it starts where its context says."""
    start = tuple(size // 2 - int(part) for part in skill.context)
    table = field_around(skill.anchor, size)
    state = encode(size, start, "has_key" in skill.preconditions, "door_open" in skill.preconditions)
    before = state
    for action in skill.actions:
        ended = bool(table.terminated[state, action])
        before, state = state, int(table.next_state[state, action])
    gained = {"has_key": state & 2 > before & 2, "door_open": state & 1 > before & 1, "success": ended}
    return {name for name, now in gained.items() if now} == skill.effect


@pytest.mark.parametrize("rule", RULES[1:])
def test_every_part_of_a_success_is_a_success(rule):
    seen = set()
    for seed in range(25):
        for segment in cut(wandering_success(seed)):
            last = segment[-1]
            effect = last.next_percept.facts - last.percept.facts
            anchor = {"has_key": "key", "door_open": "door", "success": "goal"}[min(effect)]
            for skill in skills_from(erase(segment), anchor, last.percept.facts, rule):
                assert works(skill), f"{skill} did not work where it should"
                seen.add((skill.effect, skill.context))
    assert len(seen) > 30


def test_each_rule_keeps_more_than_the_one_before_and_no_longer_ways():
    more = 0
    for seed in range(25):
        for segment in cut(wandering_success(seed)):
            anchor = site_anchor(segment)
            path = erase(segment)
            erased, suffixes, subpaths = (hindsight(path, anchor, rule) for rule in RULES[1:])
            assert set(erased) <= set(suffixes) <= set(subpaths)
            assert all(len(subpaths[context]) <= len(actions) for context, actions in suffixes.items())
            assert len(suffixes) == len(path), "an erased path meets each displacement once"
            more += len(subpaths) - len(suffixes)
    assert more > 0


def site_anchor(segment: list[Transition]) -> str:
    """The object on whose cell the segment's effect happened."""
    return next(name for name in ("key", "door", "goal") if name in segment[-1].percept.objects
                and (0, 0) in (segment[-1].percept.objects[name], segment[-1].next_percept.objects.get(name)))


def test_an_effect_without_an_anchor_is_one_action():
    walk = [transition(percept(), 3, percept()), transition(percept(), 2, percept("a"))]
    assert hindsight(walk, None) == {(): (2,)}


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="rule: one of"):
        hindsight([transition(percept(), 0, percept("a"))], None, "middles")


def test_a_turn_is_no_shift():
    before = percept(objects={"tree": (2, 0), "well": (0, 3)})
    assert common_shift(before, percept(objects={"tree": (1, 0), "well": (-1, 3)})) == (1, 0)
    assert common_shift(before, percept(objects={"tree": (0, 2), "well": (-3, 0)})) is None
    assert common_shift(before, percept()) is None


# ---------------------------------------------------------------- anchors and preconditions


def ending(before: dict, after: dict | None = None, facts: str = "", action: int = 4) -> list[Transition]:
    """A segment of one step that brings the fact "new" about."""
    now = before if after is None else after
    return [transition(percept(facts, before), action, percept(facts + "n", now))]


def test_the_anchor_is_the_object_whose_displacement_is_the_most_constant():
    cases = [ending({"tree": (0, 1), "well": (k, 2 * k)}) for k in range(1, 5)]
    assert induce_anchor(cases) == ("tree", 1.0)
    odd = [*cases, ending({"tree": (7, 7), "well": (9, 9)})]
    assert induce_anchor(odd) == ("tree", 0.8)


def test_ties_between_anchors_go_to_the_nearest_then_to_the_alphabet():
    assert induce_anchor([ending({"tree": (0, 2), "well": (1, 0)})])[0] == "well"
    assert induce_anchor([ending({"well": (0, 1), "tree": (1, 0)})])[0] == "tree"


def test_only_what_every_case_has_seen_can_be_an_anchor():
    assert induce_anchor([ending({"tree": (0, 1)}), ending({"well": (0, 1)})]) == (None, 0.0)
    assert induce_anchor([ending({})]) == (None, 0.0)
    assert induce_anchor([]) == (None, 0.0)


def test_a_site_is_where_the_agent_arrives_or_where_it_acts():
    arrived = ending({"tree": (0, 1)}, {"tree": (0, 0)}, action=3)[0]
    acted = ending({"tree": (0, 1)}, action=4)[0]
    taken = ending({"tree": (0, 1)}, {}, action=4)[0]
    assert site_of(arrived, "tree") == ((0, 0), None)
    assert site_of(acted, "tree") == site_of(taken, "tree") == ((0, 1), 4)


@given(st.lists(st.frozensets(st.sampled_from("abcd")), min_size=1, max_size=6))
def test_preconditions_are_the_facts_that_always_held_before(seen):
    found = induce_preconditions([ending({}, facts="".join(sorted(facts))) for facts in seen])
    for fact in "abcd":
        assert (fact in found) == all(fact in facts for facts in seen)


def test_a_skill_applies_where_preconditions_hold_the_anchor_is_there_and_the_effect_is_missing():
    skill = Skill((1,), frozenset("a"), frozenset("b"), anchor="tree", context=(0, 1))
    here = {"tree": (5, 5)}
    assert skill.is_applicable(percept("a", here))
    assert skill.is_applicable(percept("ac", here))
    assert not skill.is_applicable(percept("", here))
    assert not skill.is_applicable(percept("ab", here))
    assert not skill.is_applicable(percept("a", {"well": (5, 5)}))
    assert Skill((1,), frozenset("a"), frozenset("b")).is_applicable(percept("a"))


FACTS = st.frozensets(st.sampled_from("abcd"))


@given(FACTS, FACTS, FACTS, FACTS)
def test_an_operator_applies_where_its_effect_is_missing_and_foretells_what_follows(needs, adds, loses, here):
    operator = Operator(needs, adds, loses)
    assert operator.applies(here) == (needs <= here and loses <= here and bool(adds - here))
    after = operator.apply(here)
    assert adds <= after
    for fact in "abcd":
        assert (fact in after) == (fact in adds or fact in here and fact not in loses)
    assert not operator.applies(after)


def test_operators_are_equal_by_what_they_say_and_a_claim_leaves_out_the_preconditions():
    first, second = (Skill((1,), frozenset(needs), frozenset("x"), anchor="tree", context=(0, 1)) for needs in "ab")
    assert first.operator != second.operator
    assert first.operator == Skill((2, 3), frozenset("a"), frozenset("x"), anchor="tree", context=(5, 5)).operator
    assert first.operator.claim == second.operator.claim
    assert first.operator.claim == (frozenset("x"), frozenset(), "tree", first.site)


def test_an_operator_is_what_all_cases_have_in_common():
    cases = [ending({"tree": (0, 1), "well": (k, k)}, facts="ab"[:1 + k % 2]) for k in range(1, 5)]
    assert induce_operator(cases) == Operator(frozenset("a"), frozenset("n"), frozenset(), "tree", ((0, 1), 4))


def test_where_cases_disagree_on_every_object_an_operator_is_about_none():
    cases = [ending({"tree": (k, 0), "well": (0, 9 - k)}) for k in range(1, 4)]
    found = induce_operator(cases)
    assert (found.anchor, found.site) == (None, (None, 4))


def test_a_change_is_what_appeared_and_what_vanished():
    assert change_of([transition(percept("ab"), 0, percept("bc"))]) == ({"c"}, {"a"})


# ---------------------------------------------------------------- one use


def test_stored_actions_are_given_one_by_one_until_they_end():
    skill = Skill((3, 1, 4), frozenset(), frozenset("x"), anchor="tree", context=(1, 1))
    using = skill.start(percept(place=0), None)
    assert [using.act(percept(place=place)) for place in range(4)] == [3, 1, 4, None]
    assert using.reason == "no effect"
    assert skill.actions == (3, 1, 4), "a use leaves the skill as it was"


def test_stored_actions_end_where_one_moved_neither_the_agent_nor_a_thing():
    using = Skill((3, 1, 4), frozenset(), frozenset("x")).start(percept(), None)
    assert using.act(percept(place=0, objects={"box": (0, 1)})) == 3
    assert using.act(percept(place=0, objects={"box": (0, 2)})) == 1, "it pushed the box"
    assert using.act(percept(place=0, objects={"box": (0, 2)})) is None
    assert using.reason == "blocked"


def test_a_situation_is_these_actions_under_these_facts_at_this_place():
    skill, other = (Skill((1,), frozenset(), frozenset("x"), anchor="tree", context=(0, n)) for n in (1, 2))
    here = percept("a", place=(1, 1))
    assert skill.situation(here) == skill.situation(percept("a", {"tree": (7, 7)}, (1, 1)))
    elsewhere, later = percept("a", place=0), percept("b", place=(1, 1))
    assert skill.situation(here) not in (other.situation(here), skill.situation(elsewhere), skill.situation(later))


# ---------------------------------------------------------------- embeddings


def cosine(a: tuple, b: tuple) -> float:
    return float(embed(a).astype(float) @ embed(b).astype(float))


def test_what_is_not_a_number_has_no_embedding():
    with pytest.raises(ValueError, match="displacement: numbers are needed"):
        embed((1.0, float("nan")))


@given(st.lists(WITHIN, min_size=1, max_size=4))
def test_an_embedding_has_length_one(displacement):
    assert np.linalg.norm(embed(tuple(displacement))) == pytest.approx(1, abs=1e-6)


@given(st.tuples(WITHIN, WITHIN), st.tuples(WITHIN, WITHIN))
def test_similarity_is_symmetric_and_below_one_but_for_the_same_displacement(a, b):
    assert cosine(a, b) == cosine(b, a)
    assert cosine(a, b) == pytest.approx(1, abs=1e-6) if a == b else cosine(a, b) < 0.9999


@given(st.integers(-60, 60), st.integers(-60, 60), st.sampled_from([-1, 1]))
def test_similarity_never_rises_with_distance_along_an_axis(row, column, way):
    line = [(row, column + way * far) for far in range(124) if abs(column + way * far) <= REACH]
    values = [cosine((row, column), there) for there in line]
    assert all(near >= far - 1e-6 for near, far in zip(values, values[1:], strict=False))
    assert values[0] > values[1] > values[2] > values[-1]


SHOW = """
from procmem_lite.skills import embed
import sys
for displacement in [(0, 0), (1, -2), (3.5, 64), (7,), (), (1, 2, 3)]:
    sys.stdout.write(embed(displacement).tobytes().hex() + chr(10))
"""


def test_embeddings_are_the_same_in_every_process():
    outputs = [subprocess.run([sys.executable, "-c", SHOW], env=os.environ | {"PYTHONHASHSEED": salt},
                              capture_output=True, text=True, check=True).stdout for salt in ("1", "2")]
    assert outputs[0] == outputs[1]
    assert len(set(outputs[0].split())) == 6
