"""Chapter 8: what the doctor may find, and what has been played when it looks.

finding    what was seen, in a sentence with numbers                  Finding("no object moves", "none of 2 ...")
kind       its name, and that of the line of the README that helps    "no object moves"
played     the episodes, and what a newcomer knows after them         Played(chance, newcomer, own, ...)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ..agent import ProceduralMemoryAgent, SequenceAgent
from ..episodes import Episode
from ..navigation.motion import pairs_of
from ..percepts import SUCCESS, Percept, Transition

FEW = 20  # cases below which nothing is said
LONG, SHORT = 2000, 200  # steps, and an episode is left: the first one by chance, all others
HELP = {  # kind -> what helps: these are lines of the README
    "the percept never changes": "`perceive(env)` has to look at the `env` it is given, anew at every step.",
    "no fact flips": "Skills are cut where facts flip: tell what has been done, what is held, what is open.",
    "facts flip at every step": "Facts tell what has been done. Where the agent is belongs into `place=` and "
                                "`objects=`, the time nowhere.",
    "no object moves": "`objects=` takes displacements, thing minus agent, not positions.",
    "displacements jump": "Give all displacements in one frame, the agent's own if it turns, with the axes always in "
                          "the same order.",
    "the place never changes": "`place=` has to tell one place from another, or be left out: what lies between two "
                               "visits is cut out of a skill.",
    "the place never comes back": "`place=` must be the same whenever the agent is there again: no time in it, and "
                                  "coordinates rounded.",
    "around is wrong": "`around=` tells which cells next to the agent are free, in the frame, unit and order of axes "
                       "of `objects=`.",
    "never a success": "Success is a step that terminates with a positive reward; if yours is another, say so: "
                       "`succeeded=lambda step: ...`.",
    "always a success": "Any end of an episode counts as a success here: say by `succeeded=` which does.",
    "the goal is never met": "`goal=` takes facts as `facts=` tells them once they hold, letter by letter.",
    "no end": "Wrap the environment in `gym.wrappers.TimeLimit`, or give `max_steps=`.",
    "actions do nothing": "Is an action handed on to the environment, and does the percept tell what it does? "
                          "Actions without use only cost time.",
    "what was learned does not hold": "This agent has learned in another world, or with another `perceive`: train it "
                                      "here, or make a new one.",
    "skills fail": "What it has learned does not come true here. If worlds differ, a fact has to tell which it is.",
    "facts flicker": "Facts that come and go whatever is done are left out; it costs less to leave them out of the "
                     "percept.",
    "names never come back": "What is learned of a name is known of that name alone: call alike what is alike.",
    "the seed is not heard": "`reset` has to draw from `self.np_random`, after `super().reset(seed=seed)`; else no "
                             "run can be repeated.",
}


@dataclass(frozen=True)
class Finding:
    """Something that was seen.

    Attributes:
        kind: its name, which stays the same; the README has a line of this name.
        said: what was seen, in words and numbers.
        is_wrong: whether it is likely to keep an agent from learning; else it is worth knowing.
    """

    kind: str
    said: str
    is_wrong: bool = True

    @property
    def helps(self) -> str:
        """The line of the README that helps."""
        return HELP[self.kind]


class Played(NamedTuple):
    """Episodes by chance, of a newcomer and of a copy of the agent; both as they are afterwards."""

    chance: list[Episode]
    newcomer: list[Episode]
    own: list[Episode]
    learned: ProceduralMemoryAgent  # the newcomer
    agent: SequenceAgent  # the copy
    bound: int  # of an episode's steps, as the environment states it; 0 where it does not

    @property
    def episodes(self) -> list[Episode]:
        """All episodes."""
        return self.chance + self.newcomer + self.own

    @property
    def fresh(self) -> list[Episode]:
        """Those in which much was tried."""
        return self.chance + self.newcomer

    @property
    def steps(self) -> list[Transition]:
        """The steps of these."""
        return [step for episode in self.fresh for step in episode.transitions]

    @property
    def viewed(self) -> list[Transition]:
        """The same in lengths of a step, without the facts that flicker."""
        return list(map(self.learned.memory.view.viewed, self.steps))

    @property
    def has_succeeded(self) -> bool:
        """Whether any episode has."""
        return any(episode.success for episode in self.episodes)


def told(percept: Percept) -> tuple:
    """All that a world tells an agent."""
    return percept.facts - {SUCCESS}, percept.objects, percept.place, percept.around


def has_moved(step: Transition) -> bool:
    """Whether most of what is seen is elsewhere afterwards."""
    pairs = pairs_of(step.percept, step.next_percept)
    return 2 * sum(a != b for a, b in pairs) > len(pairs)


def some(names: Iterable[object]) -> str:
    """The first few, for a sentence."""
    names = [str(name) for name in names]
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def new(episodes: Iterable[Episode], what: Callable[[Percept], Hashable]) -> float:
    """How many in a hundred percepts bring what had not been there before in their episode; short ones tell nothing."""
    seen = [[what(percept) for percept in episode.percepts[1:]] for episode in episodes if episode.steps >= FEW]
    return 100 * sum(len(set(each)) for each in seen) / max(1, sum(map(len, seen)))
