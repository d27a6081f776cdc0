"""An agent's diary as text: one line for each use of a skill."""

from __future__ import annotations

from collections.abc import Iterable

from ..episodes import Invocation


def tell(invocations: Iterable[Invocation]) -> None:
    """Print from which step to which each skill was used, how alike its context was, its rate, and why it stopped."""
    print("steps    skill                        alike  rate  stopped by")
    for each in invocations:
        print(f"{each.start:3d}-{each.stop:<4d} {each.skill.name:29s} {each.similarity:.2f}  "
              f"{each.success_rate:.2f}  {each.reason}")
