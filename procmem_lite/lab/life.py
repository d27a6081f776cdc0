"""Chapter 10: laboratories in which the rules of a world change, and what that costs an agent.

laboratory   phases of a world, and how it is seen     Laboratory(perceive, (6, same), (20, swapped))
excess       steps above the shortest, each episode    array([41, 0, 2, ...])
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent
from ..episodes import Episode, Perceive
from ..library import Tally, Use
from ..skills import Claim, site_of
from ..worlds import changing
from ..worlds.changing import SWAPPED, UPSIDE_DOWN, Lava, TwoKeys, Wired
from ..worlds.gridworld import ACTIONS, GridWorld, perceive
from .training import train

CAP, BEFORE, AFTER = 100, 6, 20  # steps of an episode; episodes before the change, and after
Make = Callable[..., ProceduralMemoryAgent]
Rule = Callable[[Iterable[Use], Tally], bool]  # a claim's last uses, and the tally of all: whether to delete it


class Laboratory(NamedTuple):
    """How its worlds are seen, and one phase after the other: how many episodes in which world."""

    perceive: Perceive
    phases: tuple[tuple[int, Callable[[], gym.Env]], ...]


def rooms(**wiring: Any) -> Callable[[], gym.Env]:
    """Rooms of 5 by 5 with their actions wired in some way."""
    return lambda: Wired(GridWorld("rooms", 5, max_steps=CAP), **wiring)


def field(share: float) -> Callable[[], gym.Env]:
    """An open field of 6 by 6, some of it lava."""
    return lambda: Lava(GridWorld("open", 6, max_steps=CAP), share)


SAME_OLD, SWAP = (BEFORE, rooms()), rooms(order=SWAPPED)
LABS = {
    "swap": Laboratory(perceive, (SAME_OLD, (AFTER, SWAP))),
    "back": Laboratory(perceive, (SAME_OLD, (AFTER // 2, SWAP), (AFTER // 2, rooms()))),
    "light": Laboratory(changing.perceive_lamp, ((BEFORE, rooms(shown=True)),
                                        (AFTER, rooms(dark_order=SWAPPED, dark=0.5, shown=True)))),
    "hidden": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dark_order=SWAPPED, dark=0.5)))),
    "slip": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(slip=0.2)))),
    "keys": Laboratory(changing.perceive_two_keys, ((BEFORE, TwoKeys), (AFTER, lambda: TwoKeys("blue")))),
    "moves": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(order=UPSIDE_DOWN)))),
    "lava": Laboratory(changing.perceive_lava, ((BEFORE, field(0.0)), (AFTER, field(0.2)))),
    "faults": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dead=0.5)), (AFTER, rooms()))),
    "strike": Laboratory(perceive, (SAME_OLD, (AFTER, rooms(dead=1.0)), (AFTER, rooms()))),
}


def failed_last(times: int) -> Rule:
    """A claim is given up once its last so many uses have failed."""
    return lambda lines, tally: len(lines) >= times and not any(use.succeeded for use in list(lines)[-times:])


def below_half(uses: int) -> Rule:
    """A claim is given up once, of at least so many uses, less than half have succeeded (as in Memp and ReMe)."""
    return lambda lines, tally: tally.uses >= uses and 2 * tally.successes < tally.uses


DELETIONS = {"after a failure": failed_last(1), "after two in a row": failed_last(2),
             "3 uses, below half": below_half(3), "5 uses, below half": below_half(5)}


class DeletingAgent(ProceduralMemoryAgent):
    """Chapter 9's agent, which at the end of an episode deletes all that is known of a claim, by a rule of others.

    What led to it is forgotten too: its cases, its line in the ledger, and all of the explorer's notes. Otherwise it
    would be learned again at once, and nothing else would be tried.
    """

    def __init__(self, *args: Any, rule: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.rule = DELETIONS[rule]

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True,
                    max_steps: int | None = None) -> Episode:
        """Play one episode, then delete."""
        episode, library = super().run_episode(env, seed, learn, max_steps), self.library
        for shelf in list(library.shelves.values()) if learn else ():
            claim = shelf.operator.claim
            if shelf.operator in library.shelves and self.rule(library.ledger.lines[claim], shelf.tally):
                self.delete(claim)
        return episode

    def delete(self, claim: Claim) -> None:
        """Forget one claim, whatever told of it."""
        memory, ledger, change = self.memory, self.library.ledger, (claim.effect, claim.removes)
        self.library.discard([shelf for shelf in self.library.shelves.values() if shelf.operator.claim == claim])
        for told in (ledger.totals, ledger.under, ledger.lines):
            told.pop(claim, None)
        for key in [key for key in ledger.contexts if key[0] == claim]:
            del ledger.contexts[key]
        kept = [case for case in memory.cases.get(change, ()) if claim.anchor not in case[-1].percept.objects
                or site_of(case[-1], claim.anchor) != claim.site]
        memory.cases.pop(change, None)
        memory.senses["beliefs"].held.pop(change, None)
        if kept:
            memory.cases[change] = deque(kept, self.settings.cases)
        for notes in (memory.explorer.tried, memory.explorer.ever, memory.explorer.turned, memory.explored):
            notes.clear()


def live(seed: int, lab: str, make: Make = ProceduralMemoryAgent, novice: bool = False, **settings: Any) -> dict:
    """One agent through all phases of a laboratory, learning; a novice comes when the world has changed.

    Returns:
        excess, died, library: an array each, of the episodes after the change; agent: as it was at the end.
    """
    look, phases = LABS[lab]
    agent = make(len(ACTIONS), look, seed, **settings)
    excess, died, library = [], [], []
    for number, (episodes, world) in enumerate(phases):
        if novice and number == 0:
            continue
        first = 100 * seed if number == 0 else (seed + 1) * 10_000 + 1_000 * number
        with warnings.catch_warnings(action="ignore"):  # where all buttons are dead, no episode succeeds
            log = train(agent, world(), episodes, progress=False, seed=first, keep=True)
        if number:
            excess += [episode.steps - episode.optimal_steps for episode in log.episodes]
            died += [episode.transitions[-1].terminated and not episode.success for episode in log.episodes]
            library += list(log.library_size)
    return {"excess": np.array(excess), "died": np.array(died), "library": np.array(library), "agent": agent}
