"""Chapter 5: the shortest path to a place - A* over poses, with unknown ground taken as free.

stage      where to get: poses, each with the action to do there      {(0, (2, 3)): 4}
path       actions from the present pose on                           [1, 1, 3, 4]
"""

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


def astar(first: Pose, is_goal: Callable[[Pose], bool],
          nexts: Callable[[Pose], Iterable[tuple[Pose, int, float]]],
          estimate: Callable[[Pose], float] = lambda pose: 0.0) -> tuple[list[int], Pose] | None:
    """The cheapest actions to a goal, and the pose there, or None; shortest where ``estimate`` never says too much.

    ``nexts(pose)`` gives triples (pose, action, price). After Hart, Nilsson and Raphael (1968).
    """
    ticket = itertools.count()  # equal estimates: first come, first served
    queue = [(estimate(first), 0.0, next(ticket), first)]
    came: dict[Pose, tuple[float, Pose | None, int | None]] = {first: (0.0, None, None)}  # cost, from where, how
    done = set()
    while queue and len(done) < EFFORT:
        pose = heapq.heappop(queue)[-1]
        if pose in done:
            continue
        done.add(pose)
        if is_goal(pose):
            return backtrack(came, pose), pose
        so_far = came[pose][0]
        for following, action, price in nexts(pose):
            total = so_far + price
            if following not in came or total < came[following][0]:
                came[following] = total, pose, action
                left = estimate(following)
                heapq.heappush(queue, (total + left, left, next(ticket), following))
    return None


def backtrack(came: Mapping[Pose, tuple], pose: Pose) -> list[int]:
    """The actions that led to a pose."""
    actions = []
    while came[pose][1] is not None:
        _, pose, action = came[pose]
        actions.append(action)
    return actions[::-1]


def site_stage(tracker: Tracker, anchor: Displacement, site: Site, on_open: bool = False) -> Stage:
    """The poses at which a site's effect is expected, with the action to do there; ``on_open`` ground, if there is."""
    poses = tracker.poses(anchor, site.displacement)
    closed = tracker.obstacles | {*tracker.landmarks.values()} if on_open else ()
    opened = [pose for pose in poses if not leads(tracker.model, pose) <= closed] if on_open else poses
    return dict.fromkeys(opened or poses, site.action)


def shortest_path(tracker: Tracker, stage: Stage) -> list[int] | None:
    """Fewest actions that reach a stage and do what is to be done there; None where no path is found.

    The heuristic is the number of steps there would be on open ground, all of it unknown, so that where nothing is in
    the way the search walks straight along it. It may say too much by one part in a thousand: with the price of unknown
    ground, a path of fewer than 500 steps is a shortest one, a longer one at most 0.2 % longer than that. Of paths as
    short, one over known ground alone is taken if there is one.
    """
    far = open_ground(tracker.model, list(stage))
    found = astar(tracker.pose, stage.__contains__, tracker.moves, lambda pose: far(pose) * (1 + DOUBT))
    if found is None:
        return None
    actions, pose = found
    return actions if stage[pose] is None else [*actions, stage[pose]]


def any_path(tracker: Tracker, stage: Stage) -> list[int] | None:
    """The shortest path; where there is none, one through what only steps in vain have told of: it may be gone."""
    path = shortest_path(tracker, stage)
    return path or (shortest_path(tracker, stage) if tracker.doubt() else None)


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


def nearest_unvisited(tracker: Tracker) -> list[int] | None:
    """Fewest actions to a position the agent has not stood on in this episode, or None."""
    found = astar(tracker.pose, lambda pose: pose[1] not in tracker.visits, tracker.moves)
    return found and found[0]


def nearest_open(tracker: Tracker) -> list[int] | None:
    """Fewest actions to a pose with plain ground and no object where some action leads, or None."""
    plain = tracker.ground - set(tracker.landmarks.values())

    def is_open(pose: Pose) -> bool:
        return not plain.isdisjoint(leads(tracker.model, pose))

    found = astar(tracker.pose, is_open, tracker.moves)
    return found and found[0]


def leads(model: MotionModel, pose: Pose) -> set[Displacement]:
    """The positions that single actions lead to from a pose."""
    return {model.ahead(pose, action)[1] for action in model.movers} - {pose[1]}
