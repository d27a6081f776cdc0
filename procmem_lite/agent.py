"""Chapter 4: an agent that plans over skills, runs them, notices failure and falls back to exploring."""

from __future__ import annotations

import copy
from collections import Counter, deque
from collections.abc import Callable, Hashable
from functools import partial

import gymnasium as gym
import numpy as np

from .episodes import Episode, Invocation
from .explorers import EXPLORERS, Explorer
from .library import Match, Shelf, SkillLibrary
from .memory import deed, is_disaster, keep, take_in
from .navigation.motion import MotionModel
from .navigation.search import Onward, nearest_open, shortest_way, site_stage
from .navigation.tracker import Tracker
from .percepts import EXPLORING, SUCCESS, Percept, Transition, mark_success
from .planning import outlook
from .skills import RULES, Skill, cut
from .storage import is_number, whole

HUNCH = 4.0  # so much dearer is what misses a precondition, once it has been tried
REFUTED = 4  # so many failures and no success under some facts, and a hunch is given up there
EVERY = 10 ** 9  # so many matches are all there are
BURST = 8  # exploring steps once every plan has failed; doubled each time it happens again in an episode


class ProceduralMemoryAgent:
    """Learns skills from its own episodes and reuses them.

    Args:
        n_actions: number of primitive actions.
        perceive: ``perceive(env) -> Percept``; its attribute ``actions``, if it has one, names the actions.
        seed: of all the agent's random choices.
        explorer: "untried", "random", or an object with the methods of :class:`~procmem_lite.explorers.Explorer`.
        rule: which parts of a path become skills; see :func:`~procmem_lite.skills.hindsight`.
        closed_loop: find the way to where an effect happens with learned motion, instead of replaying stored actions.
        lookahead: with how many further skills of the plan in mind the way is chosen.
        threshold: the least similarity, from 0 to 1, at which a skill is used; below it the agent explores.
        ban: leave a skill alone for a while where it failed.
        hunch: where plans go badly, try what misses one precondition: it may never have been needed.
        wary: never again do what ended an episode badly, or made an object vanish for nothing.
    """

    def __init__(self, n_actions: int, perceive: Callable[[gym.Env], Percept], seed: int | None = None, *,
                 explorer: str | Explorer = "untried", rule: str = "subpaths", closed_loop: bool = True,
                 lookahead: int = 1, threshold: float = 0.0, ban: bool = True, hunch: bool = True,
                 wary: bool = True) -> None:
        whole(n_actions, "n_actions", least=1)
        whole(lookahead, "lookahead")
        if seed is not None:
            whole(seed, "seed")
        if not callable(perceive):
            raise TypeError(f"perceive: a function from an environment to a Percept is needed, got {perceive!r}")
        named = isinstance(explorer, str)
        if explorer not in EXPLORERS if named else not callable(getattr(explorer, "choose", None)):
            raise ValueError(f"explorer: one of {sorted(EXPLORERS)} or an Explorer is needed, got {explorer!r}")
        if not is_number(threshold) or not 0 <= threshold <= 1:
            raise ValueError(f"threshold: a number from 0 to 1 is needed, got {threshold!r}")
        if rule not in RULES:
            raise ValueError(f"rule: one of {RULES} is needed, got {rule!r}")
        self.n_actions, self.perceive = int(n_actions), perceive
        self.rule, self.closed_loop, self.lookahead = rule, closed_loop, lookahead
        self.threshold, self.ban, self.hunch, self.wary = threshold, ban, hunch, wary
        self.rng = np.random.default_rng(seed)
        self.explorer = EXPLORERS[explorer](self.n_actions) if named else explorer
        self.library = SkillLibrary()
        self.model = MotionModel(self.n_actions)
        self.explored: Counter = Counter()  # facts -> exploring steps taken under them
        self.cases: dict[tuple, deque[list[Transition]]] = {}  # (effect, removes) -> loop-erased paths
        self.beliefs: dict[tuple, tuple] = {}  # (effect, removes) -> anchor, site, preconditions, model version
        self.attempts: dict[tuple, list[int]] = {}  # (effect, removes, facts) -> [uses, successes] under these facts
        self.trials: dict[int, deque[Transition]] = {}  # action -> steps with it that moved nothing
        self.fatal: dict[Hashable, bool] = {}  # deed -> whether it has only ever done harm

    def run_episode(self, env: gym.Env, seed: int | None = None, learn: bool = True) -> Episode:
        """Play one episode. With ``learn=False`` the agent is afterwards what it was before."""
        if not isinstance(env, gym.Env):
            raise TypeError(f"env: a Gymnasium environment is needed, got {type(env).__name__}")
        return play(Run(self, env, seed, learn))

    def learn_from(self, episode: Episode) -> int:
        """Take skills from an episode that anyone played; returns by how many the library grew."""
        if not isinstance(episode, Episode):
            raise TypeError(f"episode: an Episode is needed, got {type(episode).__name__}")
        strange = [step.action for step in episode.transitions if step.action not in range(self.n_actions)]
        if strange:
            raise ValueError(f"episode: actions from 0 to {self.n_actions - 1} are needed, got {strange[0]!r}")
        before = len(self.library)
        steps = [mark_success(step) for step in episode.transitions]
        for step in steps:
            take_in(self, step)
        for segment in cut(steps):
            keep(self, segment)
        return len(self.library) - before


class Run:
    """One episode being played: its record, where the agent is, and what has failed so far."""

    def __init__(self, agent: ProceduralMemoryAgent, env: gym.Env, seed: int | None, learn: bool) -> None:
        self.agent, self.env, self.learn = agent, env, learn
        env.reset(seed=seed)
        self.percept = agent.perceive(env)
        if not isinstance(self.percept, Percept):
            raise TypeError(f"perceive: must return a Percept, got {type(self.percept).__name__}")
        optimal = getattr(env.unwrapped, "optimal_steps", None)
        self.episode = Episode(seed=seed, optimal_steps=optimal() if optimal else None,
                               actions=getattr(agent.perceive, "actions", None))
        self.tracker = Tracker(agent.model, agent.fatal) if agent.closed_loop else None
        if self.tracker:
            self.tracker.observe(self.percept)
        # An explorer's counts are experience too, and so is where a generator stands.
        self.explorer, self.rng = (agent.explorer, agent.rng) if learn else copy.deepcopy((agent.explorer, agent.rng))
        self.explorer.begin()
        self.segment: list[Transition] = []  # since facts last changed
        self.banned: set[tuple] = set()  # situations
        self.dangers: list[int] = []  # actions that are known to end an episode badly here
        self.shut: set[tuple] = set()  # (shelf, facts) where every skill is banned
        self.onward: Onward | None = None  # the rest of the way that was found last
        self.setbacks = self.burst = 0
        self.done = False
        beware(self)

    def can_navigate(self, skill: Skill) -> bool:
        """Whether the way to a skill's site can be searched for, rather than replayed."""
        return self.tracker is not None and self.tracker.pose is not None and skill.anchor in self.tracker.landmarks


def play(run: Run) -> Episode:
    """Plan, use skills, explore, until the episode ends."""
    while not run.done:
        way = decide(run) if run.burst == 0 else None
        matches = choose(run, way[0]) if way else []
        if matches:
            invoke(run, matches, way)
        else:
            explore(run)
    return run.episode


def decide(run: Run) -> tuple[Shelf, ...] | None:
    """The plan to success; while none is known, the way to the facts explored least; None to explore here."""
    here, shelves = run.percept.facts, run.agent.library.shelves.values()
    ways = outlook(here, shelves, run.shut, partial(price, run))
    goals = [way for facts, way in ways.items() if SUCCESS in facts]
    if goals:
        return min(goals, key=lambda way: way[0])[1]
    if run.shut:  # every known way has failed
        run.burst = BURST * 2 ** min(run.setbacks, 3)
        run.setbacks += 1
        return None
    ways = outlook(here, shelves, run.shut)  # a hunch leads to facts that may not exist: no place to explore
    facts = min(ways, key=lambda facts: run.agent.explored[facts] + ways[facts][0])
    if facts == here:
        run.burst = BURST  # stay a while: without this the agent would hurry to and fro between what it knows
    return ways[facts][1] or None


def price(run: Run, shelf: Shelf, facts: frozenset[str]) -> float:
    """Expected steps of a shelf under some facts: its mean length divided by its success rate under these.

    Preconditions may be too few, so attempts are counted by facts; and too many (what always held need not be needed),
    so where the agent is, one that misses a fact may be tried: a learner does so once for nothing, then at a price, and
    in the end no more.
    """
    agent, missing = run.agent, 0 if shelf.preconditions <= facts else len(shelf.preconditions - facts)
    if missing > agent.hunch or missing and (facts != run.percept.facts
                                             or shelf.anchor not in {None, *run.percept.objects}):
        return np.inf
    uses, successes = agent.attempts.get((shelf.effect, shelf.removes, facts), (0, 0))
    if missing and uses >= REFUTED and not successes:
        return np.inf
    doubt = HUNCH if missing and (uses or not run.learn) else 1
    return shelf.cost * shelf.success_rate * (uses + 1) / (successes + 1) * doubt


def choose(run: Run, shelf: Shelf) -> list[Match]:
    """The best matches for a shelf's effect that are similar enough and not banned here; the first is to be used."""
    library = run.agent.library
    sure = shelf.preconditions <= run.percept.facts
    if shelf.anchor not in {None, *run.percept.objects}:
        return []
    for k in (3, EVERY):  # nearly always the first three are enough
        matches = library.retrieve(run.percept, k, shelf.effect) if sure else shelf.top(run.percept, k)
        allowed = [match for match in matches
                   if match.similarity >= run.agent.threshold and situation(run, match.skill) not in run.banned]
        if allowed or len(matches) < k:
            break
    return allowed[:3]


def situation(run: Run, skill: Skill) -> tuple:
    """What a ban covers: going to this site under these facts, or replaying these actions at this place."""
    if run.can_navigate(skill):
        return skill.shelf, skill.site, run.percept.facts
    return skill.shelf, skill.context, run.percept.facts, run.percept.place


def explore(run: Run) -> None:
    """One step of the explorer."""
    agent = run.agent
    if run.learn:
        agent.explored[run.percept.facts] += 1
    action = run.explorer.choose(run.percept, run.tracker, run.rng)
    if action in run.dangers and len(run.dangers) < agent.n_actions:
        run.explorer.way = []
        action = int(run.rng.choice([each for each in range(agent.n_actions) if each not in run.dangers]))
    act(run, action)
    if run.burst:
        run.burst -= 1
        if run.burst == 0:
            forgive(run)


def act(run: Run, action: int, invocation: int = EXPLORING) -> Percept:
    """One step of the environment: recorded, followed on the map, learned from."""
    agent, before = run.agent, run.percept
    _, reward, terminated, truncated, _ = run.env.step(action)
    after = agent.perceive(run.env)
    step = mark_success(Transition(before, action, float(reward), after, bool(terminated), bool(truncated), invocation))
    run.percept, run.done = step.next_percept, step.terminated or step.truncated
    run.episode.transitions.append(step)
    run.segment.append(step)
    if run.learn:
        take_in(agent, step)
    if run.tracker:
        run.tracker.follow(before, action, after)
    beware(run)
    run.explorer.observe(before, action, after, run.tracker)
    if run.percept.facts != before.facts:
        for segment in cut(run.segment) if run.learn and not (agent.wary and is_disaster(step)) else []:
            keep(agent, segment)
        run.segment = []
        if run.burst:
            run.burst = 0
            forgive(run)
    return run.percept


def forgive(run: Run) -> None:
    """Lift all bans: what failed may be tried again from elsewhere."""
    run.banned.clear()
    run.shut.clear()


def beware(run: Run) -> None:
    """Look out for what is known to do harm here; where an episode would end badly is barred."""
    agent, model, percept = run.agent, run.agent.model, run.percept
    run.dangers = []
    if not any(agent.fatal.values()):
        return
    ends = [action for action in range(agent.n_actions) if agent.fatal.get(deed(agent, percept, action))]
    for action in ends:
        if run.tracker and run.tracker.pose and any(model.step(action)):
            run.tracker.note(model.ahead(run.tracker.pose, action)[1], free=False)
    run.dangers = ends + [action for action in range(agent.n_actions) for item in percept.objects.items()
                          if (action, item) in agent.fatal]


def invoke(run: Run, matches: list[Match], way: tuple[Shelf, ...]) -> None:
    """Use one skill until its effect appears or it fails; write down what happened."""
    agent, skill, number = run.agent, matches[0].skill, len(run.episode.invocations)
    banned = situation(run, skill)
    record = Invocation(skill, run.episode.steps, run.percept, skill.effect, matches[0].similarity, skill.success_rate,
                        tuple((other.skill.name, other.score) for other in matches[1:]))
    run.episode.invocations.append(record)
    record.reason = run_closed(run, skill, way, number) if run.can_navigate(skill) else run_open(run, skill, number)
    record.stop, record.after = run.episode.steps, run.percept
    record.seen = run.percept.facts - record.before.facts
    record.succeeded = skill.effect <= record.seen
    stored = agent.library.find(skill)  # what was just learned may have put another skill in its place
    if run.learn and stored is not None:
        agent.library.record(stored, record.succeeded, record.stop - record.start)
        counts = agent.attempts.setdefault((skill.effect, skill.removes, record.before.facts), [0, 0])
        counts[:] = counts[0] + 1, counts[1] + record.succeeded
    if not record.succeeded and (agent.ban or record.stop == record.start):  # what took no step would never end
        run.banned.add(banned)
        if not choose(run, way[0]):
            run.shut.add((skill.shelf, record.before.facts))


def run_open(run: Run, skill: Skill, number: int) -> str:
    """Replay the stored actions; stop at the effect, or where a step changed nothing."""
    facts = run.percept.facts
    for action in [*to_open_ground(run, skill), *skill.actions]:
        if action in run.dangers:
            return "no way"
        before = run.percept
        after = act(run, action, number)
        if after.facts != facts or run.done:
            return outcome(run, skill)
        if after.place == before.place and after.objects == before.objects:
            return "blocked"
    return "no effect"


def to_open_ground(run: Run, skill: Skill) -> list[int]:
    """The way to the next open ground, for a skill without an anchor whose effect has always happened there."""
    cases = run.agent.cases.get((skill.effect, skill.removes), ())
    if skill.anchor or not run.tracker or run.tracker.pose is None or not cases:
        return []
    return nearest_open(run.tracker) or [] if all(run.agent.model.is_open(path[-1].percept) for path in cases) else []


def run_closed(run: Run, skill: Skill, way: tuple[Shelf, ...], number: int) -> str:
    """Go the shortest way to where the effect happens; find it anew whenever the world is not as expected."""
    facts, tracker = run.percept.facts, run.tracker
    while True:
        path = path_to(run, skill, way)
        if not path:
            return "no way"
        poses = tracker.poses_along(path)
        for index, action in enumerate(path):
            after = act(run, action, number)
            if after.facts != facts or run.done:
                return outcome(run, skill)
            if tracker.pose is None:
                return "lost"
            if tracker.pose != poses[index] or tracker.is_barred(poses[index:]):
                break
        else:
            return "no effect"


def outcome(run: Run, skill: Skill) -> str:
    """Why a skill stopped when facts changed or the episode ended."""
    if skill.effect <= run.percept.facts:
        return "effect"
    return "episode over" if run.done else "surprise"


def path_to(run: Run, skill: Skill, way: tuple[Shelf, ...]) -> list[int] | None:
    """The shortest way to a skill's site, chosen with the sites of the plan's next skills in mind."""
    tracker = run.tracker
    if skill.anchor not in tracker.landmarks:
        return None  # it has vanished on the way
    anchors = [tracker.landmarks[skill.anchor]]
    stages = [site_stage(tracker, anchors[0], skill.site)]
    for shelf in way[1:1 + run.agent.lookahead]:
        if shelf.anchor not in tracker.landmarks:
            break
        anchors.append(tracker.landmarks[shelf.anchor])
        stages.append(site_stage(tracker, anchors[-1], shelf.skills[0].site))
    if run.onward and run.onward.holds(tracker, stages):
        return run.onward.way
    for ahead in sorted({len(stages), 1}, reverse=True):  # what bars the way on may be gone by then
        ways = shortest_way(tracker, stages[:ahead], anchors[:ahead])
        if ways:
            run.onward = Onward(tracker, stages[:ahead], ways, anchors[0]) if ahead > 1 else None
            return ways[0]
    return None
