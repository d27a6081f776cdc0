"""A saved agent goes on as if nothing had been: in another process, from every moment, with all that it had learned."""

import copy
import itertools
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from careers import CAREERS, digest, further, load, trained
from insides import insides
from worlds import Paperwork, percept

from procmem_lite import storage
from procmem_lite.agent import ProceduralMemoryAgent, SequenceAgent
from procmem_lite.explorers import EXPLORERS, RandomExplorer
from procmem_lite.percepts import Percept, Transition
from procmem_lite.worlds.gridworld import GridWorld, perceive

HERE = Path(__file__).parent
Data = dict[str, Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Agents saved at each moment of each career, and how they went on without having been loaded."""
    folder = tmp_path_factory.mktemp("agents")
    went_on = {}
    for name, moment in CAREERS:
        agent = trained(name, moment)
        before = insides(agent.memory)
        agent.save(folder / f"{name} {moment}.json")
        assert insides(agent.memory) == before, "saving changes nothing"
        went_on[f"{name} {moment}"] = list(map(digest, further(agent, name, moment)))
    (folder / "went on").write_text(json.dumps(went_on), encoding="utf-8")
    return folder


def went_on(folder: Path) -> dict[str, list[str]]:
    """Career -> what happened in each episode after it was saved."""
    return json.loads((folder / "went on").read_text(encoding="utf-8"))


# ---------------------------------------------------------------- the same steps


def test_a_file_from_before_slips_and_units_is_still_read():
    saved = Path(__file__).with_name("agent_of_version_1.json")  # after three episodes in rooms of 5 x 5, seed 0
    agent = ProceduralMemoryAgent.load(saved, perceive)
    steps = [agent.run_episode(GridWorld("rooms", 5), seed=seed).steps for seed in range(100, 110)]
    assert len(agent.library.ledger) > 0
    assert sum(steps) <= 150, "it knows such rooms"


@pytest.mark.parametrize("change", [
    lambda data: data.pop("explorer"), lambda data: data.update(explorer=3), lambda data: data.update(motion=[1]),
    lambda data: data["explorer"].update(notes=None), lambda data: data.update(settings=None)])
def test_and_a_broken_one_is_refused_like_any_other(tmp_path, change):
    data = json.loads(Path(__file__).with_name("agent_of_version_1.json").read_text(encoding="utf-8"))
    change(data)
    (tmp_path / "agent.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=r"agent\.json: not an agent that can be read: "):
        ProceduralMemoryAgent.load(tmp_path / "agent.json", perceive)


def test_in_another_process_under_another_salt_they_take_the_same_steps_and_write_the_same_diary(saved):
    done = subprocess.run(
        [sys.executable, str(HERE / "tools" / "careers.py"), str(saved)], check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": str(HERE.parent)})
    elsewhere, here = json.loads(done.stdout), went_on(saved)
    assert [name for name in here if here[name] != elsewhere[name]] == []
    assert len(here) == len(CAREERS)


@pytest.mark.parametrize("career", CAREERS, ids=" ".join)
def test_a_loaded_agent_saves_the_same_bytes(saved, tmp_path, career):
    load(saved, *career).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (saved / f"{' '.join(career)}.json").read_bytes()


def test_all_of_a_memory_comes_back_but_its_scenes(saved):
    agent, loaded = trained("rooms", "ten"), load(saved, "rooms", "ten")
    for path in itertools.chain.from_iterable(agent.memory.cases.values()):
        path[:] = [bare(step) for step in path]
    trials = agent.memory.senses["beliefs"].trials
    trials |= {action: deque(map(bare, steps), steps.maxlen) for action, steps in trials.items()}
    agent.memory.begin()
    agent.memory.explorer.begin()
    counted = [each.library.ledger.contexts for each in (loaded, agent)]
    assert counted[0] == counted[1]
    loaded.library.ledger.contexts = agent.library.ledger.contexts  # in whatever order
    assert insides(loaded.memory) == insides(agent.memory)
    assert (loaded.n_actions, loaded.settings, loaded.perceive) == (6, agent.settings, perceive)


def bare(step: Transition) -> Transition:
    """A step without pictures."""
    def strip(seen: Percept) -> Percept:
        return Percept(seen.facts, seen.objects, seen.place, seen.around)

    return step._replace(percept=strip(step.percept), next_percept=strip(step.next_percept))


# ---------------------------------------------------------------- nothing may be left out


def renumbered(data: Data) -> None:
    """The same skills on the same shelves; the shelves in the opposite order."""
    skills = data["library"]["skills"]
    shelves: dict[str, list] = {}
    for skill in skills:
        shelves.setdefault(repr([skill[name] for name in ("preconditions", "effect", "removes", "anchor", "site")]),
                           []).append(skill)
    ordered = list(itertools.chain(*reversed(shelves.values())))
    for number, skill in zip([skill["number"] for skill in skills], copy.deepcopy(ordered), strict=True):
        skills[[each["number"] for each in skills].index(number)] = skill | {"number": number}


def unused(data: Data, **parts: Callable[[list], Any]) -> None:
    """All accounts with some parts as they would be without uses, and the skills' records with them."""
    for account in data["library"]["ledger"]:
        account |= {name: change(account[name]) for name, change in parts.items()}
    for skill in data["library"]["skills"]:
        claim = [skill[name] for name in ("effect", "removes", "anchor", "site")]
        counts = next({json.dumps(context): counts for context, counts in account["contexts"]}
                      for account in data["library"]["ledger"]
                      if [account[name] for name in ("effect", "removes", "anchor", "site")] == claim)
        skill["uses"], skill["successes"], _ = counts.get(json.dumps(skill["context"]), (0, 0, 0))


def folded(pairs: list) -> list:
    """All counts under None."""
    return [[None, [sum(counts) for counts in zip(*[counts for _, counts in pairs], strict=True)]]] if pairs else []


def empty(*way: str) -> Callable[[Data], None]:
    """A list or an object without anything in it, numbers as at the beginning."""
    def change(data: Data) -> None:
        *outer, last = way
        for name in outer:
            data = data[name]
        assert data[last], "there must be something to leave out"
        if isinstance(data[last], list) and isinstance(data[last][0], int):
            data[last] = [0] * len(data[last])
        else:
            data[last] = type(data[last])() if not isinstance(data[last], str) else "0x1"

    return change


def without_samples(data: Data) -> None:
    """A model that made its maps from nothing."""
    data["motion"]["samples"] = [[] for _ in data["motion"]["samples"]]


def percepts_without(name: str, value: Any) -> Callable[[Data], None]:
    """All percepts without one of their parts."""
    return lambda data: [told.update({name: value}) for told in data["percepts"]] and None


LEFT_OUT: dict[str, tuple[Callable[[Data], Any], str]] = {
    "settings": (lambda data: data["settings"].update(burst=8, cases=32, trials=64, doubt=4.0),
                 "walls changed"),
    "generator": (empty("generator", "state"), "rooms cut off"),
    "half a draw": (lambda data: data["generator"].update(has_uint32=1 - data["generator"]["has_uint32"]),
                    "sequences ten"),
    "tried": (empty("explorer", "notes", "tried"), "rooms cut off"),
    "ever": (empty("explorer", "notes", "ever"), "rooms cut off"),
    "turned": (empty("explorer", "notes", "turned"), "rooms changed"),
    "telling": (empty("explorer", "notes", "telling"), "knocking cut off"),
    "killed": (empty("explorer", "notes", "killed"), "alarm cut off"),
    "next number": (lambda data: data["library"].update(
        next_number=data["library"]["next_number"] + 1), "open ten"),
    "skills": (empty("library", "skills"), "rooms ten"),
    "order of shelves": (renumbered, "paper ten"),
    "ledger": (lambda data: unused(data, lines=lambda _: [], facts=lambda _: [], contexts=lambda _: []),
               "rooms changed"),
    "facts of the ledger": (lambda data: unused(data, facts=folded), "door changed"),
    "contexts of the ledger": (lambda data: unused(data, contexts=folded), "open ten"),
    "cases": (empty("cases"), "corridor cut off"),
    "explored": (empty("explored"), "rooms cut off"),
    "maps": (empty("motion", "maps"), "rooms ten"),
    "order of maps": (lambda data: data["motion"]["maps"].reverse(), "rooms cut off"),
    "trust": (empty("motion", "trust"), "rooms changed"),
    "samples": (without_samples, "rooms changed"),
    "tries": (empty("motion", "tries"), "rooms cut off"),
    "outcomes": (lambda data: data["motion"].update(outcomes=[]), "walls changed"),
    "thrown": (empty("motion", "thrown"), "pit ten"),
    "version": (lambda data: data["motion"].update(version=0), "rain ten"),
    "view": (lambda data: data["view"].update(unit=1.0, noisy=False, whole=True, seen=0, guesses=[]),
              "walls changed"),
    "fatal": (empty("dangers", "fatal"), "garden ten"),
    "costly": (empty("dangers", "costly"), "vase ten"),
    "held": (empty("beliefs", "held"), "rain ten"),
    "trials": (empty("beliefs", "trials"), "porch cut off"),
    "objects": (percepts_without("objects", {}), "rooms changed"),
    "around": (percepts_without("around", []), "corridor ten"),
}


@pytest.mark.parametrize("part", LEFT_OUT)
def test_what_is_left_out_of_a_file_is_missed(saved, tmp_path, part):
    change, career = LEFT_OUT[part]
    data = told(saved, career)
    change(data)
    (tmp_path / f"{career}.json").write_text(json.dumps(data), encoding="utf-8")
    name, moment = career.split(" ", 1)
    after = map(digest, further(load(tmp_path, name, moment), name, moment))
    assert any(here != before for here, before in zip(after, went_on(saved)[career], strict=True))


def test_every_part_of_a_file_has_been_left_out_once(saved):
    """Beside what says which file it is, what no step hangs on yet (the last lines of the ledger), and places."""
    data, left = told(saved, "rooms changed"), {"lines", "place", "facts", "skills"}
    read = {*data, *data["explorer"]["notes"], *data["library"], *data["motion"], *data["dangers"], *data["beliefs"],
            *data["library"]["ledger"][0], *data["percepts"][0]} - {"effect", "removes", "anchor", "site"}
    known = {"format", "version", "agent", "n_actions", "percepts", "explorer", "library", "motion", "dangers",
             "beliefs", "contexts", *left}
    assert {name.replace("_", " ") for name in read - known} <= LEFT_OUT.keys()


def told(folder: Path, career: str) -> Data:
    """A saved agent as JSON."""
    return json.loads((folder / f"{career}.json").read_text(encoding="utf-8"))


def test_the_last_lines_of_the_ledger_come_back(saved):
    agent, loaded = trained("rooms", "ten"), load(saved, "rooms", "ten")
    lines = agent.library.ledger.lines
    assert max(map(len, lines.values())) == 8
    assert loaded.library.ledger.lines == lines


# ---------------------------------------------------------------- what is handed in again


@pytest.mark.parametrize(("saver", "loader"), [
    (SequenceAgent, ProceduralMemoryAgent), (ProceduralMemoryAgent, SequenceAgent)])
def test_an_agent_of_another_class_is_refused_in_one_line(tmp_path, saver, loader):
    path = tmp_path / "agent.json"
    saver(6, perceive, seed=0).save(path)
    with pytest.raises(ValueError, match=f"agent: one saved by a {loader.__name__} is needed, got one saved by a "
                                         f"{saver.__name__}$") as caught:
        loader.load(path, perceive)
    assert str(caught.value).startswith(f"{path}: ")


class Foreign(RandomExplorer):
    """An explorer of one's own."""


def test_a_foreign_explorer_is_named_and_must_be_handed_in(tmp_path):
    path, env = tmp_path / "agent.json", GridWorld("rooms", size=5)
    agent = ProceduralMemoryAgent(6, perceive, seed=0, explorer=Foreign(6))
    agent.run_episode(env, seed=0)
    agent.save(path)
    with pytest.raises(ValueError, match=r"explorer: a test_agent_file\.Foreign cannot be .* explorer=$") as caught:
        ProceduralMemoryAgent.load(path, perceive)
    assert "\n" not in str(caught.value)
    mine = Foreign(6)
    loaded = ProceduralMemoryAgent.load(path, perceive, explorer=mine)
    assert loaded.memory.explorer is mine
    for seed in range(1, 6):
        steps = [[step.action for step in each.run_episode(env, seed=seed).transitions] for each in (agent, loaded)]
        assert steps[0] == steps[1]


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_that_is_handed_in_takes_the_place_of_the_saved_one(saved, name):
    loaded = ProceduralMemoryAgent.load(saved / "rooms ten.json", perceive, explorer=name)
    assert type(loaded.memory.explorer) is EXPLORERS[name]
    assert not getattr(loaded.memory.explorer, "tried", None)


def test_what_success_is_must_be_handed_in(tmp_path):
    agent = ProceduralMemoryAgent(5, Paperwork.perceive, seed=0)
    agent.save(tmp_path / "agent.json")
    never = ProceduralMemoryAgent.load(tmp_path / "agent.json", Paperwork.perceive, succeeded=lambda step: False)
    assert not any(never.run_episode(Paperwork(), seed=seed).success for seed in range(3))
    with pytest.raises(TypeError, match="perceive: a function"):
        ProceduralMemoryAgent.load(tmp_path / "agent.json", None)


# ---------------------------------------------------------------- places and deeds


def at(place: Any, harm: bool = True) -> ProceduralMemoryAgent:
    """An agent that did something at a place, and may have come to harm there."""
    agent = ProceduralMemoryAgent(2, Paperwork.perceive, seed=0)
    here = percept(["f"], {"tree": (1, 2)}, place)
    agent.memory.observe(Transition(here, 1, 0.0, here))
    agent.memory.observe(Transition(here, 0, -1.0, here, terminated=harm))
    return agent


@pytest.mark.parametrize("place", [
    None, 3, -0.5, True, "", "Küche", "\u2028", (), (1, ("a", None)), 2**70, -2**64, (2**200, 1e300), np.int64(7),
    (np.float32(0.5), np.str_("x")), frozenset({1, "a", (None, 2.5)}), (((1,),),), frozenset({frozenset()})],
    ids=lambda place: "a set" if isinstance(place, frozenset) else repr(place))  # a set's order is the process's own
def test_a_place_comes_back_as_it_was(tmp_path, place):
    agent = at(place)
    agent.save(tmp_path / "agent.json")
    loaded = ProceduralMemoryAgent.load(tmp_path / "agent.json", Paperwork.perceive)
    trial = loaded.memory.senses["beliefs"].trials[1][0]
    assert (trial.percept.place, hash(trial.percept.place)) == (place, hash(place))
    assert loaded.memory.senses["dangers"].fatal == agent.memory.senses["dangers"].fatal


class Spot:
    """A place that no file can hold."""


NEST = 1
for _ in range(30):
    NEST = (NEST,)


@pytest.mark.parametrize("place", [
    Spot(), (1, Spot()), b"here", 1 + 2j, float("inf"), "half \ud800", frozenset({Spot()}), NEST],
    ids=lambda place: type(place).__name__)
def test_a_place_that_no_file_can_hold_is_named_when_saving(tmp_path, place):
    says = "only finite numbers, texts, None, and tuples or frozensets of these can be saved, got"
    with pytest.raises(TypeError, match=rf"dangers\.fatal\[0\]\[0\]\[2\].*: {says}"):
        at(place).save(tmp_path / "agent.json")
    with pytest.raises(TypeError, match=rf"beliefs\.trials\[0\]\[0\]\[0\]\.place.*: {says}"):
        at(place, harm=False).save(tmp_path / "agent.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("spoil", "says"), [
    (lambda agent: agent.memory.senses.update(smell=None), r"senses: .* or none, can be saved, got .*smell"),
    (lambda agent: setattr(agent.memory, "rng", np.random.Generator(np.random.MT19937(0))), "generator: a PCG64"),
    (lambda agent: agent.memory.senses["motion"].tries.resize(7), r"motion\.tries: a list of 6 is needed"),
    (lambda agent: agent.memory.explored.update({frozenset({""}): 1}), r"explored\[\d+\]\[0\]\[0\]: a text"),
    (lambda agent: agent.memory.explored.update({frozenset(): -999}), r"explored\[0\]\[1\]: a whole number"),
    (lambda agent: next(iter(agent.memory.cases.values())).append([]), r"cases\[0\]: 1 to 32 of one kind"),
])
def test_an_agent_that_could_not_be_brought_back_is_not_saved(saved, tmp_path, spoil, says):
    agent = load(saved, "rooms", "ten")
    spoil(agent)
    with pytest.raises(ValueError, match=says):
        agent.save(tmp_path / "agent.json")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what is refused


def put(data: Data, value: Any, *way: Any) -> Data:
    """The same with another value somewhere."""
    *outer, last = way
    part = data
    for step in outer:
        part = part[step]
    part[last] = value
    return data


WRONG: dict[str, tuple[tuple, str]] = {
    "another format": (("a library", "format"), "format: 'procmem_lite agent' is needed"),
    "newer": ((5, "version"), "version: 5 is newer than 4"),
    "steps of no length": ((0, "view", "unit"), r"view\.unit: a number above 0 is needed, got 0"),
    "no actions": ((0, "n_actions"), "n_actions: a whole number of at least 1"),
    "another number of actions": ((2**50, "n_actions"), r"motion\.trust: a list of 1125899906842624 is needed"),
    "fewer actions": ((3, "n_actions"), r"an action below 3 is needed|actions below 3 are needed"),
    "a setting out of range": ((2, "settings", "threshold"), r"settings\.threshold: a number from 0 to 1"),
    "a setting of another type": (("yes", "settings", "ban"), r"settings\.ban: true or false is needed, got 'yes'"),
    "a generator too large": ((hex(2**128), "generator", "state"), r"generator\.state: a number of 128 bits"),
    "a generator no text": ((7, "generator", "inc"), r"generator\.inc: a whole number as a text like"),
    "code for a number": (("__import__('os')", "generator", "inc"), r"generator\.inc: a whole number as a text like"),
    "an unheard-of note": (({}, "explorer", "notes"), r"explorer\.notes: an object with the names tried, ever, turned"),
    "a skill's action": (([9], "library", "skills", 0, "actions"), r"library\.skills\[0\]\.actions: actions below 6"),
    "a skill twice": ((0, "library", "skills", 1, "number"), r"library\.skills\[1\]\.number: one from 1"),
    "a record": ((77, "library", "skills", 0, "uses"), r"library\.skills\[0\]: \d+ uses, \d+ successes are needed"),
    "a percept that is not there": ((10**6, "cases", 0, 0, 0, 0), r"cases\[0\]\[0\]\[0\]\[0\]: a number below \d+"),
    "paths of two effects": ((None, "cases", 0), "cases"),
    "no step": (([], "cases", 0, 0), r"cases\[0\]: 1 to 32 of one kind"),
    "half the senses": ((None, "dangers"), "motion, dangers, beliefs: all of them or none is needed, got motion, bel"),
    "a map of another size": (([[1.0]], "motion", "maps", 0, 1, 0), r"motion\.maps: matrices and offsets of one size"),
    "a map that turns for ever": (
        ([[0.8, -0.6], [0.6, 0.8]], "motion", "maps", 0, 1, 0), r"motion\.maps: no more than 16 orientations"),
    "a map that flattens": (([[0.0, 0.0], [0.0, 0.0]], "motion", "maps", 0, 1, 0), r"motion\.maps: no more than 16"),
    "displacements of two lengths": (({"tree": [1]}, "percepts", 0, "objects"), "percepts.*displacements of one len"),
    "an object without a name": (({"": [1, 1]}, "percepts", 0, "objects"), r"percepts\[0\]\.objects: a text"),
    "a place too deep": (
        (json.loads("[" * 50 + "]" * 50), "percepts", 0, "place"), r"percepts\[0\]\.place\[0\].*: a number"),
    "a place with a name": (({"os": 1}, "percepts", 0, "place"), r"percepts\[0\]\.place: a number, a text, null"),
    "trials of two actions": ((lambda data: data["beliefs"]["trials"][0].extend(data["beliefs"]["trials"][1]),),
                              r"beliefs\.trials\[0\]: 1 to 64 of one kind"),
    "an effect twice": ((lambda data: data["cases"].append(data["cases"][0]),), r"cases\[\d\]: 1 to 32 of one kind"),
    "more": ((1, "colour"), "the file: an object with the names format, version, agent"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_name_the_place_and_what_was_needed(saved, tmp_path, name):
    (value, *way), says = WRONG[name]
    data, path = told(saved, "rooms ten"), tmp_path / "agent.json"
    if callable(value):
        value(data)
    else:
        put(data, value, *way)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=says) as caught:
        ProceduralMemoryAgent.load(path, perceive)
    assert str(caught.value).startswith(f"{path}: not an agent that can be read: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def places_in(value: Any, place: tuple = ()) -> list[tuple]:
    """Every place in nested lists and objects."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place] * bool(place) + [deeper for step, part in inner for deeper in places_in(part, (*place, step))]


def test_a_damaged_file_is_refused_or_means_the_same_kind_of_thing_wherever_the_damage_is(saved, tmp_path):
    """Values of other types, bytes turned, an end cut off: never an error of another kind."""
    rng, path, refused = np.random.default_rng(0), tmp_path / "agent.json", 0
    right = told(saved, "rain ten")
    raw, places = json.dumps(right).encode(), places_in(right)
    strange = [{}, [], [[]], "", True, -1, 0.5, {"a": {}}, None, {"set": [1]}, {"whole": "0x1"}, "0x1"]
    for number in range(240):
        damaged = bytearray(raw)
        damaged[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        data = put(copy.deepcopy(right), strange[number % len(strange)], *places[rng.integers(len(places))])
        path.write_bytes([damaged, json.dumps(data).encode(), raw[:rng.integers(len(raw))]][number % 3])
        try:
            ProceduralMemoryAgent.load(path, perceive)
        except ValueError as why:
            refused += str(why).startswith(f"{path}: ")
    assert refused > 150


def test_a_library_is_no_agent_and_an_agent_no_library(saved, tmp_path):
    agent = load(saved, "rooms", "ten")
    agent.library.save(tmp_path / "skills.json")
    with pytest.raises(ValueError, match="not an agent that can be read: format: 'procmem_lite agent' is needed"):
        ProceduralMemoryAgent.load(tmp_path / "skills.json", perceive)
    with pytest.raises(ValueError, match="not a library that can be read: format: 'procmem_lite skill library'"):
        type(agent.library).load(saved / "rooms ten.json")


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(saved, tmp_path, monkeypatch):
    path, agent = tmp_path / "agent.json", load(saved, "rooms", "ten")
    path.write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        agent.save(path)
    monkeypatch.setattr(storage, "LARGEST_FILE", 1000)
    with pytest.raises(ValueError, match="not an agent that could be read again: at most 1000 bytes"):
        agent.save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ProceduralMemoryAgent.load(tmp_path / "nowhere.json", perceive)
