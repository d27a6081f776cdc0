"""The checks of chapter 1: plausible wrong answers are refused, right ones pass however they are written."""

from collections import deque

import numpy as np
import pytest
from verdicts import verdict

from procmem_lite.episodes import Actor, Choice
from procmem_lite.exercises import environment as checks
from procmem_lite.worlds.gridworld import OPEN, PICK_UP, decode, encode, steps_to_goal, transition_table
from procmem_lite.worlds.layouts import NEIGHBOURS, Layout

# ---------------------------------------------------------------- 1.1 a long way


SNAKE = """
    A D . . . .
    # # # # # .
    . . . . . .
    . # # # # #
    . . . . . .
    # # # # G K
"""


def built_by_hand():
    walls = {(1, c) for c in range(5)} | {(3, c) for c in range(1, 6)} | {(5, c) for c in range(4)}
    return Layout(6, start=(0, 0), key=(5, 5), door=(0, 1), goal=(5, 4), walls=frozenset(walls))


def upright_snake():
    walls = frozenset((r, c) for c in (1, 3, 5) for r in range(6) if r != (5 if c == 1 else 0) and c < 5)
    return Layout(6, start=(0, 0), key=(5, 5), door=(1, 0), goal=(4, 5), walls=walls)


@pytest.mark.parametrize("answer", [lambda: Layout.from_text(SNAKE), built_by_hand, upright_snake])
def test_a_long_way_passes(answer, capsys):
    assert verdict(checks.long_layout, answer, capsys).startswith("right: the shortest path takes")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda: SNAKE, "a Layout is needed, this is a str"),
    (lambda: None, "a Layout is needed, this is a NoneType"),
    (lambda: Layout(6, (0, 0), (5, 5), (0, 1), (5, 4)), "fewer than 40"),
    (lambda: Layout.from_text(SNAKE.replace("A D .", "A . D").replace("G K", ". K").replace("# # . K", "# G . K")
                              .replace("# # # # #\n    . .", "# # . # #\n    . .")), "fewer than 40"),
    (lambda: Layout(8, (0, 0), (7, 7), (0, 7), (7, 0), frozenset((r, 3) for r in range(7))), "8 by 8, not 6 by 6"),
    (lambda: Layout.from_text(SNAKE.replace("# # # # # .", "# # # # # #")), "ValueError: the goal cannot be reached"),
])
def test_a_way_that_is_short_or_none_is_refused(answer, says, capsys):
    told = verdict(checks.long_layout, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 1.2 from percepts alone


def target(percept) -> tuple[str, int | None]:
    """What to go to, and what to do there."""
    if "has_key" not in percept.facts:
        return "key", PICK_UP
    return ("goal", None) if "door_open" in percept.facts else ("door", OPEN)


class RowsFirst(Actor):
    def act(self, play):
        name, there = target(play.percept)
        down, right = play.percept.objects[name]
        if down:
            return Choice(0 if down < 0 else 1)
        return Choice((2 if right < 0 else 3) if right else there)


class FarthestFirst(Actor):
    """Along the longer leg first, by the table of displacements."""

    def act(self, play):
        name, there = target(play.percept)
        gap = play.percept.objects[name]
        if not any(gap):
            return Choice(there)
        left = [sum(abs(g - s) for g, s in zip(gap, step)) - max(map(abs, gap)) * 0.01 for step in NEIGHBOURS]
        return Choice(left.index(min(left)))


class PlannedAtOnce(Actor):
    """The whole episode from its first percept."""

    def begin(self, play, learn):
        self.walk, here = [], (0, 0)
        for name, there in (("key", [PICK_UP]), ("door", [OPEN]), ("goal", [])):
            row, column = play.percept.objects[name]
            down, right = row - here[0], column - here[1]
            self.walk += [3] * right + [2] * -right + [1] * down + [0] * -down + there
            here = (row, column)

    def act(self, play):
        return Choice(self.walk.pop(0))


@pytest.mark.parametrize("answer", [RowsFirst, FarthestFirst, PlannedAtOnce, lambda: RowsFirst()])
def test_actors_that_go_straight_pass(answer, capsys):
    assert verdict(checks.goes_by_percepts, answer, capsys).startswith("right: no step wasted on 30 boards")


class AxesSwapped(RowsFirst):
    def act(self, play):
        name, there = target(play.percept)
        right, down = play.percept.objects[name]
        return Choice((0 if down < 0 else 1) if down else (2 if right < 0 else 3) if right else there)


class ByPlace(RowsFirst):
    """Takes displacements from the agent for positions on the board."""

    def act(self, play):
        name, there = target(play.percept)
        down, right = (a - b for a, b in zip(play.percept.objects[name], play.percept.place))
        return Choice((0 if down < 0 else 1) if down else (2 if right < 0 else 3) if right else there)


class GoalFirst(RowsFirst):
    def act(self, play):
        down, right = play.percept.objects["goal"]
        return Choice((0 if down < 0 else 1) if down else (2 if right < 0 else 3) if right else OPEN)


class NeverPicksUp(RowsFirst):
    def act(self, play):
        choice = super().act(play)
        return Choice(OPEN) if choice.action == PICK_UP else choice


class AlwaysTries(RowsFirst):
    """Picks up and opens wherever it is: it arrives, too late."""

    again = False

    def act(self, play):
        self.again = not self.again
        return super().act(play) if self.again else Choice(PICK_UP)


class StaysInItsFirstEpisode(PlannedAtOnce):
    """Plans once, and goes on with that plan for ever."""

    def begin(self, play, learn):
        if not hasattr(self, "walk"):
            super().begin(play, learn)

    def act(self, play):
        return Choice(self.walk.pop(0)) if self.walk else None


class PublishedWalk(Actor):
    def begin(self, play, learn):
        self.walk = [1, 3, 1, 3, PICK_UP, 1, 3, OPEN, 1, 3]

    def act(self, play):
        return Choice(self.walk.pop(0)) if self.walk else None


class Dice(Actor):
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def act(self, play):
        return Choice(int(self.rng.integers(6)))


class ReadsTheTable(Actor):
    """Knows what no agent is told."""

    def act(self, play):
        world = play.env.unwrapped
        after, ends = world.table.next_state[world.state], world.table.terminated[world.state]
        return Choice(int(np.where(ends, 0, steps_to_goal(world.layout)[after]).argmin()))


class BareNumber(RowsFirst):
    def act(self, play):
        return super().act(play).action


@pytest.mark.parametrize(("answer", "says"), [
    (AxesSwapped, "steps"), (ByPlace, "steps"), (GoalFirst, "never reached the goal"),
    (NeverPicksUp, "never reached the goal"), (AlwaysTries, "would do"), (StaysInItsFirstEpisode, "never reached"),
    (PublishedWalk, "never reached the goal"), (Dice, "steps"), (ReadsTheTable, "AttributeError"),
    (BareNumber, "TypeError"), (lambda: RowsFirst, "an Actor is needed"), (lambda: None, "an Actor is needed"),
])
def test_other_actors_are_refused(answer, says, capsys):
    told = verdict(checks.goes_by_percepts, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told


# ---------------------------------------------------------------- 1.3 how far-sighted is a thief?


def by_value_iteration(layout, discount, rewards="original", masked=True):
    table = transition_table(layout, rewards)
    goes_on = ~table.terminated if masked else np.ones_like(table.terminated)
    values = np.zeros(len(table.reward))
    for _ in range(1500):
        worth = table.reward + discount * goes_on * values[table.next_state]
        values = worth.max(axis=1)
    state = encode(layout.size, layout.start, False, False)
    for _ in range(len(values)):
        action = int(worth[state].argmax())
        if table.terminated[state, action]:
            return True
        state = table.next_state[state, action]
    return False


def by_two_returns(layout, discount):
    """Stand at the door, open, and compare: open for ever, or go to the goal at once."""
    away = sum(abs(a - b) for a, b in zip(layout.door, layout.goal))
    going = sum(-0.1 * discount ** n for n in range(away - 1)) + 10 * discount ** (away - 1)
    return bool(going > 2 / (1 - discount))


def by_policy_iteration(layout, discount):
    """Begin with a shortest path; evaluate, improve, until nothing changes."""
    table, everywhere = transition_table(layout, "original"), np.arange(layout.size ** 2 * 4)
    policy = np.where(table.terminated, 0, steps_to_goal(layout)[table.next_state]).argmin(axis=1)
    while True:
        here, keep = table.next_state[everywhere, policy], ~table.terminated[everywhere, policy]
        earned, values = table.reward[everywhere, policy], np.zeros(len(everywhere))
        for _ in range(1500):
            values = earned + discount * keep * values[here]
        worth = table.reward + discount * ~table.terminated * values[table.next_state]
        better = worth.max(axis=1) > worth[everywhere, policy] + 1e-9
        if not better.any():
            break
        policy = np.where(better, worth.argmax(axis=1), policy)
    state, seen = encode(layout.size, layout.start, False, False), set()
    while state not in seen:
        seen.add(state)
        if table.terminated[state, policy[state]]:
            return True
        state = int(table.next_state[state, policy[state]])
    return False


@pytest.mark.parametrize("answer", [by_value_iteration, by_two_returns, by_policy_iteration])
def test_whoever_works_out_the_best_policy_passes(answer, capsys):
    assert verdict(checks.finishes, answer, capsys).startswith("right: 25 pairs")


@pytest.mark.parametrize("answer", [
    lambda layout, discount: True,
    lambda layout, discount: False,
    lambda layout, discount: discount < 0.72,
    lambda layout, discount: 0.3 < discount < 0.72,
    lambda layout, discount: by_value_iteration(layout, discount, rewards="once"),
    lambda layout, discount: not by_value_iteration(layout, discount),
    lambda layout, discount: by_value_iteration(layout, 0.99),
    lambda layout, discount: by_value_iteration(layout, discount, masked=False),
    lambda layout, discount: 10 if by_value_iteration(layout, discount) else 0,
    lambda layout, discount: None,
])
def test_whoever_does_not_is_refused(answer, capsys):
    assert verdict(checks.finishes, answer, capsys).startswith("not right yet")


# ---------------------------------------------------------------- 1.4 pay for progress


def potential(layout, worth):
    """Plain rewards, plus the discounted gain in a worth of states; nothing is left at the end."""
    table = transition_table(layout, "goal")
    after = np.where(table.terminated, 0, worth[table.next_state])
    return table.reward + 0.99 * after - worth[:, None]


def exact(layout):
    steps = steps_to_goal(layout)
    return potential(layout, -np.where(np.isfinite(steps), steps, steps[np.isfinite(steps)].max() + 1))


def as_the_crow_flies(layout):
    """Displacements only, as a percept has them: wrong wherever a wall stands between."""
    worth = []
    for state in range(layout.size ** 2 * 4):
        cell, has_key, door_open = decode(layout.size, state)
        legs = [cell] + [layout.key] * (not has_key) + [layout.door] * (not door_open) + [layout.goal]
        worth.append(-sum(abs(a - b) for one, two in zip(legs, legs[1:]) for a, b in zip(one, two)))
    return potential(layout, np.array(worth, dtype=float))


def walked_backwards(layout):
    """Half a point for each step of progress, and the same for each step back; distances by a search of its own."""
    table = transition_table(layout, "goal")
    far, queue = {}, deque()
    for state in np.flatnonzero(table.terminated.any(axis=1)).tolist():
        far[state] = 1
    queue.extend(far)
    while queue:
        state = queue.popleft()
        for before in np.unique(np.nonzero(table.next_state == state)[0]).tolist():
            if before not in far:
                far[before] = far[state] + 1
                queue.append(before)
    rewards = table.reward.copy()
    for (state, action), after in np.ndenumerate(table.next_state):
        if not table.terminated[state, action] and state in far and int(after) in far:
            rewards[state, action] += 0.5 * (far[state] - far[int(after)])
    return rewards


@pytest.mark.parametrize("answer", [
    exact, as_the_crow_flies, walked_backwards, lambda layout: as_the_crow_flies(layout).tolist(),
    lambda layout: 3 * exact(layout)])
def test_safe_pay_for_progress_passes(answer, capsys):
    assert verdict(checks.shaped_rewards, answer, capsys).startswith("right: moves towards the goal are paid")


def pay(layout, what, amount, rewards="goal"):
    """A set of rewards with an amount on top of some (state, action), the end apart."""
    table = transition_table(layout, rewards)
    return table.reward + amount * (what(layout, table) & ~table.terminated)


def every_step(layout, table):
    return np.ones_like(table.terminated)


def not_bumping(layout, table):
    return table.next_state != np.arange(len(table.reward))[:, None]


def nearer(layout, table):
    steps = steps_to_goal(layout)
    return steps[table.next_state] < steps[:, None]


def away(layout, table):
    steps = steps_to_goal(layout)
    return steps[table.next_state] > steps[:, None]


@pytest.mark.parametrize(("answer", "says"), [
    (lambda layout: transition_table(layout, "goal").reward, "no move is paid"),
    (lambda layout: transition_table(layout, "once").reward, "no move is paid"),
    (lambda layout: pay(layout, every_step, 0.11), "pays for moving, not for progress"),
    (lambda layout: pay(layout, not_bumping, 0.11), "pays for moving, not for progress"),
    (lambda layout: pay(layout, away, 0.11), "pays for moving, not for progress"),
    (lambda layout: pay(layout, nearer, 2.0), "never ends an episode"),
    (lambda layout: pay(layout, nearer, 0.2, "original"), "never ends an episode"),
    (lambda layout: potential(layout, np.where(np.isfinite(steps_to_goal(layout)), steps_to_goal(layout), 0)),
     "pays for moving, not for progress"),
    (lambda layout: exact(layout).sum(axis=1), "an array of shape (100, 6) is needed"),
    (lambda layout: exact(layout) * np.nan, "not finite"),
    (lambda layout: np.where(nearer(layout, transition_table(layout)), 0.1, 0.0), "never ends an episode"),
    (lambda layout: np.random.default_rng(0).random((100, 6)), ""),
])
def test_pay_that_can_be_hacked_or_helps_nobody_is_refused(answer, says, capsys):
    told = verdict(checks.shaped_rewards, answer, capsys)
    assert told.startswith("not right yet")
    assert says in told
