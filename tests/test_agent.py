"""The agent: it learns, it keeps its books, its failures end, it dithers nowhere, and it needs no space."""

import copy
import dataclasses
from collections import Counter, deque
from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from episodes_by_hand import Walker, do, walk
from insides import insides
from worlds import BAKE, LADDER, PICK, SHAKE, Chores, Orchard, Paperwork, percept

from procmem_lite.agent import ProceduralMemoryAgent, Run, SequenceAgent
from procmem_lite.episodes import Episode, rollout
from procmem_lite.explorers import ScriptedExplorer
from procmem_lite.library import LINES, SkillLibrary, Use
from procmem_lite.navigation import goto, motion
from procmem_lite.percepts import EXPLORING, SUCCESS, Percept, Transition
from procmem_lite.skills import RULES, Site, Skill
from procmem_lite.worlds.gridworld import GridWorld, perceive
from procmem_lite.worlds.layouts import Layout

UNSEEN = range(1000, 1005)
ACT = [["untried", True], ["untried", False], ["random", True], ["random", False]]


def trained(layout: str = "rooms", size: int = 6, episodes: int = 15, seed: int = 0,
            **settings: Any) -> ProceduralMemoryAgent:
    """An agent after some episodes."""
    agent, env = ProceduralMemoryAgent(6, perceive, seed=seed, **settings), GridWorld(layout, size=size)
    for number in range(episodes):
        agent.run_episode(env, seed=number)
    return agent


@pytest.fixture(scope="module")
def experienced() -> ProceduralMemoryAgent:
    """An agent that knows rooms of 6 x 6. Tests must not change it."""
    return trained(episodes=40)


# ---------------------------------------------------------------- it learns


@pytest.mark.parametrize("seed", range(5))
def test_on_the_fixed_layout_every_episode_from_the_third_on_is_a_shortest_path(seed):
    agent, env = ProceduralMemoryAgent(6, perceive, seed=seed), GridWorld("fixed")
    steps = [agent.run_episode(env, seed=number).steps for number in range(8)]
    assert steps[0] > 10, "it must not know the way before it has learned it"
    assert steps[2:] == [10] * 6


def test_what_was_learned_in_small_rooms_works_in_large_ones_never_seen(experienced):
    env, agent = GridWorld("rooms", size=12), copy.deepcopy(experienced)
    episodes = [agent.run_episode(env, seed=seed, learn=False) for seed in UNSEEN]
    assert all(episode.success for episode in episodes)
    assert np.mean([episode.optimality for episode in episodes]) >= 0.75


def test_without_skills_the_same_layouts_take_far_longer(experienced):
    env = GridWorld("rooms", size=12)
    novice = [ProceduralMemoryAgent(6, perceive, seed=0).run_episode(env, seed=seed).steps for seed in UNSEEN]
    agent = copy.deepcopy(experienced)
    expert = [agent.run_episode(env, seed=seed, learn=False).steps for seed in UNSEEN]
    assert sum(expert) * 2 < sum(novice)


@pytest.mark.parametrize("rule", RULES[1:])
def test_stored_sequences_without_loops_solve_the_fixed_layout_alone(rule):
    agent, env = ProceduralMemoryAgent(6, perceive, seed=1, closed_loop=False, rule=rule), GridWorld("fixed")
    for number in range(8):
        agent.run_episode(env, seed=number)
    episodes = [agent.run_episode(env, seed=number, learn=False) for number in range(3)]
    assert [episode.steps for episode in episodes] == [10] * 3
    assert all(episode.exploring_steps == 0 for episode in episodes)


def test_a_task_without_space_is_learned():
    agent, env = ProceduralMemoryAgent(5, Paperwork.perceive, seed=0), Paperwork()
    episodes = [agent.run_episode(env, seed=number) for number in range(12)]
    assert [episode.steps for episode in episodes[-3:]] == [3, 3, 3]
    assert episodes[-1].optimality == 1
    assert {skill.name for skill in agent.library} == {"written", "checked", SUCCESS}
    assert all(skill.anchor is None and skill.context == () for skill in agent.library)


def test_skills_can_be_taken_from_an_episode_that_someone_else_played():
    lesson = rollout(GridWorld("fixed"), perceive, Walker(0), succeeded=lambda step: False)  # as far as it knows
    assert not lesson.success
    pupil = ProceduralMemoryAgent(6, perceive, seed=0, hunch=False)
    grown = pupil.learn_from(lesson)
    assert grown == len(pupil.library) > 3
    assert SUCCESS in {fact for skill in pupil.library for fact in skill.effect}
    assert len(pupil.library.ledger) == 0
    assert pupil.run_episode(GridWorld("fixed"), seed=1).steps == 10
    assert pupil.learn_from(lesson) == 0, "the same lesson teaches nothing twice"
    assert walk("fixed", size=5).success
    assert pupil.learn_from(walk("fixed", size=5)) == 0, "nor does it where the fact is told"


def test_an_explorer_that_knows_the_way_leaves_nothing_to_learn():
    script = [("key", 4), ("door", 5), ("goal", None)]
    moves = {0: (-1, 0), 1: (1, 0), 2: (0, -1), 3: (0, 1)}
    agent = ProceduralMemoryAgent(6, perceive, seed=0, explorer=ScriptedExplorer(script, moves))
    assert [agent.run_episode(GridWorld("fixed"), seed=seed, learn=False).steps for seed in range(3)] == [10] * 3
    assert len(agent.library) == 0


# ---------------------------------------------------------------- its books


@pytest.mark.parametrize(("explorer", "closed_loop"), ACT)
def test_an_episode_tells_the_truth_about_itself(explorer, closed_loop):
    agent, env = ProceduralMemoryAgent(6, perceive, seed=3, explorer=explorer, closed_loop=closed_loop), GridWorld(
        "rooms", size=5, max_steps=400)
    for seed in range(10):
        episode = agent.run_episode(env, seed=seed)
        assert episode.steps <= 400, "no step beyond the cap"
        check_record(episode)
        replay = GridWorld("rooms", size=5, max_steps=400)
        replay.reset(seed=seed)
        for step in episode.transitions:
            assert perceive(replay) == step.percept
            _, reward, terminated, truncated, _ = replay.step(step.action)
            assert (reward, terminated, truncated) == (step.reward, step.terminated, step.truncated)


def check_record(episode: Episode) -> None:
    """Steps join up, each ends where it says, and invocations own the steps that they took."""
    steps = episode.transitions
    assert all(a.next_percept == b.percept for a, b in pairwise(steps))
    assert [step.terminated or step.truncated for step in steps] == [False] * (len(steps) - 1) + [True]
    assert (SUCCESS in steps[-1].next_percept.facts) == episode.success
    owners = [EXPLORING] * len(steps)
    for number, record in enumerate(episode.invocations):
        assert record.before == episode.percepts[record.start]
        assert record.after == episode.percepts[record.stop]
        assert record.seen == record.after.facts - record.before.facts
        assert record.succeeded == (record.expected <= record.seen) == (record.reason == "effect")
        assert record.expected == record.skill.operator.effect
        owners[record.start:record.stop] = [number] * (record.stop - record.start)
    assert owners == [step.invocation for step in steps]
    assert episode.exploring_steps == owners.count(EXPLORING)


@pytest.mark.parametrize(("explorer", "closed_loop"), ACT)
def test_every_invocation_is_in_the_ledger_under_what_it_claimed_also_where_shelves_were_made_anew(
        explorer, closed_loop):
    agent = ProceduralMemoryAgent(6, perceive, seed=0, explorer=explorer, closed_loop=closed_loop)
    lines: dict = {}
    for seed in range(12):
        for record in agent.run_episode(GridWorld("rooms", size=6), seed=seed).invocations:
            operator = record.skill.operator
            use = Use(record.skill.number, operator.claim, record.before.facts, record.succeeded,
                      record.stop - record.start)
            lines.setdefault(operator.claim, []).append(use)
    ledger = agent.library.ledger
    assert len(ledger) == sum(map(len, lines.values())) > 20
    for claim, uses in lines.items():
        assert ledger.lines[claim] == deque(uses[-LINES:])
        total = ledger.totals[claim]
        assert (total.uses, total.successes, total.steps) == (
            len(uses), sum(use.succeeded for use in uses), sum(use.steps for use in uses))


@pytest.mark.parametrize(("explorer", "closed_loop"), ACT)
def test_the_same_seeds_give_the_same_agent_and_the_same_episode(explorer, closed_loop):
    agents = [trained(episodes=6, seed=5, explorer=explorer, closed_loop=closed_loop) for _ in range(2)]
    assert insides(agents[0]) == insides(agents[1])
    episodes = [agent.run_episode(GridWorld("rooms", size=6), seed=77) for agent in agents]
    assert episodes[0].transitions == episodes[1].transitions
    assert episodes[0].transitions != trained(episodes=6, seed=6).run_episode(
        GridWorld("rooms", size=6), seed=78).transitions


def test_a_saved_library_serves_a_new_agent(experienced, tmp_path):
    experienced.library.save(tmp_path / "skills.json")
    env = GridWorld("rooms", size=6)
    heir = ProceduralMemoryAgent(6, perceive, seed=0, closed_loop=False)
    heir.memory.library = SkillLibrary.load(tmp_path / "skills.json")
    novice = ProceduralMemoryAgent(6, perceive, seed=0, closed_loop=False)
    steps = [sum(agent.run_episode(env, seed=seed, learn=False).steps for seed in UNSEEN) for agent in (heir, novice)]
    assert steps[0] * 2 < steps[1]


# ---------------------------------------------------------------- failure


CANNOT_WORK = Skill((4,), frozenset(), frozenset({SUCCESS}), anchor="goal", context=(0, 0), site=Site((0, 0), 4))


def with_a_bad_skill(**settings: Any) -> ProceduralMemoryAgent:
    """An agent that moves well and believes that picking the goal up ends the episode."""
    agent = trained("open", size=6, episodes=3, **settings)
    agent.library.add(dataclasses.replace(CANNOT_WORK))
    return agent


@pytest.mark.parametrize("closed_loop", [True, False])
def test_a_skill_that_cannot_work_is_not_repeated_without_end(closed_loop):
    for seed in range(5):
        agent = with_a_bad_skill(seed=seed, closed_loop=closed_loop)
        episode = agent.run_episode(GridWorld("rooms", size=6, max_steps=600), seed=seed, learn=False)
        bad = [record for record in episode.invocations if record.expected == {SUCCESS} and not record.succeeded]
        assert bad, "the agent must have believed in it"
        often = Counter((record.skill.context, record.before.facts, record.before.place) for record in bad)
        assert max(often.values()) <= 12, "a ban ends with a burst of exploring; the bursts grow"
        assert len(bad) <= 25 or not closed_loop


def test_without_bans_it_is_repeated_until_the_cap():
    agent = with_a_bad_skill(closed_loop=False, ban=False)
    episode = agent.run_episode(GridWorld("open", size=6, max_steps=600), seed=3, learn=False)
    assert episode.steps == 600
    assert Counter(record.before.place for record in episode.invocations).most_common(1)[0][1] > 300


def test_a_path_that_is_closed_for_good_ends_in_exploring_even_without_bans(monkeypatch):
    agent = with_a_bad_skill(ban=False)
    monkeypatch.setattr(goto, "any_path", lambda *_: None)
    episode = agent.run_episode(GridWorld("rooms", size=6, max_steps=50), seed=0, learn=False)
    assert episode.steps == 50
    assert {record.reason for record in episode.invocations} <= {"no path", "blocked", "effect", "no effect"}
    assert "no path" in {record.reason for record in episode.invocations}


def test_a_failed_skill_loses_its_rank_and_the_agent_finds_the_true_path():
    agent, env = with_a_bad_skill(), GridWorld("open", size=6)
    episodes = [agent.run_episode(env, seed=seed) for seed in range(8)]
    assert all(episode.success for episode in episodes)
    assert all(episode.steps == episode.optimal_steps for episode in episodes[4:])


def shown_both_days(seed: int) -> ProceduralMemoryAgent:
    """An agent that was shown a lucky and an unlucky day: one action brings {apple, pear}, or {apple} alone."""
    agent = ProceduralMemoryAgent(4, Chores.perceive, seed=seed)
    for day, actions in enumerate(([SHAKE, BAKE], [SHAKE, LADDER, PICK, BAKE])):
        agent.learn_from(do(Orchard(), Chores.perceive, actions, day))
    assert {frozenset({"apple"}), frozenset({"apple", "pear"})} <= {skill.effect for skill in agent.library}
    return agent


@pytest.mark.parametrize("learn", [True, False])
def test_where_one_action_brings_more_or_less_the_plan_that_fails_is_shut_and_nobody_dithers(learn):
    for seed in range(20):
        run = Run(shown_both_days(seed))
        episode = rollout(Orchard(), Chores.perceive, run, 1, learn)  # an unlucky day
        assert episode.success
        assert episode.steps <= (12 if learn else 6), "four would do, and a learner follows hunches, once each"
        vain = [(use.skill.operator.claim, use.before.facts) for use in episode.invocations if not use.seen]
        assert (frozenset({"apple", "pear"}), frozenset({"apple"})) in [(claim.effect, facts) for claim, facts in vain]
        assert set(vain) == run.shut, "what was planned and brought nothing is shut"
        assert len(set(vain)) == len(vain), "and not planned again"


class Cellar(gym.Env):
    """A corridor with an exit that is seen from nearby only, and a lamp that can be lit and put out anywhere."""

    action_space, observation_space = gym.spaces.Discrete(4), gym.spaces.Discrete(1)

    def __init__(self, length: int) -> None:
        self.length = length

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        super().reset(seed=seed)
        self.at, self.lit = 0, False
        return 0, {}

    def step(self, action: int) -> tuple:
        self.lit = action == 0 if action < 2 else self.lit
        self.at = max(0, self.at + (0, 0, 1, -1)[action])
        is_out = self.at == self.length
        return 0, float(is_out), is_out, False, {}

    @staticmethod
    def perceive(env: gym.Env) -> Percept:
        cellar = env.unwrapped
        far = cellar.length - cellar.at
        return Percept({"lit" if cellar.lit else "dark"}, {"exit": (far,)} if far < 4 else {}, cellar.at)


@pytest.mark.parametrize("kind", [SequenceAgent, ProceduralMemoryAgent])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_out_of_sight_is_looked_for_and_not_hoped_for_from_facts_that_did_not_bring_it(kind, seed):
    agent = kind(4, Cellar.perceive, seed=seed)
    for number in range(10):
        agent.run_episode(Cellar(3), seed=number, max_steps=200)
    episode = agent.run_episode(Cellar(12), seed=0, learn=False, max_steps=400)
    assert episode.success
    lamp = [each for each in episode.invocations if each.expected & {"lit", "dark"}]
    assert len(lamp) <= 4, "to light the lamp and put it out again does not bring the exit into sight"


@pytest.mark.parametrize("cap", [1, 2, 7])
def test_an_episode_ends_at_the_cap_even_within_a_skill(experienced, cap):
    agent = copy.deepcopy(experienced)
    episode = agent.run_episode(GridWorld("rooms", size=12, max_steps=cap), seed=1000)
    assert episode.steps == cap
    assert episode.transitions[-1].truncated
    assert not episode.success
    assert episode.invocations[-1].reason == "episode over"
    assert episode.optimality == 0


# ---------------------------------------------------------------- strange worlds


class Reward(gym.Wrapper):
    """Ends the episode with a penalty when the goal is reached."""

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict]:
        observation, _, terminated, truncated, info = self.env.step(action)
        return observation, -1.0, terminated, truncated, info


def test_an_end_without_a_positive_reward_is_no_success():
    agent = ProceduralMemoryAgent(6, perceive, seed=0)
    episodes = [agent.run_episode(Reward(GridWorld("fixed", size=4)), seed=seed) for seed in range(3)]
    assert not any(episode.success for episode in episodes)
    assert not any(SUCCESS in skill.effect for skill in agent.library)


def test_wrapped_environments_work_as_they_are():
    agent = ProceduralMemoryAgent(6, perceive, seed=0)
    env = gym.make("procmem_lite/GridWorld-v0", layout="fixed")
    steps = [agent.run_episode(env, seed=seed).steps for seed in range(4)]
    assert steps[2:] == [10, 10]


def test_an_unknown_shortest_path_leaves_the_ratio_open():
    agent = ProceduralMemoryAgent(6, lambda env: Percept(frozenset(), place=env.unwrapped.cell), seed=0)
    env = gym.wrappers.TimeLimit(Blind(), 300)
    episode = next(e for e in (agent.run_episode(env, seed=seed) for seed in range(20)) if e.success)
    assert np.isnan(episode.optimality)


class Blind(gym.Env):
    """Five cells in a row, the last of them the goal; nothing to see but where one is."""

    action_space = gym.spaces.Discrete(6)
    observation_space = gym.spaces.Discrete(5)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        super().reset(seed=seed)
        self.cell = 0
        return self.cell, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        self.cell = min(max(self.cell + (action == 1) - (action == 0), 0), 4)
        return self.cell, float(self.cell == 4), self.cell == 4, False, {}


def test_no_stored_sequence_is_played_below_the_threshold():
    def least(threshold: float) -> float:
        agent = ProceduralMemoryAgent(6, perceive, seed=0, threshold=threshold, closed_loop=False)
        episodes = [agent.run_episode(GridWorld("open", 6), seed=seed) for seed in range(12)]
        return min(invocation.similarity for episode in episodes for invocation in episode.invocations)

    assert least(0.0) < 0.6 <= least(0.6)


# ---------------------------------------------------------------- what is refused


def agent(**settings: Any) -> ProceduralMemoryAgent:
    return ProceduralMemoryAgent(**{"n_actions": 6, "perceive": perceive, "seed": 0} | settings)


@pytest.mark.parametrize(("call", "error", "says"), [
    (lambda: agent(n_actions=0), ValueError, "n_actions: a whole number of at least 1 is needed, got 0"),
    (lambda: agent(n_actions=2.0), ValueError, "n_actions: .* got 2.0"),
    (lambda: agent(n_actions=True), ValueError, "n_actions: .* got True"),
    (lambda: agent(perceive="env"), TypeError, "perceive: a function .* got 'env'"),
    (lambda: agent(seed=-1), ValueError, "seed: .* got -1"),
    (lambda: agent(seed="one"), ValueError, "seed: .* got 'one'"),
    (lambda: agent(explorer="scripted"), ValueError, "explorer: one of .* got 'scripted'"),
    (lambda: agent(explorer=3), ValueError, "explorer: .* got 3"),
    (lambda: agent(rule="middles"), ValueError, "rule: one of .* got 'middles'"),
    (lambda: agent(burst=0), ValueError, "burst: a whole number of at least 1 is needed, got 0"),
    (lambda: agent(doubt=0.5), ValueError, "doubt: a number of at least 1 is needed, got 0.5"),
    (lambda: agent(hunch="no"), TypeError, "hunch: True or False is needed, got 'no'"),
    (lambda: agent(lookahead=1), TypeError, "lookahead"),
    (lambda: agent(threshold=1.5), ValueError, "threshold: a number from 0 to 1 is needed, got 1.5"),
    (lambda: agent(threshold=float("nan")), ValueError, "threshold: .* got nan"),
    (lambda: agent().run_episode("env"), TypeError, "env: a Gymnasium environment is needed, got str"),
    (lambda: agent(perceive=lambda _: {}).run_episode(GridWorld()), TypeError, "perceive: .* a Percept, got dict"),
    (lambda: agent().run_episode(GridWorld(), seed=-1), ValueError, "seed: .* got -1"),
    (lambda: agent(n_actions=9).run_episode(GridWorld()), ValueError, "n_actions: .* 6 actions, not 9"),
    (lambda: agent().learn_from([1]), TypeError, "episode: an Episode is needed, got list"),
    (lambda: agent(n_actions=2).learn_from(Episode([Transition(percept(), 3, 0.0, percept("a"))])), ValueError,
     "episode: actions from 0 to 1 are needed, got 3"),
])
def test_bad_input_meets_a_clear_error(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_motion_given_up_does_not_stop_the_agent(monkeypatch):
    monkeypatch.setattr(motion, "TURNS", 0)
    agent = trained("fixed", size=5, episodes=6)
    assert agent.run_episode(GridWorld("fixed"), seed=9).success


def test_a_maze_whose_far_side_looks_closed_is_walked_without_exploring_once_it_is_known_what_to_do():
    world = Layout.from_text("""
        A . . # G
        . # . # x
        . # K # D
        . # # # .
        . . . . .
    """)
    agent, env = ProceduralMemoryAgent(6, perceive, seed=0), GridWorld(world)
    episodes = [agent.run_episode(env, seed=seed) for seed in range(6)]
    assert all(episode.success for episode in episodes)
    assert [episode.exploring_steps for episode in episodes[3:]] == [0, 0, 0]
