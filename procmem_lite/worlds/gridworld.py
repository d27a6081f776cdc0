"""Chapter 1: a Gymnasium world with key, door and goal, its transition table and its shortest path."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from ..percepts import Percept
from ..scenes import Board, Scene, draw_text
from .layouts import LAYOUTS, NEIGHBOURS, Cell, Layout, check_size

ACTIONS = ("up", "down", "left", "right", "pick_up", "open")
PICK_UP, OPEN = 4, 5
LEGAL = frozenset(range(len(ACTIONS)))
RESET_FIRST = "reset() comes first: without it there is no layout"
STEP, KEY, DOOR, GOAL = -0.1, 1.0, 2.0, 10.0
REWARDS = ("once", "original", "goal")

Observation = tuple[int, ...]
Outcome = tuple[int, float, bool]  # next state, reward, terminated


class TransitionTable(NamedTuple):
    """All of a layout's dynamics as arrays of shape ``(states, 6)``.

    A state is the number ``(cell * 2 + has_key) * 2 + door_open`` with ``cell = row * size + column``.
    """

    next_state: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray

    def step(self, states: np.ndarray, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Advance many worlds at once: next states, rewards and whether each episode ended there."""
        at = np.ravel_multi_index((states, actions), self.reward.shape)  # one index for three arrays: twice as fast
        return self.next_state.take(at), self.reward.take(at), self.terminated.take(at)


def encode(size: int, cell: Cell, has_key: bool, door_open: bool) -> int:
    """The number of a state."""
    return ((cell[0] * size + cell[1]) * 2 + has_key) * 2 + door_open


def decode(size: int, state: int) -> tuple[Cell, bool, bool]:
    """``encode`` backwards: cell, has_key, door_open."""
    cell, flags = divmod(int(state), 4)
    return divmod(cell, size), bool(flags & 2), bool(flags & 1)


def mask(size: int, cells: Iterable[Cell]) -> np.ndarray:
    """Some cells as a boolean array of shape ``(size, size)``."""
    marked = np.zeros((size, size), dtype=bool)
    for cell in cells:
        marked[cell] = True
    return marked


def standing_on(size: int, cell: Cell) -> np.ndarray:
    """Which states have the agent on a cell, shape ``(states,)``."""
    return np.arange(size * size * 4) // 4 == cell[0] * size + cell[1]


def moves(layout: Layout) -> np.ndarray:
    """Where up, down, left and right lead from every state, shape ``(states, 4)``; a blocked move stays."""
    size = layout.size
    states = np.arange(size * size * 4)
    row, column = np.divmod(states // 4, size)
    wall, barred, door_open = mask(size, layout.walls), mask(size, layout.barred), states & 1 > 0
    after = np.repeat(states[:, None], 4, axis=1)
    for action, (down, right) in enumerate(NEIGHBOURS):
        r, c = row + down, column + right
        inside = (r >= 0) & (r < size) & (c >= 0) & (c < size)
        r, c = np.clip(r, 0, size - 1), np.clip(c, 0, size - 1)
        free = inside & ~wall[r, c] & (~barred[r, c] | door_open)
        after[free, action] = ((r * size + c) * 4 + states % 4)[free]
    return after


@lru_cache(maxsize=256)
def transition_table(layout: Layout, rewards: str = "once") -> TransitionTable:
    """Work out every (state, action) of a layout at once; ``rewards`` as in :class:`GridWorld`."""
    check_rewards(rewards)
    size = layout.size
    states = np.arange(size * size * 4)
    has_key, door_open = states & 2 > 0, states & 1 > 0
    takes = standing_on(size, layout.key) & ~has_key
    at_door = standing_on(size, layout.door) & has_key
    opens = at_door & ~door_open

    next_state = np.column_stack([moves(layout), states + 2 * takes, states + opens])
    reward = np.full(next_state.shape, STEP)
    if rewards != "goal":
        reward[takes, PICK_UP] = KEY
        reward[at_door if rewards == "original" else opens, OPEN] = DOOR

    terminated = standing_on(size, layout.goal)[next_state] & (next_state & 1 > 0)
    reward[terminated] = GOAL
    return TransitionTable(next_state, reward, terminated)


@lru_cache(maxsize=256)
def steps_to_goal(layout: Layout) -> np.ndarray:
    """Exact number of steps from every state to the goal (infinite where there is no way), shape ``(states,)``."""
    table = transition_table(layout)
    steps = np.full(len(table.next_state), np.inf)
    while True:
        better = 1 + np.where(table.terminated, 0.0, steps[table.next_state]).min(axis=1)
        if np.array_equal(better, steps):
            return steps
        steps = better


def outcomes(layout: Layout, state: int, rewards: str) -> list[Outcome]:
    """What each action does in one state: one row of the :func:`transition_table`, without working out the others."""
    size, flags = layout.size, state & 3
    row, column = cell = divmod(state >> 2, size)
    has_key, door_open = flags & 2 > 0, flags & 1 > 0
    shut = layout.walls if door_open else layout.walls | layout.barred
    after = []
    for down, right in NEIGHBOURS:
        r, c = row + down, column + right
        free = 0 <= r < size and 0 <= c < size and (r, c) not in shut
        after.append((r * size + c) * 4 + flags if free else state)

    takes, at_door = cell == layout.key and not has_key, cell == layout.door and has_key
    after += [state + 2 * takes, state | at_door]
    reward = [STEP] * len(ACTIONS)
    if takes and rewards != "goal":
        reward[PICK_UP] = KEY
    if at_door and (rewards == "original" or rewards == "once" and not door_open):
        reward[OPEN] = DOOR
    goal = encode(size, layout.goal, False, True)
    ends = goal, goal + 2  # without the key and with it
    return [(then, GOAL, True) if then in ends else (then, paid, False) for then, paid in zip(after, reward)]


def observe(layout: Layout, state: int, ahead: list[Outcome]) -> Observation:
    """One state's observation: one row of :func:`observations`."""
    cell, flags = divmod(state >> 2, layout.size), divmod(state & 3, 2)
    blocked = [1 if then == state else 0 for then, _, _ in ahead[:4]]
    return (*cell, *flags, *layout.key, *layout.door, *layout.goal, *blocked)


class GridWorld(gym.Env):
    """Fetch the key, open the door, reach the goal.

    Description: a square grid. ``layout`` is "fixed" (the published tutorial's), "open" (random positions), "rooms" (a
        wall with one locked door), "walls" (15 % random walls), drawn anew at each ``reset``, or a :class:`Layout`.
    Actions: 0 up, 1 down, 2 left, 3 right, 4 pick up (on the key's cell), 5 open (on the door's cell, with the key).
        An action that is not possible changes nothing and costs a step.
    Observation: 14 integers: row, column, has_key, door_open, (row, column) of key, door and goal, and whether the cell
        above, below, left and right of the agent is blocked.
    Rewards: -0.1 a step, +1 for taking the key, +2 for opening the door, +10 for the goal with the door open.
        ``rewards="original"`` pays the door every time it is opened again; ``"goal"`` pays the goal alone.
    Termination: at the goal with the door open. Truncation: after ``max_steps`` (10 * size ** 2 unless given).
    """

    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}

    def __init__(self, layout: str | Layout = "fixed", size: int | None = None, rewards: str = "once",
                 max_steps: int | None = None, render_mode: str | None = None) -> None:
        if isinstance(layout, Layout):
            if size not in (None, layout.size):
                raise ValueError(f"size: {size} contradicts the layout's own size {layout.size}")
            size = layout.size
        else:
            check_layout(layout)
        check_rewards(rewards)
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode: one of {self.metadata['render_modes']} is needed, got {render_mode!r}")
        check_size(5 if size is None else size)
        self.size = 5 if size is None else int(size)
        self.max_steps = 10 * self.size**2 if max_steps is None else max_steps
        whole = isinstance(self.max_steps, (int, np.integer)) and not isinstance(self.max_steps, bool)
        if not whole or self.max_steps < 1:
            raise ValueError(f"max_steps: a positive whole number is needed, got {max_steps!r}")
        self.source, self.rewards, self.render_mode = layout, rewards, render_mode
        self.action_space = gym.spaces.Discrete(len(ACTIONS))
        sizes = [self.size] * 2 + [2] * 2 + [self.size] * 6 + [2] * 4
        self.observation_space = gym.spaces.Tuple([gym.spaces.Discrete(n) for n in sizes])
        self.layout: Layout | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict]:
        """Start an episode; the same seed gives the same layout. ``options={"layout": Layout}`` sets one by hand."""
        super().reset(seed=seed)
        layout = (options or {}).get("layout", self.source)
        if not isinstance(layout, Layout):
            check_layout(layout)
            layout = LAYOUTS[layout](self.size, self.np_random)
        if layout.size != self.size:
            raise ValueError(f"options: the layout's size {layout.size} differs from the environment's {self.size}")
        if layout != self.layout:
            self.layout = layout
            states = self.size * self.size * 4
            self._known: list[tuple[Observation, list[Outcome]] | None] = [None] * states
            self._percepts: list[Percept | None] = [None] * states
        self._state = encode(self.size, layout.start, False, False)
        self._steps = 0
        return self._look(self._state)[0], {}

    def _look(self, state: int) -> tuple[Observation, list[Outcome]]:
        # Worked out when a state is first met: an episode meets few of a layout's states.
        known = self._known[state]
        if known is None:
            ahead = outcomes(self.layout, state, self.rewards)
            known = self._known[state] = observe(self.layout, state, ahead), ahead
        return known

    def step(self, action: int) -> tuple[Observation, float, bool, bool, dict]:
        """One action; see Gymnasium: observation, reward, terminated, truncated, info."""
        if action not in LEGAL:
            raise ValueError(f"action: a whole number from 0 to 5 is needed, got {action!r}")
        if self.layout is None:
            raise gym.error.ResetNeeded(RESET_FIRST)
        known, state = self._known, self._state
        after, reward, terminated = (known[state] or self._look(state))[1][action]
        self._state, self._steps = after, self._steps + 1
        truncated = not terminated and self._steps >= self.max_steps
        return (known[after] or self._look(after))[0], reward, terminated, truncated, {}

    @property
    def table(self) -> TransitionTable:
        """All of the present layout's dynamics; see :func:`transition_table`."""
        if self.layout is None:
            raise gym.error.ResetNeeded(RESET_FIRST)
        return transition_table(self.layout, self.rewards)

    @property
    def state(self) -> int:
        """The number of the present state; see :class:`TransitionTable`."""
        if self.layout is None:
            raise gym.error.ResetNeeded(RESET_FIRST)
        return self._state

    def optimal_steps(self) -> int:
        """The fewest steps from the present state to the goal, exact."""
        state = self.state
        return int(steps_to_goal(self.layout)[state])

    def percept(self) -> Percept:
        """The present state as a :class:`Percept`. Built once per state of a layout, then remembered."""
        state = self.state
        found = self._percepts[state]
        if found is None:
            found = self._percepts[state] = describe(self.layout, state, self._look(state)[0])
        return found

    def render(self) -> str | np.ndarray | None:
        """Text for "ansi", an RGB array of shape (rows, columns, 3) for "rgb_array"."""
        if self.render_mode == "ansi":
            return draw_text(self.percept().scene)
        if self.render_mode == "rgb_array":
            from ..scenes import scene_to_rgb  # drawing is needed here only

            return scene_to_rgb(self.percept().scene)
        return None


def observations(layout: Layout) -> np.ndarray:
    """Every state's observation, shape ``(states, 14)``."""
    size, table = layout.size, transition_table(layout)
    states = np.arange(size * size * 4)
    row, column = np.divmod(states // 4, size)
    places = np.broadcast_to([*layout.key, *layout.door, *layout.goal], (len(states), 6))
    blocked = table.next_state[:, :4] == states[:, None]
    return np.column_stack([row, column, states & 2 > 0, states & 1 > 0, places, blocked]).astype(np.int64)


def board_of(layout: Layout, has_key: bool, door_open: bool) -> Board:
    """What a picture shows beside the agent."""
    items = () if has_key else (("key", "yellow", layout.key),)
    items += (("door", "open" if door_open else "locked", layout.door), ("goal", "green", layout.goal))
    if not door_open:
        items += tuple(("barred", "shut", cell) for cell in sorted(layout.barred))
    return Board(layout.size, layout.size, layout.walls, items)


def describe(layout: Layout, state: int, observation: Observation) -> Percept:
    """A state as facts, displacements ``(rows, columns)`` from the agent, and what is next to it."""
    (row, column), has_key, door_open = decode(layout.size, state)
    facts = {"has_key": has_key, "door_open": door_open}
    objects = {"key": layout.key, "door": layout.door, "goal": layout.goal}
    if has_key:
        del objects["key"]
    return Percept(
        facts=frozenset(name for name, holds in facts.items() if holds),
        objects={name: (r - row, c - column) for name, (r, c) in objects.items()},
        place=(row, column),
        around={step: not blocked for step, blocked in zip(NEIGHBOURS, observation[10:], strict=True)},
        scene=Scene(board_of(layout, has_key, door_open), (row, column), None, "key" if has_key else None),
    )


def check_layout(name: str) -> None:
    """Raise ``ValueError`` unless ``name`` is one of :data:`~procmem_lite.worlds.layouts.LAYOUTS`."""
    if not isinstance(name, str) or name not in LAYOUTS:
        raise ValueError(f"layout: one of {sorted(LAYOUTS)} or a Layout is needed, got {name!r}")


def check_rewards(name: str) -> None:
    """Raise ``ValueError`` unless ``name`` is one of :data:`REWARDS`."""
    if name not in REWARDS:
        raise ValueError(f"rewards: one of {REWARDS} is needed, got {name!r}")


def perceive(env: gym.Env) -> Percept:
    """What the agent takes from a :class:`GridWorld` (wrapped or not) at this step."""
    world = getattr(env, "unwrapped", None)
    if not isinstance(world, GridWorld):
        raise TypeError(f"env: a GridWorld is needed, got {type(env).__name__}")
    return world.percept()


perceive.actions = ACTIONS  # names for whoever shows an episode

gym.register(id="procmem_lite/GridWorld-v0", entry_point="procmem_lite.worlds.gridworld:GridWorld")
