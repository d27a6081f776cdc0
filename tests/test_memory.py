"""Memory: one door in; frozen, nothing comes in; what is kept is bounded, and begins and ends with an episode."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from episodes_by_hand import learn, walk
from insides import insides
from worlds import Garden, Orchard, Paperwork, on_ice, percept, transition

from procmem_lite.agent import ProceduralMemoryAgent, SequenceAgent
from procmem_lite.explorers import EXPLORERS, RandomExplorer
from procmem_lite.memory import Memory
from procmem_lite.percepts import Transition
from procmem_lite.settings import Settings
from procmem_lite.worlds.gridworld import GridWorld, perceive


def empty(**settings: Any) -> Memory:
    """A memory of nothing, without senses."""
    return Memory(RandomExplorer(4), np.random.default_rng(0), Settings(**settings))


class Listener:
    """A sense that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Transition] = []

    def observe(self, step: Transition) -> None:
        self.heard.append(step)


def corridor(facts: Sequence[Sequence[str]], first: int = 0) -> list[Transition]:
    """Steps along a corridor with a tree at its end; which facts hold before and after each."""
    seen = [percept(each, {"tree": (0, 9 - first - column)}, first + column) for column, each in enumerate(facts)]
    return [transition(before, 1, after) for before, after in zip(seen, seen[1:])]


def effects(memory: Memory) -> set[frozenset[str]]:
    """What its skills bring about."""
    return {skill.effect for skill in memory.library}


# ---------------------------------------------------------------- nothing changes without learning


WORLDS: dict[str, tuple[gym.Env, Callable]] = {
    "rooms": (GridWorld("rooms", size=5, max_steps=300), perceive), "ponds": (Garden(ponds=8), Garden.perceive),
    "vase": (Garden(goal=False, vase=True), Garden.perceive), "paperwork": (Paperwork(), Paperwork.perceive),
    "ice": (gym.make("FrozenLake-v1", is_slippery=True, max_episode_steps=100), on_ice(True)),
    "orchard": (Orchard(), Orchard.perceive),
}


@pytest.mark.parametrize("explorer", sorted(EXPLORERS))
@pytest.mark.parametrize("world", WORLDS)
def test_an_episode_without_learning_leaves_no_trace(world, explorer):
    env, see = WORLDS[world]
    for episodes in (0, 1, 8):  # a novice leaves no trace either
        agent, _ = learn(env, range(episodes), perceive=see, explorer=explorer)
        before = insides(agent)
        for seed in range(50, 53):
            agent.run_episode(env, seed=seed, learn=False, max_steps=100)
        assert insides(agent) == before
    agent.run_episode(env, seed=53)
    assert insides(agent) != before, "the comparison must see what learning does"


@pytest.mark.parametrize("kind", [SequenceAgent, ProceduralMemoryAgent])
def test_nor_does_one_in_rooms_never_seen_nor_one_by_the_agent_of_chapter_4(kind):
    agent = kind(6, perceive, seed=0)
    for seed in range(15):
        agent.run_episode(GridWorld("rooms", size=6), seed=seed)
    before = insides(agent)
    for layout in ("rooms", "walls", "open", "fixed"):
        agent.run_episode(GridWorld(layout, size=7, max_steps=150), seed=100, learn=False)
    assert insides(agent) == before


@pytest.mark.parametrize("part", ["rng", "explorer", "library", "cases", "explored", "senses"])
def test_the_comparison_sees_a_change_of_each_part(part):
    agent, _ = learn(GridWorld("rooms", size=5), range(3), perceive=perceive)
    twin = copy.deepcopy(agent)
    assert insides(twin) == insides(agent)
    other, _ = learn(GridWorld("rooms", size=5), range(10, 13), perceive=perceive, seed=1)
    setattr(twin.memory, part, getattr(other.memory, part))
    assert insides(twin) != insides(agent)


def test_a_frozen_memory_takes_nothing_in_and_draws_from_copies():
    memory = empty()
    memory.senses["ear"] = Listener()
    still = memory.frozen()
    before = insides(memory)
    still.begin()
    for step in corridor([[], [], ["there"]]):
        still.observe(step)
    still.rng.random()
    assert insides(memory) == before
    assert still.library is memory.library, "it knows what the other knows"
    assert memory.frozen().rng.random() == memory.frozen().rng.random(), "each time from where the generator stands"
    assert memory.learning


# ---------------------------------------------------------------- one door in


def test_every_sense_hears_of_every_step_once():
    memory, steps = empty(), corridor([[], [], ["a"], ["a"], ["a", "b"]])
    memory.senses = {"left": Listener(), "right": Listener()}
    for step in steps:
        memory.observe(step)
    assert memory.senses["left"].heard == memory.senses["right"].heard == steps


def test_only_what_no_skill_chose_counts_as_explored():
    memory, (first, second) = empty(), corridor([[], [], ["a"]])
    memory.observe(first)
    memory.observe(second._replace(invocation=0))
    assert +memory.explored == {frozenset(): 1}


def test_a_skill_is_known_as_soon_as_its_effect_appears_in_the_midst_of_an_episode():
    memory, steps = empty(), corridor([[], [], ["a"], ["a"]])
    memory.observe(steps[0])
    assert len(memory.library) == 0
    memory.observe(steps[1])
    assert effects(memory) == {frozenset("a")}


def test_no_skill_begins_in_one_episode_and_ends_in_the_next():
    memory = empty()
    for step in corridor([[], [], []]):
        memory.observe(step)
    memory.begin()
    for step in corridor([[], ["a"]], first=5):
        memory.observe(step)
    assert [skill.actions for skill in memory.library] == [(1,)]


def test_what_comes_with_a_disaster_is_nothing_to_aim_for():
    memory, (step,) = empty(), corridor([[], ["a"]])
    memory.observe(step._replace(terminated=True))
    assert len(memory.library) == 0
    memory.begin()
    memory.observe(step)
    assert len(memory.library) == 1


def test_paths_are_remembered_up_to_a_number_the_latest_of_them():
    memory = empty(cases=3)
    for first in range(5):
        memory.begin()
        for step in corridor([[], ["a"]], first=first):
            memory.observe(step)
    (paths,) = memory.cases.values()
    assert [path[0].percept.place for path in paths] == [2, 3, 4]


def test_what_turns_out_not_to_be_needed_makes_all_skills_of_an_effect_anew_and_the_ledger_keeps_its_lines():
    memory = empty()
    for step in corridor([["lamp"], ["lamp"], ["lamp", "a"]]):
        memory.observe(step)
    (shelf,) = memory.library.shelves.values()
    assert shelf.preconditions == {"lamp"}
    memory.library.record(shelf.skills[0], True, 2)
    memory.begin()
    for step in corridor([[], [], ["a"]]):
        memory.observe(step)
    (anew,) = memory.library.shelves.values()
    assert anew.preconditions == frozenset()
    assert len(memory.library.ledger) == anew.tally.uses == 1, "they claim the same"


# ---------------------------------------------------------------- lessons


def test_a_lesson_fills_the_memory_and_leaves_ledger_and_generator_alone():
    agent = ProceduralMemoryAgent(6, perceive, seed=0)
    before = agent.memory.rng.bit_generator.state
    assert agent.learn_from(walk("rooms", size=6, seed=1)) == len(agent.library) > 0
    assert len(agent.library.ledger) == 0
    assert agent.memory.rng.bit_generator.state == before
    assert agent.model.maps


def test_lessons_teach_the_same_in_whichever_way_they_are_cut_into_episodes_of_their_own():
    whole, parts, lesson = empty(), empty(), corridor([[], ["a"], ["a"], ["a", "b"]])
    for step in lesson:
        whole.observe(step)
    for step in lesson:
        parts.observe(step)
        if step.percept.facts != step.next_percept.facts:
            parts.begin()
    assert insides(whole.library) == insides(parts.library)
