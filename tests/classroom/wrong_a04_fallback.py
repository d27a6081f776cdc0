"""Plausible mistakes in assignment 4: what is wrong -> (answer cell -> code, test cells that must be lost)."""

WRONG = {
    "bans a skill everywhere once it has failed anywhere": ({"pick": """
def pick(names, failed, situation):
    return next((name for name in names if name not in {each for each, _ in failed}), None)
"""}, {"pick-small", "pick-random"}),
    "always takes the nearest": ({"pick": """
def pick(names, failed, situation):
    return names[0] if names else None
"""}, {"pick-small", "pick-random"}),
    "takes the nearest again where all have failed": ({"pick": """
def pick(names, failed, situation):
    good = [name for name in names if (name, situation) not in failed]
    return good[0] if good else names[0] if names else None
"""}, {"pick-small", "pick-random"}),
    "drops failed names from the list it was given": ({"pick": """
def pick(names, failed, situation):
    for name in list(names):
        if (name, situation) in failed:
            names.remove(name)
    return names[0] if names else None
"""}, {"pick-random"}),
    "compares places and forgets the facts": ({"pick": """
def pick(names, failed, situation):
    places = {(name, where[0] if isinstance(where, tuple) else where) for name, where in failed}
    here = situation[0] if isinstance(situation, tuple) else situation
    return next((name for name in names if (name, here) not in places), None)
"""}, {"pick-random"}),
    "counts what was tried anywhere": ({"explore": """
def explore(tried, situation, n_actions, rng):
    counts = [sum(n for (_, a), n in tried.items() if a == action) for action in range(n_actions)]
    return int(rng.choice([a for a in range(n_actions) if counts[a] == min(counts)]))
"""}, {"explore-least", "act-ends"}),
    "takes the first of the rarest instead of drawing": ({"explore": """
def explore(tried, situation, n_actions, rng):
    return min(range(n_actions), key=lambda action: tried.get((situation, action), 0))
"""}, {"explore-fair"}),
    "draws any action at all": ({"explore": """
def explore(tried, situation, n_actions, rng):
    return int(rng.integers(n_actions))
"""}, {"explore-least", "explore-fair"}),
    "draws from the global random state": ({"explore": """
def explore(tried, situation, n_actions, rng):
    counts = [tried.get((situation, action), 0) for action in range(n_actions)]
    return int(np.random.choice([a for a in range(n_actions) if counts[a] == min(counts)]))
"""}, {"explore-fair"}),
    "counts the action itself": ({"explore": """
def explore(tried, situation, n_actions, rng):
    counts = [tried.get((situation, action), 0) for action in range(n_actions)]
    action = int(rng.choice([a for a in range(n_actions) if counts[a] == min(counts)]))
    tried[situation, action] = counts[action] + 1
    return action
"""}, {"explore-least", "explore-fair"}),
    "no ban at all": ({"act": """
def act(names, failed, tried, situation, n_actions, rng):
    return names[0] if names else explore(tried, situation, n_actions, rng)
"""}, {"act-ends", "act-soon"}),
    "a ban for ever": ({"act": """
def act(names, failed, tried, situation, n_actions, rng):
    name = next((name for name in names if (name, situation) not in failed), None)
    return explore(tried, situation, n_actions, rng) if name is None else name
"""}, {"act-soon"}),
    "never uses a skill": ({"act": """
def act(names, failed, tried, situation, n_actions, rng):
    return explore(tried, situation, n_actions, rng)
"""}, {"act-soon"}),
    "tries all skills again and again, the one that failed least first, and never explores": ({"act": """
def act(names, failed, tried, situation, n_actions, rng):
    if not names:
        return explore(tried, situation, n_actions, rng)
    return min(names, key=lambda name: failed.get((name, situation), 0))
"""}, {"act-ends"}),
    "mixes up who is stuck and who is first": ({"reading": """
def reading():
    stuck = max(ENDED, key=lambda letter: ENDED[letter].sum())
    first = min(ENDED, key=lambda letter: ENDED[letter].sum())
    return {"stuck": stuck, "first": first, "half": int(CAPS[np.argmax(ENDED[stuck] >= 0.5)])}
"""}, {"reading-letters"}),
    "reads where all episodes have ended instead of half": ({"reading": """
def reading():
    first = max(ENDED, key=lambda letter: ENDED[letter].sum())
    stuck = min(ENDED, key=lambda letter: ENDED[letter].sum())
    return {"stuck": stuck, "first": first, "half": int(CAPS[np.argmax(ENDED[first] >= 1)])}
"""}, {"reading-half"}),
}
