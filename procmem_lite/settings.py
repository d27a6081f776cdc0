"""Every constant that steers the agent, named, explained and in one place."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import is_number, truth, whole

RULES = ("whole", "erased", "suffixes", "subpaths")


@dataclass(frozen=True)
class Settings:
    """How an agent learns, chooses and doubts.

    Attributes:
        rule: which parts of a path become skills; see :func:`~procmem_lite.skills.hindsight`.
        threshold: the least similarity, from 0 to 1, at which a stored sequence is played; below it the agent explores.
        ban: leave a skill alone for a while where it failed, and doubt a plan that mostly fails.
        burst: exploring steps once every plan has failed; doubled each time it happens again in an episode.
        cases: paths remembered for each effect, from which preconditions and anchors are induced.
        closed_loop: find the path to where an effect happens with learned motion, instead of playing stored actions.
        hunch: try what misses preconditions, if no failure tells that one of them is needed.
        doubt: so many times dearer, at most, is a hunch; and where nothing can be learned from it, at least.
        wary: never again do what ended an episode badly, or made an object vanish for nothing.
        trials: steps remembered for each action that moved nothing, to tell causes from accidents.
        accidents: cases on the same object, and trials elsewhere in vain, until an effect is about what is underfoot.
        trust: misses in a row after which what an action does to displacements, always right so far, is given up.
    """

    rule: str = "subpaths"
    threshold: float = 0.0
    ban: bool = True
    burst: int = 8
    cases: int = 32
    closed_loop: bool = True
    hunch: bool = True
    doubt: float = 4.0
    wary: bool = True
    trials: int = 64
    accidents: int = 3
    trust: int = 4

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"rule: one of {RULES} is needed, got {self.rule!r}")
        if not is_number(self.threshold) or not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold: a number from 0 to 1 is needed, got {self.threshold!r}")
        for name in ("burst", "cases", "trials", "accidents", "trust"):
            whole(getattr(self, name), name, least=1)
        for name in ("ban", "closed_loop", "hunch", "wary"):
            truth(getattr(self, name), name)
        if not is_number(self.doubt) or self.doubt < 1:
            raise ValueError(f"doubt: a number of at least 1 is needed, got {self.doubt!r}")
