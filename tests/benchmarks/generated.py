"""What the agent reaches on generated worlds, no two alike: how many it solves, and which features it fails with.

    python tests/benchmarks/generated.py                 500 worlds: 40 episodes of training, 20 unseen layouts each
    python tests/benchmarks/generated.py --quick         40 worlds
    python tests/benchmarks/generated.py --store         the 500, kept for chapter 7; if broken off, it goes on
    python tests/benchmarks/generated.py --shrink 17     the fewest features with which world 17 still fails

A world is solved where at least 0.9 of the unseen layouts are. Beside the agent play one that has learned nothing,
chance, and a planner that knows the rules.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
import time
import warnings
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from learning import Row, row, show
from tqdm import trange

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import ProceduralMemoryAgent
from procmem_lite.episodes import rollout
from procmem_lite.lab.baselines import RandomAgent
from procmem_lite.lab.experiments import unseen
from procmem_lite.lab.generated import Generated, Planner, perceive, shrunk, world
from procmem_lite.lab.rulebook import Features
from procmem_lite.lab.statistics import column, mean_interval
from procmem_lite.lab.training import sweep

EPISODES, TESTS, SOLVED = 40, 20, 0.9
PLAYERS = {"agent": "the agent", "novice": "an agent that has learned nothing", "chance": "chance",
           "planner": "a planner that knows the rules"}
ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "notebooks" / "data" / "generated.json"
CHUNK = 20  # worlds that are played before what they gave is stored
PATIENCE = 120.0  # seconds of a processor for training for each world; what was learned until then is tested


def learner(env: Generated) -> ProceduralMemoryAgent:
    """The whole agent, new."""
    return ProceduralMemoryAgent(env.action_space.n, perceive, 0, succeeded=env.succeeded)


def trained(env: Generated, patience: float = PATIENCE) -> tuple[ProceduralMemoryAgent, bool]:
    """An agent that has played some episodes, and whether there was time for all of them."""
    agent, until = learner(env), time.process_time() + patience
    for seed in range(EPISODES):
        if time.process_time() > until:
            return agent, False
        agent.run_episode(env, seed=seed)
    return agent, True


def tested(env: Generated, player: Any) -> Row:
    """Success and optimality on unseen layouts of a player that learns no more."""
    if isinstance(player, ProceduralMemoryAgent):
        played = [player.run_episode(env, seed=seed, learn=False) for seed in unseen(0, TESTS)]
    else:
        played = [rollout(env, perceive, player, seed, False, succeeded=env.succeeded) for seed in unseen(0, TESTS)]
    ratios = [each.optimality for each in played if each.success]
    return {"success": float(np.mean([each.success for each in played])),
            "optimality": float(np.mean(ratios)) if ratios else np.nan}


def play_world(seed: int, difficulty: float) -> Row:
    """One world: its features, and what everybody reaches in it."""
    warnings.simplefilter("ignore")  # of episodes cut off, which is what is counted here
    env, began, error, in_time = world(seed, difficulty)[0], time.monotonic(), "", False
    others = {"novice": learner(env), "chance": RandomAgent(0, env.action_space.n, perceive), "planner": Planner()}
    found = {f"{name} {what}": value for name, other in others.items() for what, value in tested(env, other).items()}
    try:
        agent, in_time = trained(env)
        of_agent = tested(env, agent)
    except Exception as problem:  # whatever it is, the other worlds are to be played
        of_agent, error = {"success": 0.0, "optimality": np.nan}, repr(problem)
    return found | {f"agent {what}": value for what, value in of_agent.items()} | {
        "features": asdict(env.features), "in time": in_time, "error": error, "seconds": time.monotonic() - began}


def by_feature(rows: list[Row]) -> str:
    """For each value of each feature: in how many worlds it is found, and the share that each player solves."""
    lines = [f"{'feature':<12} {'value':<10} {'worlds':>6} " + " ".join(f"{name:>8}" for name in PLAYERS)]
    for each in fields(Features):
        groups: dict[str, list[Row]] = {}
        for found in rows:
            groups.setdefault(group(each.name, found["features"][each.name]), []).append(found)
        for value in sorted(groups) if len(groups) > 1 else []:
            shares = [solved(groups[value], name).mean() for name in PLAYERS]
            lines.append(f"{each.name:<12} {value:<10} {len(groups[value]):>6} "
                         + " ".join(f"{share:>8.2f}" for share in shares))
    return "\n".join(lines)


def group(name: str, value: Any) -> str:
    """What values of a feature are counted together: all lengths of a step but 1 are."""
    return "not 1" if name == "units" and value != 1 else "1" if name == "units" else str(value) or "none"


def solved(rows: list[Row], name: str) -> np.ndarray:
    """Which worlds a player solves."""
    return column(rows, f"{name} success") >= SOLVED


def rows_of(found: list[Row]) -> list[Row]:
    """The lines of the table."""
    told, chance = "(told for comparison)", solved(found, "chance")
    agent, hard = solved(found, "agent"), [each for each, easy in zip(found, chance) if not easy]
    value, ratio = agent.mean(), np.nanmedian(column(found, "agent optimality"))
    lines = [row("generated worlds: share solved", value, ">= 0.95", ">= 0.99", value >= 0.95, value >= 0.99,
                 f"mean {mean_interval(agent.astype(float))}, {len(found)} worlds")]
    lines.append(row("generated worlds: shortest / steps, median over worlds", ratio, ">= 0.90", ">= 0.97",
                     ratio >= 0.90, ratio >= 0.97))
    if hard:
        share = solved(hard, "agent").mean()
        lines.append(row("generated worlds that chance does not solve: share solved", share, told, "", True, True,
                         f"{len(hard)} worlds"))
    for name in list(PLAYERS)[1:]:
        share = solved(found, name).mean()
        least = ">= 0.98" if name == "planner" else told
        lines.append(row(f"generated worlds: share solved by {PLAYERS[name]}", share, least, "",
                         name != "planner" or share >= 0.98, True))
    broken = [f"world {each['seed']}: {each['error'][:60]}" for each in found if each["error"]]
    lines.append(row("generated worlds: share in which the agent raises an error", len(broken) / len(found), "0", "",
                     not broken, True, "; ".join(broken[:3])))
    late = [each["seed"] for each in found if not each["in time"] and not each["error"]]
    lines.append(row("generated worlds: share with no time for all episodes", len(late) / len(found), told, "", True,
                     True, f"worlds {late[:10]}" if late else ""))
    return lines


def stored(seeds: Sequence[int], difficulty: float, jobs: int) -> list[Row]:
    """The same runs: those that this code has stored are taken from the file, the others put there as they come."""
    made_by, found = about(difficulty), {}
    if FILE.exists() and (kept := json.loads(FILE.read_text()))["made_by"] == made_by:
        found = {each["seed"]: each for each in kept["worlds"]}
    missing = [seed for seed in seeds if seed not in found]
    for first in trange(0, len(missing), CHUNK, desc=f"{CHUNK} worlds", file=sys.stdout):
        new = sweep(play_world, [{"difficulty": difficulty}], missing[first:first + CHUNK], jobs, progress=False)
        found |= {each["seed"]: {name: plain(each[name]) for name in each if name != "seconds"} for each in new}
        lines = ",\n".join(json.dumps(found[seed]) for seed in sorted(found))
        FILE.write_text(f'{{"made_by": {json.dumps(made_by)},\n"worlds": [\n{lines}\n]}}\n')
    return [{name: np.nan if value is None else value for name, value in found[seed].items()} for seed in seeds]


def plain(value: Any) -> Any:
    """A value as it stands in the file: three digits, and nothing where a ratio has no value."""
    return value if not isinstance(value, float) else None if np.isnan(value) else round(value, 3)


def about(difficulty: float) -> Row:
    """What made the results."""
    code = hashlib.sha256()
    for path in sorted((ROOT / "procmem_lite").rglob("*.py")):
        code.update(path.read_bytes())
    return {"difficulty": difficulty, "episodes": EPISODES, "layouts": TESTS, "python": platform.python_version(),
            "versions": {name: importlib.metadata.version(name) for name in ("gymnasium", "numpy", "procmem_lite")},
            "code": code.hexdigest()[:12]}


def fails(env: Generated) -> bool:
    """Whether the agent does not solve a world."""
    try:
        return tested(env, trained(env, patience=30.0)[0])["success"] < SOLVED
    except Exception:
        return True


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="40 worlds")
    parser.add_argument("--store", action="store_true", help="keep the runs for chapter 7, and play only new ones")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="seed of the first world")
    parser.add_argument("--difficulty", type=float, default=0.5, help="from 0 to 1")
    parser.add_argument("--shrink", type=int, help="seed of a world that fails")
    options = parser.parse_args(arguments)
    if options.shrink is not None:
        print(options.shrink, shrunk(options.shrink, fails, options.difficulty))
        return 0
    seeds = range(options.first, options.first + (40 if options.quick else options.worlds))
    if options.store:
        found = stored(seeds, options.difficulty, options.jobs)
    else:
        found = sweep(play_world, [{"difficulty": options.difficulty}], seeds, options.jobs, progress=False)
    rows = rows_of(found)
    failed = [each["seed"] for each, well in zip(found, solved(found, "agent")) if not well]
    print(f"Generated worlds {seeds.start} to {seeds.stop - 1}, difficulty {options.difficulty}\n\n{show(rows)}\n")
    print(f"Share solved by feature\n\n{by_feature(found)}\n\nnot solved by the agent: {failed}\n")
    print(json.dumps({"benchmark": "generated", "worlds": len(found), "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
