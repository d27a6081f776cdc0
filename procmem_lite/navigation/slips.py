"""Chapter 5: what to do where actions slip - the action after which least is to be expected, not the shortest path.

chances    as which actions one comes out, each with its share     [(0, 0.8), (2, 0.2)]
value      expected steps from a pose to a stage; a bad end counts as so many more
"""

from __future__ import annotations

import numpy as np

from .motion import Pose
from .search import Stage
from .tracker import Tracker

BAD_END = 200.0  # steps that a bad end counts as; and what is beyond the poses looked at
NEAR_ENOUGH = 1e-2  # steps
SWEEPS = 300  # at most
LARGEST = 400  # poses looked at


class Careful:
    """The best action at each pose, by value iteration (Bellman, 1957) over what is known of the ground."""

    def __init__(self, body: Tracker) -> None:
        self.body, self.known, self.best = body, None, {}

    def act(self, stage: Stage) -> int | None:
        """The action to take at the present pose; None where no action leads on."""
        body = self.body
        known = (body.version, len(body.ground), len(body.obstacles), len(body.deadly), len(body.panes), *stage)
        if known != self.known or body.pose not in self.best:
            self.known, self.best = known, policy(body, stage)
        return self.best[body.pose]


def policy(body: Tracker, stage: Stage) -> dict[Pose, int | None]:
    """The best action at each pose that can be reached from the present one."""
    chances = [body.model.chances(action) for action in body.model.movers]
    outcomes = sorted({taken for each in chances for taken, _ in each})
    share = np.array([[dict(each).get(taken, 0.0) for taken in outcomes] for each in chances])
    poses, rows, nexts = [body.pose], {body.pose: 0, None: -1}, []
    for pose in poses:  # grows while it is walked through
        ends = [leads_to(body, pose, taken) for taken in outcomes]
        for end in ends if pose not in stage else ():
            if end not in rows and len(poses) < LARGEST:
                rows[end] = len(poses)
                poses.append(end)
        nexts.append([rows.get(end, -1) for end in ends])
    arrived = np.array([pose in stage for pose in poses])
    values, ahead = np.append(np.zeros(len(poses)), BAD_END), np.array(nexts, dtype=int)
    for _ in range(SWEEPS):
        costs = 1 + values[ahead] @ share.T
        new = np.where(arrived, 0.0, np.minimum(costs.min(axis=1), BAD_END))
        done, values[:-1] = np.abs(new - values[:-1]).max() < NEAR_ENOUGH, new
        if done:
            break
    best = [body.model.movers[choice] for choice in costs.argmin(axis=1)]
    return {pose: stage[pose] if pose in stage else best[row] for row, pose in enumerate(poses)}


def leads_to(body: Tracker, pose: Pose, action: int) -> Pose | None:
    """Where an action leads from a pose: it stays where something is in the way; None where that ends badly."""
    turn, there = body.model.ahead(pose, action)
    if there in body.deadly:
        return None
    barred = there != pose[1] and there not in body.ground and (there in body.obstacles or not body.within(there))
    return pose if barred or (pose[1], there) in body.panes else (turn, there)
