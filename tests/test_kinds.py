"""Kinds of worlds that others bring: other units, noise, panes, doors that open when pushed, things that move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from procmem_lite import Percept, ProceduralMemoryAgent, train
from procmem_lite.episodes import Actor, Choice, Play, rollout
from procmem_lite.navigation.view import View
from procmem_lite.percepts import Transition
from procmem_lite.worlds import minigrid

WAYS = ((-1, 0), (1, 0), (0, -1), (0, 1))
SIDE, TAKE = 6, 4
Cell = tuple[int, int]


class Room(gym.Env):
    """Walk to the exit (0 to 3) and take it (4)."""

    action_space, observation_space = gym.spaces.Discrete(5), gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """The agent, the exit and another thing, each somewhere else."""
        super().reset(seed=seed)
        self.me, self.exit, self.thing = (divmod(int(cell), SIDE) for cell in self.np_random.permutation(SIDE**2)[:3])
        self.steps, self.facts = 0, frozenset()
        return 0, {}

    def free(self, cell: Cell) -> bool:
        """Whether a cell can be entered."""
        return all(0 <= part < SIDE for part in cell)

    def next_to(self, way: Cell) -> Cell:
        """The cell that lies in a direction."""
        return self.me[0] + way[0], self.me[1] + way[1]

    def step(self, action: int) -> tuple:
        """Walk or take."""
        self.steps += 1
        if action < TAKE and self.free(self.next_to(WAYS[action])):
            self.me = self.next_to(WAYS[action])
        done = self.takes(action)
        return 0, float(done), done, not done and self.steps >= 200, {}

    def takes(self, action: int) -> bool:
        """Whether the exit is taken."""
        return action == TAKE and self.me == self.exit


def see(env: Room, thing: bool = False, around: bool = False) -> Percept:
    """The exit, and on demand the thing, and what is free."""
    env = env.unwrapped
    seen = {"exit": env.exit} | ({"thing": env.thing} if thing else {})
    return Percept(env.facts, {name: (row - env.me[0], column - env.me[1]) for name, (row, column) in seen.items()},
                   env.me, {way: env.free(env.next_to(way)) for way in WAYS} if around else {})


class Glass(Room):
    """A pane stands between the third and the fourth column, except in the first row; nobody sees it."""

    def step(self, action: int) -> tuple:
        """Who walks into the pane stays."""
        before = self.me
        told = super().step(action)
        if {before[1], self.me[1]} == {2, 3} and before[0]:
            self.me = before
        return told


class Pushed(Room):
    """A wall in the fourth column has a door (the thing), which opens when somebody walks into it."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """The agent to the left, the exit to the right."""
        super().reset(seed=seed)
        rows = self.np_random.integers(SIDE, size=3)
        self.me, self.exit, self.thing = (int(rows[0]), 0), (int(rows[1]), 5), (int(rows[2]), 3)
        return 0, {}

    def free(self, cell: Cell) -> bool:
        """The wall is not free, the door once it is open."""
        if cell == self.thing and not self.facts:
            self.facts = frozenset({"open"})
            return False
        return super().free(cell) and (cell[1] != 3 or cell == self.thing)


class Dog(Room):
    """The thing wanders about."""

    def step(self, action: int) -> tuple:
        """The dog first."""
        way = WAYS[int(self.np_random.integers(4))]
        there = self.thing[0] + way[0], self.thing[1] + way[1]
        self.thing = there if self.free(there) else self.thing
        return super().step(action)


class Bag(Room):
    """The thing has to be taken first, and is carried from then on."""

    def step(self, action: int) -> tuple:
        """What is carried goes along."""
        told = super().step(action)
        if self.facts:
            self.thing = self.me
        if action == TAKE and self.me == self.thing:
            self.facts = frozenset({"has bag"})
        return told

    def takes(self, action: int) -> bool:
        """Only with the bag."""
        return bool(self.facts) and super().takes(action)


class Pad(Room):
    """Who steps on the thing finds itself anywhere."""

    def step(self, action: int) -> tuple:
        """Thrown about."""
        told = super().step(action)
        if self.me == self.thing and not told[2]:
            self.me = divmod(int(self.np_random.integers(SIDE**2)), SIDE)
        return told


class Wind(Room):
    """Who comes to the fourth column from the left is blown back two columns, except in the first row."""

    def step(self, action: int) -> tuple:
        """Blown back."""
        before = self.me
        told = super().step(action)
        if (before[1], self.me[1]) == (2, 3) and self.me[0]:
            self.me = self.me[0], 1
        return told


class Lamps(Room):
    """The thing has to be rung first; and lamps go on and off at random."""

    def __init__(self, count: int) -> None:
        self.count, self.lamps = count, frozenset()

    def step(self, action: int) -> tuple:
        """The lamps anew."""
        told = super().step(action)
        self.lamps = frozenset(f"lamp {number}" for number in range(self.count) if self.np_random.random() < 0.5)
        if action == TAKE and self.me == self.thing:
            self.facts = frozenset({"rung"})
        return told

    def takes(self, action: int) -> bool:
        """Only after the bell."""
        return bool(self.facts) and super().takes(action)


def life(env: gym.Env, perceive: Callable[[Any], Percept], episodes: int, seed: int = 0) -> tuple[list[int], float]:
    """Steps of each episode of learning, and success on 20 layouts that were never seen."""
    agent = ProceduralMemoryAgent(5, perceive, seed)
    steps = train(agent, env, episodes, progress=False, seed=1000 * seed).steps.tolist()
    return steps, np.mean([agent.run_episode(env, seed=10**6 + i, learn=False).success for i in range(20)])


def in_units(percept: Percept, unit: float, noise: Callable[[], float] = lambda: 0.0) -> Percept:
    """The same percept in another unit, and with noise."""
    def other(shift: tuple) -> tuple:
        return tuple(unit * (x + noise()) for x in shift)

    return replace(percept, objects={name: other(shift) for name, shift in percept.objects.items()},
                   around={tuple(unit * x for x in shift): free for shift, free in percept.around.items()})


@pytest.mark.parametrize("unit", [0.1, 1 / 3, 1e-6, 1e6, 8, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_an_agent_takes_the_same_steps_in_every_unit(unit, seed):
    plain = life(Room(), see, 20, seed)
    assert life(Room(), lambda env: in_units(see(env), unit), 20, seed) == plain
    assert plain[1] == 1.0


@pytest.mark.parametrize("unit", [0.1, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_and_under_noise_well_below_a_step(unit, seed):
    rng = np.random.default_rng(seed)
    noisy = life(Room(), lambda env: in_units(see(env), unit, lambda: rng.uniform(-0.02, 0.02)), 20, seed)
    assert noisy == life(Room(), see, 20, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_world_that_turns_has_no_unit_either(seed):
    def steps(perceive: Callable[[Any], Percept]) -> list[int]:
        agent = ProceduralMemoryAgent(7, perceive, seed)
        room = minigrid.without_view(gym.make("MiniGrid-DoorKey-5x5-v0"))
        return train(agent, room, 6, progress=False, seed=1000 * seed).steps.tolist()

    assert steps(lambda env: in_units(minigrid.perceive(env), 0.1)) == steps(minigrid.perceive)


def test_what_happened_before_anything_moved_is_measured_anew():
    view, lamp = View(), Percept(frozenset(), {"lamp": (0.3, 0.6)}, 0)
    lit, near = replace(lamp, facts=frozenset({"lit"})), Percept(frozenset(), {"lamp": (0.2, 0.6)}, 1)
    first, anew = view.look(Transition(lamp, 4, 0.0, lit))
    assert anew == ""
    assert first[0].percept.objects == {"lamp": (0.3, 0.6)}
    both, anew = view.look(Transition(lamp, 0, 0.0, near))
    assert anew == "space"
    assert [step.percept.objects["lamp"] for step in both] == [(3, 6), (3, 6)]
    assert both[1].next_percept.objects["lamp"] == (2, 6)
    assert view.look(Transition(near, 1, 0.0, lamp)) == ([view.viewed(Transition(near, 1, 0.0, lamp))], "")


@pytest.mark.parametrize(("world", "perceive", "longest"), [
    (Glass, lambda env: see(env, around=True), 30), (Pushed, lambda env: see(env, True), 45),
    (Dog, lambda env: see(env, True), 11), (Bag, lambda env: see(env, True), 22), (Pad, see, 60), (Wind, see, 60)],
    ids=["pane", "door that is pushed", "wanderer", "carried", "teleport", "wind"])
@pytest.mark.parametrize("seed", range(3))
def test_what_others_bring_is_learned(world, perceive, longest, seed):
    steps, success = life(world(), perceive, 30, seed)
    assert success == 1.0
    assert max(steps[-10:]) <= longest, "nobody dithers"


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("seed", range(2))
def test_facts_that_come_and_go_whatever_is_done_mean_nothing(count, seed):
    def perceive(env: Lamps) -> Percept:
        return replace(see(env, True), facts=env.facts | env.lamps)

    agent, still = ProceduralMemoryAgent(5, perceive, seed), ProceduralMemoryAgent(5, perceive, seed)
    steps = [train(each, Lamps(lamps), 30, progress=False, seed=1000 * seed).steps[-15:].mean()
             for each, lamps in ((agent, count), (still, 0))]
    assert steps[0] <= 1.2 * steps[1]
    assert agent.memory.view.flickers == {f"lamp {number}" for number in range(count)}
    assert still.memory.view.flickers == set()
    assert len(agent.library.shelves) == len(still.library.shelves) == 2


class Trap(Room):
    """Another button takes the exit from the twenty-first day on, and the old one kills there."""

    action_space, day = gym.spaces.Discrete(6), 0

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Another day."""
        self.day += 1
        return super().reset(seed=seed)

    def step(self, action: int) -> tuple:
        """The old button or the new one."""
        told = super().step(action)
        if self.day > 20 and told[2]:
            return 0, -1.0, True, False, {}
        return (0, 1.0, True, False, {}) if self.day > 20 and action == 5 and self.me == self.exit else told


@pytest.mark.parametrize("seed", range(3))
def test_who_was_harmed_by_what_paid_before_is_back_within_five_episodes(seed):
    agent = ProceduralMemoryAgent(6, see, seed)
    success = train(agent, Trap(), 60, progress=False, seed=1000 * seed).success
    assert success[:20].mean() >= 0.95
    assert success[25:].mean() >= 0.95


def beside(one: Cell, other: Cell) -> bool:
    """Whether two cells share a side."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) == 1


class Beside(Room):
    """The exit is taken from any of its four sides."""

    def takes(self, action: int) -> bool:
        """Next to it."""
        return action == TAKE and beside(self.me, self.exit)


class Arriving(Room):
    """To come next to the exit is all."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Not next to it already."""
        told = super().reset(seed=seed)
        return self.reset(options=options) if beside(self.me, self.exit) else told

    def takes(self, action: int) -> bool:
        """Next to it."""
        return beside(self.me, self.exit)


class PutNext(Room):
    """The thing has to be put down next to the exit; it can be put down anywhere, and taken again."""

    def step(self, action: int) -> tuple:
        """What is held goes along."""
        told = super().step(action)
        self.thing = self.me if self.facts else self.thing
        return told

    def takes(self, action: int) -> bool:
        """Take it or put it down."""
        if action == TAKE and self.facts and self.me != self.exit:
            self.facts = frozenset()
            return beside(self.me, self.exit)
        if action == TAKE and self.me == self.thing:
            self.facts = frozenset({"in hand"})
        return False


@pytest.mark.parametrize(("world", "longest"), [(Beside, 14), (Arriving, 12), (PutNext, 40)],
                         ids=["next to it, from any side", "arriving next to it", "put down next to it"])
@pytest.mark.parametrize("seed", range(3))
def test_where_something_works_from_any_side_the_nearest_side_is_found(world, longest, seed):
    steps, success = life(world(), lambda env: see(env, thing=True), 40, seed)
    assert success == 1.0
    assert np.mean(steps[-10:]) <= longest


class Slippery(Room):
    """One action in five goes as another one would."""

    def step(self, action: int) -> tuple:
        """Any other."""
        return super().step(int(self.np_random.integers(4)) if self.np_random.random() < 0.2 else action)


@pytest.mark.parametrize("seed", range(3))
def test_who_slips_now_and_then_gets_there(seed):
    steps, success = life(Slippery(), lambda env: see(env, around=True), 40, seed)
    assert success == 1.0
    assert np.mean(steps[-10:]) <= 14


def lake(env: gym.Env) -> Percept:
    """Gymnasium's frozen lake, as seen by who stands on it."""
    env = env.unwrapped
    row, column = divmod(int(env.s), env.ncol)
    next_to = {way: (row + way[0], column + way[1]) for way in WAYS}
    marks = {way: env.desc[cell] if min(cell) >= 0 and max(cell) < 4 else None for way, cell in next_to.items()}
    return Percept(frozenset(), {"goal": (3 - row, 3 - column)}, (row, column),
                   {way: mark is not None and ("hole" if mark == b"H" else True) for way, mark in marks.items()})


def test_on_a_frozen_lake_an_agent_learns_what_its_steps_come_to_and_keeps_away_from_holes():
    env = gym.make("FrozenLake-v1", is_slippery=True)
    found = []
    for seed in range(2):
        agent = ProceduralMemoryAgent(4, lake, seed)
        train(agent, env, 250, progress=False, seed=1000 * seed)
        assert agent.model.slips
        assert agent.memory.senses["dangers"].fatal["hole"]
        found.append(np.mean([agent.run_episode(env, seed=10**6 + n, learn=False).success for n in range(100)]))
    assert np.mean(found) >= 0.3, "at random it is 0.01, at best 0.74"


class Pits(Room):
    """Who steps where the thing or the other thing is, falls; they look like anything else."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Neither pit under the agent or the exit."""
        told = super().reset(seed=seed)
        self.other = divmod(int(self.np_random.permutation(SIDE**2)[0]), SIDE)
        return self.reset(options=options) if self.other in (self.me, self.exit) else told

    def step(self, action: int) -> tuple:
        """Fall."""
        told = super().step(action)
        return (0, 0.0, True, False, {}) if self.me in (self.thing, self.other) else told


def see_pits(env: Pits) -> Percept:
    """The exit and the pits, by name."""
    seen, (row, column) = see(env, thing=True), env.other
    return replace(seen, objects=seen.objects | {"other": (row - env.me[0], column - env.me[1])})


@pytest.mark.parametrize("seed", range(3))
def test_who_fell_into_a_pit_twice_goes_round_pits_of_that_name_in_every_room(seed):
    agent = ProceduralMemoryAgent(5, see_pits, seed)
    success = train(agent, Pits(), 40, progress=False, seed=1000 * seed).success
    assert success[20:].mean() >= 0.95
    assert np.mean([agent.run_episode(Pits(), seed=10**6 + n, learn=False).success for n in range(20)]) == 1.0


class Parcel(gym.Env):
    """Packing (0) weighs and seals at once; who has sealed before (1) still has to weigh; then it is sent (2)."""

    action_space, observation_space = gym.spaces.Discrete(3), gym.spaces.Discrete(1)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Every third parcel comes sealed."""
        super().reset(seed=seed)
        self.facts, self.steps = frozenset({"sealed"} if seed and seed % 3 == 0 else ()), 0
        return 0, {}

    def step(self, action: int) -> tuple:
        """Pack, seal or send."""
        self.steps += 1
        self.facts |= {0: {"weighed", "sealed"}, 1: {"sealed"}}.get(action, set())
        sent = action == 2 and {"weighed", "sealed"} <= self.facts
        return 0, float(sent), sent, not sent and self.steps >= 30, {}


def test_a_skill_of_whose_effect_a_part_was_there_already_succeeds_where_all_of_it_holds_afterwards():
    class Packer(Actor):
        def act(self, play: Play) -> Choice:
            return Choice(0 if play.episode.steps == 0 else 2)

    def perceive(env: gym.Env) -> Percept:
        return Percept(env.unwrapped.facts)

    agent = ProceduralMemoryAgent(3, perceive, seed=0)
    agent.learn_from(rollout(Parcel(), perceive, Packer(), seed=1))  # this one was not sealed
    used = agent.run_episode(Parcel(), seed=6, learn=False).invocations[0]
    assert used.expected & used.before.facts == {"sealed"}
    assert used.reason == "effect"
    assert used.succeeded, "all of it holds now"


# ---------------------------------------------------------------- things that serve as well, kill, or lead elsewhere


class Twins(Room):
    """The exit is there twice, and in each episode one of the two serves."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Which one is drawn."""
        told = super().reset(seed=seed)
        self.serving = [self.exit, self.thing][int(self.np_random.integers(2))]
        return told

    def takes(self, action: int) -> bool:
        """Only there."""
        return action == TAKE and self.me == self.serving


@pytest.mark.parametrize("seed", range(3))
def test_of_two_things_of_which_one_serves_the_other_is_gone_to_where_the_first_does_not(seed):
    env = Twins()
    agent = ProceduralMemoryAgent(5, lambda env: see(env, True, True), seed=seed)
    train(agent, env, 30, progress=False)
    assert {shelf.anchor for shelf in agent.library.shelves.values()} == {"exit", "thing"}
    for number in range(100, 115):
        episode = agent.run_episode(env, seed=number, learn=False, max_steps=60)
        away = [sum(map(abs, seen)) for seen in episode.percepts[0].objects.values()]
        apart = sum(abs(a - b) for a, b in zip(env.exit, env.thing, strict=True))
        assert episode.success
        assert episode.steps <= max(away) + apart + 2, "to the one, and from there to the other"


class Pitfall(Room):
    """To enter the thing kills; three lamps, which mean nothing, shine or not all through an episode."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Which lamps shine."""
        told = super().reset(seed=seed)
        self.facts = frozenset(f"lamp {number}" for number in range(3) if self.np_random.random() < 0.5)
        return told

    def step(self, action: int) -> tuple:
        """Who falls in is dead."""
        told = super().step(action)
        return (0, 0.0, True, False, {}) if self.me == self.thing else told


@pytest.mark.parametrize("seed", range(3))
def test_what_kills_whatever_idle_facts_hold_kills_few_times(seed):
    agent = ProceduralMemoryAgent(5, lambda env: see(env, True, True), seed=seed)
    log = train(agent, Pitfall(), 60, progress=False)
    deaths = [number for number, success in enumerate(log.success) if not success]
    assert 1 <= len(deaths) <= 6, "eight sets of facts, two deaths under each, were sixteen"
    assert log.success[30:].mean() > 0.9


class Alarm(Room):
    """A sixth action ends the episode, wherever; the thing wanders, as does the exit."""

    action_space = gym.spaces.Discrete(6)

    def step(self, action: int) -> tuple:
        """Both move at times."""
        told = (0, 0.0, True, False, {}) if action == 5 else super().step(action)
        for name in ("thing", "exit"):
            if self.np_random.random() < 0.3 and not told[2]:
                row, column = getattr(self, name)
                way = WAYS[int(self.np_random.integers(4))]
                there = row + way[0], column + way[1]
                setattr(self, name, there if self.free(there) else (row, column))
        return told


@pytest.mark.parametrize("seed", range(3))
def test_an_action_that_always_kills_is_tried_ever_less_and_what_moves_by_itself_is_not_its_doing(seed):
    agent = ProceduralMemoryAgent(6, lambda env: see(env, True, True), seed=seed)
    log = train(agent, Alarm(), 40, progress=False)
    assert set(agent.model.maps) <= {0, 1, 2, 3}
    assert {shelf.site.action for shelf in agent.library.shelves.values()} == {TAKE}, "who stands arrives nowhere"
    deaths = np.flatnonzero(~np.array(log.success))
    assert len(deaths) >= 1
    assert np.sum(deaths > np.argmax(log.success)) <= 6, "of the episodes after the first success"


class Cart(Room):
    """Three actions lay a cloth, take it off and put it away; of these a fact tells."""

    action_space = gym.spaces.Discrete(7)

    def step(self, action: int) -> tuple:
        """Two of the three only take it off."""
        told = super().step(action if action <= TAKE else TAKE)
        if action >= TAKE:
            self.facts = frozenset({"cloth"}) if action == TAKE else frozenset()
        return told


def test_a_fact_that_one_action_brings_and_others_take_away_does_not_flicker():
    env, view = Cart(), View()
    env.reset(seed=0)
    before = see(env)
    for action in (4, 5, 4, 6) * 30:
        env.step(action)
        after = see(env)
        view.look(Transition(before, action, 0.0, after))
        before = after
    assert view.flickers == set()


@pytest.mark.parametrize("seed", range(3))
def test_a_pad_that_throws_one_elsewhere_is_not_tried_without_end(seed):
    class Thrown(Pad):
        """The pad throws to the same corner always, and the exit has to be found first."""

        def step(self, action: int) -> tuple:
            """Into the corner."""
            told = Room.step(self, action)
            self.me = (0, 0) if self.me == self.thing and not told[2] else self.me
            return told

    agent = ProceduralMemoryAgent(5, lambda env: see(env, True, True), seed=seed)
    log = train(agent, Thrown(), 15, progress=False)
    assert log.success.mean() > 0.8


class Corner(Pad):
    """The thing throws whoever steps on it into a corner; what must be taken is the exit, in rooms that differ."""

    def step(self, action: int) -> tuple:
        """Into the corner."""
        told = Room.step(self, action)
        self.falls += self.me == self.thing and not told[2]
        self.me = (0, 0) if self.me == self.thing and not told[2] else self.me
        return told

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """Nobody has fallen yet."""
        self.falls = 0
        return super().reset(seed=seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_thing_that_throws_one_elsewhere_is_gone_around_and_motion_is_not_blamed_for_it(seed):
    env, falls = Corner(), 0
    agent = ProceduralMemoryAgent(5, lambda env: see(env, True, True), seed=seed)
    train(agent, env, 40, progress=False)
    assert agent.model.throws("thing")
    assert not agent.model.throws("exit")
    assert not agent.model.slips
    for number in range(100, 140):
        episode = agent.run_episode(env, seed=number, learn=False, max_steps=60)
        falls += env.falls
        assert episode.success
    assert falls == 0


class Grate(Corner):
    """The thing bars a corridor: who steps on it comes out on its other side."""

    def step(self, action: int) -> tuple:
        """Walk, or come through."""
        before = self.me
        told = Room.step(self, action)
        if self.me == self.thing and before != self.me and not told[2]:
            self.me = (0, 2 * self.me[1] - before[1])
        return told

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """To the left of the thing, the exit to its right."""
        told = super().reset(seed=seed)
        self.thing, self.me, self.exit = (0, 2 + seed % 2), (0, 0), (0, 5)
        return told

    def free(self, cell: Cell) -> bool:
        """One row."""
        return super().free(cell) and cell[0] == 0


def test_what_leads_elsewhere_is_entered_where_it_bars_every_way():
    agent = ProceduralMemoryAgent(5, lambda env: see(env, True, True), seed=0)
    train(agent, Grate(), 20, progress=False)
    assert agent.model.throws("thing")
    assert all(agent.run_episode(Grate(), seed=number, learn=False, max_steps=40).success for number in range(100, 110))


@pytest.mark.parametrize("unit", [1, 0.1, 1e6])
def test_a_leap_at_the_very_beginning_does_not_settle_how_long_a_step_is(unit):
    view, at = View(), 0
    for cells in (4, 1, 1, -1, 1, -3, 1):
        before, at = at, at + cells
        steps = [Percept(frozenset(), {"exit": (unit * (9 - cell), 0)}, cell) for cell in (before, at)]
        view.look(Transition(steps[0], 0, 0.0, steps[1]))
    assert view.unit == pytest.approx(unit)
    assert view.of(Percept(frozenset(), {"exit": (3 * unit, 0)}, 0)).objects == {"exit": (3, 0)}


def test_what_has_killed_many_times_is_tried_less_even_before_anything_has_succeeded():
    explorer = ProceduralMemoryAgent(6, see, seed=0).memory.explorer
    here = Percept(frozenset(), {}, (0, 0))
    counts = []
    for _ in range(10):
        explorer.observe(Transition(here, 5, 0.0, here, True), None)
        counts.append(explorer.deaths(5))
    assert counts == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4], "daring at first: what kills here may succeed elsewhere"
    explorer.observe(Transition(here, 4, 1.0, replace(here, facts=frozenset({"success"})), True), None)
    assert explorer.deaths(5) == 2**10 - 1
    explorer.observe(Transition(here, 5, 0.0, here), None)
    assert explorer.deaths(5) == 0
