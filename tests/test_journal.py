"""A library that can go back: every operation undone, in any order, gives the same library byte for byte."""

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procmem_lite.lifecycle import LivingLibrary, operations
from procmem_lite.percepts import Percept
from procmem_lite.skills import Site, Skill

FACTS = ("red lamp", "tea", "milk", "red cup")


def skill(chance: random.Random) -> Skill:
    """Any small skill; often of a shelf that is there."""
    actions = tuple(chance.choices(range(4), k=chance.randint(1, 4)))
    needs = frozenset(chance.sample(FACTS, chance.randint(0, 1)))
    effect = frozenset(chance.sample([fact for fact in FACTS if fact not in needs], 1))
    if chance.random() < 0.3:
        return Skill(actions, needs, effect)
    context = (chance.randint(-2, 2), chance.randint(-2, 2))
    return Skill(actions, needs, effect, frozenset(), "red lamp", context, Site((0, 0), chance.randint(2, 3)))


def do(library: LivingLibrary, what: str, chance: random.Random) -> None:
    """One operation on whatever is there."""
    shelf = chance.choice(list(library.shelves.values())) if library.shelves else None
    number = chance.choice([each.number for each in library]) if len(library) else None
    if what == "use" and shelf:
        for facts in (frozenset({"dark"}), frozenset({"light"})):
            library.record(chance.choice(shelf.skills), "light" in facts, 2, facts | shelf.preconditions)
    elif what == "add" or shelf is None:
        operations.add(library, skill(chance))
    elif what == "refine":
        operations.refine(library, number, (3,))
    elif what == "merge":
        operations.merge_alike(library, chance.choice([0.9, 1.0]))
    elif what == "split":
        operations.split(library, shelf.operator)
    elif what == "prune":
        operations.prune(library, lambda tally: tally.rate < 0.7, chance.random() < 0.5)
    elif what == "restore":
        for one in library.attic:
            if library.find(library.entries[one].skill(-1)) is None:
                operations.restore(library, [one])
                break
    elif what == "distil":
        operations.distil(library, shelf.operator)
    elif what == "abstract":
        operations.abstract(library, {"red": "$1"})
    elif what == "compose":
        with contextlib.suppress(ValueError):
            operations.compose(library, number, chance.choice([each.number for each in library]))
    elif what == "rewrite":
        operations.rewrite(library, {2: 3, 3: 2})
    elif what == "poison":
        library.sign("stranger")
        operations.add(library, skill(chance))
        library.sign("agent")
    elif what == "unmask":
        operations.unmask(library, "stranger")


OPERATIONS = ("add", "refine", "merge", "split", "prune", "restore", "distil", "abstract", "compose", "rewrite",
              "poison", "unmask")


def told(library: LivingLibrary, folder) -> bytes:
    """The bytes of its file."""
    library.save(folder / "library.json")
    return (folder / "library.json").read_bytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=14), st.integers(0, 10**6), st.booleans())
def test_whatever_was_done_in_whatever_order_undoing_it_gives_the_same_library_byte_for_byte(
        tmp_path_factory, what, seed, used):
    folder, chance, library = tmp_path_factory.mktemp("undo"), random.Random(seed), LivingLibrary()
    for _ in range(6):
        operations.add(library, skill(chance))
    if used:
        do(library, "use", chance)
    seen = {library.version: told(library, folder)}
    for each in what:
        do(library, each, chance)
        seen[library.version] = told(library, folder)
    for version, bytes_then in seen.items():
        assert told(library.at(version), folder) == bytes_then, "at() gives the library as it was"
    for version in sorted(seen, reverse=True):
        while library.version > version:
            library.undo()
        assert told(library, folder) == seen[version]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(OPERATIONS), min_size=1, max_size=14), st.integers(0, 10**6))
def test_a_saved_library_is_the_same_one_also_to_those_who_retrieve_from_it(tmp_path_factory, what, seed):
    folder, chance, library = tmp_path_factory.mktemp("file"), random.Random(seed), LivingLibrary()
    for each in ("add", "add", "add", *what):
        do(library, each, chance)
    first = told(library, folder)
    again = LivingLibrary.load(folder / "library.json")
    assert told(again, folder) == first
    percept = Percept(frozenset(), {"red lamp": (1, 1), "$1 lamp": (1, 1)})
    assert ([(match.skill.number, match.score) for match in again.retrieve(percept, 9)]
            == [(match.skill.number, match.score) for match in library.retrieve(percept, 9)])
    assert list(again.shelves) == list(library.shelves)


def test_uses_stay_counted_when_what_was_used_is_undone():
    library = LivingLibrary()
    operations.add(library, Skill((1,), frozenset(), frozenset({"tea"})))
    library.record(next(iter(library)), True, 3)
    library.undo()
    assert len(library) == 0
    assert len(library.ledger) == 1
    operations.add(library, Skill((1,), frozenset(), frozenset({"tea"})))
    assert next(iter(library)).uses == 1, "the record belongs to the claim and the context"


def test_the_journal_is_bounded_and_says_how_far_back_it_goes():
    library = LivingLibrary(bound=3)
    for action in range(5):
        operations.add(library, Skill((action,), frozenset(), frozenset({f"fact {action}"})))
    assert len(library.journal) == 3
    with pytest.raises(ValueError, match="one from 2 to 5"):
        library.at(1)
    for _ in range(3):
        library.undo()
    with pytest.raises(ValueError, match="none"):
        library.undo()
    assert len(library) == 2


def test_what_changes_nothing_writes_no_line():
    library = LivingLibrary()
    operations.add(library, Skill((1, 2), frozenset(), frozenset({"tea"})))
    assert operations.add(library, Skill((1, 2, 3), frozenset(), frozenset({"tea"}))) is None
    assert operations.merge_alike(library) is None
    assert operations.rewrite(library, {7: 8}) is None
    assert library.version == 1


def test_a_life_is_told_in_order_with_episode_parents_and_author():
    library = LivingLibrary()
    library.sign("teacher", 3)
    operations.add(library, Skill((1, 1, 2), frozenset(), frozenset({"tea"})))
    library.sign("agent", 9)
    operations.refine(library, 0, (1, 2))
    assert [(line.what, line.episode) for line, _ in library.life(0)] == [("add", 3), ("refine", 9)]
    assert library.entries[0].retired == "refined by 1"
    assert library.entries[1].origin == ("agent", 9, (0,))


@pytest.mark.parametrize("break_it", [
    lambda data: data.replace('"version": 1', '"version": 99', 1),
    lambda data: data.replace("living library", "dead library"),
    lambda data: data.replace('"edition": 2', '"edition": 7'),
    lambda data: data.replace('"actions": [1]', '"actions": []'),
    lambda data: data.replace('"retired": ""', '"retired": 3'),
])
def test_a_file_that_is_no_living_library_is_refused(tmp_path, break_it):
    library = LivingLibrary()
    operations.add(library, Skill((1,), frozenset(), frozenset({"tea"})))
    operations.add(library, Skill((2,), frozenset(), frozenset({"milk"})))
    library.save(tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert break_it(text) != text
    (tmp_path / "a.json").write_text(break_it(text))
    with pytest.raises(ValueError, match="needed|newer"):
        LivingLibrary.load(tmp_path / "a.json")


def test_ten_thousand_skills_are_added_one_by_one_and_each_is_found():
    library = LivingLibrary(bound=10)
    for number in range(10_000):
        library.add(Skill((1,), frozenset(), frozenset({"tea"}), frozenset(), "cup", (number // 100, number % 100),
                          Site((0, 0), 1)))
    assert len(library) == 10_000
    assert library.retrieve(Percept(frozenset(), {"cup": (7, 33)}), 1)[0].skill.context == (7, 33)
