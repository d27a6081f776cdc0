"""The check of the first chapter: plausible wrong answers are refused, right ones pass however they are written."""

import numpy as np
import pytest

from procmem_lite.exercises.report import report
from procmem_lite.exercises.start import optimality_ratio


def verdict(answer, capsys) -> str:
    """What the reader sees, without the check's name."""
    report(optimality_ratio, answer)
    return capsys.readouterr().out.partition(": ")[2]


def by_the_facts(episode):
    if "success" not in episode.percepts[-1].facts:
        return 0
    return episode.optimal_steps / len(episode.transitions)


def by_a_product(episode):
    return np.float32(episode.success) * np.float32(episode.optimal_steps) / episode.steps


@pytest.mark.parametrize("answer", [
    lambda e: e.optimal_steps / e.steps if e.success else 0.0, by_the_facts, by_a_product, lambda e: e.optimality])
def test_a_right_ratio_passes(answer, capsys):
    assert verdict(answer, capsys).startswith("right: ")


@pytest.mark.parametrize(("answer", "says"), [
    (lambda e: e.optimal_steps / e.steps, "broken off early) episode it is 2.400, outside 0 to 1"),
    (lambda e: min(1, e.optimal_steps / e.steps), "broken off early"),
    (lambda e: 0 if e.steps < e.optimal_steps else e.optimal_steps / e.steps, "as the shortest path has"),
    (lambda e: 0 if e.steps <= e.optimal_steps and not e.success else e.optimal_steps / e.steps, "out of steps"),
    (lambda e: 0 if e.transitions[-1].truncated else e.optimal_steps / e.steps, "broken off"),
    (lambda e: e.optimal_steps / e.steps if e.transitions[-1].terminated else 0, "lava"),
    (lambda e: e.optimal_steps / e.steps if e.total_reward > 0 else 0, "a slow episode it is 0.000"),
    (lambda e: e.steps / e.optimal_steps if e.success else 0, "a slow episode it is 6.750, outside 0 to 1"),
    (lambda e: 100 * e.optimality, "outside 0 to 1"),
    (lambda e: round(e.optimality, 2), "a slow episode it is 0.150, which is not right"),
    (lambda e: e.optimal_steps // e.steps if e.success else 0, "a slow episode it is 0.000"),
    (lambda e: e.optimality or float("nan"), "a number is needed, got nan"),
    (lambda e: e.optimality or None, "a number is needed, got None"),
    (lambda e: e.success, "a slow episode it is 1.000"),
])
def test_a_wrong_ratio_is_refused(answer, says, capsys):
    told = verdict(answer, capsys)
    assert told.startswith("not right yet: ")
    assert says in told


def test_a_stub_is_not_done_yet(capsys):
    def stub(episode):
        raise NotImplementedError

    assert verdict(stub, capsys) == "not done yet\n"
