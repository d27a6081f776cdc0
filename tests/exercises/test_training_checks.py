"""The checks of chapter 6: plausible wrong answers are refused, right ones pass however they are written."""

import gymnasium as gym
import numpy as np
import pytest
from verdicts import refused, verdict

from procmem_lite import GridWorld, Layout
from procmem_lite.exercises import training as checks
from procmem_lite.lab.training import evaluate, train
from procmem_lite.worlds.layouts import LAYOUTS

# ---------------------------------------------------------------- 6.1 what memory saves


def by_train(make, env, episodes):
    control = [make(seed).run_episode(env, seed=seed).steps for seed in range(episodes)]
    return np.mean(control) - train(make(0), env, episodes, progress=False).steps.mean()


def by_class(make, env, episodes):
    class Anew:
        def run_episode(self, env, seed=None, learn=True):
            return make(seed).run_episode(env, seed)

    steps = [train(learner, env, episodes, progress=False).steps for learner in (Anew(), make(0))]
    return float((steps[0] - steps[1]).sum()) / episodes


def by_evaluate(make, env, episodes):
    """A control that never learns is as good as one that is made anew."""
    learner, total = make(7), evaluate(make(3), env, range(episodes)).steps.sum()
    for number in range(episodes):
        total -= learner.run_episode(env, number).steps
    return total / episodes


@pytest.mark.parametrize("answer", [by_train, by_class, by_evaluate])
def test_a_controlled_comparison_passes(answer, capsys):
    assert verdict(checks.saved, answer, capsys).startswith("right: 5 learners")


def no_control(make, env, episodes):
    steps = train(make(0), env, episodes, progress=False).steps
    return steps[0] - steps[-1]


def one_learner_for_both(make, env, episodes):
    learner = make(0)
    with_memory = train(learner, env, episodes, progress=False).steps.mean()
    return evaluate(learner, env, range(episodes)).steps.mean() - with_memory


def control_learns_too(make, env, episodes):
    logs = [train(make(seed), env, episodes, progress=False) for seed in range(2)]
    return logs[0].steps.mean() - logs[1].steps.mean()


def other_layouts(make, env, episodes):
    control = evaluate(make(0), env, range(1_000_000, 1_000_000 + episodes)).steps.mean()
    return control - train(make(0), env, episodes, progress=False).steps.mean()


def trained_then_tested(make, env, episodes):
    learner = make(0)
    train(learner, env, episodes, progress=False)
    return evaluate(make(0), env, range(episodes)).steps.mean() - evaluate(learner, env, range(episodes)).steps.mean()


def without_seeds(make, env, episodes):
    learner = make(0)
    return sum(make(n).run_episode(env).steps - learner.run_episode(env).steps for n in range(episodes)) / episodes


@pytest.mark.parametrize(("answer", "says"), [
    (no_control, "are both"), (one_learner_for_both, "are both"), (control_learns_too, "are both"),
    (other_layouts, "are both"), (trained_then_tested, "are both"), (without_seeds, "without a seed"),
    (lambda make, env, episodes: -by_train(make, env, episodes), "are both"),
    (lambda make, env, episodes: episodes * by_train(make, env, episodes), "are both"),
    (lambda make, env, episodes: None, "a number is needed"),
])
def test_other_comparisons_are_refused(answer, says, capsys):
    refused(checks.saved, answer, capsys, says)


# ---------------------------------------------------------------- 6.2 is the test set new?


def layout_of(layout, size, seed):
    env = GridWorld(layout, size)
    env.reset(seed=seed)
    return env.layout


def by_sets(layout, size, train_seeds, test_seeds):
    met = {layout_of(layout, size, seed) for seed in train_seeds}
    return float(np.mean([layout_of(layout, size, seed) in met for seed in test_seeds]))


def by_texts(layout, size, train_seeds, test_seeds):
    env, count = GridWorld(layout, size), 0
    met = []
    for seed in train_seeds:
        env.reset(seed=seed)
        met.append(str(env.layout))
    for seed in test_seeds:
        env.reset(seed=seed)
        count += str(env.layout) in met
    return count / len(test_seeds)


def by_drawing(layout, size, train_seeds, test_seeds):
    """Without an environment where layouts are drawn; walls and all, by hand."""
    def key(seed):
        it = layout_of(layout, size, seed) if layout == "fixed" else LAYOUTS[layout](
            size, np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed))))
        return it.start, it.key, it.door, it.goal, tuple(sorted(it.walls))

    met = [key(seed) for seed in train_seeds]
    return sum(key(seed) in met for seed in test_seeds) / len(test_seeds)


@pytest.mark.parametrize("answer", [by_sets, by_texts, by_drawing])
def test_shares_of_whole_layouts_pass(answer, capsys):
    assert verdict(checks.seen_before, answer, capsys).startswith("right: 9 pairs")


def distinct(layout, size, train_seeds, test_seeds):
    met, tests = ({layout_of(layout, size, seed) for seed in seeds} for seeds in (train_seeds, test_seeds))
    return len(met & tests) / len(tests)


def without_walls(layout, size, train_seeds, test_seeds):
    def key(seed):
        it = layout_of(layout, size, seed)
        return it.start, it.key, it.door, it.goal

    met = {key(seed) for seed in train_seeds}
    return float(np.mean([key(seed) in met for seed in test_seeds]))


def walls_alone(layout, size, train_seeds, test_seeds):
    met = {layout_of(layout, size, seed).walls for seed in train_seeds}
    return float(np.mean([layout_of(layout, size, seed).walls in met for seed in test_seeds]))


def never_reset(layout, size, train_seeds, test_seeds):
    env = GridWorld(layout, size)
    env.reset(seed=0)
    met = {env.layout for _ in train_seeds}
    return float(np.mean([env.layout in met for _ in test_seeds]))


@pytest.mark.parametrize("answer", [
    distinct, without_walls, walls_alone, never_reset,
    lambda layout, size, seen, tests: by_sets(layout, size, tests, seen),
    lambda layout, size, seen, tests: len(set(seen) & set(tests)) / len(tests),
    lambda layout, size, seen, tests: 100 * by_sets(layout, size, seen, tests),
    lambda layout, size, seen, tests: 1 - by_sets(layout, size, seen, tests),
])
def test_other_shares_are_refused(answer, capsys):
    refused(checks.seen_before, answer, capsys)


# ---------------------------------------------------------------- 6.3 slippery ground


class Slips(gym.Wrapper):
    """The right way; others below change one thing each."""

    def __init__(self, env, share):
        super().__init__(env)
        self.share, self.chance = share, np.random.default_rng(0)

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.chance = np.random.default_rng(seed)
        return self.env.reset(seed=seed, options=options)

    def other(self, action):
        return int(self.chance.integers(self.action_space.n))

    def step(self, action):
        return self.env.step(self.other(action) if self.chance.random() < self.share else action)


class ByTheWorld(gym.ActionWrapper):
    """Chance from the generator that the world within made from its seed."""

    def __init__(self, env, share):
        super().__init__(env)
        self.share = share

    def action(self, action):
        rng = self.unwrapped.np_random
        return int(rng.choice(self.action_space.n)) if rng.random() < self.share else action


def by_closure(env, share):
    """No class of its own at all: the wrapper's methods are replaced."""
    wrapped, chance = gym.Wrapper(env), []

    def reset(*, seed=None, options=None):
        chance[:] = [np.random.default_rng([1, seed or 0])]
        return env.reset(seed=seed, options=options)

    def step(action):
        n = env.action_space.n
        weights = np.full(n, share / n)
        weights[action] += 1 - share
        return env.step(int(chance[0].choice(n, p=weights)))

    wrapped.reset, wrapped.step = reset, step
    return wrapped


@pytest.mark.parametrize("answer", [Slips, ByTheWorld, by_closure])
def test_repeatable_slips_pass(answer, capsys):
    assert verdict(checks.slippery, answer, capsys).startswith("right: no slips, some and many")


class SeededOnce(Slips):
    def reset(self, *, seed=None, options=None):
        return self.env.reset(seed=seed, options=options)


class SameForAll(Slips):
    def reset(self, *, seed=None, options=None):
        self.chance = np.random.default_rng(0)
        return self.env.reset(seed=seed, options=options)


class SeedWithheld(Slips):
    def reset(self, *, seed=None, options=None):
        self.chance = np.random.default_rng(seed)
        return self.env.reset(options=options)


class NeverTheSame(Slips):
    def other(self, action):
        return int(self.chance.choice([a for a in range(self.action_space.n) if a != action]))


class NextOne(Slips):
    def other(self, action):
        return (action + 1) % int(self.action_space.n)


class SixActions(Slips):
    def other(self, action):
        return int(self.chance.integers(6))


class FourMoves(Slips):
    def other(self, action):
        return int(self.chance.integers(min(4, self.action_space.n)))


class TheOtherShare(Slips):
    def step(self, action):
        return self.env.step(action if self.chance.random() < self.share else self.other(action))


class NoReward(Slips):
    def step(self, action):
        observation, _, *others = super().step(action)
        return observation, 0.0, *others


@pytest.mark.parametrize(("answer", "says"), [
    (SeededOnce, "another episode"), (SameForAll, "two seeds"), (SeedWithheld, "does not reach the world within"),
    (NeverTheSame, "may be any"), (NextOne, "may be any"), (SixActions, "none of its actions"),
    (FourMoves, "may be any"), (TheOtherShare, "share of 0"), (NoReward, "does not arrive"),
    (lambda env, share: env, "two seeds"), (lambda env, share: None, "environment is needed"),
])
def test_other_slips_are_refused(answer, says, capsys):
    refused(checks.slippery, answer, capsys, says)


# ---------------------------------------------------------------- 6.4 beat our agent


def corridors():
    rows = [list(row) for row in ["." * 13 + "#..", "." + "#" * 13 + ".."] * 7 + ["." + "#" * 13 + "..", "." * 16]]
    for (row, column), mark in {(0, 0): "A", (0, 14): "K", (5, 15): "D", (12, 15): "G"}.items():
        rows[row][column] = mark
    return rows


def as_layout(rows):
    return Layout.from_text("\n".join("".join(row) for row in rows))


@pytest.mark.parametrize("answer", [
    lambda: as_layout(corridors()), lambda: as_layout([row[::-1] for row in corridors()]),
    lambda: as_layout([list(column) for column in zip(*corridors(), strict=True)])])
def test_inviting_corridors_pass(answer, capsys):
    assert verdict(checks.nasty, answer, capsys).startswith("right: ratio")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda: Layout(16, (0, 0), (15, 15), (0, 15), (15, 0)), "never seen this layout"),
    (lambda: layout_of("walls", 16, 3), "never seen this layout"),
    (lambda: layout_of("rooms", 8, 3), "never seen this layout"),
    (lambda: layout_of("walls", 20, 0), "16 is the most"),
    (lambda: "A.KDG", "a Layout is needed"),
    (lambda: as_layout([["#" if mark == "." else mark for mark in row] for row in corridors()]), "ValueError"),
])
def test_layouts_that_are_easy_or_none_are_refused(answer, says, capsys):
    refused(checks.nasty, answer, capsys, says)
