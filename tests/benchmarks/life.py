"""What a changing world costs: a novice, the agent of chapters 4 to 9, and one that counts failures by claim and facts.

    python tests/benchmarks/life.py            20 seeds
    python tests/benchmarks/life.py --quick    4 seeds
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
from learning import Row, row, show, spread

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import ProceduralMemoryAgent
from procmem_lite.lab.life import AFTER, LABS, live
from procmem_lite.lab.statistics import mean_interval
from procmem_lite.lab.training import sweep
from procmem_lite.lifecycle import LifelongAgent

FIRST = 300  # no seed was used while the rules were made
AGENTS = {"novice": (ProceduralMemoryAgent, True), "today": (ProceduralMemoryAgent, False),
          "lifelong": (LifelongAgent, False)}


def one(seed: int, lab: str, agent: str) -> dict[str, np.ndarray]:
    """One agent's excess in a laboratory, and the episodes in which it died."""
    make, novice = AGENTS[agent]
    found = live(seed, lab, make, novice)
    return {"excess": found["excess"], "died": found["died"]}


def healed(excess: np.ndarray) -> np.ndarray:
    """For each seed: episodes after the faults have ended, until one takes the shortest path."""
    after = excess[:, AFTER:]
    return np.where((after == 0).any(axis=1), (after == 0).argmax(axis=1), after.shape[1])


def ratio(first: np.ndarray, second: np.ndarray) -> str:
    """The ratio of two means with its interval, seeds drawn together."""
    both = np.column_stack([first, second])
    drawn = np.random.default_rng(0).integers(len(both), size=(2_000, len(both)))
    means = both[drawn].mean(axis=1)
    low, high = np.quantile(means[:, 0] / means[:, 1], [0.025, 0.975])
    return f"{first.mean():.1f} / {second.mean():.1f}; ratio [{low:.2f}, {high:.2f}]"


def measure(seeds: range, n_jobs: int) -> list[Row]:
    """All rows."""
    settings = [{"lab": lab, "agent": agent} for lab in LABS for agent in AGENTS
                if not (agent == "novice" and lab in ("slip", "faults", "strike"))]
    runs = sweep(one, settings, seeds, n_jobs, progress=False)
    excess = {(lab, agent): np.array([run["excess"] for run in runs if (run["lab"], run["agent"]) == (lab, agent)])
              for lab, agent in {(each["lab"], each["agent"]) for each in settings}}
    total = {key: values.sum(axis=1).astype(float) for key, values in excess.items()}
    rows = []
    for lab, agent in sorted(total):
        print(f"{lab:8}{agent:10} total excess {mean_interval(total[lab, agent])}, mean of each episode",
              excess[lab, agent].mean(axis=0).round(1).tolist(), flush=True)

    def compare(test: str, lab: str, other: str, bar: float, aim: float, last: int | None = None) -> None:
        mine, theirs = (excess[lab, each][:, :last].sum(axis=1).astype(float) for each in ("lifelong", other))
        value = mine.mean() / theirs.mean()
        rows.append(row(test, value, f"<= {bar:g}", f"<= {aim:g}", value <= bar, value <= aim, ratio(mine, theirs)))

    compare("swap, first 8 episodes: excess / novice", "swap", "novice", 0.7, 0.4, 8)
    for lab in ("swap", "light"):
        late = excess[lab, "lifelong"][:, -5:].mean(axis=1)
        rows.append(row(f"{lab}: excess in the last 5 of 20 episodes", late.mean(), "0", "0", late.mean() == 0,
                        late.mean() == 0, spread(late)))
    compare("light: excess / today's agent", "light", "today", 0.5, 0.3)
    compare("hidden: excess / today's agent", "hidden", "today", 0.75, 0.5)
    compare("back: excess / today's agent", "back", "today", 0.75, 0.5)
    compare("keys: excess / novice", "keys", "novice", 1.0, 0.7)
    slip, today = total["slip", "lifelong"], mean_interval(total["slip", "today"])
    rows.append(row("slip: excess", slip.mean(), f"<= {today.high:.0f}", f"<= {today.value / 2:.0f}",
                    slip.mean() <= today.high, slip.mean() <= today.value / 2,
                    f"{spread(slip)}; today's agent {today}"))
    compare("moves (up and down swapped): excess / novice", "moves", "novice", 1.3, 1.0)
    died = np.array([run["died"].sum() for run in runs if (run["lab"], run["agent"]) == ("lava", "lifelong")])
    rows.append(row("lava that is named appears: deaths in 20 episodes", died.mean(), "<= 1", "", died.mean() <= 1,
                    True, f"worst {died.max()}"))
    for lab, told in (("faults", "every second press lost"), ("strike", "every press lost")):
        mine, theirs = healed(excess[lab, "lifelong"]).mean(), healed(excess[lab, "today"]).mean()
        rows.append(row(f"{told} for 20 episodes, then none: until the shortest again", mine, "<= 2", "<= 1", mine <= 2,
                        mine <= 1, f"today's agent {theirs:.1f}"))
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="4 seeds instead of 20")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; as many as there are cores unless given")
    options = parser.parse_args(arguments)
    seeds = range(FIRST, FIRST + (4 if options.quick else 20))
    rows = measure(seeds, options.jobs)
    print(f"A skill's life, {len(seeds)} seeds\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "life", "seeds": len(seeds), "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
