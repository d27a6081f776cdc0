"""An episode as the few numbers a browser needs to draw it, checked before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any

from ..episodes import Episode, Invocation
from ..percepts import EXPLORING, Percept
from ..scenes import Scene
from ..skills import Skill

HEADINGS = (0, 1, 2, 3)


class Palette:
    """Distinct values in order of first appearance; each is sent once and then named by its index."""

    def __init__(self) -> None:
        self.indices: dict[Hashable, int] = {}

    def index(self, value: Hashable) -> int:
        """The index of ``value``, which is added where it is new."""
        return self.indices.setdefault(value, len(self.indices))

    def values(self) -> list:
        """All values, by index."""
        return list(self.indices)


def check_episode(episode: Episode, argument: str = "episode") -> None:
    """Raise ``TypeError`` or ``ValueError`` naming what keeps ``episode`` from being drawn."""
    if not isinstance(episode, Episode):
        raise TypeError(f"{argument}: an Episode is needed, got {type(episode).__name__}")
    if not episode.transitions:
        raise ValueError(f"{argument}: at least one step is needed, got an empty episode")
    for step, transition in enumerate(episode.transitions):
        where = f"{argument}, step {step}"
        check_action(transition.action, episode.actions, where)
        if not math.isfinite(transition.reward):
            raise ValueError(f"{where}: a finite reward is needed, got {transition.reward!r}")
        if transition.invocation != EXPLORING and not 0 <= transition.invocation < len(episode.invocations):
            raise ValueError(
                f"{where}: there is no invocation {transition.invocation!r}; "
                f"the episode has {len(episode.invocations)}"
            )
    for index, invocation in enumerate(episode.invocations):
        if not 0 <= invocation.start <= episode.steps or not invocation.stop <= episode.steps:
            raise ValueError(
                f"{argument}, invocation {index}: steps {invocation.start} to {invocation.stop} "
                f"lie outside the episode's {episode.steps}"
            )
    first = episode.transitions[0].percept
    for step, percept in enumerate(episode.percepts):
        check_percept(percept, f"{argument}, percept {step}")
        size, expected = percept.scene.board[:2], first.scene.board[:2]
        if size != expected:
            raise ValueError(
                f"{argument}, percept {step}: the board is {size}, but it was {expected} at first"
            )


def check_action(action: int, names: Sequence[str] | None, where: str) -> None:
    """Raise ``ValueError`` unless ``action`` is a whole number that the environment knows."""
    if not isinstance(action, Integral) or action < 0 or (names is not None and action >= len(names)):
        known = "a whole number from 0" + (f" to {len(names) - 1}" if names is not None else "")
        raise ValueError(f"{where}: unknown action {action!r}; {known} is needed")


def check_percept(percept: Percept, where: str) -> None:
    """Raise ``ValueError`` unless ``percept`` has a scene with everything on its board."""
    scene = percept.scene
    if not isinstance(scene, Scene):
        raise ValueError(f"{where}: no scene to draw; perceive() must fill Percept.scene")
    rows, columns, walls, items = scene.board
    if rows < 1 or columns < 1:
        raise ValueError(f"{where}: a board of at least one cell is needed, got {rows} by {columns}")
    placed = [
        ("agent", scene.agent),
        *(("wall", w) for w in walls),
        *((kind, cell) for kind, _, cell in items),
    ]
    for name, (row, column) in placed:
        if not (0 <= row < rows and 0 <= column < columns):
            raise ValueError(f"{where}: the {name} at {(row, column)} is off the grid of {rows} by {columns}")
    if scene.heading is not None and scene.heading not in HEADINGS:
        raise ValueError(f"{where}: the heading must be None or one of {HEADINGS}, got {scene.heading!r}")


def episode_record(episode: Episode, label: str = "") -> dict[str, Any]:
    """Everything a replay shows, as JSON. Boards, walls and sets of facts that recur are sent once."""
    check_episode(episode)
    return steps_record(episode, episode.percepts) | {"label": label}


def steps_record(episode: Episode, percepts: Sequence[Percept]) -> dict[str, Any]:
    """The record of an episode that may have no step yet: ``percepts`` are one more than its steps."""
    facts, names, rewards = Palette(), Palette(), Palette()
    named = [names.index(invocation.skill.name) for invocation in episode.invocations]
    record = scenes_record([percept.scene for percept in percepts])
    record |= {
        "success": episode.success,
        "optimal": episode.optimal_steps,
        "actions": list(episode.actions) if episode.actions is not None else None,
        "action": [int(t.action) for t in episode.transitions],
        "reward": [rewards.index(compact(t.reward)) for t in episode.transitions],
        "fact": [facts.index(tuple(sorted(percept.facts))) for percept in percepts],
        "runs": control_runs([int(t.invocation) for t in episode.transitions]),
        "invocations": [
            invocation_record(used, name) for used, name in zip(episode.invocations, named, strict=True)
        ],
    }
    return record | {"facts": facts.values(), "skills": names.values(), "rewards": rewards.values()}


def control_runs(control: Sequence[int]) -> list[list[int]]:
    """Stretches in the hand of one invocation, as ``[invocation, start, stop]``."""
    runs: list[list[int]] = []
    for step, invocation in enumerate(control):
        if runs and runs[-1][0] == invocation:
            runs[-1][2] = step + 1
        else:
            runs.append([invocation, step, step + 1])
    return runs


def invocation_record(used: Invocation, name: int) -> dict[str, Any]:
    """One use of a skill; ``name`` is the index of its name. Only a stored sequence was retrieved, by its context."""
    return {
        "skill": name,
        "start": int(used.start),
        "stop": int(max(used.start, used.stop)),
        "expected": sorted(used.expected),
        "stored": isinstance(used.skill, Skill),
        "similarity": compact(used.similarity),
        "rate": compact(used.success_rate),
        "others": [[other, compact(score)] for other, score in used.runners_up],
        "ok": bool(used.succeeded),
        "reason": used.reason,
    }


def scenes_record(scenes: Sequence[Scene]) -> dict[str, Any]:
    """Boards once each, then one number a frame; cells are ``row * columns + column``."""
    rows, columns = scenes[0].board[:2]
    looks, walls, boards, held = (Palette() for _ in range(4))

    def flat(cell: tuple[int, int]) -> int:
        return int(cell[0]) * columns + int(cell[1])

    def board_key(scene: Scene) -> tuple:
        wall = walls.index(tuple(sorted(flat(cell) for cell in scene.board.walls)))
        return wall, *(
            n for kind, look, cell in scene.board.items for n in (looks.index((kind, look)), flat(cell))
        )

    board = [boards.index(board_key(scene)) for scene in scenes]
    return {
        "rows": int(rows),
        "columns": int(columns),
        "looks": looks.values(),
        "walls": walls.values(),
        "boards": boards.values(),
        "board": board,
        "cell": [flat(scene.agent) for scene in scenes],
        "heading": None if scenes[0].heading is None else [int(scene.heading) for scene in scenes],
        "carrying": [held.index(scene.carrying or "") for scene in scenes],
        "held": held.values(),
    }


def compact(number: float) -> float:
    """Four decimals are more than a panel shows, and keep a long episode small; JSON has no infinity."""
    return round(float(number), 4) if math.isfinite(number) else 0.0


def describe_episode(episode: Episode) -> str:
    """One sentence about an episode, for a reader who sees no widget."""
    end = "the goal is reached" if episode.success else "the goal is not reached"
    shortest = (
        f" (the shortest path takes {episode.optimal_steps})" if episode.optimal_steps is not None else ""
    )
    by_skills = episode.steps - episode.exploring_steps
    used = len({used.skill.name for used in episode.invocations})
    control = (
        f"{by_skills} by {plural(used, 'skill')}, {episode.exploring_steps} exploring"
        if used
        else "all exploring"
    )
    return f"{plural(episode.steps, 'step')}{shortest}, {control}; {end}, return {episode.total_reward:.1f}"


def plural(count: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
