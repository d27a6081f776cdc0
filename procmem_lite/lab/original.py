"""The recipe this series starts from, rebuilt with all its flaws: here to be measured, not to be copied.

After "A Coding Guide to Build a Procedural Memory Agent That Learns, Stores, Retrieves, and Reuses Skills as
Neural Modules Over Time" (MarkTechPost, 9 December 2025). It has its own world: x to the right, y upwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

from ..episodes import Actor, Choice, Episode, Invocation, Play, rollout
from ..percepts import Percept, Transition
from ..skills import Skill
from ..worlds.gridworld import describe, encode, observations
from ..worlds.layouts import Layout, fixed

State = dict[str, Any]
ACTIONS = ("move_down", "move_up", "move_left", "move_right", "pickup_key", "open_door")  # GridWorld's order
CAP, SLICE, SAME = 50, 5, 0.9


class OriginalWorld:
    """Its grid. Rows are y and columns x, so "move_up" is a row more.

    Args:
        layout: where start, key, door and goal are; the published ones unless given.

    Raises:
        ValueError: for a layout with walls or barred cells, which this world does not know.
    """

    def __init__(self, layout: Layout | None = None) -> None:
        self.layout = layout or fixed(5, np.random.default_rng(0))
        if self.layout.walls or self.layout.barred:
            raise ValueError("layout: this world has no walls and no barred cells, the layout has")
        self.size = self.layout.size
        self.goal = list(self.layout.goal[::-1])
        self.views = [tuple(row) for row in observations(self.layout).tolist()]
        self.reset()

    def reset(self) -> State:
        """Everything back to its place."""
        self.agent = list(self.layout.start[::-1])
        key, door = list(self.layout.key[::-1]), list(self.layout.door[::-1])
        self.objects = {"key": key, "door": door, "box": [1, 3]}
        self.inventory: list[str] = []
        self.door_open = False
        return self.state()

    def state(self) -> State:
        """All that its agent sees."""
        return {
            "agent_pos": tuple(self.agent),
            "has_key": "key" in self.inventory,
            "door_open": self.door_open,
            "at_goal": self.agent == self.goal,
            "objects": {name: tuple(place) for name, place in self.objects.items()},
        }

    def step(self, action: str) -> tuple[State, float, bool]:
        """One action: state, reward, done. Opening the door pays every time; the door blocks nothing."""
        reward = -0.1
        if action == "move_up":
            self.agent[1] = min(self.agent[1] + 1, self.size - 1)
        elif action == "move_down":
            self.agent[1] = max(self.agent[1] - 1, 0)
        elif action == "move_left":
            self.agent[0] = max(self.agent[0] - 1, 0)
        elif action == "move_right":
            self.agent[0] = min(self.agent[0] + 1, self.size - 1)
        elif action == "pickup_key":
            if self.agent == self.objects["key"] and "key" not in self.inventory:
                self.inventory.append("key")
                reward = 1.0
        elif action == "open_door" and self.agent == self.objects["door"] and "key" in self.inventory:
            self.door_open = True
            reward = 2.0
        done = self.agent == self.goal and self.door_open
        if done:
            reward = 10.0
        return self.state(), reward, done

    def percept(self) -> Percept:
        """The same situation as the other agents of this series see it, for replays and records."""
        number = encode(self.size, (self.agent[1], self.agent[0]), "key" in self.inventory, self.door_open)
        return describe(self.layout, number, self.views[number])


class Moved(gym.Wrapper):
    """A 5x5 GridWorld as published, but with key and door moved at each reset; start and goal stay."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[Any, dict]:
        """The same seed gives the same layout."""
        if seed is not None or not hasattr(self, "rng"):
            self.rng = np.random.default_rng(seed)
        cells = [divmod(int(cell), 5) for cell in self.rng.choice(np.arange(1, 24), size=2, replace=False)]
        return self.env.reset(seed=seed, options={"layout": Layout(5, (0, 0), *cells, (4, 4))})


@dataclass
class OriginalSkill:
    """Its skill: two flags, an action sequence, an embedding and two counters."""

    name: str
    preconditions: dict[str, bool]
    actions: list[str]
    embedding: np.ndarray
    success_count: int = 0
    times_used: int = 0

    def is_applicable(self, state: State) -> bool:
        """Whether both flags are as they were; where the agent stands does not matter."""
        return all(state[name] == value for name, value in self.preconditions.items())


def number_of(value: Hashable, salt: int | None = None) -> float:
    """``hash(value) % 1000 / 1000``: differs between processes for a text; ``salt`` stands for a process."""
    if salt is None:
        return hash(value) % 1000 / 1000
    digest = hashlib.blake2b(repr(value).encode(), digest_size=8, salt=salt.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big") % 1000 / 1000


def embed(state: State, actions: Sequence[str], salt: int | None = None) -> np.ndarray:
    """Eight numbers of unit length: the hashed position, two flags, the first five actions hashed."""
    numbers = [number_of(state["agent_pos"], salt), float(state["has_key"]), float(state["door_open"])]
    numbers += [number_of(action, salt) for action in actions[:5]]
    vector = np.array(numbers + [0.0] * (8 - len(numbers)))
    return vector / (np.linalg.norm(vector) + 1e-8)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of two vectors."""
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-8))


class OriginalLibrary:
    """Its store: a list, searched one by one."""

    def __init__(self) -> None:
        self.skills: list[OriginalSkill] = []

    def __len__(self) -> int:
        return len(self.skills)

    def add_skill(self, skill: OriginalSkill) -> None:
        """Append, unless a stored one is within 0.9: that one counts a success then, and this one is lost."""
        for known in self.skills:
            if cosine(known.embedding, skill.embedding) > SAME:
                known.success_count += 1
                return
        self.skills.append(skill)

    def retrieve_skills(self, state: State, query: np.ndarray | None = None,
                        k: int = 3) -> list[OriginalSkill]:
        """The ``k`` nearest whose flags match. Two that are equally near crash the sort."""
        found = [skill for skill in self.skills if skill.is_applicable(state)]
        if query is None:
            return sorted(found, key=lambda s: s.success_count / max(s.times_used, 1), reverse=True)[:k]
        scored = [(cosine(query, skill.embedding), skill) for skill in found]
        return [skill for _, skill in sorted(scored, reverse=True)[:k]]


class OriginalAgent:
    """Its agent and its training loop, on any layout without walls.

    Args:
        seed: of the random actions.
        use_skills: whether memory is asked before the explorer.
        explorer: "scripted" (to the key, the door and cell (4, 4)) or "random".
        salt: stands for the process; without it, Python's own.
    """

    def __init__(self, seed: int | None = None, use_skills: bool = True, explorer: str = "scripted",
                 salt: int | None = None) -> None:
        if explorer not in ("scripted", "random"):
            raise ValueError(f"explorer: 'scripted' or 'random' is needed, got {explorer!r}")
        self.rng = np.random.default_rng(seed)
        self.use_skills, self.scripted, self.salt = use_skills, explorer == "scripted", salt
        self.library = OriginalLibrary()

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode:
        """Play in its own world, with the layout ``env`` has under this seed; then store the last steps."""
        env.reset(seed=seed)
        game = OriginalGame(OriginalWorld(env.unwrapped.layout), env.unwrapped.optimal_steps())
        run = OriginalRun(self, game.world)
        episode = rollout(game, lambda game: game.unwrapped.world.percept(), run, seed, learn)
        if learn and episode.success and episode.steps >= 3:
            self.library.add_skill(self.extract(run))
        return episode

    def recall(self, state: State) -> list[OriginalSkill]:
        """The nearest applicable skill, if there is one."""
        return self.library.retrieve_skills(state, embed(state, [], self.salt), 1) if self.use_skills else []

    def explore(self, state: State) -> str:
        """Straight to the key, the door and cell (4, 4), along x first; once there, any action."""
        places = state["objects"]
        targets = {"pickup_key": places["key"], "open_door": places["door"], None: (4, 4)}
        errand = None if state["door_open"] else "open_door" if state["has_key"] else "pickup_key"
        (x, y), (to_x, to_y) = state["agent_pos"], targets[errand]
        if not self.scripted or (x, y, errand) == (to_x, to_y, None):
            return ACTIONS[self.rng.integers(len(ACTIONS))]
        if x != to_x:
            return "move_right" if x < to_x else "move_left"
        if y != to_y:
            return "move_up" if y < to_y else "move_down"
        return errand

    def extract(self, run: OriginalRun) -> OriginalSkill:
        """The last five steps as a skill, named by what the world is like now."""
        first, actions = run.states[:-1][-SLICE], run.actions[-SLICE:]
        if run.world.state()["has_key"] and not first["has_key"]:
            name = "acquire_key"
        elif run.world.state()["door_open"] and not first["door_open"]:
            name = "open_door_sequence"
        else:
            name = f"navigate_{len(actions)}_steps"
        flags = {flag: first[flag] for flag in ("has_key", "door_open")}
        return OriginalSkill(name, flags, actions, embed(first, actions, self.salt), success_count=1)


class OriginalGame(gym.Env):
    """Its world as an environment of this series, so that it is played by the same loop as all others."""

    action_space = gym.spaces.Discrete(len(ACTIONS))

    def __init__(self, world: OriginalWorld, shortest: int) -> None:
        self.world, self.shortest = world, shortest

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[State, dict]:
        """Everything back to its place."""
        return self.world.reset(), {}

    def step(self, action: int) -> tuple[State, float, bool, bool, dict]:
        """One action, by its number."""
        return *self.world.step(ACTIONS[action]), False, {}

    def optimal_steps(self) -> int:
        """What the layout's shortest path takes."""
        return self.shortest


class OriginalRun(Actor):
    """One episode of it: the nearest skill's whole sequence, whatever it brings; a random or scripted action else."""

    def __init__(self, agent: OriginalAgent, world: OriginalWorld) -> None:
        self.agent, self.world = agent, world

    def begin(self, play: Play, learn: bool) -> None:
        """Nothing done so far."""
        self.play, self.states, self.actions = play, [self.world.state()], []
        self.skill: OriginalSkill | None = None
        self.rest: list[str] = []

    def act(self, play: Play) -> Choice | None:
        """Its steps are counted only here, between two skills: the cap may be overrun."""
        if self.skill is None:
            if play.episode.steps >= CAP:
                return None
            found = self.agent.recall(self.states[-1])
            if not found:
                return Choice(ACTIONS.index(self.agent.explore(self.states[-1])))
            self.use(found[0])
        return Choice(ACTIONS.index(self.rest.pop(0)), len(play.episode.invocations) - 1)

    def use(self, skill: OriginalSkill) -> None:
        """Begin a skill, and write it down; its flags are all it expects."""
        skill.times_used += 1
        self.skill, self.rest, percept = skill, list(skill.actions), self.play.percept
        told = Skill(tuple(map(ACTIONS.index, skill.actions)), percept.facts, frozenset({skill.name}))
        rate = skill.success_count / skill.times_used
        self.play.episode.invocations.append(
            Invocation(told, self.play.episode.steps, percept, told.effect, 0.0, rate))

    def observe(self, step: Transition) -> None:
        """Remember the state; a success is an episode that ends inside a skill."""
        self.states.append(self.world.state())
        self.actions.append(ACTIONS[step.action])
        if self.skill is not None and (step.terminated or not self.rest):
            self.skill.success_count += step.terminated
            record = self.play.episode.invocations[-1]
            record.stop, record.after = self.play.episode.steps, step.next_percept
            record.seen = record.after.facts - record.before.facts
            record.succeeded, record.reason = step.terminated, "episode over" if step.terminated else "sequence over"
            self.skill = None
