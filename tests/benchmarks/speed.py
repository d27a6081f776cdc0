"""How fast it is, as ratios measured side by side: each pair runs in turns, so that a busy machine slows down both."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import gymnasium as gym
import nbformat
import numpy as np
from nbclient import NotebookClient
from traitlets.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from procmem_lite import GridWorld, Percept, ProceduralMemoryAgent, Skill, SkillLibrary, train
from procmem_lite.agent import Run
from procmem_lite.episodes import Play
from procmem_lite.lab.original import ACTIONS, OriginalLibrary, OriginalSkill, OriginalWorld
from procmem_lite.library import embedded
from procmem_lite.worlds import minigrid, office
from procmem_lite.worlds.gridworld import encode, transition_table

Row = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
PINNED = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # for every side
WORLDS, CAP, WIDTH = 4096, 250, 32
CHAPTER = 60.0  # seconds a chapter may take
ENCRYPTED = Config({"KernelManager": {"transport_encryption": "auto"}})  # or a kernel warns that it is not


def side_by_side(*timed: Callable[[], float], rounds: int) -> np.ndarray:
    """CPU seconds per unit of work of each, shape ``(rounds, timed)``, taken in turns; the first round is left out."""
    return np.array([[each() for each in timed] for _ in range(rounds + 1)])[1:]


def ratio_row(test: str, ours: np.ndarray, theirs: np.ndarray, bar: float | None = None,
              slower: bool = False) -> Row:
    """How many times faster ``ours`` is, at least ``bar``; or how many times ``slower``, at most ``bar``."""
    each = ours / theirs if slower else theirs / ours
    value = float(np.median(each))
    low, high = np.quantile(each, [0.25, 0.75])
    return {"test": test, "measured": round(value, 3),
            "bar": "" if bar is None else f"{'<=' if slower else '>='} {bar:g} x",
            "holds": bar is None or (value <= bar if slower else value >= bar),
            "spread": f"quartiles {low:.3g} .. {high:.3g}; {np.median(ours) * 1e6:.3g} us against "
                      f"{np.median(theirs) * 1e6:.3g} us"}


def original_steps(count: int, rng: np.random.Generator) -> Callable[[], float]:
    """The published world's own bare step under random actions, drawn beforehand."""
    world = OriginalWorld()
    actions = [ACTIONS[i] for i in rng.integers(6, size=count)]

    def timed() -> float:
        world.reset()
        step, reset = world.step, world.reset
        started = time.process_time()
        for action in actions:
            _, _, done = step(action)
            if done:
                reset()
        return (time.process_time() - started) / count

    return timed


def gymnasium_steps(env: gym.Env, count: int, rng: np.random.Generator) -> Callable[[], float]:
    """An environment's five-tuple step under random actions, drawn beforehand; resets included."""
    actions = rng.integers(env.action_space.n, size=count).tolist()

    def timed() -> float:
        env.reset(seed=0)
        step, reset = env.step, env.reset
        started = time.process_time()
        for action in actions:
            _, _, terminated, truncated, _ = step(action)
            if terminated or truncated:
                reset()
        return (time.process_time() - started) / count

    return timed


def fresh_resets(env: gym.Env, count: int) -> Callable[[], float]:
    """Resets on seeds never used before."""
    seeds = itertools.count(1_000_000)

    def timed() -> float:
        started = time.process_time()
        for seed in itertools.islice(seeds, count):
            env.reset(seed=seed)
        return (time.process_time() - started) / count

    return timed


def table_steps(rounds: int, rng: np.random.Generator) -> Callable[[], float]:
    """4,096 worlds at once on the transition table: actions drawn in the loop, step limit and restarts included."""
    env = GridWorld("fixed", 5)
    env.reset(seed=0)
    table, start = transition_table(env.layout), encode(5, env.layout.start, False, False)

    def timed() -> float:
        states, age = np.full(WORLDS, start), np.zeros(WORLDS, dtype=int)
        started = time.process_time()
        for _ in range(rounds):
            states, _, ended = table.step(states, rng.integers(6, size=WORLDS, dtype=np.uint8))
            age += 1
            over = np.flatnonzero(ended | (age >= CAP))
            states[over], age[over] = start, 0
        return (time.process_time() - started) / (rounds * WORLDS)

    return timed


OPEN = tuple(((), f"has_{anchor}", anchor) for anchor in ("key", "map", "lamp", "rope"))  # applicable
CLOSED = (  # filtered out: a precondition is missing, the effect is there already, the anchor is out of sight
    (("has_key",), "door_open", "door"), ((), "fed", "food"), ((), "has_gem", "gem"), (("tired",), "asleep", "bed"),
)


def library_of(count: int, shelves: int, rng: np.random.Generator) -> SkillLibrary:
    """Real skills, each with its own context: displacements in quarters of a cell, up to 60 cells along each axis.

    ``count`` of them are applicable, on so many ``shelves``; half as many again are not, on four more.
    """
    library = SkillLibrary()
    for kinds, total in ((OPEN[:shelves], count), (CLOSED, count // 2)):
        for preconditions, effect, anchor in kinds:
            for cell in rng.choice(480 * 480, size=total // len(kinds), replace=False).tolist():
                context = tuple(part / 4 - 60 for part in divmod(cell, 480))
                actions = tuple(rng.integers(6, size=5).tolist())
                library.add(Skill(actions, frozenset(preconditions), frozenset({effect}), anchor=anchor,
                                  context=context))
    for skill in list(library)[::7]:
        library.record(skill, bool(rng.random() < 0.7), 5)
    return library


def queries(count: int, rng: np.random.Generator) -> list[Percept]:
    """Situations: where the things in sight are."""
    names = [anchor for _, _, anchor in OPEN + CLOSED if anchor != "gem"]
    places = rng.uniform(-50, 50, size=(count, len(names), 2)).tolist()
    return [Percept(frozenset({"fed"}), dict(zip(names, map(tuple, each), strict=True))) for each in places]


def retrievals(library: SkillLibrary, asked: list[Percept]) -> Callable[[], float]:
    """One query at a time, none of them asked before: embedding, filter, product, top 5."""
    def timed() -> float:
        embedded.cache_clear()
        started = time.process_time()
        for percept in asked:
            library.retrieve(percept, k=5)
        return (time.process_time() - started) / len(asked)

    return timed


def original_retrievals(count: int, asked: int, rng: np.random.Generator) -> Callable[[], float]:
    """The published loop over as many skills, all of them applicable, with embeddings of the same width."""
    library = OriginalLibrary()
    flags = {"has_key": False, "door_open": False}
    vectors = rng.standard_normal((count, WIDTH))
    library.skills = [OriginalSkill("skill", flags, ["move_up"] * 5, vector / np.linalg.norm(vector))
                      for vector in vectors]
    state, query = OriginalWorld().state(), vectors[0]

    def timed() -> float:
        started = time.process_time()
        for _ in range(asked):
            library.retrieve_skills(state, query, 5)
        return (time.process_time() - started) / asked

    return timed


def faiss_searches(count: int, asked: int, rng: np.random.Generator) -> Callable[[], float]:
    """FAISS's flat inner-product search alone, top 5, one query at a time, over as many vectors."""
    faiss.omp_set_num_threads(1)
    vectors = rng.standard_normal((count + asked, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(WIDTH)
    index.add(vectors[:count])
    asks = [vectors[count + i:count + i + 1] for i in range(asked)]

    def timed() -> float:
        started = time.process_time()
        for query in asks:
            index.search(query, 5)
        return (time.process_time() - started) / asked

    return timed


def stepping(rounds: int, rng: np.random.Generator) -> list[Row]:
    """Steps of one environment and of many."""
    ours, published, doorkey, table = side_by_side(
        gymnasium_steps(GridWorld("fixed", 5), 20_000, rng), original_steps(20_000, rng),
        gymnasium_steps(gym.make("MiniGrid-DoorKey-5x5-v0").unwrapped, 300, rng), table_steps(20, rng), rounds=rounds).T
    rooms, keyed = GridWorld("rooms", 6), gym.make("MiniGrid-DoorKey-6x6-v0").unwrapped
    drawing, theirs, playing, random = side_by_side(
        fresh_resets(rooms, 200), fresh_resets(keyed, 60),
        gymnasium_steps(rooms, 10_000, rng), gymnasium_steps(keyed, 600, rng), rounds=rounds).T
    return [
        ratio_row("reset on fresh seeds, rooms 6x6, times MiniGrid DoorKey-6x6's", drawing, theirs, 0.5, slower=True),
        ratio_row("random play with resets, rooms 6x6, against DoorKey-6x6", playing, random, 120),
        ratio_row("GridWorld.step against the original's bare step", ours, published, 1.5),
        ratio_row("GridWorld.step against MiniGrid DoorKey's", ours, doorkey, 150),
        ratio_row(f"transition table, {WORLDS:,} worlds, against the original's step", table, published, 60),
    ]


class Timed(gym.Wrapper):
    """Adds up the CPU seconds that the environment takes, and its steps."""

    stepping = resetting = steps = 0.0

    def step(self, action: int) -> tuple:
        """One step."""
        started = time.process_time()
        result = self.env.step(action)
        self.stepping += time.process_time() - started
        self.steps += 1
        return result

    def reset(self, **options: Any) -> tuple:
        """A new episode."""
        started = time.process_time()
        result = self.env.reset(**options)
        self.resetting += time.process_time() - started
        return result


def agent_step(rounds: int) -> list[Row]:
    """A step of the trained agent (perceive, retrieve, act, learn) against MiniGrid's own, in the same episodes."""
    rows = []
    for size in ("6x6", "8x8", "16x16"):
        env, agent = gym.make(f"MiniGrid-DoorKey-{size}-v0"), ProceduralMemoryAgent(7, minigrid.perceive, seed=0)
        train(agent, env, 40, progress=False)
        seconds = []
        for turn in range(rounds):
            timed, started = Timed(env), time.process_time()
            for seed in range(1000 + 50 * turn, 1050 + 50 * turn):
                agent.run_episode(timed, seed)
            took = time.process_time() - started - timed.stepping - timed.resetting
            seconds.append((took / timed.steps, timed.stepping / timed.steps))
        ours, theirs = np.array(seconds).T
        test = f"agent step on DoorKey-{size}, times MiniGrid's own step"
        rows.append(ratio_row(test, ours, theirs, 1.0, slower=True))
    return rows


def retrieving(rounds: int, rng: np.random.Generator) -> list[Row]:
    """Retrieval among few and among many: all that both sides search through is applicable."""
    few, many, asked = 1_000, 100_000, queries(200, rng)
    one, four, published = side_by_side(
        retrievals(library_of(few, 1, rng), asked), retrievals(library_of(few, 4, rng), asked),
        original_retrievals(few, 3, rng), rounds=rounds).T
    rows = [ratio_row("retrieve, 1,000 skills on a shelf, against the original's loop", one, published, 100),
            ratio_row("  the same on four shelves (told for comparison)", four, published)]
    one, four, flat = side_by_side(
        retrievals(library_of(many, 1, rng), asked[:20]), retrievals(library_of(many, 4, rng), asked[:20]),
        faiss_searches(many, 20, rng), rounds=rounds).T
    return [*rows,
            ratio_row("retrieve, 100,000 skills on a shelf, times FAISS's flat search", one, flat, 1.1, slower=True),
            ratio_row("  the same on four shelves (told for comparison)", four, flat, slower=True)]


class Switchboard(gym.Wrapper):
    """The same world with switches that do nothing: an action and a fact each."""

    def __init__(self, env: gym.Env, count: int) -> None:
        super().__init__(env)
        self.first = int(env.action_space.n)
        self.action_space = gym.spaces.Discrete(self.first + count)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple:
        """All switches are off."""
        self.on: set[int] = set()
        return self.env.reset(seed=seed, options=options)

    def step(self, action: int) -> tuple:
        """A switch is turned, while the world is told to press its idle button."""
        if action < self.first:
            return self.env.step(action)
        self.on ^= {action - self.first}
        return self.env.step(5)


def among_switches(env: gym.Env) -> Percept:
    """The office's facts, and which switches are on."""
    return Percept(office.perceive(env).facts | {f"switch {number} on" for number in env.on})


def switches(count: int, seeds: int, median: float, worst: float) -> list[Row]:
    """How long a trained agent thinks at each decision, and how well it does, among switches that do nothing."""
    spent, ratios = [], []
    for seed in range(seeds):
        env = Switchboard(office.Office(), count)
        agent = ProceduralMemoryAgent(env.action_space.n, among_switches, seed)
        train(agent, env, 20, progress=False, seed=100 * seed)
        run = Run(agent)
        for number in range(5):
            play = Play(env, among_switches, seed=100 * seed + 50 + number)
            run.begin(play, False)
            while not play.over:
                decides, started = run.using is None and run.burst == 0, time.process_time()
                choice = run.act(play)
                if decides:
                    spent.append(1e3 * (time.process_time() - started))
                run.observe(play.step(*choice))
            ratios.append(play.episode.steps / 4)
    rows = []
    for what, value, bar in ((f"{count} idle switches: ms a decision, median", np.median(spent), median),
                             (f"{count} idle switches: ms a decision, worst", max(spent), worst),
                             (f"{count} idle switches: steps / shortest after 20 episodes", np.mean(ratios), 1.5)):
        rows.append({"test": what, "measured": round(float(value), 3), "bar": f"<= {bar:g}",
                     "holds": bool(value <= bar), "spread": f"{len(spent)} decisions, {seeds} agents"})
    return rows


def in_vain(count: int, seeds: int) -> list[Row]:
    """How long a newcomer's steps take among switches that do nothing, in an office from which nothing is ever sent."""
    spent = []
    for seed in range(seeds):
        env = Switchboard(office.Office(), count)
        agent = ProceduralMemoryAgent(env.action_space.n, among_switches, seed, succeeded=lambda step: False)
        started = time.process_time()
        log = train(agent, env, 5, progress=False, seed=100 * seed)
        spent.append(1e3 * (time.process_time() - started) / log.frames[-1])
    return [{"test": f"{count} idle switches, no success: ms a step, mean", "measured": round(float(np.mean(spent)), 3),
             "bar": "<= 1", "holds": bool(np.mean(spent) <= 1), "spread": f"{min(spent):.2f} to {max(spent):.2f}"}]


def chapters() -> list[Row]:
    """How long each chapter runs, where there are chapters."""
    rows = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        client = NotebookClient(nbformat.read(path, as_version=4), config=ENCRYPTED, timeout=600, allow_errors=True,
                                resources={"metadata": {"path": str(path.parent)}})
        started = time.perf_counter()
        cells = client.execute().cells
        took = time.perf_counter() - started
        errors = [output.ename for cell in cells for output in cell.get("outputs", ())
                  if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ())]
        rows.append({"test": f"{path.name}, seconds", "measured": round(took, 1), "bar": f"<= {CHAPTER:g}",
                     "holds": took <= CHAPTER and not errors, "spread": ", ".join(errors)})
    return rows


def show(rows: list[Row]) -> str:
    """The table as text."""
    lines = [f"{each['test']:<62} {each['measured']:>9g}  {each['bar']:<9} {'yes' if each['holds'] else 'NO':<4}"
             f" {each['spread']}" for each in rows]
    head = f"{'test':<62} {'measured':>9}  {'bar':<9} {'met':<4} spread over rounds"
    return "\n".join([head, "-" * len(head), *lines])


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and return 1 where a bar is not met."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no chapters")
    options = parser.parse_args(arguments)
    rng, rounds = np.random.default_rng(0), 5 if options.quick else 25
    rows = stepping(rounds, rng) + agent_step(rounds) + retrieving(rounds, rng)
    rows += switches(16, 20, 0.2, 30) + switches(24, 20, 1.0, 30) + in_vain(24, 5)
    rows += [] if options.quick else chapters()
    print(f"Speed, median of {rounds} rounds, CPU time of one thread each\n\n{show(rows)}\n")
    print(json.dumps({"benchmark": "speed", "rounds": rounds, "rows": rows}))
    return int(not all(each["holds"] for each in rows))


if __name__ == "__main__":
    if PINNED.items() <= os.environ.items():
        sys.exit(main())
    sys.exit(subprocess.call([sys.executable, *sys.argv], env=os.environ | PINNED))  # it is read at import only
