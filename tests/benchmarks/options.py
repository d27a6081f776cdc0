"""Our skills beside options: steps until greedy play is near the shortest path, with discovery free and counted.

    python tests/benchmarks/options.py             10 layouts x 3 seeds, sizes 6, 8 and 10
    python tests/benchmarks/options.py --quick     3 layouts, one seed, size 6
    python tests/benchmarks/options.py --store     the same as the first, and its runs are kept for chapter 12
"""

from __future__ import annotations

import copy
import importlib.metadata
import json
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
from learning import Row, row, show

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train
from procmem_lite.lab.baselines import RandomAgent
from procmem_lite.lab.statistics import mean_interval
from procmem_lite.lab.training import UNSEEN
from procmem_lite.library import SkillLibrary
from procmem_lite.navigation.goto import GoTo
from procmem_lite.options import (
    Chooser,
    as_option,
    as_skills,
    betweenness,
    bottleneck_options,
    by_facts,
    eigenoptions,
    graph_of,
    graph_seen,
    learn_options,
    learn_skills,
    option_critic,
    two_levels,
    value_iteration,
)
from procmem_lite.percepts import Percept
from procmem_lite.worlds import tolls
from procmem_lite.worlds.gridworld import describe, encode, observations, steps_to_goal, transition_table
from procmem_lite.worlds.layouts import LAYOUTS, Layout

FILE = Path(__file__).resolve().parents[2] / "notebooks" / "data" / "options.json"
SIZES, STEPS, WALK = (6, 8, 10), 50_000, 2_000
FAR, FAR_STEPS = 16, 200_000  # the larger rooms of the transfer, and the cap there
LESSONS = 4_000  # steps in the world with choices
FREE = {  # what is found before the first step: nothing is charged
    "flat Q-learning": "the present state", "flat, each episode learned twice": "the present state",
    "bottlenecks, graph given": "all states and moves", "waves, graph given": "all states and moves",
    "bottlenecks, 2000 steps counted": "the states and moves of its walk",
    "waves, 2000 steps counted": "the states and moves of its walk",
    "option-critic": "the present state", "two levels": "the present state, facts",
    "skills and actions": "facts, displacements, free cells; motion learned elsewhere",
    "skills as tables": "percepts of all states; motion learned elsewhere",
}


class World:
    """One layout of rooms, in all the forms that the learners want."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.table = layout, transition_table(layout, "goal")
        self.start = encode(layout.size, layout.start, False, False)
        self.shortest = int(steps_to_goal(layout)[self.start])
        self.states = len(self.table.next_state)

    @property
    def percepts(self) -> list[Percept | None]:
        """The percept of each state that can be reached."""
        seen, graph = observations(self.layout).tolist(), graph_of(self.table, self.start)
        return [describe(self.layout, state, tuple(seen[state])) if state in graph else None
                for state in range(self.states)]


def rooms(size: int, number: int) -> World:
    """A layout that nothing was tuned on."""
    return World(LAYOUTS["rooms"](size, np.random.default_rng([12, size, number])))


def schooled(seed: int) -> tuple[ProceduralMemoryAgent, int]:
    """An agent that has played eight episodes in rooms of 4 x 4, and the steps that took."""
    agent = ProceduralMemoryAgent(6, perceive, seed)
    log = train(agent, GridWorld("rooms", 4, max_steps=150), 8, progress=False, seed=100 * seed)
    return agent, int(log.frames[-1])


def options_of(method: str, world: World, seed: int) -> tuple[list, int]:
    """The options of a method, and the steps that finding them took."""
    walk = WALK if "counted" in method else 0
    graph = graph_seen(world.table, world.start, walk, seed) if walk else graph_of(world.table, world.start)
    if method.startswith("bottlenecks"):
        return bottleneck_options(graph, world.states), walk
    return eigenoptions(graph, world.states, 2), walk


def solve(method: str, size: int, number: int, seed: int, steps: int = STEPS) -> Row:
    """Steps until a method's greedy play stays near the shortest path, and those it took before."""
    world, before = rooms(size, number), 0
    given = world.table, world.start, world.shortest
    if method.startswith("flat"):
        learned = learn_options(*given, seed=seed, again="twice" in method, steps=steps)
    elif method == "option-critic":
        learned = option_critic(*given, seed=seed, steps=steps)
    elif method == "two levels":
        learned = two_levels(*given, world.percepts, seed=seed, steps=steps)
    elif method == "skills and actions":
        agent, before = schooled(seed)
        learned = learn_skills(Chooser(agent, seed), GridWorld(world.layout, rewards="goal", max_steps=1_000),
                               world.shortest, steps)
    elif method == "skills as tables":
        agent, before = schooled(seed)
        options = [as_option(GoTo(each), world.table, world.percepts, agent) for each in agent.library.shelves]
        learned = learn_options(*given, options, seed, steps)
    else:
        options, before = options_of(method, world, seed)
        learned = learn_options(*given, options, seed, steps)
    return {"method": method, "size": size, "layout": number, "seed": seed, "steps": learned.steps, "before": before}


def carried(method: str, number: int) -> Row:
    """From rooms of 6 x 6 to rooms of 16 x 16: what a learner that has solved the first needs in the second."""
    if method != "warm table":
        renamed = {"cold table": "flat Q-learning", "options": "bottlenecks, graph given",
                   "skills": "skills and actions"}
        return {**solve(renamed[method], FAR, number, number, FAR_STEPS), "method": method}
    near, far = rooms(6, number), rooms(FAR, number)
    known = learn_options(near.table, near.start, near.shortest, seed=number).learner.values
    values = [[0.0] * 6 for _ in range(far.states)]
    for row_, column in np.ndindex(6, 6):
        for flags in range(4):
            values[(row_ * FAR + column) * 4 + flags] = list(known[(row_ * 6 + column) * 4 + flags])
    learned = learn_options(far.table, far.start, far.shortest, seed=number, steps=FAR_STEPS, values=values)
    return {"method": method, "size": FAR, "layout": number, "seed": number, "steps": learned.steps, "before": 0}


def ranks(size: int, number: int) -> Row:
    """Where the states at which facts flip stand among all, by betweenness: 0 is the top."""
    world = rooms(size, number)
    layout, graph = world.layout, graph_of(world.table, world.start)
    scores = betweenness(graph)
    order = sorted(scores, key=lambda state: -scores[state])
    flips = [encode(size, *each) for each in ((layout.key, False, False), (layout.key, True, False),
                                              (layout.door, True, False), (layout.door, True, True))]
    return {"size": size, "layout": number, "ranks": [order.index(state) / len(order) for state in flips]}


def round_trip(seed: int, episodes: int) -> int:
    """Skill, option, skill: of so many unseen episodes, how many go the same, step by step."""
    agent, _ = schooled(seed)
    world, again = rooms(8, seed), copy.deepcopy(agent)
    again.memory.library = SkillLibrary()
    for operator in agent.library.shelves:
        for skill in as_skills(as_option(GoTo(operator), world.table, world.percepts, agent), world.table,
                               world.percepts):
            again.library.add(skill)
    env, same = GridWorld("rooms", 8), 0
    for layout in UNSEEN[:episodes]:
        first, second = (each.run_episode(env, seed=layout, learn=False) for each in (agent, again))
        same += [step.action for step in first.transitions] == [step.action for step in second.transitions]
    return same


# ---------------------------------------------------------------- the world with choices


def shown_around(seed: int, walks: int = 10) -> tuple[ProceduralMemoryAgent, int]:
    """An agent that was told of some walks by chance in other maps, and their steps."""
    agent, walker = ProceduralMemoryAgent(6, tolls.perceive, seed), RandomAgent(seed, 6, tolls.perceive)
    frames = 0
    for number in range(walks):
        episode = walker.run_episode(tolls.TollWorld(5), seed=1000 * seed + number)
        agent.learn_from(episode)
        frames += episode.steps
    return agent, frames


def returned(actor: object, world: tolls.TollMap) -> float:
    """An actor's return, as a share of the best that can be had."""
    best = value_iteration(tolls.toll_table(world)).values[tolls.encode(world, world.start)]
    return actor.run_episode(tolls.TollWorld(world), learn=False).total_reward / best


def paid(number: int, seed: int) -> Row:
    """Shares of the best return: values over skills, flat Q-learning given as many steps, and the planner."""
    world = tolls.draw_map(6, np.random.default_rng([12, 6, number]))
    agent, frames = shown_around(seed)
    chooser = Chooser(agent, seed, actions=False, hope=12.0, alpha=1.0, gamma=1.0)
    found: Row = {"layout": number, "seed": seed, "frames": frames, "curve": []}
    for limit in (250, 500, 1_000, 2_000, LESSONS):
        while chooser.taken < limit:
            chooser.run_episode(tolls.TollWorld(world))
        found["curve"].append([limit, returned(chooser, world)])
    found["skills"] = found["curve"][-1][1]
    for name, hope in (("flat", 0.0), ("hopeful", 12.0)):
        flat = Chooser(ProceduralMemoryAgent(6, tolls.perceive, seed), seed, hope=hope, gamma=1.0)
        while flat.taken < LESSONS + frames:
            flat.run_episode(tolls.TollWorld(world))
        found[name] = returned(flat, world)
    for name, planner in (("planner", ProceduralMemoryAgent(6, tolls.perceive, seed)), ("shown", copy.deepcopy(agent))):
        train(planner, tolls.TollWorld(6), 30, progress=False, seed=1000 * seed)
        found[name] = returned(planner, world)
    return found


def of_one_town(seed: int, tests: int = 20) -> Row:
    """Values by facts alone, learned and tested on maps drawn anew, where brass costs nothing and silver three."""
    class Town(tolls.TollWorld):
        def reset(self, **how):
            super().reset(**how)
            self.map = self.map._replace(tolls=(0.0, 3.0), worth=2.0)
            return self.state, {}

    env, (agent, _) = Town(6), shown_around(seed)
    chooser, number = Chooser(agent, seed, False, by_facts, hope=12.0, alpha=0.2, gamma=1.0), 0
    while chooser.taken < LESSONS:
        chooser.run_episode(env, seed=10_000 * (seed + 1) + number)
        number += 1
    planner = ProceduralMemoryAgent(6, tolls.perceive, seed)
    train(planner, env, 30, progress=False, seed=1000 * seed)
    found: Row = {"seed": seed}
    for name, actor in (("skills", chooser), ("planner", planner)):
        shares = []
        for layout in UNSEEN[:tests]:
            total = actor.run_episode(env, seed=layout, learn=False).total_reward
            best = value_iteration(tolls.toll_table(env.map)).values[tolls.encode(env.map, env.map.start)]
            shares.append(total / best)
        found[name] = float(np.mean(shares))
    return found


# ---------------------------------------------------------------- the table


def steps_of(runs: list[Row], method: str, size: int, counted: bool = False) -> np.ndarray:
    """The steps of a method's runs, infinite where it was not solved."""
    return np.array([np.inf if each["steps"] is None else each["steps"] + counted * each["before"]
                     for each in runs if (each["method"], each["size"]) == (method, size)])


def told(steps: np.ndarray) -> str:
    """Median, its interval, how many were solved."""
    low, high = (np.quantile(steps, share, method="inverted_cdf") for share in (0.25, 0.75))
    return f"half of the runs {low:g} to {high:g}, {np.isfinite(steps).sum()} of {len(steps)} solved"


def measure(layouts: int, seeds: int, sizes: tuple[int, ...], n_jobs: int) -> tuple[list[Row], dict]:
    """All rows, and the runs behind them."""
    def over(run: Callable, *jobs: tuple) -> list:
        return joblib.Parallel(n_jobs)(joblib.delayed(run)(*job) for job in jobs)

    pairs = [(number, seed) for number in range(layouts) for seed in range(seeds)]
    runs = over(solve, *((method, size, *pair) for method in FREE for size in sizes for pair in pairs))
    rows = []
    for size in sizes:
        flat = float(np.median(steps_of(runs, "flat Q-learning", size)))
        for method in FREE:
            steps = steps_of(runs, method, size, "counted" in method)
            value, bar, aim = float(np.median(steps)), "(told for comparison)", ""
            holds = reaches = True
            if method == "skills and actions":
                bar, aim, holds, reaches = "<= flat / 10", "<= flat / 20", value <= flat / 10, value <= flat / 20
            elif method == "bottlenecks, graph given":
                bar, holds = "<= flat / 2", value <= flat / 2
            rows.append(row(f"rooms {size}, {method}: steps, median", value, bar, aim, holds, reaches, told(steps)))
    found = {"runs": runs, "ranks": over(ranks, *((size, number) for size in sizes for number in range(layouts)))}
    found["carried"] = over(carried, *((method, number) for method in ("warm table", "cold table", "options", "skills")
                                       for number in range(layouts)))
    for method in ("warm table", "cold table", "options", "skills"):
        steps = steps_of(found["carried"], method, FAR)
        rows.append(row(f"rooms 6 -> {FAR}, {method}: steps, median", float(np.median(steps)), "(told for comparison)",
                        "", True, True, told(steps)))
    same = min(over(round_trip, *((seed, 100) for seed in range(seeds))))
    rows.append(row("skill -> option -> skill: unseen episodes with the same steps, of 100", same, "100", "100",
                    same == 100, same == 100, f"{seeds} agents, the worst"))
    found["paid"] = over(paid, *pairs)
    for name, what in (("skills", "values over skills"), ("flat", "flat Q-learning, as many steps"),
                       ("hopeful", "flat, hopeful"), ("planner", "the planner"),
                       ("shown", "the planner, shown all skills")):
        shares = np.array([each[name] for each in found["paid"]])
        value, mine = shares.mean(), name == "skills"
        rows.append(row(f"choices, {what}: return / the best", value, ">= 0.95" if mine else "(told for comparison)",
                        "0.99" if mine else "", not mine or value >= 0.95, not mine or value >= 0.99,
                        f"{mean_interval(shares)}, worst {shares.min():.3f}"))
    found["town"] = over(of_one_town, *((seed,) for seed in range(2 * seeds)))
    for name in ("skills", "planner"):
        shares = np.array([each[name] for each in found["town"]])
        rows.append(row(f"choices, unseen maps of one town, {name}: return / the best", shares.mean(),
                        "(told for comparison)", "", True, True, f"{mean_interval(shares)}"))
    return rows, found


def about(layouts: int, seeds: int) -> Row:
    """What made the results."""
    return {"layouts": layouts, "seeds": seeds, "steps": STEPS, "far steps": FAR_STEPS, "lessons": LESSONS,
            "walk": WALK, "sees": FREE, "python": platform.python_version(),
            "versions": {name: importlib.metadata.version(name) for name in ("gymnasium", "numpy")}}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 layouts, one seed, size 6")
    parser.add_argument("--store", action="store_true", help="keep the runs for chapter 12")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; as many as there are cores unless given")
    options = parser.parse_args(arguments)
    layouts, seeds, sizes = (3, 1, SIZES[:1]) if options.quick else (10, 3, SIZES)
    rows, found = measure(layouts, seeds, sizes, options.jobs)
    print(f"Options, {layouts} layouts x {seeds} seeds\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "options", "layouts": layouts, "seeds": seeds, "rows": rows}))
    if options.store:
        parts = [f'"{name}": [\n' + ",\n".join(json.dumps(each) for each in lines) + "\n]"
                 for name, lines in found.items()]
        FILE.write_text(f'{{"made_by": {json.dumps(about(layouts, seeds))},\n' + ",\n".join(parts) + "}\n")
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    sys.exit(main())
