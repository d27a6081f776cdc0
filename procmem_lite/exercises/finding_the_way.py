"""Checks for the exercises of chapter 5."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import cache

import gymnasium as gym
import numpy as np

from ..agent import ProceduralMemoryAgent, Run
from ..episodes import Actor, Choice, Play, rollout
from ..library import Match, Shelf
from ..navigation.goto import GoTo
from ..percepts import Percept, Transition
from ..skills import Operator
from ..worlds.gridworld import PICK_UP, GridWorld, perceive
from .report import require

Map = tuple[np.ndarray, np.ndarray]
PATIENCE = 20  # actions in vain, after which a policy must have given up


def composed(answer: Callable[[Map, Map], Map]) -> str:
    """The affine map of two actions, one after the other."""
    rng = np.random.default_rng(0)
    for axes in (2, 2, 3, 2, 1):
        first, second = ((rng.integers(-2, 3, (axes, axes)), rng.integers(-3, 4, axes)) for _ in range(2))
        copies = [part.copy() for part in (*first, *second)]
        found = answer(first, second)
        require(all(map(np.array_equal, copies, (*first, *second))), "the maps that are handed in must not be changed")
        require(isinstance(found, tuple), f"a tuple (A, b) is needed, got a {type(found).__name__}")
        require(len(found) == 2, f"a pair (A, b) is needed, got {len(found)} things")
        matrix, offset = map(np.asarray, found)
        require(matrix.shape == (axes, axes) and offset.shape == (axes,),
                f"shapes {(axes, axes)} and {(axes,)} are needed, got {matrix.shape} and {offset.shape}")
        for point in rng.integers(-5, 6, (4, axes)):
            wanted = second[0] @ (first[0] @ point + first[1]) + second[1]
            got = matrix @ point + offset
            require(np.allclose(got, wanted),
                    f"{point.tolist()} should come to {wanted.tolist()}, not to {got.tolist()}")
    return "5 pairs of maps, 20 displacements"


def king(answer: Callable[[int, int], float]) -> str:
    """The least cost of a displacement where a straight step costs 1 and a diagonal one 1.5."""
    least = king_costs(9)
    for (down, right), cost in least.items():
        found = answer(down, right)
        require(isinstance(found, int | float | np.number), f"a number is needed, got {found!r}")
        require(found <= cost + 1e-9, f"{(down, right)} can be had for {cost:g}: {found:g} says too much")
        require(found >= cost - 1e-9, f"{(down, right)} costs {cost:g} at least: {found:g} says less than it could")
    return f"{len(least)} displacements"


def king_costs(reach: int) -> dict[tuple[int, int], float]:
    """The least cost to every cell, by Dijkstra's algorithm."""
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]
    queue, found = [(0.0, (0, 0))], {}
    while queue:
        cost, cell = heapq.heappop(queue)
        if cell in found or max(map(abs, cell)) > reach:
            continue
        found[cell] = cost
        for a, b in steps:
            heapq.heappush(queue, (cost + (1.5 if a and b else 1.0), (cell[0] + a, cell[1] + b)))
    return found


class Slippery(gym.ActionWrapper):
    """Picking up fails three times in ten, unless told how often."""

    def __init__(self, env: gym.Env, share: float = 0.3) -> None:
        super().__init__(env)
        self.share = share

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """The same seed gives the same slips."""
        self.chance = np.random.default_rng(seed)
        return self.env.reset(seed=seed, options=options)

    def action(self, action: int) -> int:
        """What the world is told instead."""
        return 5 if action == PICK_UP and self.chance.random() < self.share else action


class Alone(Actor):
    """One use of one policy, and nothing else."""

    def __init__(self, agent: ProceduralMemoryAgent, policy: GoTo) -> None:
        self.agent, self.policy = agent, policy

    def begin(self, play: Play, learn: bool) -> None:
        """Start the policy."""
        self.body = self.agent.embody(play.percept)
        self.using = self.policy.start(play.percept, self.body)

    def act(self, play: Play) -> Choice | None:
        """What it does next; None where it gives up."""
        action = self.using.act(play.percept)
        return None if action is None else Choice(action)

    def observe(self, step: Transition) -> None:
        """Draw the map."""
        self.body.follow(step.percept, step.action, step.next_percept)


def stubborn(answer: Callable[[Operator], object]) -> str:
    """A policy with which an agent needs fewer steps than with ``GoTo`` where picking up often fails."""
    probe, again = (answer(Operator(frozenset(), frozenset({"x"}), anchor="tree")) for _ in range(2))
    for name in ("operator", "name", "number", "context", "can_start", "situation", "start"):
        require(hasattr(probe, name), f"{name} is missing: a policy has everything that GoTo has")
    here = Percept(frozenset(), {"tree": (0, 1)}, (2, 3))
    require(probe.situation(here) == again.situation(here) == probe.situation(here),
            "one percept gave two situations: what fails could never be left alone")
    require(gives_up(answer), f"after {PATIENCE} actions at a key that cannot be picked up it does not give up")
    plain, yours = steps_with_goto(), 0.0
    for seed in range(6):  # who is too slow after one seed already is not asked for the others
        yours += steps_with(answer, seed) / 6
        require(yours < 0.95 * plain, f"a mean of {yours:.1f} steps or more, with GoTo {plain:.1f}")
    return f"a mean of {yours:.1f} steps, with GoTo {plain:.1f}"


@cache
def steps_with_goto() -> float:
    """Mean steps with ``GoTo``, with which all answers are compared."""
    return float(np.mean([steps_with(GoTo, seed) for seed in range(6)]))


def gives_up(kind: Callable[[Operator], GoTo]) -> bool:
    """Whether a policy ends by itself where picking up never works."""
    agent, env = ProceduralMemoryAgent(6, perceive, 0), GridWorld("open", 6)
    for seed in range(10):
        agent.run_episode(env, seed=seed)
    operator = next(each for each in agent.library.shelves if each.effect == {"has_key"})
    env.reset(seed=100)
    most = sum(map(abs, perceive(env).objects["key"])) + PATIENCE
    hopeless = Slippery(env, share=1.0)
    return rollout(hopeless, perceive, Alone(agent, kind(operator)), seed=100, max_steps=most).steps < most


def steps_with(kind: Callable[[Operator], object], seed: int) -> float:
    """Mean steps of an agent that uses a policy of this kind wherever it can, in slippery rooms after training."""

    class Agent(ProceduralMemoryAgent):
        def policies(self, run: Run, shelf: Shelf, k: int) -> list[Match]:
            policy = kind(shelf.operator)
            if policy.can_start(run.play.percept, run.body):
                return [Match(policy, 1.0, shelf.tally.rate)]
            return super().policies(run, shelf, k)

    agent, env = Agent(6, perceive, seed), Slippery(GridWorld("rooms", 6, max_steps=300))
    steps = [agent.run_episode(env, seed=100 * seed + number).steps for number in range(25)]
    return float(np.mean(steps[5:]))
