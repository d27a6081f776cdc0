"""Checks for the exercises of the chapter on skills."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .. import skills
from ..worlds import gridworld
from .report import require, some_walks


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
    shift = dict(enumerate(gridworld.NEIGHBOURS))
    for actions, last in (((3, 3, 1), 4), ((2, 0, 2), 4), ((1, 1), 5), ((2,), 4)):
        context = tuple(sum(shift[action][axis] for action in actions) for axis in (0, 1))
        skill = skills.Skill((*actions, last), frozenset(), frozenset({"has_key"}), frozenset(), "key", context)
        before = (skill.actions, skill.context)
        image = answer(skill)
        require(isinstance(image, skills.Skill), f"a Skill is needed, got a {type(image).__name__}")
        require((skill.actions, skill.context) == before, "the skill itself was changed; make a new one")
        require(image.shelf == skill.shelf, "the image needs the same facts and the same anchor")
        shown = " became ".join(str([gridworld.ACTIONS[a] for a in each.actions]) for each in (skill, image))
        require(len(image.actions) == len(skill.actions), f"{shown}: a mirror adds and drops no action")
        require(image.actions[-1] == last, f"{shown}: {gridworld.ACTIONS[last]!r} looks the same in a mirror")
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
