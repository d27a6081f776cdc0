"""Options: values worked out by hand, graphs small enough to count, and what agents do with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive, train
from procmem_lite.lab.rooms import Rooms
from procmem_lite.library import SkillLibrary
from procmem_lite.navigation.goto import GoTo
from procmem_lite.options import (
    NOWHERE,
    Choices,
    Chooser,
    Critic,
    Manager,
    Option,
    Subtask,
    as_option,
    as_skills,
    betweenness,
    bottleneck_options,
    by_facts,
    eigenoption,
    eigenoptions,
    follow,
    graph_of,
    graph_seen,
    greedy_steps,
    learn_options,
    learn_skills,
    learn_step,
    learn_use,
    option_critic,
    option_to,
    peaks,
    subtasks_of,
    told,
    two_levels,
    value_iteration,
    waves,
)
from procmem_lite.options.learning import Watch
from procmem_lite.options.worth import by_place
from procmem_lite.percepts import Percept
from procmem_lite.worlds import tolls


def corridor(cells=5, last=10.0):
    """Left and right along a row; the step into the last cell ends the episode and pays."""
    states = np.arange(cells)
    table = SimpleNamespace(next_state=np.column_stack([(states - 1).clip(0), (states + 1).clip(max=cells - 1)]),
                            reward=np.full((cells, 2), -1.0), terminated=np.zeros((cells, 2), dtype=bool))
    table.reward[cells - 2, 1], table.terminated[cells - 2, 1] = last, True
    return table


RIGHT = Option("right to 2", (1, 1, NOWHERE, NOWHERE, NOWHERE), frozenset({2}))
ROW = {0: {1: 1}, 1: {0: 0, 1: 2}, 2: {0: 1, 1: 3}, 3: {0: 2, 1: 4}, 4: {0: 3}}


@pytest.fixture(scope="module")
def agent():
    """One that has played eight episodes in small rooms."""
    found = ProceduralMemoryAgent(6, perceive, seed=0)
    train(found, GridWorld("rooms", 4, max_steps=150), 8, progress=False)
    return found


@pytest.fixture(scope="module")
def world():
    return Rooms(6, 1)


# ---------------------------------------------------------------- options and skills


def test_an_option_starts_where_it_has_an_action_and_does_not_end():
    option = Option("x", (1, NOWHERE, 0), frozenset({2}))
    assert [option.starts(state) for state in range(3)] == [True, False, False]


def test_an_option_is_followed_to_its_end_to_the_end_of_the_episode_or_until_it_takes_too_long():
    assert follow(RIGHT, corridor(), 0) == [(0, 1), (1, 1)]
    assert follow(RIGHT, corridor(), 2) == []
    ever = Option("ever", (1,) * 5, frozenset())
    assert follow(ever, corridor(), 2) == [(2, 1), (3, 1)]
    back = Option("back", (0,) * 5, frozenset())
    assert len(follow(back, corridor(), 1, longest=7)) == 7


def test_a_site_becomes_an_option_that_takes_the_shortest_path_from_everywhere(agent, world):
    ends = {"has_key": world.layout.key, "door_open": world.layout.door}
    for shelf in agent.library.shelves.values():
        option = as_option(GoTo(shelf.operator), world.table, world.percepts, agent)
        fact = next(iter(shelf.effect))
        for state, percept in enumerate(world.percepts):
            applies = percept is not None and shelf.operator.applies(percept.facts) and bool(world.graph[state])
            assert option.starts(state) == applies
            if applies and fact in ends:
                goal = ends[fact]
                path = follow(option, world.table, state)
                assert len(path) == 1 + steps_between(world, state, goal)
                after = int(world.table.next_state[path[-1]])
                assert fact in world.percepts[after].facts


def steps_between(world, state, cell):
    """Breadth-first over the states that have the same facts."""
    facts, far, waiting = world.percepts[state].facts, {state: 0}, [state]
    for here in waiting:
        if world.percepts[here].place == cell:
            return far[here]
        for after in world.table.next_state[here].tolist():
            if after not in far and world.percepts[after] is not None and world.percepts[after].facts == facts:
                far[after] = far[here] + 1
                waiting.append(after)
    raise AssertionError("no path")


def test_a_stored_sequence_becomes_an_option_along_its_path_and_comes_back_the_same(agent):
    skill = next(each for each in agent.library if each.effect == {"has_key"} and len(each.actions) > 2)
    for number in range(40):  # a layout in which its context is met, and nothing is in the way
        world = Rooms(6, number)
        option = as_option(skill, world.table, world.percepts, agent)
        starts = [state for state, percept in enumerate(world.percepts)
                  if percept and skill.is_applicable(percept) and percept.objects["key"] == skill.context]
        if starts and len(follow(option, world.table, starts[0])) == len(skill.actions):
            break
    else:
        raise AssertionError("no layout fits")
    back = {each.context: each for each in as_skills(option, world.table, world.percepts)}
    assert back[skill.context].actions == skill.actions
    assert back[skill.context].operator == skill.operator
    assert sorted(len(each.actions) for each in back.values()) == list(range(1, len(skill.actions) + 1))


def test_skill_option_skill_plays_every_episode_as_before(agent, world):
    again = ProceduralMemoryAgent(6, perceive, seed=0)
    train(again, GridWorld("rooms", 4, max_steps=150), 8, progress=False)
    again.memory.library = SkillLibrary()
    for operator in agent.library.shelves:
        option = as_option(GoTo(operator), world.table, world.percepts, agent)
        for skill in as_skills(option, world.table, world.percepts):
            assert again.library.add(skill)
    assert list(again.library.shelves) == list(agent.library.shelves)
    env = GridWorld("rooms", 8)
    for seed in range(10**6, 10**6 + 15):
        first, second = (each.run_episode(env, seed=seed, learn=False) for each in (agent, again))
        assert first.success
        assert [step.action for step in first.transitions] == [step.action for step in second.transitions]


def test_an_option_without_an_effect_is_refused_until_one_is_told(world):
    state = world.start
    option = option_to(state, world.graph, world.states)
    with pytest.raises(ValueError, match="one at whose end a fact appears"):
        as_skills(option, world.table, world.percepts)
    seen = told(world.percepts, option, "back home")
    assert [number for number, percept in enumerate(seen) if percept and "back home" in percept.facts] == [state]
    assert "back home" not in world.percepts[state].facts
    skills = as_skills(option, world.table, seen)
    assert {skill.effect for skill in skills} == {frozenset({"back home"})}
    assert len({skill.operator for skill in skills}) == 1
    assert all(len(skill.actions) >= 1 for skill in skills)


# ---------------------------------------------------------------- learning


def test_a_whole_use_teaches_one_number_by_its_discounted_reward_and_its_length():
    choices = Choices(corridor(), [RIGHT])
    choices.values[2] = [3.0, 10.0, 99.0]  # the option cannot start there: its value does not count
    learn_use(choices, 0, 2, gained=-1 - 0.9, steps=2, after=2, ended=False, alpha=0.5, gamma=0.9)
    assert choices.values[0] == pytest.approx([0, 0, 0.5 * (-1.9 + 0.81 * 10)])
    learn_use(choices, 0, 2, gained=4.0, steps=2, after=2, ended=True, alpha=0.5, gamma=0.9)
    assert choices.values[0][2] == pytest.approx(0.5 * (3.1 + 4.0)), "nothing follows the end of an episode"


def test_a_step_teaches_the_action_and_each_option_that_would_have_taken_it():
    left = Option("left", (NOWHERE, 0, 0, NOWHERE, NOWHERE), frozenset())
    choices = Choices(corridor(), [RIGHT, left])
    choices.values[1] = [0.0, 5.0, 7.0, 1.0]
    learn_step(choices, 0, 1, -1.0, 1, False, alpha=0.5, gamma=0.9)
    assert choices.values[0] == pytest.approx([0, 0.5 * (-1 + 0.9 * 7), 0.5 * (-1 + 0.9 * 7), 0]), \
        "right goes on in state 1, where going on is worth 7, and that is the best there too"
    choices.values[2] = [2.0, 4.0, 9.0, 9.0]
    learn_step(choices, 1, 1, -1.0, 2, False, alpha=0.5, gamma=0.9)
    assert choices.values[1] == pytest.approx([0, 0.5 * (5 - 1 + 0.9 * 9), 0.5 * (7 - 1 + 0.9 * 9), 1.0]), \
        "right ends in state 2: the best there follows, which is going left; left would not have taken this step"
    learn_step(choices, 3, 1, 10.0, 4, True, alpha=0.5, gamma=0.9)
    assert choices.values[3] == [0, 5, 0, 0]


def test_an_option_that_goes_on_is_worth_what_going_on_is_worth_even_if_something_else_is_better():
    choices = Choices(corridor(), [RIGHT])
    choices.values[1] = [8.0, 0.0, 2.0]
    learn_step(choices, 0, 1, 0.0, 1, False, alpha=1.0, gamma=1.0)
    assert choices.values[0] == [0, 8, 2]


def test_greedy_play_follows_an_option_to_its_end():
    choices = Choices(corridor(), [RIGHT])
    choices.values[0], choices.values[1] = [0.0, 0.0, 1.0], [5.0, 0.0, 1.0]  # to leave it half way would go in circles
    choices.values[2], choices.values[3] = [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]
    assert greedy_steps(choices, corridor(), 0, 10) == 4
    assert greedy_steps(choices, corridor(), 0, 3) is None


def test_what_is_solved_has_been_good_at_several_tries_in_a_row():
    watch = Watch(held=3)
    assert [watch.note(number, good) for number, good in enumerate([1, 1, 0, 1, 1, 1])] == [False] * 5 + [True]
    assert watch.since == 3


@pytest.mark.parametrize("how", [{}, {"within": False}, {"again": True}])
def test_learners_find_the_shortest_path_of_a_corridor(how):
    learned = learn_options(corridor(12), 0, 11, [option_to(6, graph_of(corridor(12), 0), 12)], steps=20_000, **how)
    assert learned.steps is not None
    assert greedy_steps(learned.learner, corridor(12), 0, 11) == 11


def test_a_table_learned_before_is_begun_with():
    first = learn_options(corridor(12), 0, 11, steps=20_000)
    assert first.steps > 0
    assert learn_options(corridor(12), 0, 11, values=first.learner.values).steps == 0


def test_the_same_seed_learns_the_same(world):
    runs = [learn_options(world.table, world.start, world.shortest, seed=4).steps for _ in range(2)]
    assert runs[0] == runs[1]


# ---------------------------------------------------------------- discovery


def test_betweenness_of_a_row_a_star_and_a_ring_is_as_counted():
    assert betweenness(ROW) == {0: 0, 1: 6, 2: 8, 3: 6, 4: 0}
    star = {0: {0: 1, 1: 2, 2: 3}, 1: {0: 0}, 2: {0: 0}, 3: {0: 0}}
    assert betweenness(star) == {0: 6, 1: 0, 2: 0, 3: 0}
    ring = {0: {0: 1, 1: 3}, 1: {0: 0, 1: 2}, 2: {0: 1, 1: 3}, 3: {0: 2, 1: 0}}
    assert betweenness(ring) == dict.fromkeys(range(4), 1.0), "two paths each way between opposite corners, half each"


def test_two_actions_with_one_end_are_one_edge():
    assert betweenness({0: {0: 1, 1: 1}, 1: {0: 2}, 2: {}}) == {0: 0, 1: 1, 2: 0}


def test_peaks_are_no_lower_than_their_neighbours_and_the_highest_come_first():
    scores = {0: 7, 1: 5, 2: 2, 3: 9, 4: 0}
    assert peaks(scores, ROW) == [3, 0]
    assert peaks(scores, ROW, 1) == [3]
    assert peaks(dict.fromkeys(ROW, 0.0), ROW) == [], "what no path passes is no bottleneck"


def test_an_option_to_a_state_takes_the_shortest_path_and_does_not_start_where_there_is_none():
    option = option_to(2, ROW | {5: {}}, 6)
    assert option.policy == (1, 1, NOWHERE, 0, 0, NOWHERE)
    assert option.ends == {2}


def test_the_graph_given_is_all_that_can_be_reached_and_nothing_goes_on_from_an_end():
    assert graph_of(corridor(4), 1) == {0: {1: 1}, 1: {0: 0, 1: 2}, 2: {0: 1, 1: 3}, 3: {}}


def test_a_walk_shows_a_part_of_the_graph_and_only_moves_that_were_made(world):
    few, many = (graph_seen(world.table, world.start, steps, seed=3) for steps in (30, 3_000))
    assert len(few) < len(many) <= len(world.graph)
    for graph in (few, many):
        for state, moves in graph.items():
            assert moves.items() <= world.graph[state].items()


def test_the_slowest_wave_of_a_row_rises_from_end_to_end_and_is_climbed():
    wave = waves(ROW, 1)[0]
    heights = [wave[state] for state in range(5)]
    assert heights[0] < 0
    assert heights[:2] == pytest.approx([-heights[4], -heights[3]])
    assert heights[2] == pytest.approx(0, abs=1e-9)
    up = eigenoption({0: -2, 1: -1, 2: 0, 3: 1, 4: 2}, ROW, 5, "up")
    assert up.policy == (1, 1, 1, 1, NOWHERE)
    assert up.ends == {4}


def test_a_wave_is_climbed_over_a_dip_where_what_follows_is_worth_it():
    height = {0: 0.0, 1: -1.0, 2: 5.0, 3: 4.0, 4: 3.0}
    assert eigenoption(height, ROW, 5, "far", gamma=0.9).starts(0), "-1 + 0.9 * 6 is more than nothing"
    assert not eigenoption(height, ROW, 5, "near", gamma=0.1).starts(0)


def test_eigenoptions_come_in_pairs_that_lead_to_opposite_ends(world):
    up, down = eigenoptions(world.graph, world.states, 1)
    assert {state for state in up.ends & down.ends if world.graph[state]} == set(), "both end only where all ends"
    assert len(eigenoptions(world.graph, world.states, 3)) == 6


def test_the_bottlenecks_of_rooms_are_where_facts_flip(world):
    goals = [next(iter(option.ends)) for option in bottleneck_options(world.graph, world.states)]
    assert set(goals) & set(world.flips)
    assert goals[0] in world.flips


# ---------------------------------------------------------------- what learns while it plays


def test_one_step_of_option_critic_is_as_worked_out_by_hand():
    critic = Critic(corridor(), count=2, alpha=0.5, taste_rate=1.0, will_rate=1.0, gamma=0.9)
    critic.worth[1] = [2.0, 4.0]
    critic.wills[0, 1] = 0.0  # ends with a chance of one half
    stop = critic.learn(0, 0, 1, reward=1.0, after=1, ended=False)
    assert stop == 0.5
    upon = 0.5 * (1 + 0.9 * (0.5 * 2 + 0.5 * 4))  # 1.85
    assert critic.upon[0, 0].tolist() == pytest.approx([0, upon])
    assert critic.worth[0, 0] == pytest.approx(upon / 2), "both actions are equally likely"
    assert critic.tastes[0, 0].tolist() == pytest.approx([-0.5 * upon / 2, 0.5 * upon / 2])
    assert critic.wills[0, 1] == pytest.approx(0.25 * (2 - 0.01)), "another option is better there: rather end"
    critic.learn(1, 0, 1, reward=1.0, after=1, ended=True)
    assert critic.upon[0, 1, 1] == 0.5
    assert critic.wills[1, 1] == -1.0, "at the end of an episode there is nothing to end"


def test_a_worker_is_fined_for_a_change_that_was_not_asked_for_and_its_manager_does_not_reckon_with_fines():
    percepts = [Percept(frozenset(facts)) for facts in ((), (), ("lit",), ("lit",), ("lit",))]
    tasks = subtasks_of(percepts, "end")
    assert tasks == [Subtask("end", frozenset(range(5))), Subtask("lit", frozenset({0, 1}))]
    manager = Manager(corridor(), percepts, tasks, fine=5.0, alpha=0.5, gamma=0.9)
    assert manager.learn_worker(1, 1, 1, -1.0, 2, False), "the fact has come: it is over"
    assert (manager.steered[1, 1, 1], manager.within[1, 1, 1]) == (-0.5, -0.5)
    assert manager.learn_worker(0, 1, 1, -1.0, 2, False), "a fact has come that was not asked for"
    assert (manager.steered[0, 1, 1], manager.within[0, 1, 1]) == (0.5 * (-1 - 5), -0.5)
    assert not manager.learn_worker(1, 0, 1, -1.0, 1, False)
    assert manager.steered[1, 0, 1] == pytest.approx(0.5 * (-1 + 0.9 * 0.0)), "in state 1 left is still worth 0"


def test_a_manager_reckons_with_what_is_left_after_a_subtask():
    percepts = [Percept(frozenset(facts)) for facts in ((), (), ("lit",), ("lit",), ("lit",))]
    manager = Manager(corridor(), percepts, subtasks_of(percepts, "end"), alpha=0.5, gamma=0.9)
    manager.within[0, 2], manager.steered[0, 2] = [0, 8], [0, 8]
    assert manager.worth(2).tolist() == [8.0, -np.inf], "lit is no task where it is lit"
    manager.learn_manager(1, 0, steps=2, after=2, ended=False)
    assert manager.beyond[0, 1] == pytest.approx(0.5 * 0.81 * 8)
    manager.learn_manager(1, 0, steps=2, after=4, ended=True)
    assert manager.beyond[0, 1] == pytest.approx(0.25 * 0.81 * 8)


def test_both_find_the_shortest_path_of_a_corridor():
    assert option_critic(corridor(6), 0, 5, count=2, steps=20_000).steps is not None
    percepts = [Percept(frozenset({"half"} if state > 2 else ())) for state in range(6)]
    assert two_levels(corridor(6), 0, 5, percepts, steps=20_000).steps is not None


# ---------------------------------------------------------------- values over skills


def test_a_chooser_learns_from_a_whole_use_and_from_each_of_its_parts(agent):
    world = Rooms(6, 1)
    chooser = Chooser(agent, actions=False, alpha=1.0, gamma=0.9)
    episode = chooser.run_episode(GridWorld(world.layout, rewards="goal"), learn=True)
    assert episode.success
    last = episode.invocations[-1]
    steps = episode.transitions[last.start:]
    worth = [chooser.worth[by_place(step.percept)][last.skill.operator] for step in steps]
    for number, value in enumerate(worth):
        left = len(steps) - number - 1
        assert value == pytest.approx(0.9 ** left * 10 - 0.1 * sum(0.9 ** each for each in range(left)))


def test_a_chooser_solves_rooms_in_a_fraction_of_flat_q_learning_and_leaves_its_agent_alone(agent, world):
    before = len(agent.library.ledger), len(agent.library)
    env = GridWorld(world.layout, rewards="goal", max_steps=1_000)
    found = np.median([learn_skills(Chooser(agent, seed), env, world.shortest).steps for seed in range(3)])
    flat = np.median([learn_options(world.table, world.start, world.shortest, seed=seed).steps for seed in range(3)])
    assert found <= flat / 4
    assert (len(agent.library.ledger), len(agent.library)) == before


def test_without_learning_a_chooser_stays_what_it_was(agent, world):
    chooser = Chooser(agent, actions=False, decision=by_facts)
    chooser.run_episode(GridWorld(world.layout), learn=True)
    worth = {decision: dict(row) for decision, row in chooser.worth.items()}
    chooser.run_episode(GridWorld(world.layout), learn=False)
    assert {decision: row for decision, row in chooser.worth.items() if row} == {
        decision: row for decision, row in worth.items() if row}
    assert set(chooser.worth) <= {frozenset(), frozenset({"has_key"}), frozenset({"has_key", "door_open"}),
                                  frozenset({"has_key", "door_open", "success"})}


def test_the_optimum_of_a_corridor_is_the_last_reward_minus_the_steps_to_it():
    found = value_iteration(corridor(5, last=10.0))
    assert found.values[:4].tolist() == [7, 8, 9, 10]
    assert found.policy[:4].tolist() == [1, 1, 1, 1]
    assert value_iteration(corridor(4), gamma=0.5).values[:3].tolist() == [-1 + 0.5 * (-1 + 0.5 * 10), -1 + 5, 10]


# ---------------------------------------------------------------- the world with choices


MAP = tolls.TollMap(5, (0, 0), ((1, 0), (4, 0)), ((0, 2), (4, 2)), (2, 4), (4, 4), (3.0, 0.5), 2.0,
                    frozenset({(1, 2), (2, 2), (3, 2)}))


def test_a_toll_is_paid_once_and_the_right_key_is_needed():
    state, total = tolls.encode(MAP, MAP.start), 0.0
    taken = {}
    for action in (1, tolls.PICK_UP, tolls.PICK_UP, 0, 3, 3, 3, tolls.OPEN, tolls.OPEN, 3):
        after, reward, ended = tolls.outcome(MAP, state, action)
        taken.setdefault(action, []).append(round(reward, 6))
        state, total = after, total + reward
        assert not ended
    assert taken[tolls.PICK_UP] == [-0.1, -0.1]
    assert taken[tolls.OPEN] == [-3.1, -0.1]
    assert tolls.decode(MAP, state) == ((0, 3), 1 | 4), "the barred cell is open now"
    other = tolls.encode(MAP, (4, 2), 1)
    assert tolls.outcome(MAP, other, tolls.OPEN) == (other, -0.1, False), "brass does not open silver"


def test_a_purse_pays_once_and_the_goal_ends_it():
    state = tolls.encode(MAP, MAP.purse)
    state, first, _ = tolls.outcome(MAP, state, tolls.PICK_UP)
    assert first == pytest.approx(1.9)
    assert tolls.outcome(MAP, state, tolls.PICK_UP) == (state, -0.1, False)
    _, reward, ended = tolls.outcome(MAP, tolls.encode(MAP, (4, 3), 8), 3)
    assert (round(reward, 6), ended) == (9.9, True)


def test_the_best_return_is_the_one_worked_out_by_hand():
    best = value_iteration(tolls.toll_table(MAP)).values[tolls.encode(MAP, MAP.start)]
    silver = 4 + 1 + 2 + 1 + 2          # down to the key, take it, to the door, open it, to the goal
    purse = silver + 4 + 1              # two up and back from the way along the right side, and take it
    assert best == pytest.approx(10 - 0.5 + 2.0 - 0.1 * purse)


def test_no_percept_tells_a_toll_or_what_a_purse_is_worth():
    dear = MAP._replace(tolls=(0.0, 9.0), worth=7.0)
    for state in range(0, MAP.size ** 2 * tolls.FLAGS, 7):
        assert tolls.describe(MAP, state) == tolls.describe(dear, state)


@pytest.mark.parametrize("size", [5, 6, 9])
def test_every_map_can_be_solved_through_either_door(size):
    for seed in range(40):
        drawn = tolls.draw_map(size, np.random.default_rng(seed))
        for other in (0, 1):
            dear = drawn._replace(tolls=tuple(50.0 if door == other else 0.0 for door in (0, 1)))
            best = value_iteration(tolls.toll_table(dear)).values[tolls.encode(dear, dear.start)]
            assert best > 0, "one of the doors leads nowhere"


@pytest.mark.parametrize("source", [4, True, "rooms", 33, 6.0])
def test_a_source_that_is_neither_a_map_nor_a_size_is_named(source):
    with pytest.raises(ValueError, match="source: a TollMap, or a size"):
        tolls.TollWorld(source)
