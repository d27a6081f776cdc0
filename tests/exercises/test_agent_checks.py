"""The checks of chapter 4 let right answers pass, however they are written, and refuse plausible wrong ones."""

from collections import Counter

import gymnasium as gym
import numpy as np
import pytest
from verdicts import refused

from procmem_lite import GridWorld, Percept, perceive
from procmem_lite.exercises import agent as checks
from procmem_lite.exercises.report import Wrong
from procmem_lite.explorers import LeastTaken, RandomExplorer
from procmem_lite.worlds import office


def situation(use):
    return use.skill.situation(use.before)


def loop(diary, skill, percept):
    for use in diary:
        same = use.skill.operator == skill.operator and use.skill.context == skill.context
        if same and not use.succeeded and (use.before.facts, use.before.place) == (percept.facts, percept.place):
            return True
    return False


def last_first(diary, skill, percept):
    here = skill.situation(percept)
    return next((True for use in reversed(diary) if situation(use) == here and not use.succeeded), False)


BANS = {
    "any": lambda diary, skill, percept: any(
        situation(use) == skill.situation(percept) for use in diary if not use.succeeded),
    "a set": lambda diary, skill, percept: skill.situation(percept) in {
        situation(use) for use in diary if not use.succeeded},
    "a loop": loop,
    "the latest first": last_first,
}
NO_BANS = {
    "never": lambda diary, skill, percept: False,
    "whatever was used here, successes too": lambda diary, skill, percept: any(
        situation(use) == skill.situation(percept) for use in diary),
    "by place alone": lambda diary, skill, percept: any(
        use.before.place == percept.place for use in diary if not use.succeeded),
    "by skill alone": lambda diary, skill, percept: any(use.skill is skill for use in diary if not use.succeeded),
    "by skill and facts": lambda diary, skill, percept: any(
        use.skill is skill and use.before.facts == percept.facts for use in diary if not use.succeeded),
    "by skill and place": lambda diary, skill, percept: any(
        use.skill is skill and use.before.place == percept.place for use in diary if not use.succeeded),
    "only the last use": lambda diary, skill, percept: bool(diary) and not diary[-1].succeeded and (
        situation(diary[-1]) == skill.situation(percept)),
    "the operator, whatever the context": lambda diary, skill, percept: any(
        (use.skill.operator, use.before.facts, use.before.place) == (skill.operator, percept.facts, percept.place)
        for use in diary if not use.succeeded),
    "the whole percept compared": lambda diary, skill, percept: any(
        use.skill is skill and use.before == percept for use in diary if not use.succeeded),
    "the last use in this situation": lambda diary, skill, percept: [
        not use.succeeded for use in diary if situation(use) == skill.situation(percept)][-1:] == [True],
    "a list": lambda diary, skill, percept: [use for use in diary if situation(use) == skill.situation(percept)],
}


@pytest.mark.parametrize("name", BANS)
def test_a_ban_written_in_any_way_passes(name):
    assert "13 diaries" in checks.ban(BANS[name])


@pytest.mark.parametrize("name", NO_BANS)
def test_a_ban_that_covers_too_much_or_too_little_is_refused(name):
    with pytest.raises(Wrong):
        checks.ban(NO_BANS[name])


class MovesFirst(LeastTaken):
    """Tries what has never moved it only where something is underfoot, once it has been tried a few times."""

    def __init__(self, n_actions):
        self.moves, self.tries = set(), Counter()
        super().__init__(n_actions)

    def observe(self, step, body):
        super().observe(step, body)
        self.tries[step.action] += 1
        if step.percept.place != step.next_percept.place:
            self.moves.add(step.action)

    def worn(self, percept, action):
        here = (percept.facts, percept.place, action)
        if here in self.led:
            return 1 + self.visits[self.led[here]]
        underfoot = any(not any(away) for away in percept.objects.values())
        return 0 if action in self.moves or underfoot or self.tries[action] < 5 else 1000

    def choose(self, percept, body, rng):
        return min(range(self.n_actions), key=lambda action: (self.worn(percept, action), rng.random()))


class Shuffled(MovesFirst):
    """The same, ties broken by a shuffle."""

    def choose(self, percept, body, rng):
        return int(min(rng.permutation(self.n_actions), key=lambda action: self.worn(percept, int(action))))


class ByArray(MovesFirst):
    """The same, with an array."""

    def choose(self, percept, body, rng):
        worn = np.array([self.worn(percept, action) for action in range(self.n_actions)])
        return int(rng.choice(np.flatnonzero(worn == worn.min())))


class Forgetful(LeastTaken):
    """Begins anew at every step."""

    def observe(self, step, body):
        self.begin()


class Stays(LeastTaken):
    """Takes what was taken most often."""

    def choose(self, percept, body, rng):
        return max(range(self.n_actions), key=lambda action: self.taken[percept.facts, percept.place, action])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [MovesFirst, Shuffled, ByArray])
def test_an_explorer_that_wastes_less_passes(kind):
    assert "steps to the first success" in checks.explorer(kind)


@pytest.mark.parametrize("kind", [LeastTaken, RandomExplorer, Forgetful, Stays, lambda n: object()])
def test_an_explorer_that_is_no_better_than_the_pages_is_refused(kind):
    with pytest.raises(Wrong):
        checks.explorer(kind)


class FromTheListing(LeastTaken):
    """Walks to one object after the other, does one action at each, and takes the moves for known."""

    moves = ((-1, 0), (1, 0), (0, -1), (0, 1))  # actions 0 to 3

    def target(self, percept):
        return list(percept.objects)[max(len(percept.facts) - 1, 0)]  # the key is gone once it is carried

    def choose(self, percept, body, rng):
        away = percept.objects[self.target(percept)]
        if not any(away):
            return 5 if percept.facts else 4
        wanted = [number for number, move in enumerate(self.moves) if np.dot(away, move) > 0]
        return int(rng.choice(wanted if rng.random() < 0.7 else 4))


class ByName(FromTheListing):
    """Looks for the key by its name."""

    def target(self, percept):
        return "door" if percept.facts else "key"


class MovesAreKnown(MovesFirst):
    """Takes it for known that 0 to 3 move, and that the rest is for what lies underfoot."""

    def worn(self, percept, action):
        self.moves = {0, 1, 2, 3}
        underfoot = any(not any(away) for away in percept.objects.values())
        return 1000 if action > 3 and not underfoot else super().worn(percept, action)


class LooksAround(LeastTaken):
    """Goes only where the percept says that one can go."""

    def choose(self, percept, body, rng):
        free = [way for way, is_free in percept.around.items() if is_free and sum(map(abs, way)) == 1]
        here = (percept.facts, percept.place)
        ways = [FromTheListing.moves.index(way) for way in free]
        if any(not any(away) for away in percept.objects.values()):
            ways += [4, 5]

        def worn(action):
            return self.visits[self.led[*here, action]] + 1 if (*here, action) in self.led else 0

        return min(ways, key=lambda action: (worn(action), rng.random())) if ways else int(rng.integers(6))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [FromTheListing, MovesAreKnown, LooksAround])
def test_an_explorer_that_knows_what_the_world_does_not_tell_is_refused(kind, capsys):
    refused(checks.explorer, kind, capsys, says="steps to the first success")


def test_an_explorer_that_asks_for_a_name_is_told_that_names_differ(capsys):
    refused(checks.explorer, ByName, capsys, says="objects have other names here")


class Tea(gym.Env):
    """Fill (0), boil (1), leaves (2), pour (3)."""

    action_space, observation_space = gym.spaces.Discrete(5), gym.spaces.Discrete(1)
    needs = (("filled", set()), ("hot", {"filled"}), ("leaves", set()), ("poured", {"hot", "leaves"}))

    def reset(self, *, seed=None, options=None):
        self.facts = set()
        return 0, {}

    def step(self, action):
        if action < 4 and self.needs[action][1] <= self.facts:
            self.facts.add(self.needs[action][0])
        done = "poured" in self.facts
        return 0, float(done), done, False, {}


class Corridor(gym.Env):
    """Seven cells in a row, the prize at one end."""

    action_space, observation_space = gym.spaces.Discrete(2), gym.spaces.Discrete(7)

    def reset(self, *, seed=None, options=None):
        self.at = 1
        return 0, {}

    def step(self, action):
        self.at = min(max(self.at + (1, -1)[action], 0), 9)
        return self.at, float(self.at == 9), self.at == 9, False, {}


class Lock(Tea):
    """Three buttons in turn; a wrong one resets all."""

    def step(self, action):
        wanted = len(self.facts)
        self.facts = {*self.facts, f"{wanted} right"} if action == wanted else set()
        done = len(self.facts) == 3
        return 0, float(done), done, False, {}


class Hopeless(Tea):
    """Nothing is ever paid."""

    def step(self, action):
        return 0, 0.0, False, False, {}


class AtOnce(Tea):
    """Any action wins."""

    def step(self, action):
        return 0, 1.0, True, False, {}


def facts_of(env):
    return Percept(frozenset(env.unwrapped.facts))


OWN = {"tea": lambda: (Tea(), facts_of), "a lock": lambda: (Lock(), facts_of),
       "a corridor": lambda: (Corridor(), lambda env: Percept(frozenset(), {"prize": (9 - env.unwrapped.at,)},
                                                              env.unwrapped.at))}
NOT_OWN = {"the series' grid": lambda: (GridWorld("open", 5), perceive),
           "the page's office": lambda: (office.Office(), office.perceive),
           "a lake that comes with Gymnasium": lambda: (
               gym.make("FrozenLake-v1", is_slippery=False), lambda env: Percept(frozenset(), place=env.unwrapped.s)),
           "no environment": lambda: ("tea", facts_of),
           "nothing told": lambda: (Tea(), lambda env: Percept(frozenset())),
           "nothing to win": lambda: (Hopeless(), facts_of),
           "nothing to learn": lambda: (AtOnce(), facts_of)}


@pytest.mark.parametrize("name", OWN)
def test_a_world_of_ones_own_passes(name):
    assert "effects learned" in checks.own_world(OWN[name])


@pytest.mark.parametrize("name", NOT_OWN)
def test_a_world_that_comes_with_a_package_or_teaches_nothing_is_refused(name):
    with pytest.raises(Wrong):
        checks.own_world(NOT_OWN[name])
