"""Plausible mistakes in assignment 5: what is wrong -> (answer cell -> code, test cells that must be lost)."""

from classmates import reference

ACT = {"act-arrives", "act-gives-up"}


def changed(cell: str, old: str, new: str) -> dict[str, str]:
    """A right answer with one thing changed."""
    answer = reference("a05_paths")[cell]
    assert old in answer
    return {cell: answer.replace(old, new)}


WRONG = {
    "takes the page's function as it is": ({"motion": """
def motion(pairs):
    return fit(pairs) if pairs else None
"""}, {"motion-shift", "motion-any"}),
    "fits all pairs as well as can be": ({"motion": """
def motion(pairs):
    if len(pairs) < 2:
        return None
    before, after = (np.array(side, dtype=float) for side in zip(*pairs))
    solution = np.linalg.lstsq(np.column_stack([before, np.ones(len(before))]), after, rcond=None)[0]
    return solution[:2].T, solution[2]
"""}, {"motion-shift", "motion-any"}),
    "asks the package, which believes what most of the latest pairs say": ({"motion": """
from procmem_lite.navigation.motion import consensus

def motion(pairs):
    return consensus([[pair] for pair in pairs])
"""}, {"motion-shift", "motion-any"}),
    "a shift counts no more than any other map": (
        changed("motion", "if len(often) == 1:", "if False:"), {"motion-shift"}),
    "believes the first map that explains all pairs but one": (
        changed("motion", "if len(found) == 1 else", "if found else"), {"motion-shift", "motion-any"}),
    "sight beats touch": (changed("draw", "if after == place and", "if False and"), {"draw-small", "draw-random"}),
    "once blocked, always blocked": (
        changed("draw", "= free", "= free and known.get((after[0] + down, after[1] + right), True)"),
        {"draw-small", "draw-random"}),
    "a slip blocks the cell aimed at": (
        changed("draw", "if after == place and shift != (0, 0):",
                "if after != (place[0] + shift[0], place[1] + shift[1]):"), {"draw-small", "draw-random"}),
    "who waits bumps into the cell they stand on": (
        changed("draw", " and shift != (0, 0)", ""), {"draw-small", "draw-random"}),
    "what is around is seen from the old place": (
        changed("draw", "known[after[0] + down, after[1] + right]", "known[place[0] + down, place[1] + right]"),
        {"draw-small", "draw-random"} | ACT),
    "the unknown is a wall": (changed("path", "known.get(there, True)", "known.get(there, False)"),
                              {"path-small", "path-random"} | ACT),
    "there are no walls": (changed("path", "and known.get(there, True)", ""), {"path-small", "path-random"} | ACT),
    "the unknown costs no more than the known": (
        changed("path", "1 if there in known else 1 + doubt", "1"), {"path-small", "path-random"}),
    "an estimate that says too much where actions jump": (
        changed("path", "cell == goal, nexts)",
                "cell == goal, nexts, lambda cell: abs(cell[0] - goal[0]) + abs(cell[1] - goal[1]))"), {"path-random"}),
    "notes unknown cells as free in the map it was given": (
        changed("path", "known.get(there, True)", "known.setdefault(there, True)"), {"path-small", "path-random"}),
    "never gives up": (changed("act", "if len(log) >= PATIENCE and", "if False and"), {"act-gives-up"}),
    "judges every place by the map of its time": (changed("act", "for each in [*(step[0] for step in log), place]:", """
    for number, each in enumerate([*(step[0] for step in log), place]):
        known = draw(log[:number])"""), ACT),
    "takes as near as before for nearer": (changed("act", ">= min(left", "> min(left"), {"act-gives-up"}),
    "judges by the straight distance": (
        changed("act", "actions = path(known, SIZE, MOVES, each, goal, 0)",
                "actions = [0] * (abs(each[0] - goal[0]) + abs(each[1] - goal[1]))"), ACT),
    "takes what the things do for what the agent does": ({"reading": """
def reading():
    maps = {letter: motion(pairs) for letter, pairs in SEEN.items()}
    none = next(letter for letter, found in maps.items() if found is None)
    left = next(letter for letter, found in maps.items() if found is not None and found[0][1, 0] > 0.5)
    step = next(found[1] for found in maps.values() if found is not None and found[0][0, 0] > 0.5)
    return {"left": left, "none": none, "step": tuple(int(part) for part in step)}
"""}, {"reading-letters", "reading-step"}),
}
