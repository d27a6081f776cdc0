"""Plausible mistakes in assignment 8: what is wrong -> (answer cell -> code, test cells that must be lost).

With "?": whether an agent still learns from such a percept is the agent's affair, and may go either way.
"""

import classmates

GOOD = classmates.reference("a08_perceive")
WRONG_READING = '''
def reading():
    return {"first": "P", "second": "P", "site": (0, -1), "share": 1.0}
'''


def changed(*pairs: tuple[str, str], cell: str = "perceive") -> dict[str, str]:
    """A right answer with some things changed."""
    return classmates.changed(GOOD, cell, *pairs)


WRONG = {
    "a fact for every letter": (
        changed(('frozenset({"carrying"} if passenger == 4', 'frozenset("carrying" if passenger == 4')),
        {"facts", "learning-works?"}),
    "does not look inside wrappers": (changed(("env.unwrapped", "env")), {"facts"}),
    "a fact for every stand as well": (changed((
        '{"carrying"} if passenger == 4 else ()',
        '({"carrying"} if passenger == 4 else set()) | {f"to_{destination}"}')),
        {"facts", "learning-works?"}),
    "positions on the board instead of displacements": (changed((
        "return (taxi.locs[stand][0] - row, taxi.locs[stand][1] - column)", "return tuple(taxi.locs[stand])")),
        {"objects-waiting", "objects-carried", "learning-works?"}),
    "a carried passenger is an object at (0, 0)": (changed((
        "    line =", '    else:\n        objects["passenger"] = (0, 0)\n    line =')),
        {"objects-carried", "learning-works?"}),
    "the whole state for a place": (
        changed(("place=(row, column)", "place=int(taxi.s)")), {"place", "learning-works?"}),
    "a list for a place, of which there can be no percept": (
        changed(("place=(row, column)", "place=[row, column]")),
        {"facts", "objects-waiting", "objects-carried", "place", "around", "learning-works"}),
    "the edges of the board alone, inner walls forgotten": (changed(
        ('bool(line[2 * column] == b":")', "column > 0"), ('bool(line[2 * column + 2] == b":")', "column < 4")),
        {"around", "learning-works?"}),
    "the town as on a map, whatever the heading": (changed(
        ("AHEAD[world.heading], AHEAD[(world.heading + 1) % 4]", "AHEAD[2], AHEAD[1]"), cell="perceive-town"),
        {"town-objects", "town-around", "town-works?"}),
    "mixes up right and left": (changed(
        ("AHEAD[(world.heading + 1) % 4]", "AHEAD[(world.heading + 3) % 4]"), cell="perceive-town"),
        {"town-objects", "town-around", "town-works?"}),
    "the taxi that turns on the spot has not moved": (changed(
        ("(*world.taxi, world.heading)", "world.taxi"), cell="perceive-town"), {"town-around", "town-works?"}),
    "takes houses for streets": (changed(("world.can_enter(cell)", "True"), cell="perceive-town"),
                                 {"town-around", "town-works?"}),
    "guesses the picture": ({"reading": WRONG_READING}, {"reading-anchors", "reading-site"}),
}
