"""What the agent reaches on MiniGrid, trained on small rooms and tested on layouts and sizes it has not seen.

    python tests/benchmarks/minigrid_agent.py            20 seeds, 100 unseen layouts each
    python tests/benchmarks/minigrid_agent.py --quick    4 seeds, 20 layouts
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from learning import Row, row, show

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import ProceduralMemoryAgent, train
from procmem_lite.lab.baselines import doorkey_steps
from procmem_lite.lab.experiments import unseen
from procmem_lite.lab.statistics import column, mean_interval
from procmem_lite.lab.training import evaluate, sweep
from procmem_lite.worlds import minigrid

DATA = Path(__file__).resolve().parents[2] / "notebooks" / "data"
OTHERS = ("MiniGrid-Unlock-v0", "MiniGrid-UnlockPickup-v0", "MiniGrid-KeyCorridorS3R1-v0")
EPISODES = {"MiniGrid-DoorKey-6x6-v0": 60} | dict.fromkeys(OTHERS, 100)
PASS, PASSES = 0.95, 3


def make(name: str, view: bool = False) -> gym.Env:
    """An environment; without the partial view, which would take most of the time, unless somebody looks at it."""
    return gym.make(name) if view else minigrid.without_view(gym.make(name))


def shortest(env: gym.Env, seed: int) -> int:
    """Fewest actions that solve a layout."""
    env.reset(seed=seed)
    return doorkey_steps(env)


def learning_time(seed: int, tests: int) -> Row:
    """Frames on DoorKey-6x6 until the unseen layouts are solved in three tests in a row, one test an episode."""
    agent, env = ProceduralMemoryAgent(7, minigrid.perceive, seed), make("MiniGrid-DoorKey-6x6-v0")
    frames, passed = 0, []
    for number in range(EPISODES["MiniGrid-DoorKey-6x6-v0"]):
        frames += agent.run_episode(env, seed=seed * 1000 + number).steps
        if evaluate(agent, env, unseen(seed, tests)).success.mean() >= PASS:
            passed.append(frames)
        else:
            passed = []
        if len(passed) == PASSES:
            break
    return {"frames": passed[0] if passed else np.inf}


def transfer(seed: int, tests: int) -> Row:
    """Trained on DoorKey-6x6, tested without further learning on larger ones."""
    agent = ProceduralMemoryAgent(7, minigrid.perceive, seed)
    log = train(agent, make("MiniGrid-DoorKey-6x6-v0"), EPISODES["MiniGrid-DoorKey-6x6-v0"], False, seed * 1000)
    found = {"frames": int(log.frames[-1])}
    for size in ("8x8", "16x16"):
        env = make(f"MiniGrid-DoorKey-{size}-v0")
        test = evaluate(agent, env, unseen(seed, tests))
        best = np.mean([shortest(env, layout) for layout in unseen(seed, tests)])
        found |= {f"{size} success": test.success.mean(), f"{size} ratio": test.steps.mean() / best}
    return found


def on_itself(seed: int, name: str, tests: int) -> Row:
    """Trained and tested in the same environment."""
    agent = ProceduralMemoryAgent(7, minigrid.perceive, seed)
    log = train(agent, make(name), EPISODES[name], False, seed * 1000)
    return {"frames": int(log.frames[-1]), "success": evaluate(agent, make(name), unseen(seed, tests)).success.mean()}


def through_its_view(seed: int, tests: int) -> Row:
    """Seeing only MiniGrid's own 7 by 7 view: trained on DoorKey-6x6, tested on 8x8."""
    agent = ProceduralMemoryAgent(7, minigrid.perceive_view, seed)
    log = train(agent, make("MiniGrid-DoorKey-6x6-v0", view=True), EPISODES["MiniGrid-DoorKey-6x6-v0"], False,
                seed * 1000)
    test = evaluate(agent, make("MiniGrid-DoorKey-8x8-v0", view=True), unseen(seed, tests))
    return {"frames": int(log.frames[-1]), "success": test.success.mean(), "steps": test.steps.mean()}


def rival(name: str) -> np.ndarray:
    """Frames that a rival's stored runs took, inf where it never got there."""
    runs = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["runs"]
    return np.array([run["first"] or np.inf for run in runs])


def measure(seeds: range, tests: int, n_jobs: int) -> list[Row]:
    """All rows."""
    def over(run: Callable, **setting: Any) -> list[Row]:
        return sweep(run, [setting], seeds, n_jobs, progress=False)

    frames = column(over(learning_time, tests=tests), "frames")
    typical, worst = np.median(frames), frames.max()
    rows = [row("DoorKey-6x6: frames until 95 % of unseen layouts succeed, median", typical, "<= 5000", "<= 1000",
                typical <= 5000, typical <= 1000, f"{frames.min():g} to {worst:g}"),
            row("the same, worst seed", worst, "<= 15000", "<= 3000", worst <= 15000, worst <= 3000)]
    found = over(transfer, tests=tests)
    trained = f"trained for {column(found, 'frames').min()} to {column(found, 'frames').max()} frames"
    for size in ("8x8", "16x16"):
        values = column(found, f"{size} success")
        rows.append(row(f"DoorKey-6x6 -> {size}: success", values.mean(), ">= 0.98", "1.00",
                        values.mean() >= 0.98 and values.min() >= 0.95, values.mean() > 0.9995,
                        f"{mean_interval(values)}, worst {values.min():.2f}; {trained}"))
    ratio = column(found, "16x16 ratio")
    rows.append(row("DoorKey-6x6 -> 16x16: steps / shortest path", ratio.mean(), "<= 1.20", "<= 1.03",
                    ratio.mean() <= 1.2, ratio.mean() <= 1.03, f"{mean_interval(ratio)}, worst {ratio.max():.3f}"))
    for name, title, least, aim in (("ppo_partial", "PPO's, 7x7 view", 50, 300),
                                    ("ppo_facts", "PPO's, same facts", 0, 0),
                                    ("q_learning", "Q-learning's, same facts", 5, 20)):
        if (DATA / f"{name}.json").exists():
            theirs = rival(name)
            share = typical / np.median(theirs)
            rows.append(row(f"DoorKey-6x6: frames / {title}", share, f"<= 1/{least}" if least else "(told)",
                            f"<= 1/{aim}" if aim else "", not least or share <= 1 / least, not aim or share <= 1 / aim,
                            f"medians {typical:g}, {np.median(theirs):g}; {len(theirs)} seeds of theirs"))
    found = over(through_its_view, tests=tests)
    values = column(found, "success")
    rows.append(row("7x7 view only, DoorKey-6x6 -> 8x8: success", values.mean(), ">= 0.90", ">= 0.99",
                    values.mean() >= 0.9, values.mean() >= 0.99, f"{mean_interval(values)}, worst {values.min():.2f}; "
                    f"at most {column(found, 'frames').max()} frames"))
    for name in OTHERS:
        found = over(on_itself, name=name, tests=tests)
        values = column(found, "success")
        rows.append(row(f"{name.split('-')[1]}, trained on itself: success", values.mean(), ">= 0.90", ">= 0.99",
                        values.mean() >= 0.9, values.mean() >= 0.99, f"{mean_interval(values)}, worst "
                        f"{values.min():.2f}; at most {column(found, 'frames').max()} frames"))
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4 seeds and 20 unseen layouts instead of 20 and 100")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; as many as there are cores unless given")
    options = parser.parse_args(arguments)
    seeds, tests = (range(4), 20) if options.quick else (range(20), 100)
    rows = measure(seeds, tests, options.jobs)
    print(f"MiniGrid, {len(seeds)} seeds, {tests} unseen layouts each\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "minigrid", "seeds": len(seeds), "tests": tests, "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
