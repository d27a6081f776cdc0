"""Beliefs: what did harm is left alone, what was never needed is found out, what happens anywhere has no anchor."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import pytest
from episodes_by_hand import do, learn, walk
from hypothesis import given
from hypothesis import strategies as st
from worlds import DONE, Chores, Garden, Plane, on_ice, percept

from procmem_lite.agent import ProceduralMemoryAgent, Run
from procmem_lite.beliefs import Beliefs, Hunch, hunches, is_vain
from procmem_lite.episodes import Episode, Invocation, Play
from procmem_lite.library import Shelf, SkillLibrary, Tally
from procmem_lite.navigation.dangers import Dangers
from procmem_lite.navigation.motion import MotionModel
from procmem_lite.percepts import BAD_END, SUCCESS, Percept, Transition
from procmem_lite.settings import Settings
from procmem_lite.skills import Operator, Site, Skill
from procmem_lite.worlds import stall
from procmem_lite.worlds.gridworld import perceive


def begun(agent: ProceduralMemoryAgent, env: gym.Env, learn: bool = True, seed: int = 0) -> Run:
    """An episode that has just begun."""
    run = Run(agent)
    run.begin(Play(env, agent.perceive, seed), learn)
    return run


def dangers(agent: ProceduralMemoryAgent) -> Dangers:
    """What an agent knows of harm."""
    return agent.memory.senses["dangers"]


def shelf_of(agent: ProceduralMemoryAgent, fact: str = SUCCESS) -> Shelf:
    """The one shelf that brings a fact."""
    shelf, = (shelf for shelf in agent.library.shelves.values() if fact in shelf.effect)
    return shelf


# ---------------------------------------------------------------- what does harm


def frozen_lake(sees_goal: bool, episodes: int, **settings: Any) -> tuple[list[Episode], Counter]:
    """Episodes on FrozenLake, and how often each way into a hole was taken."""
    env = gym.make("FrozenLake-v1", is_slippery=False, max_episode_steps=300)
    _, episodes = learn(env, range(episodes), perceive=on_ice(sees_goal), **settings)
    lasts = [episode.transitions[-1] for episode in episodes]
    return episodes, Counter((last.percept.place, last.action) for last in lasts
                             if last.terminated and last.reward == 0)


@pytest.mark.parametrize("sees_goal", [True, False], ids=["goal seen", "nothing seen"])
@pytest.mark.parametrize("seed", range(3))
def test_no_hole_is_entered_twice_the_same_way_and_then_the_goal_is_reached(sees_goal, seed):
    episodes, falls = frozen_lake(sees_goal, 30, seed=seed)
    assert falls, "it must have fallen to learn from it"
    assert set(falls.values()) == {1}
    assert all(episode.success for episode in episodes[-8:])
    if sees_goal:
        assert episodes[-1].steps == 6


def test_who_is_not_wary_falls_into_the_same_hole_again_and_again():
    episodes, falls = frozen_lake(True, 12, seed=0, wary=False)
    assert max(falls.values()) > 5
    assert not any(episode.success for episode in episodes)


@pytest.mark.parametrize("seed", range(3))
def test_ground_with_a_name_that_killed_once_is_never_entered_again_wherever_it_lies(seed):
    env, drowned = Garden(ponds=8), []
    agent = ProceduralMemoryAgent(5, Garden.perceive, seed=seed)
    for number in range(40):
        warned, known = dangers(agent).fatal.get("pond", False), set(agent.model.maps)
        last = agent.run_episode(env, seed=number).transitions[-1]
        if env.drowned:
            assert not (warned and last.action in known), "it knew what it was doing"
            drowned.append(last.action)
    assert warned
    assert len(drowned) == len(set(drowned)), "at most once for each action that it had to learn about"
    for number in range(100, 120):
        assert agent.run_episode(env, seed=number, learn=False).success


def test_who_is_not_wary_drowns_more_than_once():
    env, drowned = Garden(ponds=8), 0
    agent = ProceduralMemoryAgent(5, Garden.perceive, seed=0, wary=False)
    for number in range(40):
        agent.run_episode(env, seed=number)
        drowned += env.drowned
    assert drowned > 5


def test_where_a_pond_bars_every_short_way_the_agent_walks_round_it():
    env = Garden(ponds=8)
    agent, _ = learn(env, range(30))
    lengths = []
    for seed in range(200, 220):
        episode = agent.run_episode(env, seed=seed, learn=False)
        wading = sum(map(abs, episode.transitions[0].percept.objects["goal"]))
        lengths.append(episode.steps - wading)
    assert min(lengths) == 0
    assert max(lengths) > 0


def deadly(ground: Any, action: int = 1, ended: bool = True, reward: float = 0.0) -> Episode:
    """One step onto some ground, in a world of shifts, that does or does not end the episode."""
    moved = ground is not False
    before = Percept(frozenset(), {"tree": (4, 2)}, (0, 0), {(1, 0): ground})
    after = Percept(frozenset(), {"tree": (3, 2) if moved else (4, 2)}, (1, 0) if moved else (0, 0), {(1, 0): ground})
    return Episode([Transition(before, action, reward, after, ended)])


def knows_down() -> ProceduralMemoryAgent:
    """An agent that knows what action 1 does, and of no danger."""
    agent = ProceduralMemoryAgent(5, Garden.perceive, seed=0)
    agent.learn_from(deadly(True, ended=False))
    assert agent.model.step(1) == (1, 0)
    assert not any(dangers(agent).fatal.values())
    return agent


@pytest.mark.parametrize(("ground", "deed"), [("sand", "sand"), (False, (1, "bump"))], ids=["named ground", "bumping"])
@pytest.mark.parametrize("survived_first", [True, False])
def test_what_was_survived_once_is_no_danger_although_an_episode_ended_with_it(ground, deed, survived_first):
    agent = knows_down()
    agent.learn_from(deadly(ground, ended=not survived_first))
    assert dangers(agent).fatal[deed] is not survived_first
    agent.learn_from(deadly(ground, ended=survived_first))
    assert dangers(agent).fatal[deed] is False
    agent.learn_from(deadly(ground))
    assert dangers(agent).fatal[deed] is False


def test_a_danger_on_plain_ground_is_known_for_this_situation_only():
    agent = knows_down()
    agent.learn_from(deadly(True))
    (deed, does_harm), = dangers(agent).fatal.items()
    assert does_harm
    assert deed == (1, frozenset(), (0, 0), frozenset({("tree", (4, 2))}))


def test_ponds_that_one_can_sometimes_wade_are_entered():
    env = Garden(ponds=12, deep=lambda seed: seed % 10 == 9)
    agent, episodes = learn(env, range(40))
    assert dangers(agent).fatal["pond"] is False
    entered = sum(step.percept.around.get(agent.model.step(step.action)) == "pond"
                  for episode in episodes[-5:] for step in episode.transitions)
    assert entered > 0


@pytest.mark.parametrize(("wary", "most"), [(True, 1), (False, np.inf)])
def test_what_vanished_for_nothing_is_not_made_to_vanish_again(wary, most):
    env, broken = Garden(goal=False, vase=True, size=4), 0
    agent = ProceduralMemoryAgent(5, Garden.perceive, seed=0, wary=wary)
    for seed in range(15):
        agent.run_episode(env, seed=seed)
        broken += env.broken
    assert 1 <= broken <= most
    assert wary or broken > 5


def test_what_vanishes_for_a_new_fact_is_no_loss():
    before = percept(objects={"key": (0, 0), "tree": (1, 1)}, place=0)
    agent = knows_down()
    taken = Transition(before, 4, 0.0, percept({"has key"}, {"tree": (1, 1)}, 0))
    agent.learn_from(Episode([taken]))
    assert not dangers(agent).costly
    agent.learn_from(Episode([taken._replace(next_percept=percept((), {"tree": (1, 1)}, 0))]))
    assert dangers(agent).costly == {(4, ("key", (0, 0)))}
    assert dangers(agent).forbid(before, 4)
    assert not dangers(agent).ends(before, 4), "it costs something and ends nothing"


@pytest.mark.parametrize("wander", [0, 60])
def test_an_episode_that_ended_well_marks_nothing_as_a_danger(wander):
    pupil = ProceduralMemoryAgent(6, perceive, seed=0)
    for seed in range(5):
        lesson = walk("rooms", size=6, seed=seed, wander=wander)
        assert lesson.success
        pupil.learn_from(lesson)
    assert not any(dangers(pupil).fatal.values())


def test_an_episode_that_ended_badly_marks_only_its_last_deed():
    pupil, lesson = ProceduralMemoryAgent(6, perceive, seed=0), walk("fixed", size=5)
    last = lesson.transitions[-1]
    badly = replace(last.next_percept, facts=last.next_percept.facts - {SUCCESS})
    lesson.transitions[-1] = last._replace(reward=-1.0, next_percept=badly)
    pupil.learn_from(lesson)
    assert sum(dangers(pupil).fatal.values()) == 1


# ---------------------------------------------------------------- what was never needed


WRITE, LAMP, SEND = 0, 1, 2


def letter(lamp_needed: bool) -> Chores:
    """Write, then send; a lamp can be lit once something is written."""
    return Chores([(lambda facts: True, "written"), (lambda facts: "written" in facts, "lamp lit"),
                   (lambda facts: "written" in facts and ("lamp lit" in facts or not lamp_needed), DONE)])


def taught_by_lamplight(env: Chores, **settings: Any) -> ProceduralMemoryAgent:
    """An agent that was shown a letter written and sent, with the lamp lit in between."""
    agent, lesson = ProceduralMemoryAgent(3, Chores.perceive, seed=0, **settings), do(
        env, Chores.perceive, [WRITE, LAMP, SEND])
    assert lesson.success
    agent.learn_from(lesson)
    return agent


def test_with_a_hunch_it_is_found_out_that_a_fact_was_never_needed():
    agent = taught_by_lamplight(letter(lamp_needed=False))
    steps = [agent.run_episode(letter(False), seed=seed).steps for seed in range(8)]
    assert steps == [3] + [2] * 7, "first, for one step, that writing is needed; and at once, that the lamp is not"
    assert shelf_of(agent).preconditions == {"written"}


def test_without_hunches_what_once_held_is_taken_for_needed_for_ever():
    agent = taught_by_lamplight(letter(lamp_needed=False), hunch=False)
    assert [agent.run_episode(letter(False), seed=seed).steps for seed in range(8)] == [3] * 8


def test_hunches_that_are_wrong_are_paid_for_once_each():
    agent = taught_by_lamplight(letter(lamp_needed=True))
    assert [agent.run_episode(letter(True), seed=seed).steps for seed in range(8)] == [5, 4] + [3] * 6
    tried = agent.library.ledger.under_facts(shelf_of(agent).operator.claim, frozenset({"written"}))
    assert tried == Tally(uses=1, successes=0, steps=1)


@pytest.mark.parametrize("lamp_needed", [True, False])
def test_who_does_not_learn_spends_no_hunches(lamp_needed):
    env = letter(lamp_needed)
    agent = taught_by_lamplight(env)
    assert [agent.run_episode(env, seed=seed, learn=False).steps for seed in range(4)] == [3] * 4


def hunch(preconditions: str, failed: Sequence[str] = (), here: str = "", learning: bool = True) -> Hunch:
    """What is believed of a shelf that always needed some facts, after failures under others."""
    library, beliefs = SkillLibrary(), Beliefs(MotionModel(1), Settings())
    library.add(Skill((0,) * 5, frozenset(preconditions), frozenset({"z"})))
    (skill,), (shelf,) = library, library.shelves.values()
    for facts in failed:
        library.record(skill, False, 5, frozenset(facts))
    found, = hunches(beliefs, [shelf], Percept(frozenset(here)), library.ledger, learning)
    return found


@pytest.mark.parametrize(("here", "dearer"), [("abcd", 1), ("abc", 1), ("ab", 2), ("a", 2), ("", 3), ("xy", 3)])
def test_the_more_is_missing_the_dearer_is_a_hunch_and_where_nothing_can_be_learned_it_is_dearest(here, dearer):
    assert hunch("abcd").cost_under(frozenset(here)) == 5 * dearer
    assert hunch("abcd", learning=False).cost_under(frozenset(here)) == 5 * Settings().doubt == 20
    assert hunch("abcdefghijklmnop").cost_under(frozenset()) == 20, "but no hunch is dearer than that"


@given(st.frozensets(st.sampled_from("abc")), st.lists(st.frozensets(st.sampled_from("abcxy")), max_size=5),
       st.frozensets(st.sampled_from("abcxy")))
def test_a_hunch_is_given_up_exactly_where_more_failed_with_no_less_and_nothing_else_in_the_way(needs, failed, here):
    if needs:
        tried = hunch(needs, failed, here).operator.applies(here)
        assert tried == all(needs <= facts or (here & needs) - facts or facts - needs - here for facts in failed)


def test_of_what_a_failure_lacked_one_must_hold_and_only_the_sharpest_is_kept():
    tried = hunch("abc", ["", "c", "b"])
    assert tried.needs == {frozenset("ab"), frozenset("ac")}
    assert [facts for facts in ("", "a", "b", "c", "bc") if tried.operator.applies(frozenset(facts))] == ["a", "bc"]


def test_a_trial_of_its_action_at_its_site_refutes_a_hunch_as_a_use_does():
    env = letter(lamp_needed=True)
    agent = taught_by_lamplight(env)
    send, beliefs = shelf_of(agent), agent.memory.senses["beliefs"]
    before = hunches(beliefs, [send], percept(), agent.library.ledger, True)
    agent.learn_from(do(env, Chores.perceive, [WRITE, SEND]))
    after = hunches(beliefs, [send], percept(), agent.library.ledger, True)
    written = frozenset({"written"})
    assert [each.operator.applies(written) for each in (*before, *after)] == [True, False]


def test_what_was_believed_of_a_lucky_first_time_may_be_doubted_as_a_whole():
    """Two facts that held by accident, and that no skill brings back."""
    agent = ProceduralMemoryAgent(2, Chores.perceive, seed=0)
    lucky, done = percept({"lamp on", "door shut"}), percept({"lamp on", "door shut", SUCCESS})
    agent.learn_from(Episode([Transition(lucky, 1, 1.0, done, True)]))
    env = Chores([(lambda facts: False, "never"), (lambda facts: True, DONE)])
    assert agent.run_episode(env, seed=0).steps == 1


# ---------------------------------------------------------------- what a plan costs, by facts


MAIL, UMBRELLA = 0, 1


def post() -> Chores:
    """Mail, in the rain under an umbrella. It rains every other day."""
    return Chores([(lambda facts: "rain" not in facts or "umbrella" in facts, DONE), (lambda facts: True, "umbrella")],
                  start=lambda seed: {"rain"} if seed % 2 else ())


def test_a_plan_that_fails_under_some_facts_is_left_there_and_kept_elsewhere():
    env = post()
    agent, episodes = learn(env, range(20))
    mail = shelf_of(agent)
    assert mail.preconditions == frozenset(), "no one fact held every time"
    assert [episode.steps for episode in episodes[-8:]] == [1, 2] * 4
    assert [agent.run_episode(env, seed=seed, learn=False).steps for seed in range(4)] == [1, 2, 1, 2]
    tried = agent.library.ledger.under_facts(mail.operator.claim, frozenset({"rain"}))
    assert tried.successes == 0 < tried.uses < 5


def test_a_price_rises_with_failures_under_these_facts_alone():
    env = post()
    agent = ProceduralMemoryAgent(2, Chores.perceive, seed=0)
    agent.learn_from(Episode([Transition(percept(), MAIL, 1.0, percept(), True)]))
    run, (mail,) = begun(agent, env), agent.library.shelves.values()
    for fails in range(5):
        assert agent.price(run, mail, frozenset({"rain"})) == pytest.approx(fails + 1)
        assert agent.price(run, mail, frozenset()) == pytest.approx(1)
        agent.library.record(mail.skills[0], False, 1, frozenset({"rain"}))


# ---------------------------------------------------------------- what depends on no place


ACT, HOLDING = 4, frozenset({"holding"})
PUT = frozenset({"put down"})


def at(row: int, column: int, worked: bool, ahead: bool = True, action: int = ACT, held: bool = True) -> Episode:
    """One try to put something down, at a place seen from a table and a bed; ``ahead``: whether the ground is open."""
    seen = {"table": (0 - row, 0 - column), "bed": (5 - row, 3 - column)}
    before = Percept(HOLDING if held else frozenset(), seen, (row, column), {(-1, 0): ahead})
    after = Percept(PUT if worked else before.facts, seen, (row, column), {(-1, 0): ahead})
    return Episode([Transition(before, action, 0.0, after)])


def mover() -> ProceduralMemoryAgent:
    """An agent that knows that action 0 moves it up."""
    agent = ProceduralMemoryAgent(5, Garden.perceive, seed=0)
    seen = {"table": (3, 1), "bed": (-2, 5)}
    agent.learn_from(Episode([Transition(Percept(frozenset(), seen, (9, 9), {(-1, 0): True}), 0, 0.0, Percept(
        frozenset(), {name: (row + 1, column) for name, (row, column) in seen.items()}, (8, 9), {(-1, 0): True}))]))
    assert agent.model.step(0) == (-1, 0)
    return agent


def anchors(agent: ProceduralMemoryAgent) -> set[str | None]:
    """What the agent's skills of putting down are about."""
    return {skill.anchor for skill in agent.library if skill.effect == PUT}


def test_what_happens_anywhere_loses_its_anchor_once_a_trial_elsewhere_shows_it():
    agent = mover()
    agent.learn_from(at(1, 0, worked=True))
    assert anchors(agent) == {"table"}, "one case looks as if it were about the nearest thing"
    agent.learn_from(at(4, 1, worked=True))
    assert anchors(agent) == {None}
    agent.learn_from(at(1, 0, worked=True))
    assert anchors(agent) == {None}, "coincidence does not bring it back"
    assert {skill.site for skill in agent.library if skill.effect == PUT} == {Site(None, ACT)}


def test_what_needs_its_place_keeps_its_anchor_when_trials_elsewhere_are_in_vain():
    agent = mover()
    for row, column in ((4, 1), (2, 2), (3, 3)):
        agent.learn_from(at(row, column, worked=False))
    for _ in range(3):
        agent.learn_from(at(1, 0, worked=True))
        assert anchors(agent) == {"table"}
        agent.learn_from(at(6, 6, worked=False))
    assert {skill.site for skill in agent.library if skill.effect == PUT} == {Site((-1, 0), ACT)}


def test_one_stroke_of_luck_elsewhere_among_many_failures_takes_no_anchor_away():
    agent = mover()
    for column in range(2, 7):
        agent.learn_from(at(4, column, worked=False))
    for worked_at in ((1, 0), (1, 0), (5, 5), (1, 0)):
        agent.learn_from(at(*worked_at, worked=True))
    assert anchors(agent) == {"table"}


def test_trials_with_other_ground_ahead_or_without_what_is_needed_or_with_another_action_do_not_count():
    for others in (dict(ahead=False), dict(held=False), dict(action=3)):
        agent = mover()
        for column in range(2, 8):
            agent.learn_from(at(4, column, worked=False, **others))
        agent.learn_from(at(1, 0, worked=True))
        agent.learn_from(at(4, 1, worked=True))
        assert anchors(agent) == {None}, f"{others}: that it failed there says nothing"


def turner() -> ProceduralMemoryAgent:
    """An agent that knows that it can turn and walk ahead."""
    world, agent, rng = Plane(True), ProceduralMemoryAgent(4, Garden.perceive, seed=0), np.random.default_rng(0)
    for action in rng.integers(3, size=40).tolist():
        agent.learn_from(Episode([world.do(action)]))
    assert len(agent.model.frames) == 4
    return agent


@pytest.mark.parametrize(("seen", "anchor"), [
    ({"rug": (0, 0), "table": (-1, 0)}, "table"), ({"rug": (0, 0), "table": (2, 2)}, None),
    ({"rug": (3, 3), "table": (0, 1)}, "table"),
])
def test_to_an_agent_that_turns_an_effect_is_about_what_is_ahead_and_not_at_once_about_what_is_underfoot(seen, anchor):
    agent = turner()
    agent.learn_from(Episode([Transition(percept(HOLDING, seen, 0), 3, 0.0, percept(PUT, seen, 0))]))
    assert anchors(agent) == {anchor}


def put_down(rug: tuple[int, int], lamp: tuple[int, int], worked: bool = True) -> Episode:
    """Something is put down, or not, with a rug and a lamp somewhere."""
    seen = {"rug": rug, "lamp": lamp}
    return Episode([Transition(percept(HOLDING, seen, 0), 3, 0.0, percept(PUT if worked else HOLDING, seen, 0))])


ON_THE_RUG = [put_down((0, 0), lamp) for lamp in ((3, 1), (-2, 2), (4, -4), (0, 5))]
IN_VAIN = [put_down(rug, (5, 5), worked=False) for rug in ((2, 2), (-1, 3), (4, 0))]


def test_three_times_on_it_and_in_vain_elsewhere_is_no_accident_even_to_an_agent_that_turns():
    agent = turner()
    for episode in IN_VAIN:
        agent.learn_from(episode)
    for episode, anchor in zip(ON_THE_RUG, (None, None, "rug", "rug"), strict=True):
        agent.learn_from(episode)
        assert anchors(agent) == {anchor}


@pytest.mark.parametrize("others", [
    IN_VAIN[:2], [*IN_VAIN, put_down((2, 3), (1, 4))], [*IN_VAIN, *(put_down((2, 3), (1, 4)) for _ in range(3))],
], ids=["hardly tried elsewhere", "once elsewhere", "works elsewhere"])
def test_otherwise_it_may_be_one(others):
    agent = turner()
    for episode in [*others, *ON_THE_RUG]:
        agent.learn_from(episode)
    assert anchors(agent) == {None}


def test_to_an_agent_that_does_not_turn_it_may_be_about_what_is_underfoot():
    agent, seen = mover(), {"rug": (0, 0), "table": (-1, 0)}
    agent.learn_from(Episode([Transition(percept(HOLDING, seen, 0), ACT, 0.0, percept(PUT, seen, 0))]))
    assert anchors(agent) == {"rug"}


@pytest.mark.parametrize(("tries", "worked", "anchor"), [(3, 0, "lamp"), (2, 0, "rug"), (3, 4, "rug")],
                         ids=["refuted", "hardly tried", "worked more often than not"])
def test_what_was_in_vain_again_and_again_at_one_thing_is_about_another(tries, worked, anchor):
    agent = mover()
    agent.learn_from(put_down((0, 0), (1, 0)))
    for _ in range(worked):
        agent.learn_from(put_down((0, 0), (1, 0)))
    for column in range(tries):
        agent.learn_from(put_down((0, 0), (5, column), worked=False))
    agent.learn_from(put_down((0, 0), (1, 0)))
    assert anchors(agent) == {anchor}


def come(arrives: bool) -> Episode:
    """A step onto a rug, or one in vain: somebody slipped, say."""
    before = percept(HOLDING, {"rug": (0, 1), "lamp": (4, 4)}, (0, 0))
    after = percept(PUT, {"rug": (0, 0), "lamp": (4, 3)}, (0, 1))
    return Episode([Transition(before, 3, 0.0, after if arrives else before)])


def test_who_stood_still_has_refuted_nothing_that_comes_of_arriving():
    agent = mover()
    for arrives in (True, *[False] * 6, True):
        agent.learn_from(come(arrives))
    assert anchors(agent) == {"rug"}


# ---------------------------------------------------------------- what mostly fails


class OneWay(NamedTuple):
    """All that is asked of a shelf of a plan."""

    operator: Operator


def doubted(uses: int, successes: int, times: int = 400) -> float:
    """How often a plan of one part is doubted that was used so many times."""
    library, rng = SkillLibrary(), np.random.default_rng(0)
    skill = Skill((0,), frozenset("a"), frozenset("b"))
    library.add(skill)
    for number in range(uses):
        library.record(skill, number < successes, 1)
    plan = [OneWay(skill.operator)]
    return sum(is_vain(plan, frozenset("a"), library.ledger, rng) for _ in range(times)) / times


@pytest.mark.parametrize(("uses", "successes"), [(0, 0), (3, 0), (4, 0), (20, 12)])
def test_a_plan_is_followed_while_it_may_well_work(uses, successes):
    assert doubted(uses, successes) == 0


def test_the_less_often_a_plan_has_worked_the_more_often_it_is_doubted():
    shares = [doubted(*record) for record in ((8, 1), (16, 1), (80, 1))]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(7 / 12, abs=0.08)
    assert shares[-1] > 0.9


def traders(kind: type[ProceduralMemoryAgent]) -> list[ProceduralMemoryAgent]:
    """Agents who have stood at the stall for a hundred days."""
    found = [kind(4, stall.perceive, seed) for seed in range(4)]
    for seed, each in enumerate(found):
        for day in range(100):
            each.run_episode(stall.Stall(), seed=1000 * seed + day)
    return found


class Trusting(ProceduralMemoryAgent):
    """Follows whatever plan it knows."""

    def doubts(self, run: Run, found: Sequence[Shelf]) -> bool:
        """Never."""
        return False


@pytest.mark.parametrize(("kind", "all_find_it"), [(ProceduralMemoryAgent, True), (Trusting, False)])
def test_who_doubts_a_bet_finds_what_always_pays(kind, all_find_it):
    paid = [each.run_episode(stall.Stall(), seed=day, learn=False).success
            for each in traders(kind) for day in range(20)]
    assert all(paid) == all_find_it


def test_without_learning_nothing_is_doubted_and_no_random_number_is_drawn():
    agent = traders(Trusting)[0]
    agent.__class__ = ProceduralMemoryAgent
    run = begun(agent, stall.Stall(), learn=False)
    before = run.memory.rng.bit_generator.state
    shelf = shelf_of(agent)
    assert not agent.doubts(run, [shelf])
    assert run.memory.rng.bit_generator.state == before


def test_a_bad_end_costs_two_hundred_steps_more():
    skill = Skill((0,), frozenset(), frozenset("a"))
    used = Invocation(skill, 3, Percept(frozenset()), frozenset("a"), 1.0, 1.0, stop=5)
    used.reason = "no effect"
    assert used.cost == 2
    used.reason = "bad end"
    assert used.cost == 2 + BAD_END
