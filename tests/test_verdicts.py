"""Failures are counted by claim, under the facts of each, in a row - and what follows from that for an agent."""

from dataclasses import replace

import numpy as np
import pytest

from procmem_lite import GridWorld, Percept, ProceduralMemoryAgent, perceive, train
from procmem_lite.explorers import UntriedExplorer
from procmem_lite.lab.life import DELETIONS, LABS, DeletingAgent, failed_last, live
from procmem_lite.library import Tally, Use
from procmem_lite.lifecycle import Exchanging, LifelongAgent
from procmem_lite.lifecycle.verdicts import AGREE, forget_notes, is_test, judge
from procmem_lite.percepts import Transition
from procmem_lite.skills import Claim, Site
from procmem_lite.worlds.changing import SWAPPED, Lava, TwoKeys, Wired, perceive_lamp, perceive_lava

LIT, DAY, NIGHT = frozenset({"lit"}), frozenset({"day"}), frozenset({"night"})
CLAIM = Claim(LIT, frozenset(), "lamp", Site((0, 0), 4))


def trial(facts: frozenset, worked: bool, action: int = 4, seen: tuple = (0, 0)) -> Transition:
    """One deed at a lamp."""
    before = Percept(facts, {"lamp": seen}, place=(1, 1))
    return Transition(before, action, 0.0, replace(before, facts=facts | LIT if worked else facts))


@pytest.mark.parametrize("other", [
    trial(DAY, False, action=3), trial(DAY, False, seen=(0, 1)), trial(DAY | LIT, False)])
def test_a_claim_is_put_to_the_test_by_its_deed_at_its_site_while_its_effect_is_missing(other):
    assert is_test(CLAIM, trial(DAY, False))
    assert not is_test(CLAIM, other)


def test_misses_are_counted_in_a_row_and_under_each_facts_by_themselves():
    found = judge(CLAIM, [trial(DAY, False), trial(DAY, True), trial(NIGHT, False), trial(DAY, False),
                          trial(NIGHT, False)])
    assert found.misses == {DAY: 1, NIGHT: 2}
    assert not found.broken, "what never worked by night has not broken"


def test_what_failed_before_a_claim_broke_is_forgotten():
    before = [trial(NIGHT, False), trial(DAY, True)]
    assert judge(CLAIM, [*before, trial(DAY, False)]).in_vain == [NIGHT, DAY]
    broken = judge(CLAIM, [*before, trial(DAY, False), trial(DAY, False), trial(NIGHT, False)])
    assert broken.broken
    assert broken.in_vain == [DAY, NIGHT]


def test_an_explorer_forgets_other_deeds_at_that_place_under_those_facts_and_nothing_else():
    explorer, spot = UntriedExplorer(6), (0, 0)
    for facts in (DAY, NIGHT):
        for action in (4, 5):
            explorer.tried[facts, "lamp", spot, action] = 3
            explorer.ever.add(("lamp", spot, action))
    forget_notes(explorer, DAY, CLAIM)
    assert explorer.tries(DAY, "lamp", spot, 5) == 0
    assert explorer.tries(DAY, "lamp", spot, 4) == 4
    assert explorer.tries(NIGHT, "lamp", spot, 5) == 4


def moved(model: Exchanging, action: int, at: tuple, shift: tuple) -> None:
    """One step that shifts the agent, in open ground."""
    around = dict.fromkeys([(1, 0), (-1, 0), (0, 1), (0, -1)], True)
    after = tuple(np.subtract(at, shift).tolist())
    model.learn(Percept(DAY, {"a": at, "b": (at[0] + 2, at[1])}, at, around), action,
                Percept(DAY, {"a": after, "b": (after[0] + 2, after[1])}, after, around))


def test_two_moves_that_look_like_each_other_are_exchanged_and_one_odd_step_is_not():
    model, shifts = Exchanging(4), [(-1, 0), (1, 0), (0, -1), (0, 1)]
    for turn in range(8):
        for action, shift in enumerate(shifts):
            moved(model, action, (5, turn), shift)
    version = model.version
    moved(model, 0, (5, 5), (1, 0))
    moved(model, 0, (5, 5), (-1, 0))
    assert model.version == version
    for turn in range(AGREE // 2):
        moved(model, 0, (5, turn), (1, 0))
    assert (model.step(0), model.step(1)) == ((1, 0), (-1, 0))
    assert (model.step(2), model.step(3)) == ((0, -1), (0, 1))


def test_a_swap_costs_a_few_steps_and_nothing_afterwards():
    excess = live(7, "swap", LifelongAgent)["excess"]
    assert excess[2:].sum() == 0
    assert excess.sum() <= 15


def test_a_lamp_that_is_seen_costs_nothing_in_the_end_and_a_hidden_one_does():
    assert live(7, "light", LifelongAgent)["excess"][-5:].sum() == 0
    assert live(7, "light")["excess"][-5:].sum() > 0
    assert 0 < live(7, "hidden", LifelongAgent)["excess"][-5:].mean() < 4


def test_after_a_day_of_faults_one_of_the_next_two_episodes_takes_the_shortest_path_and_all_that_follow():
    for seed in (7, 8):
        excess = live(seed, "faults", LifelongAgent)["excess"][20:]
        assert not excess[2:].any()
        assert 0 in excess[:2]


def test_where_nothing_changes_it_does_what_today_s_agent_does():
    logs = [train(make(6, perceive, 3), GridWorld("rooms", 6), 25, progress=False, seed=50)
            for make in (ProceduralMemoryAgent, LifelongAgent)]
    assert np.array_equal(logs[0].steps, logs[1].steps)


# ---------------------------------------------------------------- the laboratories


def test_swapped_buttons_are_swapped_and_moves_are_not():
    env = Wired(GridWorld("rooms", 5), SWAPPED)
    assert [env.orders[0][action] for action in range(6)] == [0, 1, 2, 3, 5, 4]
    with pytest.raises(ValueError, match="every action once"):
        Wired(GridWorld("rooms", 5), (0, 0, 1, 2, 3, 4))


def test_a_lamp_is_drawn_from_the_seed_and_told_only_where_it_is_shown():
    told = []
    for shown in (True, False):
        env = Wired(GridWorld("rooms", 5), dark_order=SWAPPED, dark=0.5, shown=shown)
        for seed in range(30):
            env.reset(seed=seed)
            told.append((env.is_dark, perceive_lamp(env).facts))
    assert {(dark, min(facts)) for dark, facts in told[:30]} == {(True, "dark"), (False, "light")}
    assert {facts for _, facts in told[30:]} == {frozenset()}
    assert [dark for dark, _ in told[:30]] == [dark for dark, _ in told[30:]]


def test_a_dead_button_does_nothing_and_moves_still_move():
    env = Wired(GridWorld("open", 5), dead=1.0)
    env.reset(seed=0)
    world = env.unwrapped
    for cell, action in ((world.layout.key, 4), (world.layout.door, 5)):
        for key in (False, True):
            if cell == world.layout.key and key:
                continue
            world._state = ((cell[0] * 5 + cell[1]) * 2 + key) * 2
            before = world.state
            env.step(action)
            assert world.state == before
    places = {world.percept().place}
    for action in range(4):
        env.step(action)
        places.add(world.percept().place)
    assert len(places) > 1


def test_lava_ends_an_episode_is_named_and_leaves_everything_within_reach():
    env = Lava(GridWorld("open", 6), 0.2)
    for seed in range(20):
        env.reset(seed=seed)
        layout = env.unwrapped.layout
        assert len(env.cells) == 7
        assert not env.cells & {layout.start, layout.key, layout.door, layout.goal}
        seen = perceive_lava(env)
        named = {step for step, free in seen.around.items() if free == "lava"}
        assert named == {step for step in seen.around if tuple(np.add(seen.place, step).tolist()) in env.cells}
        for step in named:
            burnt = env.step([(-1, 0), (1, 0), (0, -1), (0, 1)].index(step))
            assert burnt[1:3] == (-1.0, True)
            break


def test_a_door_takes_one_of_two_keys():
    for right, wrong in (("red", "blue"), ("blue", "red")):
        env = TwoKeys(right)
        env.reset(seed=4)
        for name, opened in ((wrong, False), (right, True)):
            env.at = env.things[name]
            env.step(4)
            env.at = env.things["door"]
            env.step(5)
            assert env.opened is opened


def test_a_deleting_agent_forgets_the_claim_and_keeps_the_rest():
    agent = live(7, "swap", DeletingAgent, rule="after a failure")["agent"]
    sites = {shelf.site.action for shelf in agent.library.shelves.values() if "has_key" in shelf.effect}
    assert sites == {5}
    kept = live(7, "swap")["agent"]
    assert {shelf.site.action for shelf in kept.library.shelves.values() if "has_key" in shelf.effect} == {4, 5}


def test_the_rules_of_others_ask_for_what_they_say():
    def lines(*worked):
        return [Use(0, CLAIM, DAY, each, 1) for each in worked]

    assert failed_last(2)(lines(True, False, False), Tally())
    assert not failed_last(2)(lines(False, True, False), Tally())
    assert DELETIONS["3 uses, below half"]((), Tally(3, 1, 0))
    assert not DELETIONS["3 uses, below half"]((), Tally(2, 0, 0))
    assert not DELETIONS["5 uses, below half"]((), Tally(6, 3, 0))


@pytest.mark.parametrize("lab", LABS)
def test_every_laboratory_is_the_same_a_second_time(lab):
    if lab in ("faults", "strike", "slip"):
        pytest.skip("takes long")
    once, again = (live(2, lab, LifelongAgent)["excess"] for _ in range(2))
    assert np.array_equal(once, again)
