"""What the agent reaches with missions in roles: instructions, colours it has not seen, keys and balls in the way.

    python tests/benchmarks/missions.py            20 seeds, 100 unseen layouts each
    python tests/benchmarks/missions.py --quick    4 seeds, 20 layouts
"""

from __future__ import annotations

import contextlib
import io
import itertools
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

from procmem_lite import ProceduralMemoryAgent
from procmem_lite.lab.experiments import unseen
from procmem_lite.lab.statistics import column, mean_interval
from procmem_lite.lab.training import UNSEEN, evaluate, sweep
from procmem_lite.worlds import minigrid

ASKED = ("GoToObject-6x6-N2", "Fetch-8x8-N3", "PutNear-6x6-N2", "PutNear-8x8-N3", "GoToDoor-8x8")
BABY = ("GoToLocalS8N7", "PutNextLocalS5N3", "PickupLoc", "PickupDist", "OpenDoor", "PutNextS5N2")
COLOURS = ("Unlock", "UnlockPickup", "KeyCorridorS3R1")
LONG = ("BlockedUnlockPickup", "KeyCorridorS3R3", "ObstructedMaze-1Dlh")
EPISODES = dict.fromkeys((*ASKED, *BABY), 40) | dict.fromkeys((*COLOURS, *LONG), 60)
FRAMES = 60_000  # no training takes more
WINDOW, WON = 10, 9  # learned: so many of so many episodes in a row


def make(name: str) -> gym.Env:
    """An environment of MiniGrid or BabyAI, without the partial view, which would take most of the time."""
    return minigrid.without_view(gym.make(f"{'BabyAI' if name in BABY else 'MiniGrid'}-{name}-v0"))


def quietly(run: Callable[..., Row]) -> Callable[..., Row]:
    """The same, without what MiniGrid prints of layouts that it threw away."""
    def quiet(*arguments: Any, **settings: Any) -> Row:
        with contextlib.redirect_stdout(io.StringIO()):
            return run(*arguments, **settings)
    return quiet


def learn(agent: ProceduralMemoryAgent, env: gym.Env, seeds: list[int]) -> tuple[int, float]:
    """Let an agent learn; all its frames, and those until it had won nine of ten episodes (inf: never)."""
    frames, won, until = 0, [], np.inf
    for seed in seeds:
        episode = agent.run_episode(env, seed=seed)
        frames += episode.steps
        won.append(episode.success)
        if sum(won[-WINDOW:]) >= WON:
            until = min(until, frames)
        if frames >= FRAMES:
            break
    return frames, until


def on_itself(seed: int, name: str, tests: int) -> Row:
    """Trained and tested in the same environment."""
    agent, env = ProceduralMemoryAgent(7, minigrid.perceive_mission, seed), make(name)
    frames, until = learn(agent, env, [1000 * seed + number for number in range(EPISODES[name])])
    test = evaluate(agent, env, unseen(seed, tests))
    return {"frames": frames, "until": until, "success": test.success.mean(), "steps": test.steps.mean()}


def of_colour(env: gym.Env, red: bool, first: int, number: int) -> list[int]:
    """Seeds of layouts whose locked door is red, or is not."""
    def is_red(seed: int) -> bool:
        env.reset(seed=seed)
        return any(thing is not None and thing.type == "door" and thing.is_locked and thing.color == "red"
                   for thing in env.unwrapped.grid.grid)
    return list(itertools.islice((seed for seed in itertools.count(first) if is_red(seed) == red), number))


def to_other_colours(seed: int, name: str, tests: int) -> Row:
    """Trained where the locked door is red, tested on the five other colours."""
    agent, env = ProceduralMemoryAgent(7, minigrid.perceive_mission, seed), make(name)
    frames, until = learn(agent, env, of_colour(env, True, 10_000 * seed, EPISODES[name]))
    test = evaluate(agent, env, of_colour(env, False, UNSEEN[0] + 10_000 * seed, tests))
    return {"frames": frames, "until": until, "success": test.success.mean(), "steps": test.steps.mean()}


def told(found: list[Row]) -> str:
    """What stands beside a result."""
    values = column(found, "success")
    return (f"{mean_interval(values)}, worst {values.min():.2f}; {column(found, 'steps').mean():.1f} steps; "
            f"at most {column(found, 'frames').max()} frames")


def measure(seeds: range, tests: int, n_jobs: int) -> list[Row]:
    """All rows."""
    def over(run: Callable, name: str) -> list[Row]:
        return sweep(quietly(run), [{"name": name, "tests": tests}], seeds, n_jobs, progress=False)

    rows, most = [], len(seeds) // 20  # seeds that may fall short: one in twenty
    for name in ASKED:
        found = over(on_itself, name)
        perfect, until = column(found, "success") == 1, column(found, "until")
        rows.append(row(f"{name}: seeds in which all unseen layouts succeed", perfect.mean(), "all but 1 in 20", "1.00",
                        (~perfect).sum() <= most, perfect.all(), told(found)))
        typical = float(np.median(until))
        rows.append(row(f"{name}: frames until {WON} of {WINDOW} episodes succeed, median", typical, "<= 400", "<= 200",
                        typical <= 400, typical <= 200, f"{until.min():g} to {until.max():g}"))
    rows += group("BabyAI", BABY, [over(on_itself, name) for name in BABY], 0.95, 0.98, spare=1)
    for name in COLOURS:
        found = over(to_other_colours, name)
        values = column(found, "success")
        rows.append(row(f"{name}, trained on red: success in five other colours", values.mean(), ">= 0.98", "1.00",
                        values.mean() >= 0.98, values.mean() > 0.9995, told(found)))
    return rows + group("MiniGrid", LONG, [over(on_itself, name) for name in LONG], 0.9, 0.9, spare=1)


def group(of: str, names: tuple[str, ...], results: list[list[Row]], bar: float, aim: float, spare: int) -> list[Row]:
    """A line for each world, and one for the bar, which all but some of them must reach."""
    means = np.array([column(found, "success").mean() for found in results])
    rows = [row(f"{of} {name}, trained on itself: success", mean, "(see below)", f">= {aim}", True, mean >= aim,
                told(found)) for name, mean, found in zip(names, means, results, strict=True)]
    enough, wanted = int((means >= bar).sum()), len(names) - spare
    return [*rows, row(f"{of}: of these {len(names)}, worlds with success >= {bar}", enough, f">= {wanted}",
                       f"{len(names)}" if aim == bar else f"{len(names)}, {aim}", enough >= wanted,
                       bool((means >= aim).all()))]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="4 seeds and 20 unseen layouts instead of 20 and 100")
    parser.add_argument("--seeds", type=int, help="so many seeds")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; as many as there are cores unless given")
    options = parser.parse_args(arguments)
    seeds, tests = range(options.seeds or (4 if options.quick else 20)), 20 if options.quick else 100
    rows = measure(seeds, tests, options.jobs)
    print(f"Missions, {len(seeds)} seeds, {tests} unseen layouts each\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "missions", "seeds": len(seeds), "tests": tests, "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
