"""Plausible mistakes in assignment 6: what is wrong -> (answer cell -> code, test cells that must be lost)."""

GOOD = '''
def learned(steps):
    steps = np.asarray(steps, dtype=float)
    third = steps.shape[1] // 3
    if third < 1:
        raise ValueError("steps")
    gain = steps[:, :third].mean(axis=1) - steps[:, -third:].mean(axis=1)
    drawn = np.random.default_rng(0).integers(len(gain), size=(4000, len(gain)))
    return bool(np.quantile(gain[drawn].mean(axis=1), 0.025) > 0)
'''


def changed(old: str, new: str) -> dict[str, str]:
    """The right answer to 6.3 with one thing changed."""
    assert old in GOOD
    return {"learned": GOOD.replace(old, new)}


WRONG = {
    "the first episode that reaches the bar, however lucky": ({"solved-from": """
def solved_from(ratios, bar, run):
    return next((n for n, ratio in enumerate(ratios) if ratio >= bar), None)
"""}, {"solved-small", "solved-random"}),
    "compares the mean of the run with the bar": ({"solved-from": """
def solved_from(ratios, bar, run):
    return next((n for n in range(len(ratios) - run + 1) if np.mean(ratios[n:n + run]) >= bar), None)
"""}, {"solved-random"}),
    "the end of the run instead of its beginning": ({"solved-from": """
def solved_from(ratios, bar, run):
    streak = 0
    for index, ratio in enumerate(ratios):
        streak = streak + 1 if ratio >= bar else 0
        if streak == run:
            return index
"""}, {"solved-small", "solved-random"}),
    "misses a run at the very end": ({"solved-from": """
def solved_from(ratios, bar, run):
    return next((n for n in range(len(ratios) - run) if all(r >= bar for r in ratios[n:n + run])), None)
"""}, {"solved-small", "solved-random"}),
    "better than the bar instead of at least the bar": ({"solved-from": """
def solved_from(ratios, bar, run):
    return next((n for n in range(len(ratios) - run + 1) if all(r > bar for r in ratios[n:n + run])), None)
"""}, {"solved-small", "solved-random"}),
    "lets an unknown ratio pass": ({"solved-from": """
def solved_from(ratios, bar, run):
    return next((n for n in range(len(ratios) - run + 1) if not any(r < bar for r in ratios[n:n + run])), None)
"""}, {"solved-small"}),
    "returns a NumPy number": ({"solved-from": """
def solved_from(ratios, bar, run):
    good = [n for n in np.arange(len(ratios) - run + 1) if all(r >= bar for r in ratios[n:n + run])]
    return good[0] if good else None
"""}, {"solved-small", "solved-random"}),
    "uses one board several times": ({"unseen": """
def unseen(trained, candidates):
    return [n for n, layout in enumerate(candidates) if layout not in set(trained)]
"""}, {"unseen-small", "unseen-random"}),
    "compares objects instead of layouts": ({"unseen": """
def unseen(trained, candidates):
    met, kept = {id(layout) for layout in trained}, []
    for position, layout in enumerate(candidates):
        if id(layout) not in met:
            met.add(id(layout))
            kept.append(position)
    return kept
"""}, {"unseen-small"}),
    "keeps candidates themselves instead of positions": ({"unseen": """
def unseen(trained, candidates):
    return [layout for layout in dict.fromkeys(candidates) if layout not in set(trained)]
"""}, {"unseen-small", "unseen-random"}),
    "notes what it has met in the list of trained layouts": ({"unseen": """
def unseen(trained, candidates):
    kept = []
    for position, layout in enumerate(candidates):
        if layout not in trained:
            trained.append(layout)
            kept.append(position)
    return kept
"""}, {"unseen-small"}),
    "compares the means alone, without an interval": (
        changed("np.quantile(gain[drawn].mean(axis=1), 0.025) > 0", "gain.mean() > 0"), {"learned-subtle"}),
    "compares the two thirds as if they were strangers, not seed by seed": (changed(
        "return bool(np.quantile(gain[drawn].mean(axis=1), 0.025) > 0)", """other = np.random.default_rng(1)
    other = other.integers(len(gain), size=drawn.shape)
    early, late = steps[:, :third].mean(axis=1), steps[:, -third:].mean(axis=1)
    return bool(np.quantile(early[drawn].mean(axis=1) - late[other].mean(axis=1), 0.025) > 0)"""), {"learned-subtle"}),
    "any difference counts, worse as well as better": (changed(
        "np.quantile(gain[drawn].mean(axis=1), 0.025) > 0",
        "np.prod(np.quantile(gain[drawn].mean(axis=1), [0.025, 0.975])) > 0"), {"learned-clear"}),
    "compares halves": (changed("// 3", "// 2"), {"learned-clear", "learned-subtle"}),
    "draws episodes again instead of seeds": (changed(
        "gain = steps[:, :third].mean(axis=1) - steps[:, -third:].mean(axis=1)",
        "gain = (steps[:, :third] - steps[:, -third:]).ravel()"), {"learned-subtle"}),
    "takes low and flat for learned": ({"reading": """
def reading():
    low = sorted(STEPS, key=lambda letter: STEPS[letter].sum())
    return {"learned": low[0], "knew": low[1], "forgot": low[2], "cap": low[3], "change": 3}
"""}, {"reading-stories", "reading-change"}),
    "the episode before the jump": ({"reading": """
def reading():
    jumps = {letter: np.diff(values).max() for letter, values in STEPS.items()}
    forgot = max(jumps, key=jumps.get)
    others = sorted((letter for letter in STEPS if letter != forgot), key=lambda letter: STEPS[letter][0])
    change = int(EPISODES[np.argmax(np.diff(STEPS[forgot]))])
    return {"knew": others[0], "learned": others[1], "cap": others[2], "forgot": forgot, "change": change}
"""}, {"reading-change"}),
}
