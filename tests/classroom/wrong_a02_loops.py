"""Plausible mistakes in assignment 2: what is wrong -> (answer cell -> code, test cells that must be lost)."""

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
    "gives tuples": ({"excursions": """
def excursions(walk):
    found, kept, at = [], [], {}
    for place in walk:
        if place in at:
            found.append((*kept[at[place]:], place))
            for gone in kept[at[place] + 1:]:
                del at[gone]
            del kept[at[place] + 1:]
        else:
            at[place] = len(kept)
            kept.append(place)
    return found
"""}, {"excursions-small", "excursions-long"}),
    "uses the walk up": ({"excursions": """
def excursions(walk):
    found, kept, at = [], [], {}
    walk.reverse()
    while walk:
        place = walk.pop()
        if place in at:
            found.append([*kept[at[place]:], place])
            for gone in kept[at[place] + 1:]:
                del at[gone]
            del kept[at[place] + 1:]
        else:
            at[place] = len(kept)
            kept.append(place)
    return found
"""}, {"excursions-small", "excursions-long"}),
    "leaves out the return": ({"excursions": """
def excursions(walk):
    found, kept, at = [], [], {}
    for place in walk:
        if place in at:
            found.append(kept[at[place]:])
            for gone in kept[at[place] + 1:]:
                del at[gone]
            del kept[at[place] + 1:]
        else:
            at[place] = len(kept)
            kept.append(place)
    return found
"""}, {"excursions-small", "excursions-long"}),
    "forgets that what was dropped may be met anew": ({"excursions": """
def excursions(walk):
    found, kept, at = [], [], {}
    for place in walk:
        if place in at:
            found.append([*kept[at[place]:], place])
            del kept[at[place] + 1:]
        else:
            at[place] = len(kept)
            kept.append(place)
    return found
"""}, {"excursions-small"}),
    "returns what is left, as the chapter's function does": ({"excursions": """
from procmem_lite.skills import loop_erase

def excursions(walk):
    return [walk[index] for index in loop_erase(walk)]
"""}, {"excursions-small", "excursions-long"}),
    "fails on a walk of no places": ({"excursions": """
def excursions(walk):
    found, kept, at = [], [walk[0]], {walk[0]: 0}
    for place in walk[1:]:
        if place in at:
            found.append([*kept[at[place]:], place])
            for gone in kept[at[place] + 1:]:
                del at[gone]
            del kept[at[place] + 1:]
        else:
            at[place] = len(kept)
            kept.append(place)
    return found
"""}, {"excursions-small"}),
    "compares with the first visit, not with the last": ({"errands": """
def errands(places, facts):
    found, kept = [], []
    for index, place in enumerate(places):
        same = [n for n, old in enumerate(kept) if places[old] == place]
        if same:
            before = facts[kept[same[0]]]
            if facts[index] != before:
                found.append((place, facts[index] - before, before - facts[index]))
            del kept[same[0] + 1:]
        else:
            kept.append(index)
    return found
"""}, {"errands-small", "errands-random"}),
    "looks only for what was gained": ({"errands": """
def errands(places, facts):
    found, kept = [], []
    for index, place in enumerate(places):
        same = [n for n, old in enumerate(kept) if places[old] == place]
        if same:
            gained = facts[index] - facts[kept[same[0]]]
            if gained:
                found.append((place, gained, frozenset()))
            del kept[same[0]:]
        kept.append(index)
    return found
"""}, {"errands-small", "errands-random"}),
    "takes every second visit for a return, dropped or not": ({"errands": """
def errands(places, facts):
    found, stood = [], {}
    for index, place in enumerate(places):
        if place in stood and facts[index] != facts[stood[place]]:
            before = facts[stood[place]]
            found.append((place, facts[index] - before, before - facts[index]))
        stood[place] = index
    return found
"""}, {"errands-small", "errands-random"}),
    "gives sets and lists": ({"errands": """
def errands(places, facts):
    found, kept = [], []
    for index, place in enumerate(places):
        same = [n for n, old in enumerate(kept) if places[old] == place]
        if same:
            before = set(facts[kept[same[0]]])
            if facts[index] != before:
                found.append([place, set(facts[index]) - before, before - facts[index]])
            del kept[same[0]:]
        kept.append(index)
    return found
"""}, {"errands-small", "errands-random"}),
    "takes the erased path for the shortest": ({"best-of": """
from procmem_lite.skills import loop_erase

def best_of(walk):
    return [walk[index] for index in loop_erase(walk)]
"""}, {"best-of-small", "best-of-random"}),
    "walks steps backwards": ({"best-of": """
def best_of(walk):
    nexts = {}
    for here, there in zip(walk, walk[1:]):
        nexts.setdefault(here, []).append(there)
        nexts.setdefault(there, []).append(here)
    came, frontier = {walk[0]: None}, [walk[0]]
    for here in frontier:
        for there in nexts.get(here, []):
            if there not in came:
                came[there] = here
                frontier.append(there)
    path = [walk[-1]]
    while came[path[-1]] is not None:
        path.append(came[path[-1]])
    return path[::-1]
"""}, {"best-of-small", "best-of-random"}),
    "reads the logarithmic axis as if it were a plain one, and gives the board as text": ({"reading": """
def reading():
    return {"factor": 2.0, "first": "5"}
"""}, {"reading-factor", "reading-first"}),
    "one board too far": ({"reading": """
def reading():
    ratio = LENGTHS[:, 0] / LENGTHS[:, 1]
    return {"factor": float(ratio[-1]), "first": int(SIZES[LENGTHS[:, 0] > PATIENCE][0]) + 1}
"""}, {"reading-first"}),
}
