"""Saving and loading: the same library again, or a clear refusal that changes nothing."""

import contextlib
import copy
import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_library import SITUATIONS, libraries, one
from worlds import percept

from procmem_lite import storage
from procmem_lite.agent import ProceduralMemoryAgent
from procmem_lite.library import LINES, SETS, SkillLibrary, Tally, Use
from procmem_lite.navigation.goto import GoTo
from procmem_lite.skills import Site, Skill
from procmem_lite.worlds.gridworld import GridWorld, perceive


@pytest.fixture(scope="module")
def trained() -> SkillLibrary:
    """A library from real episodes, with failures in its ledger."""
    env = GridWorld("rooms", size=6)
    agent = ProceduralMemoryAgent(6, perceive, seed=0, closed_loop=False)
    for seed in range(12):
        agent.run_episode(env, seed=seed)
    assert len(agent.library) > 20
    assert {use.succeeded for lines in agent.library.ledger.lines.values() for use in lines} == {True, False}
    return agent.library


@pytest.fixture(scope="module")
def text(trained: SkillLibrary, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What that library looks like in a file."""
    path = tmp_path_factory.mktemp("saved") / "skills.json"
    trained.save(path)
    return path.read_text(encoding="utf-8")


def state_of(library: SkillLibrary) -> list[Any]:
    """Everything there is to know about a library, bit for bit."""
    shelves = [(operator, shelf.tally.counts, shelf.matrix.tobytes(), shelf.rates.tobytes(), shelf.rows,
                [(astuple(skill), repr(skill.context)) for skill in shelf.skills])
               for operator, shelf in library.shelves.items()]
    book = library.ledger
    return [shelves, list(book.lines.items()), [(claim, list(sets.items())) for claim, sets in book.under.items()],
            list(book.totals.items()), book.contexts]


# ---------------------------------------------------------------- the same again


@given(libraries(), st.lists(SITUATIONS, max_size=5), st.sampled_from("xyz_"))
def test_a_loaded_library_is_the_saved_one(tmp_path_factory, library, situations, gone):
    library.discard([shelf for shelf in library.shelves.values() if gone in shelf.effect])
    path = tmp_path_factory.mktemp("same") / "skills.json"
    library.save(path)
    loaded = SkillLibrary.load(path)
    assert state_of(loaded) == state_of(library)
    for situation in situations:
        here, there = (each.retrieve(situation, 5) for each in (library, loaded))
        assert [(m.skill.number, m.similarity, m.score) for m in here] == [
            (m.skill.number, m.similarity, m.score) for m in there]


@given(libraries(), libraries())
def test_a_loaded_library_grows_as_the_saved_one_would(tmp_path_factory, library, newcomers):
    path = tmp_path_factory.mktemp("grows") / "skills.json"
    library.save(path)
    loaded = SkillLibrary.load(path)
    for each in (library, loaded):
        for skill in newcomers:
            each.add(skill)  # a newcomer has a number of its own library: a copy comes in
    assert state_of(loaded) == state_of(library)


def test_a_library_from_real_episodes_comes_back_whole(trained, text, tmp_path):
    path = tmp_path / "skills.json"
    path.write_text(text, encoding="utf-8")
    loaded = SkillLibrary.load(path)
    assert state_of(loaded) == state_of(trained)
    loaded.save(path)
    assert path.read_text(encoding="utf-8") == text, "saving again writes the same bytes"


def test_numbers_go_on_where_skills_were_discarded(tmp_path):
    library = SkillLibrary()
    library.add(one())
    library.add(one(effect="y"))
    library.discard([shelf for shelf in library.shelves.values() if "y" in shelf.effect])
    library.save(tmp_path / "skills.json")
    loaded = SkillLibrary.load(tmp_path / "skills.json")
    fresh = one(effect="z")
    loaded.add(fresh)
    assert fresh.number == 2


def test_uses_go_on_being_counted_where_they_were(tmp_path):
    library, skill = crowded(uses=70)
    library.save(tmp_path / "skills.json")
    loaded = SkillLibrary.load(tmp_path / "skills.json")
    for each in (library, loaded):
        for number in range(60, 200, 3):
            each.record(each.find(skill), number % 2 == 0, number, frozenset({f"fact {number}"}))
    assert state_of(loaded) == state_of(library)


def crowded(uses: int) -> tuple[SkillLibrary, Skill]:
    """A library with one skill, used under facts that are never the same; and what has no number used beside it."""
    library, skill = SkillLibrary(), one()
    library.add(skill)
    for number in range(uses):
        library.record(skill, number % 3 == 0, number, frozenset({f"fact {number}"}))
    library.record(GoTo(skill.operator), True, 5, frozenset())
    assert None in library.ledger.under[skill.operator.claim]
    return library, skill


def test_uses_under_eight_flickering_facts_fill_a_file_up_to_a_bound(tmp_path):
    """A tenth of a million here, for its time: 56 kB; ten times as many make it 57."""
    library, rng, path = SkillLibrary(), np.random.default_rng(0), tmp_path / "skills.json"
    facts = [frozenset(f"the light of lamp {bit} is on" for bit in range(8) if number >> bit & 1)
             for number in range(256)]
    claims = [one((0, 0), effect=effect).operator.claim for effect in "abcde"]
    for claim in claims:
        library.ledger.open(claim)
    library._added, sizes = 1, []
    for _ in range(2):
        drawn = rng.integers((5, 256, 40, 2), size=(50_000, 4))
        for claim, lamps, context, succeeded in zip(*drawn.T.tolist(), strict=True):
            library.ledger.write(Use(0, claims[claim], facts[lamps], succeeded == 1, context), (context, 1))
        library.save(path)
        sizes.append(path.stat().st_size)
    assert sizes[0] <= 10**6
    assert sizes[1] <= 1.05 * sizes[0]
    assert len(library.ledger) == 10**5
    assert {len(sets) for sets in library.ledger.under.values()} == {SETS + 1}, "the rarest are one"
    assert state_of(SkillLibrary.load(path)) == state_of(library)


def derived(library: SkillLibrary, skill: Skill) -> Tally:
    """What the ledger says of the uses of a skill's claim from its context."""
    return library.ledger.contexts.get((skill.operator.claim, skill.context), Tally())


@given(libraries(), st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.sampled_from("ab_xyz")), max_size=15))
def test_every_rate_is_what_the_ledger_says(tmp_path_factory, library, uses):
    """Also where skills were discarded, came back, and shelves share a claim; before a file and after it."""
    path = tmp_path_factory.mktemp("rates") / "skills.json"
    skills = list(library)
    for number, succeeded, fact in uses if skills else ():
        skill = skills[number % len(skills)]
        library.discard([shelf for shelf in library.shelves.values() if fact in shelf.effect])
        library.record(skill, succeeded, number, frozenset(fact))
        library.add(skill)
    library.save(path)
    for each in (library, SkillLibrary.load(path)):
        for shelf in each.shelves.values():
            claim = shelf.operator.claim
            tallies = [derived(each, skill) for skill in shelf.skills]
            assert [(skill.uses, skill.successes) for skill in shelf.skills] == [tally.counts[:2] for tally in tallies]
            assert shelf.rates.tolist() == [np.float32(tally.rate) for tally in tallies]
            for kept in (each.ledger.under[claim].values(),
                         [tally for (other, _), tally in each.ledger.contexts.items() if other == claim]):
                assert shelf.tally.counts == tuple(map(sum, zip((0, 0, 0), *[tally.counts for tally in kept])))
            assert len(each.ledger.lines[claim]) == min(LINES, shelf.tally.uses)


@pytest.mark.parametrize("context", [
    (np.int64(3), np.float32(0.5)), (0.1, -1e-300), (-0.0, 2**53), (1,), (1, 2, 3, 4)])
def test_numbers_of_every_kind_survive(tmp_path, context):
    library = SkillLibrary()
    library.add(one(context, actions=(np.int64(4),), site=Site(tuple(0 for _ in context), np.int8(2))))
    library.save(tmp_path / "skills.json")
    assert next(iter(SkillLibrary.load(tmp_path / "skills.json"))).context == context


def test_names_of_every_kind_survive(tmp_path):
    library = SkillLibrary()
    names = ("Schlüssel", "鍵", 'quote " and \\ and \n', "\u2028", "🔑", "<b>")
    for name in names:
        library.add(one(effect=(name,), anchor=name))
    library.save(tmp_path / "skills.json")
    assert {skill.anchor for skill in SkillLibrary.load(tmp_path / "skills.json")} == set(names)
    assert "Schlüssel" in (tmp_path / "skills.json").read_text(encoding="utf-8")


def test_a_file_reads_well_one_skill_and_one_claim_a_line(text, trained):
    lines = text.splitlines()
    assert lines[:3] == ["{", '"format": "procmem_lite skill library",', '"version": 2,']
    assert len(lines) == 9 + len(trained) + len(trained.ledger.totals)
    assert [line for line in lines if line.startswith('{"number": 0, "actions": [')]
    assert json.loads(text)["next_number"] >= len(trained)


# ---------------------------------------------------------------- saving all or nothing


@contextlib.contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, name: str, why: BaseException) -> Iterator[None]:
    """One call of the file system goes wrong."""
    def fail(*_: Any) -> None:
        raise why

    with monkeypatch.context() as patch:
        patch.setattr(Path if name == "replace" else os, name, fail)
        yield


@pytest.mark.parametrize("why", [
    OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupted"])
@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(trained, text, tmp_path, monkeypatch, name, why):
    path = tmp_path / "skills.json"
    path.write_text(text, encoding="utf-8")
    grown = SkillLibrary.load(path)
    grown.add(one((40, 40), effect="new"))
    before = state_of(grown)
    with failing(monkeypatch, name, why), pytest.raises(type(why)):
        grown.save(path)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]
    assert state_of(grown) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_really_full_disk_is_reported_and_nothing_remains(trained, text, tmp_path, monkeypatch):
    path = tmp_path / "skills.json"
    path.write_text(text, encoding="utf-8")
    real = Path.open

    def onto_full_disk(self: Path, mode: str) -> Any:
        real(self, mode).close()
        return real(Path("/dev/full"), "wb")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", onto_full_disk)
        with pytest.raises(OSError, match="No space left"):
            trained.save(path)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_on_the_disk_before_it_takes_the_place_of_the_old(trained, tmp_path, monkeypatch):
    done = []
    sync, move = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append(("synced", os.fstat(file).st_size)), sync(file)))
    monkeypatch.setattr(Path, "replace", lambda self, target: (
        done.append(("moved", self.stat().st_size, self.parent)), move(self, target)))
    trained.save(tmp_path / "skills.json")
    size = (tmp_path / "skills.json").stat().st_size
    assert done == [("synced", size), ("moved", size, tmp_path)]


def test_a_link_stays_a_link_and_its_file_is_renewed(trained, text, tmp_path):
    (tmp_path / "deep").mkdir()
    target, link = tmp_path / "deep" / "skills.json", tmp_path / "link.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    trained.save(link)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == text


def test_a_saved_file_has_the_permissions_of_any_new_file(trained, tmp_path):
    (tmp_path / "other").touch()
    trained.save(tmp_path / "skills.json")
    assert (tmp_path / "skills.json").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(("spoil", "says"), [
    (lambda library: setattr(next(iter(library)), "uses", 9), r"skills\[0\]: 1 uses, 1 successes are needed"),
    (lambda library: library.ledger.write(Use(77, one().operator.claim, frozenset(), True, 1), (0, 0)),
     r"ledger\[0\]\.lines\[1\]\[0\]: a number below 1 is needed, got 77"),
    (lambda library: setattr(next(iter(library)), "number", 5), r"skills\[0\]\.number: one from 0 to 0"),
    (lambda library: setattr(next(iter(library)), "anchor", "\ud800"), r"skills\[0\]\.anchor: a text"),
    (lambda library: setattr(next(iter(library)), "context", (float("nan"), 0)), r"skills\[0\]\.context\[0\]: a fin"),
])
def test_a_library_that_could_not_be_loaded_is_not_saved(tmp_path, spoil, says):
    library, skill = SkillLibrary(), one()
    library.add(skill)
    library.record(skill, True, 2)
    spoil(library)
    with pytest.raises(ValueError, match=says):
        library.save(tmp_path / "skills.json")
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_saved_is_named(trained, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        trained.save(tmp_path / "nowhere" / "skills.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        trained.save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(TypeError):
        trained.save(7)


# ---------------------------------------------------------------- what is refused


SKILLS = [
    {"number": 0, "actions": [1, 3, 4], "preconditions": [], "effect": ["x"], "removes": [], "anchor": "tree",
     "context": [1, -2], "site": {"displacement": [0, 0], "action": 4}, "uses": 2, "successes": 1},
    {"number": 2, "actions": [5], "preconditions": ["x"], "effect": ["y"], "removes": ["x"], "anchor": None,
     "context": [], "site": {"displacement": None, "action": 5}, "uses": 0, "successes": 0},
    {"number": 3, "actions": [1], "preconditions": [], "effect": ["x"], "removes": [], "anchor": "tree",
     "context": [0, 1.5], "site": {"displacement": [0, 0], "action": None}, "uses": 0, "successes": 0},
]


def account(skill: dict[str, Any], **written: Any) -> dict[str, Any]:
    """What a ledger says of the claim of a skill."""
    claim = {name: skill[name] for name in ("effect", "removes", "anchor", "site")}
    return {**claim, "lines": [], "facts": [], "contexts": [], **written}


def valid() -> dict[str, Any]:
    """A small file that is right: every change below makes it wrong."""
    used = account(SKILLS[0], lines=[[0, [], True, 3], [0, ["z"], False, 1]],
                   facts=[[[], [1, 1, 3]], [None, [1, 0, 1]]], contexts=[[[1, -2], [2, 1, 4]]])
    data = {"format": "procmem_lite skill library", "version": 2, "next_number": 4, "skills": SKILLS,
            "ledger": [used, *map(account, SKILLS[1:])]}
    return copy.deepcopy(data)


def first() -> dict[str, Any]:
    """The same library as version 1 told of it: a ledger of one line a use, without facts."""
    ledger = [{"skill": 0, "succeeded": True, "steps": 3}, {"skill": 0, "succeeded": False, "steps": 1}]
    return valid() | {"version": 1, "ledger": ledger}


@pytest.mark.parametrize("make", [valid, first])
def test_the_file_that_every_wrong_one_is_made_from_is_right(tmp_path, make):
    path = tmp_path / "skills.json"
    path.write_text(json.dumps(make()), encoding="utf-8")
    assert len(SkillLibrary.load(path)) == 3


def test_a_file_of_the_first_version_is_still_read(tmp_path):
    """Its uses count as under the preconditions; saved again, it is a file of this version."""
    path, library = tmp_path / "skills.json", SkillLibrary()
    path.write_text(json.dumps(first()), encoding="utf-8")
    known = Skill((1, 3, 4), frozenset(), frozenset("x"), anchor="tree", context=(1, -2), site=Site((0, 0), 4))
    place = Skill((1,), frozenset(), frozenset("x"), anchor="tree", context=(0, 1.5), site=Site((0, 0), None))
    task = Skill((5,), frozenset("x"), frozenset("y"), frozenset("x"), site=Site(None, 5))
    for skill, number in ((known, 0), (task, 2), (place, 3)):
        library._added = number
        library.add(skill)
    library.record(known, True, 3)
    library.record(known, False, 1)
    old = SkillLibrary.load(path)
    assert state_of(old) == state_of(library)
    assert old.ledger.under_facts(known.operator.claim, frozenset()) == Tally(2, 1, 4)
    old.save(path)
    assert json.loads(path.read_text(encoding="utf-8"))["version"] == 2
    assert state_of(SkillLibrary.load(path)) == state_of(library)


MISSING = object()


def changed(*place: Any, to: Any = MISSING, make: Callable[[], dict] = valid) -> str:
    """The right file with one value replaced or left out."""
    data = make()
    *way, last = place
    part = data
    for step in way:
        part = part[step]
    if to is MISSING:
        del part[last]
    else:
        part[last] = to
    return json.dumps(data)


def changed_first(*place: Any, to: Any = MISSING) -> str:
    """The same with a file of version 1."""
    return changed(*place, to=to, make=first)


WRONG: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "JSON is needed, got none at line 1, column 1"),
    "blank": (" \n ", "JSON is needed, got none"),
    "no json": ("skills = []", "JSON is needed, got none at line 1, column 1"),
    "binary": (bytes(range(256)), "text in UTF-8 is needed, got none at byte 128"),
    "another encoding": (json.dumps(valid()).encode("utf-16"), "text in UTF-8 is needed"),
    "a notebook": ('{"cells": [], "nbformat": 4}', "format: 'procmem_lite skill library' is needed"),
    "a list": ("[]", "format: "),
    "a number": ("3", "format: "),
    "foreign": (changed("format", to="someone else's"), "format: "),
    "format is a list": (changed("format", to=["procmem_lite skill library"]), "format: "),
    "newer": (changed("version", to=3), "version: 3 is newer than 2"),
    "version zero": (changed("version", to=0), "version: a whole number of at least 1"),
    "version true": (changed("version", to=True), "version: a whole number"),
    "version 1.0": (changed("version", to=1.0), "version: a whole number"),
    "no version": (changed("version"), "version: a whole number"),
    "no ledger": (changed("ledger"), "the file: an object with the names .*ledger"),
    "more": (changed("colour", to="red"), "the file: an object with the names"),
    "skills an object": (changed("skills", to={}), r"skills: a list is needed, got \{\}"),
    "skills null": (changed("skills", to=None), "skills: a list is needed, got None"),
    "a skill a list": (changed("skills", 1, to=[]), r"skills\[1\]: an object with the names number, actions"),
    "a key missing": (changed("skills", 0, "site"), r"skills\[0\]: an object with the names"),
    "a key too many": (changed("skills", 0, "code", to="import os"), r"skills\[0\]: an object with the names"),
    "site a list": (changed("skills", 0, "site", to=[[0, 0], 4]), r"skills\[0\]\.site: an object with"),
    "action negative": (changed("skills", 0, "actions", 1, to=-1), r"skills\[0\]\.actions\[1\]: a whole number"),
    "action true": (changed("skills", 0, "actions", 1, to=True), r"skills\[0\]\.actions\[1\]: .* got True"),
    "action a float": (changed("skills", 0, "actions", 1, to=1.0), r"skills\[0\]\.actions\[1\]: .* got 1\.0"),
    "action a text": (changed("skills", 0, "actions", 1, to="1"), r"skills\[0\]\.actions\[1\]: .* got '1'"),
    "action huge": (changed("skills", 0, "actions", 1, to=2**53 + 1), r"skills\[0\]\.actions\[1\]: "),
    "action gigantic": (changed("skills", 0, "actions", 1, to=10**4000), "at most 16 digits"),
    "action beyond parsing": (json.dumps(valid()).replace("[1, 3, 4]", "[" + "9" * 10**5 + "]"), "at most 16"),
    "no actions": (changed("skills", 0, "actions", to=[]), r"skills\[0\]\.actions: a tuple of one or more"),
    "actions a text": (changed("skills", 0, "actions", to="134"), r"skills\[0\]\.actions: a list is needed"),
    "no effect": (changed("skills", 0, "effect", to=[]), r"skills\[0\]\.effect: one fact or more"),
    "effect a text": (changed("skills", 0, "effect", to="x"), r"skills\[0\]\.effect: a list is needed"),
    "a fact twice": (changed("skills", 1, "removes", to=["x", "x"]), r"skills\[1\]\.removes: different names"),
    "a fact empty": (changed("skills", 1, "removes", to=[""]), r"skills\[1\]\.removes\[0\]: a text"),
    "a fact a number": (changed("skills", 1, "removes", to=[3]), r"skills\[1\]\.removes\[0\]: a text .* got 3"),
    "a fact half a sign": (changed("skills", 1, "removes", to=["\udc80"]), r"skills\[1\]\.removes\[0\]: a text"),
    "anchor a number": (changed("skills", 0, "anchor", to=1), r"skills\[0\]\.anchor: a text"),
    "anchor false": (changed("skills", 0, "anchor", to=False), r"skills\[0\]\.anchor: a text"),
    "no anchor": (changed("skills", 0, "anchor", to=None), r"skills\[0\]\.context: an anchor's displacement"),
    "context empty": (changed("skills", 0, "context", to=[]), r"skills\[0\]\.context: an anchor's displacement"),
    "context too long": (changed("skills", 2, "context", to=[1, 2, 3]), r"skills\[0?2\]\.(context|site)"),
    "contexts of two lengths": (
        changed("skills", 2, to={**valid()["skills"][2], "context": [1], "site": {"displacement": None, "action": 1}}),
        r"skills\[2\]\.context: 2 numbers are needed as before"),
    "context true": (changed("skills", 0, "context", to=[True, 0]), r"skills\[0\]\.context\[0\]: a finite number"),
    "context a text": (changed("skills", 0, "context", to=["1", 0]), r"skills\[0\]\.context\[0\]: a finite number"),
    "context nested": (changed("skills", 0, "context", to=[[1], 0]), r"skills\[0\]\.context\[0\]: a finite number"),
    "not a number": (changed("skills", 0, "context", to=[float("nan"), 0]), "a finite number is needed, got NaN"),
    "infinite": (changed("skills", 0, "context", to=[-float("inf"), 0]), "a finite number .* got -Infinity"),
    "infinite by exponent": (
        json.dumps(valid()).replace("[1, -2]", "[1e999, -2]"), r"skills\[0\]\.context\[0\]: a finite number"),
    "far away": (changed("skills", 0, "context", to=[1e300, 0]), r"skills\[0\]\.context\[0\]: a finite number"),
    "site elsewhere": (changed("skills", 0, "site", "displacement", to=[0]), r"skills\[0\]\.site: as many numbers"),
    "site action true": (changed("skills", 0, "site", "action", to=True), r"skills\[0\]\.site\.action: a whole"),
    "number twice": (changed("skills", 1, "number", to=0), r"skills\[1\]\.number: one from 1 to 3 is needed, got 0"),
    "number falling": (changed("skills", 0, "number", to=3), r"skills\[1\]\.number: one from 4 to 3"),
    "number not given yet": (changed("skills", 2, "number", to=4), r"skills\[2\]\.number: one from 3 to 3"),
    "number negative": (changed("skills", 0, "number", to=-1), r"skills\[0\]\.number: a whole number"),
    "next number too low": (changed("next_number", to=3), r"skills\[2\]\.number"),
    "next number a text": (changed("next_number", to="4"), "next_number: a whole number"),
    "alike": (
        changed("skills", 2, to={**SKILLS[0], "number": 3, "context": [1, -2.0]}),
        r"skills\[2\]: a skill of this operator and context"),
    "more successes than uses": (changed("skills", 0, "successes", to=3), r"skills\[0\]: 2 uses, 1 successes"),
    "uses without a ledger": (changed("skills", 2, "uses", to=1), r"skills\[2\]: 0 uses, 0 successes are needed"),
    "uses negative": (changed("skills", 2, "uses", to=-1), r"skills\[2\]\.uses: a whole number of at least 0"),
    "a use of an unknown skill": (
        changed("ledger", 0, "lines", 1, 0, to=4), r"ledger\[0\]\.lines\[1\]\[0\]: a number below 4 is needed, got 4"),
    "a skill below none": (changed("ledger", 0, "lines", 1, 0, to=-2), r"ledger\[0\]\.lines\[1\]\[0\]: a whole number"),
    "succeeded 1": (changed("ledger", 0, "lines", 0, 2, to=1), r"ledger\[0\]\.lines\[0\]\[2\]: true or false"),
    "steps negative": (changed("ledger", 0, "lines", 0, 3, to=-3), r"ledger\[0\]\.lines\[0\]\[3\]: a whole number"),
    "a line an object": (changed("ledger", 0, "lines", 0, to={"skill": 0}), r"ledger\[0\]\.lines\[0\]: a list of 4"),
    "a line too short": (changed("ledger", 0, "lines", 0, to=[0, [], True]), r"ledger\[0\]\.lines\[0\]: a list of 4"),
    "more lines than uses": (
        changed("ledger", 1, "lines", to=[[0, [], True, 1]]), r"ledger\[1\]\.lines: no more than its 0 uses"),
    "a claim without account": (changed("ledger", 1), r"skills\[1\]: a claim with an account in the ledger is needed"),
    "two accounts": (changed("ledger", 1, to=valid()["ledger"][0]), r"ledger\[0\]: a claim with one account only"),
    "a use left out": (changed("ledger", 0, "facts", 1), r"ledger\[0\]\.contexts: \(1, 1, 3\) is needed in all"),
    "counted elsewhere": (changed("ledger", 0, "contexts", 0, 0, to=[9, 9]), r"skills\[0\]: 0 uses, 0 successes"),
    "counts negative": (changed("ledger", 0, "facts", 0, 1, 2, to=-3), r"ledger\[0\]\.facts\[0\]\[1\]\[2\]: a whole"),
    "more successes than uses under facts": (
        changed("ledger", 0, "facts", to=[[[], [1, 2, 3]], [None, [1, -1, 1]]]), "a whole number of at least 0"),
    "successes shifted": (
        changed("ledger", 0, "facts", to=[[[], [0, 1, 3]], [None, [2, 0, 1]]]), r"ledger\[0\]: one use or more"),
    "facts twice": (
        changed("ledger", 0, "facts", to=[[["a", "b"], [1, 1, 3]], [["b", "a"], [1, 0, 1]]]),
        r"ledger\[0\]\.facts: different first elements"),
    "old: a use of an unknown skill": (
        changed_first("ledger", 1, "skill", to=1), r"ledger\[1\]\.skill: the number of a skill"),
    "old: a use left out": (
        changed_first("ledger", 1), r"skills\[0\]: 1 uses, 1 successes are needed as in the ledger"),
    "old: no uses": (changed_first("ledger", to=[]), r"skills\[0\]: 0 uses, 0 successes are needed as in the ledger"),
    "old: succeeded 1": (changed_first("ledger", 0, "succeeded", to=1), r"ledger\[0\]\.succeeded: true or false"),
    "old: steps negative": (changed_first("ledger", 0, "steps", to=-3), r"ledger\[0\]\.steps: a whole number"),
    "old: a use a list": (
        changed_first("ledger", 0, to=[0, True, 3]), r"ledger\[0\]: an object with the names skill"),
    "old: an account": (changed_first("ledger", to=valid()["ledger"]), r"ledger\[0\]: an object with the names skill"),
    "an old line": (changed("ledger", to=first()["ledger"]), r"ledger\[0\]: an object with the names effect"),
    "a name twice": (json.dumps(valid()).replace('"uses": 2', '"uses": 2, "uses": 2'), "a name twice: .*uses"),
    "a name twice at the top": (
        json.dumps(valid())[:-1] + ', "format": "procmem_lite skill library"}', "a name twice"),
    "two documents": (json.dumps(valid()) * 2, "JSON is needed, got none at line 1"),
    "deep": ("[" * 200_000, "nested too deeply"),
    "deep objects": ('{"a":' * 100_000, "nested too deeply"),
    "rather deep": (changed("skills", 0, "anchor", to=json.loads("[" * 400 + "]" * 400)), r"anchor: a text"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_name_the_place_and_what_was_needed(tmp_path, name):
    content, says = WRONG[name]
    path = tmp_path / "skills.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match=says) as caught:
        SkillLibrary.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not a library that can be read: ")
    assert "\n" not in message
    assert len(message) < 400 + len(str(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    whole, path = json.dumps(valid()), tmp_path / "skills.json"
    for end in range(0, len(whole), 2):
        path.write_text(whole[:end], encoding="utf-8")
        with pytest.raises(ValueError, match="JSON is needed"):
            SkillLibrary.load(path)


def test_a_real_file_with_a_byte_turned_is_refused_or_means_the_same_kind_of_thing(text, tmp_path):
    """A flipped bit may still be a library (another fact's name, say), but never an error of another kind."""
    rng, path, refused = np.random.default_rng(0), tmp_path / "skills.json", 0
    raw = bytearray(text.encode("utf-8"))
    for at in rng.integers(len(raw), size=300):
        damaged = raw.copy()
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            SkillLibrary.load(path)
        except ValueError as why:
            refused += str(path) in str(why)
    assert refused > 150


def walk(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """Every place in nested lists and objects."""
    yield from [place] if place else []
    if isinstance(value, dict | list):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(part, (*place, step))


@pytest.mark.parametrize("strange", [{}, [], [[]], "", True, -1, 0.5, {"a": {}}], ids=str)
@pytest.mark.parametrize("make", [valid, first])
def test_a_value_of_another_type_is_refused_wherever_it_stands(tmp_path, strange, make):
    path, right = tmp_path / "skills.json", make()
    for place in walk(right):
        path.write_text(changed(*place, to=strange, make=make), encoding="utf-8")
        try:
            SkillLibrary.load(path)
        except ValueError:
            continue
        data = right
        for step in place:
            data = data[step]
        alike = {type(data), type(strange)} <= {int, float} or {type(data), type(strange)} == {bool}
        fits = alike or strange == [] and (isinstance(data, list) or data is None)
        assert fits, f"{place}: {strange!r} was taken for {data!r}"


def test_an_enormous_file_is_refused_before_it_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "LARGEST_FILE", 1000)
    path = tmp_path / "skills.json"
    path.write_text(json.dumps(valid()) + " " * 1000, encoding="utf-8")
    with pytest.raises(ValueError, match="skills.json: .* at most 1000 bytes are read"):
        SkillLibrary.load(path)


def test_a_library_too_large_to_be_read_again_is_not_saved(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "LARGEST_FILE", 1000)
    with pytest.raises(ValueError, match="at most 1000 bytes"):
        trained.save(tmp_path / "skills.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_refused_at_once(tmp_path, make: Callable[[Path], None]):
    make(tmp_path / "skills.json")
    with pytest.raises(ValueError, match="skills.json: a file is needed"):
        SkillLibrary.load(tmp_path / "skills.json")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="skills.json"):
        SkillLibrary.load(tmp_path / "skills.json")
    with pytest.raises(TypeError):
        SkillLibrary.load(None)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of an administrator, for whom no file is closed."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_a_file_that_may_not_be_read_or_a_folder_that_may_not_be_written_is_said_to_be_so(trained, tmp_path):
    path = tmp_path / "skills.json"
    trained.save(path)
    path.chmod(0)
    tmp_path.chmod(0o555)
    try:
        with as_nobody(), pytest.raises(PermissionError, match="skills.json"):
            SkillLibrary.load(path)
        with as_nobody(), pytest.raises(PermissionError):
            trained.save(path)
    finally:
        tmp_path.chmod(0o755)
    assert list(tmp_path.iterdir()) == [path]


def test_a_refused_file_leaves_a_library_in_use_as_it_was(trained, tmp_path):
    path, before = tmp_path / "skills.json", state_of(trained)
    path.write_text(changed("skills", 0, "uses", to=7), encoding="utf-8")
    with pytest.raises(ValueError, match="skills"):
        trained.load(path)
    assert state_of(trained) == before
    assert isinstance(trained.retrieve(percept()), list)
    assert isinstance(next(iter(trained)), Skill)
