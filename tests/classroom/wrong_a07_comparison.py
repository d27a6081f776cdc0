"""Plausible mistakes in assignment 7: what is wrong -> (answer cell -> code, test cells that must be lost)."""

COMPARE = '''
def compare(rows, first, second):
    steps = {name: {row["seed"]: row["steps"] for row in rows if row["agent"] == name} for name in (first, second)}
    seeds = sorted(steps[first].keys() & steps[second].keys())
    if not seeds:
        raise ValueError("rows")
    gaps = np.array([steps[first][seed] - steps[second][seed] for seed in seeds], dtype=float)
    wins = (gaps < 0) + 0.5 * (gaps == 0)
    return {"pairs": len(seeds), "difference": float(gaps.mean()), "wins": float(wins.mean())}
'''
RATIO = '''
def ratio_interval(first, second, level, seed):
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.shape != second.shape or not len(first):
        raise ValueError("first, second")
    if not 0 < level < 1:
        raise ValueError("level")
    drawn = np.random.default_rng(seed).integers(len(first), size=(2000, len(first)))
    again = second[drawn].mean(axis=1) / first[drawn].mean(axis=1)
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return float(second.mean() / first.mean()), float(low), float(high)
'''


def changed(source: str, old: str, new: str) -> dict[str, str]:
    """A right answer with one thing changed."""
    assert old in source
    return {"compare" if source is COMPARE else "ratio-interval": source.replace(old, new)}


WRONG = {
    "pairs runs by their order instead of their seeds": ({"compare": """
def compare(rows, first, second):
    a, b = ([row["steps"] for row in rows if row["agent"] == name] for name in (first, second))
    gaps = np.array([x - y for x, y in zip(a, b)], dtype=float)
    if not len(gaps):
        raise ValueError("rows")
    wins = (gaps < 0) + 0.5 * (gaps == 0)
    return {"pairs": len(gaps), "difference": float(gaps.mean()), "wins": float(wins.mean())}
"""}, {"compare-small", "compare-random"}),
    "means over all runs, crashed partners or not": (changed(
        COMPARE, "float(gaps.mean())",
        "float(np.mean(list(steps[first].values())) - np.mean(list(steps[second].values())))"),
        {"compare-small", "compare-random"}),
    "a tie is no win": (changed(COMPARE, " + 0.5 * (gaps == 0)", ""), {"compare-small", "compare-random"}),
    "more steps win": (changed(COMPARE, "gaps < 0", "gaps > 0"), {"compare-small", "compare-random"}),
    "zeros instead of an error where nothing can be compared": (changed(
        COMPARE, 'raise ValueError("rows")', 'return {"pairs": 0, "difference": 0.0, "wins": 0.5}'), {"compare-small"}),
    "NumPy numbers": (changed(COMPARE, "float(wins.mean())", "wins.mean()"), {"compare-small", "compare-random"}),
    "the mean of the ratios": (changed(
        RATIO, "float(second.mean() / first.mean())", "float((second / first).mean())"), {"ratio-value"}),
    "the ratio upside down": (
        changed(RATIO, "float(second.mean() / first.mean())", "float(first.mean() / second.mean())"),
        {"ratio-value", "ratio-ends"}),
    "draws the two sides apart, and loses the pairs": (changed(
        RATIO, "second[drawn].mean(axis=1)",
        "second[np.random.default_rng(seed + 1).permuted(drawn)].mean(axis=1)"),
        {"ratio-value", "ratio-ends"}),
    "the level counts one tail": (changed(RATIO, "[(1 - level) / 2, (1 + level) / 2]", "[1 - level, level]"),
                                  {"ratio-ends"}),
    "always 95 %": (changed(RATIO, "[(1 - level) / 2, (1 + level) / 2]", "[0.025, 0.975]"), {"ratio-ends"}),
    "the standard deviation of the runs instead of an interval of the mean": (changed(
        RATIO, "second[drawn].mean(axis=1) / first[drawn].mean(axis=1)", "second / first"),
        {"ratio-value", "ratio-ends"}),
    "no seed: another interval each time": (changed(RATIO, "default_rng(seed)", "default_rng()"), {"ratio-ends"}),
    "takes a level of 95 for 95 %": (changed(
        RATIO, "if not 0 < level < 1", "level = level / 100 if level > 1 else level\n    if not 0 < level < 1"),
        {"ratio-value"}),
    "Bonferroni: every p-value against level / m": ({"differences": """
def differences(p_values, level):
    return [bool(p <= level / len(p_values)) for p in p_values]
"""}, {"differences-all"}),
    "does not stop at the first that is larger": ({"differences": """
def differences(p_values, level):
    count, found = len(p_values), [False] * len(p_values)
    for rank, index in enumerate(sorted(range(count), key=lambda n: p_values[n])):
        found[index] = p_values[index] <= level / (count - rank)
    return found
"""}, {"differences-all"}),
    "answers in the order of size": ({"differences": """
def differences(p_values, level):
    found, going = [], True
    for rank, p in enumerate(sorted(p_values)):
        going = going and p <= level / (len(p_values) - rank)
        found.append(going)
    return found
"""}, {"differences-all"}),
    "worse is whatever has its dot right of 0; half the width takes twice the seeds": ({"reading": """
def reading():
    return {"worse": {v for v in MEANS if MEANS[v] > 0}, "unclear": set(), "widest": max(HALVES, key=HALVES.get),
            "seeds": 40}
"""}, {"reading-sets", "reading-width"}),
}
