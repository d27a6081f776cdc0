"""The checks of chapter 3: plausible wrong answers are refused, right ones pass however they are written."""

from collections import Counter

import numpy as np
import pytest
from verdicts import verdict

from procmem_lite.exercises import library as checks
from procmem_lite.library import BLUR, merge, nearness
from procmem_lite.skills import embed


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [checks.merge_by_cost, checks.with_and_without, checks.many_at_once,
                                   checks.forgetting])
def test_a_stub_is_not_done_yet(check, capsys):
    assert verdict(check, stub, capsys) == "not done yet\n"


# ---------------------------------------------------------------- 3.1 merge by what it costs


def by_division(known, skill):
    better = len(skill.actions) / skill.success_rate < len(known.actions) / known.success_rate
    if better:
        known.actions = skill.actions
    return better


def by_counts(known, skill):
    def cost(each):
        return len(each.actions) * (each.uses + 1) / (each.successes + 1)

    if cost(known) <= cost(skill):
        return False
    known.actions = skill.actions
    return True


def by_min(known, skill):
    before = known.actions
    known.actions = min((known, skill), key=lambda each: len(each.actions) / each.success_rate).actions
    return known.actions is not before


@pytest.mark.parametrize("answer", [by_division, by_counts, by_min])
def test_merges_by_cost_pass(answer, capsys):
    assert verdict(checks.merge_by_cost, answer, capsys).startswith("right: 300 pairs")


def with_record(known, skill):
    changed = by_division(known, skill)
    if changed:
        known.uses, known.successes = skill.uses, skill.successes
    return changed


def counts_a_use(known, skill):
    changed = by_division(known, skill)
    known.uses += 1
    known.successes += 1
    return changed


def adds_up(known, skill):
    known.uses += skill.uses
    return by_division(known, skill)


def ties_to_the_newcomer(known, skill):
    changed = len(skill.actions) / skill.success_rate <= len(known.actions) / known.success_rate
    known.actions = skill.actions if changed else known.actions
    return changed


def plain_rate(known, skill):
    rates = [each.successes / each.uses if each.uses else 1.0 for each in (known, skill)]
    changed = len(skill.actions) * rates[0] < len(known.actions) * rates[1]
    known.actions = skill.actions if changed else known.actions
    return changed


def says_nothing(known, skill):
    by_division(known, skill)


def says_the_opposite(known, skill):
    return not by_division(known, skill)


def changes_nothing(known, skill):
    return len(skill.actions) / skill.success_rate < len(known.actions) / known.success_rate


def by_rate_alone(known, skill):
    changed = skill.success_rate > known.success_rate
    known.actions = skill.actions if changed else known.actions
    return changed


def multiplies(known, skill):
    changed = len(skill.actions) * skill.success_rate < len(known.actions) * known.success_rate
    known.actions = skill.actions if changed else known.actions
    return changed


def swaps(known, skill):
    changed = len(skill.actions) / skill.success_rate < len(known.actions) / known.success_rate
    if changed:
        known.actions, skill.actions = skill.actions, known.actions
    return changed


@pytest.mark.parametrize(("answer", "says"), [
    (merge, "expected steps"), (with_record, "a merge is not a use"), (counts_a_use, "a merge is not a use"),
    (adds_up, "a merge is not a use"), (ties_to_the_newcomer, "expected steps"), (plain_rate, ""),
    (says_nothing, "True or False is needed"), (says_the_opposite, "you say"), (changes_nothing, "stayed"),
    (by_rate_alone, "expected steps"), (multiplies, "expected steps"), (swaps, "only known may change"),
])
def test_other_merges_are_refused(answer, says, capsys):
    told = verdict(checks.merge_by_cost, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 3.2 with and without


def tallies(ledger, effect):
    return [(facts, tally) for claim, under in ledger.under.items() if claim.effect == effect
            for facts, tally in under.items() if facts is not None]


def summed(ledger, effect, fact):
    held = [tally for facts, tally in tallies(ledger, effect) if fact in facts]
    missing = [tally for facts, tally in tallies(ledger, effect) if fact not in facts]
    return tuple((sum(t.uses for t in some), sum(t.successes for t in some)) for some in (held, missing))


def with_a_counter(ledger, effect, fact):
    counts = Counter()
    for facts, tally in tallies(ledger, effect):
        counts[fact in facts, "uses"] += tally.uses
        counts[fact in facts, "successes"] += tally.successes
    return [[counts[held, word] for word in ("uses", "successes")] for held in (True, False)]


def with_an_array(ledger, effect, fact):
    counts = np.zeros((2, 2), dtype=int)
    for claim in ledger.totals:
        if claim.effect != effect:
            continue
        for facts in ledger.under[claim]:
            if facts is not None:
                tally = ledger.under_facts(claim, facts)
                counts[int(fact not in facts)] += tally.uses, tally.successes
    return tuple(map(tuple, counts))


@pytest.mark.parametrize("answer", [summed, with_a_counter, with_an_array])
def test_sums_by_facts_pass(answer, capsys):
    assert verdict(checks.with_and_without, answer, capsys).startswith("right: 40 ledgers")


def from_lines(ledger, effect, fact):
    lines = [use for claim, uses in ledger.lines.items() if claim.effect == effect for use in uses]
    return tuple((len(some), sum(use.succeeded for use in some)) for some in (
        [use for use in lines if fact in use.facts], [use for use in lines if fact not in use.facts]))


def other_is_without(ledger, effect, fact):
    held, missing = summed(ledger, effect, fact)
    other = [under[None] for claim, under in ledger.under.items() if claim.effect == effect and None in under]
    return held, (missing[0] + sum(t.uses for t in other), missing[1] + sum(t.successes for t in other))


def by_totals(ledger, effect, fact):
    held, _ = summed(ledger, effect, fact)
    total = [tally for claim, tally in ledger.totals.items() if claim.effect == effect]
    return held, (sum(t.uses for t in total) - held[0], sum(t.successes for t in total) - held[1])


def fact_alone(ledger, effect, fact):
    some = [tally for facts, tally in tallies(ledger, effect) if facts == {fact}]
    bare = [tally for facts, tally in tallies(ledger, effect) if not facts]
    return tuple((sum(t.uses for t in each), sum(t.successes for t in each)) for each in (some, bare))


def first_claim_only(ledger, effect, fact):
    claim = next(claim for claim in ledger.totals if claim.effect == effect)
    ledger_of_one = type(ledger)()
    ledger_of_one.under = {claim: ledger.under[claim]}
    return summed(ledger_of_one, effect, fact)


def effect_within(ledger, effect, fact):
    some = [(facts, tally) for claim, under in ledger.under.items() if effect <= claim.effect
            for facts, tally in under.items() if facts is not None]
    return tuple((sum(t.uses for f, t in some if (fact in f) == held), sum(t.successes for f, t in some
                                                                          if (fact in f) == held))
                 for held in (True, False))


def failures_for_successes(ledger, effect, fact):
    return tuple((uses, uses - won) for uses, won in summed(ledger, effect, fact))


def rates(ledger, effect, fact):
    return tuple(won / uses if uses else 1.0 for uses, won in summed(ledger, effect, fact))


def clears_it(ledger, effect, fact):
    found = summed(ledger, effect, fact)
    ledger.lines.clear()
    return found


@pytest.mark.parametrize(("answer", "says"), [
    (from_lines, "are in the ledger"), (other_is_without, "without the lamp"), (by_totals, "without the lamp"),
    (fact_alone, "are in the ledger"), (first_claim_only, "are in the ledger"), (effect_within, "are in the ledger"),
    (failures_for_successes, "are in the ledger"), (lambda *all: summed(*all)[::-1], "are in the ledger"),
    (lambda *all: summed(*all)[:1], "two pairs are needed"), (rates, "two pairs (uses, successes)"),
    (lambda *_: None, "two pairs (uses, successes)"), (lambda *_: ((0, 0), (0, 0)), "are in the ledger"),
    (clears_it, "the ledger was changed"),
])
def test_other_sums_are_refused(answer, says, capsys):
    told = verdict(checks.with_and_without, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 3.3 sixty-four questions at once


def questions(displacements):
    return np.array([embed(tuple(displacement)) for displacement in displacements])


def times_transposed(shelf, displacements):
    return np.argmax(nearness(questions(displacements) @ shelf.matrix.T) * shelf.rates, axis=1)


def from_the_left(shelf, displacements):
    return np.argmin((1 + BLUR - shelf.matrix.dot(questions(displacements).T)) / shelf.rates[:, None], axis=0)


def by_einsum(shelf, displacements):
    cosines = np.einsum("qd,sd->qs", questions(displacements), shelf.matrix)
    return np.array([int(row.argmax()) for row in nearness(cosines) * shelf.rates])


def by_np_dot(shelf, displacements):
    return (nearness(np.dot(shelf.matrix, questions(displacements).T)).T * shelf.rates).argmax(axis=1).tolist()


@pytest.mark.parametrize("answer", [times_transposed, from_the_left, by_einsum, by_np_dot])
def test_one_product_passes(answer, capsys):
    assert verdict(checks.many_at_once, answer, capsys).startswith("right: 1 query, and 64")


def one_query_at_a_time(shelf, displacements):
    return [np.argmax(nearness(shelf.matrix @ each) * shelf.rates) for each in questions(displacements)]


def one_row_at_a_time(shelf, displacements):
    cosines = np.array([questions(displacements) @ row for row in shelf.matrix])
    return np.argmax(nearness(cosines.T) * shelf.rates, axis=1)


def pair_by_pair(shelf, displacements):
    return np.array([max(range(len(shelf.skills)), key=lambda row: nearness(np.dot(shelf.matrix[row], question))
                         * shelf.rates[row]) for question in questions(displacements)])


def by_hand(shelf, displacements):
    """No product of arrays at all."""
    rows = shelf.matrix.tolist()
    return np.array([max(range(len(rows)), key=lambda row: nearness(np.float64(sum(
        a * b for a, b in zip(rows[row], question, strict=True)))) * shelf.rates[row])
        for question in questions(displacements).tolist()])


def by_skills(shelf, displacements):
    """The matrix is not asked."""
    return np.array([max(range(len(shelf.skills)), key=lambda row: nearness(question @ shelf.skills[row].embedding)
                         * shelf.rates[row]) for question in questions(displacements)])


def rate_forgotten(shelf, displacements):
    return np.argmax(questions(displacements) @ shelf.matrix.T, axis=1)


def bare_cosine(shelf, displacements):
    return np.argmax(questions(displacements) @ shelf.matrix.T * shelf.rates, axis=1)


def scores_not_rows(shelf, displacements):
    return (nearness(questions(displacements) @ shelf.matrix.T) * shelf.rates).max(axis=1)


def best_query_of_each_row(shelf, displacements):
    return np.argmax(nearness(questions(displacements) @ shelf.matrix.T) * shelf.rates, axis=0)


def asks_the_shelf(shelf, displacements):
    from procmem_lite import Percept
    return [shelf.rows[shelf.top(Percept(frozenset(), {"key": tuple(d)}), 1)[0].skill.context] for d in displacements]


@pytest.mark.parametrize(("answer", "says"), [
    (one_query_at_a_time, "64 products for 64 queries"), (one_row_at_a_time, "products"), (pair_by_pair, "products"),
    (by_hand, "no product"), (by_skills, "no product"), (rate_forgotten, "rate"), (bare_cosine, "scores"),
    (scores_not_rows, "is not a row"), (best_query_of_each_row, "got shape"), (asks_the_shelf, "shelf.top was asked"),
])
def test_other_searches_are_refused(answer, says, capsys):
    told = verdict(checks.many_at_once, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 3.4 forget


def gaps(skills, kept):
    return [min(float(np.abs(np.subtract(skill.context, other.context)).sum()) for other in kept
                if other.effect == skill.effect) for skill in skills]


def one_each(library):
    return list({skill.effect: skill for skill in library}.values())


def farthest_first(library, room):
    kept, skills = one_each(library), list(library)
    while len(kept) < room:
        kept.append(skills[int(np.argmax(gaps(skills, kept)))])
    return kept


def greedy_mean(library, room):
    kept, skills = one_each(library), list(library)
    effects, places = np.array([hash(s.effect) for s in skills]), np.array([s.context for s in skills])
    apart = np.abs(places[:, None] - places).sum(axis=2) + 1000 * (effects[:, None] != effects)
    near = apart[:, [skills.index(skill) for skill in kept]].min(axis=1)
    while len(kept) < room:
        best = int(np.argmin(np.minimum(near[:, None], apart).sum(axis=0)))
        kept.append(skills[best])
        near = np.minimum(near, apart[:, best])
    return kept


def one_of_each_tile(library, room):
    """The first skill of each 3 by 3 tile, the fullest tiles first."""
    tiles = {}
    for skill in library:
        tiles.setdefault((skill.effect, *(int(part) // 3 for part in skill.context)), []).append(skill)
    kept = one_each(library)
    for tile in sorted(tiles.values(), key=len, reverse=True):
        middle = min(tile, key=lambda skill: sum(abs(part % 3 - 1) for part in skill.context))
        if middle not in kept and len(kept) < room:
            kept.append(middle)
    return kept


@pytest.mark.parametrize("answer", [farthest_first, greedy_mean, one_of_each_tile])
def test_choices_with_something_near_everything_pass(answer, capsys):
    assert verdict(checks.forgetting, answer, capsys).startswith("right: five libraries")


def by_chance(library, room):
    rng, rest = np.random.default_rng(9), [skill for skill in library if skill not in one_each(library)]
    return one_each(library) + [rest[row] for row in rng.permutation(len(rest))[:room - 3]]


def first_come(library, room):
    return (one_each(library) + [skill for skill in library if skill not in one_each(library)])[:room]


def nearest_to_the_object(library, room):
    rest = sorted(library, key=lambda skill: sum(map(abs, skill.context)))
    return list(dict.fromkeys([*one_each(library), *rest]))[:room]


@pytest.mark.parametrize(("answer", "says"), [
    (by_chance, "at random do as well"), (nearest_to_the_object, "at random do as well"),
    (first_come, "at random do as well"), (lambda library, room: one_each(library), "at random do as well"),
    (lambda library, room: list(library), "there is room for 40"),
    (lambda library, room: list(library)[:room], "nothing is left for"), (lambda library, room: [], "nothing is left"),
    (lambda library, room: one_each(library)[:1] * 40, "kept twice"),
    (lambda library, room: list(checks.some_library(0))[:room], "not a skill of this library"),
    (lambda library, room: library.discard(library.shelves.values()) or [], "the library was changed"),
])
def test_other_choices_are_refused(answer, says, capsys):
    told = verdict(checks.forgetting, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told
