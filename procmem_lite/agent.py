"""Chapter 4: an agent that plans over skills, runs them, notices failure and falls back to exploring."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace

import gymnasium as gym
import numpy as np

from .environment import Percept
from .episodes import EXPLORING, Episode, Invocation, Transition
from .explorers import EXPLORERS, Explorer
from .library import Match, Shelf, SkillLibrary
from .motion import MotionModel, Tracker, shortest_way, site_stage
from .planning import Facts, outlook
from .skills import RULES, Skill, cut, erase, induce_anchor, induce_preconditions, skills_from

SUCCESS = "success"  # the fact the agent itself adds when an episode terminates with a positive reward
CASES = 32  # paths remembered for each effect, from which anchors are induced
BURST = 8  # exploring steps after the first failure of an episode; doubled at each further one


class ProceduralMemoryAgent:
    """Learns skills from its own episodes and reuses them.

    Args:
        n_actions: number of primitive actions.
        perceive: ``perceive(env) -> Percept``.
        seed: of all the agent's random choices.
        explorer: "untried", "random", or an object with the methods of :class:`~procmem_lite.explorers.Explorer`.
        rule: which parts of a path become skills; see :func:`~procmem_lite.skills.hindsight`.
        closed_loop: find the way to where an effect happens with learned motion, instead of replaying stored actions.
        lookahead: how many further skills of the plan the way is chosen for.
        ban: leave a skill alone for a while after it failed.
    """

    def __init__(self, n_actions: int, perceive: Callable[[gym.Env], Percept], seed: int | None = None, *,
                 explorer: str | Explorer = "untried", rule: str = "subpaths", closed_loop: bool = True,
                 lookahead: int = 1, ban: bool = True) -> None:
        if not isinstance(n_actions, (int, np.integer)) or n_actions < 1:
            raise ValueError(f"n_actions: a positive whole number is needed, got {n_actions!r}")
        if not callable(perceive):
            raise TypeError(f"perceive: a function from an environment to a Percept is needed, got {perceive!r}")
        if isinstance(explorer, str) and explorer not in EXPLORERS:
            raise ValueError(f"explorer: one of {sorted(EXPLORERS)} or an Explorer is needed, got {explorer!r}")
        if rule not in RULES:
            raise ValueError(f"rule: one of {RULES} is needed, got {rule!r}")
        self.n_actions, self.perceive = int(n_actions), perceive
        self.rule, self.closed_loop, self.lookahead, self.ban = rule, closed_loop, lookahead, ban
        self.rng = np.random.default_rng(seed)
        self.explorer = EXPLORERS[explorer](self.n_actions) if isinstance(explorer, str) else explorer
        self.library = SkillLibrary()
        self.model = MotionModel(self.n_actions)
        self.explored: Counter = Counter()  # facts -> exploring steps taken under them
        self._cases: dict[frozenset[str], deque[list[Transition]]] = {}

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode:
        """Play one episode. With ``learn=False`` nothing is kept: the agent is afterwards what it was before."""
        return Run(self, env, seed, learn).play()

    def learn_from(self, episode: Episode) -> int:
        """Take skills from an episode played by anyone; returns by how many the library grew."""
        before = len(self.library)
        for step in episode.transitions:
            self.model.learn(step.percept, step.action, step.next_percept)
        steps = [mark_success(step) for step in episode.transitions]
        for segment in cut(steps):
            self.keep(segment)
        return len(self.library) - before

    def keep(self, segment: list[Transition]) -> None:
        """Turn one segment into skills; where the anchor or the preconditions of its effect look different now, redo all."""
        path = erase(segment)
        effect = path[-1].next_percept.facts - path[-1].percept.facts
        cases = self._cases.setdefault(effect, deque(maxlen=CASES))
        cases.append(path)
        anchor, share = induce_anchor(cases)
        if share < 0.5:
            anchor = None
        preconditions = induce_preconditions(cases)
        stale = [shelf for shelf in self.library.shelves.values() if shelf.effect == effect
                 and (shelf.anchor, shelf.preconditions) != (anchor, preconditions)]
        if stale:
            self.library.discard(lambda shelf: shelf in stale)
        for known in cases if stale else [path]:
            if anchor is None or anchor in known[-1].percept.objects:
                for skill in skills_from(known, anchor, preconditions, self.rule):
                    self.library.add(skill)


def mark_success(step: Transition) -> Transition:
    """The step with the fact "success" added after it, if it ended the episode with a positive reward."""
    if not (step.terminated and step.reward > 0):
        return step
    return step._replace(next_percept=replace(step.next_percept, facts=step.next_percept.facts | {SUCCESS}))


class Run:
    """One episode being played: its record, where the agent is, and what failed so far."""

    def __init__(self, agent: ProceduralMemoryAgent, env: gym.Env, seed: int | None, learn: bool) -> None:
        self.agent, self.env, self.learn = agent, env, learn
        self.library, self.explorer = agent.library, agent.explorer
        env.reset(seed=seed)
        self.percept = agent.perceive(env)
        if not isinstance(self.percept, Percept):
            raise TypeError(f"perceive: must return a Percept, got {type(self.percept).__name__}")
        optimal = getattr(env.unwrapped, "optimal_steps", None)
        self.episode = Episode(seed=seed, optimal_steps=optimal() if optimal else None)
        self.tracker = Tracker(agent.model) if agent.closed_loop else None
        if self.tracker:
            self.tracker.observe(self.percept)
        self.explorer.begin()
        self.segment: list[Transition] = []
        self.banned: set[tuple] = set()
        self.failures = self.burst = 0
        self.done = False

    def play(self) -> Episode:
        """Plan, invoke, explore, until the episode ends."""
        while not self.done:
            way = self.decide() if self.burst == 0 else None
            match = self.retrieve(way[0]) if way else None
            if match is not None:
                self.invoke(match[0], match[1:], way)
            else:
                self.explore()
        return self.episode

    def decide(self) -> tuple[Shelf, ...] | None:
        """The plan to success; with none, the way to the facts explored least; None to explore here."""
        ways = outlook(self.percept.facts, self.library.shelves.values())
        goals = [cost_way for facts, cost_way in ways.items() if SUCCESS in facts]
        if goals:
            return min(goals, key=lambda cost_way: cost_way[0])[1]
        facts = min(ways, key=lambda facts: (self.agent.explored[facts], ways[facts][0]))
        return ways[facts][1] or None

    def retrieve(self, shelf: Shelf) -> list[Match] | None:
        """The best skills of a shelf that are not banned here."""
        for k in (3, len(self.library)):  # nearly always the first few are enough
            matches = self.library.retrieve(self.percept, k, shelf.effect)
            allowed = [match for match in matches if self.situation(match.skill) not in self.banned]
            if allowed or len(matches) < k:
                break
        return allowed or None

    def situation(self, skill: Skill) -> tuple:
        """What a ban forbids: going to this site under these facts, or replaying these actions at this place."""
        if self.tracker is not None and self.tracker.pose is not None and skill.anchor is not None:
            return skill.shelf, skill.site, self.percept.facts
        return skill.shelf, skill.context, self.percept.facts, self.percept.place

    def explore(self) -> None:
        """One step of the explorer."""
        if self.learn:
            self.agent.explored[self.percept.facts] += 1
        action = self.explorer.choose(self.percept, self.tracker, self.agent.rng)
        self.act(action)
        if self.burst:
            self.burst -= 1
            if self.burst == 0:
                self.banned.clear()

    def act(self, action: int, invocation: int = EXPLORING) -> Percept:
        """One step of the environment, recorded and learned from."""
        before = self.percept
        _, reward, terminated, truncated, _ = self.env.step(action)
        after = self.agent.perceive(self.env)
        step = mark_success(Transition(before, action, float(reward), after, bool(terminated), bool(truncated), invocation))
        self.percept, self.done = step.next_percept, bool(terminated or truncated)
        self.episode.transitions.append(step)
        if self.learn:
            self.agent.model.learn(before, action, after)
        if self.tracker is not None:
            self.tracker.follow(before, action, after)
        self.explorer.observe(before, action, after)
        self.segment.append(step)
        if self.percept.facts != before.facts:
            if self.learn:
                for segment in cut(self.segment):
                    self.agent.keep(segment)
            self.segment = []
            self.burst = 0
        return self.percept

    def invoke(self, match: Match, others: list[Match], way: tuple[Shelf, ...]) -> None:
        """Use one skill until its effect appears, or until it fails."""
        skill, number = match.skill, len(self.episode.invocations)
        record = Invocation(skill, self.episode.steps, self.percept, skill.effect, match.similarity, skill.success_rate,
                            tuple((other.skill.name, other.score) for other in others))
        self.episode.invocations.append(record)
        situation = self.situation(skill)
        if self.tracker is not None and self.tracker.pose is not None and skill.anchor is not None:
            record.reason = self.run_closed(skill, way, number)
        else:
            record.reason = self.run_open(skill, number)
        record.stop, record.after = self.episode.steps, self.percept
        record.seen = self.percept.facts - record.before.facts
        record.succeeded = skill.effect <= record.seen
        if self.learn and self.library.find(skill) is not None:
            self.library.record(self.library.find(skill), record.succeeded, record.stop - record.start)
        if not record.succeeded and self.agent.ban:
            self.banned.add(situation)
            self.failures += 1
            if self.retrieve(way[0]) is None:
                self.burst = BURST * 2 ** min(self.failures - 1, 8)

    def run_open(self, skill: Skill, number: int) -> str:
        """Replay the stored actions; stop at the effect or where a step changed nothing."""
        facts = self.percept.facts
        for action in skill.actions:
            before = self.percept
            after = self.act(action, number)
            if after.facts != facts or self.done:
                return "effect" if skill.effect <= after.facts else "episode over" if self.done else "surprise"
            if after.place == before.place and after.objects == before.objects:
                return "blocked"
        return "no effect"

    def run_closed(self, skill: Skill, way: tuple[Shelf, ...], number: int) -> str:
        """Go the shortest way to where the effect happens, finding it anew whenever a step did not go as predicted."""
        facts, tracker = self.percept.facts, self.tracker
        while True:
            path = self.path_to(skill, way)
            if path is None:
                return "no way"
            poses = tracker.poses_along(path)
            for index, action in enumerate(path):
                after = self.act(action, number)
                if after.facts != facts or self.done:
                    return "effect" if skill.effect <= after.facts else "episode over" if self.done else "surprise"
                if tracker.pose is None:
                    return "lost"
                if tracker.pose != poses[index] or tracker.is_barred(poses[index:]):
                    break
            else:
                return "no effect"

    def path_to(self, skill: Skill, way: tuple[Shelf, ...]) -> list[int] | None:
        """The shortest way to a skill's site, chosen with the sites of the plan's next skills in mind."""
        tracker = self.tracker
        if skill.anchor not in tracker.landmarks:
            return None
        anchors = [tracker.landmarks[skill.anchor]]
        stages = [site_stage(tracker, anchors[0], skill.site)]
        for shelf in way[1:1 + self.agent.lookahead]:
            if shelf.anchor not in tracker.landmarks:
                break
            anchors.append(tracker.landmarks[shelf.anchor])
            stages.append(site_stage(tracker, anchors[-1], shelf.skills[0].site))
        ways = shortest_way(tracker, stages, anchors)
        return ways[0] if ways else None
