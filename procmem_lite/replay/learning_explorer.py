"""LearningExplorer: change a choice, train anew, and see what it did to the curve and to the episodes."""

from __future__ import annotations

import html
import threading
from typing import Any

import ipywidgets as widgets

from ..agent import ProceduralMemoryAgent
from ..explorers import EXPLORERS
from ..lab.training import TrainingLog, as_log, measure
from ..settings import RULES
from ..skills import Skill
from ..worlds.gridworld import GridWorld, perceive
from ..worlds.layouts import LAYOUTS
from .curve import RECENT, Curve, learning_curve
from .record import plural
from .replay_widget import Replay, fallback_bundle

THRESHOLDS = [("any", 0.0), *((f"from {least}", least) for least in (0.01, 0.02, 0.05, 0.1, 0.2))]
POLICIES = [("go to the site", True), ("replay a sequence", False)]


class LearningExplorer(widgets.VBox):
    """Sliders for the agent's and the world's choices; a button trains a new agent in the background.

    The curve of the run before stays as a thin grey line. ``explorer.agent`` and ``explorer.training_log``,
    with the episodes in it, are those of the latest run that ended or was cancelled.

    Args:
        layout, size, episodes: where the sliders start.
        seed: of the agent and of the first episode.

    Raises:
        ValueError, TraitError: for a layout or size that is not offered.
    """

    def __init__(self, layout: str = "walls", size: int = 8, episodes: int = 60, seed: int = 0) -> None:
        if layout not in LAYOUTS:
            raise ValueError(f"layout: one of {sorted(LAYOUTS)} is needed, got {layout!r}")
        if not 4 <= size <= 16:
            raise ValueError(f"size: a whole number from 4 to 16 is needed, got {size!r}")
        if not 10 <= episodes <= 300:
            raise ValueError(f"episodes: a whole number from 10 to 300 is needed, got {episodes!r}")
        self.seed = seed
        self.agent: ProceduralMemoryAgent | None = None
        self.training_log: TrainingLog | None = None
        self.settings: dict[str, Any] = {}
        self._earlier: TrainingLog | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.controls = {
            "layout": widgets.Dropdown(options=list(LAYOUTS), value=layout, description="Layout"),
            "size": widgets.IntSlider(size, min=4, max=16, description="Size"),
            "episodes": widgets.IntSlider(episodes, min=10, max=300, step=10, description="Episodes"),
            "explorer": widgets.Dropdown(options=list(EXPLORERS), description="Explorer"),
            "rule": widgets.Dropdown(options=list(RULES), value="subpaths", description="Segment rule"),
            "closed_loop": widgets.Dropdown(options=POLICIES, value=True, description="Policy"),
            "threshold": widgets.SelectionSlider(options=THRESHOLDS, description="Similarity"),
        }
        for control in self.controls.values():
            control.style.description_width = "92px"
            control.layout.width = "auto"
        self.start_button = widgets.Button(description="Train", button_style="primary", icon="play")
        self.cancel_button = widgets.Button(description="Cancel", icon="stop", disabled=True)
        self.progress = widgets.IntProgress(0, 0, episodes, layout=widgets.Layout(flex="1 1 auto"))
        self.status = widgets.HTML("Not trained yet.")
        self.curve = Curve()
        self.stage = widgets.VBox()
        self.start_button.on_click(lambda _: self.train())
        self.cancel_button.on_click(lambda _: self.cancel())
        fields = widgets.GridBox(
            list(self.controls.values()),
            layout=widgets.Layout(grid_template_columns="repeat(auto-fill, minmax(250px, 1fr))"),
        )
        bar = widgets.HBox([self.start_button, self.cancel_button, self.progress])
        super().__init__([fields, bar, self.status, self.curve, self.stage])
        self.add_class("pm-explorer")

    def train(self, wait: bool = False) -> None:
        """Train a new agent with the present settings, in the background unless ``wait`` is set."""
        if self._thread is not None and self._thread.is_alive():
            raise RuntimeError("a training run is going on; cancel() it first")
        self._stop.clear()
        settings = {name: control.value for name, control in self.controls.items()}
        self.progress.value, self.progress.max = 0, settings["episodes"]
        self.start_button.disabled, self.cancel_button.disabled = True, False
        self._thread = threading.Thread(target=self._run, args=(settings,), daemon=True)
        self._thread.start()
        if wait:
            self._thread.join()

    def cancel(self) -> None:
        """End the present run after the episode it is in; what was trained so far is shown."""
        self._stop.set()

    def _run(self, settings: dict[str, Any]) -> None:
        try:
            self._train(settings)
        except Exception as error:  # in a thread nobody else would hear of it
            self.status.value = html.escape(f"Training failed: {type(error).__name__}: {error}")
        finally:
            self.start_button.disabled, self.cancel_button.disabled = False, True

    def _train(self, settings: dict[str, Any]) -> None:
        chosen = dict(settings)
        env = GridWorld(chosen.pop("layout"), size=chosen.pop("size"))
        count = chosen.pop("episodes")
        agent = ProceduralMemoryAgent(int(env.action_space.n), perceive, seed=self.seed, **chosen)
        rows, episodes = [], []
        while len(rows) < count and not self._stop.is_set():
            episode = agent.run_episode(env, seed=self.seed + len(rows))
            episodes.append(episode)
            rows.append(measure(agent, episode))
            self.progress.value = len(rows)
            self.status.value = f"Episode {len(rows)} of {count}: {plural(episode.steps, 'step')}"
        if not rows:
            self.status.value = "Cancelled before the first episode."
            return
        self._earlier, self.settings = self.training_log, settings
        self.agent = agent
        self.training_log = as_log(rows, settings, len(rows) < count, episodes)
        self.curve.show(self.training_log, self._earlier)
        labels = ["first episode", f"episode {len(episodes)}"]
        for old in self.stage.children:
            old.close()
        self.stage.children = [Replay(episodes[0], episodes[-1], labels=labels)]
        self.status.value = self._summary()

    def _summary(self) -> str:
        if self.training_log is None:
            return "Not trained yet."
        log = self.training_log
        told = plural(len(log), "episode") + (", then cancelled" if log.interrupted else "")
        return (
            f"{told}. {plural(int(log.steps[0]), 'step')} in the first, {log.steps[-1]} in the last, optimality "
            f"ratio {log.optimality[-RECENT:].mean():.2f} over the last {min(RECENT, len(log))}, "
            f"{plural(int(log.library_size[-1]), 'skill')} in the library; {self._uses()}."
        )

    def _uses(self) -> str:
        """Which kinds of policy were used, and how often."""
        used = [invocation.skill for episode in self.training_log.episodes for invocation in episode.invocations]
        stored = sum(isinstance(skill, Skill) for skill in used)
        gone = len(used) - stored
        return f"{plural(gone, 'time')} it went to a site, {plural(stored, 'time')} it replayed a sequence"

    def __repr__(self) -> str:
        return f"LearningExplorer: {self._summary()} Run this cell in JupyterLab to change the settings."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        picture = learning_curve(self.training_log, self._earlier, repr(self))
        return fallback_bundle((super()._repr_mimebundle_(**kwargs), {}), picture, repr(self))
