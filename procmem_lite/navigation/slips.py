"""Chapter 5: what to do where actions slip - the action after which least is to be expected, not the shortest path.

chances    as which actions one comes out, each with its share     [(0, 0.8), (2, 0.2)]
value      expected steps from a pose to a stage; a bad end counts as so many more
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..percepts import BAD_END, Percept
from ..skills import Operator
from .motion import Pose
from .search import Stage, open_ground, site_stage
from .tracker import Tracker

NEAR_ENOUGH = 1e-2  # steps
SWEEPS = 300  # at most
LARGEST = 400  # poses looked at; beyond, all counts as open ground
PATIENCE = 64  # times that one use comes by the same pose


class Careful:
    """One use of :class:`~procmem_lite.navigation.goto.GoTo` where actions slip: at each pose the best action.

    Found by value iteration (Bellman, 1957) over what is known of the ground, anew whenever more is known.
    """

    def __init__(self, operator: Operator, body: Tracker, on_open: bool = False) -> None:
        self.operator, self.body, self.on_open = operator, body, on_open
        self.known, self.best, self.reason = (), {}, ""
        self.values: dict[Pose, float] = {}  # as last thought over
        self.met: Counter = Counter()  # pose -> times it was there in this use

    def act(self, percept: Percept) -> int | None:
        """The next action; None where the anchor has vanished, or it has been there too often."""
        body, anchor = self.body, self.body.landmarks.get(self.operator.anchor)
        self.met[body.pose] += 1
        if body.pose is None or self.met[body.pose] > PATIENCE:
            return self.stop("lost" if body.pose is None else "no progress")
        stage = {} if anchor is None else site_stage(body, anchor, self.operator.site, self.on_open)
        known = (body.version, len(body.ground), len(body.obstacles), len(body.deadly), len(body.panes), *stage)
        if stage and (known != self.known or body.pose not in self.best):
            self.known, self.best = known, policy(body, stage, self.values)
        return self.best[body.pose] if stage else self.stop("no path")

    def stop(self, reason: str) -> None:
        """Say why it ends."""
        self.reason = reason


def policy(body: Tracker, stage: Stage, known: dict[Pose, float]) -> dict[Pose, int | None]:
    """The best action at each pose that can be reached from the present one; ``known`` values are where it begins."""
    chances = [body.model.chances(action) for action in body.model.movers]
    outcomes = sorted({taken for each in chances for taken, _ in each})
    share = np.array([[dict(each).get(taken, 0.0) for taken in outcomes] for each in chances])
    poses, rows, nexts = [body.pose], {body.pose: 0, None: -1}, []
    for pose in poses:  # grows while it is walked through
        if len(nexts) == LARGEST:
            break
        ends = [leads_to(body, pose, taken) for taken in outcomes]
        for end in ends if pose not in stage else ():
            if end not in rows:
                rows[end] = len(poses)
                poses.append(end)
        nexts.append([rows.get(end, -1) for end in ends])
    looked, rim = poses[:len(nexts)], poses[len(nexts):]
    far, arrived = open_ground(body.model, list(stage)), np.array([pose in stage for pose in looked])
    beyond = [min(far(pose), BAD_END - 1) for pose in rim]  # nothing nearer to the truth is known of it
    values = np.array([*(known.get(pose, 0.0) for pose in looked), *beyond, BAD_END])
    ahead, here = np.array(nexts, dtype=int), values[:len(looked)]
    for _ in range(SWEEPS):
        costs = 1 + values[ahead] @ share.T
        new = np.where(arrived, 0.0, np.minimum(costs.min(axis=1), BAD_END))
        done, here[:] = np.abs(new - here).max() < NEAR_ENOUGH, new
        if done:
            break
    known.update(zip(looked, here.tolist()))
    best = [body.model.movers[choice] for choice in costs.argmin(axis=1)]
    return {pose: stage[pose] if pose in stage else best[row] for row, pose in enumerate(looked)}


def leads_to(body: Tracker, pose: Pose, action: int) -> Pose | None:
    """Where an action leads from a pose: it stays where something is in the way; None where that ends badly."""
    turn, there = body.model.ahead(pose, action)
    if there in body.deadly:
        return None
    barred = there != pose[1] and there not in body.ground and (there in body.obstacles or not body.within(there))
    return pose if barred or (pose[1], there) in body.panes else (turn, there)
