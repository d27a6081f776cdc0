"""Chapter 12: an option - where it can start, what it does, when it ends - and how a skill becomes one, and back.

table      what each action does in each state         any object with these three arrays, shape (states, actions)
option     a policy over numbered states               Option("to 7", policy=(2, 2, -1, ...), ends=frozenset({7}))
path       transitions in the hand of one option       [Transition, ..., Transition]
percepts   what an agent is told in each state         [Percept, None, ...]: None where nobody comes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ..agent import ProceduralMemoryAgent
from ..navigation.goto import GoTo
from ..navigation.tracker import Tracker
from ..percepts import Facts, Percept, Transition, mark_success
from ..skills import Skill, change_of, induce_operator, skills_from

NOWHERE = -1  # the policy where an option has none
LONGEST = 200  # steps after which an option that does not end is taken to go round in circles
Percepts = Sequence[Percept | None]


class Table(Protocol):
    """All dynamics as arrays of shape ``(states, actions)``: the next state, the reward, whether the episode ends."""

    next_state: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray


@dataclass(frozen=True)
class Option:
    """Where it can start, what it does, when it ends (Sutton, Precup and Singh, 1999), over numbered states.

    Attributes:
        policy: the action in each state; ``NOWHERE`` where it has none, and there it can neither start nor go on.
        ends: the states in which it ends. Termination is certain or does not happen: a beta of 1 or 0.
    """

    name: str
    policy: tuple[int, ...]
    ends: frozenset[int]

    def starts(self, state: int) -> bool:
        """Whether a state belongs to the initiation set; where it can start it also goes on."""
        return self.policy[state] != NOWHERE and state not in self.ends


def follow(option: Option, table: Table, state: int, longest: int = LONGEST) -> list[tuple[int, int]]:
    """The states and actions of one use, from a state until it ends, the episode does, or it takes too long."""
    taken = []
    while option.starts(state) and len(taken) < longest:
        action = option.policy[state]
        taken.append((state, action))
        if table.terminated[state, action]:
            break
        state = int(table.next_state[state, action])
    return taken


def as_option(skill: Skill | GoTo, table: Table, percepts: Percepts, agent: ProceduralMemoryAgent) -> Option:
    """A skill as an option over the states of one layout: asked in every state in which it applies what it would do.

    A stored sequence starts where its context is met, and plays. A site is gone to with the agent's own knowledge of
    motion, on a map of all states: that is more than it has when it plays itself.
    """
    applies = [percept is not None and skill.operator.applies(percept.facts) for percept in percepts]
    tabulate = played if isinstance(skill, Skill) else gone_to
    ends = frozenset(state for state, percept in enumerate(percepts) if percept is not None and not applies[state])
    return Option(skill.name, tuple(tabulate(skill, table, percepts, applies, agent)), ends)


def played(skill: Skill, table: Table, percepts: Percepts, applies: Sequence[bool],
           agent: ProceduralMemoryAgent) -> list[int]:
    """The policy of stored actions: what is played from wherever its context is met."""
    policy = [NOWHERE] * len(percepts)
    for state in np.flatnonzero(applies).tolist():
        if percepts[state].objects.get(skill.anchor, ()) == skill.context:
            for action in skill.actions:
                policy[state] = action
                state = int(table.next_state[state, action])
    return policy


def gone_to(skill: GoTo, table: Table, percepts: Percepts, applies: Sequence[bool],
            agent: ProceduralMemoryAgent) -> list[int]:
    """The policy of going to a site: the first action of the path found from each state."""
    policy = [NOWHERE] * len(percepts)
    states = np.flatnonzero(applies).tolist()
    for facts in {percepts[state].facts for state in states}:
        here = [state for state in states if percepts[state].facts == facts]
        body = mapped(agent, [percepts[state] for state in here])
        for state in here:
            stand(body, percepts[state])
            if skill.can_start(percepts[state], body):
                action = skill.start(percepts[state], body).act(percepts[state])
                policy[state] = NOWHERE if action is None else action
    return policy


def mapped(agent: ProceduralMemoryAgent, percepts: Sequence[Percept]) -> Tracker:
    """A map made by having stood everywhere once, while nothing changed."""
    body = agent.embody(percepts[0])
    for percept in percepts:
        stand(body, percept)
        body.observe(percept, stay=True)
    return body


def stand(body: Tracker, percept: Percept) -> None:
    """Put an agent on its map to where everything is seen as in a percept."""
    poses = [set(body.poses(body.landmarks[name], away)) for name, away in percept.objects.items()
             if name in body.landmarks]
    body.pose = min(set.intersection(*poses), default=None) if poses else None


def watched(option: Option, table: Table, percepts: Percepts, state: int) -> list[Transition]:
    """What an agent would see while an option is in control."""
    steps = []
    for here, action in follow(option, table, state):
        after = percepts[int(table.next_state[here, action])]
        steps.append(mark_success(Transition(percepts[here], action, float(table.reward[here, action]), after,
                                             bool(table.terminated[here, action]))))
    return steps


def as_skills(option: Option, table: Table, percepts: Percepts) -> list[Skill]:
    """An option as skills of one operator, the shortest for each context: watched from everywhere it can start.

    Raises:
        ValueError: where no fact appears as it ends. A skill is known by its effect: tell one, with :func:`told`.
    """
    starts = [state for state, percept in enumerate(percepts) if percept is not None and option.starts(state)]
    paths = [path for state in starts if (path := watched(option, table, percepts, state)) and change_of(path)[0]]
    if not paths:
        raise ValueError(f"option: one at whose end a fact appears is needed; where {option.name!r} ends, none does")
    operator, found = induce_operator(paths), {}
    for path in sorted(paths, key=len):
        for skill in skills_from(path, operator.anchor, operator.preconditions, "suffixes"):
            found.setdefault((skill.operator.claim, skill.context), skill)
    return [skill for skill in found.values() if skill.operator == operator]


def told(percepts: Percepts, option: Option, fact: str) -> list[Percept | None]:
    """The same percepts, with a fact that holds where an option ends."""
    return [percept if percept is None or state not in option.ends else with_fact(percept, fact)
            for state, percept in enumerate(percepts)]


def with_fact(percept: Percept, fact: str) -> Percept:
    """A percept in which one fact more holds."""
    facts: Facts = percept.facts | {fact}
    return replace(percept, facts=facts)
