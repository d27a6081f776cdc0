"""Checks for the exercises of the chapter on names."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import gymnasium as gym
import numpy as np
from minigrid.minigrid_env import MiniGridEnv

from ..agent import ProceduralMemoryAgent
from ..percepts import Percept
from ..worlds import minigrid
from .report import require

NAMES = ("Ada", "Ann", "Anna", "Bob", "cup", "red cup", "tea pot", "tea")  # some are parts of others
TEMPLATES = ("bring {0} to {1}", "take {0} from {1} and give {0} to {2}", "wait", "show {1} and {0} to {1}",
             "go to {2}, then fetch {1}, then fetch {0}")
MENTIONED = re.compile(r"\$\d+")

Told = tuple[str, Percept, Percept]  # a mission, the percept with names, and the percept in roles


def same(case: str, found: object, wanted: Percept) -> None:
    """Refuse a percept that is not the one that is wanted."""
    require(isinstance(found, Percept), f"a Percept is needed, got {type(found).__name__}")
    for field in ("objects", "facts", "goal", "place"):
        got, right = getattr(found, field), getattr(wanted, field)
        shown = sorted(right) if field == "facts" else right
        require(got == right, f"{case}: {field} should be {shown}, got {sorted(got) if field == 'facts' else got}")


def play(rng: np.random.Generator, names: Sequence[str], template: str) -> Told:
    """A mission about some of the names, and what is seen of all of them."""
    used = list(dict.fromkeys(map(int, re.findall(r"{(\d)}", template))))
    far = rng.permutation(range(1, 10))[:len(names)]  # no two are equally far
    away = {name: (int(n - n // 2), -int(n // 2)) for name, n in zip(names, map(int, far), strict=True)}
    roles = {names[number]: f"${place}" for place, number in enumerate(used, start=1)}
    rest = sorted((name for name in names if name not in roles), key=lambda name: sum(map(abs, away[name])))
    roles |= {name: f"other {number}" for number, name in enumerate(rest, start=1)}
    facts = ["{0} at home", "carrying {1}", "{2} beside {0}", "{3} asks {2}", "lamp on"]
    place, goal = int(rng.integers(100)), frozenset({"tidy"})

    def told(called: Callable[[str], str], mission: Iterable[str] = ()) -> Percept:
        words = [called(name) for name in names]
        return Percept(frozenset(fact.format(*words) for fact in facts) | {*mission},
                       {called(name): step for name, step in away.items()}, place, goal=goal)

    mission = template.format(*names)
    return mission, told(str), told(roles.__getitem__, [f"mission: {template.format(*map(roles.__getitem__, names))}"])


def in_roles(answer: Callable[[str, Percept], Percept]) -> str:
    """A percept in which what a mission mentions goes by the order of mention, and all else by how near it is."""
    rng, count = np.random.default_rng(0), 0
    for template in TEMPLATES:
        for size in (4, 5, 7):
            for _ in range(4):
                names = rng.permutation(NAMES)[:size].tolist()
                mission, seen, wanted = play(rng, names, template)
                before = (seen.facts, dict(seen.objects))
                found = answer(mission, seen)
                require((seen.facts, seen.objects) == before, "the percept that was given has been changed")
                same(f"mission {mission!r}, with {', '.join(names)} there", found, wanted)
                count += 1
    return f"{count} plays; a change of names changes nothing"


def arranged(name: str, seed: int) -> Iterator[MiniGridEnv]:
    """A layout of MiniGrid, its things pushed about; of each second one, a thing more looks like one mentioned."""
    env, rng = gym.make(name).unwrapped, np.random.default_rng(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        env.reset(seed=seed)
    cells = list(itertools.product(range(env.width), range(env.height)))
    lying = [(cell, thing) for cell in cells if (thing := env.grid.get(*cell)) and thing.type != "wall"]
    if seed % 2:
        roles = minigrid.perceive_mission(env).objects
        (spare, _), (_, model) = (next(
            (cell, thing) for cell, thing in lying if thing.type != "door"
            and ("$1" in role_at(env, roles, cell)) is mentioned) for mentioned in (False, True))
        env.grid = env.grid.copy()  # a new stage, to be cast anew
        env.grid.set(*spare, type(model)(model.color))
    minigrid.perceive_mission(env)  # who plays what is settled before anything moves
    for _ in range(8):
        movable = [cell for cell in cells if (thing := env.grid.get(*cell)) and thing.can_pickup()]
        start = movable[int(rng.integers(len(movable)))]
        near = [cell for cell in cells if env.grid.get(*cell) is None and cell != tuple(env.agent_pos)
                and any(0 < abs(cell[0] - x) + abs(cell[1] - y) <= 2 for x, y in movable if (x, y) != start)]
        if near:
            env.grid.set(*near[int(rng.integers(len(near)))], env.grid.get(*start))
            env.grid.set(*start, None)
        yield env


def role_at(env: MiniGridEnv, roles: dict[str, tuple], cell: tuple[int, int]) -> list[str]:
    """Who is at a cell."""
    return [role for role, away in roles.items() if away == minigrid.seen_from(env, *cell)]


def beside(answer: Callable[[gym.Env], Percept]) -> str:
    """perceive_mission's percept, with a fact for each two mentioned things in cells with a common edge."""
    count = 0
    for name, seed in itertools.product(("MiniGrid-PutNear-8x8-N3-v0", "BabyAI-MoveTwoAcrossS5N2-v0"), range(12)):
        for env in arranged(name, seed):
            seen, found = minigrid.perceive_mission(env), answer(env)
            require(isinstance(found, Percept), f"a Percept is needed, got {type(found).__name__}")
            require((found.objects, found.place, found.around) == (seen.objects, seen.place, seen.around),
                    "objects, place and around should be what perceive_mission gives")
            require(found.facts >= seen.facts, f"facts are missing: {sorted(seen.facts - found.facts)}")
            told = {role: away for role, away in seen.objects.items() if MENTIONED.fullmatch(role)}
            numbered = sorted(told, key=lambda role: int(role[1:]))
            wanted = {f"{a} beside {b}" for a, b in itertools.combinations(numbered, 2)
                      if sum(abs(p - q) for p, q in zip(told[a], told[b], strict=True)) == 1}
            added = found.facts - seen.facts
            require(added == wanted, f"mission {env.mission!r}, with {told}: {sorted(wanted) or 'no fact'} should be "
                                     f"added, not {sorted(added) or 'none'}")
            count += len(wanted)
    return f"192 layouts, {count} times side by side"


def own_names(answer: Callable[[], Sequence]) -> str:
    """Two environments in which things go by other names, and a perceive with which skills carry over."""
    four = answer()
    require(isinstance(four, tuple | list) and len(four) == 4,
            f"four things are needed, two environments, perceive and names: {four!r}")
    first, second, perceive, names = four
    for env in (first, second):
        require(isinstance(env, gym.Env), f"two Gymnasium environments are needed, got a {type(env).__name__}")
        require(isinstance(env.action_space, gym.spaces.Discrete), "actions must be whole numbers: gym.spaces.Discrete")
        env.reset(seed=0)
    called = [set(names(env)) for env in (first, second)]
    require(all(called), "names: at least one name is needed in each environment")
    shared = called[0] & called[1]
    require(not shared, f"names: the two environments share {sorted(shared)}")
    left = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in set.union(*called)))

    def look(env: gym.Env) -> Percept:
        seen = perceive(env)
        found = [text for text in (*seen.facts, *seen.objects, *seen.goal) if left.search(text)]
        require(not found, f"a name is left in the percept: {found[0] if found else ''!r}")
        return seen

    actions, told = int(first.action_space.n), []
    learn, test = (gym.wrappers.TimeLimit(env, 300) for env in (first, second))
    for seed in range(3):
        agent, newcomer = (ProceduralMemoryAgent(actions, look, seed) for _ in range(2))
        for number in range(20):
            agent.run_episode(learn, seed=1000 * seed + number)
        known = [agent.run_episode(test, seed=10**6 + number, learn=False) for number in range(10)]
        fresh = [newcomer.run_episode(test, seed=10**6 + number, learn=False) for number in range(10)]
        won = sum(episode.success for episode in known)
        require(won >= 9, f"in the second environment {won} of 10 episodes succeeded: what is known of the first does "
                          "not hold there, or cannot be told by its role")
        told += [(np.mean([episode.steps for episode in each]) for each in (known, fresh))]
    after, before = np.mean([list(each) for each in told], axis=0)
    require(after <= before / 2, f"{after:.0f} steps in the second environment, and a newcomer takes {before:.0f}: "
                                 "nothing much has been carried over")
    return f"{after:.0f} steps in the second environment, where a newcomer takes {before:.0f}"
