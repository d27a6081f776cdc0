"""Checks for the exercises of chapter 4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import gymnasium as gym
import numpy as np

from ..agent import SequenceAgent
from ..episodes import Invocation
from ..explorers import Explorer
from ..library import SkillLibrary
from ..percepts import Percept
from ..skills import Skill
from ..worlds import gridworld
from ..worlds.gridworld import GridWorld
from .report import require

FAMILIAR = ("procmem_lite.", "gymnasium.", "minigrid.")  # modules of worlds that are not the reader's own


def used(skill: Skill, facts: str, place: object, succeeded: bool, tree: tuple[int, int] = (0, 1)) -> Invocation:
    """One use, as a diary tells it."""
    before = Percept(frozenset(facts), {"tree": tree}, place)
    return Invocation(skill, 0, before, skill.effect, 1.0, 1.0, succeeded=succeeded)


def ban(answer: Callable[[Sequence[Invocation], Skill, Percept], bool]) -> str:
    """Whether a skill is banned here: it failed before under the same facts at the same place."""
    near, far = (Skill((1,) * n, frozenset(), frozenset("x"), anchor="tree", context=(0, n)) for n in (1, 2))
    twin = Skill((1,), frozenset(), frozenset("y"), anchor="tree", context=(0, 1))
    cases = [  # (diary, skill, facts now, place now, banned, what it is about)
        ([], near, "", 0, False, "nothing has happened yet"),
        ([used(near, "", 0, False)], near, "", 0, True, "it failed here, under these facts"),
        ([used(near, "", 0, True)], near, "", 0, False, "it succeeded here"),
        ([used(near, "", 0, False)], near, "", 1, False, "it failed at another place"),
        ([used(near, "", 0, False)], near, "a", 0, False, "it failed under other facts"),
        ([used(near, "a", 0, False)], near, "", 0, False, "it failed under other facts"),
        ([used(far, "", 0, False)], near, "", 0, False, "another context's skill failed here"),
        ([used(twin, "", 0, False)], near, "", 0, False, "a skill for another effect failed here"),
        ([used(near, "", 0, False), used(far, "", 0, True)], near, "", 0, True, "it failed here, two uses ago"),
        ([used(near, "", 0, True), used(near, "", 0, False)], near, "", 0, True, "it succeeded here, then failed"),
        ([used(near, "", 0, False), used(near, "", 0, True)], near, "", 0, True, "it failed here, then succeeded"),
        ([used(near, "", 0, False, tree=(3, 3))], near, "", 0, True, "it failed here, while the tree stood elsewhere"),
        ([used(near, "ab", (2, 3), False)], near, "ba", (2, 3), True, "it failed here, under these facts"),
    ]
    for diary, skill, facts, place, banned, about in cases:
        found = answer(list(diary), skill, Percept(frozenset(facts), {"tree": (0, 1)}, place))
        require(isinstance(found, bool | np.bool_), f"True or False is needed, got {found!r}")
        require(found == banned, f"{about}: that is {'a' if banned else 'no'} reason to leave it alone")
    return f"{len(cases)} diaries"


def explorer(answer: Callable[[int], Explorer]) -> str:
    """An explorer that finds the first success sooner than the page's, whatever names, orders and numbers mean."""
    for method in ("begin", "choose", "observe"):
        require(callable(getattr(answer(6), method, None)), f"the method {method} is missing")
    yours, page = np.mean([first_success(answer, seed) for seed in range(40)]), page_explorer_steps()
    told = f"a mean of {yours:.0f} steps to the first success, the page's explorer {page:.0f}"
    require(yours < 0.9 * page, told)
    return told


@cache
def page_explorer_steps() -> float:
    """Mean steps of the page's explorer, with which all answers are compared."""
    return float(np.mean([first_success(lambda n: "least taken", seed) for seed in range(40)]))


def first_success(make: Callable[[int], Explorer | str], seed: int, cap: int = 1000) -> int:
    """Steps of a first episode among walls, in which nothing has the name, the order or the number one knows."""
    names = {"key": "a", "door": "b", "goal": "c", "has_key": "p", "door_open": "q"}
    chance = np.random.default_rng(seed)
    numbers, order = chance.permutation(6).tolist(), chance.permutation(sorted(names)).tolist()

    def perceive(env: gym.Env) -> Percept:
        seen = gridworld.perceive(env)
        objects = {names[name]: seen.objects[name] for name in order if name in seen.objects}
        return Percept(frozenset(map(names.get, seen.facts)), objects, seen.place)

    env = GridWorld("walls", size=5, max_steps=cap)
    env = gym.wrappers.TransformAction(env, numbers.__getitem__, env.action_space)
    try:
        return SequenceAgent(6, perceive, seed=seed, explorer=make(6)).run_episode(env, seed=seed).steps
    except KeyError as error:
        require(error.args[0] not in names, f"objects have other names here: there is no {error.args[0]!r}")
        raise


def own_world(answer: Callable[[], tuple[gym.Env, Callable[[gym.Env], Percept]]]) -> str:
    """An environment and its ``perceive``, in which the agent learns; none that comes with a package."""
    env, perceive = answer()
    require(isinstance(env, gym.Env), f"a Gymnasium environment is needed first, got a {type(env).__name__}")
    world = env.unwrapped
    own = not type(world).__module__.startswith(FAMILIAR)
    require(own, f"a world of your own is needed, and {type(world).__name__} comes with a package")
    require(isinstance(env.action_space, gym.spaces.Discrete), "its actions must be whole numbers: gym.spaces.Discrete")
    env, actions = gym.wrappers.TimeLimit(env, 1000), int(env.action_space.n)
    chance, late, effects = [], [], set()
    for seed in range(3):
        agent = SequenceAgent(actions, perceive, seed=seed, explorer="random")
        chance.append(agent.run_episode(env, seed=seed, learn=False).steps)
        agent = SequenceAgent(actions, perceive, seed=seed)
        episodes = [agent.run_episode(env, seed=seed) for seed in range(15)]
        won = sum(episode.success for episode in episodes[-5:])
        require(won == 5, f"of the last five episodes {won} ended with a positive reward: can every episode be won, "
                          "and do the facts tell the agent what it has achieved?")
        late += [episode.steps for episode in episodes[-5:]]
        effects |= effects_of(agent.library)
    told = f"a median of {np.median(late):.0f} steps at the end, by chance {np.median(chance):.0f}"
    require(np.median(late) < np.median(chance), f"{told}: there is nothing to learn here")
    told_of = effects != {"success"} or any(skill.anchor for skill in agent.library)
    require(told_of, "the only effect learned is success, and it is about no object: what does perceive tell?")
    return f"{told}; effects learned: {', '.join(sorted(effects))}"


def effects_of(library: SkillLibrary) -> set[str]:
    """What can be brought about, as texts."""
    return {" + ".join(sorted(skill.effect)) for skill in library}
