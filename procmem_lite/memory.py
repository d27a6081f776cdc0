"""Chapter 4: what an agent takes from its steps - skills, how actions move things, and what does harm.

All of it goes into the agent that is handed in: its library, cases, trials, motion model and dangers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from typing import Protocol

from .library import SkillLibrary
from .navigation.motion import MotionModel
from .percepts import SUCCESS, Displacement, Percept, Transition
from .skills import erase, induce_anchor, induce_preconditions, site_of, skills_from

CASES = 32  # paths remembered for each effect, from which anchors are induced
NO_ACCIDENT = 3  # cases on the same object, and trials elsewhere in vain, until an effect is about what is underfoot
TRIALS = 64  # steps remembered for each action


class Memory(Protocol):
    """What an agent must have to take experience in."""

    rule: str  # which parts of a path become skills
    wary: bool  # whether to learn from disaster
    library: SkillLibrary
    model: MotionModel
    cases: dict[tuple, deque[list[Transition]]]  # (effect, removes) -> loop-erased paths
    beliefs: dict[tuple, tuple]  # (effect, removes) -> anchor, site, preconditions, and the model's version then
    trials: dict[int, deque[Transition]]  # action -> steps with it that moved nothing
    fatal: dict[Hashable, bool]  # deed -> whether it has only ever done harm


def deed(agent: Memory, percept: Percept, action: int) -> Hashable:
    """What an action does here: enter ground that the percept names, or bump; else, itself in this situation."""
    ground = percept.around.get(agent.model.step(action), True)
    if isinstance(ground, str):
        return ground
    if not ground:
        return action, "bump"
    return action, percept.facts, percept.place, frozenset(percept.objects.items())


def take_in(agent: Memory, step: Transition) -> None:
    """Learn from one step: how actions move things, what did harm, what an action did where it moved nothing."""
    still = step.percept.place == step.next_percept.place
    if not (still and is_disaster(step)):  # what ended the episode may also have stood in the way
        agent.model.learn(step.percept, step.action, step.next_percept)
    if agent.wary:
        heed(agent, step)
    if still:
        remember(agent.trials, step.action, step, TRIALS)


def remember(memories: dict, of: Hashable, new: object, size: int) -> deque:
    """The latest ``size`` memories of something, the new one among them."""
    if of not in memories:
        memories[of] = deque(maxlen=size)
    memories[of].append(new)
    return memories[of]


def is_disaster(step: Transition) -> bool:
    """Whether a step ended the episode without success; an effect that comes with that is nothing to aim for."""
    return step.terminated and SUCCESS not in step.next_percept.facts


def heed(agent: Memory, step: Transition) -> None:
    """Learn from a disaster: a deed that ended an episode without success, or cost an object and brought no fact."""
    before, after = step.percept, step.next_percept
    if is_disaster(step):
        agent.fatal.setdefault(deed(agent, before, step.action), True)
    elif before.around.get(agent.model.step(step.action), True) is not True:  # this kind of ground, or a bump
        agent.fatal[deed(agent, before, step.action)] = False
    if not step.terminated and after.facts <= before.facts:
        for item in before.objects.items():
            if item[0] not in after.objects:
                agent.fatal[step.action, item] = True


def elsewhere(agent: Memory, last: Transition, anchor: str, preconditions: frozenset[str]) -> list[bool]:
    """Whether an effect came about in each trial away from its anchor's site.

    Only trials that met the same kind of ground ahead count: what can be put down, say, can be put down on open ground.
    """
    effect, site, is_open = last.next_percept.facts - last.percept.facts, site_of(last, anchor), agent.model.is_open
    return [effect <= trial.next_percept.facts for trial in agent.trials.get(last.action, ())
            if preconditions <= trial.percept.facts and not effect <= trial.percept.facts
            and trial.percept.objects.get(anchor) != site.displacement
            and is_open(trial.percept) == is_open(last.percept)]


def is_superstition(agent: Memory, cases: Sequence[Sequence[Transition]], anchor: str,
                    preconditions: frozenset[str]) -> bool:
    """Whether an effect has nothing to do with its anchor: in most trials elsewhere it came about too.

    Where it may have to do with what is ahead, the agent could stand on the anchor by accident; then there must be
    several cases, all of them there, and several trials elsewhere in vain.
    """
    last, spots = cases[-1][-1], [case[-1].percept.objects[anchor] for case in cases]
    if site_of(last, anchor).action is None:
        return False  # arriving was enough
    worked = elsewhere(agent, last, anchor, preconditions)
    if faced(agent.model, last) and not any(spots[-1]):
        failed = len(worked) - sum(worked)
        return any(map(any, spots)) or min(len(spots), failed) < NO_ACCIDENT or sum(worked) >= failed
    return 2 * sum(worked) >= max(len(worked), 1)


def faced(model: MotionModel, last: Transition) -> list[Displacement]:
    """Where what an action changed is to be looked for first: ahead, if the agent can turn and stood still."""
    turns, still = len(model.frames) > 1, last.percept.place == last.next_percept.place
    return model.strides if turns and still else []


def keep(agent: Memory, segment: list[Transition]) -> None:
    """Make skills of a segment; where its effect's anchor or preconditions look different now, make all anew."""
    path = segment if agent.rule == "whole" else erase(segment)
    before, after = path[-1].percept.facts, path[-1].next_percept.facts
    change = (after - before, before - after)
    cases = remember(agent.cases, change, path, CASES)
    anchor, site, preconditions, version = agent.beliefs.get(change, (None, None, None, None))
    last = path[-1]
    if (version != agent.model.version or anchor not in last.percept.objects or site_of(last, anchor) != site
            or not preconditions <= before):
        anchor, share = induce_anchor(cases, faced(agent.model, last))
        preconditions = induce_preconditions(cases)
        if share < 0.5 or is_superstition(agent, cases, anchor, preconditions):
            anchor = None
        agent.beliefs[change] = anchor, site_of(last, anchor) if anchor else None, preconditions, agent.model.version
    stale = [shelf for shelf in agent.library.shelves.values() if (shelf.effect, shelf.removes) == change
             and (shelf.anchor, shelf.preconditions) != (anchor, preconditions)]
    agent.library.discard(lambda shelf: shelf in stale)
    for known in cases if stale else [path]:
        if anchor is None or anchor in known[-1].percept.objects:
            for skill in filter(agent.library.lacks, skills_from(known, anchor, preconditions, agent.rule)):
                agent.library.add(skill)
