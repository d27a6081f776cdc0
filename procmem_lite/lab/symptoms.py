"""Chapter 8: by what in played episodes it is known that something is wrong.

A check takes what was played and yields what it finds, in this order: facts, space, actions, episodes.

at odds    a step in which most things moved otherwise than a motion model expects
usual      what an action does to displacements most of the time       (matrix, offset)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from ..agent import ProceduralMemoryAgent
from ..navigation.motion import STILL, MotionModel, fit, pairs_of
from ..navigation.view import View
from ..percepts import Displacement, Transition, earned
from .findings import FEW, LONG, Finding, Played, has_moved, new, some, told

OFTEN = 0.35  # share of the steps that may be at odds
MOSTLY = 90  # per cent that are nearly all
EXACT = 1e-3  # steps that a displacement may be off
TRIALS = 8  # guesses at what an action does, from one step, from two, from three and from four
Findings = Iterator[Finding]
Pairs = list[tuple[Displacement, Displacement]]
Map = tuple[np.ndarray, np.ndarray]


# ---------------------------------------------------------------- facts


def blind(played: Played) -> Findings:
    """Nothing that is perceived ever changes."""
    seen = [told(percept) for episode in played.fresh for percept in episode.percepts]
    if len(seen) > FEW and all(each == seen[0] for each in seen):
        yield Finding("the percept never changes", f"All {len(seen):,} percepts were the same, whatever was done.",
                      any(seen[0]) or not played.has_succeeded)


def flips(played: Played) -> Findings:
    """No fact has come or gone, success neither; or some do whenever the agent goes, or whatever is done."""
    steps, view = [step for episode in played.episodes for step in episode.transitions], played.learned.memory.view
    facts, is_judged = steps[0].percept.facts, any(each.is_wrong for each in successes(played))
    if len(steps) >= FEW and all(step.percept.facts == step.next_percept.facts for step in steps) and (
            facts or not is_judged):
        yield Finding("no fact flips", f"In {len(steps):,} steps no fact came or went, and nothing succeeded; there "
                                       + (f"is {some(sorted(facts))}." if facts else "are no facts at all."))
    gone = [step for step in played.viewed if has_moved(step) or step.percept.place != step.next_percept.place]
    with_it = sum(step.percept.facts != step.next_percept.facts for step in gone)
    never_back = new(played.chance, lambda percept: view.of(percept).facts) > MOSTLY
    if never_back or len(gone) >= FEW and 100 * with_it > MOSTLY * len(gone):
        flipped = [step.percept.facts ^ step.next_percept.facts for step in (gone or played.viewed)]
        count = sum(map(bool, flipped))
        yield Finding("facts flip at every step", f"Facts came or went in {count:,} of {len(flipped):,} steps, such as "
                                                  f"{some(sorted(frozenset().union(*flipped)))}.")
    if view.flickers:
        yield Finding("facts flicker", f"{some(sorted(view.flickers))} came and went with every action.", False)


# ---------------------------------------------------------------- space


def motion(played: Played) -> Findings:
    """Objects are seen, and none ever moves; or most do, and no map explains how; or not as the agent has learned."""
    names = {name for step in played.steps for name in step.percept.objects}
    pairs = [pair for step in played.steps for pair in pairs_of(step.percept, step.next_percept)]
    if len(pairs) >= FEW and all(a == b for a, b in pairs):
        walked = sum(step.percept.place != step.next_percept.place for step in played.steps)
        yield Finding("no object moves", f"{some(sorted(names))}: not seen to move in {len(played.steps):,} steps; "
                                         f"the place changed in {walked:,} of them.")
    moved, odd = jumps(played.viewed)
    if is_often(odd, moved):
        yield Finding("displacements jump", f"In {odd:,} of {moved:,} steps that moved things, most moved as no action "
                                            "usually moves them.")
    elif isinstance(played.agent, ProceduralMemoryAgent) and played.agent.model.maps:
        moved, odd = at_odds(played.agent.model, played.agent.memory.view, played.steps)
        if is_often(odd, moved):
            yield Finding("what was learned does not hold", f"In {odd:,} of {moved:,} steps that moved things, most "
                                                            "moved otherwise than the agent has learned.")


def is_often(odd: int, steps: int) -> bool:
    """Whether so many of the steps are more than there may be."""
    return steps >= FEW and odd > OFTEN * steps


def at_odds(model: MotionModel, view: View, steps: Iterable[Transition]) -> tuple[int, int]:
    """Steps that moved things, and those of them that look like another action than was taken, or like none."""
    moved = [step for step in map(view.viewed, steps) if has_moved(step)]
    looks = [(step.action, model.explain(step.percept, step.action, step.next_percept)) for step in moved]
    return len(moved), sum(found is None or found not in (action, STILL) and not model.slips for action, found in looks)


def jumps(steps: Iterable[Transition]) -> tuple[int, int]:
    """Steps that moved things, and those of them that are explained by no action's usual map."""
    moved: dict[int, list[Pairs]] = {}
    for step in filter(has_moved, steps):
        moved.setdefault(step.action, []).append(pairs_of(step.percept, step.next_percept))
    maps, pairs = list(filter(None, map(usual, moved.values()))), list(chain.from_iterable(moved.values()))
    explained = [explains(found, pairs) for found in maps]
    return len(pairs), len(pairs) - int(np.any(explained, axis=0).sum())


def usual(samples: list[Pairs]) -> Map | None:
    """What an action does mostly: the shift or turn that explains most of some steps (RANSAC: Fischler, Bolles, 1981).

    A mirror is none, for no action turns a frame into its mirror image, unless on a line.
    """
    rng, best, most = np.random.default_rng(0), None, 0
    tried = [samples[index] for index in rng.choice(len(samples), min(len(samples), 100), replace=False)]
    for trial in range(4 * TRIALS):
        chosen = rng.choice(len(tried), min(1 + trial // TRIALS, len(tried)), replace=False)
        found = fit([pair for index in chosen for pair in tried[index]])
        if found is not None and (len(found[1]) == 1 or np.linalg.det(found[0]) > 0):
            count = int(explains(found, tried).sum())
            best, most = (found, count) if count > most else (best, most)
    return best


def explains(found: Map, samples: Sequence[Pairs]) -> np.ndarray:
    """Of which steps a map tells where at least half of the things went."""
    of = np.repeat(np.arange(len(samples)), [len(pairs) for pairs in samples])
    before, after = np.moveaxis(np.array(list(chain.from_iterable(samples)), dtype=float), 1, 0)
    right = (np.abs(before @ found[0].T + found[1] - after) < EXACT).all(axis=1)
    return 2 * np.bincount(of, right, len(samples)) >= np.bincount(of, minlength=len(samples))


def places(played: Played) -> Findings:
    """The place is always the same, or always another."""
    seen = {percept.place for episode in played.fresh for percept in episode.percepts}
    moved = sum(map(has_moved, played.viewed))
    if len(seen) == 1 and None not in seen and moved >= FEW:
        yield Finding("the place never changes", f"It was {some(seen)} in all of {len(played.steps):,} steps; things "
                                                 f"moved in {moved:,} of them.")
    if len(seen) > FEW and new(played.fresh, lambda percept: percept.place) == 100:
        yield Finding("the place never comes back", f"No place came twice in any episode of {len(played.steps):,} "
                                                    "steps in all.")


def ground(played: Played) -> Findings:
    """What ``around`` says is another thing than what happens; where displacements jump, nobody can tell."""
    moved, odd = jumps(played.viewed)
    if is_often(odd, moved):
        return
    model, free, stood, shut, passed, elsewhere = played.learned.model, 0, 0, 0, 0, 0
    for step in played.viewed:
        ahead = model.step(step.action)
        if not any(ahead) or not step.percept.around or step.terminated:
            continue
        found = model.explain(step.percept, step.action, step.next_percept)
        if ahead not in step.percept.around:
            elsewhere += 1
        elif step.percept.around[ahead]:
            free, stood = free + 1, stood + (found == STILL)
        else:
            shut, passed = shut + 1, passed + (found == step.action)
    if free >= FEW and stood > free / 2:
        yield Finding("around is wrong", f"It said free, and nothing moved, in {stood:,} of {free:,} steps.")
    elif shut >= FEW and passed > OFTEN * shut:
        yield Finding("around is wrong", f"It said blocked, and the step was made, in {passed:,} of {shut:,} steps.")
    elif elsewhere >= FEW and free + shut == 0:
        yield Finding("around is wrong", f"In none of {elsewhere:,} steps did it tell of where the step led.")


# ---------------------------------------------------------------- actions and episodes


def idle(played: Played) -> Findings:
    """Actions that never changed anything; half of them or more are no wonder where something has succeeded."""
    viewed, count = played.viewed, played.agent.n_actions
    taken = Counter(step.action for step in viewed)
    works = {step.action for step in viewed if step.terminated or told(step.percept) != told(step.next_percept)}
    none = [action for action in range(count) if taken[action] >= FEW and action not in works]
    if none:
        yield Finding("actions do nothing", f"Of {count} actions {some(none)} never changed anything, in "
                                            f"{sum(taken[action] for action in none):,} steps.",
                      2 * len(none) >= count and not played.has_succeeded)


def successes(played: Played) -> Findings:
    """Episodes end, or are paid for, and none counts as a success; or all do, whatever is done.

    Where none ends, or ends are paid worse than any other step (harm, then), no success is only worth knowing.
    """
    steps = [step for episode in played.episodes for step in episode.transitions]
    ends = sorted({step.reward for step in steps if step.terminated})
    ended, paid = sum(step.terminated for step in steps), sum(step.reward > 0 for step in steps)
    flipped = any(step.percept.facts != step.next_percept.facts for step in steps)
    if not played.has_succeeded and (paid or ended or flipped and not list(endless(played))):
        worst = min((step.reward for step in steps if not step.terminated), default=-np.inf)
        yield Finding("never a success", f"{ended} of {len(played.episodes)} episodes terminated"
                      + (f", with rewards {some(ends)} at the end" if ends else "") + f"; {paid:,} of {len(steps):,} "
                      "steps were paid, and none counted as a success.",
                      played.agent.succeeded is earned and bool(paid or ended and ends[-1] >= worst))
    lengths = np.array([episode.steps for episode in played.chance])
    each = np.array([episode.total_reward for episode in played.chance]) / lengths
    if all(episode.success for episode in played.chance) and (
            np.ptp(lengths) == 0 or each.min() > 0 and np.allclose(each, each[0])):
        yield Finding("always a success", f"All {len(lengths)} episodes played by chance, of {lengths.min()} to "
                                          f"{lengths.max()} steps, counted as a success.")


def goals(played: Played) -> Findings:
    """A part of a goal was never seen to hold; where there are no successes, it may only be hard."""
    percepts = [percept for episode in played.episodes for percept in episode.percepts]
    never = set().union(*(each.goal for each in percepts)).difference(*(each.facts for each in percepts))
    if never and len(percepts) > FEW:
        yield Finding("the goal is never met", f"{some(sorted(never))} was wanted, and never among the facts of "
                                               f"{len(percepts):,} percepts.", played.has_succeeded)


def endless(played: Played) -> Findings:
    """No episode by chance comes to an end, and the environment states no bound."""
    last = [episode.transitions[-1] for episode in played.chance]
    if not played.bound and played.chance[0].steps == LONG and not any(step.terminated for step in last):
        yield Finding("no end", f"None of {len(last)} episodes by chance had come to an end when it was left, one of "
                                f"them after {LONG:,} steps, and the environment states no bound.")


def uses(played: Played) -> Findings:
    """The agent's skills fail nearly all the time."""
    used = [invocation.succeeded for episode in played.own for invocation in episode.invocations]
    if len(used) >= FEW and sum(used) < len(used) / 10:
        yield Finding("skills fail", f"{sum(used)} of {len(used):,} uses of the agent's skills succeeded.")


def names(played: Played) -> Findings:
    """Names of things or facts that are there in one episode only."""
    per_episode = [{name for percept in episode.percepts for name in chain(percept.facts, percept.objects)}
                   for episode in played.fresh]
    counts = Counter(chain.from_iterable(per_episode))
    once = sorted(name for name, count in counts.items() if count == 1)
    if len(once) >= FEW and 2 * len(once) > len(counts):
        yield Finding("names never come back", f"{len(once)} of {len(counts)} names of things and facts were there in "
                                               f"one episode only, as {some(once)}.", False)


def seeds(played: Played) -> Findings:
    """The same seed begins otherwise."""
    pairs = list(zip(played.chance, played.newcomer, strict=False))
    other = sum(told(one.percepts[0]) != told(two.percepts[0]) for one, two in pairs)
    if other:
        yield Finding("the seed is not heard", f"{other} of {len(pairs)} seeds began otherwise the second time.", False)


CHECKS = (flips, motion, places, ground, idle, successes, goals, endless, uses, names, seeds)
