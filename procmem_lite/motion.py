"""Chapter 4: what each action does to displacements, learned from experience, and the shortest way to a place.

Seen from the agent, an action moves the whole world: every displacement ``d`` becomes ``A d + b``. ``A`` and ``b`` are
learned from percepts alone. A pose is then a pair ``(turn, position)`` in the frame of the episode's first percept.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from .environment import Displacement, Percept
from .skills import Site

Pose = tuple[int, Displacement]
MEMORY = 16  # transitions kept for each action
TRUST = 4  # misses in a row after which a map that has always been right is given up
TURNS = 16  # more orientations than this and the model is given up
EFFORT = 20_000  # poses a search may open
DOUBT = 1e-3  # of two ways as long, take the one over more known ground
MARGIN = 2  # how far beyond all it knows of an agent expects the world to go on


class MotionModel:
    """Affine maps of displacements, one for each action, and the orientations they generate."""

    def __init__(self, n_actions: int) -> None:
        self.n_actions = n_actions
        self.tries = np.zeros(n_actions, dtype=int)
        self.maps: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._trust = [0] * n_actions  # how many misses each map will outlive
        self._samples = [deque(maxlen=MEMORY) for _ in range(n_actions)]  # what maps are made from
        self._open = {}
        self.movers: list[int] = []  # actions that are known to move things
        self.version = 0  # poses of one version mean nothing in another
        self.frames: list[np.ndarray] = []  # the orientations
        self.inverse: list[np.ndarray] = []
        self.turn: list[list[int]] = []  # turn[orientation][action] -> orientation
        self.shift: list[list[Displacement]] = []  # shift[orientation][action] -> change of position
        self.stances: list[Displacement] = []  # seen there, a thing can be stood upon at once or one action later

    def learn(self, before: Percept, action: int, after: Percept) -> None:
        """Take one transition into account. A map is given up when it has been wrong more often than right of late."""
        self.tries[action] += 1
        pairs = [(before.objects[name], after.objects[name]) for name in before.objects if name in after.objects]
        moved = any(a != b for a, b in pairs)
        known = action in self.maps
        right = known and all(self.predict(a, action) == b for a, b in pairs)
        if not right and not moved and not (known and self.enters_free(before, action)):
            return  # blocked, or an action that does not move
        if moved and not (right and self._trust[action] == TRUST):
            self._samples[action].append(pairs)
        if known:
            self._trust[action] = min(self._trust[action] + (1 if right else -1), TRUST)
        if not right and self._trust[action] <= 0:  # once may be chance
            self._fit(action)

    def enters_free(self, percept: Percept, action: int) -> bool:
        """Whether the percept says that nothing is where an action leads."""
        step = self.step(action)
        return not any(step) or bool(percept.around.get(step))

    def step(self, action: int) -> Displacement:
        """Where an action leads, as a displacement in the agent's frame; empty while nothing is known."""
        return self.shift[0][action] if self.shift else ()

    def is_open(self, percept: Percept) -> bool:
        """Whether plain ground lies where some action leads."""
        return any(any(step) and percept.around.get(step) is True for step in self.stances)

    def _fit(self, action: int) -> None:
        """Find a map for what an action did of late, or none."""
        fitted = consensus(self._samples[action])
        self.maps.pop(action, None)
        if fitted is not None:
            self.maps[action] = fitted
        self._trust[action] = int(fitted is not None)
        self._rebuild()

    def predict(self, displacement: Displacement, action: int) -> Displacement:
        """Where something at ``displacement`` will be after ``action``; unchanged for actions that move nothing."""
        if action not in self.maps:
            return displacement
        matrix, offset = self.maps[action]
        return clean(matrix @ displacement + offset)

    def untried(self, often: int = 2) -> list[int]:
        """Actions that never moved anything and were tried less than ``often``."""
        return [action for action in range(self.n_actions) if action not in self.maps and self.tries[action] < often]

    def _rebuild(self) -> None:
        """All orientations that the maps generate, and what each action does in each of them."""
        self.version += 1
        self._open: dict[int, tuple[dict[Pose, int], list[Pose]]] = {}  # orientation -> (steps, outermost poses)
        self.frames, self.turn, self.shift, self.stances = [], [], [], []
        self.movers = sorted(self.maps)
        if not self.maps:
            return
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
                    self.maps = {}  # not a world of finitely many orientations
                    return self._rebuild()
                if not known:
                    frames.append(turned)
                turn[-1].append(known[0] if known else len(frames) - 1)
                shift[-1].append(clean(-np.linalg.inv(turned) @ offset))
        self.frames, self.turn, self.shift = frames, turn, shift
        self.inverse = [np.linalg.inv(frame) for frame in frames]
        steps = [clean(-np.linalg.inv(matrix) @ offset) for matrix, offset in self.maps.values()]
        self.stances = list(dict.fromkeys([(0,) * axes, *steps]))

    def ahead(self, pose: Pose, action: int) -> Pose:
        """The pose that an action leads to where nothing is in the way."""
        turn, position = pose
        shift = self.shift[turn][action]
        return self.turn[turn][action], tuple(a + b for a, b in zip(position, shift, strict=True))

    def open_steps(self, turn: int, end: int, shift: Displacement) -> float:
        """Fewest actions on open ground from one orientation to another, ``shift`` away; at least, where that is far.

        Breadth-first from each orientation, grown a layer at a time as needed and remembered (a pattern database:
        Culberson and Schaeffer, 1998).
        """
        found, layer = self._open.setdefault(turn, ({(turn, (0,) * len(shift)): 0}, [(turn, (0,) * len(shift))]))
        while (end, shift) not in found and layer and len(found) < EFFORT:
            ahead = dict.fromkeys(self.ahead(pose, action) for pose in layer for action in self.movers)
            steps = found[layer[0]] + 1
            layer[:] = [pose for pose in ahead if pose not in found]
            found |= dict.fromkeys(layer, steps)
        return found.get((end, shift), found[layer[0]] if layer else np.inf)

    def from_agent(self, pose: Pose, displacement: Displacement) -> Displacement:
        """A displacement in the agent's frame, as a position in the episode's frame."""
        turn, position = pose
        return clean(self.inverse[turn] @ displacement + position)


def clean(vector: np.ndarray) -> Displacement:
    """A vector as a tuple of numbers, whole where they are whole."""
    return tuple(round(x) if abs(x - round(x)) < 1e-6 else round(x, 6) for x in np.asarray(vector).tolist())


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


def consensus(memory: Sequence[Sequence[tuple[Displacement, Displacement]]]) -> tuple[np.ndarray, np.ndarray] | None:
    """The map that explains all transitions in memory; else one from the latest few that explains most of them."""
    for start in [0, *reversed(range(1, len(memory)))]:
        found = fit([pair for pairs in itertools.islice(memory, start, None) for pair in pairs])
        if found is not None:
            right = sum(all(clean(found[0] @ a + found[1]) == b for a, b in pairs) for pairs in memory)
            if 2 * right > len(memory):
                return found
    return None


class Tracker:
    """Where the agent is and what it has met, within one episode, in the frame of the first percept.

    ``fatal`` says of which kinds of ground it is known that they end an episode badly.
    """

    def __init__(self, model: MotionModel, fatal: Mapping[Hashable, bool] = MappingProxyType({})) -> None:
        self.model, self.fatal = model, fatal
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new frame begins."""
        self.pose: Pose | None = None
        self.version = self.model.version
        self.ground: set[Displacement] = set()
        self.obstacles: set[Displacement] = set()
        self.landmarks: dict[str, Displacement] = {}
        self.visits: dict[Displacement, int] = {}
        self.bounds: tuple[Displacement, Displacement] = ((), ())

    def observe(self, percept: Percept) -> None:
        """Take a percept at the present pose into the map."""
        if self.version != self.model.version:
            self.restart()
        if not self.model.frames or not percept.objects:
            return
        if self.pose is None:
            self.pose = (0, (0,) * len(next(iter(percept.objects.values()))))
        self.landmarks = {name: self.model.from_agent(self.pose, d) for name, d in percept.objects.items()}
        self.visits[self.pose[1]] = self.visits.get(self.pose[1], 0) + 1
        self.note(self.pose[1], free=True)
        for step, free in percept.around.items():
            self.note(self.model.from_agent(self.pose, step), bool(free) and not self.fatal.get(free))
        met = [self.pose[1], *self.landmarks.values()] + ([self.bounds[0], self.bounds[1]] if self.bounds[0] else [])
        self.bounds = tuple(map(min, zip(*met, strict=True))), tuple(map(max, zip(*met, strict=True)))

    def note(self, position: Displacement, free: bool) -> None:
        """Remember whether a position can be entered."""
        known, other = (self.ground, self.obstacles) if free else (self.obstacles, self.ground)
        known.add(position)
        other.discard(position)

    def follow(self, before: Percept, action: int, after: Percept) -> None:
        """Follow one step: moved as predicted, stood still (an obstacle, then), or lost."""
        if self.pose is not None and self.version == self.model.version:
            pairs = [(before.objects[name], after.objects[name]) for name in before.objects if name in after.objects]
            if not pairs or any(self.model.predict(a, action) == b for a, b in pairs):
                self.pose = self.model.ahead(self.pose, action)
            elif all(a == b for a, b in pairs):
                self.note(self.model.ahead(self.pose, action)[1], free=False)
            else:
                self.slip(pairs)
        self.observe(after)

    def slip(self, pairs: Sequence[tuple[Displacement, Displacement]]) -> None:
        """Follow a step that went otherwise than it should: as another action would have gone, or lost."""
        for action in self.model.movers:
            if all(self.model.predict(a, action) == b for a, b in pairs):
                self.pose = self.model.ahead(self.pose, action)
                return
        self.restart()

    def poses(self, anchor: Displacement, displacement: Displacement) -> list[Pose]:
        """All poses from which something at position ``anchor`` is seen at ``displacement``."""
        return [(turn, clean(np.asarray(anchor) - inverse @ displacement))
                for turn, inverse in enumerate(self.model.inverse)]

    def poses_along(self, actions: Iterable[int]) -> list[Pose]:
        """The poses that a sequence of actions is expected to pass, from the present one on."""
        return list(itertools.accumulate(actions, self.model.ahead, initial=self.pose))[1:]

    def is_barred(self, poses: Sequence[Pose]) -> bool:
        """Whether a way along these poses meets an obstacle."""
        return any(a[1] != b[1] and b[1] in self.obstacles for a, b in itertools.pairwise(poses))

    def moves(self, pose: Pose, blocked: Collection[Displacement] | None = None) -> Iterator[tuple[Pose, int, float]]:
        """The poses one action away, with the action and its price; unknown ground counts as free."""
        blocked = self.obstacles if blocked is None else blocked
        for action in self.model.movers:
            ahead = self.model.ahead(pose, action)
            if ahead[1] == pose[1] or ahead[1] in self.ground:
                yield ahead, action, 1
            elif ahead[1] not in blocked and self.within(ahead[1]):
                yield ahead, action, 1 + DOUBT

    def within(self, position: Displacement) -> bool:
        """Whether a position lies no farther out than ``MARGIN`` beyond all that the agent knows of."""
        return all(low - MARGIN <= x <= high + MARGIN for x, low, high in zip(position, *self.bounds, strict=True))


Stage = Mapping[Pose, int | None]  # pose -> the action to do there (None: being there is enough)
Node = tuple  # of a search, hashable: (stage, turn, position)


def shortest_way(tracker: Tracker, stages: Sequence[Stage],
                 passable: Sequence[Displacement] = ()) -> list[list[int]] | None:
    """Fewest actions that reach a pose of each stage in turn, by A* with unknown ground taken as free.

    The heuristic is the number of steps there would be on open ground: it never says too much, so the way is a shortest
    one (Hart, Nilsson and Raphael, 1968), and where nothing is in the way the search walks straight along it.

    Args:
        stages: what to reach, one after the other.
        passable: obstacles that stage ``i`` removes stand at ``passable[i]``; later stages may pass there.

    Returns:
        The actions of each stage, or None where no way is found within the effort allowed.
    """
    blocked = [tracker.obstacles - set(passable[:index]) for index in range(len(stages))]

    def nexts(node: Node) -> Iterator[tuple[Node, int | None, float]]:
        stage, turn, position = node
        if (turn, position) in stages[stage]:
            action = stages[stage][turn, position]
            yield (stage + 1, turn, position), action, 0 if action is None else 1
        for ahead, action, price in tracker.moves((turn, position), blocked[stage]):
            yield (stage, *ahead), action, price

    way = astar((0, *tracker.pose), lambda node: node[0] == len(stages), nexts, steps_left(tracker.model, stages))
    if way is None:
        return None
    return [[action for (at, *_), action in way if at == index and action is not None] for index in range(len(stages))]


def steps_left(model: MotionModel, stages: Sequence[Stage]) -> Callable[[Node], float]:
    """The heuristic of :func:`shortest_way`: fewest steps still needed if nothing were in the way."""
    def between(start: Pose, ends: Iterable[Pose]) -> float:
        turn, here = start
        return min(model.open_steps(turn, end, tuple(b - a for a, b in zip(here, there, strict=True)))
                   for end, there in ends)

    rest = [0.0] * (len(stages) + 1)
    for index in range(len(stages) - 2, -1, -1):
        rest[index] = rest[index + 1] + min(between(pose, stages[index + 1]) for pose in stages[index])

    def estimate(node: Node) -> float:
        stage, *pose = node
        return between(pose, stages[stage]) + rest[stage] if stage < len(stages) else 0.0

    return estimate


def astar(first: Node, is_goal: Callable[[Node], bool],
          nexts: Callable[[Node], Iterable[tuple[Node, int | None, float]]],
          estimate: Callable[[Node], float]) -> list[tuple[Node, int | None]] | None:
    """The cheapest chain of (node, action) to a goal, or None; a shortest one where ``estimate`` never says too much.

    ``nexts(node)`` gives triples (node, action, price). After Hart, Nilsson and Raphael (1968).
    """
    ticket = itertools.count()  # equal estimates: first come, first served
    queue = [(estimate(first), 0.0, next(ticket), first)]
    came: dict[Node, tuple[Node, int | None] | None] = {first: None}
    cost, done = {first: 0.0}, set()
    while queue and len(done) < EFFORT:
        node = heapq.heappop(queue)[-1]
        if node in done:
            continue
        done.add(node)
        if is_goal(node):
            return backtrack(came, node)
        for following, action, price in nexts(node):
            total = cost[node] + price
            if total < cost.get(following, np.inf):
                cost[following], came[following] = total, (node, action)
                left = estimate(following)
                heapq.heappush(queue, (total + left, left, next(ticket), following))
    return None


def nearest_unvisited(tracker: Tracker) -> list[int] | None:
    """Fewest actions to a position the agent has not stood on in this episode, or None."""
    way = astar(tracker.pose, lambda pose: pose[1] not in tracker.visits, tracker.moves, lambda pose: 0.0)
    return None if way is None else [action for _, action in way]


def nearest_open(tracker: Tracker) -> list[int] | None:
    """Fewest actions to a pose with plain ground and no object where some action leads, or None."""
    plain = tracker.ground - set(tracker.landmarks.values())

    def is_open(pose: Pose) -> bool:
        leads = (tracker.model.ahead(pose, action)[1] for action in tracker.model.movers)
        return any(position != pose[1] and position in plain for position in leads)

    way = astar(tracker.pose, is_open, tracker.moves, lambda pose: 0.0)
    return None if way is None else [action for _, action in way]


def backtrack(came: Mapping, node: tuple) -> list[tuple[tuple, int | None]]:
    """The (node, action) pairs that led to a node."""
    steps = []
    while came[node] is not None:
        steps.append(came[node])
        node = came[node][0]
    return steps[::-1]


def site_stage(tracker: Tracker, anchor: Displacement, site: Site) -> Stage:
    """The poses at which a site's effect is expected, with the action to do there."""
    return dict.fromkeys(tracker.poses(anchor, site.displacement), site.action)
