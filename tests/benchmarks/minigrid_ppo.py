"""PPO on MiniGrid, for chapter 8: how many frames until 95 of 100 unseen layouts succeed, seed by seed.

    pip install ".[rivals]"          (of PyTorch, a CPU build is enough)
    python tests/benchmarks/minigrid_ppo.py --view partial --seeds 20

The network and the settings are those of rl-starter-files (Willems, MiniGrid's own starter code), run by
stable-baselines3. Each seed is written as soon as it is done; seeds already in the file are not run again.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
import time
from argparse import ArgumentParser
from collections import deque
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite.lab.training import UNSEEN
from procmem_lite.worlds import minigrid

ENVIRONMENT = "MiniGrid-DoorKey-6x6-v0"
DATA = Path(__file__).resolve().parents[2] / "notebooks" / "data"
SETTINGS = {"n_steps": 128, "batch_size": 256, "n_epochs": 4, "learning_rate": 1e-3, "gamma": 0.99, "gae_lambda": 0.95,
            "ent_coef": 0.01, "vf_coef": 0.5, "max_grad_norm": 0.5, "clip_range": 0.2, "clip_range_vf": 0.2}
ENVIRONMENTS = 16  # played at once
ROLLOUT = ENVIRONMENTS * SETTINGS["n_steps"]
TEST_EVERY = 8 * ROLLOUT  # frames between two looks at the unseen layouts
WORTH_TESTING = 0.8  # share of the last 100 training episodes that succeeded
PASS, PASSES = 0.95, 3  # a seed is done once so many tests in a row are passed
FACTS = ("carrying key", "carrying nothing", "locked door locked", "locked door closed", "locked door open")
THINGS = ("key", "locked door", "goal")


class PartialView(gym.ObservationWrapper):
    """What MiniGrid shows its agents: the 7 x 7 cells in front, three numbers each."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.observation_space = gym.spaces.Box(0, 10, (3, 7, 7), np.float32)

    def observation(self, observation: dict[str, Any]) -> np.ndarray:
        """Channels first, as PyTorch wants it."""
        return np.moveaxis(observation["image"], -1, 0).astype(np.float32)


class SameFacts(gym.ObservationWrapper):
    """What our agent's ``perceive`` gives it on DoorKey, as one vector: facts, displacements, what is next to it."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(minigrid.without_view(env))
        self.observation_space = gym.spaces.Box(-1, 1, (len(FACTS) + 3 * len(THINGS) + 4,), np.float32)

    def observation(self, observation: dict[str, Any]) -> np.ndarray:
        """Facts as 0 or 1; for each thing whether it is there and its displacement; which neighbours are free."""
        percept = minigrid.perceive(self.env)
        scale = self.env.unwrapped.width
        numbers = [fact in percept.facts for fact in FACTS]
        for thing in THINGS:
            forward, right = percept.objects.get(thing, (0, 0))
            numbers += [thing in percept.objects, forward / scale, right / scale]
        return np.array([*numbers, *map(bool, percept.around.values())], dtype=np.float32)


VIEWS = {"partial": PartialView, "facts": SameFacts}


class Convolutions(BaseFeaturesExtractor):
    """Three small convolutions over the 7 x 7 view, 64 numbers in the end."""

    def __init__(self, space: gym.spaces.Box) -> None:
        super().__init__(space, 64)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 16, 2), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Conv2d(16, 32, 2),
            torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 2), torch.nn.ReLU(), torch.nn.Flatten())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """From views to features."""
        return self.layers(observations)


class Progress(BaseCallback):
    """Writes down the share of successes while training, tests on unseen layouts, and stops when done."""

    def __init__(self, view: str, environment: str) -> None:
        super().__init__()
        self.view, self.environment = view, environment
        self.recent: deque[bool] = deque(maxlen=100)
        self.curve: list[tuple[int, float]] = []
        self.tests: list[tuple[int, float]] = []

    def _on_step(self) -> bool:
        for info, done in zip(self.locals["infos"], self.locals["dones"]):
            if done:
                self.recent.append(info["episode"]["r"] > 0)
        return True

    def _on_rollout_start(self) -> None:
        if self.num_timesteps == 0 or self.num_timesteps % TEST_EVERY:
            return
        rate = float(np.mean(self.recent)) if self.recent else 0.0
        self.curve.append((self.num_timesteps, round(rate, 3)))
        if rate >= WORTH_TESTING:
            self.tests.append((self.num_timesteps, success(self.model, self.view, self.environment)))

    def is_done(self) -> bool:
        """Whether the last tests were all passed."""
        last = self.tests[-PASSES:]
        return len(last) == PASSES and all(rate >= PASS for _, rate in last)


def success(model: PPO, view: str, environment: str) -> float:
    """Share of the unseen layouts that the policy solves, its actions drawn as in training."""
    envs = [VIEWS[view](gym.make(environment)) for _ in UNSEEN]
    seen = {index: env.reset(seed=seed)[0] for index, (env, seed) in enumerate(zip(envs, UNSEEN))}
    solved = 0
    while seen:
        actions, _ = model.predict(np.stack(list(seen.values())), deterministic=False)
        for index, action in zip(list(seen), actions):
            seen[index], reward, terminated, truncated, _ = envs[index].step(int(action))
            if terminated or truncated:
                solved += reward > 0
                del seen[index]
    return solved / len(envs)


def run(seed: int, view: str, environment: str, limit: int) -> dict[str, Any]:
    """Train one seed until it is done or the limit is reached."""
    started = time.perf_counter()
    env = make_vec_env(environment, ENVIRONMENTS, seed=seed, wrapper_class=VIEWS[view])
    network: dict[str, Any] = {"net_arch": [64], "activation_fn": torch.nn.Tanh}
    if view == "partial":
        network["features_extractor_class"] = Convolutions
    model = PPO("MlpPolicy", env, seed=seed, policy_kwargs=network, device="cpu", **SETTINGS)
    progress = Progress(view, environment)
    while model.num_timesteps < limit and not progress.is_done():
        model.learn(TEST_EVERY, callback=progress, reset_num_timesteps=model.num_timesteps == 0)
    passed = [frames for frames, rate in progress.tests if rate >= PASS]
    return {"seed": seed, "first": passed[0] if passed else None,
            "held": progress.tests[-PASSES][0] if progress.is_done() else None,
            "curve": progress.curve, "tests": progress.tests, "frames": model.num_timesteps,
            "seconds": round(time.perf_counter() - started)}


def made_by(view: str, environment: str, limit: int) -> dict[str, Any]:
    """What is needed to repeat the runs."""
    packages = ("stable-baselines3", "torch", "gymnasium", "minigrid", "numpy")
    return {"environment": environment, "view": view, "environments": ENVIRONMENTS, "settings": SETTINGS,
            "limit": limit, "unseen": [UNSEEN[0], UNSEEN[-1]], "pass": PASS, "test_every": TEST_EVERY,
            "worth_testing": WORTH_TESTING, "python": platform.python_version(),
            "versions": {name: importlib.metadata.version(name) for name in packages}}


def main() -> None:
    """Run the seeds that are not in the file yet."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", default=ENVIRONMENT)
    parser.add_argument("--view", choices=VIEWS, default="partial")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=int, default=1_500_000, help="frames after which a seed is given up")
    parser.add_argument("--file", type=Path, help="where the results go")
    options = parser.parse_args()
    torch.set_num_threads(1)
    file = options.file or DATA / f"ppo_{options.view}.json"
    about = made_by(options.view, options.environment, options.limit)
    runs = json.loads(file.read_text())["runs"] if file.exists() else []
    for seed in sorted(set(range(options.seeds)) - {each["seed"] for each in runs}):
        runs.append(run(seed, options.view, options.environment, options.limit))
        print({name: value for name, value in runs[-1].items() if name not in ("curve", "tests")}, flush=True)
        lines = ",\n".join(json.dumps(each) for each in sorted(runs, key=lambda each: each["seed"]))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'{{"made_by": {json.dumps(about)},\n"runs": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
