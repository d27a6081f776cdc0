"""The record of an episode, and the one loop that plays them.

invocation    one use of one skill, told in full          Invocation(skill, start=4, stop=9, succeeded=True, ...)
episode       transitions and invocations, in order       episode.steps == 21
play          one episode being played                    play.percept, play.over, play.step(3)
choice        what an actor decides                       Choice(action=3, invocation=EXPLORING)
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import gymnasium as gym
import numpy as np

from .arguments import brief, is_action, is_number, number, whole
from .percepts import BAD_END, EXPLORING, SUCCESS, Facts, Percept, Transition, earned, mark_success

Perceive = Callable[[gym.Env], Percept]
Judge = Callable[[Transition], bool]  # whether a step succeeded in what the world is about
LONGEST = 10_000  # steps of an episode, where neither the environment nor max_steps sets a bound


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
    reason: str = ""  # why it ended: "effect", "blocked", "surprise", "no path", "no effect", "bad end" ...

    @property
    def cost(self) -> int:
        """Steps it took; a bad end counts as ``BAD_END`` more."""
        return self.stop - self.start + BAD_END * (self.reason == "bad end")


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
        seed: of the environment.
        max_steps: after so many steps the episode is cut off; without it, when the environment says so, and with a
            warning after :data:`LONGEST` steps, or as many as the environment says it takes.
        succeeded: which step brings success; one that terminates with a positive reward unless given.
        actor: who is going to play; where it knows a number of actions, that must be the environment's.

    Attributes:
        percept: the present one. episode: the record so far. over: whether it has ended.

    Raises:
        TypeError, ValueError: for what is no environment, no whole number or no function; for an environment whose
            actions are not the numbers 0, 1, 2 ... that the actor knows; where ``perceive`` returns no
            :class:`Percept`, or one with the fact "success"; and for a step that brings no finite reward.
    """

    def __init__(self, env: gym.Env, perceive: Perceive, seed: int | None = None, max_steps: int | None = None,
                 succeeded: Judge = earned, actor: object = None) -> None:
        if not isinstance(env, gym.Env):
            raise TypeError(f"env: a Gymnasium environment is needed, got {type(env).__name__}")
        if not callable(perceive):
            raise TypeError(f"perceive: a function from an environment to a Percept is needed, got {brief(perceive)}")
        if not callable(succeeded):
            raise TypeError(f"succeeded: a function from a Transition to True or False is needed, got {succeeded!r}")
        self.env, self.perceive, self.succeeded = env, perceive, succeeded
        self.max_steps = max_steps if max_steps is None else whole(max_steps, "max_steps", least=1)
        self.longest = self.max_steps or max(LONGEST, stated_bound(env))
        self.episode = Episode(seed=seed if seed is None else whole(seed, "seed"),
                               actions=getattr(perceive, "actions", None))
        if not takes_seed(env.unwrapped.reset):
            raise TypeError("env.reset: it must take a seed, as in def reset(self, *, seed=None, options=None)")
        env.reset(seed=self.episode.seed)
        self.axes = getattr(getattr(actor, "agent", None), "axes", 0)
        self.percept, self.over = self.look(), False
        self.n_actions = count_actions(env, actor)
        names = self.episode.actions
        if names is not None and not (isinstance(names, Sequence) and len(names) >= self.n_actions):
            raise ValueError(f"perceive.actions: {self.n_actions} names are needed, got {brief(names)}")
        optimal = getattr(env.unwrapped, "optimal_steps", None)
        optimum = optimal() if callable(optimal) else None
        self.episode.optimal_steps = optimum if optimum is None else whole(optimum, "env.optimal_steps")

    def look(self) -> Percept:
        """What there is to perceive now; nothing in it may speak for the agent."""
        try:
            percept = self.perceive(self.env)
        except AttributeError as error:
            if error.obj is self.env and self.env is not self.env.unwrapped:
                error.add_note("perceive: this environment is wrapped: what is its own is found in env.unwrapped")
            raise
        if not isinstance(percept, Percept):
            raise TypeError(f"perceive: must return a Percept, got {type(percept).__name__}")
        axes = percept.axes
        if axes and self.axes not in (0, axes):
            raise ValueError(f"perceive: displacements of {self.axes} numbers are needed, as before, got {axes}")
        self.axes = axes or self.axes
        if SUCCESS in percept.facts:
            raise ValueError(f"perceive: the fact {SUCCESS!r} is the agent's own mark: rename this fact, and say by "
                             "succeeded= which step is a success")
        return percept

    def step(self, action: int, invocation: int = EXPLORING) -> Transition:
        """Take one action, on behalf of an invocation or of none, and write down what it brought."""
        if not is_action(action) or action >= self.n_actions:
            raise ValueError(f"action: a whole number from 0 to {self.n_actions - 1} is needed, got {brief(action)}")
        action = int(action)
        reward, terminated, truncated = brought(self.env.step(action))
        late = not terminated and not truncated and self.episode.steps + 1 >= self.longest
        step = Transition(self.percept, action, reward, self.look(), terminated, truncated or late, invocation)
        step = mark_success(step, self.succeeded)
        self.episode.transitions.append(step)
        self.percept, self.over = step.next_percept, step.terminated or step.truncated
        if late and self.max_steps is None:
            warnings.warn(f"env: no end after {self.longest} steps, so the episode was cut off: give max_steps=, or "
                          "wrap the environment in gym.wrappers.TimeLimit", stacklevel=2)
        return step


def stated_bound(env: gym.Env) -> int:
    """After how many steps an environment says that it cuts an episode off; 0 where it does not say."""
    stated = [env.get_wrapper_attr(name) for name in ("_max_episode_steps", "max_steps") if env.has_wrapper_attr(name)]
    return max((int(bound) for bound in stated if is_action(bound)), default=0)


def takes_seed(reset: Callable) -> bool:
    """Whether an environment's reset can be given a seed; of compiled ones it cannot be known, and is believed."""
    try:
        known = inspect.signature(reset).parameters.values()
    except ValueError:
        return True
    return any(each.name == "seed" or each.kind is each.VAR_KEYWORD for each in known)


def count_actions(env: gym.Env, actor: object = None) -> int:
    """How many actions there are; ValueError unless they are numbered from 0 on, and as many as the actor knows."""
    space = getattr(env, "action_space", None)
    if not isinstance(space, gym.spaces.Discrete):
        raise ValueError(f"env: numbered actions are needed, action_space = gym.spaces.Discrete(n), got {brief(space)}")
    count, start = int(space.n), int(space.start)
    if start != 0:
        raise ValueError(f"env: actions numbered from 0 are needed, these begin with {start}: wrap it in gym.wrappers."
                         f"TransformAction(env, lambda action: action + {start}, gym.spaces.Discrete({count}))")
    known = getattr(actor, "n_actions", getattr(getattr(actor, "agent", None), "n_actions", None))
    if known is not None and whole(known, "n_actions", least=1) != count:
        raise ValueError(f"n_actions: the environment has {count} actions, not {known}: make the agent with "
                         f"n_actions={count}")
    shelves = getattr(getattr(getattr(actor, "agent", None), "library", None), "shelves", {}).values()
    if any(action >= count for shelf in shelves for action in shelf.skills[0].actions):
        raise ValueError(f"library: skills of an agent with {count} actions are needed, this one holds others' skills")
    return count


def brought(answer: Any) -> tuple[float, bool, bool]:
    """Reward, terminated and truncated of what ``env.step`` returned, as plain values; ValueError or TypeError else."""
    if not isinstance(answer, tuple | list) or len(answer) != 5:
        raise TypeError("env.step: five values are needed, observation, reward, terminated, truncated and info, "
                        f"got {brief(answer)}")
    _, reward, terminated, truncated, _ = answer
    reward = scalar(reward)
    reward = float(reward if isinstance(reward, bool) else number(reward, "env.step, reward"))
    return reward, flag(terminated, "terminated"), flag(truncated, "truncated")


def flag(value: Any, at: str) -> bool:
    """True or False, or what stands for one of them: 0, 1, an array of one value."""
    if isinstance(value, bool):
        return value
    value = scalar(value)
    if not isinstance(value, bool) and not (is_number(value) and value in (0, 1)):
        raise TypeError(f"env.step, {at}: True or False is needed, got {brief(value)}")
    return bool(value)


def scalar(value: Any) -> Any:
    """A NumPy scalar, or an array of one value, as the plain value."""
    return value.item() if isinstance(value, np.generic | np.ndarray) and value.size == 1 else value


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
    play = Play(env, perceive, seed, max_steps, succeeded, actor)
    actor.begin(play, learn)
    while not play.over and (choice := actor.act(play)) is not None:
        actor.observe(play.step(*choice))
    actor.end()
    return play.episode
