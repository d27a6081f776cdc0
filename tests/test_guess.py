"""A guess is checked, sent to the browser with its answer, and stored without it."""

import json
import re
import shutil
import struct
import subprocess

import numpy as np
import pytest

from procmem_lite.replay import Guess
from procmem_lite.replay.assets import script
from procmem_lite.replay.guess import round_above, span_around

PNG = b"\x89PNG\r\n\x1a\n"
WIDGET = "application/vnd.jupyter.widget-view+json"
ASKED = "Steps per episode, from the 1st to the 4th"
CURVE = [90, 40, 31.5, 30]


def stored(guess: Guess) -> dict:
    """What a notebook keeps for readers without widgets."""
    data, metadata = guess._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert WIDGET in data
    return data


# What is sent


def test_a_number_is_sent_as_it_is():
    guess = Guess("How many?", answer=2, xlabel="places")
    assert guess._answers == [["", [2]]]
    assert guess._plot == {"x": None, "xlabel": "places", "ylabel": "", "log": False, "span": None}
    assert isinstance(Guess("How many?", answer=np.int64(2))._answers[0][1][0], int), "JSON knows no NumPy"


@pytest.mark.parametrize("answer", [CURVE, tuple(CURVE), np.array(CURVE), np.array(CURVE, dtype=np.float32)])
def test_a_curve_may_come_as_any_sequence(answer):
    guess = Guess(ASKED, answer=answer, xlabel="episode", ylabel="steps", span=(0, 200))
    assert json.loads(json.dumps(guess._answers)) == [["", CURVE]]
    assert guess._plot["x"] == [1, 2, 3, 4]
    assert guess._plot["span"] == [0, 200]


def test_curves_are_sent_by_name_and_in_order():
    guess = Guess(ASKED, answer={"with": [1, 2], "without": [3, 4]}, x=np.array([4, 8]))
    assert guess._answers == [["with", [1, 2]], ["without", [3, 4]]]
    assert guess._plot["x"] == [4, 8]


@pytest.mark.parametrize(("values", "log", "span"), [
    ([3, 38], False, (0, 50)), ([10, 10], False, (0, 20)), ([0, 0], False, (0, 1)), ([-3, -1], False, (-5, 0)),
    ([-3, 38], False, (-5, 50)), ([0.2, 0.7], False, (0, 1)), ([3, 380], True, (1, 1000)), ([10, 10], True, (10, 100)),
])
def test_an_axis_without_a_span_ends_at_round_numbers(values, log, span):
    assert span_around(values, log) == pytest.approx(span)
    assert Guess("?", answer=values, log=log)._plot["span"] == pytest.approx(list(span))


def test_an_axis_leaves_room_above_its_answer():
    for size in np.geomspace(1e-6, 1e6, 200):
        assert 1.2 * size <= round_above(size) <= 3 * size


# What is guessed


def test_value_is_synced_and_none_at_first():
    guess = Guess("How many?", answer=2)
    assert guess.value is None
    assert guess.trait_metadata("value", "sync")
    guess.set_state({"value": 4})
    assert guess.value == 4
    guess.value = None
    assert guess.value is None


def test_a_drawn_curve_may_have_gaps():
    guess = Guess(ASKED, answer=CURVE)
    guess.set_state({"value": [120, 80.5, None, None]})
    assert guess.value == [120, 80.5, None, None]


@pytest.mark.parametrize(("answer", "log", "value", "error", "message"), [
    (2, False, "4", TypeError, "value: a number is needed, got '4'"),
    (2, False, [4], TypeError, r"value: a number is needed, got \[4\]"),
    (2, False, True, TypeError, "value: a number is needed, got True"),
    (2, False, float("nan"), ValueError, "value: a finite number is needed, got nan"),
    (2, True, 0, ValueError, "value: a number above 0 is needed on a logarithmic axis, got 0"),
    (CURVE, False, 4, ValueError, "value: None or 4 numbers are needed, got 4"),
    (CURVE, False, [1, 2, 3], ValueError, r"value: None or 4 numbers are needed, got \[1, 2, 3\]"),
    (CURVE, False, [None] * 4, ValueError, "value: at least one number is needed"),
    (CURVE, False, [1, 2, 3, float("inf")], ValueError, "value: a finite number is needed, got inf"),
    (CURVE, True, [1, 2, 3, -1], ValueError, "value: a number above 0 is needed"),
])
def test_a_value_that_is_no_guess_is_refused(answer, log, value, error, message):
    guess = Guess("?", answer=answer, log=log)
    with pytest.raises(error, match=message):
        guess.value = value
    assert guess.value is None


# What is refused


@pytest.mark.parametrize(("given", "error", "message"), [
    ({"question": 3}, TypeError, "question: a text is needed, got 3"),
    ({"question": " "}, ValueError, "question: a sentence is needed, got ' '"),
    ({"xlabel": None}, TypeError, "xlabel: a text is needed, got None"),
    ({"ylabel": 1}, TypeError, "ylabel: a text is needed, got 1"),
    ({"log": 1}, TypeError, "log: True or False is needed, got 1"),
    ({"answer": "2"}, TypeError, "answer: a sequence of numbers is needed, got '2'"),
    ({"answer": None}, TypeError, "answer: a sequence of numbers is needed, got None"),
    ({"answer": True}, TypeError, "answer: a sequence of numbers is needed, got True"),
    ({"answer": {1, 2}}, TypeError, "answer: a sequence of numbers is needed, got {1, 2}"),
    ({"answer": []}, ValueError, r"answer: at least two numbers are needed, got \[\]"),
    ({"answer": [1]}, ValueError, r"answer: at least two numbers are needed, got \[1\]"),
    ({"answer": [1, "2"]}, TypeError, r"answer\[1\]: a number is needed, got '2'"),
    ({"answer": [1, [2, 3]]}, TypeError, r"answer\[1\]: a number is needed, got \[2, 3\]"),
    ({"answer": [[1, 2], [3, 4]]}, TypeError, r"answer\[0\]: a number is needed, got \[1, 2\]"),
    ({"answer": [1, float("nan")]}, ValueError, r"answer\[1\]: a finite number is needed, got nan"),
    ({"answer": float("inf")}, ValueError, "answer: a finite number is needed, got inf"),
    ({"answer": {}}, ValueError, "answer: 1 to 4 curves are needed, got 0"),
    ({"answer": {name: [1, 2] for name in "abcde"}}, ValueError, "answer: 1 to 4 curves are needed, got 5"),
    ({"answer": {1: [1, 2]}}, TypeError, "answer: the name of each curve is a text, got 1"),
    ({"answer": {"a": [1, 2], "b": [1, 2, 3]}}, ValueError, "curves of one length are needed, got {'a': 2, 'b': 3}"),
    ({"answer": {"a": [1, float("nan")]}}, ValueError, r"answer\['a'\]\[1\]: a finite number is needed, got nan"),
    ({"answer": [1, 0], "log": True}, ValueError, r"answer\[1\]: a number above 0 is needed .*, got 0"),
    ({"answer": -1, "log": True}, ValueError, "answer: a number above 0 is needed on a logarithmic axis, got -1"),
    ({"span": (0, 200), "log": True}, ValueError, r"span\[0\]: a number above 0 is needed .*, got 0"),
    ({"span": (5, 5)}, ValueError, r"span: two numbers, the lower one first, are needed, got \(5, 5\)"),
    ({"span": (1, 2, 3)}, ValueError, r"span: two numbers, the lower one first, are needed, got \(1, 2, 3\)"),
    ({"span": 200}, TypeError, "span: a sequence of numbers is needed, got 200"),
    ({"span": (0, float("nan"))}, ValueError, r"span\[1\]: a finite number is needed, got nan"),
    ({"x": [1, 2, 3]}, ValueError, "x: one for each of the answer's 4 values is needed, got 3"),
    ({"x": [1, 2, 2, 3]}, ValueError, "x: increasing numbers are needed, got 2 after 2"),
    ({"answer": 2, "x": [1, 2]}, ValueError, r"x: only a curve has one, got \[1, 2\] for a number"),
    ({"answer": 2, "ylabel": "steps"}, ValueError, "ylabel: only a curve has one, got 'steps' for a number"),
])
def test_a_bad_argument_is_refused_by_name(given, error, message):
    with pytest.raises(error, match=message):
        Guess(**{"question": ASKED, "answer": CURVE} | given)


# Without a browser


def test_the_stored_output_never_holds_the_answer():
    """Two guesses that differ in their answers alone leave the same picture and the same sentence."""
    for given, answers in (
        ({"xlabel": "episode", "ylabel": "steps", "span": (0, 200)}, (CURVE, [1, 2, 3, 4], {"a": CURVE, "b": CURVE})),
        ({"ylabel": "steps", "span": (1, 200), "log": True}, (CURVE, [1, 2, 3, 4])),
        ({"span": (0, 7)}, (2, 5)), ({}, (2, 5000)), ({"log": True}, (2, 5000)),
    ):
        bundles = [stored(Guess(ASKED, answer=answer, **given)) for answer in answers]
        assert len({bundle["image/png"] for bundle in bundles}) == 1
        assert {bundle["text/plain"] for bundle in bundles} == {
            f"{ASKED} Run this cell in JupyterLab to commit a guess; the answer is in the next cell."}


def test_a_committed_guess_changes_nothing_that_is_stored():
    guess = Guess(ASKED, answer=CURVE)
    before = stored(guess)
    guess.value = [1, 2, 3, 4]
    after = stored(guess)
    assert (after["image/png"], after["text/plain"]) == (before["image/png"], before["text/plain"])


@pytest.mark.parametrize("given", [{"answer": 2}, {"answer": 2, "span": (0, 7)}, {"answer": CURVE, "log": True}])
def test_the_picture_is_a_small_png_the_same_every_time(given):
    first, second = (stored(Guess("What does $x_1 cost?", xlabel="$ a piece", **given))["image/png"] for _ in range(2))
    assert first.startswith(PNG)
    assert first == second
    assert len(first) < 30_000
    assert struct.unpack(">I", first[20:24])[0] <= 300, "pixels high"


def test_a_long_question_makes_the_picture_higher():
    pictures = (stored(Guess("How many? " * times, answer=2))["image/png"] for times in (1, 30))
    short, long = (struct.unpack(">I", picture[20:24])[0] for picture in pictures)
    assert long > short + 20


# The browser code


def test_the_script_imports_nothing_and_exports_the_widget():
    text = script("guess.js")
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert text.count("export ") == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine to check the syntax with")
def test_the_script_is_valid_javascript(tmp_path):
    (tmp_path / "widget.mjs").write_text(script("guess.js"))
    subprocess.run(["node", "--check", tmp_path / "widget.mjs"], check=True)
