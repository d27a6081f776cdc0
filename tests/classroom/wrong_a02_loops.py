"""Plausible mistakes in assignment 2: what is wrong -> (answer cell -> code, test cells that must be lost)."""

WRONG = {
    "keeps the first visit to every place, loops and all": ({"erase": """
def erase(walk):
    return list(dict.fromkeys(walk))
"""}, {"erase-small", "erase-long"}),
    "looks through its whole list at every place": ({"erase": """
def erase(walk):
    kept = []
    for place in walk:
        if place in kept:
            del kept[kept.index(place) + 1:]
        else:
            kept.append(place)
    return kept
"""}, {"erase-long"}),
    "returns a tuple": ({"erase": """
def erase(walk):
    last = {place: index for index, place in enumerate(walk)}
    kept, index = [], 0
    while index < len(walk):
        index = last[walk[index]]
        kept.append(walk[index])
        index += 1
    return tuple(kept)
"""}, {"erase-small", "erase-long"}),
    "changes the walk it was given": ({"erase": """
def erase(walk):
    last = {place: index for index, place in enumerate(walk)}
    kept, index = [], 0
    while index < len(walk):
        index = last[walk[index]]
        kept.append(walk[index])
        index += 1
    walk[:] = kept
    return kept
"""}, {"erase-small"}),
    "returns positions, as the chapter's function does": ({"erase": """
from procmem_lite.skills import loop_erase

def erase(walk):
    return loop_erase(walk)
"""}, {"erase-small", "erase-long"}),
    "fails on a walk of no places": ({"erase": """
def erase(walk):
    last = {place: index for index, place in enumerate(walk)}
    kept, index = [walk[last[walk[0]]]], last[walk[0]] + 1
    while index < len(walk):
        index = last[walk[index]]
        kept.append(walk[index])
        index += 1
    return kept
"""}, {"erase-small"}),
    "does not look at the facts": ({"erase-facts": """
def erase_facts(places, facts):
    from procmem_lite.skills import loop_erase
    return loop_erase(places)
"""}, {"erase-facts-small", "erase-facts-random"}),
    "keeps the first position of a place, not the one at which it was left for good": ({"erase-facts": """
def erase_facts(places, facts):
    kept = []
    for index, state in enumerate(zip(places, facts)):
        same = [n for n, old in enumerate(kept) if (places[old], facts[old]) == state]
        if same:
            del kept[same[0] + 1:]
        else:
            kept.append(index)
    return kept
"""}, {"erase-facts-small", "erase-facts-random"}),
    "compares the facts with those one step before only": ({"erase-facts": """
def erase_facts(places, facts):
    kept = []
    for index in range(len(places)):
        same = [n for n, old in enumerate(kept) if places[old] == places[index]]
        if same and facts[index] == facts[index - 1]:
            kept = kept[:same[0]]
        kept.append(index)
    return kept
"""}, {"erase-facts-small", "erase-facts-random"}),
    "takes the erased path for the shortest": ({"best-of": """
def best_of(walk):
    return erase(walk)
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
    return {"factor": float(ratio[-1]), "first": int(SIZES[ratio > 4][1])}
"""}, {"reading-first"}),
}
