"""Chapter 5: what each action does to displacements, learned from experience.

Seen from the agent, an action moves the whole world: every displacement ``d`` becomes ``A d + b``. ``A`` and ``b`` are
learned from percepts alone. A pose is then a pair ``(turn, position)`` in the frame of the episode's first percept.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from collections.abc import Sequence
from functools import lru_cache
from operator import add, mul
from typing import NamedTuple

import numpy as np

from ..percepts import Displacement, Percept, Transition, is_disaster

Pose = tuple[int, Displacement]
Rows = tuple[Displacement, ...]  # a matrix
MEMORY = 16  # transitions kept for each action
SOME = 5  # of the steps of an action that leads elsewhere at random, this one is looked into
TURNS = 16  # a map that leads to more orientations than this is not believed
STILL, LOST = -1, -2  # outcomes that look like no action: nothing moved; nothing known
SLIP = 0.05  # of the steps that moved something; below, an action counts as certain
OFTEN = 400  # steps, and what was counted counts half
CHANCE = 3  # times that things may have moved by themselves
MISS = 4  # steps in vain over free ground that count like one step elsewhere than expected
EFFORT = 20_000  # poses a search may open
GROWING = threading.Lock()  # agents in other threads (a learning explorer's, say) may grow the same distances


class Learned(NamedTuple):
    """All that a motion model has learned, in plain values: what a file keeps of it."""

    maps: dict[int, tuple[Rows, Displacement]]  # in the order in which they were found
    trust: Sequence[int]
    samples: Sequence[Sequence[Sequence[tuple[Displacement, Displacement]]]]
    tries: Sequence[int]
    outcomes: Sequence[Sequence[int]]
    thrown: dict[str, Sequence[int]]
    version: int


class MotionModel:
    """Affine maps of displacements, one for each action, and the orientations they generate."""

    def __init__(self, n_actions: int, trust: int = 4) -> None:
        self.n_actions, self.trust = n_actions, trust  # trust: misses in a row that a map always right outlives
        self.tries = np.zeros(n_actions, dtype=int)
        self.maps: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._trust = [0] * n_actions  # how many misses each map will outlive
        self._samples = [deque(maxlen=MEMORY) for _ in range(n_actions)]  # what maps are made from
        self.outcomes = [[0] * (n_actions + 2) for _ in range(n_actions)]  # as which action it looked; LOST; STILL
        self.slips = False  # whether actions lead elsewhere at random
        self.thrown: dict[str, list[int]] = {}  # thing -> times it was entered: as expected; and was led elsewhere
        self._open, self.arrangements = Shared(), Shared()
        self.movers: list[int] = []  # actions that are known to move things
        self.version = 0  # poses of one version mean nothing in another
        self._plain: dict[int, tuple[Rows, Displacement]] = {}  # the maps, as transform wants them
        self.frames: list[np.ndarray] = []  # the orientations
        self.inverse: list[Rows] = []  # of each orientation
        self.turn: list[list[int]] = []  # turn[orientation][action] -> orientation
        self.shift: list[list[Displacement]] = []  # shift[orientation][action] -> change of position
        self.moves: list[list[tuple[int, int, Displacement | None]]] = []  # [orientation] -> (action, turn, shift) each
        self.strides: list[Displacement] = []  # where single actions lead
        self.stances: list[Displacement] = []  # seen there, a thing can be stood upon at once or one action later
        self.aside: list[Displacement] = []  # next to where a single action leads, and no stance
        self.reach: set[Displacement] = set()  # at most two steps away, whatever the orientation

    @property
    def learned(self) -> Learned:
        """What would make another model the same."""
        maps = {action: (matrix.tolist(), offset.tolist()) for action, (matrix, offset) in self.maps.items()}
        return Learned(maps, self._trust, self._samples, self.tries.tolist(), self.outcomes, self.thrown,
                       self.version)

    def restore(self, learned: Learned) -> None:
        """Become the model that had learned this; ValueError: for maps that cannot all be true."""
        self.maps = {action: (np.array(matrix, dtype=float), np.array(offset, dtype=float))
                     for action, (matrix, offset) in learned.maps.items()}
        self._trust, self.tries = list(learned.trust), np.array(learned.tries, dtype=int)
        self._samples = [deque(map(list, memory), maxlen=MEMORY) for memory in learned.samples]
        self.outcomes = [list(counts) for counts in learned.outcomes or self.outcomes]
        self.thrown = {name: list(times) for name, times in learned.thrown.items()}
        self.slips = any(map(self.is_slippery, range(self.n_actions)))
        try:
            believed = self._rebuild()
        except np.linalg.LinAlgError:
            believed = False
        if not believed:
            raise ValueError(f"maps: no more than {TURNS} orientations are needed, and these lead to more or to none")
        self.version = learned.version

    def forget(self, what: str) -> None:
        """Begin anew, where displacements are viewed otherwise."""
        nothing = [()] * self.n_actions
        if what == "space":
            none = [[0] * (self.n_actions + 2) for _ in range(self.n_actions)]
            self.restore(Learned({}, [0] * self.n_actions, nothing, [0] * self.n_actions, none, {}, self.version + 1))

    def observe(self, step: Transition) -> None:
        """Learn from a step, unless what ended the episode may also have stood in the way."""
        if step.percept.place == step.next_percept.place and is_disaster(step):
            self.tries[step.action] += 1
        else:
            self.learn(step.percept, step.action, step.next_percept)

    def learn(self, before: Percept, action: int, after: Percept) -> None:
        """Take one transition into account. A map is given up when it has been wrong more often than right of late."""
        self.tries[action] += 1
        pairs = pairs_of(before, after)
        known = action in self.maps
        taken = self.explain(before, action, after)
        right = known and taken == action
        if known and taken != STILL and self.blames(before, action, right):
            return
        slips = self.count(action, LOST if taken is None else taken if known or taken != action else STILL)
        if right and self._trust[action] == self.trust * MISS or slips and not right and taken not in (None, STILL):
            return  # nothing new
        changed = sum(a != b for a, b in pairs)
        moved = 2 * changed > len(pairs) or 2 * changed == len(pairs) > 0 and before.place != after.place
        if not known and before.place == after.place is not None:
            moved &= self.turns(action)
        if not right and not moved and not (known and self.enters_free(before, action)):
            return  # blocked, or an action that does not move
        if not right or moved and self._trust[action] < self.trust * MISS:
            self._samples[action].append(pairs)
        if known:  # to stand still where all seems free tells less: there may be a pane
            change = MISS if right else -MISS if moved else -1
            self._trust[action] = max(0, min(self._trust[action] + change, self.trust * MISS))
        late = slips and self.outcomes[action][LOST] % SOME  # it takes time, and would be in vain mostly
        if not right and self._trust[action] <= 0 and not late:  # once may be chance
            self._fit(action)

    def blames(self, before: Percept, action: int, right: bool) -> bool:
        """Count whether what was entered leads elsewhere; whether a step tells of that, and not of motion."""
        if right and not self.thrown:
            return False
        entered = [name for name, seen in before.objects.items() if (name in self.thrown or not right)
                   and any(seen) and not any(self.predict(seen, action))]
        for name in entered:
            self.thrown.setdefault(name, [0, 0])[not right] += 1
        return not right and any(map(self.throws, entered))

    def throws(self, name: str) -> bool:
        """Whether whoever enters a thing is led elsewhere, as far as is known."""
        entered, elsewhere = self.thrown.get(name, (0, 0))
        return elsewhere > 1 + 2 * entered

    def count(self, action: int, outcome: int) -> bool:
        """Write down as which action one looked; whether it leads elsewhere at random."""
        counts = self.outcomes[action]
        counts[outcome] += 1
        if outcome not in (action, STILL) or sum(counts) > OFTEN:
            if sum(counts) > OFTEN:
                counts[:] = [count // 2 for count in counts]
            self.slips = any(map(self.is_slippery, range(self.n_actions)))
        return self.slips and self.is_slippery(action)

    def turns(self, action: int) -> bool:
        """Whether an action has moved things more often than not, and not by chance: it may turn the agent."""
        still = self.outcomes[action][STILL]
        return sum(self.outcomes[action]) - still >= still + CHANCE

    def is_slippery(self, action: int) -> bool:
        """Whether an action has often led elsewhere than it should."""
        moved = sum(self.outcomes[action][:STILL])
        others = moved - self.outcomes[action][action]
        return others >= MEMORY and others > SLIP * moved

    def chances(self, action: int) -> list[tuple[int, float]]:
        """As which actions one comes out, each with its share; as itself where nothing slips."""
        if not (self.slips and self.is_slippery(action)):
            return [(action, 1.0)]
        counts = self.outcomes[action][:LOST]
        total = sum(counts)
        return [(other, count / total) for other, count in enumerate(counts) if count] or [(action, 1.0)]

    def explain(self, before: Percept, action: int, after: Percept) -> int | None:
        """As which action a step looks: its own, ``STILL``, or another; None where most things tell of none.

        Some things may move by themselves. Of equally many, the place tells whether the agent stood still.
        """
        pairs = pairs_of(before, after)
        right = sum(self.predict(a, action) == b for a, b in pairs)
        if right == len(pairs):
            return action
        votes = {action: right, STILL: sum(a == b for a, b in pairs)}
        votes |= {other: sum(self.predict(a, other) == b for a, b in pairs) for other in self.movers if other != action}
        best = max(votes, key=votes.get)
        if best == action and votes[STILL] == right and before.place == after.place is not None:
            best = STILL
        return best if 2 * votes[best] >= len(pairs) else None

    def enters_free(self, percept: Percept, action: int) -> bool:
        """Whether the percept says that nothing is where an action leads."""
        step = self.step(action)
        return not any(step) or bool(percept.around.get(step))

    def step(self, action: int) -> Displacement:
        """Where an action leads, as a displacement in the agent's frame; empty while nothing is known."""
        return self.shift[0][action] if self.shift else ()

    def is_open(self, percept: Percept) -> bool:
        """Whether plain ground lies where some action leads."""
        return True in [percept.around.get(step) for step in self.strides]

    def _fit(self, action: int) -> None:
        """Find a map for what an action did of late, or none."""
        old, fitted = self.maps.pop(action, None), None
        others = len(self.maps)
        if self.is_slippery(action):
            fitted = self.apart(action, old)
        fitted = fitted or consensus(self._samples[action])
        same = fitted is not None and old is not None and all(map(np.array_equal, fitted, old))
        if same and len(self.maps) == others:
            self.maps[action], self._trust[action] = old, MISS
            return
        for other, counts in enumerate(self.outcomes):  # what looked like it looks like nothing known now
            counts[LOST] += counts[action] if self.is_slippery(other) else 0
            counts[action] = 0
            if other == action and old and not self.is_slippery(action):  # what it did until now tells nothing
                counts[:] = [0] * len(counts)
        if fitted is not None and not np.allclose(np.column_stack(fitted), np.eye(len(fitted[1]), len(fitted[1]) + 1)):
            self.maps[action] = fitted
        if not self._rebuild():
            del self.maps[action]
            self._rebuild()
        self._trust[action] = MISS * (action in self.maps)

    def apart(self, action: int, old: tuple | None) -> tuple[np.ndarray, np.ndarray] | None:
        """A map for an action that slips, another one than any other action's.

        What is left over of what it does goes to an action that has no map: where chances are known, a map only names
        one of the ways things go.
        """
        taken = [offset for _, offset in self.maps.values()]
        found = commonest(self._samples[action], taken, old)
        idle = [other for other in range(self.n_actions) if other not in self.maps and self.is_slippery(other)]
        left = found and commonest(self._samples[action], [*taken, found[1]], None)
        if left and set(idle) - {action}:
            self.maps[min(set(idle) - {action})] = left
        return found

    def predict(self, displacement: Displacement, action: int) -> Displacement:
        """Where something at ``displacement`` will be after ``action``; unchanged for actions that move nothing."""
        if action not in self.maps:
            return displacement
        return transform(*self._plain[action], displacement)

    def untried(self, often: int = 2) -> list[int]:
        """Actions that never moved anything and were tried less than ``often``."""
        return [action for action in range(self.n_actions) if action not in self.maps and self.tries[action] < often]

    def _rebuild(self) -> bool:
        """All orientations that the maps generate, and what each action does in each; False where they never end."""
        self.version += 1
        self.arrangements = Shared()  # poses seen from the first of them -> steps there on open ground
        self.frames, self.turn, self.shift, self.moves, self.strides, self.stances = [], [], [], [], [], []
        self.reach, self.aside = set(), []
        self.movers = sorted(self.maps)
        self._plain = {action: (rows(matrix), clean(offset)) for action, (matrix, offset) in self.maps.items()}
        self._open = distances(self.n_actions, tuple(sorted(self._plain.items())))
        if not self.maps:
            return True
        axes = len(next(iter(self.maps.values()))[1])
        frames = [np.eye(axes)]
        turn: list[list[int]] = []
        shift: list[list[Displacement]] = []
        for frame in frames:  # grows while it is walked through
            turn.append([])
            shift.append([])
            for action in range(self.n_actions):
                matrix, offset = self.maps.get(action, (np.eye(axes), np.zeros(axes)))
                turned = matrix @ frame
                known = [i for i, other in enumerate(frames) if np.allclose(other, turned)]
                if not known and len(frames) == TURNS:
                    return False
                if not known:
                    frames.append(turned)
                turn[-1].append(known[0] if known else len(frames) - 1)
                shift[-1].append(clean(-np.linalg.inv(turned) @ offset))
        self.frames, self.turn, self.shift = frames, turn, shift
        self.moves = [[(action, turn[at][action], shift[at][action] if any(shift[at][action]) else None)
                       for action in self.movers] for at in range(len(frames))]
        self.inverse = [rows(np.linalg.inv(frame)) for frame in frames]
        steps = [clean(-np.linalg.inv(matrix) @ offset) for matrix, offset in self.maps.values()]
        self.stances = list(dict.fromkeys([(0,) * axes, *steps]))
        self.strides = self.stances[1:]
        sides = [clean(frame @ stride) for frame in frames for stride in self.strides]
        self.aside = [spot for spot in dict.fromkeys(clean(np.add(stride, side)) for stride in self.strides
                                                     for side in sides) if spot not in self.stances]
        self.reach = {clean(np.add(stance, side)) for stance in self.stances for side in sides} | {*sides}
        return True

    def ahead(self, pose: Pose, action: int) -> Pose:
        """The pose that an action leads to where nothing is in the way."""
        turn, position = pose
        return self.turn[turn][action], tuple(map(add, position, self.shift[turn][action]))

    def open_steps(self, turn: int, end: int, shift: Displacement) -> float:
        """Fewest actions on open ground from one orientation to another, ``shift`` away; at least, where that is far.

        Breadth-first from each orientation, grown a layer at a time as needed and remembered (a pattern database:
        Culberson and Schaeffer, 1998).
        """
        if (known := self._open.get(turn)) and (steps := known[0].get((end, shift))) is not None:
            return steps
        with GROWING:
            first = (turn, (0,) * len(shift))
            found, layer = self._open.setdefault(turn, ({first: 0}, [first]))
            while (end, shift) not in found and layer and len(found) < EFFORT:
                ahead = dict.fromkeys(self.ahead(pose, action) for pose in layer for action in self.movers)
                steps = found[layer[0]] + 1
                layer[:] = [pose for pose in ahead if pose not in found]
                found |= dict.fromkeys(layer, steps)
            return found.get((end, shift), found[layer[0]] if layer else np.inf)

    def from_agent(self, pose: Pose, displacement: Displacement) -> Displacement:
        """A displacement in the agent's frame, as a position in the episode's frame."""
        return transform(self.inverse[pose[0]], pose[1], displacement)


class Shared(dict):
    """What was worked out from an agent's maps alone: copies of the agent share it."""

    def __deepcopy__(self, memo: dict) -> Shared:
        return self


@lru_cache(maxsize=64)
def distances(n_actions: int, maps: tuple) -> Shared:
    """Orientation -> (pose -> steps to it, outermost poses) on open ground; one for all agents with the same maps."""
    return Shared()


@lru_cache(maxsize=50_000)
def transform(matrix: Rows, offset: Displacement, displacement: Displacement) -> Displacement:
    """``matrix @ displacement + offset``, in plain numbers: for two or three axes far faster than with arrays."""
    return tuple([snap(sum(map(mul, row, displacement)) + shift) for row, shift in zip(matrix, offset)])


def rows(matrix: np.ndarray) -> Rows:
    """A matrix as tuples of numbers, whole where they are whole."""
    return tuple(map(clean, matrix))


def snap(x: float) -> float:
    """A number without the dust of rounding: whole where it is whole."""
    if type(x) is int:
        return x
    return round(x) if abs(x - round(x)) < 1e-6 else round(x, 6)


def clean(vector: np.ndarray) -> Displacement:
    """A vector as a tuple of numbers, whole where they are whole."""
    return tuple(map(snap, np.asarray(vector, dtype=float).tolist()))


def fit(samples: Sequence[tuple[Displacement, Displacement]]) -> tuple[np.ndarray, np.ndarray] | None:
    """The simplest map that explains all samples: a translation, else an affine map, else None."""
    before, after = (np.array(side, dtype=float) for side in zip(*samples, strict=True))
    axes = before.shape[1]
    if np.allclose(after - before, after[0] - before[0]):
        return np.eye(axes), after[0] - before[0]
    extended = np.column_stack([before, np.ones(len(before))])
    if np.linalg.matrix_rank(extended) <= axes:
        return None  # not enough yet to tell a turn from anything else
    solution = np.round(np.linalg.lstsq(extended, after, rcond=None)[0], 9) + 0.0
    if not np.allclose(extended @ solution, after, atol=1e-6) or abs(np.linalg.det(solution[:-1])) < 1e-6:
        return None
    return solution[:-1].T, solution[-1]


def comes_back(matrix: np.ndarray) -> bool:
    """Whether a matrix turns: often enough, and all is as before."""
    power = np.eye(len(matrix))
    return any(np.allclose(power := power @ matrix, np.eye(len(matrix)), atol=1e-6) for _ in range(TURNS))


def pairs_of(before: Percept, after: Percept) -> list[tuple[Displacement, Displacement]]:
    """Where each thing was seen before and after, if it was seen both times."""
    return [(before.objects[name], after.objects[name]) for name in before.objects if name in after.objects]


def consensus(memory: Sequence[Sequence[tuple[Displacement, Displacement]]]) -> tuple[np.ndarray, np.ndarray] | None:
    """The map that explains all transitions in memory; else one from the latest few that explains most of them.

    Where none does, things that move by themselves are left out.
    """
    for find in (fit, shared_shift, trimmed):
        for start in [0, *reversed(range(1, len(memory)))]:
            latest = list(itertools.islice(memory, start, None))
            found = find([pair for pairs in latest for pair in pairs]) if find is fit or len(latest) > 2 else None
            if found is not None and comes_back(found[0]):
                right = [[clean(found[0] @ a + found[1]) == b for a, b in pairs] for pairs in memory]
                if 2 * sum((all if find is fit else most)(each) for each in right) > len(memory):
                    return found
    return None


def most(right: Sequence[bool]) -> bool:
    """Whether at least half is true."""
    return 2 * sum(right) >= len(right)


def shared_shift(pairs: Sequence[tuple[Displacement, Displacement]]) -> tuple[np.ndarray, np.ndarray] | None:
    """The translation that at least half of the things took part in; None where there is none."""
    different = set(pairs)
    shift, count = Counter(clean(np.subtract(b, a)) for a, b in sorted(different)).most_common(1)[0]
    return (np.eye(len(shift)), np.array(shift, dtype=float)) if 2 * count >= len(different) > 2 else None


def commonest(memory: Sequence[Sequence[tuple[Displacement, Displacement]]], taken: Sequence[np.ndarray],
              old: tuple[np.ndarray, np.ndarray] | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Where actions slip, none explains most steps: the translation seen most often that no other action has.

    The old one stays while it is seen at least half as often.
    """
    shifts = [{clean(np.subtract(b, a)) for a, b in pairs} for pairs in memory]
    counts = Counter(shift.pop() for shift in shifts if len(shift) == 1)
    free = [shift for shift, _ in counts.most_common()
            if any(shift) and not any(np.array_equal(shift, other) for other in taken)]
    if not free:
        return None
    before = None if old is None else clean(old[1])
    best = before if before in free and 2 * counts[before] >= counts[free[0]] else free[0]
    return np.eye(len(best)), np.array(best, dtype=float)


def trimmed(pairs: Sequence[tuple[Displacement, Displacement]]) -> tuple[np.ndarray, np.ndarray] | None:
    """An affine map for at least two thirds of the pairs: the worst are left out until the rest agrees."""
    before, after = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    extended, kept = np.column_stack([before, np.ones(len(before))]), np.arange(len(pairs))
    while 3 * len(kept) >= 2 * len(pairs) and len(kept) > before.shape[1] + 1:
        found = fit([pairs[index] for index in kept])
        if found is not None:
            return found
        error = np.abs(extended[kept] @ np.linalg.lstsq(extended[kept], after[kept], rcond=None)[0] - after[kept])
        kept = np.delete(kept, error.sum(axis=1).argmax())
    return None
