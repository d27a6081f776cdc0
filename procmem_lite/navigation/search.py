"""The shortest path to a place: A* over poses."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add, sub

from ..percepts import Displacement
from ..skills import Site
from .motion import EFFORT, MotionModel, Pose
from .tracker import DOUBT, Tracker

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
