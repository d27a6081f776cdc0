"""LibraryBrowser: the skills as a table and as a map, and for each its path, its uses and their replays.

row       of the table: a stored sequence, or a site that was gone to    Skill(...), GoTo(operator)
line      a row as it is sent                                            ["open at box", "open", "", 4.5, 12, 11]
use       one use of a row's skill                                       (episode's number, invocation, its steps)
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import anywidget
import numpy as np
import traitlets

from ..episodes import Episode, Invocation
from ..library import SkillLibrary, Tally
from ..navigation.goto import GoTo
from ..navigation.motion import MotionModel
from ..skills import Skill
from . import assets
from .filmstrip import library_picture
from .record import check_episode, compact, episode_record, plural
from .replay_widget import fallback_bundle

EFFECT, USES = 1, 4  # of a line
SHOWN = 20  # the latest uses of a skill that are listed and can be replayed


class LibraryBrowser(anywidget.AnyWidget):
    """Browse a library: sort and filter its table, choose a skill there or on the map, replay what it did.

    First come the stored sequences in the library's order, then the sites that were gone to by a path found anew:
    these have uses, but no actions and no context, so no place on the map. ``browser.selected`` is the chosen row;
    -1 where there is none.

    Args:
        library: the skills, as they are now; later changes do not show.
        episodes: where the skills were used; from these come their uses, replays and paths.

    Raises:
        TypeError, ValueError: for something that is not a library, or an episode that cannot be drawn.
    """

    _esm = assets.script("library.js")
    _css = assets.styles("base.css", "player.css", "library.css")
    _skills = traitlets.List().tag(sync=True)
    _map = traitlets.List().tag(sync=True)
    _detail = traitlets.Dict().tag(sync=True)
    selected = traitlets.Int(-1).tag(sync=True)

    def __init__(self, library: SkillLibrary, episodes: Sequence[Episode] = ()) -> None:
        if not isinstance(library, SkillLibrary):
            raise TypeError(f"library: a SkillLibrary is needed, got {type(library).__name__}")
        for number, episode in enumerate(episodes):
            check_episode(episode, f"episodes[{number}]")
        self.skills: list[Skill | GoTo] = [*library, *gone_to(library)]
        self.episodes, self.lines = list(episodes), [line(skill, library) for skill in self.skills]
        self.points, self.shares = principal_plane(library.embeddings)
        self.model = motion_seen(self.episodes)
        self.uses = uses_by_skill(self.episodes)
        super().__init__(
            _skills=self.lines,
            _map=[[compact(x), compact(y)] for x, y in self.points],
        )
        if self.skills:
            self.selected = max(range(len(self.skills)), key=lambda row: (self.lines[row][USES], -row))

    @traitlets.validate("selected")
    def _check_selected(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] < len(self.skills):
            raise ValueError(f"selected: a row below {len(self.skills)} is needed, got {proposal['value']}")
        return proposal["value"]

    @traitlets.observe("selected")
    def _show_detail(self, _change: dict[str, Any]) -> None:
        skill = self.skills[self.selected]
        names = next((e.actions for e in self.episodes if e.actions is not None), None)
        actions = skill.actions if isinstance(skill, Skill) else ()
        self._detail = {
            "selected": self.selected,
            "stored": isinstance(skill, Skill),
            "path": path_from_anchor(skill, self.model) if actions else None,
            "anchored": bool(skill.context),
            "turns": len(self.model.frames) > 1 if self.model else False,
            "actions": [names[a] if names is not None else f"action {a}" for a in actions],
            "uses": [
                {"episode": number, "start": used.start, "stop": used.stop, "ok": used.succeeded}
                | {"reason": used.reason, "record": part_record(part)}
                for number, used, part in self.uses.get(identity(skill), [])[-SHOWN:]
            ],
            "used": len(self.uses.get(identity(skill), [])),
        }

    def __repr__(self) -> str:
        stored, gone = self.lines[:len(self.points)], self.lines[len(self.points):]
        size = f"{plural(len(stored), 'skill')} for {plural(len({row[EFFECT] for row in stored}), 'effect')}"
        anew = f"; {plural(len(gone), 'site')} gone to by a path found anew" if gone else ""
        name, *_, uses, successes = max(self.lines, key=lambda row: row[USES], default=("", 0, 0))
        most = f"; used most: {name}, {successes} of {uses} succeeded" if uses else ""
        replayed = sum(row[USES] > 0 for row in stored)
        return f"Library of {size}, {replayed} of them replayed{anew}{most}. Run this cell in JupyterLab to browse."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        picture = library_picture(self.lines, self.points, repr(self))
        return fallback_bundle(super()._repr_mimebundle_(**kwargs), picture, repr(self))


def part_record(part: Episode) -> dict[str, Any] | None:
    """The record of one use, which has neither reached nor missed the goal; None where no step was taken."""
    return episode_record(part) | {"success": None} if part.transitions else None


def identity(skill: Skill | GoTo) -> tuple:
    """Under what the ledger counts its uses: its claim and context; a site's context is None."""
    return skill.operator.claim, skill.context


def gone_to(library: SkillLibrary) -> list[GoTo]:
    """The sites that were gone to, in the order of the shelves."""
    going = [GoTo(operator) for operator in library.shelves]
    return [goto for goto in going if identity(goto) in library.ledger.contexts]


def line(skill: Skill | GoTo, library: SkillLibrary) -> list:
    """A row as it is sent: name, effect, needs, steps, uses, successes; of a site, the mean steps of a use."""
    effect, needs = (" + ".join(sorted(facts)) for facts in (skill.operator.effect, skill.operator.preconditions))
    tally = library.ledger.contexts.get(identity(skill), Tally())
    steps = len(skill.actions) if isinstance(skill, Skill) else round(tally.steps / tally.uses, 1)
    return [skill.name, effect, needs, steps, tally.uses, tally.successes]


def principal_plane(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The embeddings on their first two principal components, and the shares of variance these hold.

    Returns:
        Points of shape ``(skills, 2)``, the larger extent 1 either way, and shares of shape ``(2,)``.
    """
    if len(embeddings) < 2:
        return np.zeros((len(embeddings), 2)), np.zeros(2)
    centred = embeddings - embeddings.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = np.pad(axes[:2], ((0, 2 - min(2, len(axes))), (0, 0)))
    # A principal component has no sign of its own: the largest entry is made positive, in every process.
    axes = axes * np.where(axes[[0, 1], np.abs(axes).argmax(axis=1)] < 0, -1, 1)[:, None]
    points = centred @ axes.T
    variance = np.pad(sizes**2, (0, 2))[:2] / max((sizes**2).sum(), 1e-12)
    return points / max(np.abs(points).max(), 1e-12), variance


def motion_seen(episodes: Sequence[Episode]) -> MotionModel | None:
    """What the actions in some episodes did to displacements; None where nothing was seen to move."""
    actions = [step.action for episode in episodes for step in episode.transitions]
    model = MotionModel(max(actions, default=-1) + 1)
    for step in itertools.chain.from_iterable(episode.transitions for episode in episodes):
        model.learn(step.percept, step.action, step.next_percept)
    return model if model.frames and len(model.maps) else None


def path_from_anchor(skill: Skill, model: MotionModel | None) -> list[list[float]] | None:
    """Where a skill leads in free space, as seen from its anchor; None where that is not known."""
    if model is None or max(skill.actions) >= model.n_actions or len(skill.context) not in (0, 2):
        return None
    poses = itertools.accumulate(skill.actions, model.ahead, initial=(0, (0,) * len(model.frames[0])))
    anchor = skill.context or (0, 0)
    return [[float(p - a) for p, a in zip(position, anchor, strict=True)] for _, position in poses]


Use = tuple[int, Invocation, Episode]  # the episode's number, the invocation, its steps as an episode


def uses_by_skill(episodes: Sequence[Episode]) -> dict[tuple, list[Use]]:
    """For each skill its uses, in the order of the episodes."""
    found: dict[tuple, list[Use]] = {}
    for number, episode in enumerate(episodes):
        for used in episode.invocations:
            steps = [t._replace(invocation=0) for t in episode.transitions[used.start : used.stop]]
            alone = replace(used, start=0, stop=len(steps))
            part = Episode(steps, [alone], episode.seed, None, episode.actions)
            found.setdefault(identity(used.skill), []).append((number, used, part))
    return found
