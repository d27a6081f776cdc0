"""Chapter 12: options from the shape of a world - its bottlenecks, and its slowest waves.

graph      state -> action -> next state, where it moves      {0: {3: 1}, 1: {2: 0, 3: 2}, 2: {2: 1}}
score      betweenness: shortest paths that pass a state      {0: 0.0, 1: 2.0, 2: 0.0}
wave       a number for each state, an eigenvector            {0: -0.7, 1: 0.0, 2: 0.7}
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from .option import NOWHERE, Option, Table

Graph = dict[int, dict[int, int]]
SWEEPS, SMALL = 500, 1e-6  # of value iteration at most; what counts as no gain


def graph_of(table: Table, start: int) -> Graph:
    """All that can be reached from a state: the whole world, given."""
    graph: Graph = {}
    waiting = [start]
    while waiting:
        state = waiting.pop()
        if state in graph:
            continue
        graph[state] = {}
        for action, after in enumerate(table.next_state[state].tolist()):
            if after != state:
                graph[state][action] = after
                if table.terminated[state, action]:
                    graph.setdefault(after, {})
                else:
                    waiting.append(after)
    return graph


def graph_seen(table: Table, start: int, steps: int, seed: int = 0, cap: int = 300) -> Graph:
    """What a walk of so many random steps has shown of it; an episode is cut off after ``cap``."""
    rng, graph, state, age = np.random.default_rng(seed), {start: {}}, start, 0
    for action in rng.integers(table.next_state.shape[1], size=steps).tolist():
        after, age = int(table.next_state[state, action]), age + 1
        if after != state:
            graph[state][action] = after
            graph.setdefault(after, {})
        ended = table.terminated[state, action] or age >= cap
        state, age = (start, 0) if ended else (after, age)
    return graph


def betweenness(graph: Graph) -> dict[int, float]:
    """For each state, the share of shortest paths between two others that pass it, summed over all pairs.

    Brandes (2001): one search from each state, and the shares added up on the way back.
    """
    scores = dict.fromkeys(graph, 0.0)
    for source in graph:
        paths, far, before, order = {source: 1}, {source: 0}, {source: set()}, []
        waiting = deque([source])
        while waiting:
            state = waiting.popleft()
            order.append(state)
            for after in set(graph[state].values()):
                if after not in far:
                    far[after], paths[after], before[after] = far[state] + 1, 0, set()
                    waiting.append(after)
                if far[after] == far[state] + 1:
                    paths[after] += paths[state]
                    before[after].add(state)
        share = dict.fromkeys(order, 0.0)
        for state in reversed(order):
            for earlier in before[state]:
                share[earlier] += paths[earlier] / paths[state] * (1 + share[state])
            if state != source:
                scores[state] += share[state]
    return scores


def peaks(scores: Mapping[int, float], graph: Graph, count: int = 4) -> list[int]:
    """The states that score no less than any neighbour, the highest first (Simsek and Barto, 2008)."""
    beside: dict[int, set[int]] = {state: set() for state in graph}
    for state, moves in graph.items():
        for after in moves.values():
            beside[state].add(after)
            beside[after].add(state)
    highest = [state for state in graph
               if scores[state] > 0 and all(scores[state] >= scores[other] for other in beside[state])]
    return sorted(highest, key=lambda state: (-scores[state], state))[:count]


def option_to(goal: int, graph: Graph, states: int) -> Option:
    """The shortest path to a state, from wherever there is one: an option that ends there."""
    into: dict[int, list[tuple[int, int]]] = {}
    for state, moves in graph.items():
        for action, after in moves.items():
            into.setdefault(after, []).append((state, action))
    policy, waiting = [NOWHERE] * states, deque([goal])
    while waiting:
        for state, action in into.get(waiting.popleft(), ()):
            if policy[state] == NOWHERE and state != goal:
                policy[state] = action
                waiting.append(state)
    return Option(f"to {goal}", tuple(policy), frozenset({goal}))


def bottleneck_options(graph: Graph, states: int, count: int = 4) -> list[Option]:
    """An option to each of the highest peaks of betweenness."""
    return [option_to(goal, graph, states) for goal in peaks(betweenness(graph), graph, count)]


def waves(graph: Graph, count: int = 4) -> list[dict[int, float]]:
    """The slowest waves of a graph: eigenvectors of its normalised Laplacian, after the constant one.

    Proto-value functions (Mahadevan and Maggioni, 2007). The sign is arbitrary: the first state's is made negative.
    """
    states = list(graph)
    row = {state: number for number, state in enumerate(states)}
    joined = np.zeros((len(states), len(states)))
    for state, moves in graph.items():
        for after in moves.values():
            joined[row[state], row[after]] = joined[row[after], row[state]] = 1
    root = np.sqrt(joined.sum(axis=1).clip(1))
    laplacian = np.eye(len(states)) - joined / np.outer(root, root)
    _, vectors = np.linalg.eigh(laplacian)
    found = [vector * (-1 if vector[0] > 0 else 1) for vector in vectors.T[1:count + 1]]
    return [dict(zip(states, vector.tolist())) for vector in found]


def eigenoption(wave: Mapping[int, float], graph: Graph, states: int, name: str, gamma: float = 0.9) -> Option:
    """Climb a wave: the option whose reward is the rise of each step, and which ends where nothing is left to gain.

    Machado, Bellemare and Bowling (2017); solved by value iteration on the graph.
    """
    worth = dict.fromkeys(graph, 0.0)

    def gains(state: int) -> dict[int, float]:
        return {action: wave[after] - wave[state] + gamma * worth[after] for action, after in graph[state].items()}

    for _ in range(SWEEPS):
        change = 0.0
        for state in graph:
            better = max(gains(state).values(), default=0.0)
            change, worth[state] = max(change, abs(max(better, 0.0) - worth[state])), max(better, 0.0)
        if change < SMALL:
            break
    policy = [NOWHERE] * states
    for state in graph:
        action, gain = max(gains(state).items(), key=lambda item: item[1], default=(NOWHERE, 0.0))
        policy[state] = action if gain > 10 * SMALL else NOWHERE
    return Option(name, tuple(policy), frozenset(state for state in graph if policy[state] == NOWHERE))


def eigenoptions(graph: Graph, states: int, count: int = 2) -> list[Option]:
    """Two options for each of the slowest waves, one up and one down."""
    return [eigenoption({state: sign * height for state, height in wave.items()}, graph, states,
                        f"wave {number} {'up' if sign > 0 else 'down'}")
            for number, wave in enumerate(waves(graph, count), start=1) for sign in (1, -1)]
