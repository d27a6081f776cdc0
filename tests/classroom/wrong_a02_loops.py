"""Plausible mistakes in assignment 2: what is wrong -> (answer cell -> code, test cells that must be lost)."""

from functools import partial

import classmates

GOOD = classmates.reference("a02_loops")
changed = partial(classmates.changed, GOOD)

BOTH, ERRANDS = {"excursions-small", "excursions-long"}, {"errands-small", "errands-random"}
WRONG = {
    "cuts excursions out of the walk, with all that had been dropped before": ({"excursions": """
def excursions(walk):
    found, kept = [], {}
    for index, place in enumerate(walk):
        if place in kept:
            found.append(walk[kept[place]:index + 1])
            kept = {old: at for old, at in kept.items() if at <= kept[place]}
        kept[place] = index
    return found
"""}, {"excursions-small"}),
    "looks through its whole list at every place": ({"excursions": """
def excursions(walk):
    found, kept = [], []
    for place in walk:
        if place in kept:
            found.append(kept[kept.index(place):] + [place])
            del kept[kept.index(place) + 1:]
        else:
            kept.append(place)
    return found
"""}, {"excursions-long"}),
    "gives tuples": (changed("excursions", ("[place, *dropped, place]", "(place, *dropped, place)")), BOTH),
    "uses the walk up": (changed("excursions", (
        "    for place in walk:", "    walk.reverse()\n    while walk:\n        place = walk.pop()")), BOTH),
    "leaves out the return": (changed("excursions", ("[place, *dropped, place]", "[place, *dropped]")), BOTH),
    "forgets that what was dropped may be met anew": (changed("excursions", (
        "                del at[gone]", "                pass")), {"excursions-small"}),
    "returns what is left, as the chapter's function does": ({"excursions": """
from procmem_lite.skills import loop_erase

def excursions(walk):
    return [walk[index] for index in loop_erase(walk)]
"""}, BOTH),
    "fails on a walk of no places": (changed("excursions", (
        "[], [], {}", "[], [walk[0]], {walk[0]: 0}"), ("in walk:", "in walk[1:]:")), {"excursions-small"}),
    "compares with the first visit, not with the last": (changed("errands", (
        "        stood[place] = index", "        stood.setdefault(place, index)")), ERRANDS),
    "looks only for what was gained": (changed("errands", (
        "before != after", "after - before"), ("before - after))", "frozenset()))")), ERRANDS),
    "takes every second visit for a return, dropped or not": (changed("errands", (
        "                del at[gone]", "                pass")), ERRANDS),
    "gives sets and lists": (changed("errands", (
        "(place, after - before, before - after)", "[place, set(after - before), set(before - after)]")), ERRANDS),
    "takes the erased path for the shortest": ({"best-of": """
from procmem_lite.skills import loop_erase

def best_of(walk):
    return [walk[index] for index in loop_erase(walk)]
"""}, {"best-of-small", "best-of-random"}),
    "walks steps backwards": (changed("best-of", (
        ".append(there)\n    came", ".append(there)\n        nexts.setdefault(there, []).append(here)\n    came")),
        {"best-of-small", "best-of-random"}),
    "reads the logarithmic axis as if it were a plain one, and gives the board as text": ({"reading": """
def reading():
    return {"factor": 2.0, "first": "5"}
"""}, {"reading-factor", "reading-first"}),
    "one board too far": (changed("reading", ("PATIENCE][0])", "PATIENCE][0]) + 1")), {"reading-first"}),
}
