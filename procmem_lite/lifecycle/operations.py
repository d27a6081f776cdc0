"""Chapter 10: what can be done to skills, each a small function; all but rerank write a line in the journal.

Each takes a living library and returns the line that tells of it, or None where nothing was to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from ..library import Match, Tally
from ..percepts import Facts
from ..skills import Claim, Operator, Site, Skill
from .journal import Entry, Line, LivingLibrary

ALIKE = 0.9  # the published recipe's threshold


def born(library: LivingLibrary, skill: Skill, parents: Sequence[int]) -> Entry:
    """The entry of a skill that is made from others."""
    return Entry(skill.actions, skill.operator, skill.context, library.signed._replace(parents=tuple(parents)))


def changed(skill: Skill, **parts: object) -> Skill:
    """The same skill but for some parts."""
    return replace(skill, number=-1, uses=0, successes=0, **parts)


def add(library: LivingLibrary, skill: Skill) -> Line | None:
    """Store a skill that is new, or shorter than the one of its operator and context."""
    return library.journal[-1] if library.add(skill) else None


def refine(library: LivingLibrary, number: int, actions: tuple[int, ...]) -> Line | None:
    """Give a skill a shorter sequence; the old one goes to the attic."""
    return add(library, changed(library.entries[number].skill(-1), actions=actions))


def merge_alike(library: LivingLibrary, alike: float = 1.0) -> Line | None:
    """Of skills on one shelf whose embeddings' cosine is at least ``alike``, keep the one with the fewest actions.

    At 1 nothing is lost; at 0.9, as in the published recipe, contexts one cell apart and more become one.
    """
    after: dict[int, Entry] = {}
    for shelf in library.shelves.values():
        left = sorted(range(len(shelf.skills)), key=lambda at: (len(shelf.skills[at].actions), at))
        kept: list[int] = []
        for at in left:
            near = [row for row in kept if float(shelf.matrix[row] @ shelf.matrix[at]) >= alike - 1e-6]
            if near:
                number, into = shelf.skills[at].number, shelf.skills[near[0]].number
                after[number] = library.entries[number]._replace(retired=f"merged into {into}")
            else:
                kept.append(at)
    return library.change("merge", after)


def split(library: LivingLibrary, operator: Operator) -> Line | None:
    """Let an operator need the facts that held whenever it succeeded, and never when it failed.

    Nothing is done where no fact tells the two apart: then the context is hidden, and the skill stays as it is.
    """
    tallies = library.ledger.under.get(operator.claim, {})
    worked = [facts for facts, tally in tallies.items() if facts is not None and 2 * tally.successes > tally.uses]
    failed = [facts for facts, tally in tallies.items() if facts is not None and 2 * tally.successes <= tally.uses]
    if not worked or not failed:
        return None
    telling = frozenset.intersection(*worked) - frozenset.union(*failed)
    if not telling - operator.preconditions:
        return None
    return replaced(library, "split", library.shelves[operator].skills,
                    lambda skill: changed(skill, preconditions=skill.preconditions | telling))


def prune(library: LivingLibrary, fails: Callable[[Tally], bool], by_claim: bool = True) -> Line | None:
    """Retire what a rule says of its record: of its claim's, or of each stored case by itself."""
    totals, contexts = library.ledger.totals, library.ledger.contexts
    bad = [skill.number for skill in library
           if fails(totals[skill.operator.claim] if by_claim
                    else contexts.get((skill.operator.claim, skill.context), Tally()))]
    return library.retire(bad, "pruned", "prune")


def restore(library: LivingLibrary, numbers: Collection[int]) -> Line | None:
    """Bring skills back from the attic; ValueError where a shelf holds another one of their operator and context."""
    for number in numbers:
        known = library.find(library.entries[number].skill(-1))
        if known is not None and known.number != number:
            raise ValueError(f"numbers: {number} cannot come back while {known.number} stands in its place")
    return library.change("restore", {number: library.entries[number]._replace(retired="") for number in numbers})


def distil(library: LivingLibrary, operator: Operator) -> Line | None:
    """Of many cases keep the shortest: where one goes to a site, that is all a shelf has to know."""
    skills = library.shelves[operator].skills
    best = min(skills, key=lambda skill: (len(skill.actions), skill.number))
    return library.change("distil", {skill.number: library.entries[skill.number]._replace(
        retired=f"distilled into {best.number}") for skill in skills if skill is not best})


def abstract(library: LivingLibrary, roles: Mapping[str, str]) -> Line | None:
    """Put roles in place of names, in facts and anchors: name -> role."""
    def told(text: str | None) -> str | None:
        for name, role in roles.items():
            text = text and text.replace(name, role)
        return text

    def facts(each: Facts) -> Facts:
        return frozenset(map(told, each))

    concerned = [skill for skill in library if any(name in text for name in roles for text in (
        *skill.preconditions, *skill.effect, *skill.removes, skill.anchor or ""))]
    return replaced(library, "abstract", concerned, lambda skill: changed(
        skill, preconditions=facts(skill.preconditions), effect=facts(skill.effect), removes=facts(skill.removes),
        anchor=told(skill.anchor)))


def compose(library: LivingLibrary, first: int, second: int) -> Line | None:
    """One skill that does what two do, one after the other; ValueError where the first undoes what the second needs."""
    one, two = library.entries[first], library.entries[second]
    needs, gives = two.operator, one.operator
    if needs.preconditions & gives.removes - gives.effect or not needs.removes <= gives.effect | needs.preconditions:
        raise ValueError(f"second: one that can follow {first} is needed, got {second}")
    removes = gives.removes - needs.effect | needs.removes - gives.effect
    skill = Skill(one.actions + two.actions, gives.preconditions | needs.preconditions - gives.effect,
                  gives.effect - needs.removes | needs.effect, removes, gives.anchor, one.context,
                  Site(None, two.actions[-1]))
    known = library.find(skill)
    if known is not None:
        return None
    return library.change("compose", {library.next_number: born(library, skill, (first, second))})


def rewrite(library: LivingLibrary, actions: Mapping[int, int]) -> Line | None:
    """After an interface has changed: the new action for each old one, in sequences and sites."""
    def new(action: int | None) -> int | None:
        return actions.get(action, action)

    concerned = [skill for skill in library if {*skill.actions, skill.site.action} & {*actions}]
    return replaced(library, "rewrite", concerned, lambda skill: changed(
        skill, actions=tuple(map(new, skill.actions)), site=Site(skill.site.displacement, new(skill.site.action))))


def rerank(matches: Sequence[Match], misses: Callable[[Claim], int]) -> list[Match]:
    """What failed least in a row first; of equals, the order stays. Nothing stored changes."""
    return sorted(matches, key=lambda match: misses(match.skill.operator.claim))


def replaced(library: LivingLibrary, what: str, skills: Sequence[Skill], make: Callable[[Skill], Skill]) -> Line | None:
    """Put a skill that is made from it in place of each; where two become alike, the shorter one."""
    after: dict[int, Entry] = {}
    made: dict[tuple, int] = {}
    number = library.next_number
    gone = {skill.number for skill in skills}
    for skill in sorted(skills, key=lambda skill: (len(skill.actions), skill.number)):
        new = make(skill)
        alike = new.operator, new.context
        known = library.find(new)
        if alike not in made and (known is None or known.number in gone):
            made[alike], number = number, number + 1
            after[made[alike]] = born(library, new, (skill.number,))
        into = made.get(alike, known.number if known else -1)
        after[skill.number] = library.entries[skill.number]._replace(retired=f"{what}: {into}")
    return library.change(what, after)


# ---------------------------------------------------------------- where from


def tainted(library: LivingLibrary, author: str) -> set[int]:
    """All skills of an author, and all that were made from them: trust is the least along the lineage."""
    found: set[int] = set()
    for number, entry in sorted(library.entries.items()):  # parents have smaller numbers
        if entry.origin.author == author or not found.isdisjoint(entry.origin.parents):
            found.add(number)
    return found


def unmask(library: LivingLibrary, author: str) -> Line | None:
    """Retire all that comes from an author, and bring back what was retired for it."""
    bad = tainted(library, author)
    after = {number: library.entries[number]._replace(retired=f"from {author}") for number in bad}
    places = {(skill.operator, skill.context) for skill in library if skill.number not in bad}
    for number, entry in library.entries.items():
        reason = entry.retired.rsplit(" ", 1)[-1]
        place = entry.operator, entry.context
        if number not in bad and reason.isdigit() and int(reason) in bad and place not in places:
            after[number] = entry._replace(retired="")
            places.add(place)
    return library.change("unmask", after)
