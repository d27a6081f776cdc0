"""What a reader has done is kept in one file, and nothing that happens to the file stops them."""

import importlib
import json
from pathlib import Path

import pytest

from procmem_lite.exercises import progress
from procmem_lite.exercises.report import report, require
from procmem_lite.replay import Guess

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv(progress.VARIABLE, str(path))
    return path


def optimality_ratio(answer: int) -> str:
    """A check with the name of one of chapter 0's."""
    require(answer == 4, "not 4")
    return "tried"


optimality_ratio.__module__ = "procmem_lite.exercises.start"


def shown(capsys) -> str:
    capsys.readouterr()
    progress.show(NOTEBOOKS)
    return capsys.readouterr().out


def test_an_exercise_that_passes_and_a_guess_that_is_made_are_counted_once(kept, capsys):
    report(optimality_ratio, 3)
    guess = Guess("On how many of 200 other layouts does the recording reach the goal?", answer=3)
    assert shown(capsys) == progress.NOTHING + "\n", "a wrong answer and a question are nothing done"
    for _ in range(2):
        report(optimality_ratio, 4)
        guess.value = 5
        guess.value = None
    assert json.loads(kept.read_text()) == {"passed": ["start.optimality_ratio"], "guessed": [guess._question]}
    lines = shown(capsys).splitlines()
    assert lines[0].startswith("Start here")
    assert "exercises 1 of 1" in lines[0]
    assert [line for line in lines if "guesses 1 of" in line] == [lines[2]]
    assert lines[-1] == "To begin anew: progress.reset()"
    assert list(kept.parent.iterdir()) == [kept], "no half-written file is left"
    progress.reset()
    assert shown(capsys) == progress.NOTHING + "\n"


def test_where_nobody_asks_for_it_nothing_is_kept_and_all_looks_as_in_a_fresh_clone(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(progress.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    report(optimality_ratio, 4)
    Guess("How many?", answer=2).value = 2
    assert shown(capsys) == progress.NOTHING + "\n"
    progress.reset()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("found", ["", "{", "[]", "3", "null", '{"passed": []}', '{"passed": [1], "guessed": []}',
                                   '{"passed": "ab", "guessed": []}', "\udcff"])
def test_a_file_that_is_no_progress_is_put_aside_and_said(kept, capsys, found):
    kept.write_text(found, errors="surrogateescape")
    assert "kept as progress.json.broken" in shown(capsys)
    assert progress.broken(kept).read_text(errors="surrogateescape") == found
    report(optimality_ratio, 4)
    assert "exercises 1 of 1" in shown(capsys)


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path, monkeypatch, capsys):
    (tmp_path / "a file").touch()
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "a file" / "progress.json"))
    report(optimality_ratio, 4)
    assert capsys.readouterr().out == "optimality_ratio: right: tried\n"
    assert shown(capsys) == progress.NOTHING + "\n"
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path))
    report(optimality_ratio, 4)
    Guess("How many?", answer=2).value = 2
    assert tmp_path.is_dir()


def test_every_exercise_and_every_guess_of_the_series_can_be_counted():
    chapters = list(progress.chapters(NOTEBOOKS))
    names = [name for chapter in chapters for name in chapter.checks]
    assert len(names) > 25
    assert len(names) == len(set(names))
    for room, _, check in (name.partition(".") for name in names):
        assert callable(getattr(importlib.import_module(f"procmem_lite.exercises.{room}"), check))
