"""How a generated world is drawn: features first, then its rules, and for every episode a layout.

difficulty   how often a world has each feature that makes it harder    0.5, from 0 (plain worlds) to 1
stream       a generator for one thing to be drawn; so what is overridden changes nothing else
fitted       features without those that others rule out                no walls where there is no space
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from itertools import chain, product
from typing import Any

import numpy as np

from ..arguments import brief, number, truth, whole
from ..percepts import SUCCESS
from .rulebook import HARM, Cell, Deed, Features, Layout, Rules, ahead, shift, shortest_path, ways

NOUNS = ("anvil", "bell", "box", "bowl", "candle", "chest", "clock", "coin", "cup", "drum", "flask", "flute", "gate",
         "harp", "jar", "kettle", "lamp", "lever", "loom", "mill", "mirror", "pump", "rope", "scale", "stone", "stove",
         "torch", "valve", "wheel", "well")
LOOKS = ("bent", "bound", "clean", "cold", "dry", "full", "hot", "lit", "marked", "open", "ready", "ringing", "sealed",
         "sorted", "tied", "turned", "washed", "wet", "whole", "wound")
MOVES = (("up", "down"), ("left", "right"), ("in", "out"))
PAID = {"goal": (0.0, 1.0, -1.0), "steps": (-0.1, 10.0, -10.0), "shaped": (0.0, 10.0, -10.0),  # step, success, harm
        "zero": (0.0, 0.0, -1.0), "cost": (-1.0, 0.0, -1.0), "fact": (0.0, 0.0, 0.0)}
SITES = ("at", "next", "anywhere", "mixed")
KNOWN = {"sites": SITES, "twins": ("", "either", "one", "hidden"),
         "deadly": ("", "anywhere", "at", "early"), "rewards": tuple(PAID)}
RANGES = {"axes": (0, 3), "side": (4, 8), "chain": (1, 4), "things": (0, 8), "wander": (0, 8), "useless": (0, 9),
          "decoys": (0, 3), "idle": (0, 3), "flicker": (0, 3), "panes": (0, 9), "pads": (0, 2), "pits": (0, 3)}
SHARES = {"walls": 0.3, "slips": 0.3, "rate": 1.0}  # at most
TRIES = 100  # layouts drawn until one can be solved; each has a little less in the way than the one before
OFTEN = 0.4  # at difficulty 1, each feature is there so often


def stream(*path: int | str) -> np.random.Generator:
    """A generator for one thing to be drawn."""
    return np.random.default_rng([*chain.from_iterable([x] if isinstance(x, int) else x.encode() for x in path)])


# ---------------------------------------------------------------- features


def rarely(*values: Any) -> Callable[[np.random.Generator, float, Any], Any]:
    """One of some values, seldom; the plain value else."""
    return lambda rng, difficulty, plain: pick(rng, values) if rng.random() < OFTEN * difficulty else plain


def always(*values: Any) -> Callable[[np.random.Generator, float, Any], Any]:
    """One of some values, whatever the difficulty."""
    return lambda rng, difficulty, plain: pick(rng, values)


def pick(rng: np.random.Generator, values: Any) -> Any:
    """One of some values, as it is."""
    return values[int(rng.integers(len(values)))]


# What is not named here is there rarely, or not.
DRAWN: dict[str, Callable[[np.random.Generator, float, Any], Any]] = {
    "axes": always(0, 1, 2, 2, 2, 2, 3), "side": always(4, 5, 6, 7, 8), "things": always(*range(1, 9)),
    "units": lambda rng, *_: pick(rng, (1, 1, 1.0, 0.1, 1 / 3, 8, 1e6, 1e-3, float(rng.lognormal(0, 2)))),
    "chain": lambda rng, difficulty, _: 1 + int(rng.binomial(3, 0.2 + 0.6 * difficulty)),
    "sites": always("at", "at", "next", "anywhere", "mixed", "mixed"),
    "turns": always(False, False, True), "shared": always(False, False, True), "arriving": always(False, False, True),
    "rate": always(0.2, 0.35, 0.5), "around": always(True, True, False), "named": always(True, False),
    "rewards": always("goal", "goal", *PAID), "useless": rarely(1, 2, 3), "decoys": rarely(1, 2, 3),
    "idle": rarely(1, 2, 3), "flicker": rarely(1, 2, 3), "wander": rarely(1, 2, 3),
    "twins": rarely(*KNOWN["twins"][1:]), "deadly": rarely(*KNOWN["deadly"][1:]), "slips": rarely(0.05, 0.1),
    "walls": rarely(0.1, 0.2), "panes": rarely(2, 4, 8), "pads": rarely(1, 2), "pits": rarely(1, 2, 3)}


def draw_features(seed: int, difficulty: float, fixed: dict[str, Any]) -> Features:
    """The features of a world; those that are fixed are not drawn."""
    drawn = {each.name: DRAWN.get(each.name, rarely(True))(stream(seed, each.name), difficulty, each.default)
             for each in fields(Features)}
    return fitted(Features(**{**drawn, **fixed}))


def fitted(features: Features) -> Features:
    """The same features without those that others rule out."""
    plain = Features()

    def without(*names: str) -> None:
        nonlocal features
        features = replace(features, **{name: getattr(plain, name) for name in names})

    if features.axes == 0:
        without("side", "units", "turns", "wander", "twins", "arriving", "carried", "vanish", "solid", "around",
                "walls", "panes", "door", "pads", "pits", "named")
        features = replace(features, sites="anywhere", things=0)
    else:
        side = min(features.side, 4) if features.axes == 3 else features.side
        features = replace(features, side=side, things=max(1, min(features.things, side**features.axes // 4)))
    if features.axes == 1:
        without("walls", "panes", "solid")
    if features.sites == "anywhere":
        without("carried", "vanish", "solid", *(() if features.arriving else ("twins", "door")))
    if features.sites in ("at", "anywhere"):
        without("solid")
    if features.chain == 1:
        without("carried", "vanish", "door", "undo")
    if features.chain < 3:
        without("consume", *(["vanish"] if features.carried else []))
    if features.things < features.chain:
        without("carried", "vanish", "twins")
    if features.things < 2:
        without("door")
    if features.sites == "next":
        without("carried")
    if features.arriving or features.chain == 1 and features.deadly == "early":
        features = replace(features, deadly=features.deadly.replace("early", ""))
    if features.things <= features.chain:
        features = replace(features, deadly="" if features.deadly == "at" else features.deadly)
    if not features.around or not features.pits:
        features = replace(features, named=False if features.pits else plain.named)
    if features.pits or features.deadly:
        without("slips")
    if not features.flicker:
        without("rate")
    return replace(features, wander=min(features.wander, features.things - (features.twins != "")))


def check(fixed: dict[str, Any]) -> None:
    """TypeError or ValueError for features that there are not."""
    known = {each.name: each.default for each in fields(Features)}
    for name, value in fixed.items():
        if name not in known:
            raise TypeError(f"{name}: one of the features {sorted(known)} is needed")
        if isinstance(known[name], bool):
            truth(value, name)
        elif name in KNOWN and value not in KNOWN[name]:
            raise ValueError(f"{name}: one of {KNOWN[name]} is needed, got {brief(value)}")
        elif name in RANGES and not RANGES[name][0] <= whole(value, name) <= RANGES[name][1]:
            raise ValueError(f"{name}: a whole number within {RANGES[name]} is needed, got {brief(value)}")
        elif name in SHARES and not 0 <= number(value, name) <= SHARES[name]:
            raise ValueError(f"{name}: a number from 0 to {SHARES[name]} is needed, got {brief(value)}")
        elif name == "units" and number(value, name) <= 0:
            raise ValueError(f"units: a number above 0 is needed, got {brief(value)}")


# ---------------------------------------------------------------- rules


def draw_rules(features: Features, seed: int) -> Rules:
    """What holds in all layouts of a world."""
    draw = partial(stream, seed)
    nouns, looks = draw("nouns").permutation(NOUNS).tolist(), draw("looks").permutation(LOOKS).tolist()
    things, length = nouns[:features.things], features.chain
    sites = [site_of(features, step, draw) for step in range(length)]
    named = things or nouns[:1]
    own = [named[step % max(1, len(named) - 1)] for step in range(length - 1)] + named[-1:]  # what each is about
    about = [nouns[-1 - step] if site == "anywhere" else own[step] for step, site in enumerate(sites)]
    facts = [f"{noun} {look}" for noun, look in zip(about, looks)]

    once = [thing for thing, site in zip(about, sites) if site != "anywhere" and about.count(thing) == 1]
    lasting = once[-1:] if features.carried or features.vanish else once  # what no deed takes away
    twin = pick(draw("twin"), lasting) if features.twins else ""
    pair = (f"{twin} 1", f"{twin} 2")
    serve = {thing: (thing,) for thing in things} | {twin: pair[1:] if features.twins == "one" else pair}
    needs, deeds = draw_needs(length, draw), []
    for step, site in enumerate(sites):
        last = step == length - 1
        deeds.append(Deed(
            None if last and features.arriving else "use" if features.shared else f"do {step + 1}",
            () if site == "anywhere" else serve[own[step]], site, frozenset(facts[other] for other in needs[step]),
            frozenset() if last and features.rewards != "fact" else frozenset({facts[step]}),
            frozenset({facts[min(needs[step])]}) if features.consume and needs[step] and not last else frozenset(),
            SUCCESS if last else ""))

    single = [thing for thing in things if thing != twin]
    deeds += draw_others(features, deeds, single, facts, nouns[-5:], looks, draw)
    wander = draw("wander").permutation(single).tolist()[:features.wander]
    carried = own[:1] if features.carried else []
    taken = {own[step]: facts[step] for step in range(length - 1)
             if own[step] in once and (features.vanish or features.carried and step == 0)}
    solid = [thing for thing in single if features.solid and thing not in (*wander, *carried)
             and {deed.site for deed in deeds if thing in deed.things} == {"next"}]

    motions = moves(features) | {deed.action: None for deed in deeds if deed.action}
    motions |= {f"button {number + 1}": None for number in range(features.useless)}
    actions = sorted(motions, key=lambda name: draw("order", name).random())
    return Rules(replace(features, solid=bool(solid)), tuple(actions), tuple(motions[name] for name in actions),
                 tuple(deeds), tuple(chain.from_iterable(pair if thing == twin else (thing,) for thing in things)),
                 tuple(wander), tuple(solid), tuple(carried), taken, facts[length - 2] if features.door else "",
                 tuple(f"{noun} {looks[-1]}" for noun in nouns[10:10 + features.idle]),
                 tuple(f"{noun} {looks[-2]}" for noun in nouns[13:13 + features.flicker]))


def moves(features: Features) -> dict[str, tuple[int, Cell]]:
    """The actions that move the agent: quarter turns, and a step in its own frame."""
    steps = {name: (0, way) for name, way in zip(chain.from_iterable(MOVES), ways(features.axes))}
    if not features.turns:
        return steps
    still = (0,) * features.axes
    turns = {"turn around": (1, still)} if features.axes == 1 else {"turn left": (-1, still), "turn right": (1, still)}
    return turns | {"forward": (0, ahead(features.axes))} | {name: steps[name] for name in MOVES[2] if name in steps}


def site_of(features: Features, step: int, draw: Callable) -> str:
    """Where a deed of the chain is done; the first and the last are done at a thing, where sites are mixed."""
    if features.arriving and step == features.chain - 1 or features.carried and step == 0:
        return "at"
    if features.sites != "mixed":
        return features.sites
    return pick(draw("site", step), SITES[:2] if step in (0, features.chain - 1) else SITES[:3])


def draw_needs(length: int, draw: Callable) -> list[set[int]]:
    """For each deed of the chain, the earlier ones that it needs; each but the last is needed."""
    needs = [set(np.flatnonzero(draw("needs", step).random(step) < 0.5).tolist()) for step in range(length)]
    for step in range(1, length - 1):
        needs[step] |= set() if needs[step] else {step - 1}
    needs[-1] |= set(range(length - 1)) - set().union(*needs)
    return needs


def draw_others(features: Features, deeds: list[Deed], things: list[str], facts: list[str], nouns: list[str],
                looks: list[str], draw: Callable) -> list[Deed]:
    """The deeds that lead nowhere: they do harm, undo, or add what nobody needs."""
    others, last = [], deeds[-1]
    if features.deadly == "early":
        others.append(Deed(last.action, last.things, last.site, end=HARM))
    if features.deadly == "at":
        spare = next(thing for thing in things if all(thing not in deed.things for deed in deeds))
        others.append(Deed("use" if features.shared else "smash", (spare,), "at", end=HARM))
    if features.deadly == "anywhere":
        others.append(Deed("alarm", end=HARM))
    if features.undo:
        others.append(Deed("undo", removes=frozenset(facts[:features.chain - 1])))
    for index in range(features.decoys):
        action = "use" if features.shared else f"try {index + 1}"
        site = pick(draw("decoy", index), SITES[:3]) if things else "anywhere"
        noun = pick(draw("decoy of", index), things or nouns)
        others.append(Deed(action, () if site == "anywhere" else (noun,), site,
                           adds=frozenset({f"{noun} {looks[8 + index]}"})))
    return others


# ---------------------------------------------------------------- layouts


def draw_layout(rules: Rules, seed: int) -> Layout:
    """A layout that can be solved."""
    for attempt in range(TRIES):
        layout = arrange(rules, partial(stream, seed, attempt), 0.9**attempt)
        if shortest_path(rules, layout, layout.begin):
            return layout
    raise ValueError(f"features: layouts that can be solved are needed, none was in {TRIES}: {rules.features}")


def arrange(rules: Rules, draw: Callable, keep: float) -> Layout:
    """A layout that may have no path to success; keep: which share stays of all that is in the way."""
    features, axes, side = rules.features, rules.features.axes, rules.features.side
    cells = [tuple(map(int, cell)) for cell in product(range(side), repeat=axes)]
    cells = [cells[index] for index in draw("cells").permutation(len(cells))]
    barrier = [cell for cell in cells if features.door and cell[0] == side // 2]
    cells = [cell for cell in cells if cell not in barrier]

    def take(near: bool = False, far: bool = False) -> Cell:
        """A cell that nothing else is on; on one side of the door, where that is asked for."""
        cell = next(cell for cell in cells
                    if not barrier or not (near and cell[0] > side // 2 or far and cell[0] < side // 2))
        cells.remove(cell)
        return cell

    start, last = take(near=True) if axes else (), rules.chain[-1].things
    needed = {thing for deed in rules.chain[:-1] for thing in deed.things}
    ranked = sorted(rules.things, key=lambda thing: (thing not in needed, thing not in last))  # these need their side
    places = {thing: take(near=thing in needed, far=thing in last) for thing in ranked}
    pads = {take(): take() for _ in range(min(round(keep * features.pads), len(cells) // 4))}
    pits = [take() for _ in range(min(round(keep * features.pits), len(cells) // 4))]
    walls = [cell for cell, x in zip(cells, draw("walls").random(len(cells))) if x < keep * features.walls]
    edges = [frozenset((cell, shift(cell, way))) for cell in cells for way in ways(axes)]
    panes = [edges[index] for index in draw("panes").permutation(len(edges))[:round(keep * features.panes)]]
    twins = [thing for deed in rules.chain for thing in deed.things if len(deed.things) > 1]
    headings = {0: 1, 1: 2}.get(axes, 4) if features.turns else 1
    return Layout(start, int(draw("heading").integers(headings)), {thing: places[thing] for thing in rules.things},
                  frozenset([*walls, *barrier]) - set(barrier[:1]), frozenset(panes), (*barrier, None)[0], pads,
                  tuple(pits), pick(draw("dud"), twins) if features.twins == "hidden" else "",
                  frozenset(fact for fact in rules.idle if draw("idle", fact).random() < 0.5))
