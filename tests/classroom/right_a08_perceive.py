"""Right answers to assignment 8 that are written otherwise than the reference: how -> (answer cell -> code).

A percept makes plain what it is given, so that none of these is a mistake.
"""

from classmates import reference

GOOD = {cell: source for cell, source in reference("a08_perceive").items() if cell != "words"}


def changed(old: str, new: str) -> dict[str, str]:
    """The reference's answers, one thing in ``perceive`` written otherwise."""
    assert old in GOOD["perceive"]
    return {**GOOD, "perceive": GOOD["perceive"].replace(old, new)}


RIGHT = {
    "a set of facts": changed(
        'frozenset({"carrying"} if passenger == 4 else ())', '{"carrying"} if passenger == 4 else set()'),
    "a list of facts": changed(
        'frozenset({"carrying"} if passenger == 4 else ())', '["carrying"] * (passenger == 4)'),
    "NumPy numbers in displacements": changed(
        "return (taxi.locs[stand][0] - row, taxi.locs[stand][1] - column)",
        "return np.array(taxi.locs[stand]) - (row, column)"),
    "NumPy numbers all over": changed(
        "(int(part) for part in taxi.decode(int(taxi.s)))", "map(np.int64, taxi.decode(int(taxi.s)))"),
}
