"""The checks of chapter 2: plausible wrong answers are refused, right ones pass however they are written."""

import copy
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from verdicts import verdict

from procmem_lite.exercises import skills as checks
from procmem_lite.skills import Skill, cut, embed


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [checks.cut_wanted, checks.suspects, checks.mirrored, checks.embedding])
def test_a_stub_is_not_done_yet(check, capsys):
    assert verdict(check, stub, capsys) == "not done yet\n"


# ---------------------------------------------------------------- 2.1 cut by what matters


def as_the_page_does(transitions, wanted):
    segments, start = [], 0
    for index, step in enumerate(transitions):
        before, after = step.percept.facts & wanted, step.next_percept.facts & wanted
        if after - before:
            segments.append(list(transitions[start:index + 1]))
        if after != before:
            start = index + 1
    return segments


def through_a_veil(transitions, wanted):
    """Hide the other facts, cut, and take the originals back."""
    veiled = [step._replace(percept=replace(step.percept, facts=step.percept.facts & wanted),
                            next_percept=replace(step.next_percept, facts=step.next_percept.facts & wanted))
              for step in transitions]
    own = dict(zip(map(id, veiled), transitions, strict=True))
    return [[own[id(step)] for step in segment] for segment in cut(veiled)]


def by_groups(transitions, wanted):
    """Runs of equal wanted facts before the step."""
    runs = [list(run) for _, run in groupby(transitions, key=lambda step: step.percept.facts & wanted)]
    return [run for run in runs if run[-1].next_percept.facts & wanted - run[-1].percept.facts]


@pytest.mark.parametrize("answer", [as_the_page_does, through_a_veil, by_groups])
def test_cuts_by_what_is_wanted_pass(answer, capsys):
    assert verdict(checks.cut_wanted, answer, capsys).startswith("right: 200 walks")


def keeps_going_after_a_loss(transitions, wanted):
    segments, start = [], 0
    for index, step in enumerate(transitions):
        if step.next_percept.facts & wanted - step.percept.facts:
            segments.append(list(transitions[start:index + 1]))
            start = index + 1
    return segments


def drops_at_any_loss(transitions, wanted):
    segments, start = [], 0
    for index, step in enumerate(transitions):
        if step.next_percept.facts & wanted - step.percept.facts:
            segments.append(list(transitions[start:index + 1]))
            start = index + 1
        elif step.percept.facts - step.next_percept.facts:
            start = index + 1
    return segments


def cuts_at_losses_too(transitions, wanted):
    segments, start = [], 0
    for index, step in enumerate(transitions):
        if step.next_percept.facts & wanted != step.percept.facts & wanted:
            segments.append(list(transitions[start:index + 1]))
            start = index + 1
    return segments


def one_step_early(transitions, wanted):
    return [segment[:-1] for segment in as_the_page_does(transitions, wanted) if len(segment) > 1]


def with_the_rest(transitions, wanted):
    segments = as_the_page_does(transitions, wanted)
    rest = transitions[sum(map(len, segments)):]
    return segments + [rest] if rest else segments


def all_of_them_at_once(transitions, wanted):
    return [s for s in as_the_page_does(transitions, wanted) if wanted <= s[-1].next_percept.facts]


def uses_it_up(transitions, wanted):
    segments = as_the_page_does(transitions, wanted)
    transitions.clear()
    return segments


@pytest.mark.parametrize(("answer", "says"), [
    (lambda transitions, wanted: cut(transitions), "a wanted fact appears at steps"),
    (lambda transitions, wanted: [s for s in cut(transitions) if s[-1].next_percept.facts & wanted
                                  - s[-1].percept.facts], "should hold the steps"),
    (keeps_going_after_a_loss, "should hold the steps"), (drops_at_any_loss, "should hold the steps"),
    (cuts_at_losses_too, "a wanted fact appears"), (one_step_early, "a wanted fact appears"),
    (with_the_rest, "a wanted fact appears"), (all_of_them_at_once, "a wanted fact appears"),
    (uses_it_up, "was changed"), (lambda *_: None, "a list of segments"), (lambda *_: [], "a wanted fact appears"),
    (lambda transitions, wanted: [list(range(len(s))) for s in as_the_page_does(transitions, wanted)], "no transition"),
])
def test_other_cuts_are_refused(answer, says, capsys):
    told = verdict(checks.cut_wanted, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 2.2 what must not hold


def before(steps):
    return [step.percept.facts for step in steps]


def lasts(segments):
    return [segment[-1] for segment in segments]


def by_sets(segments, failures):
    if not failures:
        return frozenset()
    return frozenset.intersection(*before(failures)) - frozenset().union(*before(lasts(segments)))


def one_fact_at_a_time(segments, failures):
    return {fact for step in failures for fact in step.percept.facts
            if all(fact in facts for facts in before(failures))
            and not any(fact in segment[-1].percept.facts for segment in segments)}


def by_elimination(segments, failures):
    left = set(failures[0].percept.facts) if failures else set()
    for step in failures:
        left &= step.percept.facts
    for segment in segments:
        left -= segment[-1].percept.facts
    return frozenset(left)


@pytest.mark.parametrize("answer", [by_sets, one_fact_at_a_time, by_elimination])
def test_what_was_there_at_every_failure_alone_is_suspected(answer, capsys):
    assert verdict(checks.suspects, answer, capsys).startswith("right: 200 ovens")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda s, f: frozenset().union(*before(f)) - frozenset().union(*before(lasts(s))), "missing at a failure"),
    (lambda s, f: frozenset.intersection(*before(f)) if f else frozenset(), "did not prevent"),
    (lambda s, f: by_sets(s, f[-1:]), "missing at a failure"),
    (lambda s, f: frozenset.intersection(*before(f)) - before(lasts(s))[-1] if f else frozenset(), "did not prevent"),
    (lambda s, f: frozenset.intersection(*before(f)) - frozenset.intersection(*before(lasts(s))) if f
     else frozenset(), "did not prevent"),
    (lambda s, f: by_sets([[step] for segment in s for step in segment], f), "suspected as well"),
    (lambda s, f: frozenset.intersection(*before(f)) - frozenset().union(*before(lasts(s))), "TypeError"),
    (lambda s, f: frozenset.intersection(*(step.next_percept.facts for step in f)) if f else frozenset(), "failure"),
    (lambda s, f: frozenset(), "suspected as well"),
    (lambda s, f: frozenset({"window"}), "'window'"),
    (lambda s, f: sorted(by_sets(s, f)), "a set of facts is needed"),
])
def test_other_suspicions_are_refused(answer, says, capsys):
    told = verdict(checks.suspects, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 2.3 through the mirror


def turned(displacement):
    return displacement and (displacement[0], -displacement[1])


def by_replacing(skill):
    actions = tuple({2: 3, 3: 2}.get(action, action) for action in skill.actions)
    site = skill.site._replace(displacement=turned(skill.site.displacement),
                               action={2: 3, 3: 2}.get(skill.site.action, skill.site.action))
    return replace(skill, actions=actions, context=turned(skill.context), site=site, uses=0, successes=0, number=-1)


def from_scratch(skill):
    def other(action):
        return 5 - action if action in (2, 3) else action

    def side(d):
        return tuple(part * sign for part, sign in zip(d, (1, -1), strict=True)) if d else d

    place, action = skill.site
    return Skill(tuple(other(a) for a in skill.actions), skill.preconditions, skill.effect, skill.removes, skill.anchor,
                 side(skill.context), type(skill.site)(side(place), other(action)))


def from_a_copy(skill):
    image, table = copy.copy(skill), [0, 1, 3, 2, 4, 5]
    image.actions = tuple(table[action] for action in skill.actions)
    image.context = turned(skill.context)
    place, action = skill.site
    image.site = type(skill.site)(turned(place), None if action is None else table[action])
    image.uses = image.successes = 0
    return image


@pytest.mark.parametrize("answer", [by_replacing, from_scratch, from_a_copy])
def test_mirror_images_pass(answer, capsys):
    assert verdict(checks.mirrored, answer, capsys).startswith("right: 11 skills")


def changed(**more):
    return lambda skill: replace(by_replacing(skill), **{name: make(skill) for name, make in more.items()})


def in_place(skill):
    image = by_replacing(skill)
    skill.actions, skill.context, skill.site = image.actions, image.context, image.site
    return skill


@pytest.mark.parametrize(("answer", "says"), [
    (changed(site=lambda skill: skill.site), "seen in a mirror"),
    (changed(site=lambda skill: by_replacing(skill).site._replace(action=skill.site.action)), "another action"),
    (changed(site=lambda skill: by_replacing(skill).site._replace(displacement=skill.site.displacement)), "place"),
    (changed(context=lambda skill: skill.context), "as many columns away"),
    (changed(context=lambda skill: skill.context and (-skill.context[0], skill.context[1])), "as many columns away"),
    (changed(context=lambda skill: tuple(-part for part in skill.context)), "as many columns away"),
    (changed(actions=lambda skill: skill.actions), "does not look like"),
    (changed(actions=lambda skill: tuple({0: 1, 1: 0}.get(a, a) for a in skill.actions)), "does not look like"),
    (changed(actions=lambda skill: by_replacing(skill).actions[::-1]), "does not look like"),
    (changed(actions=lambda skill: by_replacing(skill).actions[:-1]), "adds and drops no action"),
    (changed(actions=lambda skill: list(by_replacing(skill).actions)), "a tuple"),
    (changed(anchor=lambda skill: "mirror"), "anchor looks the same"),
    (changed(removes=lambda skill: frozenset()), "removes looks the same"),
    (changed(uses=lambda skill: 3), "its record is empty"),
    (in_place, "was changed"), (lambda skill: skill, "not the one that came in"),
    (lambda skill: by_replacing(skill).actions, "a Skill is needed"),
])
def test_other_images_are_refused(answer, says, capsys):
    told = verdict(checks.mirrored, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 2.4 an embedding


def globe(displacement):
    seen = np.array([*displacement, 8.0])
    return seen / np.linalg.norm(seen)


def one_hand_an_axis(displacement):
    angles = np.array(displacement) * np.pi / 10
    return np.concatenate([np.cos(angles), np.sin(angles)]) / np.sqrt(2)


def as_the_page(displacement):
    return embed(displacement)


@pytest.mark.parametrize(("answer", "numbers"), [(globe, 3), (one_hand_an_axis, 4), (as_the_page, 32)])
def test_embeddings_that_fall_pass(answer, numbers, capsys):
    assert verdict(checks.embedding, answer, capsys).startswith(f"right: {numbers} numbers")


def two_numbers(displacement):
    angle = np.pi / 2 + np.arctan2(displacement[0], 20) + np.arctan2(displacement[1], 20) / 9
    return np.array([np.cos(angle), np.sin(angle)])


def number_of_the_cell(displacement):
    """Two numbers: all cells on one arc, row after row."""
    angle = ((displacement[0] + 4) * 9 + displacement[1] + 4) * np.pi / 81
    return np.array([np.cos(angle), np.sin(angle)])


def one_hot(displacement):
    vector = np.zeros(81)
    vector[(displacement[0] + 4) * 9 + displacement[1] + 4] = 1
    return vector


def seen_from_its_rows(displacement):
    """Two numbers: a row and a column are nearly as long on the arc, and (1, -1) is hardly a step."""
    angle = np.pi / 2 + (1.3 * displacement[0] + displacement[1]) / 20
    return np.array([np.cos(angle), np.sin(angle)])


@pytest.mark.parametrize(("answer", "says"), [
    (seen_from_its_rows, "as its neighbour"), (lambda d: one_hand_an_axis((d[0], d[1] / 9)), "as its neighbour"),
    (two_numbers, "as much alike"), (number_of_the_cell, "as much alike"), (one_hot, "as much alike"),
    (lambda d: np.array(d) / (np.linalg.norm(d) or 1), "length 0"),
    (lambda d: np.array([*d, 8.0]), "not 1"),
    (lambda d: np.array([np.cos(d[1] / 5), np.sin(d[1] / 5)]), "as much alike"),
    (lambda d: one_hand_an_axis((2 * d[0], 2 * d[1])), "as much alike"),
    (lambda d: globe(np.abs(d)), "as much alike"),
    (lambda d: globe(np.array(d) + np.random.default_rng().normal(size=2)), "another vector the second time"),
    (lambda d: np.full(3, np.nan), "no finite number"), (lambda d: 1.0, "vectors of one length"),
])
def test_other_embeddings_are_refused(answer, says, capsys):
    told = verdict(checks.embedding, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told
