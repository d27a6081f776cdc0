"""Tabular Q-learning on MiniGrid with the very facts and displacements that our agent gets, for chapter 8.

    python tests/benchmarks/minigrid_q_learning.py --seeds 20

Frames until 95 of 100 unseen layouts succeed, seed by seed. Each seed is written as soon as it is done; seeds that are
in the file already are not run again.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite.lab.baselines import QLearningAgent
from procmem_lite.lab.training import UNSEEN
from procmem_lite.worlds import minigrid

ENVIRONMENT = "MiniGrid-DoorKey-6x6-v0"
FILE = Path(__file__).resolve().parents[2] / "notebooks" / "data" / "q_learning.json"
SETTINGS = {"alpha": 0.5, "gamma": 0.99, "epsilon": (0.2, 0.02), "decay": 200_000}
TEST_EVERY = 25_000  # frames between two looks at the unseen layouts
WORTH_TESTING = 0.8  # share of the last 100 training episodes that succeeded
PASS, PASSES = 0.95, 3  # a seed is done once so many tests in a row are passed


def success(agent: QLearningAgent, env: gym.Env) -> float:
    """Share of the unseen layouts that the greedy policy solves."""
    return float(np.mean([agent.run_episode(env, seed=seed, learn=False).success for seed in UNSEEN]))


def run(seed: int, environment: str, limit: int) -> dict[str, Any]:
    """Train one seed until it is done or the limit is reached."""
    started = time.perf_counter()
    env = minigrid.without_view(gym.make(environment))
    agent = QLearningAgent(seed, n_actions=7, perceive=minigrid.perceive, **SETTINGS)
    recent, curve, tests, episodes = [], [], [], 0
    while agent.taken < limit and not (len(tests) >= PASSES and min(rate for _, rate in tests[-PASSES:]) >= PASS):
        recent = [*recent[-99:], agent.run_episode(env, seed=seed * 100_000 + episodes).success]
        episodes += 1
        if agent.taken // TEST_EVERY > len(curve):
            rate = float(np.mean(recent))
            curve.append((agent.taken, round(rate, 3)))
            if rate >= WORTH_TESTING:
                tests.append((agent.taken, success(agent, env)))
    passed = [frames for frames, rate in tests if rate >= PASS]
    return {"seed": seed, "first": passed[0] if passed else None, "held": tests[-PASSES][0] if len(passed) >= PASSES
            and agent.taken < limit else None, "curve": curve, "tests": tests, "frames": agent.taken,
            "states": len(agent.values), "seconds": round(time.perf_counter() - started)}


def main() -> None:
    """Run the seeds that are not in the file yet."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", default=ENVIRONMENT)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--limit", type=int, default=2_000_000, help="frames after which a seed is given up")
    parser.add_argument("--file", type=Path, default=FILE, help="where the results go")
    options = parser.parse_args()
    about = {"environment": options.environment, "settings": SETTINGS, "limit": options.limit, "pass": PASS,
             "unseen": [UNSEEN[0], UNSEEN[-1]], "test_every": TEST_EVERY, "worth_testing": WORTH_TESTING,
             "python": platform.python_version(),
             "versions": {name: importlib.metadata.version(name) for name in ("gymnasium", "minigrid", "numpy")}}
    runs = json.loads(options.file.read_text())["runs"] if options.file.exists() else []
    for seed in sorted(set(range(options.seeds)) - {each["seed"] for each in runs}):
        runs.append(run(seed, options.environment, options.limit))
        print({name: value for name, value in runs[-1].items() if name not in ("curve", "tests")}, flush=True)
        lines = ",\n".join(json.dumps(each) for each in sorted(runs, key=lambda each: each["seed"]))
        options.file.parent.mkdir(parents=True, exist_ok=True)
        options.file.write_text(f'{{"made_by": {json.dumps(about)},\n"runs": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
