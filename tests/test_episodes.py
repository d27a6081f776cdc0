"""Episodes: one loop plays them all, asks nobody after the end, and writes down what happened."""

import gymnasium as gym
import numpy as np
import pytest
from episodes_by_hand import walk
from worlds import DONE, Chores, Paperwork, percept

from procmem_lite import agent as agent_module
from procmem_lite.agent import ProceduralMemoryAgent, Run
from procmem_lite.episodes import Actor, Choice, Episode, Invocation, Play, rollout, takes_seed
from procmem_lite.lab.baselines import CompassAgent, QLearningAgent, RandomAgent
from procmem_lite.percepts import EXPLORING, SUCCESS, Percept, Transition
from procmem_lite.worlds.gridworld import ACTIONS, GridWorld, perceive

WRITE, CHECK, SHRED, SEND, NOTHING = range(5)


class Told(Actor):
    """Does what it was told, then gives up; writes down what it is asked and hears."""

    def __init__(self, *actions: int) -> None:
        self.actions, self.log = list(actions), []

    def begin(self, play: Play, learn: bool) -> None:
        self.log.append(("begin", learn))

    def act(self, play: Play) -> Choice | None:
        assert not play.over, "after the end nobody is asked"
        self.log.append(("act", play.episode.steps))
        return Choice(self.actions.pop(0)) if self.actions else None

    def observe(self, step: Transition) -> None:
        self.log.append(("observe", step.action))

    def end(self) -> None:
        self.log.append(("end",))

    def often(self, what: str) -> int:
        """How often it was asked or told something."""
        return [entry[0] for entry in self.log].count(what)


def desk(*actions: int, max_steps: int | None = None, learn: bool = True) -> tuple[Episode, Told]:
    """An episode of paperwork by given actions, and who did them."""
    actor = Told(*actions)
    return rollout(Paperwork(), Paperwork.perceive, actor, learn=learn, max_steps=max_steps), actor


# ---------------------------------------------------------------- the loop


def test_an_actor_begins_acts_and_hears_in_turn_and_ends_once():
    _, actor = desk(WRITE, CHECK)
    assert actor.log == [("begin", True), ("act", 0), ("observe", WRITE), ("act", 1), ("observe", CHECK), ("act", 2),
                         ("end",)]
    assert desk(learn=False)[1].log == [("begin", False), ("act", 0), ("end",)]


def test_after_the_last_step_an_actor_does_not_decide_again():
    for actions, cap in (([WRITE, CHECK, SEND, WRITE], None), ([NOTHING] * 100, None), ([NOTHING] * 100, 7)):
        episode, actor = desk(*actions, max_steps=cap)
        assert actor.often("act") == actor.often("observe") == episode.steps < len(actions)
        assert actor.often("end") == 1


@pytest.mark.parametrize("kind", [RandomAgent, CompassAgent, QLearningAgent])
def test_nor_does_any_baseline(kind, monkeypatch):
    asked, act = [], kind.act
    monkeypatch.setattr(kind, "act", lambda actor, play: asked.append(play.over) or act(actor, play))
    episode = kind(0).run_episode(GridWorld("open", size=5, max_steps=40), 1)
    assert asked == [False] * episode.steps


@pytest.mark.parametrize("cap", [3, 250])
def test_nor_does_the_agent_which_neither_plans_nor_looks_for_a_skill_once_it_is_over(cap, monkeypatch):
    agent, env = ProceduralMemoryAgent(6, perceive, seed=0), GridWorld("rooms", size=6, max_steps=250)
    for seed in range(6):
        agent.run_episode(env, seed=seed)
    decide, act, decided, asked = agent_module.decide, Run.act, [], []
    monkeypatch.setattr(agent_module, "decide", lambda run: decided.append(run.play.over) or decide(run))
    monkeypatch.setattr(Run, "act", lambda run, play: asked.append(play.over) or act(run, play))
    episode = agent.run_episode(env, seed=100, max_steps=cap)
    assert episode.invocations
    assert asked == [False] * episode.steps
    assert set(decided) == {False}


def test_who_returns_nothing_ends_the_episode_there():
    episode, _ = desk(WRITE)
    assert episode.steps == 1
    last = episode.transitions[-1]
    assert (last.terminated, last.truncated, episode.success) == (False, False, False)
    assert desk()[0].steps == 0


def test_a_skill_in_use_is_closed_in_the_record_where_an_episode_is_left():
    class Leaves(Run):
        def act(self, play: Play) -> Choice | None:
            return None if play.episode.steps == 2 else super().act(play)

    agent, env = ProceduralMemoryAgent(6, perceive, seed=0), GridWorld("open", size=6)
    for seed in range(6):
        agent.run_episode(env, seed=seed)
    written = len(agent.library.ledger)
    episode = rollout(env, perceive, Leaves(agent), 0)
    record = episode.invocations[-1]
    assert (episode.steps, record.stop, record.reason, record.succeeded) == (2, 2, "episode over", False)
    assert record.after == episode.percepts[-1]
    assert len(agent.library.ledger) == written + len(episode.invocations)


# ---------------------------------------------------------------- the end


@pytest.mark.parametrize("cap", [1, 2, 5])
def test_an_episode_is_truncated_after_so_many_steps(cap):
    episode, _ = desk(*[NOTHING] * 10, max_steps=cap)
    assert [step.truncated for step in episode.transitions] == [False] * (cap - 1) + [True]
    assert not episode.success


def test_what_ends_by_itself_in_the_last_step_allowed_is_not_truncated():
    episode, _ = desk(WRITE, CHECK, SEND, max_steps=3)
    assert (episode.transitions[-1].terminated, episode.transitions[-1].truncated) == (True, False)
    assert episode.success
    assert not desk(WRITE, CHECK, SEND, max_steps=2)[0].success


def test_an_environments_own_cap_holds_beside_it():
    assert rollout(Paperwork(max_steps=4), Paperwork.perceive, Told(*[NOTHING] * 10), max_steps=8).steps == 4
    assert rollout(Paperwork(max_steps=8), Paperwork.perceive, Told(*[NOTHING] * 10), max_steps=4).steps == 4


def test_success_is_what_the_judge_says_and_comes_as_a_fact_of_the_last_step():
    episode, _ = desk(WRITE, CHECK, SEND)
    assert [SUCCESS in each.facts for each in episode.percepts] == [False, False, False, True]
    unjudged = rollout(Paperwork(), Paperwork.perceive, Told(WRITE, CHECK, SEND), succeeded=lambda step: False)
    assert not unjudged.success
    assert unjudged.total_reward == 1
    strict = rollout(Paperwork(), Paperwork.perceive, Told(WRITE, CHECK), succeeded=lambda step: (
        "checked" in step.next_percept.facts))
    assert strict.success, "it did not end, and that is for the judge to say"


def test_an_actor_hears_of_success_with_the_step_that_brings_it():
    class Hears(Told):
        def observe(self, step: Transition) -> None:
            self.log.append(("heard", SUCCESS in step.next_percept.facts))

    actor = Hears(WRITE, CHECK, SEND)
    rollout(Paperwork(), Paperwork.perceive, actor)
    assert [entry[1] for entry in actor.log if entry[0] == "heard"] == [False, False, True]


# ---------------------------------------------------------------- the record


def test_a_play_shows_the_present_and_keeps_the_past():
    play = Play(Paperwork(), Paperwork.perceive)
    assert (play.percept.facts, play.over, play.episode.steps) == (frozenset(), False, 0)
    step = play.step(WRITE)
    assert step == play.episode.transitions[-1] == Transition(percept(), WRITE, 0.0, percept(["written"]))
    assert play.percept is step.next_percept
    play.step(CHECK, invocation=3)
    assert [step.invocation for step in play.episode.transitions] == [EXPLORING, 3]
    play.step(SEND)
    assert play.over


def test_the_same_seed_begins_the_same_episode_and_is_written_down():
    first, again, other = (Play(GridWorld("rooms", size=6), perceive, seed) for seed in (4, 4, 5))
    assert first.percept == again.percept != other.percept
    assert first.episode.seed == 4
    assert Play(GridWorld(), perceive).episode.seed is None


def test_an_episode_knows_its_shortest_path_and_its_actions_where_the_world_tells_them():
    assert walk("fixed", size=5).optimal_steps == walk("fixed", size=5).steps == 10
    assert walk("fixed", size=5).actions == ACTIONS
    chores = Play(Chores([(lambda facts: True, DONE)]), Chores.perceive)
    chores.step(0)
    assert (chores.episode.optimal_steps, chores.episode.actions) == (None, None)
    assert np.isnan(chores.episode.optimality)


def test_the_ratio_is_shortest_to_taken_and_nothing_for_a_failure():
    episode = walk("fixed", size=5, wander=30)
    assert episode.optimality == episode.optimal_steps / episode.steps < 1
    assert walk("fixed", size=5, limit=4).optimality == 0
    assert Episode().optimality == 0


def test_an_episode_adds_up():
    episode = Episode([Transition(percept(), 0, -0.5, percept(["a"])), Transition(percept(["a"]), 1, 2.0, percept(
        ["a", SUCCESS]), True, invocation=0)], [Invocation(None, 1, percept(["a"]), frozenset(), 1.0, 1.0)])
    assert (episode.steps, episode.total_reward, episode.exploring_steps, episode.success) == (2, 1.5, 1, True)
    assert [sorted(each.facts) for each in episode.percepts] == [[], ["a"], ["a", SUCCESS]]
    assert (Episode().steps, Episode().percepts, Episode().success) == (0, [], False)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(("call", "says"), [
    (lambda: Play("env", perceive), "env: a Gymnasium environment is needed, got str"),
    (lambda: Play(GridWorld(), lambda env: {}), "perceive: must return a Percept, got dict"),
])
def test_what_cannot_be_played_is_named(call, says):
    with pytest.raises(TypeError, match=says):
        call()


def test_a_wrapped_environment_is_played_as_it_is():
    env = gym.wrappers.TimeLimit(GridWorld("fixed"), 3)
    episode = rollout(env, perceive, Told(*[0] * 9))
    assert (episode.steps, episode.transitions[-1].truncated, episode.optimal_steps) == (3, True, 10)
    assert isinstance(episode.percepts[0], Percept)


@pytest.mark.parametrize("given", [{"max_steps": 0}, {"max_steps": 2.5}, {"max_steps": "x"}, {"succeeded": 3}])
def test_a_bound_or_a_judge_that_is_none_is_refused_by_name(given):
    with pytest.raises((ValueError, TypeError), match=next(iter(given))):
        Play(GridWorld("fixed", 5), perceive, 0, **given)


@pytest.mark.parametrize(("reset", "takes"), [
    (lambda seed=None, options=None: None, True), (lambda **more: None, True), (lambda options=None: None, False),
    (dict, True),  # compiled: nobody can say
])
def test_whether_a_reset_takes_a_seed_is_asked_where_it_can_be_known(reset, takes):
    assert takes_seed(reset) == takes
