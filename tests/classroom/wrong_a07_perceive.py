"""Plausible mistakes in assignment 7: what is wrong -> (answer cell -> code, test cells that must be lost).

With "?": whether an agent still learns from such a percept is the agent's affair, and may go either way.
"""

GOOD = '''
def perceive(env):
    taxi = env.unwrapped
    row, column, passenger, destination = (int(part) for part in taxi.decode(int(taxi.s)))

    def seen_from_taxi(stand):
        return (taxi.locs[stand][0] - row, taxi.locs[stand][1] - column)

    objects = {"destination": seen_from_taxi(destination)}
    if passenger < 4:
        objects["passenger"] = seen_from_taxi(passenger)
    line = taxi.desc[row + 1]
    around = {(-1, 0): row > 0, (1, 0): row < 4, (0, -1): bool(line[2 * column] == b":"),
              (0, 1): bool(line[2 * column + 2] == b":")}
    facts = frozenset({"carrying"} if passenger == 4 else ())
    return Percept(facts=facts, objects=objects, place=(row, column), around=around)
'''
WRONG_READING = '''
def reading():
    return {"first": "P", "second": "P", "site": (0, -1), "share": 1.0}
'''


def changed(*pairs: tuple[str, str]) -> dict[str, str]:
    """The right perceive with some things changed."""
    source = GOOD
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return {"perceive": source}


WRONG = {
    "a set of facts instead of a frozenset": (
        changed(('frozenset({"carrying"} if passenger == 4 else ())', '{"carrying"} if passenger == 4 else set()')),
        {"facts", "learning-works"}),
    "does not look inside wrappers": (changed(("env.unwrapped", "env")), {"facts"}),
    "a fact for every stand as well": (changed((
        '{"carrying"} if passenger == 4 else ()',
        '({"carrying"} if passenger == 4 else set()) | {f"to_{destination}"}')),
        {"facts", "learning-works?"}),
    "positions on the board instead of displacements": (changed((
        "return (taxi.locs[stand][0] - row, taxi.locs[stand][1] - column)", "return tuple(taxi.locs[stand])")),
        {"objects-waiting", "objects-carried", "learning-works?"}),
    "NumPy numbers in displacements": (
        changed(("(int(part) for part in taxi.decode(int(taxi.s)))", "map(np.int64, taxi.decode(int(taxi.s)))")),
        {"objects-waiting", "around"}),
    "a carried passenger is an object at (0, 0)": (changed((
        "    line =", '    else:\n        objects["passenger"] = (0, 0)\n    line =')),
        {"objects-carried", "learning-works?"}),
    "the whole state for a place": (
        changed(("place=(row, column)", "place=int(taxi.s)")), {"place", "learning-works?"}),
    "a list for a place": (changed(("place=(row, column)", "place=[row, column]")), {"place", "learning-works"}),
    "the edges of the board alone, inner walls forgotten": (changed(
        ('bool(line[2 * column] == b":")', "column > 0"), ('bool(line[2 * column + 2] == b":")', "column < 4")),
        {"around", "learning-works?"}),
    "guesses the picture": ({"reading": WRONG_READING}, {"reading-anchors", "reading-site"}),
}
