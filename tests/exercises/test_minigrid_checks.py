"""The checks of chapter 8: plausible wrong answers are refused, right ones pass however they are written."""

import itertools
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from verdicts import refused, verdict

from procmem_lite import GridWorld, Percept
from procmem_lite import perceive as perceive_grid
from procmem_lite.exercises import minigrid as checks
from procmem_lite.worlds import minigrid


def each_displacement(change):
    """A perceive that changes every displacement of the package's, given the heading."""
    def perceive(env):
        seen, heading = minigrid.perceive(env), env.unwrapped.agent_dir
        return replace(seen, objects={name: change(away, heading) for name, away in seen.objects.items()},
                       around={change(step, heading): free for step, free in seen.around.items()})
    return perceive


# ---------------------------------------------------------------- 8.1 a frame that does not turn


def by_heading(away, heading):
    (fx, fy), (forward, right) = minigrid.AHEAD[heading], away
    return forward * fy + right * fx, forward * fx - right * fy


def by_quarter_turns(away, heading):
    forward, right = away
    for _ in range(heading):
        forward, right = -right, forward
    return right, forward


def from_the_grid(env):
    """Nothing of the package's displacements: what the grid says."""
    seen, world = minigrid.perceive(env), env.unwrapped
    (column, row), around = map(int, world.agent_pos), {}
    for down, right in itertools.product((-1, 0, 1), repeat=2):
        if abs(down) + abs(right) == 1:
            cell = world.grid.get(column + right, row + down)
            around[down, right] = True if cell is None else cell.type if cell.can_overlap() else False
    objects = {name: (y - row, x - column) for name, _, x, y in minigrid.things_in(world).placed}
    return Percept(seen.facts, objects, seen.place, around, seen.scene)


@pytest.mark.parametrize("answer", [each_displacement(by_heading), each_displacement(by_quarter_turns), from_the_grid])
def test_still_frames_pass(answer, capsys):
    assert verdict(checks.still_frame, answer, capsys).startswith("right: 36 views of 9 layouts")


def around_forgotten(env):
    return replace(each_displacement(by_heading)(env), around=minigrid.perceive(env).around)


def where_things_are(env):
    """Positions on the board, not displacements."""
    world = env.unwrapped
    placed = {name: (y, x) for name, _, x, y in minigrid.things_in(world).placed}
    return replace(from_the_grid(env), objects=placed)


def without_lava_named(env):
    seen = from_the_grid(env)
    return replace(seen, around={step: bool(free) for step, free in seen.around.items()})


@pytest.mark.parametrize(("answer", "says"), [
    (minigrid.perceive, "rows and columns"),
    (each_displacement(lambda away, heading: by_heading(away, heading)[::-1]), "rows and columns"),
    (each_displacement(lambda away, heading: tuple(-part for part in by_heading(away, heading))), "rows and columns"),
    (each_displacement(lambda away, heading: by_heading(away, 0)), "rows and columns"),
    (each_displacement(lambda away, heading: by_heading(away, -heading)), "rows and columns"),
    (around_forgotten, "around should be"), (where_things_are, "rows and columns"),
    (without_lava_named, "around should be"),
    (lambda env: replace(from_the_grid(env), facts=frozenset()), "facts and place"),
    (lambda env: replace(from_the_grid(env), place=from_the_grid(env).place[:2]), "facts and place"),
    (lambda env: from_the_grid(env).objects, "a Percept is needed"),
])
def test_other_frames_are_refused(answer, says, capsys):
    refused(checks.still_frame, answer, capsys, says)


# ---------------------------------------------------------------- 8.2 the nearest of each kind


def seen_from(world, column, row):
    (fx, fy), (ax, ay) = minigrid.AHEAD[world.agent_dir], map(int, world.agent_pos)
    return (column - ax) * fx + (row - ay) * fy, (row - ay) * fx - (column - ax) * fy


def things(world):
    for row, column in itertools.product(range(world.height), range(world.width)):
        cell = world.grid.get(column, row)
        if cell is not None and cell.type not in ("wall", "floor"):
            yield cell, seen_from(world, column, row)


def far(away):
    return abs(away[0]) + abs(away[1])


def by_dictionary(env):
    nearest = {}
    for cell, away in things(env.unwrapped):
        if cell.type not in nearest or far(away) < far(nearest[cell.type]):
            nearest[cell.type] = away
    return replace(minigrid.perceive(env), objects=nearest)


def by_sorting(env):
    """The farthest first, so that the nearest is written last; of equals, another than above."""
    ordered = sorted(things(env.unwrapped), key=lambda thing: -far(thing[1]))
    return replace(minigrid.perceive(env), objects={cell.type: away for cell, away in ordered})


def by_rings(env):
    """Wider and wider around the agent, until nothing is left to find."""
    world, found = env.unwrapped, {}
    (ax, ay) = map(int, world.agent_pos)
    for radius in range(world.width + world.height):
        for dx in range(-radius, radius + 1):
            for dy in {radius - abs(dx), abs(dx) - radius}:
                if 0 <= ax + dx < world.width and 0 <= ay + dy < world.height:
                    cell = world.grid.get(ax + dx, ay + dy)
                    if cell and cell.type not in ("wall", "floor"):
                        found.setdefault(cell.type, seen_from(world, ax + dx, ay + dy))
    return replace(minigrid.perceive(env), objects=found)


@pytest.mark.parametrize("answer", [by_dictionary, by_sorting, by_rings])
def test_the_nearest_of_each_kind_passes(answer, capsys):
    assert verdict(checks.nearest_of_each, answer, capsys).startswith("right:")


def by_name(env):
    """Only among things that have a name, and under it."""
    return replace(minigrid.perceive(env), objects={name.split()[-1]: away
                                                    for name, away in minigrid.perceive(env).objects.items()})


def farthest(env):
    ordered = sorted(things(env.unwrapped), key=lambda thing: far(thing[1]))
    return replace(minigrid.perceive(env), objects={cell.type: away for cell, away in ordered})


def as_the_crow_flies(env):
    ordered = sorted(things(env.unwrapped), key=lambda thing: -np.hypot(*thing[1]))
    return replace(minigrid.perceive(env), objects={cell.type: away for cell, away in ordered})


def rows_and_columns(env):
    world = env.unwrapped
    ax, ay = map(int, world.agent_pos)
    placed = {cell.type: (y - ay, x - ax) for x, y in np.ndindex(world.width, world.height)
              if (cell := world.grid.get(x, y)) is not None and cell.type not in ("wall", "floor")}
    return replace(minigrid.perceive(env), objects=placed)


def with_walls(env):
    seen, world = by_dictionary(env), env.unwrapped
    walls = [seen_from(world, x, y) for x, y in np.ndindex(world.width, world.height)
             if (cell := world.grid.get(x, y)) is not None and cell.type == "wall"]
    return replace(seen, objects=seen.objects | {"wall": min(walls, key=far)})


def locked_by_its_name(env):
    seen, locked = by_dictionary(env), "locked door locked" in minigrid.perceive(env).facts
    return replace(seen, objects={"locked door" if (name, locked) == ("door", True) else name: away
                                  for name, away in seen.objects.items()})


@pytest.mark.parametrize(("answer", "says"), [
    (minigrid.perceive, "objects named"), (by_name, ""), (farthest, "not the nearest"),
    (as_the_crow_flies, "not the nearest"), (rows_and_columns, "there is no"), (with_walls, "objects named"),
    (locked_by_its_name, "objects named"), (lambda env: None, "a Percept is needed"),
    (lambda env: replace(by_dictionary(env), facts=frozenset({"near"})), "facts and place"),
])
def test_other_choices_are_refused(answer, says, capsys):
    refused(checks.nearest_of_each, answer, capsys, says)


# ---------------------------------------------------------------- 8.3 your own world


class Lock(gym.Env):
    """Press the code; any other button puts all lights out."""

    observation_space = gym.spaces.Discrete(6)

    def __init__(self, code=(3, 1, 4, 1, 0), buttons=5):
        self.code, self.action_space = code, gym.spaces.Discrete(buttons)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.lights = 0
        return 0, {}

    def step(self, action):
        self.lights = self.lights + 1 if action == self.code[self.lights] else 0
        opened = self.lights == len(self.code)
        return self.lights, float(opened), opened, False, {}


def lights(env):
    return Percept(frozenset(f"light {number}" for number in range(env.unwrapped.lights)))


class Corridor(gym.Env):
    """Left or right, to a bell that hangs somewhere; ring it."""

    action_space, observation_space = gym.spaces.Discrete(3), gym.spaces.Discrete(40)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at, self.bell = 0, int(self.np_random.integers(8, 20))
        return 0, {}

    def step(self, action):
        if action < 2:
            self.at = min(max(self.at + (-1, 1)[action], 0), 20)
        rings = action == 2 and self.at == self.bell
        return self.at, float(rings), rings, False, {}


def bell(env):
    world = env.unwrapped
    return Percept(frozenset(), {"bell": (world.bell - world.at,)}, world.at)


def kitchen():
    """Other facts than lights, from a lock that is worn down: what is in the pot so far."""
    dishes = ("empty", "water", "salt", "noodles", "done")
    return Lock((0, 2, 1, 3), 6), lambda env: Percept(frozenset({dishes[env.unwrapped.lights]}))


@pytest.mark.parametrize("answer", [lambda: (Lock(), lights), lambda: [Corridor(), bell], kitchen])
def test_worlds_in_which_the_agent_learns_pass(answer, capsys):
    assert verdict(checks.own_world, answer, capsys).startswith("right: a median of")


def lake():
    env = gym.make("FrozenLake-v1", map_name="8x8", is_slippery=False, max_episode_steps=500)

    def perceive(env):
        row, column = divmod(int(env.unwrapped.s), 8)
        return Percept(frozenset(), {"goal": (7 - row, 7 - column)})

    return env, perceive


class Renamed(GridWorld):
    """The series' world under another name."""


class Given(Lock):
    """Ends at once, whatever is done."""

    def step(self, action):
        return 0, 1.0, True, False, {}


class Unpaid(Lock):
    """Never pays."""

    def step(self, action):
        observation, _, *others = super().step(action)
        return observation, 0.0, *others


class Dial(Lock):
    action_space = gym.spaces.Box(0, 1, (1,))

    def __init__(self):
        self.code = (0,)


@pytest.mark.parametrize(("answer", "says"), [
    (lake, "FrozenLakeEnv is in this series already"),
    (lambda: (GridWorld("fixed", 5), perceive_grid), "GridWorld is in this series already"),
    (lambda: (Renamed("open", 4), perceive_grid), "Renamed is in this series already"),
    (lambda: (gym.make("MiniGrid-Empty-5x5-v0"), minigrid.perceive), "is in this series already"),
    (lambda: (Given(), lights), "nothing to learn here"), (lambda: (Unpaid(), lights), "of the last five episodes 0"),
    (lambda: (Lock((3, 1, 4, 1, 0, 2, 2)), lambda env: Percept(frozenset())), "of the last five episodes"),
    (lambda: (Dial(), lights), "whole numbers"), (lambda: Lock(), "a pair is needed"),
    (lambda: (Lock, lights), "environment is needed first"), (lambda: (lights, Lock()), "environment is needed first"),
])
def test_worlds_that_are_known_or_cannot_be_learned_are_refused(answer, says, capsys):
    refused(checks.own_world, answer, capsys, says)
