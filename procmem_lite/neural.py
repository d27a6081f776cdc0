"""Chapter 13: skills as networks - one trunk, and for each skill what to do, whether to start, whether it is done.

view       what is on each cell ahead                 49 bytes, each a code below ``CODES``
change     what a skill brings about                  (frozenset({"lamp lit"}), frozenset({"lamp dark"}))
lessons    remembered steps, and what each led to     Lessons(views, actions, changes, ends, ended)
weights    name -> array                              {"look": (33, 8), "trunk": (684, 64), "shift": (64,), ...}
nets       the networks of all changes                Nets(changes, weights)
net        those of one operator, as a policy         Net(operator, nets, rng)

Training needs the extra ``neural`` (JAX and optax); using what was learned needs NumPy alone.
"""

from __future__ import annotations

import base64
import os
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from . import storage
from .agent import ProceduralMemoryAgent, Run
from .episodes import Episode
from .library import Match, Shelf
from .percepts import Facts, Percept
from .skills import Operator, change_of, cut, erase

SIDE, CODES = 7, 33  # cells along a side of the view; what can be on one
LOOKS, HIDDEN = 8, 64  # things that are looked for at once; hidden units
PATCH = slice(1, 6), slice(3, 7)  # the cells nearest to the agent, which are seen as they are
AHEAD_RIGHT = np.array([(SIDE - 1 - y, x - SIDE // 2) for x in range(SIDE) for y in range(SIDE)], dtype=np.float32)
DULL = 2.0  # how much less likely an action becomes, in nats, each time it was taken at the same place in one use
LONGEST = 60  # steps of one use
Change = tuple[Facts, Facts]
Weights = dict[str, np.ndarray]


class MissingExtra(ImportError):
    """JAX or optax is not there; the message is the command that installs them."""


def extra() -> tuple[Any, Any, Any]:
    """``jax``, ``jax.numpy`` and ``optax``; MissingExtra says in one line how to get them."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        import jax
        import optax
    except ImportError:
        raise MissingExtra("this needs JAX and optax: python3 run.py add neural") from None
    return jax, jax.numpy, optax


class Lessons(NamedTuple):
    """All steps to learn from, in order: arrays of shape ``(steps, 49)`` or ``(steps,)``.

    ``ends`` and ``ended`` are the views in which something had just been brought about, and what.
    """

    views: np.ndarray
    actions: np.ndarray
    changes: np.ndarray
    ends: np.ndarray
    ended: np.ndarray


def codes(views: Iterable[bytes]) -> np.ndarray:
    """Views as one array, shape ``(views, 49)``."""
    return np.array([np.frombuffer(view, np.uint8) for view in views]).reshape(-1, SIDE * SIDE)


def changes_in(episodes: Sequence[Episode]) -> list[Change]:
    """What was brought about in some episodes, but for what held at their beginning anyway."""
    found = {change_of(segment) for episode in episodes for segment in cut(episode.transitions)}
    given = [episode.transitions[0].percept.facts for episode in episodes]
    return sorted((change for change in found if not any(change[0] <= facts for facts in given)),
                  key=lambda change: (sorted(change[0]), sorted(change[1])))


def lessons_from(episodes: Iterable[Episode], changes: Sequence[Change]) -> Lessons:
    """What an agent's own play teaches: the loop-erased segments that end in one of the changes.

    Every part of a success is a success: each step of a segment is a lesson, from its own view on.
    """
    paths = [erase(segment) for episode in episodes for segment in cut(episode.transitions)]
    known = [(path, changes.index(change_of(path))) for path in paths if change_of(path) in changes]
    steps = [(step, change) for path, change in known for step in path]
    return Lessons(codes(step.percept.view for step, _ in steps), np.array([step.action for step, _ in steps]),
                   np.array([change for _, change in steps]), codes(path[-1].next_percept.view for path, _ in known),
                   np.array([change for _, change in known]))


def first_weights(rng: np.random.Generator, changes: int, actions: int) -> Weights:
    """Random weights of a trunk and of three heads for each change."""
    wide = LOOKS * 3 + (PATCH[0].stop - PATCH[0].start) * (PATCH[1].stop - PATCH[1].start) * CODES
    shapes = {"look": (CODES, LOOKS), "trunk": (wide, HIDDEN), "shift": (HIDDEN,),
              "middle": (HIDDEN, changes, HIDDEN // 2), "bend": (changes, HIDDEN // 2),
              "policy": (changes, HIDDEN // 2, actions), "start": (HIDDEN, changes), "stop": (HIDDEN, changes)}
    scales = {"look": 2.0, "trunk": 0.15, "middle": 0.18, "policy": 0.05, "start": 0.05, "stop": 0.05}
    return {name: (rng.normal(size=shape) * scales.get(name, 0.0)).astype(np.float32) for name, shape in shapes.items()}


def features(weights: Weights, views: Any, xp: Any = np) -> Any:
    """What the trunk makes of views of shape ``(n, 49)``; ``(n, HIDDEN)``. ``xp`` is NumPy or JAX's.

    Each of ``LOOKS`` attentions turns to the cells whose codes it likes: where they are, and whether there are any.
    """
    on = (views[..., None] == xp.arange(CODES)).astype(xp.float32)  # (n, 49, CODES)
    liking = on @ weights["look"]  # (n, 49, LOOKS)
    share = xp.exp(liking - liking.max(1, keepdims=True))
    share = share / share.sum(1, keepdims=True)
    where = xp.einsum("nvl,vd->nld", share, AHEAD_RIGHT).reshape(len(views), -1) / 3
    there = 1 / (1 + xp.exp(2 - liking.max(1)))
    near = on.reshape(-1, SIDE, SIDE, CODES)[:, PATCH[0], PATCH[1]].reshape(len(views), -1)
    whole = xp.concatenate([where, there, near], 1)
    return xp.maximum(whole @ weights["trunk"] + weights["shift"], 0)


def heads(weights: Weights, hidden: Any, xp: Any = np) -> tuple[Any, Any, Any]:
    """Scores of actions ``(n, changes, actions)``, of starting and of being done ``(n, changes)``."""
    middle = xp.maximum(xp.einsum("nh,hcm->ncm", hidden, weights["middle"]) + weights["bend"], 0)
    return xp.einsum("ncm,cma->nca", middle, weights["policy"]), hidden @ weights["start"], hidden @ weights["stop"]


def fit(lessons: Lessons, changes: int, actions: int, seed: int = 0, updates: int = 400, batch: int = 128) -> Weights:
    """Weights that do as the lessons did, start where they started, and stop where they stopped (Adam).

    The same seed gives the same weights, bit for bit, on one machine.
    """
    jax, jnp, optax = extra()
    rng = np.random.default_rng(seed)
    rows = np.arange(batch)

    def loss(weights: Weights, seen: Any, did: Any, what: Any, end: Any, ended: Any) -> Any:
        hidden = features(weights, jnp.concatenate([seen, end]), jnp)
        policy, start, stop = heads(weights, hidden[:batch], jnp)
        after = heads(weights, hidden[batch:], jnp)[2]
        right = optax.softmax_cross_entropy_with_integer_labels
        return (right(policy[rows, what], did).mean() + right(start, what).mean()
                + jnp.logaddexp(0, stop[rows, what]).mean() + jnp.logaddexp(0, -after[rows, ended]).mean())

    optimizer = optax.adam(optax.cosine_decay_schedule(3e-3, updates))

    @jax.jit
    def update(weights: Weights, state: Any, *lesson: Any) -> tuple[Weights, Any]:
        step, state = optimizer.update(jax.grad(loss)(weights, *lesson), state)
        return optax.apply_updates(weights, step), state

    weights = first_weights(rng, changes, actions)
    state = optimizer.init(weights)
    for _ in range(updates):
        some, last = rng.integers(len(lessons.actions), size=batch), rng.integers(len(lessons.ended), size=batch)
        weights, state = update(weights, state, lessons.views[some], lessons.actions[some], lessons.changes[some],
                                lessons.ends[last], lessons.ended[last])
    return {name: np.asarray(value) for name, value in weights.items()}


def wanted_shapes(changes: int, actions: int) -> dict[str, tuple[int, ...]]:
    """The shape of each array of weights."""
    return {name: value.shape for name, value in first_weights(np.random.default_rng(0), changes, actions).items()}


@dataclass(frozen=True, eq=False)
class Nets:
    """The networks of all changes.

    Raises:
        ValueError: for weights of other names or shapes than are needed, or that are not finite.
    """

    changes: Sequence[Change]
    actions: int
    weights: Weights

    def __post_init__(self) -> None:
        wanted = wanted_shapes(len(self.changes), self.actions)
        if wanted != {name: value.shape for name, value in self.weights.items()}:
            raise ValueError(f"weights: arrays of these shapes are needed: {wanted}")
        if not all(np.isfinite(value).all() for value in self.weights.values()):
            raise ValueError("weights: finite numbers are needed")

    def scores(self, view: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores of actions ``(changes, actions)``, of starting and of being done ``(changes,)``, for one view."""
        return tuple(each[0] for each in heads(self.weights, features(self.weights, codes([view]))))

    def starts(self, view: bytes) -> np.ndarray:
        """How likely each change is the next, shape ``(changes,)``; they add up to 1."""
        return softmax(self.scores(view)[1])

    def save(self, path: str | os.PathLike) -> None:
        """Write them into a JSON file: numbers as text in base 64, nothing that could be run."""
        storage.write(path, "networks", {
            "format": FORMAT, "actions": self.actions,
            "changes": [[sorted(facts) for facts in change] for change in self.changes],
            "weights": {name: base64.b64encode(value.astype("<f4").tobytes()).decode()
                        for name, value in self.weights.items()}}, nets_from)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Nets:
        """Read saved networks; ValueError says what is wrong with a file that holds none."""
        return storage.read(path, "networks", nets_from)


FORMAT = "procmem-lite networks 1"
MOST = 64  # changes or actions in a file


def nets_from(data: Any) -> Nets:
    """Networks from what a file holds; ValueError for anything else."""
    if not isinstance(data, dict) or data.keys() != {"format", "actions", "changes", "weights"}:
        raise ValueError("an object with format, actions, changes and weights is needed")
    if data["format"] != FORMAT:
        raise ValueError(f"format: {FORMAT!r} is needed")
    changes, actions, weights = data["changes"], data["actions"], data["weights"]
    if type(actions) is not int or not 0 < actions <= MOST:
        raise ValueError(f"actions: a whole number from 1 to {MOST} is needed")
    if not (isinstance(changes, list) and 0 < len(changes) <= MOST and all(map(is_change, changes))):
        raise ValueError(f"changes: 1 to {MOST} pairs of lists of texts are needed")
    shapes = wanted_shapes(len(changes), actions)
    if not isinstance(weights, dict) or weights.keys() != shapes.keys():
        raise ValueError(f"weights: {', '.join(shapes)} are needed")
    arrays = {name: array_from(weights[name], name, shape) for name, shape in shapes.items()}
    return Nets([(frozenset(effect), frozenset(removes)) for effect, removes in changes], actions, arrays)


def is_change(value: Any) -> bool:
    """Whether a value is a pair of lists of texts."""
    return isinstance(value, list) and len(value) == 2 and all(
        isinstance(facts, list) and all(isinstance(fact, str) for fact in facts) for facts in value)


def array_from(text: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array from text in base 64; ValueError unless it has exactly as many numbers as are needed."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        raise ValueError(f"weights.{name}: text in base 64 is needed") from None
    if len(raw) != 4 * int(np.prod(shape)):
        raise ValueError(f"weights.{name}: {int(np.prod(shape))} numbers are needed, got {len(raw) / 4:g}")
    return np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores as probabilities."""
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


@dataclass(frozen=True, eq=False)
class Net:
    """Whatever the context: do what a network says, until it says that it is done."""

    operator: Operator
    nets: Nets
    rng: np.random.Generator = field(repr=False)
    number: int = -1  # it is no stored skill
    context: tuple | None = None  # any

    @property
    def change(self) -> int:
        """The number of its change; ValueError where nothing was learned about it."""
        return list(self.nets.changes).index((self.operator.effect, self.operator.removes))

    @property
    def name(self) -> str:
        """What it brings about: "open by network"."""
        return f"{' + '.join(sorted(self.operator.effect))} by network"

    def can_start(self, percept: Percept, body: object) -> float:
        """How likely it is to be the next, seen from here; 0 where its operator does not apply."""
        return float(self.nets.starts(percept.view)[self.change]) if self.operator.applies(percept.facts) else 0.0

    def situation(self, percept: Percept) -> Hashable:
        """What is given up for a while when it fails here: the network, under these facts at this place."""
        return self.operator.claim, "network", percept.facts, percept.place

    def start(self, percept: Percept, body: object) -> Steering:
        """Let the network steer."""
        return Steering(self)


class Steering:
    """One use of a :class:`Net`: actions are drawn, not picked, and what was done here before is less likely again."""

    def __init__(self, net: Net) -> None:
        self.net, self.reason, self.taken = net, "", 0
        self.done: Counter = Counter()  # (place, action) -> times in this use

    def act(self, percept: Percept) -> int | None:
        """The next action; None where it has gone on for too long, or holds that it is done."""
        policy, _, stop = (each[self.net.change] for each in self.net.nets.scores(percept.view))
        if self.taken == LONGEST or self.taken and stop > 0:
            self.reason = "no progress" if self.taken == LONGEST else "no effect"
            return None
        known = np.array([self.done[percept.place, action] for action in range(len(policy))])
        action = int(self.net.rng.choice(len(policy), p=softmax(policy - DULL * known)))
        self.taken += 1
        self.done[percept.place, action] += 1
        return action


class NeuralAgent(ProceduralMemoryAgent):
    """The whole agent, whose plans are carried out by networks first; where one fails, by what it did before.

    Attributes:
        nets: what :func:`learned` made; without it the agent is the one of chapter 4.
    """

    nets: Nets | None = None

    def policies(self, run: Run, shelf: Shelf, k: int) -> list[Match]:
        """The network of the shelf's change, if there is one; then the site, or the stored sequences."""
        others = super().policies(run, shelf, k)
        if self.nets is None or (shelf.effect, shelf.removes) not in self.nets.changes:
            return others
        net = Net(shelf.operator, self.nets, run.memory.rng)
        return [Match(net, 1.0, shelf.tally.rate), *others]


def learned(episodes: Sequence[Episode], actions: int, seed: int = 0, updates: int = 400) -> Nets:
    """The networks of all that was brought about in some episodes."""
    changes = changes_in(episodes)
    return Nets(changes, actions, fit(lessons_from(episodes, changes), len(changes), actions, seed, updates))
