"""Checks for the exercises of the chapter on skills."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .. import skills
from ..percepts import Facts, Percept, Transition
from ..worlds import gridworld
from .report import require

CLOCK = ("noon", "night")
MIRROR = {2: 3, 3: 2}  # left and right


def cut_wanted(answer: Callable[[Sequence[Transition], Facts], list]) -> str:
    """A cut at which only wanted facts count."""
    wanted, count = frozenset({"key", "door"}), 200
    for seed in range(count):
        walk = some_days(seed)
        before = list(walk)
        found = answer(walk, wanted)
        require(walk == before, "the list of transitions was changed; leave the argument as it was")
        require(isinstance(found, list), f"a list of segments is needed, got a {type(found).__name__}")
        require(all(isinstance(segment, Sequence) and len(segment) for segment in found),
                "each segment should be a list of one transition or more")
        shown = f"in\n  {told(walk)}\n"
        numbers = [[index_of(step, walk) for step in segment] for segment in found]
        require(None not in sum(numbers, []), f"{shown}a segment holds what is no transition of the walk")
        ends = [index for index, step in enumerate(walk) if step.next_percept.facts & wanted - step.percept.facts]
        got = [segment[-1] for segment in numbers]
        require(got == ends, f"{shown}a wanted fact appears at steps {ends}, your segments end at {got}")
        expected = [segment_before(walk, end, wanted) for end in ends]
        for mine, right in zip(numbers, expected, strict=True):
            require(mine == right, f"{shown}the segment that ends at step {right[-1]} should hold the steps "
                                   f"{right}, yours holds {mine}")
    require(list(answer([], wanted)) == [], "a walk of no steps has no segments")
    return f"{count} walks under a clock that strikes noon and night, and the empty one"


def some_days(seed: int) -> list[Transition]:
    """A walk on which key and door come and sometimes go, while a clock goes on."""
    rng, facts, walk = np.random.default_rng(seed), frozenset[str](), []
    percept = Percept(facts, place=0)
    for index in range(int(rng.integers(1, 14))):
        facts = facts ^ {str(fact) for fact in (*CLOCK, "key", "door") if rng.random() < 0.2}
        after = Percept(frozenset(facts), place=index + 1)
        walk.append(Transition(percept, int(rng.integers(4)), 0.0, after))
        percept = after
    return walk


def told(walk: Sequence[Transition]) -> str:
    """The facts along a walk, to be read."""
    return " > ".join("+".join(sorted(percept.facts)) or "-" for percept in
                      [walk[0].percept, *(step.next_percept for step in walk)])


def index_of(step: object, walk: Sequence[Transition]) -> int | None:
    """Where a transition stands in a walk."""
    return next((index for index, own in enumerate(walk) if own == step), None)


def segment_before(walk: Sequence[Transition], end: int, wanted: Facts) -> list[int]:
    """The steps from behind the last change of wanted facts to ``end``."""
    start = end
    while start > 0 and not (walk[start - 1].percept.facts ^ walk[start - 1].next_percept.facts) & wanted:
        start -= 1
    return list(range(start, end + 1))


def suspects(answer: Callable[[Sequence[Sequence[Transition]], Sequence[Transition]], Facts]) -> str:
    """The facts that held before every failure and before no success."""
    count = 200
    for seed in range(count):
        rng = np.random.default_rng(seed)
        segments = [[bare(rng, 0.4, baked=False), bare(rng, 0.4, baked=True)] for _ in range(rng.integers(1, 4))]
        failures = [bare(rng, 0.7, baked=False) for _ in range(rng.integers(0, 4))]
        wins = [segment[-1].percept.facts for segment in segments]
        fails = [step.percept.facts for step in failures]
        found = answer(segments, failures)
        require(isinstance(found, (set, frozenset)), f"a set of facts is needed, got a {type(found).__name__}")
        shown = f"successes under {[sorted(w) for w in wins]}, failures under {[sorted(f) for f in fails]}: "
        require(bool(fails) or not found, f"{shown}nothing has failed, so nothing is suspected; yours: {sorted(found)}")
        for fact in sorted(found):
            require(all(fact in facts for facts in fails), f"{shown}{fact!r} was missing at a failure")
            require(not any(fact in facts for facts in wins), f"{shown}{fact!r} did not prevent a success")
        for fact in frozenset.intersection(*fails) - frozenset().union(*wins) if fails else ():
            require(fact in found, f"{shown}{fact!r} is suspected as well")
    return f"{count} ovens, some of which never failed"


def bare(rng: np.random.Generator, share: float, baked: bool) -> Transition:
    """One step in a kitchen, under some facts; more facts hold afterwards, so before and after cannot be confused."""
    names = ("window", "light", "fan", "salt", "radio")
    before = frozenset(name for name in names if rng.random() < share)
    after = frozenset(name for name in names if rng.random() < 0.5) | (frozenset({"baked"}) if baked else frozenset())
    return Transition(Percept(before), 4, 0.0, Percept(after))


def mirrored(answer: Callable[[skills.Skill], skills.Skill]) -> str:
    """A skill seen in a mirror: left and right exchanged in its actions, its context and its site."""
    tried = some_skills()
    for skill in tried:
        before = told_skill(skill)
        image = answer(skill)
        require(type(image).__name__ == "Skill", f"a Skill is needed, got a {type(image).__name__}")
        require(told_skill(skill) == before, "the skill itself was changed; make a new one")
        require(image is not skill, "a new skill is needed, not the one that came in")
        shown = " became ".join(str([gridworld.ACTIONS[a] for a in each.actions]) for each in (skill, image))
        require(len(image.actions) == len(skill.actions), f"{shown}: a mirror adds and drops no action")
        for own, seen in zip(skill.actions, image.actions, strict=True):
            require(seen == MIRROR.get(own, own), f"{shown}: {gridworld.ACTIONS[own]!r} does not look like "
                                                  f"{gridworld.ACTIONS[seen]!r} in a mirror")
        require(isinstance(image.actions, tuple), "the actions should be a tuple, as in every skill")
        for name in ("preconditions", "effect", "removes", "anchor"):
            require(getattr(image, name) == getattr(skill, name), f"{name} looks the same in a mirror")
        require(tuple(image.context) == flipped(skill.context),
                f"{shown}: the {skill.anchor} was at {skill.context}; in a mirror it is as many columns away on the "
                f"other side, not at {image.context}")
        site = skills.Site(flipped(skill.site.displacement), MIRROR.get(skill.site.action, skill.site.action))
        require(tuple(image.site) == site, f"{shown}: its effect happened at {tuple(skill.site)}; seen in a mirror "
                                           f"that is another place, or another action, than {tuple(image.site)}")
        require(image.uses == image.successes == 0, "the image has never been used: its record is empty")
        require(image.operator.site == site, "its operator is still the skill's: make a new skill, not a changed copy")
    return f"{len(tried)} skills, those among them that act on what is beside them"


def flipped(displacement: tuple | None) -> tuple | None:
    """A displacement with left and right exchanged."""
    return (displacement[0], -displacement[1]) if displacement else displacement


def some_skills() -> list[skills.Skill]:
    """Skills that act on their anchor, beside it, or by walking against it; and one without an anchor."""
    key, door = frozenset({"has_key"}), frozenset({"door_open"})
    found = [skills.Skill((*walk, 4), frozenset(), key, frozenset(), "key", shift(walk, (0, 0)), skills.Site((0, 0), 4))
             for walk in ((3, 3, 1), (2, 0, 2), (1, 1), (2,))]
    found += [skills.Skill((*walk, 5), key, door, key, "door", shift(walk, side), skills.Site(side, 5), 3, 2, 7)
              for walk, side in (((3, 0), (0, 1)), ((2, 2), (-1, 0)), ((1,), (1, -2)))]
    found += [skills.Skill((1, push), frozenset(), frozenset({"pushed"}), anchor="box", context=(1, way),
                           site=skills.Site((0, way), push)) for push, way in ((3, 1), (2, -1))]
    found += [skills.Skill((3,), frozenset(), frozenset({"success"}), anchor="goal", context=(0, 1),
                           site=skills.Site((0, 0), None))]
    return [*found, skills.Skill((2,), frozenset(), frozenset({"rung"}), site=skills.Site(None, 2))]


def shift(walk: Sequence[int], end: tuple[int, int]) -> tuple[int, int]:
    """Where an anchor is before a walk at whose end it is at ``end``."""
    moved = np.sum([(0, 0), *(gridworld.NEIGHBOURS[action] for action in walk)], axis=0)
    return tuple((moved + end).tolist())


def told_skill(skill: skills.Skill) -> tuple:
    """All that a mirror must not change in the skill that is handed in."""
    return skill.actions, skill.context, skill.site, skill.uses, skill.successes


def embedding(answer: Callable[[tuple[float, ...]], np.ndarray]) -> str:
    """An embedding of displacements: unit length, the same every time, less alike with distance."""
    field = [(row, column) for row in range(-4, 5) for column in range(-4, 5)]
    vectors = [np.array(answer(displacement), dtype=float) for displacement in field]
    shapes = {vector.shape for vector in vectors}
    require(len(shapes) == 1 and len(next(iter(shapes))) == 1, f"vectors of one length are needed, got shapes {shapes}")
    require(all(np.isfinite(vector).all() for vector in vectors), "a vector holds what is no finite number")
    for displacement, vector in reversed(list(zip(field, vectors, strict=True))):
        require(np.allclose(vector, answer(displacement)), f"{displacement} gives another vector the second time")
    length = max((float(np.linalg.norm(vector)) for vector in vectors), key=lambda length: abs(length - 1))
    require(abs(length - 1) < 1e-6, f"a vector has length {length:.3f}, not 1")
    known = dict(zip(field, vectors, strict=True))
    for here in field:
        for axis in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            line = [(here[0] + n * axis[0], here[1] + n * axis[1]) for n in range(9)]
            alike = [(there, float(known[here] @ known[there])) for there in line if there in known]
            for (close, near), (away, far) in zip(alike, alike[1:], strict=False):
                require(far < near - 1e-9, f"from {here}, {away} is as much alike as the nearer {close}: "
                                           f"cosines {far:.4f} and {near:.4f}")
        steps = {there: abs(there[0] - here[0]) + abs(there[1] - here[1]) for there in field}
        cosines = {there: float(known[here] @ known[there]) for there in field}
        near = min((there for there in field if steps[there] == 1), key=lambda there: cosines[there])
        far = max((there for there in field if steps[there] >= 3), key=lambda there: cosines[there])
        require(cosines[far] < cosines[near] - 1e-9, f"from {here}, {far} is as much alike as its neighbour {near}")
    return f"{len(vectors[0])} numbers, and what is near is more alike, from every cell"
