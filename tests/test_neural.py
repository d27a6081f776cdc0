"""Chapter 13: networks learn an agent's own skills, act as policies, come out the same twice, and are kept safely."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from procmem_lite import neural
from procmem_lite.library import SkillLibrary
from procmem_lite.neural import LOOKS, Net, Nets, NeuralAgent, changes_in, first_weights, lessons_from
from procmem_lite.percepts import SUCCESS
from procmem_lite.worlds import minigrid
from procmem_lite.worlds.sight import perceive_sight

ROOT = Path(__file__).resolve().parents[1]
KEY = (frozenset({"carrying key"}), frozenset({"carrying nothing"}))


def world(size: int = 6) -> gym.Env:
    return minigrid.without_view(gym.make(f"MiniGrid-DoorKey-{size}x{size}-v0"))


@pytest.fixture(scope="module")
def played() -> tuple[NeuralAgent, list]:
    """An agent that has played a little, and what it played."""
    agent, env = NeuralAgent(7, perceive_sight, 0), world()
    return agent, [agent.run_episode(env, seed=seed) for seed in range(25)]


@pytest.fixture(scope="module")
def nets(played) -> Nets:
    """Networks learned from that."""
    pytest.importorskip("optax", reason="python3 run.py add neural")
    return neural.learned(played[1], 7, updates=120)


def test_a_sight_is_the_view_that_minigrid_gives_its_agents():
    env = world()
    env.reset(seed=3)
    view = np.frombuffer(perceive_sight(env).view, np.uint8).reshape(7, 7)
    image = type(env.unwrapped).gen_obs(env.unwrapped)["image"]
    assert (view // 3 == image[..., 0]).all()
    assert (view % 3 == image[..., 2]).all()
    assert view.max() < neural.CODES
    forward, right = perceive_sight(env).objects.get("key", (None, None))
    if forward is not None and (forward, right) in {(f, r) for f in range(7) for r in range(-3, 4)}:
        assert view[right + 3, 6 - forward] // 3 == 5


def test_lessons_lead_to_what_did_not_hold_at_the_beginning(played):
    changes = changes_in(played[1])
    assert KEY in changes
    assert (KEY[1], KEY[0]) not in changes, "to put the key down leads back to the beginning"
    lessons = lessons_from(played[1], changes)
    assert len(lessons.views) == len(lessons.actions) == len(lessons.changes) > len(lessons.ends) == len(lessons.ended)
    assert len(lessons.actions) <= sum(episode.steps for episode in played[1])
    end = lessons.ends[lessons.ended == changes.index(KEY)]
    assert (end[:, 27] // 3 == 5).all(), "whoever has just taken the key carries it"


def test_attention_finds_where_a_thing_is():
    weights = first_weights(np.random.default_rng(0), 1, 7)
    weights["look"][:], weights["look"][15, 0] = 0, 50
    weights["trunk"][:], weights["shift"][:] = 0, 0
    weights["trunk"][0, 0] = weights["trunk"][1, 1] = 3
    views = np.full((1, 49), 3, np.uint8)
    views[0, 5 * 7 + 2] = 15  # two to the right, four ahead
    hidden = neural.features(weights, views)[0]
    assert hidden[:2] == pytest.approx([4, 2], abs=1e-3)
    assert weights["look"].shape[1] == LOOKS


def test_training_is_the_same_in_two_processes_bit_for_bit(tmp_path):
    pytest.importorskip("optax", reason="python3 run.py add neural")
    code = """
import sys, numpy as np
from procmem_lite import neural
rng = np.random.default_rng(1)
views, acts, kinds = rng.integers(33, size=(60, 49)).astype("uint8"), rng.integers(7, size=60), rng.integers(2, size=60)
nets = neural.Nets([(frozenset("a"), frozenset()), (frozenset("b"), frozenset())], 7, neural.fit(
    neural.Lessons(views, acts, kinds, views[:9], kinds[:9]), 2, 7, seed=5, updates=8))
nets.save(sys.argv[1])
"""
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for number, file in enumerate(files):
        subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, check=True,
                       env={**os.environ, "PYTHONHASHSEED": str(number)})
    assert files[0].read_bytes() == files[1].read_bytes()


def test_networks_do_as_the_agent_did(played, nets):
    lessons = lessons_from(played[1], nets.changes)
    policy, start, _ = neural.heads(nets.weights, neural.features(nets.weights, lessons.views))
    rows = np.arange(len(lessons.actions))
    assert (policy[rows, lessons.changes].argmax(1) == lessons.actions).mean() > 0.85
    assert (start.argmax(1) == lessons.changes).mean() > 0.9


def test_numpy_and_jax_agree(nets):
    import jax.numpy as jnp
    views = np.random.default_rng(0).integers(33, size=(5, 49)).astype(np.uint8)
    ours = neural.heads(nets.weights, neural.features(nets.weights, views))
    theirs = neural.heads(nets.weights, neural.features(nets.weights, jnp.asarray(views), jnp), jnp)
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, np.asarray(other), rtol=1e-3, atol=1e-3)


def test_a_network_is_a_policy_that_plans_use_and_the_ledger_records(played, nets):
    agent = played[0]
    agent.nets = nets
    try:
        before = len(agent.library.ledger)
        episodes = [agent.run_episode(world(), seed=1_000_000 + seed) for seed in range(4)]
    finally:
        agent.nets = None
    uses = [use for episode in episodes for use in episode.invocations]
    assert any(isinstance(use.skill, Net) and use.succeeded for use in uses)
    assert all(episode.success for episode in episodes)
    assert len(agent.library.ledger) == before + len(uses)


def test_a_network_ends_by_itself_and_starts_only_where_its_operator_applies(played, nets):
    shelf = next(shelf for shelf in played[0].library.shelves.values() if (shelf.effect, shelf.removes) == KEY)
    net = Net(shelf.operator, nets, np.random.default_rng(0))
    percepts = played[1][-1].percepts
    assert 0 < net.can_start(percepts[0], None) <= 1
    held = next(percept for percept in percepts if KEY[0] <= percept.facts)
    assert net.can_start(held, None) == 0
    using = net.start(percepts[0], None)
    taken = [using.act(percepts[0]) for _ in range(neural.LONGEST + 1)]
    assert taken[-1] is None
    assert using.reason in ("no progress", "no effect")
    assert len(set(taken) - {None}) > 1, "what leads nowhere is not done for ever"


def test_networks_are_kept_whole_and_without_the_extra(nets, tmp_path):
    nets.save(tmp_path / "nets.json")
    code = """
import sys
sys.modules["jax"] = sys.modules["optax"] = None
from procmem_lite import neural
nets = neural.Nets.load(sys.argv[1])
print(nets.starts(bytes([3] * 49)).tobytes().hex())
try:
    neural.extra()
except neural.MissingExtra as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path / "nets.json")], cwd=ROOT, text=True, check=True,
                         capture_output=True)
    scores, missing = ran.stdout.splitlines()
    assert scores == nets.starts(bytes([3] * 49)).tobytes().hex()
    assert "python3 run.py add neural" in missing


def hostile(name: str, data: dict) -> dict:
    """A file's content, with one thing wrong."""
    weights = data["weights"]
    nan = base64.b64encode(np.full(99, np.nan, "<f4").tobytes()).decode()
    shift = base64.b64encode(np.full(64, np.inf, "<f4").tobytes()).decode()
    return {"format": {**data, "format": "pickle"}, "more": {**data, "code": "import os"},
            "actions": {**data, "actions": True}, "many": {**data, "actions": 10**9},
            "changes": {**data, "changes": [["a", "b"]]}, "none": {**data, "changes": []},
            "lacking": {**data, "weights": {key: weights[key] for key in weights if key != "look"}},
            "short": {**data, "weights": {**weights, "look": nan}},
            "text": {**data, "weights": {**weights, "look": "not base 64!"}},
            "number": {**data, "weights": {**weights, "look": 3}},
            "infinite": {**data, "weights": {**weights, "shift": shift}}}[name]


@pytest.mark.parametrize("name", ["format", "more", "actions", "many", "changes", "none", "lacking", "short", "text",
                                  "number", "infinite"])
def test_a_damaged_or_hostile_file_is_refused(name: str, tmp_path: Path):
    file = tmp_path / "nets.json"
    Nets([KEY], 7, first_weights(np.random.default_rng(0), 1, 7)).save(file)
    file.write_text(json.dumps(hostile(name, json.loads(file.read_text()))))
    with pytest.raises(ValueError, match="needed"):
        Nets.load(file)


def test_a_skill_library_is_no_networks_and_success_is_never_told(tmp_path: Path):
    SkillLibrary().save(tmp_path / "skills.json")
    with pytest.raises(ValueError, match="needed"):
        Nets.load(tmp_path / "skills.json")
    env = world()
    env.reset(seed=0)
    assert SUCCESS not in perceive_sight(env).facts
