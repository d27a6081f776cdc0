"""Drive: the reader plays, and may teach the agent by showing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import gymnasium as gym
import traitlets

from ..agent import ProceduralMemoryAgent
from ..arguments import whole
from ..episodes import Episode, Play
from ..percepts import Percept, Transition, earned
from ..worlds.gridworld import perceive as perceive_gridworld
from . import assets
from .filmstrip import scene_picture
from .record import check_action, check_percept, plural, steps_record
from .replay_widget import fallback_bundle

KEYS = {
    "up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight",
    "forward": "ArrowUp", "pick_up": "p", "pickup": "p", "open": "o", "toggle": "o", "drop": "d", "done": "x",
}  # fmt: skip


class Drive(anywidget.AnyWidget):
    """Play an environment with keys and buttons; the result is an ordinary episode.

    ``drive.episode`` is what was played since the last start. An environment cannot take a step back, but one
    can start over: the same seed gives the same layout.

    Args:
        env: a Gymnasium environment with a discrete action space.
        agent: who learns from what you show it; its library is changed by :meth:`teach`.
        perceive: ``perceive(env) -> Percept``; the agent's, or GridWorld's, unless given.
        seed: of the first layout; "next layout" counts it up.

    Raises:
        TypeError: for an environment or agent that is not one.
        ValueError: for actions that cannot be numbered, or a percept that cannot be drawn.
    """

    _esm = assets.script("drive.js")
    _css = assets.styles("base.css", "player.css", "drive.css")
    _record = traitlets.Dict().tag(sync=True)
    _buttons = traitlets.List().tag(sync=True)
    _over = traitlets.Bool(False).tag(sync=True)
    _note = traitlets.Unicode("").tag(sync=True)
    _can_teach = traitlets.Bool(False).tag(sync=True)
    library_size = traitlets.Int(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        env: gym.Env,
        agent: ProceduralMemoryAgent | None = None,
        *,
        perceive: Callable[[gym.Env], Percept] | None = None,
        seed: int = 0,
    ) -> None:
        if not isinstance(env, gym.Env):
            raise TypeError(f"env: a Gymnasium environment is needed, got {type(env).__name__}")
        if not isinstance(env.action_space, gym.spaces.Discrete):
            raise ValueError(f"env: a discrete action space is needed, got {env.action_space}")
        if agent is not None and not callable(getattr(agent, "learn_from", None)):
            raise TypeError(f"agent: a learn_from(episode) method is needed, got {type(agent).__name__}")
        self.env, self.agent, self.seed = env, agent, whole(seed, "seed")
        self.perceive = perceive or getattr(agent, "perceive", perceive_gridworld)
        self.names = getattr(self.perceive, "actions", None)
        super().__init__(_buttons=buttons(self.names, int(env.action_space.n)), _can_teach=agent is not None)
        self.restart()
        self.on_msg(self._listen)

    def restart(self, seed: int | None = None) -> None:
        """Start over in the same layout, or in that of another seed. What was played so far is dropped."""
        self.seed = self.seed if seed is None else seed
        self.play = Play(self.env, self.perceive, self.seed, succeeded=getattr(self.agent, "succeeded", earned),
                         actor=self.agent)
        check_percept(self.percept, "perceive, first percept")
        self.taught = False
        self._show("")

    def act(self, action: int) -> Transition:
        """Do one action; ValueError for an unknown one, and once the episode is over."""
        check_action(action, self.names, "action")
        if self.over:
            raise ValueError("action: the episode is over; call restart() to start a new one")
        step = self.play.step(action)
        check_percept(self.percept, f"perceive, after step {self.episode.steps}")
        self.taught = False
        self._show(self._ending() if self.over else "")
        return step

    def teach(self) -> int:
        """Hand the episode to the agent; returns by how many skills its library grew."""
        if self.agent is None:
            raise ValueError("agent: there is none to teach; give one to Drive(env, agent)")
        if not self.episode.transitions:
            raise ValueError("episode: nothing was played yet")
        before = set(self.agent.library)
        grown = self.agent.learn_from(self.episode)
        gained = Counter(" + ".join(sorted(s.effect)) for s in self.agent.library if s not in before)
        about = ", ".join(f"{count} for {effect}" for effect, count in gained.items())
        about = about or "it knew all of this"
        size = len(self.agent.library)
        self.taught = True
        self._show(f"The library grew from {size - grown} to {plural(size, 'skill')}: {about}.")
        return grown

    @property
    def episode(self) -> Episode:
        """What was played so far."""
        return self.play.episode

    @property
    def percept(self) -> Percept:
        """The present percept."""
        return self.play.percept

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return self.play.over

    def _ending(self) -> str:
        """What is said once the episode is over."""
        if not self.episode.success:
            return f"Over after {plural(self.episode.steps, 'step')}, without the goal."
        best = self.episode.optimal_steps
        shortest = "" if best is None else f" The shortest path takes {best}."
        return f"Goal reached in {plural(self.episode.steps, 'step')}.{shortest}"

    def _show(self, note: str) -> None:
        percepts = self.episode.percepts or [self.percept]
        with self.hold_sync():
            self._record = steps_record(self.episode, percepts)
            self._over, self._note = self.over, note
            self._can_teach = self.agent is not None and bool(self.episode.transitions) and not self.taught
            self.library_size = None if self.agent is None else len(self.agent.library)

    def _listen(self, _widget: Drive, message: dict[str, Any], _buffers: list) -> None:
        """What the browser asks for; keys pressed after the end of an episode may still be on their way."""
        match message:
            case {"act": int(action)} if not self.over:
                self.act(action)
            case {"restart": int(further)}:
                self.restart(self.seed + further)
            case {"teach": True} if self._can_teach:
                self.teach()

    def __repr__(self) -> str:
        shown = f"{plural(self.episode.steps, 'step')} so far, return {self.episode.total_reward:.1f}"
        return f"Drive: play the environment yourself ({shown}). Run this cell in JupyterLab to play."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        return fallback_bundle(
            super()._repr_mimebundle_(**kwargs), scene_picture(self.percept.scene, repr(self)), repr(self)
        )


def buttons(names: Sequence[str] | None, count: int) -> list[list[str]]:
    """A name and a key for each action; a digit where its name suggests none."""
    if names is None:
        names = [f"action {number}" for number in range(count)]
    return [[name, KEYS.get(name, str(number))] for number, name in enumerate(names)]
