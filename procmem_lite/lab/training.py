"""Chapter 6: play many episodes, keep the numbers that matter, and repeat it over seeds and settings."""

from __future__ import annotations

import copy
import functools
import importlib.metadata
import itertools
import platform
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol

import gymnasium as gym
import joblib
import numpy as np
from tqdm.auto import tqdm

from ..arguments import whole
from ..episodes import Episode

UNSEEN = range(1_000_000, 1_000_100)  # seeds for evaluation: no training run gets this far
ENOUGH = 20  # episodes of training, after which one should have succeeded, or one not been bound to


class Learner(Protocol):
    """Whatever plays episodes: the agent of chapter 4, and every baseline of chapter 7."""

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode: ...


@dataclass(eq=False)
class TrainingLog:
    """One number per episode and measure; every array has shape ``(episodes,)``.

    Attributes:
        steps: primitive actions; ``exploring`` are those of them that no skill chose.
        success: whether the goal was reached.
        optimality: shortest path / steps, 0 for a failed episode, nan where the shortest path is not known.
        total_reward: the return.
        library_size: skills in the library after the episode.
        uses: skill uses so far, cumulative.
        made_by: versions, seeds and settings that produced the log.
        interrupted: whether it was stopped before its last episode.
        episodes: the episodes themselves, where ``keep=True`` asked for them.
    """

    steps: np.ndarray
    success: np.ndarray
    optimality: np.ndarray
    total_reward: np.ndarray
    library_size: np.ndarray
    uses: np.ndarray
    exploring: np.ndarray
    made_by: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    episodes: list[Episode] = field(default_factory=list)

    @property
    def frames(self) -> np.ndarray:
        """Steps taken so far, cumulative."""
        return np.cumsum(self.steps)

    def __len__(self) -> int:
        return len(self.steps)


def train(agent: Learner, env: gym.Env, episodes: int = 100, progress: bool = True, seed: int = 0,
          keep: bool = False) -> TrainingLog:
    """Let an agent play and learn; episode ``i`` is played with seed ``seed + i``.

    An interrupt (the stop button, Ctrl-C) ends training early and returns the log of all finished episodes.

    Args:
        progress: show a progress bar.
        keep: keep the episodes in ``log.episodes``, for replays.

    Raises:
        ValueError: for less than one episode or a negative seed; TypeError: for an agent that cannot play.

    Warns:
        UserWarning: where success seems to mean something else than it should; see :func:`doubt_of_success`.
    """
    whole(episodes, "episodes", least=1)
    whole(seed, "seed")
    return play_all(agent, env, range(seed, seed + episodes), True, progress, keep)


def evaluate(agent: Learner, env: gym.Env, seeds: Iterable[int] = UNSEEN, progress: bool = False,
             keep: bool = False) -> TrainingLog:
    """Let a copy of an agent play one episode a seed without learning; the agent itself stays as it was."""
    seeds = list(seeds)
    if not seeds:
        raise ValueError("seeds: at least one is needed, got none")
    return play_all(copy.deepcopy(agent), env, seeds, False, progress, keep)


def play_all(agent: Learner, env: gym.Env, seeds: Sequence[int], learn: bool, progress: bool,
             keep: bool) -> TrainingLog:
    """One episode a seed, and the log of it."""
    if not callable(getattr(agent, "run_episode", None)):
        raise TypeError(f"agent: run_episode(env, seed, learn) is needed, {type(agent).__name__} has none")
    made_by = provenance(agent, env, seeds, learn)
    rows, kept, interrupted = [], [], False
    try:
        for seed in tqdm(seeds, "episodes", disable=not progress, file=sys.stdout):
            episode = agent.run_episode(env, seed=int(seed), learn=learn)
            rows.append(measure(agent, episode))
            kept += [episode] if keep else []
    except KeyboardInterrupt:
        interrupted = True
    return as_log(rows, made_by, interrupted, kept)


def measure(agent: Learner, episode: Episode) -> tuple:
    """The numbers of one episode, in the order of :class:`TrainingLog`'s arrays."""
    return (episode.steps, episode.success, episode.optimality, episode.total_reward,
            len(getattr(agent, "library", ())), len(episode.invocations), episode.exploring_steps)


def as_log(rows: Sequence[tuple], made_by: dict[str, Any], interrupted: bool,
           kept: list[Episode]) -> TrainingLog:
    """Rows of :func:`measure` as arrays."""
    kinds = (int, bool, float, float, int, int, int)
    arrays = [np.array([row[i] for row in rows], dtype=kind) for i, kind in enumerate(kinds)]
    arrays[5] = np.cumsum(arrays[5])
    log = TrainingLog(*arrays, made_by=made_by, interrupted=interrupted, episodes=kept)
    doubt = doubt_of_success(log) if made_by.get("learn") and "success" in made_by else ""
    if doubt:
        warnings.warn(f"{doubt}: success means a step that terminates with a positive reward, unless the agent is "
                      "given succeeded=; diagnose(agent, env) plays a little and says what it sees",
                      stacklevel=4)  # the line that called train
    return log


def doubt_of_success(log: TrainingLog) -> str:
    """Why success may not mean what was wanted; an empty text where nothing tells, or in less than ENOUGH episodes.

    Either no episode succeeded; or all did, whatever was done in them: each ended with its first step, or the return
    was the longer the better, so that every step was paid and any end of an episode counts as a success.
    """
    if len(log) < ENOUGH:
        return ""
    if not log.success.any():
        return f"none of {len(log)} episodes counted as a success"
    by_step = log.total_reward / log.steps.clip(1)
    paid_by_step = np.ptp(log.steps) > 0 and by_step.min() > 0 and np.allclose(by_step, by_step[0])
    if log.success.all() and (log.steps.max() == 1 or paid_by_step):
        return f"every one of {len(log)} episodes counted as a success, whatever was done in it"
    return ""


def provenance(agent: Learner, env: gym.Env, seeds: Sequence[int], learn: bool) -> dict[str, Any]:
    """What is needed to make a log again: versions, seeds, and the settings of agent and environment."""
    if isinstance(agent, type):
        raise TypeError(f"agent: an agent is needed, got the class {agent.__name__}: make one of it")
    if not isinstance(env, gym.Env):
        raise TypeError(f"env: a Gymnasium environment is needed, got {type(env).__name__}")
    packages = ("procmem-lite", "numpy", "gymnasium")
    judge = getattr(agent, "succeeded", None)  # a baseline has none, and nobody can give it one
    generator = getattr(getattr(agent, "memory", agent), "rng", None)
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "agent": {"class": type(agent).__name__} | settings_of(agent),
        "agent_seed": getattr(generator and generator.bit_generator.seed_seq, "entropy", None),
        "environment": {"class": type(env.unwrapped).__name__} | settings_of(env.unwrapped),
        "seeds": [whole(seed, "seeds") for seed in seeds],
        "learn": learn,
    } | ({"success": getattr(judge, "__name__", type(judge).__name__)} if judge else {})


@functools.cache
def version(package: str) -> str:
    """The installed version of a package; looked up once, for that takes as long as ten steps."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"  # imported from its folder


def settings_of(thing: object) -> dict[str, Any]:
    """The public attributes that are plain values; of an explorer, its class."""
    known = vars(thing) | vars(getattr(thing, "settings", None) or SimpleNamespace())
    plain = {name: value for name, value in known.items()
             if not name.startswith("_") and isinstance(value, (bool, int, float, str))}
    explorer = getattr(getattr(thing, "memory", None), "explorer", None)
    return plain | ({"explorer": type(explorer).__name__} if explorer is not None else {})


def grid(**values: Iterable[Any]) -> list[dict[str, Any]]:
    """Every combination of the values given: ``grid(size=[5, 8], ban=[True])`` has two."""
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def sweep(run: Callable[..., Mapping[str, Any]], settings: Sequence[Mapping[str, Any]], seeds: Iterable[int],
          n_jobs: int = -1, progress: bool = True) -> list[dict[str, Any]]:
    """``run(seed=seed, **setting)`` for every setting and seed, over all cores.

    Local processes do the work, unless ``joblib.parallel_config`` names another backend (Dask, Ray). The rows
    and their order do not depend on ``n_jobs``.

    Args:
        run: returns a mapping of what it measured.

    Returns:
        One row for each call: the setting, the seed, and what was measured.
    """
    seeds = list(seeds)
    jobs = [(setting, int(seed)) for setting in settings for seed in seeds]
    if not jobs:
        raise ValueError("settings, seeds: at least one of each is needed")
    results = joblib.Parallel(n_jobs, return_as="generator")(
        joblib.delayed(run)(seed=seed, **setting) for setting, seed in jobs)
    bar = tqdm(results, "runs", total=len(jobs), disable=not progress, file=sys.stdout)
    return [{**setting, "seed": seed, **result} for (setting, seed), result in zip(jobs, bar, strict=True)]
