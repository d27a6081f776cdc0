"""Checks for the exercises: they say what is wrong with an answer, never what to write.

A check takes the reader's answer, raises :class:`Wrong` with one sentence where it falls short, and returns one
sentence on what was tried where it holds. In a notebook, ``report(check, answer)`` prints either.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import gymnasium as gym
import numpy as np

from . import analysis, environment, library, skills
from .agent import ProceduralMemoryAgent
from .environment import GridWorld, Percept
from .episodes import Transition
from .explorers import Explorer
from .layouts import LAYOUTS, Layout
from .training import train


class Wrong(AssertionError):
    """An answer that is not right yet."""


def report(check: Callable[..., str], *answers: object) -> None:
    """Print what a check says; a stub that still raises ``NotImplementedError`` is "not done yet", no error."""
    try:
        verdict = f"right: {check(*answers)}"
    except NotImplementedError:
        verdict = "not done yet"
    except Wrong as wrong:
        verdict = f"not right yet: {wrong}"
    except Exception as error:  # whatever else the reader's code may run into
        verdict = f"not right yet: it stopped with {type(error).__name__}: {error}"
    print(f"{check.__name__}: {verdict}")


def require(condition: bool, message: str) -> None:
    """Raise :class:`Wrong` unless the condition holds."""
    if not condition:
        raise Wrong(message)


def some_layouts(size: int, each: int = 3) -> list[Layout]:
    """A few layouts of every kind."""
    return [draw(size, np.random.default_rng(seed)) for draw in LAYOUTS.values() for seed in range(each)]


def some_walks(count: int = 200) -> list[str]:
    """Random walks between the letters A to F, the shortest first."""
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("ABCDEF"), size=1 + n // 12)) for n in range(count)]


# ---------------------------------------------------------------- chapter 1: environment


def long_layout(answer: Callable[[], Layout]) -> str:
    """A 6 by 6 layout whose shortest path takes at least 40 steps."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size == 6, f"the world is {layout.size} by {layout.size}, not 6 by 6")
    start = environment.encode(6, layout.start, False, False)
    steps = int(environment.steps_to_goal(layout)[start])
    require(steps >= 40, f"the shortest path takes {steps} steps, fewer than 40")
    return f"the shortest path takes {steps} steps"


def best_action(answer: Callable[[Layout, int], int]) -> str:
    """An action that begins a shortest path, from every state that has one."""
    tried = 0
    for layout in some_layouts(5):
        table, steps = environment.transition_table(layout), environment.steps_to_goal(layout)
        for state in np.flatnonzero(np.isfinite(steps)).tolist():
            action = answer(layout, state)
            where = "from cell {}, has_key {}, door_open {}".format(*environment.decode(5, state))
            require(action in range(6), f"{where}: {action!r} is not an action")
            after = 0 if table.terminated[state, action] else steps[table.next_state[state, action]]
            require(after < steps[state], f"{where}: after {environment.ACTIONS[action]!r} the goal is "
                                          f"{after:.0f} steps away, before it was {steps[state]:.0f}")
            tried += 1
    return f"every one of {tried} states is left on a shortest path"


def finishes(answer: Callable[[float], bool]) -> str:
    """Whether the best policy under the original rewards reaches the goal, for a discount."""
    layout = LAYOUTS["fixed"](5, np.random.default_rng(0))
    for discount in (0.05, 0.15, 0.4, 0.5, 0.6, 0.68, 0.75, 0.9, 0.99):
        seen = answer(discount)
        require(isinstance(seen, (bool, np.bool_)), f"True or False is needed, got {seen!r}")
        table = environment.transition_table(layout, "original")
        truth = steps_under(table, best_values(table, discount), discount, layout) is not None
        require(seen == truth, f"with a discount of {discount} the best policy {'does' if truth else 'never does'} "
                               f"reach the goal, your function says {bool(seen)}")
    return "nine discounts, from short-sighted to far-sighted"


def shaped_rewards(answer: Callable[[Layout], np.ndarray]) -> str:
    """Rewards that pay for progress on the way and still make the shortest path the best policy."""
    for layout in some_layouts(5):
        rewards, plain = answer(layout), environment.transition_table(layout, "goal")
        require(np.shape(rewards) == plain.reward.shape,
                f"an array of shape {plain.reward.shape} is needed, this one has {np.shape(rewards)}")
        require(bool(np.isfinite(rewards).all()), "some rewards are not finite")
        paid = (np.asarray(rewards) > 0) & ~plain.terminated
        require(bool(paid[:, :4].any()), "no move is paid before the goal: that cannot help a learner on its way")
        table = plain._replace(reward=np.asarray(rewards, dtype=float))
        steps = steps_under(table, best_values(table, 0.99), 0.99, layout)
        best = environment.steps_to_goal(layout)[environment.encode(5, layout.start, False, False)]
        require(steps is not None, f"the best policy under your rewards never ends an episode of\n{layout}")
        require(steps == best, f"the best policy takes {steps} steps where {best:.0f} would do, in\n{layout}")
    return "the best policy takes the shortest path in every layout tried"


def best_values(table: environment.TransitionTable, discount: float) -> np.ndarray:
    """Value iteration: the greatest discounted return from every state."""
    values = np.zeros(len(table.reward))
    while True:
        better = (table.reward + discount * ~table.terminated * values[table.next_state]).max(axis=1)
        if np.abs(better - values).max() < 1e-9:
            return better
        values = better


def steps_under(table: environment.TransitionTable, values: np.ndarray, discount: float, layout: Layout) -> int | None:
    """Steps to the goal under the greedy policy for some values, or None where it never gets there."""
    state = environment.encode(layout.size, layout.start, False, False)
    for steps in range(len(values)):
        worth = table.reward[state] + discount * ~table.terminated[state] * values[table.next_state[state]]
        action = int(np.argmax(worth > worth.max() - 1e-6))
        if table.terminated[state, action]:
            return steps + 1
        state = table.next_state[state, action]
    return None


# ---------------------------------------------------------------- chapter 2: skills


def loop_erase(answer: Callable[[Sequence], list]) -> str:
    """Loop erasure that returns the places that remain."""
    for walk in some_walks():
        places = list(walk)
        path = answer(places)
        require(places == list(walk), f"the walk {walk} was changed; leave the argument as it was")
        require(isinstance(path, list), f"a list is needed, got a {type(path).__name__}")
        shown = f"{walk} became {''.join(map(str, path)) or 'nothing'}"
        require(set(path) <= set(places), f"{shown}: that holds a place where nobody was")
        require(len(set(path)) == len(path), f"{shown}: a place occurs twice, so a loop is left")
        require(path[:1] == places[:1], f"{shown}: it should begin where the walk began")
        require(path[-1:] == places[-1:], f"{shown}: it should end where the walk ended")
        steps = set(zip(walk, walk[1:], strict=False))
        require(set(zip(path, path[1:], strict=False)) <= steps, f"{shown}: that holds a step nobody took")
        expected = [places[index] for index in skills.loop_erase(places)]
        require(path == expected, f"{shown}: another path without loops, but not what is left when "
                                  "each excursion is dropped as soon as it closes")
    require(answer([]) == [], "a walk of no places should stay one of no places")
    return "200 random walks, and the empty one"


def erasing_laws(answer: Callable[[Callable[[list], list], list], bool]) -> str:
    """A function that tells a right loop erasure from broken ones."""

    def right(walk: list) -> list:
        return [walk[index] for index in skills.loop_erase(walk)]

    broken: dict[str, Callable[[list], list]] = {
        "one that drops nothing": lambda walk: list(walk),
        "one that walks every path twice": lambda walk: right(walk) + right(walk),
        "one that forgets the last place": lambda walk: right(walk)[:-1],
        "one that forgets the first place": lambda walk: right(walk)[1:],
        "one that jumps from the first place to the last": lambda walk: right(walk)[:1] + right(walk)[1:][-1:],
    }
    walks = [list(walk) for walk in some_walks()]
    for walk in walks:
        require(answer(right, walk) is True, f"it does not say True of a right erasure of {''.join(walk)}")
    for name, wrong in broken.items():
        caught = any(answer(wrong, walk) is False for walk in walks)
        require(caught, f"it lets a broken erasure pass: {name}")
    return f"it accepts the right one and catches all of {len(broken)} broken ones"


def mirrored(answer: Callable[[skills.Skill], skills.Skill]) -> str:
    """A skill seen in a mirror: left and right exchanged, in its actions and in its context."""
    shift = dict(enumerate(environment.NEIGHBOURS))
    for actions, last in (((3, 3, 1), 4), ((2, 0, 2), 4), ((1, 1), 5), ((2,), 4)):
        context = tuple(sum(shift[action][axis] for action in actions) for axis in (0, 1))
        skill = skills.Skill((*actions, last), frozenset(), frozenset({"has_key"}), frozenset(), "key", context)
        before = (skill.actions, skill.context)
        image = answer(skill)
        require(isinstance(image, skills.Skill), f"a Skill is needed, got a {type(image).__name__}")
        require((skill.actions, skill.context) == before, "the skill itself was changed; make a new one")
        require(image.shelf == skill.shelf, "the image needs the same facts and the same anchor")
        shown = " became ".join(str([environment.ACTIONS[a] for a in each.actions]) for each in (skill, image))
        require(len(image.actions) == len(skill.actions), f"{shown}: a mirror adds and drops no action")
        require(image.actions[-1] == last, f"{shown}: {environment.ACTIONS[last]!r} looks the same in a mirror")
        moved = tuple(sum(shift[action][axis] for action in image.actions[:-1]) for axis in (0, 1))
        require(moved == tuple(image.context), f"{shown}: its moves add up to {moved}, its context is {image.context}")
        require(moved == (context[0], -context[1]), f"{shown}: the object was at {context}, in a mirror it is "
                                                    "as many columns away on the other side")
    return "four skills, and every image leads to its object"


def embedding(answer: Callable[[tuple[float, ...]], np.ndarray]) -> str:
    """An embedding of displacements: unit length, the same every time, less alike with distance."""
    field = [(row, column) for row in range(-5, 6) for column in range(-5, 6)]
    vectors = [np.asarray(answer(displacement), dtype=float) for displacement in field]
    shapes = {vector.shape for vector in vectors}
    require(len(shapes) == 1 and len(next(iter(shapes))) == 1, f"vectors of one length are needed, got shapes {shapes}")
    require(all(np.allclose(vector, answer(d)) for vector, d in zip(vectors, field, strict=True)),
            "the same displacement gives another vector the second time")
    worst = max(vectors, key=lambda vector: abs(np.linalg.norm(vector) - 1))
    length = np.linalg.norm(worst)
    require(bool(np.isclose(length, 1, atol=1e-6)), f"a vector has length {length:.3f}, not 1")
    known = dict(zip(field, vectors, strict=True))
    for here in ((0, 0), (2, -1), (-3, -3)):
        for axis in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            line = [(here[0] + n * axis[0], here[1] + n * axis[1]) for n in range(6)]
            alike = [float(known[here] @ known[there]) for there in line if there in known]
            for n, (near, far) in enumerate(zip(alike, alike[1:], strict=False)):
                require(far < near - 1e-9, f"from {here}, {line[n + 1]} is as much alike as the nearer {line[n]}: "
                                           f"cosines {far:.4f} and {near:.4f}")
    return f"{len(vectors[0])} numbers, and similarity falls along every line tried"


# ---------------------------------------------------------------- chapter 3: library


def ledger_by_effect(answer: Callable[[library.SkillLibrary], dict]) -> str:
    """Effect -> (uses, successes), computed from the ledger."""
    for seed in range(20):
        rng, store = np.random.default_rng(seed), some_library(seed)
        stored, expected = list(store), {}
        for _ in range(seed):
            skill, succeeded = stored[rng.integers(len(stored))], bool(rng.integers(2))
            store.record(skill, succeeded, 3)
            uses, successes = expected.get(skill.effect, (0, 0))
            expected[skill.effect] = (uses + 1, successes + succeeded)
        for skill in stored:
            skill.uses = skill.successes = 7  # whoever reads these counts instead of the ledger is found out
        found = answer(store)
        require(isinstance(found, dict), f"a dictionary is needed, got a {type(found).__name__}")
        for effect in found.keys() - expected.keys():
            raise Wrong(f"{effect!r} was never attempted, or is not an effect as skills have it")
        for effect in expected.keys() - found.keys():
            raise Wrong(f"{set(effect)} was attempted, and is missing")
        for effect, counts in expected.items():
            require(tuple(found[effect]) == counts, f"{set(effect)}: (uses, successes) is {counts} in the ledger, "
                                                    f"your answer is {found[effect]}")
    return "20 libraries, the empty ledger among them"


def many_at_once(answer: Callable[[library.Shelf, np.ndarray], np.ndarray]) -> str:
    """The best row of a shelf for each of many displacements."""
    class OneQuestion(library.Shelf):
        def top(self, percept: environment.Percept, k: int) -> list[library.Match]:
            raise Wrong("shelf.top was asked, and it makes a product for each query; one for all is wanted")

    rng = np.random.default_rng(0)
    for queries in (1, 64):
        stored = list(some_library(0))
        shelf = OneQuestion(stored[0])
        for skill in (skill for skill in stored if skill.shelf == shelf.key):
            skill.uses = int(rng.integers(5))  # none succeeded: rates from 1 down to 1/5
            shelf.append(skill)
        displacements = rng.integers(-8, 9, size=(queries, 2))
        rows = np.asarray(answer(shelf, displacements))
        require(rows.shape == (queries,), f"one row for each of {queries} queries is needed, got shape {rows.shape}")
        for displacement, row in zip(displacements, rows, strict=True):
            require(0 <= row < len(shelf.skills), f"{row} is not a row of this shelf")
            score = library.nearness(shelf.matrix @ skills.embed(tuple(displacement))) * shelf.rates
            require(score[row] > score.max() - 1e-3,
                    f"for {tuple(displacement.tolist())} your row {row} scores {score[row]:.3f}, the best one "
                    f"{score.max():.3f}: was the success rate forgotten?")
    return "1 query, and 64 at once"


def forgetting(answer: Callable[[library.SkillLibrary, int], list[skills.Skill]]) -> str:
    """At most so many skills, one for every effect at least."""
    far = []
    for seed in range(5):
        store = some_library(seed)
        kept, room = list(answer(store, 40)), 40
        require(len(kept) <= room, f"there is room for {room} skills, {len(kept)} were kept")
        own = all(any(skill is known for known in store) for skill in kept)
        require(own, "something kept is not a skill of this library")
        require(len({skill.number for skill in kept}) == len(kept), "a skill was kept twice")
        lost = {skill.effect for skill in store} - {skill.effect for skill in kept}
        require(not lost, f"nothing is left for {[set(effect) for effect in lost]}")
        for skill in store:
            far.append(min(float(np.abs(np.subtract(skill.context, other.context)).sum())
                           for other in kept if other.effect == skill.effect))
    return f"five libraries; a context is {np.mean(far):.2f} cells from the nearest one kept"


def some_library(seed: int) -> library.SkillLibrary:
    """Some 160 skills for three effects, more of them near their object than far from it."""
    rng, store = np.random.default_rng(seed), library.SkillLibrary()
    for effect, anchor, count in (("has_key", "key", 120), ("door_open", "door", 60), ("success", "goal", 20)):
        for context in np.round(rng.normal(0, 4, size=(count, 2))).astype(int).tolist():
            store.add(skills.Skill((4,), frozenset(), frozenset({effect}), anchor=anchor, context=tuple(context)))
    return store


# ---------------------------------------------------------------- chapter 4: agent


def reason(answer: Callable[[list[Transition], frozenset[str]], str]) -> str:
    """Why the use of a skill stopped, from its percepts alone."""
    cases = [  # (facts and column at each percept, expected effect, reason)
        ([("", 0), ("", 1), ("x", 1)], "x", "effect"),
        ([("a", 0), ("ax", 0)], "x", "effect"),
        ([("", 0), ("xy", 1)], "x", "effect"),
        ([("", 0), ("", 1), ("y", 1)], "x", "surprise"),
        ([("a", 0), ("a", 1), ("", 1)], "x", "surprise"),
        ([("", 0), ("x", 1)], "xy", "surprise"),
        ([("", 0), ("", 1), ("", 1)], "x", "blocked"),
        ([("a", 3), ("a", 3)], "x", "blocked"),
        ([("", 0), ("", 0), ("", 1)], "x", "no effect"),
        ([("a", 0), ("a", 1)], "x", "no effect"),
    ]
    for told, expected, why in cases:
        percepts = [Percept(frozenset(facts), {"tree": (0, -column)}, (0, column)) for facts, column in told]
        steps = [Transition(before, 3, 0.0, after) for before, after in zip(percepts, percepts[1:], strict=False)]
        found = answer(steps, frozenset(expected))
        shown = " then ".join(f"{set(facts) or 'no facts'} at column {column}" for facts, column in told)
        require(found == why, f"{shown}, expecting {set(expected)}: that is {why!r}, your answer is {found!r}")
    return f"{len(cases)} cases"


def explorer(answer: Callable[[int], Explorer]) -> str:
    """An explorer that finds the first success sooner than chance, whatever objects and facts are called."""
    for method in ("begin", "choose", "observe"):
        require(callable(getattr(answer(6), method, None)), f"the method {method} is missing")
    yours, chance = ([first_success(make, seed) for seed in range(10)] for make in (answer, lambda n: "random"))
    told = f"a median of {np.median(yours):.0f} steps to the first success, by chance {np.median(chance):.0f}"
    require(np.median(yours) < np.median(chance), told)
    return told


def first_success(make: Callable[[int], Explorer | str], seed: int, cap: int = 1000) -> int:
    """Steps of a first episode among walls, in which nothing has the name one knows."""
    names = {"key": "a", "door": "b", "goal": "c", "has_key": "p", "door_open": "q"}

    def perceive(env: gym.Env) -> Percept:
        seen = environment.perceive(env)
        objects = {names[name]: displacement for name, displacement in seen.objects.items()}
        return Percept(frozenset(map(names.get, seen.facts)), objects, seen.place, seen.around)

    agent = ProceduralMemoryAgent(6, perceive, seed=seed, explorer=make(6))
    return agent.run_episode(GridWorld("walls", size=6, max_steps=cap), seed=seed).steps


def own_world(answer: Callable[[], tuple[gym.Env, Callable[[gym.Env], Percept]]]) -> str:
    """An environment and its ``perceive``, in which the agent learns."""
    env, perceive = answer()
    require(isinstance(env, gym.Env), f"a Gymnasium environment is needed first, got a {type(env).__name__}")
    require(isinstance(env.action_space, gym.spaces.Discrete), "its actions must be whole numbers: gym.spaces.Discrete")
    env, actions = gym.wrappers.TimeLimit(env, 1000), int(env.action_space.n)
    chance, late, effects = [], [], set()
    for seed in range(3):
        agent = ProceduralMemoryAgent(actions, perceive, seed=seed, explorer="random")
        chance.append(agent.run_episode(env, seed=seed, learn=False).steps)
        agent = ProceduralMemoryAgent(actions, perceive, seed=seed)
        episodes = [agent.run_episode(env, seed=seed) for seed in range(15)]
        won = sum(episode.success for episode in episodes[-5:])
        require(won == 5, f"of the last five episodes {won} ended with a positive reward: can every episode be won, "
                          "and do the facts tell the agent what it has achieved?")
        late += [episode.steps for episode in episodes[-5:]]
        effects |= {" + ".join(sorted(skill.effect)) for skill in agent.library}
    told = f"a median of {np.median(late):.0f} steps at the end, by chance {np.median(chance):.0f}"
    require(np.median(late) < np.median(chance), f"{told}: there is nothing to learn here")
    return f"{told}; effects learned: {', '.join(sorted(effects))}"


# ---------------------------------------------------------------- chapter 5: training


def settled(answer: Callable[[Sequence[int], int], int]) -> str:
    """After how many episodes every further one takes the best number of steps."""
    cases = {"never anything but the best": ([10] * 4, 0), "bad once, at first": ([31, 10, 10], 1),
             "a relapse in the middle": ([31, 10, 14, 10, 10], 3), "bad to the end": ([31, 10, 12], 3),
             "never settled": ([50] * 6, 6), "a single good episode": ([10], 0)}
    for name, (steps, truth) in cases.items():
        seen = answer(np.array(steps), 10)
        require(isinstance(seen, (int, np.integer)) and not isinstance(seen, bool),
                f"{name}: a whole number is needed, got {seen!r}")
        require(seen == truth, f"{name}: of {steps} you say {seen}, but that does not count the episodes up to "
                               "the last one that was not best")
    return f"{len(cases)} logs, with relapses and without"


def seen_before(answer: Callable[..., float]) -> str:
    """The share of test layouts that occurred in training."""
    for layout, size, seen, tests in (("fixed", 5, range(3), range(90, 95)), ("open", 16, range(50), range(90, 130)),
                                      ("rooms", 4, range(300), range(900, 960)), ("rooms", 4, range(5), range(20)),
                                      ("open", 4, range(10), range(10))):
        share = answer(layout, size, seen, tests)
        require(np.isscalar(share) and 0 <= share <= 1, f"a share from 0 to 1 is needed, got {share!r}")
        met = {drawn(layout, size, seed) for seed in seen}
        truth = float(np.mean([drawn(layout, size, seed) in met for seed in tests]))
        require(abs(share - truth) < 1e-9, f"{layout}, size {size}, {len(seen)} seeds to train and {len(tests)} to "
                                           f"test: you say {share:.3f}; compare layouts, and count test seeds")
    return "five pairs of training and test sets, from all seen to none"


def drawn(layout: str, size: int, seed: int) -> Layout:
    """The layout that a seed gives."""
    env = GridWorld(layout, size)
    env.reset(seed=seed)
    return env.layout


def slippery(answer: Callable[[gym.Env, float], gym.Env]) -> str:
    """A wrapper that replaces a share of all actions by random ones, repeatably."""
    def visited(share: float, seed: int) -> tuple[list[int], float]:
        env = answer(GridWorld("open", 16), share)
        require(isinstance(env, gym.Env), f"a Gymnasium environment is needed, got a {type(env).__name__}")
        env.reset(seed=seed)
        world, places, slips = env.unwrapped, [], []
        for step in range(1500):
            state, action = world.state, 1 - step // 15 % 2  # fifteen up, fifteen down
            expected = world.table.next_state[state, action]
            env.step(action)
            places.append(world.state)
            if expected != state:
                slips.append(world.state != expected)
        return places, float(np.mean(slips))

    require(visited(0.0, 3)[1] == 0, "with a share of 0 an action still slips")
    require(visited(0.4, 3)[0] == visited(0.4, 3)[0], "the same seed gives another episode the second time")
    require(visited(0.4, 3)[0] != visited(0.4, 4)[0], "two seeds give the same slips")
    for share in (0.2, 0.6):
        seen = visited(share, 5)[1]
        require(0.7 * share < seen < 1.15 * share, f"with a share of {share}, {seen:.2f} of the steps went astray")
    return "no slips, some and many; the same seed slips the same way"


def nasty(answer: Callable[[], Layout]) -> str:
    """A layout on which the agent stays far from the shortest path."""
    layout = answer()
    require(isinstance(layout, Layout), f"a Layout is needed, this is a {type(layout).__name__}")
    require(layout.size <= 16, f"the world is {layout.size} by {layout.size}; 16 is the most")
    env, ratios = GridWorld(layout), []
    for seed in range(3):
        learner = ProceduralMemoryAgent(len(environment.ACTIONS), environment.perceive, seed)
        ratios.append(train(learner, env, 6, progress=False).optimality[3:].mean())
    require(np.mean(ratios) < 0.6, f"from its fourth episode on the agent's ratio is {np.mean(ratios):.2f}: "
                                   "where would it walk if it had never seen this layout?")
    return f"ratio {np.mean(ratios):.2f} from the fourth episode on, three agents"


# ---------------------------------------------------------------- chapter 6: analysis


def improvement(answer: Callable[[Sequence[float], Sequence[float]], float]) -> str:
    """The share of all pairs in which the first is greater, ties counted half."""
    rng = np.random.default_rng(0)
    cases = [([1.0, 2.0], [0.0, 0.5]), ([1.0, 1.0], [1.0]), ([0.0, 1.0, 2.0], [1.0, 3.0]),
             *((rng.integers(5, size=7).astype(float), rng.integers(5, size=4).astype(float)) for _ in range(20))]
    for first, second in cases:
        seen = answer(np.array(first), np.array(second))
        require(np.isscalar(seen) and 0 <= seen <= 1, f"a share from 0 to 1 is needed, got {seen!r}")
        truth = float(np.mean([(a > b) + (a == b) / 2 for a in first for b in second]))
        shown = f"{np.asarray(first).tolist()} against {np.asarray(second).tolist()}: you say {seen:.3f}"
        require(abs(seen - truth) < 1e-9, f"{shown}; are all pairs compared, and ties counted half?")
    return f"{len(cases)} pairs of samples, of unequal length and with ties"


def seeds_needed(answer: Callable[[np.ndarray, float], int]) -> str:
    """How many seeds make the interval of a mean narrow enough."""
    rng = np.random.default_rng(1)
    for spread, width in ((0.1, 0.05), (0.1, 0.025), (1.0, 0.5), (0.3, 0.2)):
        pilot = rng.normal(5, spread, size=12)
        seen = answer(pilot, width)
        require(isinstance(seen, (int, np.integer)), f"a whole number is needed, got {seen!r}")
        enough = [2 * 1.96 * pilot.std(ddof=1) / np.sqrt(count) for count in (seen, max(seen - 1, 1))]
        told = f"for a width of {width} and a standard deviation of {pilot.std(ddof=1):.3f} you say {seen}"
        require(enough[0] <= width * 1.001, f"{told}: that interval would be {enough[0]:.3f} wide")
        require(seen <= 2 or enough[1] > width * 0.999, f"{told}: fewer would do")
    return "four pilot runs; each number is enough, and one fewer is not"


def sign_flip(answer: Callable[..., float]) -> str:
    """A p-value by random sign flips, compared with all flips there are."""
    rng = np.random.default_rng(2)
    for shift, size in ((0.0, 8), (0.4, 8), (1.5, 10)):
        second = rng.normal(size=size)
        first = second + rng.normal(shift, 1, size=size)
        flips = np.array(list(itertools.product((-1, 1), repeat=size)))
        differences = first - second
        truth = float(np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-12))
        seen = answer(first, second, np.random.default_rng(3))
        require(np.isscalar(seen) and 0 <= seen <= 1, f"a p-value from 0 to 1 is needed, got {seen!r}")
        require(abs(seen - truth) < 0.03, f"{size} pairs: you say {seen:.3f}, all {len(flips)} flips say {truth:.3f}")
    same = answer(np.ones(6), np.ones(6), np.random.default_rng(3))
    require(same > 0.99, f"two equal samples give a p-value of {same:.3f}")
    return "three samples, against every possible flip, and two that are equal"


def worst_habit(answer: Callable[[], Sequence[int]]) -> str:
    """An order of actions after which three veterans need twice as many steps as three novices."""
    order = answer()
    require(sorted(order) == list(range(6)), f"every action from 0 to 5 once is needed, got {order!r}")
    world, totals = GridWorld("open", 4, max_steps=60), np.zeros(2)
    for seed in range(3):
        logs = analysis.after_a_change(seed, world, analysis.Rewired(world, order), 5, 6)
        totals += [logs["veteran"].steps.sum(), logs["novice"].steps.sum()]
    told = f"veterans took {totals[0]:.0f} steps, novices {totals[1]:.0f}"
    require(totals[0] >= 2 * totals[1], f"{told}: that is {totals[0] / totals[1]:.1f} times as many")
    return f"{told}, {totals[0] / totals[1]:.1f} times as many"


# ---------------------------------------------------------------- chapter 7: minigrid


def views(answer: Callable[[gym.Env], Percept], names: Sequence[str], layouts: int,
          turns: int = 1) -> Iterator[tuple[str, gym.Env, Percept]]:
    """(where, world, answer's percept) in some layouts of MiniGrid, after each turn to the left."""
    from . import minigrid  # an extra: the other chapters do without it

    for name in names:
        env = gym.make(f"MiniGrid-{name}")
        for seed in range(layouts):
            env.reset(seed=seed)
            for turn in range(turns):
                seen, found = minigrid.perceive(env), answer(env)
                require(isinstance(found, Percept), f"a Percept is needed, got {type(found).__name__}")
                require((found.facts, found.place) == (seen.facts, seen.place),
                        "facts and place should be what minigrid.perceive gives")
                yield f"{name}, layout {seed}, after {turn} turns", env.unwrapped, found
                env.step(minigrid.ACTIONS.index("left"))


def still_frame(answer: Callable[[gym.Env], Percept]) -> str:
    """A percept whose displacements are (rows, columns) from the agent, whatever its heading."""
    from . import minigrid

    count = 0
    for where, world, found in views(answer, ("DoorKey-8x8-v0", "UnlockPickup-v0", "LavaCrossingS9N1-v0"), 3, turns=4):
        ax, ay = map(int, world.agent_pos)
        things = {thing: (y - ay, x - ax) for thing, _, x, y in minigrid.things_in(world).placed}
        require(found.objects.keys() == things.keys(), f"{where}: objects {sorted(things)} are needed")
        for thing, away in things.items():
            got = tuple(found.objects[thing])
            require(got == away, f"{where}: the {thing} is at {away}, rows and columns from the agent, not at {got}")
        beside = {(dy, dx): world.grid.get(ax + dx, ay + dy) for dx, dy in minigrid.AHEAD}
        free = {step: cell is None or (cell.can_overlap() and cell.type) for step, cell in beside.items()}
        require(found.around == free, f"{where}: around should be {free}, got {found.around}")
        count += 1
    return f"{count} views of 9 layouts"


def nearest_of_each(answer: Callable[[gym.Env], Percept]) -> str:
    """A percept whose objects are the nearest thing of each kind, by its kind."""
    from . import minigrid

    count = 0
    for where, world, found in views(answer, ("Fetch-8x8-N3-v0", "MultiRoom-N4-S5-v1", "DoorKey-8x8-v0"), 5):
        forward, (ax, ay) = minigrid.AHEAD[world.agent_dir], world.agent_pos
        away: dict[str, list[tuple[int, int]]] = {}
        for x, y in np.ndindex(world.width, world.height):
            cell = world.grid.get(x, y)
            if cell is not None and cell.type not in ("wall", "floor"):
                dx, dy = int(x - ax), int(y - ay)
                away.setdefault(cell.type, []).append(
                    (dx * forward[0] + dy * forward[1], dy * forward[0] - dx * forward[1]))
        require(found.objects.keys() == away.keys(),
                f"{where}: objects named {sorted(away)} are needed, got {sorted(found.objects)}")
        for kind, each in away.items():
            got, least = found.objects[kind], min(abs(a) + abs(b) for a, b in each)
            require(tuple(got) in each, f"{where}: there is no {kind} at {tuple(got)}, seen from the agent")
            require(sum(map(abs, got)) == least, f"{where}: the {kind} at {tuple(got)} is not the nearest")
            count += 1
    return f"{count} things in 15 layouts"
