"""The record of an episode, and the one loop that plays them.

invocation    one use of one skill, told in full          Invocation(skill, start=4, stop=9, succeeded=True, ...)
episode       transitions and invocations, in order       episode.steps == 21
play          one episode being played                    play.percept, play.over, play.step(3)
choice        what an actor decides                       Choice(action=3, invocation=EXPLORING)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import gymnasium as gym

from .arguments import whole
from .percepts import EXPLORING, SUCCESS, Facts, Percept, Transition, earned, mark_success

Perceive = Callable[[gym.Env], Percept]
Judge = Callable[[Transition], bool]  # whether a step succeeded in what the world is about


class Named(Protocol):
    """What can be used and told of: it has a name."""

    @property
    def name(self) -> str: ...


@dataclass(slots=True)
class Invocation:
    """One use of one skill: why it was chosen, what it expected, and what came of it."""

    skill: Named
    start: int  # step at which it began
    before: Percept
    expected: Facts
    similarity: float
    success_rate: float
    runners_up: tuple[tuple[str, float], ...] = ()  # (name, score) of the next best
    stop: int = -1  # step after its last
    after: Percept | None = None
    seen: Facts = frozenset()  # the facts that appeared
    succeeded: bool = False
    reason: str = ""  # why it ended: "effect", "blocked", "surprise", "no path", "no effect", "episode over" ...


@dataclass(slots=True)
class Episode:
    """One episode, from reset to its end. Steps are primitive actions; a return is the undiscounted sum of rewards."""

    transitions: list[Transition] = field(default_factory=list)
    invocations: list[Invocation] = field(default_factory=list)
    seed: int | None = None
    optimal_steps: int | None = None
    actions: Sequence[str] | None = None  # names of the actions, where the environment has them

    @property
    def steps(self) -> int:
        """Number of primitive actions."""
        return len(self.transitions)

    @property
    def total_reward(self) -> float:
        """The return."""
        return float(sum(t.reward for t in self.transitions))

    @property
    def success(self) -> bool:
        """Whether the fact "success" came with its last step."""
        return bool(self.transitions) and SUCCESS in self.transitions[-1].next_percept.facts

    @property
    def optimality(self) -> float:
        """Shortest path / steps: 1.0 is perfect, 0 a failed episode, nan where the shortest path is not known."""
        if not self.success:
            return 0.0
        return self.optimal_steps / self.steps if self.optimal_steps is not None else float("nan")

    @property
    def exploring_steps(self) -> int:
        """Steps chosen by the explorer, not by a skill."""
        return sum(t.invocation == EXPLORING for t in self.transitions)

    @property
    def percepts(self) -> list[Percept]:
        """All percepts in order, one more than there are steps."""
        return [t.percept for t in self.transitions] + [t.next_percept for t in self.transitions[-1:]]


class Play:
    """One episode being played: the only caller of ``env.step``.

    Args:
        perceive: what an actor is told; its attribute ``actions``, if it has one, names the actions.
        max_steps: after so many steps the episode is cut off; without it, when the environment says so.
        succeeded: which step brings success; one that terminates with a positive reward unless given.

    Attributes:
        percept: the present one. episode: the record so far. over: whether it has ended.

    Raises:
        TypeError: for what is no environment, or where ``perceive`` returns no :class:`Percept`.
        ValueError: for ``max_steps`` that are no whole number of at least 1.
    """

    def __init__(self, env: gym.Env, perceive: Perceive, seed: int | None = None, max_steps: int | None = None,
                 succeeded: Judge = earned) -> None:
        if not isinstance(env, gym.Env):
            raise TypeError(f"env: a Gymnasium environment is needed, got {type(env).__name__}")
        if max_steps is not None:
            whole(max_steps, "max_steps", least=1)
        if not callable(succeeded):
            raise TypeError(f"succeeded: a function from a Transition to True or False is needed, got {succeeded!r}")
        self.env, self.perceive, self.max_steps, self.succeeded = env, perceive, max_steps, succeeded
        env.reset(seed=seed)
        self.percept, self.over = perceive(env), False
        if not isinstance(self.percept, Percept):
            raise TypeError(f"perceive: must return a Percept, got {type(self.percept).__name__}")
        optimal = getattr(env.unwrapped, "optimal_steps", None)
        self.episode = Episode(seed=seed, optimal_steps=optimal() if optimal else None,
                               actions=getattr(perceive, "actions", None))

    def step(self, action: int, invocation: int = EXPLORING) -> Transition:
        """Take one action, on behalf of an invocation or of none, and write down what it brought."""
        _, reward, terminated, truncated, _ = self.env.step(action)
        late = self.max_steps is not None and self.episode.steps + 1 >= self.max_steps
        step = Transition(self.percept, action, float(reward), self.perceive(self.env), bool(terminated),
                          bool(truncated or late and not terminated), invocation)
        step = mark_success(step, self.succeeded)
        self.episode.transitions.append(step)
        self.percept, self.over = step.next_percept, step.terminated or step.truncated
        return step


class Choice(NamedTuple):
    """What an actor decides: an action, and the invocation on whose behalf it is taken."""

    action: int
    invocation: int = EXPLORING


class Actor:
    """Whoever acts: a person, an explorer, a learner, an agent. Only ``act`` has to be written."""

    def begin(self, play: Play, learn: bool) -> None:
        """An episode begins; with ``learn=False`` nothing of it may be remembered beyond its end."""

    def act(self, play: Play) -> Choice | None:
        """The next action; None gives up."""
        raise NotImplementedError

    def observe(self, step: Transition) -> None:
        """What the action brought."""

    def end(self) -> None:
        """The episode is over; nothing is to be decided any more."""


def rollout(env: gym.Env, perceive: Perceive, actor: Actor, seed: int | None = None, learn: bool = True,
            max_steps: int | None = None, succeeded: Judge = earned) -> Episode:
    """Let an actor play one episode; everything that plays in this series goes through here."""
    play = Play(env, perceive, seed, max_steps, succeeded)
    actor.begin(play, learn)
    while not play.over and (choice := actor.act(play)) is not None:
        actor.observe(play.step(*choice))
    actor.end()
    return play.episode
