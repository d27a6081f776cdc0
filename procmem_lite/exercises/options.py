"""Checks for the exercises of the chapter on options."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..agent import ProceduralMemoryAgent
from ..lab.baselines import RandomAgent
from ..lab.training import train
from ..options import NOWHERE, Choices, Chooser, Option, value_iteration
from ..options.option import Table
from ..worlds import tolls
from .report import require

SEEDS, LESSONS, HOPE = range(2), 2_500, 12.0
TINY = 1e-9


class Corridor:
    """A row of cells: left, right; the step that comes to its end ends the episode."""

    def __init__(self, cells: int) -> None:
        states = np.arange(cells)
        self.next_state = np.column_stack([(states - 1).clip(0), (states + 1).clip(max=cells - 1)])
        self.terminated = np.zeros((cells, 2), dtype=bool)
        self.terminated[cells - 2, 1] = True
        self.reward = np.full((cells, 2), -1.0)


def drawn_option(rng: np.random.Generator, states: int, actions: int, name: str) -> Option:
    """Some policy, nowhere in a third of the states, with some ends."""
    policy = rng.integers(actions, size=states)
    policy[rng.random(states) < 1 / 3] = NOWHERE
    return Option(name, tuple(policy.tolist()), frozenset(np.flatnonzero(rng.random(states) < 0.2).tolist()))


def told(option: object, states: int) -> Option:
    """The option, once it is one."""
    require(isinstance(option, Option), f"an Option is needed, got {type(option).__name__}")
    require(isinstance(option.policy, tuple) and len(option.policy) == states,
            f"policy: a tuple with an action for each of {states} states is needed, got {option.policy!r}")
    require(isinstance(option.ends, frozenset), f"ends: a frozenset is needed, got {type(option.ends).__name__}")
    return option


def chain(answer: Callable[[Option, Option], Option]) -> str:
    """An option that does one thing, and when that has come to its end, another."""
    rng = np.random.default_rng(0)
    for states in (1, 2, 5, 9, 30):
        for _ in range(20):
            first, second = (drawn_option(rng, states, 3, name) for name in ("first", "second"))
            found = told(answer(first, second), states)
            for state in range(states):
                case = f"{first} and {second}, state {state}"
                starts = first.starts(state) and state not in second.ends or second.starts(state)
                require((state in found.ends) == (state in second.ends),
                        f"{case}: what is done is done where the second ends, and nowhere else")
                require(found.starts(state) == starts,
                        f"{case}: it should {'' if starts else 'not '}start there")
                wanted = second.policy[state] if second.starts(state) else first.policy[state]
                if starts:
                    require(found.policy[state] == wanted,
                            f"{case}: action {wanted} is needed, got {found.policy[state]}")
    return "100 pairs of options, state by state"


def valued(rng: np.random.Generator, states: int, count: int) -> tuple[Choices, list[Option]]:
    """Choices with some values, ties among them."""
    options = [drawn_option(rng, states, 2, f"option {number}") for number in range(count)]
    choices = Choices(Corridor(states), options)
    choices.values = [[float(value) for value in rng.integers(-3, 4, size=2 + count)] for _ in range(states)]
    return choices, options


def interrupted(answer: Callable[[Choices, int], Option]) -> str:
    """The same option, which also ends wherever another choice is worth more."""
    rng, count = np.random.default_rng(1), 0
    for states in (3, 8, 20):
        for _ in range(20):
            choices, options = valued(rng, states, 3)
            before = [list(row) for row in choices.values]
            for number, option in enumerate(options, start=2):
                found = told(answer(choices, number), states)
                require(choices.values == before, "the values have been changed")
                require(found.policy == option.policy, "the policy stays as it is: what changes is where it ends")
                for state in range(states):
                    better = option.starts(state) and choices.best(state) > choices.values[state][number] + TINY
                    wanted = state in option.ends or better
                    worth = {choice: choices.values[state][choice] for choice in choices.open[state]}
                    require((state in found.ends) == wanted, f"state {state}, where choice {number} is {option.name} "
                            f"and all are worth {worth}: it should {'end' if wanted else 'go on'} there")
                    count += better
    return f"180 options, left {count} times for something better"


def own_map(answer: Callable[[], tolls.TollMap]) -> str:
    """A map on which a planner that wants success only is paid badly, and values over skills are not."""
    world = answer()
    require(isinstance(world, tolls.TollMap), f"a TollMap is needed, got {type(world).__name__}")
    require(isinstance(world.size, int) and tolls.SMALLEST <= world.size <= 8, f"size: 5 to 8, got {world.size!r}")
    cells = [world.start, *world.keys, *world.doors, world.purse, world.goal]
    inside = [isinstance(cell, tuple) and len(cell) == 2 and all(part in range(world.size) for part in cell)
              for cell in cells]
    require(all(inside), f"cells (row, column) on the map are needed, got {cells}")
    require(not world.walls & {*cells}, "something stands in a wall")
    require(min(world.tolls) >= 0, f"tolls: what a door costs, not less than nothing, got {world.tolls}")
    table: Table = tolls.toll_table(world)
    best = float(value_iteration(table).values[tolls.encode(world, world.start)])
    require(best > 0, f"the best that can be had is {best:.1f}: it should pay to go to the goal at all")
    shares = []
    for seed in SEEDS:
        env = tolls.TollWorld(world)
        agent, walker = ProceduralMemoryAgent(6, tolls.perceive, seed), RandomAgent(seed, 6, tolls.perceive)
        for number in range(10):
            agent.learn_from(walker.run_episode(tolls.TollWorld(5), seed=1000 * seed + number))
        chooser = Chooser(agent, seed, actions=False, hope=HOPE, alpha=1.0, gamma=1.0)
        while chooser.taken < LESSONS:
            chooser.run_episode(env)
        planner = ProceduralMemoryAgent(6, tolls.perceive, seed)
        train(planner, env, 30, progress=False)
        shares.append([actor.run_episode(env, learn=False).total_reward / best for actor in (planner, chooser)])
    planner, chooser = np.mean(shares, axis=0)
    require(planner <= 0.6, f"the planner gets {planner:.2f} of the best return: what it overlooks costs too little")
    require(chooser >= 0.9, f"values over skills get {chooser:.2f} of the best return: it has to be made of skills")
    return f"of the best return the planner gets {planner:.2f}, values over skills {chooser:.2f}"
