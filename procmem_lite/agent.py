"""Chapter 4: an agent that plans over skills, uses them, notices failure, explores, and learns while it plays.

plan      a chain of shelves that leads to success
use       one skill in control, step by step, until its effect appears or it fails
ban       a situation in which a skill failed: not again for a while
shut      a shelf under some facts, once all its skills are banned there
burst     exploring steps once every plan has failed
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from functools import partial
from typing import Protocol

import gymnasium as gym
import numpy as np

from .beliefs import Beliefs, hunches, is_vain
from .episodes import Actor, Choice, Episode, Invocation, Judge, Perceive, Play, rollout
from .explorers import Explorer
from .library import Match, Shelf, alike
from .memory import Memory
from .navigation.dangers import Dangers
from .navigation.goto import GoTo, nearest_first, on_open_ground
from .navigation.motion import MotionModel
from .navigation.tracker import Tracker
from .percepts import Facts, Percept, Transition, earned, is_disaster
from .planning import expected_steps, outlook, plan
from .settings import Settings
from .shell import Shell, check, made
from .skills import Operator, Replaying, Skill

FEW, MORE = 3, 8  # matches asked for at first; so many times more where all of these are banned


class Using(Protocol):
    """One use of a policy: an action at a time; None at its end, and why it ended."""

    reason: str

    def act(self, percept: Percept) -> int | None: ...


class Run(Actor):
    """One episode of an agent: what is in control, what has failed so far."""

    def __init__(self, agent: SequenceAgent) -> None:
        self.agent = agent

    def begin(self, play: Play, learn: bool) -> None:
        """A new episode; where nothing is to be learned, memory is frozen."""
        self.play, self.memory = play, self.agent.memory if learn else self.agent.memory.frozen()
        self.memory.begin()
        self.memory.explorer.begin()
        self.percept = self.memory.view.of(play.percept)
        self.body = self.agent.embody(self.percept)
        self.banned: set[Hashable] = set()  # situations
        self.shut, self.broken = set(), set()  # (claim, facts): every skill is banned; it led elsewhere than promised
        self.met: dict[Facts, Collection[str]] = {}  # facts -> what was there when they held last
        self.plan = self.promised = self.using = None  # shelves; facts, goal, operators after its first; what acts
        self.burst = self.setbacks = 0

    def act(self, play: Play) -> Choice:
        """The next action, and who wants it."""
        return control(self)

    def observe(self, step: Transition) -> None:
        """Learn from a step; then see what it means for what is being tried."""
        step = self.memory.observe(step)
        self.percept = step.next_percept
        if self.body is not None:
            self.body.follow(step.percept, step.action, step.next_percept)
        self.memory.explorer.observe(step, self.body)
        notice(self, step)

    def end(self) -> None:
        """Close what is still in control, where an episode was left before its end."""
        if self.using is not None:
            close(self, "episode over")


def control(run: Run) -> Choice:
    """Plan, choose and use a skill; explore where none is known, or every plan has failed."""
    while True:
        if run.using is None and run.burst == 0:
            run.plan = ahead(run) or decide(run)
            matches = choose(run, run.plan[0]) if run.plan else []
            if matches:
                use(run, run.plan[0], matches)
        if run.using is None:
            return Choice(explore(run))
        action = run.using.act(run.percept)
        if action is not None and not run.agent.veto(run, action):
            return Choice(action, len(run.play.episode.invocations) - 1)
        close(run, "vetoed" if action is not None else run.using.reason)


def notice(run: Run, step: Transition) -> None:
    """Whether facts changed, as expected or not: whoever is in control has succeeded or failed then."""
    changed = step.next_percept.facts != step.percept.facts
    if run.burst:
        run.burst = 0 if changed else run.burst - 1
        if run.burst == 0:
            run.banned, run.shut = set(), set()  # what failed may be tried again from elsewhere
    if run.using is not None and (changed or run.play.over):
        close(run, outcome(run))


def ahead(run: Run) -> tuple[Shelf, ...]:
    """The rest of the plan, where its first part ended as promised, and no operator has changed since."""
    kept, run.promised = run.promised == (run.percept.facts, run.percept.goal, list(run.memory.library.shelves)), None
    return run.plan[1:] if kept else ()


def decide(run: Run) -> tuple[Shelf, ...] | None:
    """The plan to what is wanted; while none is known, the one to the facts explored least; None to explore here."""
    here, shelves = run.percept.facts, run.agent.edges(run)
    run.met[here] = run.percept.objects
    found = plan(here, run.percept.wanted, shelves, run.shut, partial(run.agent.price, run))
    if found and not run.agent.doubts(run, found):
        return found
    if found or run.shut:  # what is known mostly fails, or all has failed
        run.burst, run.setbacks = run.agent.settings.burst * 2 ** min(run.setbacks, 3), run.setbacks + 1
        return None
    best, least = None, float("inf")
    for facts, cost, found in outlook(here, run.memory.library.shelves.values(), run.broken):
        if cost >= least:  # nothing farther away can be better
            break
        if cost + run.memory.explored[facts] < least:
            best, least = found, cost + run.memory.explored[facts]
    if not best:
        run.burst = run.agent.settings.burst  # without this the agent would hurry to and fro between what it knows
    return best


def choose(run: Run, shelf: Shelf) -> list[Match]:
    """The best matches on a shelf that are not banned here; the first is to be used."""
    if shelf.anchor not in {None, *run.percept.objects}:
        return []
    k = FEW  # nearly always enough
    while True:
        matches = run.agent.policies(run, shelf, k)
        allowed = [match for match in matches if match.skill.situation(run.percept) not in run.banned]
        if allowed or len(matches) < k:
            return allowed[:FEW]
        k *= MORE


def use(run: Run, shelf: Shelf, matches: list[Match]) -> None:
    """Give control to the best match, and write down why."""
    (skill, similarity, score), percept = matches[0], run.percept
    run.play.episode.invocations.append(Invocation(
        skill, run.play.episode.steps, percept, shelf.effect, similarity, score / similarity,
        tuple((other.skill.name, other.score) for other in matches[1:])))
    run.shelf, run.situation = shelf, skill.situation(percept)
    run.promised = shelf.operator.apply(percept.facts), percept.goal, list(run.memory.library.shelves)
    run.using = run.agent.start(run, skill)


def outcome(run: Run) -> str:
    """Why a skill stops where facts changed or the episode ended."""
    if run.shelf.effect <= run.percept.facts:
        return "effect"
    if not run.play.over:
        return "surprise"
    return "bad end" if is_disaster(run.play.episode.transitions[-1]) else "episode over"


def close(run: Run, reason: str) -> None:
    """Take control back: write down what came of it, and leave alone for a while what failed."""
    record = run.play.episode.invocations[-1]
    record.reason, record.stop, record.after = reason, run.play.episode.steps, run.percept
    record.seen = record.after.facts - record.before.facts
    record.succeeded = record.expected <= record.after.facts
    run.using = None
    run.memory.record(record)
    if run.promised and run.promised[0] != record.after.facts:
        run.broken.add((run.shelf.operator.claim, record.before.facts))
    if not record.succeeded and (run.agent.settings.ban or record.stop == record.start):  # no step: it would never end
        run.banned.add(run.situation)
        for shelf in [run.shelf, *alike(run.shelf, run.memory.library.shelves.values())]:
            if not choose(run, shelf):
                run.shut.add((shelf.operator.claim, record.before.facts))


def explore(run: Run) -> int:
    """What the explorer wants, unless that is vetoed."""
    memory, veto = run.memory, run.agent.veto
    action = memory.explorer.choose(run.percept, run.body, memory.rng)
    if veto(run, action):
        allowed = [other for other in range(run.agent.n_actions) if not veto(run, other)]
        action = int(memory.rng.choice(allowed)) if allowed else action
    return action


def was_open(run: Run, operator: Operator) -> bool:
    """Whether what an operator brings about always happened with open ground ahead."""
    cases = run.memory.cases.get((operator.effect, operator.removes), ())
    return bool(cases) and all(run.agent.model.is_open(path[-1].percept) for path in cases)


class SequenceAgent(Shell):
    """Learns skills from its own episodes, and replays the stored sequence that fits best.

    ``price``, ``veto``, ``doubts``, ``policies`` and ``embody`` are seams: what later chapters add is plugged in there.
    """

    def __init__(self, n_actions: int, perceive: Perceive, seed: int | None = None, *,
                 explorer: str | Explorer = "least taken", succeeded: Judge | None = None, **settings: object) -> None:
        self.settings = Settings(**settings)
        self.n_actions, self.perceive, self.succeeded = check(n_actions, perceive, seed), perceive, succeeded or earned
        self.memory = Memory(made(explorer, n_actions), np.random.default_rng(seed), self.settings)

    def price(self, run: Run, shelf: Shelf, facts: Facts) -> float:
        """Expected steps of a shelf: mean length divided by success rate, as attempted under these facts.

        Infinitely many where what it is about is not there, and was not when these facts held last in this episode.
        """
        is_gone = facts in run.met and shelf.anchor not in {None, *run.percept.objects, *run.met[facts]}
        tried = run.memory.library.ledger.under_facts(shelf.operator.claim, facts)
        return float("inf") if is_gone else expected_steps(shelf, facts) * shelf.tally.rate / tried.rate

    def edges(self, run: Run) -> list[Shelf]:
        """What plans are made of: all shelves."""
        return list(run.memory.library.shelves.values())

    def veto(self, run: Run, action: int) -> bool:
        """Whether an action must not be taken now."""
        return False

    def policies(self, run: Run, shelf: Shelf, k: int) -> list[Match]:
        """What may be used for a shelf's operator, best first: the stored sequences whose contexts are nearest."""
        return [match for match in shelf.top(run.percept, k) if match.similarity >= self.settings.threshold]

    def start(self, run: Run, skill: Skill) -> Using:
        """One use of a skill begins: its actions are replayed."""
        return Replaying(skill.actions)

    def embody(self, percept: Percept) -> object | None:
        """What follows the agent through one episode."""
        return None

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True,
                    max_steps: int | None = None) -> Episode:
        """Play one episode. With ``learn=False`` the agent is afterwards what it was before."""
        return rollout(env, self.perceive, Run(self), seed, learn, max_steps, self.succeeded)


class ProceduralMemoryAgent(SequenceAgent):
    """The whole agent: it also learns motion, beliefs and dangers, and goes to where an effect happens.

    Args:
        n_actions: number of primitive actions.
        perceive: ``perceive(env) -> Percept``; its attribute ``actions``, if it has one, names the actions.
        seed: of all the agent's random choices.
        explorer: "untried", "least taken", "random", or an object with the methods of
            :class:`~procmem_lite.explorers.Explorer`.
        succeeded: ``succeeded(transition) -> bool``; a step that terminates with a positive reward unless given.
        settings: see :class:`~procmem_lite.settings.Settings`.
    """

    def __init__(self, n_actions: int, perceive: Perceive, seed: int | None = None, *,
                 explorer: str | Explorer = "untried", succeeded: Judge | None = None, **settings: object) -> None:
        super().__init__(n_actions, perceive, seed, explorer=explorer, succeeded=succeeded, **settings)
        model = MotionModel(self.n_actions, self.settings.trust)
        self.memory.senses = {"motion": model, "dangers": Dangers(model), "beliefs": Beliefs(model, self.settings)}
        self.memory.induce = self.memory.senses["beliefs"].induce

    @property
    def model(self) -> MotionModel:
        """What it knows of its motion."""
        return self.memory.senses["motion"]

    def edges(self, run: Run) -> list[Shelf]:
        """All shelves; and on a hunch, those of which some preconditions may never have been needed."""
        known, memory, beliefs = super().edges(run), run.memory, self.memory.senses["beliefs"]
        if self.settings.hunch:
            known += hunches(beliefs, known, run.percept, memory.library.ledger, memory.learning)
        return known

    def veto(self, run: Run, action: int) -> bool:
        """Whether an action is known to do harm here."""
        return self.settings.wary and self.memory.senses["dangers"].forbid(run.percept, action)

    def doubts(self, run: Run, found: Sequence[Shelf]) -> bool:
        """Whether a plan mostly fails; the less often it has worked, the more often it is doubted while learning."""
        curious = self.settings.ban and run.memory.learning
        return curious and is_vain(found, run.percept.facts, run.memory.library.ledger, run.memory.rng)

    def policies(self, run: Run, shelf: Shelf, k: int) -> list[Match]:
        """Going to the site, where that can be done; else the stored sequences."""
        if self.settings.closed_loop and GoTo(shelf.operator).can_start(run.percept, run.body):
            sides = alike(shelf, run.memory.library.shelves.values(), run.body.landmarks) or [shelf]
            on_open = shelf.site.action is not None and was_open(run, shelf.operator)
            return [Match(GoTo(side.operator, on_open), 1.0, side.tally.rate)
                    for side in nearest_first(sides, run.body, on_open)[:k]]
        return super().policies(run, shelf, k)

    def start(self, run: Run, skill: Skill | GoTo) -> Using:
        """One use begins; what has no anchor and always happened on open ground, on open ground."""
        is_led = self.settings.closed_loop and skill.operator.anchor is None and run.body.pose is not None
        if is_led and was_open(run, skill.operator):
            return on_open_ground(skill.actions, run.body)
        return skill.start(run.percept, run.body)

    def embody(self, percept: Percept) -> Tracker:
        """The map of one episode, and the agent on it."""
        body = Tracker(self.model, self.memory.senses["dangers"] if self.settings.wary else None)
        body.observe(percept)
        return body
