"""Chapter 7: agents to compare with; all play ``run_episode(env, seed, learn)`` under the same step cap."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from ..episodes import Actor, Choice, Episode, Play, rollout
from ..explorers import ScriptedExplorer
from ..percepts import Percept, Transition
from ..worlds.gridworld import ACTIONS, OPEN, PICK_UP, TransitionTable, perceive, steps_to_goal
from ..worlds.layouts import NEIGHBOURS

ERRANDS = (("key", PICK_UP), ("door", OPEN), ("goal", None))  # what every baseline but the learner is told
STATES = ("percept", "number")


class Baseline(Actor):
    """Plays an episode with ``choose``, and hears of every step in ``learn``.

    Args:
        seed: of all random choices.
        n_actions, perceive: as for the agent; the defaults suit :class:`~procmem_lite.worlds.gridworld.GridWorld`.
    """

    def __init__(self, seed: int | None = None, n_actions: int = len(ACTIONS),
                 perceive: Callable[[gym.Env], Percept] = perceive) -> None:
        self.n_actions, self.perceive = n_actions, perceive
        self.rng = np.random.default_rng(seed)

    def begin(self, play: Play, learn: bool) -> None:
        """A new episode."""
        self.env, self.learns = play.env, learn

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """The next action."""
        raise NotImplementedError

    def learn(self, env: gym.Env, step: Transition) -> None:
        """Learn from a step."""

    def act(self, play: Play) -> Choice:
        """The action chosen."""
        return Choice(self.choose(play.env, play.percept, self.learns))

    def observe(self, step: Transition) -> None:
        """Learn, where that is wanted."""
        if self.learns:
            self.learn(self.env, step)

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode:
        """Play one episode to its end."""
        return rollout(env, self.perceive, self, seed, learn)


class RandomAgent(Baseline):
    """Every action equally often."""

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """Any action."""
        return int(self.rng.integers(self.n_actions))


class ScriptedAgent(Baseline):
    """The published tutorial's explorer: straight to the key, the door and the goal, into walls too."""

    def begin(self, play: Play, learn: bool) -> None:
        """Start the script again."""
        super().begin(play, learn)
        self.explorer = ScriptedExplorer(ERRANDS, dict(enumerate(NEIGHBOURS)))

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """The script's next line."""
        return self.explorer.choose(percept, None, self.rng)


class CompassAgent(Baseline):
    """Greedy: of the free cells next to it, the one nearest to the present target; ties are drawn.

    Args:
        remembers: correct the estimate of every cell it stands on, for the rest of the episode, by what is
            next to it (LRTA*; Korf, 1990, "Real-time heuristic search"). Without, dead ends hold it forever.
    """

    def __init__(self, seed: int | None = None, remembers: bool = False, **others) -> None:
        super().__init__(seed, **others)
        self.remembers = remembers

    def begin(self, play: Play, learn: bool) -> None:
        """Estimates last one episode."""
        super().begin(play, learn)
        self.raised: Counter = Counter()  # (facts, cell) -> how much farther it is than it looks

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """The target's own action once there; before that, the most promising move."""
        name, action = next(errand for errand in ERRANDS
                            if errand[0] in percept.objects and f"{errand[0]}_open" not in percept.facts)
        target = percept.objects[name]
        if not any(target) and action is not None:
            return action
        here = (percept.facts, percept.place)
        estimates = {}
        for move, (down, right) in enumerate(NEIGHBOURS):
            if percept.around[down, right]:
                cell = (percept.place[0] + down, percept.place[1] + right)
                far = abs(target[0] - down) + abs(target[1] - right)
                estimates[move] = far + self.raised[percept.facts, cell]
        least = min(estimates.values(), default=0)
        if self.remembers:
            far = abs(target[0]) + abs(target[1])
            self.raised[here] = max(self.raised[here], 1 + least - far)
        return int(self.rng.choice([move for move, value in estimates.items() if value == least] or [0]))


class OracleAgent(Baseline):
    """Walks an exact shortest path, read from the transition table: the upper bound of every comparison."""

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """An action that brings the goal one step nearer."""
        world = env.unwrapped
        after, ends = world.table.next_state[world.state], world.table.terminated[world.state]
        return int(np.argmin(np.where(ends, 0, steps_to_goal(world.layout)[after])))


class QLearningAgent(Baseline):
    """Tabular Q-learning (Watkins, 1989), epsilon-greedy; greedy when it does not learn.

    Args:
        state: "percept" (facts and displacements, which is what the memory agent is given) or "number" (the
            state's number, which means something else in every layout).
        alpha, gamma: learning rate and discount.
        epsilon: share of random actions, from the first value to the second over ``decay`` steps.
    """

    def __init__(self, seed: int | None = None, state: str = "percept", alpha: float = 0.5,
                 gamma: float = 0.99, epsilon: tuple[float, float] = (0.1, 0.01), decay: int = 10_000,
                 **others) -> None:
        super().__init__(seed, **others)
        if state not in STATES:
            raise ValueError(f"state: one of {STATES} is needed, got {state!r}")
        self.state, self.alpha, self.gamma, self.epsilon, self.decay = state, alpha, gamma, epsilon, decay
        self.values: dict[Hashable, np.ndarray] = {}
        self.taken = 0

    def values_at(self, env: gym.Env, percept: Percept) -> np.ndarray:
        """The values of all actions in a situation, shape ``(actions,)``; zero at first."""
        number = env.unwrapped.state if self.state == "number" else None
        key = number if number is not None else (percept.facts, tuple(sorted(percept.objects.items())))
        return self.values.setdefault(key, np.zeros(self.n_actions))

    def choose(self, env: gym.Env, percept: Percept, learn: bool) -> int:
        """Mostly the best action known, ties drawn."""
        self.here = self.values_at(env, percept)
        first, last = self.epsilon
        if learn and self.rng.random() < max(last, first + (last - first) * self.taken / self.decay):
            return int(self.rng.integers(self.n_actions))
        return int(self.rng.choice(np.flatnonzero(self.here == self.here.max())))

    def learn(self, env: gym.Env, step: Transition) -> None:
        """One update towards the reward and the best that may follow."""
        self.taken += 1
        future = 0.0 if step.terminated else self.values_at(env, step.next_percept).max()
        self.here[step.action] += self.alpha * (step.reward + self.gamma * future - self.here[step.action])


class Solved(NamedTuple):
    """What :func:`q_learning` found: from which step on it stayed solved (None: never), and the values."""

    steps: int | None
    values: np.ndarray


def q_learning(table: TransitionTable, start: int, seed: int, steps: int = 20_000, alpha: float = 0.5,
               gamma: float = 0.99, epsilon: float = 0.1, cap: int = 250, within: int = 250,
               check: int = 50) -> Solved:
    """Tabular Q-learning straight on a transition table: the same algorithm, some fifty times faster.

    Args:
        start: state in which every episode begins; ``cap``: steps after which it is cut off.
        check: every so many steps the greedy way is tried. Solved means that it reaches the goal ``within`` so many
            steps at every try from some step on: with a reward to hack, a goal once found is forgotten again.
    """
    rng = np.random.default_rng(seed)
    moves, rewards, ends = (array.tolist() for array in table)
    values = [[0.0] * len(row) for row in moves]
    state, age, solved = start, 0, None
    for taken in range(steps):
        if taken % check == 0:
            draws = zip(rng.random(check), rng.integers(len(moves[0]), size=check).tolist(), strict=True)
            succeeds = reaches_goal(values, moves, ends, start, within)
            solved = (taken if solved is None else solved) if succeeds else None
        row, (draw, action) = values[state], next(draws)
        if draw >= epsilon:  # greedy, looking from a random action on, so that ties are drawn
            action = max((*range(action, len(row)), *range(action)), key=row.__getitem__)
        after, end = moves[state][action], ends[state][action]
        target = rewards[state][action] + (0.0 if end else gamma * max(values[after]))
        row[action] += alpha * (target - row[action])
        state, age = after, age + 1
        if end or age >= cap:
            state, age = start, 0
    return Solved(solved, np.array(values))


def reaches_goal(values: list[list[float]], moves: list[list[int]], ends: list[list[bool]], start: int,
                 within: int) -> bool:
    """Whether the greedy way from ``start`` ends at the goal ``within`` so many steps."""
    state = start
    for _ in range(within):
        action = values[state].index(max(values[state]))
        if ends[state][action]:
            return True
        state = moves[state][action]
    return False


def doorkey_steps(env: gym.Env) -> int:
    """Fewest actions that solve a MiniGrid DoorKey layout just reset: the oracle of chapter 8.

    Breadth-first over cell, heading, and whether the agent has the key and the door is open.

    Raises:
        ValueError: where no way leads to a goal.
    """
    world, steps = env.unwrapped, ((1, 0), (0, 1), (-1, 0), (0, -1))
    cells = {(x, y): world.grid.get(x, y) for x in range(world.width) for y in range(world.height)}
    kinds = {place: cell.type for place, cell in cells.items() if cell is not None}
    first = (*map(int, world.agent_pos), int(world.agent_dir), False, False)
    queue, seen = deque([(first, 0)]), {first}
    while queue:
        (x, y, heading, key, is_open), taken = queue.popleft()
        if kinds.get((x, y)) == "goal":
            return taken
        front = x + steps[heading][0], y + steps[heading][1]
        ahead = kinds.get(front)
        nexts = [(x, y, (heading + turn) % 4, key, is_open) for turn in (1, -1)]
        if ahead in (None, "goal") or (ahead == "key" and key) or (ahead == "door" and is_open):
            nexts.append((*front, heading, key, is_open))
        if ahead == "key":
            nexts.append((x, y, heading, True, is_open))
        if ahead == "door" and key:
            nexts.append((x, y, heading, key, True))
        for node in nexts:
            if node not in seen:
                seen.add(node)
                queue.append((node, taken + 1))
    raise ValueError("env: no way leads to a goal")
