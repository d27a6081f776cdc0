"""Replay: watch, step through and compare episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from ..episodes import Episode
from . import assets
from .filmstrip import film_strip
from .record import describe_episode, episode_record

FASTEST = 60


def fallback_bundle(view: tuple[dict, dict] | None, picture: bytes, sentence: str) -> tuple[dict, dict]:
    """A widget's mime bundle with a PNG and a sentence for readers whose front end shows no widgets."""
    data, metadata = view if view is not None else ({}, {})
    return (
        data | {"text/plain": sentence, "image/png": picture},
        metadata | {"image/png": {"alt": sentence}},
    )


class Replay(anywidget.AnyWidget):
    """Play an episode, or several side by side on one clock.

    Keys: space plays and pauses, the arrows step, Home and End jump; a click in the timeline jumps too.
    ``replay.step`` and ``replay.playing`` follow the browser, and the browser follows them.

    Args:
        episodes: one or more :class:`Episode` with scenes in their percepts.
        labels: a name for each, "before" and "after", say.
        fps: steps a second, 1 to 60.

    Raises:
        ValueError: for an episode that cannot be drawn, naming the step and what is wrong with it.
    """

    _esm = assets.script("replay.js")
    _css = assets.styles("base.css", "player.css")
    _episodes = traitlets.List().tag(sync=True)
    # No echo: while a replay plays, it would come back late and set the browser back to a step long passed.
    step = traitlets.Int(0).tag(sync=True, echo_update=False)
    playing = traitlets.Bool(False).tag(sync=True, echo_update=False)
    fps = traitlets.Int(8).tag(sync=True, echo_update=False)

    def __init__(self, *episodes: Episode, labels: Sequence[str] | None = None, fps: int = 8) -> None:
        if not episodes:
            raise ValueError("episodes: at least one is needed, got none")
        if labels is None:
            labels = (
                [""]
                if len(episodes) == 1
                else [f"episode {number}" for number in range(1, len(episodes) + 1)]
            )
        if len(labels) != len(episodes):
            raise ValueError(
                f"labels: one for each of the {len(episodes)} episodes is needed, got {list(labels)}"
            )
        records = [episode_record(episode, label) for episode, label in zip(episodes, labels, strict=True)]
        self.episodes, self.labels = episodes, list(labels)
        super().__init__(_episodes=records, fps=fps)

    @traitlets.validate("step")
    def _check_step(self, proposal: dict[str, Any]) -> int:
        last = max((len(record["action"]) for record in self._episodes), default=0)
        if not 0 <= proposal["value"] <= last:
            raise ValueError(f"step: a whole number from 0 to {last} is needed, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("fps")
    def _check_fps(self, proposal: dict[str, Any]) -> int:
        if not 1 <= proposal["value"] <= FASTEST:
            raise ValueError(f"fps: a whole number from 1 to {FASTEST} is needed, got {proposal['value']}")
        return proposal["value"]

    def __repr__(self) -> str:
        told = [
            f"{label}: {describe_episode(episode)}" if label else describe_episode(episode)
            for episode, label in zip(self.episodes, self.labels, strict=True)
        ]
        return f"Replay of {'; '.join(told)}. Run this cell in JupyterLab to play it."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return fallback_bundle(
            super()._repr_mimebundle_(**kwargs), film_strip(self.episodes, self.labels, repr(self)), repr(self)
        )
