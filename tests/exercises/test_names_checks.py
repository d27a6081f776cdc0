"""The checks of chapter 9: plausible wrong answers are refused, right ones pass however they are written."""

import contextlib
import io
import re
from dataclasses import replace
from itertools import combinations, permutations

import gymnasium as gym
import pytest
from verdicts import refused, verdict

from procmem_lite import Percept
from procmem_lite.exercises import names as checks
from procmem_lite.worlds.minigrid import perceive, perceive_mission

# ---------------------------------------------------------------- 9.1 a play without a grid


def far(away):
    return sum(map(abs, away))


def written(mission, seen, roles, swap):
    """A percept in given roles; ``swap`` writes a text anew."""
    facts = {swap(fact, roles) for fact in seen.facts} | {f"mission: {swap(mission, roles)}"}
    return Percept(frozenset(facts), {roles[name]: away for name, away in seen.objects.items()}, seen.place,
                   goal=seen.goal)


def at_once(text, roles):
    longest = sorted(roles, key=len, reverse=True)
    return re.sub("|".join(rf"\b{name}\b" for name in longest), lambda found: roles[found[0]], text)


def cast(mission, seen):
    """Who is mentioned first is first; who is not, by distance."""
    longest = sorted(seen.objects, key=len, reverse=True)
    order = list(dict.fromkeys(re.findall("|".join(rf"\b{name}\b" for name in longest), mission)))
    rest = sorted(set(seen.objects) - set(order), key=lambda name: far(seen.objects[name]))
    return ({name: f"${number}" for number, name in enumerate(order, 1)}
            | {name: f"other {number}" for number, name in enumerate(rest, 1)})


def with_one_pattern(mission, seen):
    return written(mission, seen, cast(mission, seen), at_once)


def with_placeholders(mission, seen):
    """Name by name, through a mark that is no name."""
    def swap(text, roles):
        marks = {name: f"<{number}>" for number, name in enumerate(roles)}
        for name in sorted(roles, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){name}(?!\w)", marks[name], text)
        for name, mark in marks.items():
            text = text.replace(mark, roles[name])
        return text
    return written(mission, seen, cast(mission, seen), swap)


def with_words(mission, seen):
    """Word by word: of the names that begin here, the longest."""
    def parts(text):
        words, found = text.replace(",", " ,").split(" "), []
        while words:
            size = next((n for n in (2, 1) if " ".join(words[:n]) in seen.objects), 1)
            found.append(" ".join(words[:size]))
            words = words[size:]
        return found

    roles, others = {}, sorted(seen.objects, key=lambda name: far(seen.objects[name]))
    for part in parts(mission):
        if part in seen.objects and part not in roles:
            roles[part] = f"${len(roles) + 1}"
    for number, name in enumerate([name for name in others if name not in roles], 1):
        roles[name] = f"other {number}"
    return written(mission, seen, roles, lambda text, _: " ".join(roles.get(part, part) for part in parts(text))
                   .replace(" ,", ","))


@pytest.mark.parametrize("answer", [with_one_pattern, with_placeholders, with_words])
def test_percepts_in_roles_pass(answer, capsys):
    assert verdict(checks.in_roles, answer, capsys).startswith("right: 60 plays")


def with_roles(change):
    """An answer whose cast is changed."""
    return lambda mission, seen: written(mission, seen, change(mission, seen, cast(mission, seen)), at_once)


def by_alphabet(mission, seen, roles):
    mentioned = sorted(name for name in roles if roles[name].startswith("$"))
    return roles | {name: f"${number}" for number, name in enumerate(mentioned, 1)}


def others_as_listed(mission, seen, roles):
    rest = [name for name in seen.objects if roles[name].startswith("other")]
    return roles | {name: f"other {number}" for number, name in enumerate(rest, 1)}


def one_name_after_another(text, roles):
    for name, role in roles.items():
        text = text.replace(name, role)
    return text


def without_facts(mission, seen):
    return replace(with_one_pattern(mission, seen), facts=seen.facts)


@pytest.mark.parametrize(("answer", "says"), [
    (with_roles(by_alphabet), "should be"), (with_roles(others_as_listed), "objects should be"),
    (with_roles(lambda mission, seen, roles: {name: role if role.startswith("$") else name
                                              for name, role in roles.items()}), "objects should be"),
    (lambda mission, seen: written(mission, seen, cast(mission, seen), one_name_after_another), "facts should be"),
    (without_facts, "facts should be"), (lambda mission, seen: seen, "should be"),
    (lambda mission, seen: replace(with_one_pattern(mission, seen), goal=frozenset()), "goal should be"),
    (lambda mission, seen: replace(with_one_pattern(mission, seen), place=None), "place should be"),
    (lambda mission, seen: replace(with_one_pattern(mission, seen), facts=with_one_pattern(mission, seen).facts
                                   - {f"mission: {at_once(mission, cast(mission, seen))}"}), "facts should be"),
    (lambda mission, seen: with_one_pattern(mission, seen).objects, "a Percept is needed"),
])
def test_other_casts_are_refused(answer, says, capsys):
    refused(checks.in_roles, answer, capsys, says)


# ---------------------------------------------------------------- 9.2 a relation


def numbered(seen):
    return sorted((role for role in seen.objects if role[1:].isdigit() and role[0] == "$"), key=lambda r: int(r[1:]))


def by_pairs(env):
    seen = perceive_mission(env)
    where = seen.objects
    return replace(seen, facts=seen.facts | {
        f"{a} beside {b}" for a, b in combinations(numbered(seen), 2)
        if abs(where[a][0] - where[b][0]) + abs(where[a][1] - where[b][1]) == 1})


def by_neighbours(env):
    """From each thing one step in each direction, to see who is there."""
    seen, facts = perceive_mission(env), set()
    at = {seen.objects[role]: role for role in numbered(seen)}
    for (forward, right), role in at.items():
        for step in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            other = at.get((forward + step[0], right + step[1]))
            if other and int(role[1:]) < int(other[1:]):
                facts.add(f"{role} beside {other}")
    return replace(seen, facts=seen.facts.union(facts))


def by_complex_numbers(env):
    seen = perceive_mission(env)
    at = {role: complex(*seen.objects[role]) for role in numbered(seen)}
    beside = [f"{a} beside {b}" for a, b in permutations(at, 2) if a < b and abs(at[a] - at[b]) == 1]
    return Percept([*seen.facts, *beside], seen.objects, seen.place, seen.around)


@pytest.mark.parametrize("answer", [by_pairs, by_neighbours, by_complex_numbers])
def test_relations_pass(answer, capsys):
    assert verdict(checks.beside, answer, capsys).startswith("right: 192 layouts")


def beside(near, roles=numbered, pairs=combinations):
    """An answer with another idea of what is near, of whom, or in which order."""
    def perceive_beside(env):
        seen = perceive_mission(env)
        return replace(seen, facts=seen.facts | {
            f"{a} beside {b}" for a, b in pairs(roles(seen), 2) if near(seen.objects[a], seen.objects[b])})
    return perceive_beside


def touching(a, b):
    return abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1


@pytest.mark.parametrize(("answer", "says"), [
    (beside(lambda a, b: max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1), "should be added"),
    (beside(lambda a, b: far(a) == 1), "should be added"),
    (beside(touching, pairs=permutations), "should be added"),
    (beside(touching, roles=lambda seen: [*seen.objects]), "should be added"),
    (beside(touching, roles=lambda seen: [r for r in seen.objects if "$" in r]), "should be added"),
    (beside(touching, roles=lambda seen: numbered(seen)[::-1]), "should be added"),
    (perceive_mission, "should be added"),
    (lambda env: replace(by_pairs(env), facts=by_pairs(env).facts - perceive_mission(env).facts), "facts are missing"),
    (perceive, "should be what perceive_mission gives"), (lambda env: by_pairs(env).facts, "a Percept is needed"),
])
def test_other_relations_are_refused(answer, says, capsys):
    refused(checks.beside, answer, capsys, says)


# ---------------------------------------------------------------- 9.3 carry something over


class Street(gym.Env):
    """Left, right, ring: one of the people who live here is to be found."""

    action_space, observation_space = gym.spaces.Discrete(3), gym.spaces.Discrete(20)

    def __init__(self, *people, step=1):
        self.people, self.stride = people, step

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at, *homes = self.np_random.permutation(20)[:1 + len(self.people)].tolist()
        self.homes = dict(zip(self.people, homes, strict=True))
        self.wanted = self.people[int(self.np_random.integers(len(self.people)))]
        return self.at, {}

    def step(self, action):
        self.at = min(max(self.at + (-self.stride, self.stride, 0)[action], 0), 19)
        found = action == 2 and self.at == self.homes[self.wanted]
        return self.at, float(found), found, False, {}


def people(env):
    return env.unwrapped.people


def by_wish(env):
    street = env.unwrapped
    called = {name: "$1" if name == street.wanted else f"other {number}" for number, name in enumerate(street.homes)}
    return Percept(frozenset(), {called[name]: (home - street.at,) for name, home in street.homes.items()}, street.at)


def streets():
    return Street("Ada", "Bob", "Eve"), Street("Joan", "Karl", "Lisa"), by_wish, people


class Works(gym.Env):
    """Each thing is made of the one before; the last is wanted."""

    action_space, observation_space = gym.spaces.Discrete(5), gym.spaces.Discrete(6)

    def __init__(self, *chain):
        self.chain = chain

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.made = 0
        return 0, {}

    def step(self, action):
        self.made = self.made + 1 if action == (3, 0, 4, 1, 2)[self.made] else 0
        return self.made, float(self.made == 5), self.made == 5, False, {}


def works():
    return [Works("ore", "iron", "steel", "wire", "nail"), Works("wheat", "flour", "dough", "bread", "toast"),
            lambda env: Percept(frozenset(f"stage {number}" for number in range(env.unwrapped.made))),
            lambda env: env.unwrapped.chain]


class Painted(gym.Wrapper):
    """Unlock, its door of one colour only."""

    def __init__(self, *colours):
        super().__init__(gym.make("MiniGrid-Unlock-v0", max_steps=150))
        self.colours = colours

    def reset(self, *, seed=None, options=None):
        told = self.env.reset(seed=seed)
        while not any(thing and thing.type == "door" and thing.color in self.colours
                      for thing in self.env.unwrapped.grid.grid):
            with contextlib.redirect_stdout(io.StringIO()):
                told = self.env.reset()
        return told


def doors():
    def colours(env):
        while not isinstance(env, Painted):
            env = env.env
        return env.colours
    return Painted("red", "yellow"), Painted("blue", "grey"), perceive_mission, colours


@pytest.mark.parametrize("answer", [streets, works, doors])
def test_worlds_in_which_skills_carry_over_pass(answer, capsys):
    assert "steps in the second environment, where a newcomer takes" in verdict(checks.own_names, answer, capsys)


def by_name(env):
    street = env.unwrapped
    return Percept(frozenset({f"wanted {street.wanted}"}),
                   {name: (home - street.at,) for name, home in street.homes.items()}, street.at)


def unwanted(env):
    """Who is wanted is told to nobody."""
    street = env.unwrapped
    return Percept(frozenset(), {f"other {number}": (home - street.at,)
                                 for number, home in enumerate(street.homes.values())}, street.at)


class Otherwise(Works):
    """Made in another order."""

    def step(self, action):
        return super().step((1, 2, 0, 4, 3)[action])


@pytest.mark.parametrize(("answer", "says"), [
    (lambda: (*streets()[:2], by_name, people), "a name is left in the percept"),
    (lambda: (Street("Ada", "Bob"), Street("Bob", "Eve"), by_wish, people), "share ['Bob']"),
    (lambda: (streets()[0], streets()[0], by_wish, people), "share"),
    (lambda: (*streets()[:2], by_wish, lambda env: []), "at least one name"),
    (lambda: (works()[0], Otherwise("a", "b", "c", "d", "e"), *works()[2:]), "episodes succeeded"),
    (lambda: (Street("Ada"), Works("ore"), by_wish, lambda env: ["x" if isinstance(env.unwrapped, Street) else "y"]),
     "it stopped with"),
    (lambda: (Street, Street, by_wish, people), "two Gymnasium environments are needed"),
    (lambda: streets()[:3], "four things are needed"),
])
def test_worlds_that_share_names_or_nothing_at_all_are_refused(answer, says, capsys):
    refused(checks.own_names, answer, capsys, says)
