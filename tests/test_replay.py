"""What the replay widgets send to the browser, what they refuse, and what a reader without a browser sees."""

import dataclasses
import io
import json
import re
import shutil
import struct
import subprocess

import gymnasium as gym
import matplotlib.image
import numpy as np
import pytest
from episodes_by_hand import tell_skills, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.text import Text

from procmem_lite import GridWorld, ProceduralMemoryAgent, Skill, SkillLibrary, perceive, scenes
from procmem_lite.agent import SequenceAgent
from procmem_lite.episodes import Episode
from procmem_lite.navigation.goto import GoTo
from procmem_lite.percepts import Percept, Transition
from procmem_lite.replay import Drive, Guess, LearningExplorer, LibraryBrowser, Replay
from procmem_lite.replay.assets import STATIC, script, source, styles
from procmem_lite.replay.filmstrip import as_png, film_strip, key_frames, library_picture
from procmem_lite.replay.library_browser import EFFECT, identity, path_from_anchor, principal_plane
from procmem_lite.replay.record import control_runs, episode_record
from procmem_lite.replay.saving import before_saving
from procmem_lite.scenes import Board, Scene
from procmem_lite.worlds import minigrid
from procmem_lite.worlds.gridworld import ACTIONS

PNG = b"\x89PNG\r\n\x1a\n"
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def played() -> tuple[ProceduralMemoryAgent, list[Episode]]:
    agent = ProceduralMemoryAgent(6, perceive, seed=0)
    env = GridWorld("rooms", size=6)
    return agent, [agent.run_episode(env, seed=seed) for seed in range(12)]


@pytest.fixture(scope="module")
def replayed() -> tuple[SequenceAgent, list[Episode]]:
    """An agent that replays stored sequences."""
    agent = SequenceAgent(6, perceive, seed=0)
    env = GridWorld("rooms", size=6)
    return agent, [agent.run_episode(env, seed=seed) for seed in range(12)]


def state_size(widget: Replay) -> int:
    return len(json.dumps(widget.get_state()))


def scene_at(frame: int, record: dict) -> tuple:
    """A frame as the browser draws it: the agent's cell, and the things on the board."""
    _, *flat = record["boards"][record["board"][frame]]
    cell = divmod(record["cell"][frame], record["columns"])
    things = [(*record["looks"][look], divmod(place, record["columns"])) for look, place in zip(flat[::2], flat[1::2])]
    return cell, things, record["held"][record["carrying"][frame]]


# What is sent


@given(layout=st.sampled_from(["open", "rooms", "walls"]), size=st.integers(4, 9), seed=st.integers(0, 10**6),
       wander=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_every_frame_can_be_read_back_from_what_is_sent(layout, size, seed, wander):
    episode = tell_skills(walk(layout, size, seed, wander))
    record = json.loads(json.dumps(episode_record(episode)))
    for frame, percept in enumerate(episode.percepts):
        scene = percept.scene
        assert scene_at(frame, record) == (scene.agent, list(scene.board.items), scene.carrying or "")
        walls = record["walls"][record["boards"][record["board"][frame]][0]]
        assert {divmod(cell, size) for cell in walls} == scene.board.walls
        assert set(record["facts"][record["fact"][frame]]) == percept.facts
    assert [record["rewards"][i] for i in record["reward"]] == [t.reward for t in episode.transitions]
    assert record["action"] == [t.action for t in episode.transitions]


@given(st.lists(st.integers(-1, 2), min_size=1))
def test_runs_say_who_was_in_control_at_every_step(control):
    runs = control_runs(control)
    assert [who for who, start, stop in runs for _ in range(start, stop)] == control
    assert all(one[0] != other[0] for one, other in zip(runs, runs[1:]))


def test_what_was_retrieved_is_told_from_what_was_gone_to(played, replayed):
    going, stored = ([used for episode in episodes for used in episode_record(episode)["invocations"]]
                     for _, episodes in (played, replayed))
    assert len(going) > 20
    assert not any(used["stored"] or used["others"] for used in going), "a path found anew was not retrieved"
    assert len(stored) > 20
    assert all(used["stored"] for used in stored)
    assert any(used["others"] for used in stored)
    names = {name for episode in played[1] for name in episode_record(episode)["skills"]}
    assert names == {"has_key at key", "door_open at door", "success at goal"}


def test_minigrid_is_sent_with_its_headings():
    env = gym.make("MiniGrid-DoorKey-6x6-v0")
    episode = ProceduralMemoryAgent(7, minigrid.perceive, seed=0).run_episode(env, seed=1)
    record = episode_record(episode)
    assert record["heading"] == [percept.scene.heading for percept in episode.percepts]
    assert {kind for kind, _ in record["looks"]} >= {"door", "key", "goal"}


def test_a_240_step_episode_is_small():
    episode = tell_skills(walk("rooms", 8, seed=3, wander=240, limit=240), every=20)
    assert episode.steps == 240
    assert state_size(Replay(episode)) < 40_000, "code and data together"
    assert len(json.dumps(episode_record(episode))) < 12_000


def test_a_long_episode_grows_by_its_steps_only():
    short, long = (len(json.dumps(episode_record(walk("rooms", 16, seed=3, wander=n)))) for n in (500, 2000))
    assert (long - short) / 1500 < 30, "bytes a step"


def test_a_recurring_board_is_sent_once():
    record = episode_record(walk("rooms", 8, seed=3, wander=200))
    assert len(record["boards"]) == 3, "with the key lying there, without it, with the door open"


# The traits


def test_step_and_playing_are_synced():
    replay = Replay(walk())
    for name in ("step", "playing", "fps"):
        assert replay.trait_metadata(name, "sync"), name
    replay.step = replay.episodes[0].steps
    assert replay.get_state("step")["step"] == replay.episodes[0].steps


@pytest.mark.parametrize(("name", "value"), [("step", -1), ("step", 10_000), ("fps", 0), ("fps", 61)])
def test_a_trait_out_of_range_is_refused(name, value):
    replay = Replay(walk())
    before = getattr(replay, name)
    with pytest.raises(ValueError, match=f"{name}: .*{value}"):
        setattr(replay, name, value)
    assert getattr(replay, name) == before


def test_the_longer_of_two_episodes_sets_the_last_step():
    short, long = walk(seed=1), walk(seed=1, wander=80)
    replay = Replay(short, long)
    replay.step = long.steps
    with pytest.raises(ValueError, match="step"):
        replay.step = long.steps + 1


# What is refused


def change(episode: Episode, step: int, **fields: object) -> Episode:
    """A copy of an episode with one transition changed."""
    steps = list(episode.transitions)
    steps[step] = steps[step]._replace(**fields)
    return dataclasses.replace(episode, transitions=steps)


def off_grid(percept: Percept, **fields: object) -> Percept:
    scene = percept.scene
    board = scene.board._replace(**{name: value for name, value in fields.items() if name in Board._fields})
    rest = {name: value for name, value in fields.items() if name in Scene._fields}
    return dataclasses.replace(percept, scene=scene._replace(board=board, **rest))


GOOD = tell_skills(walk("rooms", 6, seed=2, wander=20))
P = GOOD.transitions[3].percept
BAD = {
    "empty": (Episode(), "episode: at least one step"),
    "unknown action": (change(GOOD, 3, action=6), "step 3: unknown action 6"),
    "negative action": (change(GOOD, 3, action=-1), "step 3: unknown action -1"),
    "action is no number": (change(GOOD, 3, action="up"), "step 3: unknown action 'up'"),
    "no scene": (change(GOOD, 3, percept=dataclasses.replace(P, scene=None)), "percept 3: no scene"),
    "agent off the grid": (change(GOOD, 3, percept=off_grid(P, agent=(6, 0))), r"percept 3: the agent at \(6, 0\) is"),
    "agent left of the grid": (change(GOOD, 3, percept=off_grid(P, agent=(0, -1))), r"the agent at \(0, -1\) is off"),
    "thing off the grid": (change(GOOD, 3, percept=off_grid(P, items=(("key", "red", (0, 9)),))), "the key at"),
    "wall off the grid": (change(GOOD, 3, percept=off_grid(P, walls=frozenset({(9, 9)}))), "the wall at"),
    "other board": (change(GOOD, 3, percept=off_grid(P, rows=7)), r"percept 3: the board is \(7, 6\)"),
    "heading": (change(GOOD, 3, percept=off_grid(P, heading=4)), "percept 3: the heading"),
    "reward": (change(GOOD, 3, reward=float("nan")), "step 3: a finite reward"),
    "invocation": (change(GOOD, 3, invocation=99), "step 3: there is no invocation 99"),
    "invocation's end": (
        dataclasses.replace(GOOD, invocations=[dataclasses.replace(GOOD.invocations[0], stop=999)]), "invocation"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_episode_is_refused_by_name(name):
    episode, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        Replay(episode)


def test_a_last_percept_off_the_grid_is_refused_too():
    last = GOOD.transitions[-1].next_percept
    episode = change(GOOD, GOOD.steps - 1, next_percept=off_grid(last, agent=(-1, 0)))
    with pytest.raises(ValueError, match=f"percept {GOOD.steps}: the agent"):
        Replay(episode)


def test_what_is_no_episode_is_refused():
    with pytest.raises(TypeError, match="episode: an Episode is needed, got list"):
        Replay([])
    with pytest.raises(ValueError, match="episodes: at least one"):
        Replay()
    with pytest.raises(ValueError, match="labels: one for each of the 2"):
        Replay(GOOD, GOOD, labels=["one"])


# Without a browser


def make_widgets(agent: ProceduralMemoryAgent, episodes: list[Episode]) -> dict[str, object]:
    explorer = LearningExplorer("open", size=5, episodes=10)
    explorer.train(wait=True)
    return {
        "replay": Replay(episodes[-1]), "pair": Replay(episodes[0], episodes[-1], labels=["before", "after"]),
        "drive": Drive(GridWorld("rooms", size=6), agent), "browser": LibraryBrowser(agent.library, episodes),
        "empty browser": LibraryBrowser(SkillLibrary()), "explorer": explorer,
        "untrained": LearningExplorer(),
    }


def test_every_widget_leaves_a_picture_and_a_sentence_the_same_every_time(played):
    first, second = make_widgets(*played), make_widgets(*played)
    for name, widget in first.items():
        data, metadata = widget._repr_mimebundle_()
        again, _ = second[name]._repr_mimebundle_()
        assert data["image/png"].startswith(PNG), name
        assert data["image/png"] == again["image/png"], f"{name}: a picture differs from run to run"
        assert data["text/plain"] == again["text/plain"], f"{name}: a sentence differs from run to run"
        assert "Run this cell" in data["text/plain"], name
        assert "0x" not in data["text/plain"], f"{name}: an address"
        assert metadata["image/png"]["alt"] == data["text/plain"], name
        assert WIDGET in data, name
        assert len(data["image/png"]) < 60_000, name


def test_the_sentence_says_what_happened():
    episode = walk("rooms", 6, seed=2)
    assert f"{episode.steps} steps" in repr(Replay(episode))
    assert "the goal is reached" in repr(Replay(episode))
    assert "the goal is not reached" in repr(Replay(walk("rooms", 6, seed=2, limit=2)))


@given(seed=st.integers(0, 1000), wander=st.integers(0, 100))
@settings(max_examples=25, deadline=None)
def test_the_film_strip_shows_both_ends_and_every_new_fact(seed, wander):
    episode = walk("open", 5, seed, wander)
    frames = key_frames(episode)
    assert frames == sorted(set(frames))
    assert len(frames) == min(6, episode.steps + 1)
    assert {0, episode.steps} <= set(frames)
    facts = [percept.facts for percept in episode.percepts]
    assert {f for f in range(1, len(facts)) if facts[f] != facts[f - 1]} <= set(frames)


def test_what_is_saved_keeps_the_picture_and_drops_the_view():
    ours, other = {WIDGET: {"model_id": "1"}, "image/png": "...", "text/plain": "Run this."}, {WIDGET: {}}
    bundle = {"output_type": "execute_result", "data": dict(ours), "metadata": {}}
    cells = [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [
        bundle, {"output_type": "stream", "text": ""}, {"output_type": "display_data", "data": dict(other)}]}]
    for kind, left in (("file", 3), ("notebook", 2)):
        before_saving({"type": kind, "content": {"cells": cells}}, path="a.ipynb", contents_manager=None)
        assert len(bundle["data"]) == left
    assert cells[1]["outputs"][2]["data"] == other, "a widget without a picture has nothing else to show"
    before_saving({"type": "notebook", "content": None}, path="a.ipynb")


SENTENCES = ["short.", "a sentence of several words " * 12, "a long sentence of many words " * 40]


@pytest.mark.parametrize("sentence", SENTENCES, ids=len)
def test_a_caption_is_never_cut_off(sentence):
    """Dark pixels end above the lowest rows; the longer the caption, the higher the picture, by whole lines."""
    point = [["skill", "effect", "", 1, 2, 1]], np.zeros((1, 2))
    for picture in (film_strip([GOOD], [""], sentence), library_picture(*point, sentence)):
        grey = matplotlib.image.imread(io.BytesIO(picture))[..., :3].mean(axis=2)
        inked = np.flatnonzero((grey < 0.6).any(axis=1))
        assert 3 <= len(grey) - 1 - inked[-1] < 20, "ink near the lower edge is cut off; far above it, room is wasted"


def test_the_film_strip_is_one_row_an_episode():
    def height(*episodes):
        return struct.unpack(">I", Replay(*episodes)._repr_mimebundle_()[0]["image/png"][20:24])[0]

    assert height(GOOD, GOOD, GOOD) - height(GOOD, GOOD) == height(GOOD, GOOD) - height(GOOD) > 150


# The browser code


def test_a_script_holds_each_module_once_and_imports_nothing():
    for name in ("replay.js", "drive.js", "library.js"):
        text = script(name)
        assert "import " not in text, name
        assert text.count("export ") == 1, name
        assert text.count("function createScene(") == 1, name


def test_every_imported_name_is_exported_where_it_is_said_to_be():
    found = 0
    for path in STATIC.glob("*.js"):
        for names, module in re.findall(r'^import \{ (.*) \} from "\./(.*)";', path.read_text(), re.MULTILINE):
            exported = re.findall(r"^export (?:const|function) (\w+)", source(module), re.MULTILINE)
            assert set(names.split(", ")) <= set(exported), (path.name, module)
            assert all(len(re.findall(rf"\b{name}\b", path.read_text())) > 1 for name in names.split(", ")), path.name
            found += 1
    assert found > 5


def test_nothing_is_fetched_from_the_network():
    for path in STATIC.iterdir():
        addresses = [line for line in path.read_text().splitlines() if "//" in line and "http" in line]
        assert all("www.w3.org/2000/svg" in line for line in addresses), (path.name, addresses)
        assert "@import" not in path.read_text(), path.name
        assert "url(" not in path.read_text(), path.name


def test_every_class_that_the_code_names_has_a_style():
    css = styles(*(path.name for path in STATIC.glob("*.css")))
    for name in ("pm-grid", "pm-failure", "pm-exploring", *(f"pm-hue-{n}" for n in range(6))):
        assert f".{name}" in css, name
    assert "prefers-reduced-motion" in css
    assert 'data-jp-theme-light="false"' in css


def test_the_browser_draws_in_the_one_palette():
    css, code = styles("base.css"), script("replay.js")
    for name, colour in scenes.COLOURS.items():
        assert f"--pm-{name}: {colour};" in css
    for colour in (*scenes.DARK.values(), *scenes.SKILLS, *scenes.DARK_SKILLS):
        assert f": {colour};" in css
    assert json.dumps(scenes.KINDS) in code
    drawn = {colour for name, colour in scenes.COLOURS.items() if name != "line"}
    for path in [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *STATIC.parent.glob("*.py")]:
        assert not drawn & set(re.findall(r"#[0-9a-f]{6}", path.read_text())), f"{path.name} repeats the palette"


def luminance(colour: str) -> float:
    """Relative luminance, as the Web Content Accessibility Guidelines define it."""
    parts = np.array([int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)])
    return float([0.2126, 0.7152, 0.0722] @ np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("colours", "skills", "page"), [
    (scenes.COLOURS, scenes.SKILLS, "#ffffff"), (scenes.DARK, scenes.DARK_SKILLS, "#212121")], ids=["light", "dark"])
def test_whatever_is_drawn_stands_out_from_what_it_is_drawn_on(colours, skills, page):
    drawn = {name: colour for name, colour in colours.items() if name not in ("floor", "line")}
    assert set(colours) == set(scenes.COLOURS)
    for name, colour in [*drawn.items(), *enumerate(skills)]:
        assert contrast(colour, colours["floor"]) >= 3, f"{name} on the floor"
        assert contrast(colour, page) >= 3, f"{name} on the page"
    for name in ("red", "green"):
        assert contrast(colours[name], page) >= 4.5, f"{name}, in which words are written"


def test_words_and_lines_of_stored_pictures_stand_out_from_their_paper(played, monkeypatch):
    """No ink can be read on a light page and on JupyterLab's dark one: a picture has paper of its own."""
    figures, guesses = [], [Guess("How many?", answer=2, span=(0, 7)), Guess("?", answer=[1, 2])]

    def kept(figure):
        figures.append(figure)
        return as_png(figure)

    for module in ("filmstrip", "curve", "guess"):
        monkeypatch.setattr(f"procmem_lite.replay.{module}.as_png", kept)
    for widget in [*make_widgets(*played).values(), *guesses]:
        widget._repr_mimebundle_()
    assert len(figures) == 9
    for figure in figures:
        paper = to_hex(figure.get_facecolor())
        words = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert all(contrast(to_hex(text.get_color()), paper) >= 4.5 for text in words)
        lines = [line for axis in figure.axes for line in axis.lines if line.get_alpha() is None]
        assert all(contrast(to_hex(line.get_color()), paper) >= 3 for line in lines)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine to check the syntax with")
@pytest.mark.parametrize("name", ["replay.js", "drive.js", "library.js", "curve.js"])
def test_a_script_is_valid_javascript(name, tmp_path):
    (tmp_path / "widget.mjs").write_text(script(name))
    subprocess.run(["node", "--check", tmp_path / "widget.mjs"], check=True)


# Drive


def play_well(drive: Drive) -> None:
    """Play the shortest way by the messages that the browser sends."""
    from episodes_by_hand import shortest_action

    while not drive.over:
        drive._listen(drive, {"act": shortest_action(drive.env)}, [])


def test_driving_leaves_an_episode_like_any_other():
    drive = Drive(GridWorld("rooms", size=6), seed=5)
    play_well(drive)
    known = walk("rooms", 6, seed=5)
    assert drive.episode.success
    assert [t.action for t in drive.episode.transitions] == [t.action for t in known.transitions]
    assert drive.episode.percepts == known.percepts
    assert drive.episode.optimality == 1.0
    assert Replay(drive.episode).episodes == (drive.episode,)


def test_what_counts_as_success_is_for_the_agent_to_say():
    """A step that picks the key up is a success to this one, and the goal is none."""
    agent = ProceduralMemoryAgent(6, perceive, seed=0, succeeded=lambda step: step.action == ACTIONS.index("pick_up"))
    drive = Drive(GridWorld("rooms", size=6), agent, seed=5)
    play_well(drive)
    told = [step.action for step in drive.episode.transitions if "success" in step.next_percept.facts]
    assert told == [ACTIONS.index("pick_up")]
    assert not drive.episode.success


def test_teaching_makes_the_library_grow():
    agent = ProceduralMemoryAgent(6, perceive, seed=0)
    drive = Drive(GridWorld("rooms", size=6), agent, seed=5)
    assert drive.library_size == 0
    play_well(drive)
    drive._listen(drive, {"teach": True}, [])
    assert drive.library_size == len(agent.library) > 3
    assert f"grew from 0 to {len(agent.library)} skills" in drive._note
    drive._listen(drive, {"teach": True}, [])
    assert "grew from 0" in drive._note, "the same episode is not taught twice by a second click"
    assert drive.teach() == 0
    assert "knew all of this" in drive._note


def test_starting_over_gives_the_same_layout_and_the_next_layout_another():
    drive = Drive(GridWorld("open", size=8), seed=3)
    layout = drive.env.unwrapped.layout
    drive.act(1)
    drive._listen(drive, {"restart": 0}, [])
    assert drive.env.unwrapped.layout == layout
    assert drive.episode.steps == 0
    drive._listen(drive, {"restart": 1}, [])
    assert drive.env.unwrapped.layout != layout


def test_keys_pressed_after_the_end_do_nothing():
    drive = Drive(GridWorld("rooms", size=6, max_steps=2))
    for _ in range(4):
        drive._listen(drive, {"act": 0}, [])
    assert drive.over
    assert drive.episode.steps == 2
    with pytest.raises(ValueError, match="over"):
        drive.act(0)


def test_drive_plays_any_environment_with_a_percept():
    agent = ProceduralMemoryAgent(7, minigrid.perceive, seed=0)
    drive = Drive(gym.make("MiniGrid-DoorKey-6x6-v0"), agent)
    assert [name for name, _ in drive._buttons] == list(minigrid.ACTIONS)
    assert dict(drive._buttons)["forward"] == "ArrowUp"
    drive.act(0)
    assert drive.episode.percepts[0].scene.heading != drive.episode.percepts[1].scene.heading


@pytest.mark.parametrize("layout", ["fixed", "open", "rooms", "walls"])
def test_no_two_actions_share_a_key(layout):
    keys = [key for _, key in Drive(GridWorld(layout))._buttons]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {"r", "n"}, "these start over and go on"


def test_drive_refuses_what_it_cannot_play():
    with pytest.raises(TypeError, match="env: a Gymnasium environment"):
        Drive("env")
    with pytest.raises(ValueError, match="env: a discrete action space"):
        Drive(gym.make("Pendulum-v1"))
    with pytest.raises(TypeError, match="agent: "):
        Drive(GridWorld(), "agent")
    with pytest.raises(ValueError, match="no scene"):
        Drive(GridWorld(), perceive=lambda env: Percept(frozenset()))
    drive = Drive(GridWorld())
    with pytest.raises(ValueError, match="unknown action 9"):
        drive.act(9)
    with pytest.raises(ValueError, match="agent: there is none"):
        drive.teach()
    with pytest.raises(ValueError, match="nothing was played"):
        Drive(GridWorld(), ProceduralMemoryAgent(6, perceive, seed=0)).teach()


# The library browser


def test_the_browser_lists_every_skill_with_its_record(replayed):
    agent, episodes = replayed
    browser = LibraryBrowser(agent.library, episodes)
    assert len(browser._skills) == len(browser._map) == len(agent.library)
    for row, skill in zip(browser._skills, agent.library):
        assert (row[0], row[3], row[4], row[5]) == (skill.name, len(skill.actions), skill.uses, skill.successes)
    assert sum(skill.uses for skill in agent.library) > 20
    assert "gone to" not in repr(browser), "it went to no site"


def test_sites_that_were_gone_to_are_listed_with_their_uses(played):
    agent, episodes = played
    browser = LibraryBrowser(agent.library, episodes)
    stored, gone = len(agent.library), browser.skills[len(agent.library):]
    assert [type(skill) for skill in gone] == [GoTo] * len(agent.library.shelves)
    assert len(browser._skills) == stored + len(gone)
    assert len(browser._map) == stored, "without a context there is no place on the map"
    for goto, row in zip(gone, browser._skills[stored:]):
        tally = agent.library.ledger.totals[goto.operator.claim]
        assert (row[0], row[EFFECT], *row[4:]) == (
            goto.name, " + ".join(goto.operator.effect), tally.uses, tally.successes)
        assert row[3] == pytest.approx(tally.steps / tally.uses, abs=0.05)
    uses = sum(len(episode.invocations) for episode in episodes)
    assert sum(row[4] for row in browser._skills) == uses, "every use is in one row"
    assert isinstance(browser.skills[browser.selected], GoTo), "the row used most is shown first"
    assert f"used most: {browser.skills[browser.selected].name}, " in repr(browser)
    assert "0 of them replayed; 3 sites gone to" in repr(browser)


@pytest.mark.parametrize("who", ["played", "replayed"])
def test_choosing_a_skill_shows_its_uses_and_their_replays(who, request):
    agent, episodes = request.getfixturevalue(who)
    browser = LibraryBrowser(agent.library, episodes)
    used = [row for row, line in enumerate(browser._skills) if line[4]]
    assert used
    for row in used:
        browser.selected = row
        assert browser._detail["selected"] == row
        assert browser._detail["stored"] == isinstance(browser.skills[row], Skill)
        assert len(browser._detail["actions"]) == len(getattr(browser.skills[row], "actions", ()))
        assert browser._detail["used"] == browser._skills[row][4]
        for use in browser._detail["uses"]:
            if use["record"]:
                assert len(use["record"]["action"]) == use["stop"] - use["start"]
                assert use["record"]["skills"] == [browser.skills[row].name]


def test_a_use_is_found_again_though_preconditions_were_learned_since(played):
    """The ledger counts by claim: two operators that differ in preconditions alone have one record."""
    agent, _ = played
    goto = GoTo(next(iter(agent.library.shelves)))
    later = GoTo(dataclasses.replace(goto.operator, preconditions=frozenset({"more"})))
    assert goto != later
    assert identity(goto) == identity(later)


def test_a_path_from_the_anchor_ends_where_the_effect_happens(played):
    agent, _ = played
    model = agent.model
    ends = {}
    for skill in agent.library:
        path = path_from_anchor(skill, model)
        assert len(path) == len(skill.actions) + 1
        assert path[0] == [-x for x in skill.context], "it starts at the context, seen from the anchor"
        ends.setdefault(skill.operator, set()).add(tuple(path[-1]))
    assert all(len(places) == 1 for places in ends.values()), "all skills of a shelf end at one place"


def test_an_embedding_map_keeps_the_distances_of_flat_data():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(50, 2)) @ np.linalg.qr(rng.normal(size=(32, 2)))[0].T
    points, shares = principal_plane(plane)
    far = np.linalg.norm(plane[:, None] - plane[None], axis=2)
    seen = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.testing.assert_allclose(seen / seen.max(), far / far.max(), atol=1e-6)
    assert shares.sum() == pytest.approx(1)
    assert np.abs(points).max() == pytest.approx(1)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_small_libraries_have_a_map_too(count):
    points, _ = principal_plane(np.eye(4, dtype=np.float32)[:count])
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_the_browser_refuses_what_it_cannot_show(played):
    agent, episodes = played
    with pytest.raises(TypeError, match="library: a SkillLibrary"):
        LibraryBrowser([])
    with pytest.raises(ValueError, match=r"episodes\[1\]: at least one step"):
        LibraryBrowser(agent.library, [episodes[0], Episode()])
    browser = LibraryBrowser(agent.library)
    with pytest.raises(ValueError, match="selected: "):
        browser.selected = len(browser.skills)


# The learning explorer


def test_training_by_the_controls_is_what_they_say():
    explorer = LearningExplorer("open", size=5, episodes=10)
    explorer.controls["rule"].value = "whole"
    explorer.controls["size"].value = 6
    explorer.controls["threshold"].value = 0.2
    explorer.train(wait=True)
    assert (explorer.agent.settings.rule, explorer.agent.settings.threshold) == ("whole", 0.2)
    assert len(explorer.training_log) == 10
    assert explorer.progress.value == explorer.progress.max == 10
    assert explorer.training_log.episodes[0].percepts[0].scene.board.rows == 6
    assert explorer.stage.children[0].episodes[1] is explorer.training_log.episodes[-1]


@pytest.mark.parametrize(("closed_loop", "policy", "unused"), [
    (True, GoTo, "0 times it replayed a sequence"), (False, Skill, "0 times it went to a site")])
def test_the_policy_that_is_chosen_is_the_one_that_acts(closed_loop, policy, unused):
    explorer = LearningExplorer("open", size=5, episodes=10)
    explorer.controls["closed_loop"].value = closed_loop
    explorer.train(wait=True)
    used = [invocation.skill for episode in explorer.training_log.episodes for invocation in episode.invocations]
    assert {type(skill) for skill in used} == {policy}
    assert unused in explorer.status.value
    assert f"{len(used)} times it" in explorer.status.value


def test_the_same_settings_learn_the_same():
    first, second = (LearningExplorer("walls", size=6, episodes=20) for _ in range(2))
    first.train(wait=True)
    second.train(wait=True)
    assert first.training_log.steps.tolist() == second.training_log.steps.tolist()


def test_a_cancelled_run_ends_early_and_shows_what_it_has():
    explorer = LearningExplorer("walls", size=12, episodes=300)
    explorer.progress.observe(lambda change: change.new == 3 and explorer.cancel(), "value")
    explorer.train(wait=True)
    assert len(explorer.training_log) == 3
    assert explorer.training_log.interrupted
    assert "then cancelled" in explorer.status.value
    assert not explorer.start_button.disabled
    explorer.train(wait=True)
    assert len(explorer.training_log) == 3, "a cancelled run can be followed by another"


def test_a_failing_run_says_so_and_can_be_repeated(monkeypatch):
    explorer = LearningExplorer("open", size=5, episodes=10)
    with monkeypatch.context() as patch:
        patch.setattr(ProceduralMemoryAgent, "run_episode", lambda *_, **__: 1 / 0)
        explorer.train(wait=True)
    assert "ZeroDivisionError" in explorer.status.value
    explorer.train(wait=True)
    assert len(explorer.training_log) == 10


@pytest.mark.parametrize("given", [{"layout": "maze"}, {"size": 3}, {"episodes": 0}])
def test_the_explorer_refuses_what_its_sliders_do_not_offer(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        LearningExplorer(**given)


def test_the_names_of_the_actions_are_sent():
    assert episode_record(walk())["actions"] == list(ACTIONS)
    unnamed = dataclasses.replace(walk(), actions=None)
    assert episode_record(unnamed)["actions"] is None
    assert isinstance(unnamed.transitions[0], Transition)
