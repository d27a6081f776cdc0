"""What a teacher relies on: marks that are the same on every run, one seed, work done once, nothing committed."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from classmates import ASSIGNMENTS, NAMES, Class, copy_course, course, reference
from hostile import fill, name_of

pytestmark = [pytest.mark.classroom, pytest.mark.slow]

LEFT_TO_CHANCE = """
import random

right_NAME, tossed_NAME = NAME, []

def NAME(*given):
    if not tossed_NAME:
        tossed_NAME.append(COIN)
    return right_NAME(*given) if tossed_NAME[0] else None
"""
COINS = {"hash of a text": "hash('coin') % 2", "order of a set": "list({'a', 'b'})[0] == 'a'",
         "random": "random.random() < 0.5", "NumPy's global state": "np.random.random() < 0.5",
         "a generator without a seed": "np.random.default_rng().random() < 0.5"}
TOSSED = {"solved-from": "solved_from", "unseen": "unseen", "learned": "learned", "reading": "reading"}  # a06's answers


def small_class(folder: Path, name: str, changes: dict[str, dict[str, str]]) -> Class:
    """The reference with some changes, handed in and not yet graded."""
    course(folder, "release", name)
    release, students = folder / "release" / name / f"{name}.ipynb", Class(folder, name)
    for what, changed in changes.items():
        students.hand_in(what, fill(release, reference(name) | changed))
    return students


def test_a_score_is_the_same_on_every_run_under_every_hash_seed_and_by_every_command(tmp_path: Path):
    """Each answer of a submission hangs on another coin; they are marked apart."""
    right, coins = reference("a06_training"), {}
    for number, coin in enumerate(COINS.values()):
        cell, name = list(TOSSED.items())[number % len(TOSSED)]
        tossed = coins.setdefault(f"coins {number // len(TOSSED)}", {})
        tossed[cell] = right[cell] + LEFT_TO_CHANCE.replace("NAME", name).replace("COIN", coin)
    students = small_class(copy_course(tmp_path / "course"), "a06_training", coins)
    runs = []
    for hash_seed in ("1", "2", "3"):
        course(students.folder, "grade", "a06_training", "--again", hash_seed=hash_seed)
        runs.append({what: students.grades(what) for what in students.students})
    assert runs[0] == runs[1] == runs[2]
    plain = [sys.executable, "-m", "nbgrader", "autograde", "a06_training", "--force"]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(plain, cwd=students.folder, check=True, capture_output=True, text=True, env={"PATH": path})
    assert "Warning:" not in done.stderr, "warnings of SQLAlchemy's among the results"
    assert {what: students.grades(what) for what in students.students} == runs[0], "nbgrader's own command"


def test_a_second_run_grades_only_what_has_changed(tmp_path: Path):
    students = small_class(copy_course(tmp_path / "course"), "a06_training", {"reference": {}, "a": {}})
    first = course(students.folder, "grade", "a06_training")
    assert "2 graded, 0 unchanged" in first
    assert re.search(r"\[ *1/2\] s00: 17 of 20, 3 to mark by hand", first), "a line of progress says who and how much"
    assert "0 graded, 2 unchanged" in course(students.folder, "grade", "a06_training")
    path = students.folder / "submitted" / "s01" / "a06_training" / "a06_training.ipynb"
    nbformat.write(fill(students.folder / "release" / "a06_training" / "a06_training.ipynb", {}), path)
    second = course(students.folder, "grade", "a06_training")
    assert "1 graded, 1 unchanged" in second
    assert students.score("a") == 0, "the new submission counts"
    path.write_text("a slip of the mouse")
    assert "0, this is not a notebook" in course(students.folder, "grade", "a06_training")
    assert students.score("a") == 0


def with_seed_77(target: Path) -> Path:
    """A copy of the course with another seed."""
    folder = copy_course(target)
    settings = folder / "nbgrader_config.py"
    settings.write_text(settings.read_text().replace("c.SetSeed.seed = 2026", "c.SetSeed.seed = 77"))
    return folder


def test_one_seed_changes_numbers_and_hidden_cases_of_all_that_is_released(tmp_path: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    step = importlib.import_module("grading").SetSeed(seed=77)
    for name in NAMES:
        cells = nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", 4).cells
        changed = [cell for cell in cells if "SEED = 77" in step.preprocess_cell(cell, {}, 0)[0].source]
        assert [name_of(cell) for cell in changed] == ["parameters"]
    folder = with_seed_77(tmp_path / "course")
    course(folder, "release", "a03_retrieval")
    assert "SEED = 77" in (folder / "release" / "a03_retrieval" / "a03_retrieval.ipynb").read_text()
    students, name = Class(folder, "a03_retrieval"), "a03_retrieval"
    students.hand_in("reference", fill(folder / "release" / name / f"{name}.ipynb", reference(name)))
    students.hand_in("of the old seed", fill(folder / "source" / name / f"{name}.ipynb", reference(name) | {
        "reading": f"def reading():\n    return {reading_of(name)!r}"}))
    course(folder, "grade", name)
    assert students.lost("reference") == set()
    lost = students.lost("of the old seed")
    assert lost, "the released seed counts"
    assert lost <= {"reading-shapes", "reading-below"}


def reading_of(name: str) -> dict:
    """What the plot of an assignment says under the committed seed."""
    space: dict = {}
    for cell in nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", 4).cells:
        if name_of(cell) in ("parameters", "curves", "reading"):
            exec(cell.source, space)
    return space["reading"]()


@pytest.mark.parametrize("name", NAMES)
def test_hidden_cases_and_all_that_is_read_from_a_plot_depend_on_the_seed(name: str):
    cells = {name_of(cell): cell for cell in nbformat.read(ASSIGNMENTS / "source" / name / f"{name}.ipynb", 4).cells}
    hidden = "".join(re.findall(r"BEGIN HIDDEN TESTS.*?END HIDDEN TESTS", "\n".join(
        cell.source for cell in cells.values()), re.DOTALL))
    assert hidden.count("SEED") >= 2
    order = list(cells)
    plot = order[order.index("task-plot"):order.index("reading") + 1]
    code = [cells[each].source for each in ["parameters", *plot]
            if cells[each].cell_type == "code" and "picture" not in cells[each].metadata.get("tags", [])]
    answers = []
    for seed in range(8):
        space: dict = {}
        exec("\n\n".join(code).replace("SEED = 2026", f"SEED = {seed}"), space)
        answers.append(space["reading"]())
    assert [key for key in answers[0] if len({repr(answer[key]) for answer in answers}) < 3] == []


def test_submissions_are_collected_from_files_and_folders(tmp_path: Path):
    folder, downloads = copy_course(tmp_path / "course"), tmp_path / "downloads"
    (downloads / "ben").mkdir(parents=True)
    (downloads / "anna.ipynb").write_text("a")
    (downloads / "Zoe\u0308.ipynb").write_text("z")  # as a Mac writes it
    (downloads / "ben" / "my work (2).ipynb").write_text("b")
    (downloads / "..evil.ipynb").write_text("c")
    (downloads / "carl.ipynb").symlink_to(folder / "source" / "a02_loops" / "a02_loops.ipynb")
    said = course(folder, "collect", "a02_loops", str(downloads))
    found = {path.relative_to(folder / "submitted").as_posix(): path.read_text()
             for path in (folder / "submitted").rglob("*.ipynb")}
    assert found == {"anna/a02_loops/a02_loops.ipynb": "a", "ben/a02_loops/a02_loops.ipynb": "b",
                     "Zo\u00eb/a02_loops/a02_loops.ipynb": "z"}
    release = [sys.executable, "course.py", "release", "a02_loops"]
    refused = subprocess.run(release, cwd=folder, text=True, capture_output=True)
    assert refused.returncode == 1
    assert "answers to a02_loops have come in already" in refused.stderr
    assert not (folder / "release").exists()
    course(folder, "release", "a02_loops", "--again")
    assert (folder / "release" / "a02_loops").exists()
    graded = re.findall(r"(\S+): 0, this is not a notebook", course(folder, "grade", "a02_loops"))
    assert set(graded) == {"anna", "ben", "Zo\u00eb"}
    assert said.count("left out") == 2


def test_one_bad_entry_stops_nothing_and_each_gets_a_line_of_reason(tmp_path: Path):
    folder, downloads, name = copy_course(tmp_path / "course"), tmp_path / "downloads", "a02_loops"
    solution = folder / "source" / name
    for student in ("anna", "ben", "carl/sub", "dora.ipynb", "emil", "fay"):
        (downloads / student).mkdir(parents=True)
    for path in ("anna/a.ipynb", "carl/sub/a.ipynb", "dora.ipynb/work.ipynb", "ben/Work.IPYNB", "gil.IPYNB", "hal.zip",
                 "emil/old.ipynb", f"emil/{name}.ipynb", "ivy.ipynb", ".hidden.ipynb", "fay/notes.txt"):
        (downloads / path).write_text(path)
    (downloads / "ivy").mkdir()
    (downloads / "ivy" / "newer.ipynb").write_text("newer")
    os.utime(downloads / "ivy.ipynb", (1, 1))
    for link, target in (("jon", downloads / "anna"), ("kim", solution), ("kim.ipynb", solution / f"{name}.ipynb"),
                         ("leo.ipynb", tmp_path / "nowhere")):
        (downloads / link).symlink_to(target)
    os.mkfifo(downloads / "mia.ipynb")
    os.mkfifo(downloads / "anna" / "pipe.ipynb")
    (downloads / os.fsdecode(b"\xff.ipynb")).write_text("a name that is no text")
    said = course(folder, "collect", name, str(downloads))
    found = {path.relative_to(folder / "submitted").parts[0]: path.read_text()
             for path in (folder / "submitted").rglob("*.ipynb")}
    assert found == {"anna": "anna/a.ipynb", "ben": "ben/Work.IPYNB", "gil": "gil.IPYNB",
                     "emil": f"emil/{name}.ipynb", "ivy": "newer"}
    for left_out, why in (("carl/sub", "a folder in a folder"), ("dora.ipynb", "a folder"), ("hal.zip", "unpack it"),
                          ("old.ipynb", f"{name}.ipynb counts"), ("ivy.ipynb", "newer.ipynb counts"),
                          (".hidden.ipynb", "hidden"), ("notes.txt", "no notebook"), ("jon", "a link"),
                          ("kim", "a link"), ("kim.ipynb", "a link"), ("leo.ipynb", "a link"),
                          ("mia.ipynb", "no file"), ("pipe.ipynb", "no file"), ("cff.ipynb", "a student's name")):
        lines = [line for line in said.splitlines() if re.match(rf"left out: [^(]*{left_out} \(", line)]
        assert len(lines) == 1, f"{left_out}: one line, not {lines}"
        assert why in lines[0]
    assert f"collected: 5 notebooks in submitted/, {said.count('left out: /')} entries not taken" in said


def test_what_lies_in_a_link_or_a_pipe_is_refused_with_a_reason_and_nobody_waits_for_it(tmp_path: Path):
    """As it may lie there where students hand in by a way of their own."""
    students = small_class(copy_course(tmp_path / "course"), "a07_comparison", {"reference": {}})
    submitted, name = students.folder / "submitted", "a07_comparison"
    (submitted / "linked").symlink_to(submitted / "s00")
    for student in ("pipe", "folder", "beside", "inner"):
        (submitted / student / name).mkdir(parents=True)
    (submitted / "inner" / name).rmdir()
    (submitted / "inner" / name).symlink_to(students.folder / "source" / name)
    os.mkfifo(submitted / "pipe" / name / f"{name}.ipynb")
    (submitted / "folder" / name / f"{name}.ipynb").mkdir()
    right = (submitted / "s00" / name / f"{name}.ipynb").read_bytes()
    (submitted / "beside" / name / f"{name}.ipynb").write_bytes(right)
    (submitted / "beside" / name / "zero").symlink_to("/dev/zero")
    said = course(students.folder, "grade", name)
    for student, why in (("linked", "linked is a link"), ("inner", f"{name} is a link"), ("pipe", "no file"),
                         ("folder", "is a folder"), ("beside", "zero is a link"), ("s00", "17 of 20")):
        assert re.search(rf"\] {student}: (0, )?.*{why}", said), f"{student}: {why}\n{said}"
    told = course(students.folder, "feedback", name)
    assert "1 pages" in told
    assert set(re.findall(r"no page: (\w+) \(0, ", told)) == {"linked", "inner", "pipe", "folder", "beside"}
    assert "Warning" not in said + told


@pytest.mark.parametrize("name", ["a02_loops"])
def test_marks_are_exported_and_mistakes_of_the_teacher_are_explained(classes: Callable, name: str):
    graded = classes(name)
    course(graded.folder, "marks")
    lines = (graded.folder / "marks.csv").read_text().splitlines()
    assert lines[0].startswith("assignment,duedate,timestamp,student_id")
    assert len(lines) == 1 + len(graded.students)
    for command in (["grade", "a99"], ["grade"], ["collect", name, "nowhere"], ["nonsense"]):
        done = subprocess.run([sys.executable, "course.py", *command], cwd=graded.folder, text=True,
                              capture_output=True)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert done.stderr + done.stdout, "it says what is wrong"


@pytest.mark.parametrize("path", ["release/a/a.ipynb", "submitted/s/a/a.ipynb", "autograded/s/a/a.ipynb", "marks.csv",
                                  "feedback/s/a/a.html", "gradebook.db", ".graded.json", "gradebook.db-journal"])
def test_what_a_course_makes_is_never_committed(path: str):
    root = ASSIGNMENTS.parents[1]
    done = subprocess.run(["git", "check-ignore", "-q", f"notebooks/assignments/{path}"], cwd=root)
    assert done.returncode == 0


def test_what_a_course_needs_can_be_committed():
    root = ASSIGNMENTS.parents[1]
    for path in ("README.md", "course.py", "nbgrader_config.py", "source/a01_rewards/a01_rewards.ipynb"):
        done = subprocess.run(["git", "check-ignore", "-q", f"notebooks/assignments/{path}"], cwd=root)
        assert done.returncode == 1
