"""What the agent learns: every row with its bar, its aim, what was measured over the seeds, and an interval."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train
from procmem_lite.lab.baselines import CompassAgent, RandomAgent, q_learning
from procmem_lite.lab.experiments import learn_and_test, unseen
from procmem_lite.lab.original import Moved, OriginalAgent
from procmem_lite.lab.statistics import column, episodes_until, longest_failure, mean_interval, paired_difference
from procmem_lite.lab.training import evaluate, grid, sweep
from procmem_lite.worlds.gridworld import encode, transition_table

Row = dict[str, Any]


def row(test: str, measured: float, at_least: str, aim: str, holds: bool, reaches: bool, spread: str = "") -> Row:
    """One line of the table."""
    return {"test": test, "measured": float(f"{measured:.4g}"), "at least": at_least, "aim": aim,
            "holds": bool(holds), "aim reached": bool(reaches), "spread": spread}


def spread(values: np.ndarray) -> str:
    """Mean, its 95 % interval over seeds, and the worst seed."""
    return f"mean {mean_interval(values)}, worst {values.min():.3f}"


def all_but_one_in_twenty(values: np.ndarray, worst: Callable = np.sort) -> float:
    """The value that 19 of 20 seeds reach, when higher is better."""
    return float(worst(values)[len(values) // 20])


def fixed_world(seed: int, episodes: int) -> Row:
    """Steps in the published world, episode by episode."""
    agent = ProceduralMemoryAgent(6, perceive, seed)
    log = train(agent, GridWorld("fixed", 5), episodes, progress=False, seed=seed * episodes)
    solved = episodes_until(log.success, True)  # from this episode on, all succeed
    until = episodes_until(log.steps, 10)
    return {"until best": until, "longest_failure": longest_failure(log.success),
            "steps to solve": int(log.frames[solved]), "steps to best": int(log.frames[max(until, 1) - 1])}


def baseline(seed: int, name: str, layout: str, size: int, tests: int) -> Row:
    """What an agent without memory reaches on the same layouts."""
    agent = {"compass": CompassAgent(seed), "compass that remembers": CompassAgent(seed, remembers=True),
             "random": RandomAgent(seed)}[name]
    log = evaluate(agent, GridWorld(layout, size), unseen(seed, tests))
    return {"success": log.success.mean(), "optimality": log.optimality.mean()}


def best_q_learning(seeds: range, within: int) -> tuple[str, np.ndarray]:
    """The settings with the fewest steps until Q-learning's way to the goal stays ``within`` a length, all seeds."""
    env = GridWorld("fixed", 5)
    env.reset(seed=0)
    start = encode(5, env.layout.start, False, False)
    found = {}
    for setting in grid(alpha=[0.1, 0.5, 1.0], epsilon=[0.02, 0.1, 0.3], gamma=[0.95, 0.99]):
        runs = [q_learning(transition_table(env.layout), start, seed, within=within, **setting).steps for seed in seeds]
        found[str(setting)] = np.array([np.inf if steps is None else steps for steps in runs])
    return min(found.items(), key=lambda item: np.median(item[1]))


def recipe(seed: int) -> Row:
    """The published recipe: trained as published, then on moved layouts, with and without its skills."""
    agent = OriginalAgent(seed)
    log = train(agent, GridWorld("fixed", 5, rewards="original"), 15, progress=False)
    moved = Moved(GridWorld("fixed", 5, rewards="original"))
    used = evaluate(agent, moved, unseen(seed, 100))
    agent.use_skills = False
    unused = evaluate(agent, moved, unseen(seed, 100))
    return {"steps": log.steps, "with": used.success.mean(), "without": unused.success.mean()}


def measure(seeds: range, tests: int, n_jobs: int) -> list[Row]:
    """All rows."""
    def over(run: Callable, **setting: Any) -> list[Row]:
        return sweep(run, [setting], seeds, n_jobs, progress=False)

    rows = []
    fixed = over(fixed_world, episodes=30)
    until = column(fixed, "until best")
    late = -all_but_one_in_twenty(-until)
    rows.append(row("fixed 5x5: episodes until every further one takes 10 steps, 19 of 20 seeds", late, "<= 10",
                    "<= 3", late <= 10, late <= 3, f"median {np.median(until):g}, worst {until.max()}"))
    trained = {}
    for layout, small, episodes in (("open", 5, 20), ("rooms", 6, 100), ("walls", 8, 200)):
        trained[layout] = over(learn_and_test, layout=layout, small=small, large=16, episodes=episodes, tests=tests)
    success = {layout: column(found, "success") for layout, found in trained.items()}
    ratio = {layout: column(found, "optimality") for layout, found in trained.items()}

    value = ratio["open"].mean()
    rows.append(row("open 5 -> 16: shortest / steps", value, ">= 0.98", "1.00", value >= 0.98, value > 0.9995,
                    spread(ratio["open"])))
    value = success["rooms"].mean()
    rows.append(row("rooms 6 -> 16: success", value, ">= 0.98", "1.00", value >= 0.98, value > 0.9995,
                    spread(success["rooms"])))
    value = all_but_one_in_twenty(ratio["rooms"])
    rows.append(row("rooms 6 -> 16: shortest / steps, 19 of 20 seeds", value, ">= 0.75", ">= 0.95", value >= 0.75,
                    value >= 0.95, spread(ratio["rooms"])))
    value = success["walls"].mean()
    rows.append(row("walls 8 -> 16: success", value, ">= 0.95", ">= 0.99", value >= 0.95, value >= 0.99,
                    spread(success["walls"])))
    value = ratio["walls"].mean()
    rows.append(row("walls 8 -> 16: shortest / steps", value, ">= 0.65", ">= 0.90", value >= 0.65, value >= 0.90,
                    spread(ratio["walls"])))
    for name in ("compass", "compass that remembers"):
        other = column(over(baseline, name=name, layout="walls", size=16, tests=tests), "optimality")
        ours, theirs = mean_interval(ratio["walls"]), mean_interval(other)
        apart = bool(ours.low > theirs.high)
        rows.append(row(f"walls 16: above the {name} (difference of shortest / steps)", ours.value - theirs.value,
                        "intervals apart" if name == "compass" else "(told for comparison)", "", apart, apart,
                        f"{name} {theirs}; paired {paired_difference(ratio['walls'], other)}"))
    for what, name, within in (("it succeeds", "steps to solve", 250), ("it is the shortest", "steps to best", 10)):
        setting, steps = best_q_learning(seeds, within)
        ours = column(fixed, name)
        value = np.median(ours) / np.median(steps)
        rows.append(row(f"training steps until {what} / tabular Q-learning's, fixed 5x5", value, "<= 1/5", "<= 1/20",
                        value <= 0.2, value <= 0.05, f"medians {np.median(ours):g}, {np.median(steps):g} {setting}"))
    stuck = np.concatenate([column(found, "longest_failure") for found in (fixed, *trained.values())])
    rows.append(row("longest run of failed episodes after the first 10, all seeds", stuck.max(), "<= 3", "0",
                    stuck.max() <= 3, stuck.max() == 0, f"{(stuck == 0).sum()} of {len(stuck)} runs have none"))
    return rows + references(over, tests)


def references(over: Callable, tests: int) -> list[Row]:
    """Rows without a bar: what the published recipe and chance reach."""
    found = over(recipe)
    steps, used, unused = column(found, "steps"), column(found, "with"), column(found, "without")
    chance = column(over(baseline, name="random", layout="open", size=16, tests=tests), "success")
    told = "(told for comparison)"
    return [
        row("the published recipe, its own world: most steps in any of 15 episodes", steps.max(), told, "", True, True,
            f"fewest {steps.min()}"),
        row("the published recipe, key and door moved: success with its skills", used.mean(), told, "", True, True,
            f"{spread(used)}; without its skills {unused.mean():.3f}"),
        row("random actions, open 16: success", chance.mean(), told, "", True, True, spread(chance)),
    ]


def show(rows: list[Row]) -> str:
    """The table as text."""
    lines = []
    for each in rows:
        mark = "aim" if each["aim reached"] and each["aim"] else "yes" if each["holds"] else "NO"
        lines.append(f"{each['test']:<82} {each['measured']:>9g}  {each['at least']:<22} {each['aim']:<8} {mark:<4}"
                     f" {each['spread']}")
    head = f"{'test':<82} {'measured':>9}  {'at least':<22} {'aim':<8} {'met':<4} spread"
    return "\n".join([head, "-" * len(head), *lines])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="4 seeds and 10 unseen layouts instead of 20 and 100")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; as many as there are cores unless given")
    options = parser.parse_args(arguments)
    seeds, tests = (range(4), 10) if options.quick else (range(20), 100)
    rows = measure(seeds, tests, options.jobs)
    print(f"Learning, {len(seeds)} seeds, {tests} unseen layouts each\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "learning", "seeds": len(seeds), "tests": tests, "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
