"""Chapter 4: where the agent is and what it has met in this episode, and the shortest way to a place."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from operator import add, le, sub
from types import MappingProxyType

from .environment import Displacement, Percept
from .motion import EFFORT, MotionModel, Pose
from .skills import Site

DOUBT = 1e-3  # of two ways as long, rather take the one over known ground
MARGIN = 2  # how far beyond all it knows of an agent expects the world to go on


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
        self.bounds: tuple[Displacement, Displacement] | None = None  # how far the world is expected to go on

    def observe(self, percept: Percept, stay: bool = False) -> None:
        """Take a percept at the present pose into the map; ``stay`` says that all landmarks are where they were."""
        if self.version != self.model.version:
            self.restart()
        if not self.model.frames:
            return
        if self.pose is None:
            self.pose = (0, (0,) * len(self.model.frames[0]))
        here, from_agent = self.pose[1], self.model.from_agent
        if here not in self.visits:
            self.widen(here)
        if not stay:
            self.landmarks = {name: from_agent(self.pose, d) for name, d in percept.objects.items()}
            for position in self.landmarks.values():
                self.widen(position)
        self.visits[here] = self.visits.get(here, 0) + 1
        self.note(here, free=True)
        for step, free in percept.around.items():
            self.note(from_agent(self.pose, step), free is True or bool(free) and not self.fatal.get(free))

    def note(self, position: Displacement, free: bool) -> None:
        """Remember whether a position can be entered."""
        known, other = (self.ground, self.obstacles) if free else (self.obstacles, self.ground)
        known.add(position)
        other.discard(position)

    def follow(self, before: Percept, action: int, after: Percept) -> None:
        """Follow one step: moved as predicted, stood still (an obstacle, then), or lost."""
        stay = False
        if self.pose is not None and self.version == self.model.version:
            pairs = [(before.objects[name], after.objects[name]) for name in before.objects if name in after.objects]
            stay = len(pairs) == len(after.objects) == len(before.objects)
            if not pairs or all(self.model.predict(a, action) == b for a, b in pairs):
                self.pose = self.model.ahead(self.pose, action)
            elif all(a == b for a, b in pairs):
                self.note(self.model.ahead(self.pose, action)[1], free=False)
            else:
                stay = False
                self.slip(action, pairs)
        self.observe(after, stay)

    def slip(self, action: int, pairs: Sequence[tuple[Displacement, Displacement]]) -> None:
        """Follow a step that went otherwise: as another action would; with something that moved by itself; or lost."""
        explain = [other for other in self.model.movers if all(self.model.predict(a, other) == b for a, b in pairs)]
        if explain or any(self.model.predict(a, action) == b for a, b in pairs):
            self.pose = self.model.ahead(self.pose, explain[0] if explain else action)
        else:
            self.restart()

    def poses(self, anchor: Displacement, displacement: Displacement) -> list[Pose]:
        """All poses from which something at position ``anchor`` is seen at ``displacement``."""
        back = tuple(-x for x in displacement)
        return [(turn, self.model.from_agent((turn, anchor), back)) for turn in range(len(self.model.frames))]

    def poses_along(self, actions: Iterable[int]) -> list[Pose]:
        """The poses that a sequence of actions is expected to pass, from the present one on."""
        return list(itertools.accumulate(actions, self.model.ahead, initial=self.pose))[1:]

    def is_barred(self, poses: Sequence[Pose]) -> bool:
        """Whether a way along these poses meets an obstacle."""
        return not self.obstacles.isdisjoint([b[1] for a, b in itertools.pairwise(poses) if a[1] != b[1]])

    def moves(self, pose: Pose, blocked: Collection[Displacement] | None = None) -> list[tuple[Pose, int, float]]:
        """The poses one action away, with the action and its price; unknown ground counts as free."""
        blocked = self.obstacles if blocked is None else blocked
        at, here = pose
        found = []
        for action, turn, shift in self.model.moves[at]:
            there = tuple(map(add, here, shift)) if shift else here
            if not shift or there in self.ground:
                found.append(((turn, there), action, 1))
            elif there not in blocked and self.within(there):
                found.append(((turn, there), action, 1 + DOUBT))
        return found

    def within(self, position: Displacement) -> bool:
        """Whether a position lies no farther out than ``MARGIN`` beyond all that the agent knows of."""
        return all(map(le, self.bounds[0], position)) and all(map(le, position, self.bounds[1]))

    def widen(self, position: Displacement) -> None:
        """Expect the world to go on for ``MARGIN`` beyond a position."""
        low, high = self.bounds or (position, position)
        self.bounds = (tuple([min(edge, x - MARGIN) for edge, x in zip(low, position, strict=True)]),
                       tuple([max(edge, x + MARGIN) for edge, x in zip(high, position, strict=True)]))


Stage = Mapping[Pose, int | None]  # pose -> the action to do there (None: being there is enough)
Node = tuple  # of a search, hashable: (stage, pose)


def shortest_way(tracker: Tracker, stages: Sequence[Stage],
                 passable: Sequence[Displacement] = ()) -> list[list[int]] | None:
    """Fewest actions that reach a pose of each stage in turn, by A* with unknown ground taken as free.

    The heuristic is the number of steps there would be on open ground, all of it unknown, so that where nothing is in
    the way the search walks straight along it. It may say too much by one part in a thousand: with the price of unknown
    ground, a way of fewer than 500 steps is a shortest one, a longer one at most 0.2 % longer than that. Of ways as
    short, one over known ground alone is taken if there is one. (A*: Hart, Nilsson and Raphael, 1968.)

    Args:
        stages: what to reach, one after the other.
        passable: obstacles that stage ``i`` removes stand at ``passable[i]``; later stages may pass there.

    Returns:
        The actions of each stage, or None where no way is found within the effort allowed.
    """
    blocked = [tracker.obstacles - set(passable[:index]) for index in range(len(stages))]

    def nexts(node: Node) -> list[tuple[Node, int | None, float]]:
        stage, pose = node
        found = [((stage, ahead), action, price) for ahead, action, price in tracker.moves(pose, blocked[stage])]
        if pose in stages[stage]:
            action = stages[stage][pose]
            found.insert(0, ((stage + 1, pose), action, 0 if action is None else 1))
        return found

    last = len(stages)
    way = astar((0, tracker.pose), lambda node: node[0] == last, nexts, steps_left(tracker.model, stages))
    if way is None:
        return None
    actions: list[list[int]] = [[] for _ in stages]
    for (stage, _), action in way:
        if action is not None:
            actions[stage].append(action)
    return actions


class Onward:
    """The rest of a way, found with what comes next in mind: so long as it holds there is no need to search again."""

    def __init__(self, tracker: Tracker, stages: Sequence[Stage], ways: Sequence[list[int]],
                 removed: Displacement) -> None:
        self.stages, self.way = stages[1:], ways[1]
        self.start = [tracker.pose, *tracker.poses_along(ways[0])][-1]
        self.avoided = tracker.obstacles - {removed}

    def holds(self, tracker: Tracker, stages: Sequence[Stage]) -> bool:
        """Whether it still leads there by the fewest steps: nothing came into its way, nothing beside it has gone."""
        return (self.start == tracker.pose and self.stages == stages and self.avoided <= tracker.obstacles
                and not tracker.is_barred([self.start, *tracker.poses_along(self.way)]))


def steps_left(model: MotionModel, stages: Sequence[Stage]) -> Callable[[Node], float]:
    """The heuristic of :func:`shortest_way`: fewest steps still needed if nothing were in the way."""
    towards = [*(open_ground(model, list(stage)) for stage in stages), lambda pose: 0.0]
    rest = [0.0] * (len(stages) + 1)
    for index in range(len(stages) - 2, -1, -1):
        rest[index] = rest[index + 1] + min(towards[index + 1](pose) for pose in stages[index])

    def estimate(node: Node) -> float:
        stage, pose = node
        return (towards[stage](pose) + rest[stage]) * (1 + DOUBT)

    return estimate


def open_ground(model: MotionModel, ends: Sequence[Pose]) -> Callable[[Pose], float]:
    """Fewest steps on open ground from a pose to the nearest of some; remembered for every arrangement of ends."""
    origin = ends[0][1]
    shape = tuple([(turn, tuple(map(sub, position, origin))) for turn, position in ends])
    known = model.arrangements.setdefault(shape, {})

    def steps(pose: Pose) -> float:
        turn, here = pose
        away = tuple(map(sub, origin, here))
        found = known.get((turn, away))
        if found is None:
            found = min(model.open_steps(turn, end, tuple(map(add, away, shift))) for end, shift in shape)
            known[turn, away] = found
        return found

    return steps


def astar(first: Node, is_goal: Callable[[Node], bool],
          nexts: Callable[[Node], Iterable[tuple[Node, int | None, float]]],
          estimate: Callable[[Node], float]) -> list[tuple[Node, int | None]] | None:
    """The cheapest chain of (node, action) to a goal, or None; a shortest one where ``estimate`` never says too much.

    ``nexts(node)`` gives triples (node, action, price). After Hart, Nilsson and Raphael (1968).
    """
    ticket = itertools.count()  # equal estimates: first come, first served
    queue = [(estimate(first), 0.0, next(ticket), first)]
    came: dict[Node, tuple[float, Node | None, int | None]] = {first: (0.0, None, None)}  # cost, from where, how
    done = set()
    while queue and len(done) < EFFORT:
        node = heapq.heappop(queue)[-1]
        if node in done:
            continue
        done.add(node)
        if is_goal(node):
            return backtrack(came, node)
        so_far = came[node][0]
        for following, action, price in nexts(node):
            total = so_far + price
            if following not in came or total < came[following][0]:
                came[following] = total, node, action
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


def backtrack(came: Mapping, node: Node) -> list[tuple[Node, int | None]]:
    """The (node, action) pairs that led to a node."""
    steps = []
    while came[node][1] is not None:
        _, node, action = came[node]
        steps.append((node, action))
    return steps[::-1]


def site_stage(tracker: Tracker, anchor: Displacement, site: Site) -> Stage:
    """The poses at which a site's effect is expected, with the action to do there."""
    return dict.fromkeys(tracker.poses(anchor, site.displacement), site.action)
