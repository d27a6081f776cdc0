"""Plausible mistakes in assignment 3: what is wrong -> (answer cell -> code, test cells that must be lost)."""

GOOD = '''
def best(skills, facts, query, k):
    if type(k) is not int or k < 1:
        raise ValueError("k")
    if any(len(skill["embedding"]) != len(query) for skill in skills):
        raise ValueError("query")
    scored = [(position, float(skill["embedding"] @ query) * skill["rate"])
              for position, skill in enumerate(skills) if skill["preconditions"] <= facts]
    return sorted(scored, key=lambda pair: -pair[1])[:k]
'''


def changed(old: str, new: str) -> dict[str, str]:
    """The right answer to 3.3 with one thing changed."""
    assert old in GOOD
    return {"best": GOOD.replace(old, new)}


WRONG = {
    "the clock is cut open at midnight": ({"embed-hour": """
def embed_hour(hour):
    angle = np.pi * hour / 24
    return np.array([np.cos(angle), np.sin(angle)])
"""}, {"hour-basics", "hour-order", "both-order", "both-differences"}),
    "the vector is not brought to length 1": ({"embed-hour": """
def embed_hour(hour):
    angle = 2 * np.pi * hour / 24
    return np.array([np.cos(angle), np.sin(angle), 1.0])
"""}, {"hour-basics", "hour-order", "both-order", "both-differences"}),
    "one number for each of 24 hours: all others are equally strange": ({"embed-hour": """
def embed_hour(hour):
    vector = np.zeros(24)
    vector[int(hour) % 24] = 1.0
    return vector
"""}, {"hour-order", "both-order", "both-differences"}),
    "a list instead of an array": ({"embed-hour": """
def embed_hour(hour):
    angle = 2 * np.pi * hour / 24
    return [np.cos(angle), np.sin(angle)]
"""}, {"hour-basics", "hour-order"}),
    "floors on a circle: the top is next to the ground": ({"embed": """
def embed(hour, floor):
    angle = 2 * np.pi * floor / 41
    return np.concatenate([embed_hour(hour), [np.cos(angle), np.sin(angle)]]) / np.sqrt(2)
"""}, {"both-order"}),
    "the floor as a plain number beside the hour, then brought to length 1": ({"embed": """
def embed(hour, floor):
    vector = np.append(embed_hour(hour), floor / 40)
    return vector / np.linalg.norm(vector)
"""}, {"both-differences"}),
    "sorted the wrong way round": (changed("-pair[1]", "pair[1]"), {"best-order", "best-start"}),
    "the rate is forgotten": (changed(' * skill["rate"]', ""), {"best-order"}),
    "one precondition is enough": (
        changed('skill["preconditions"] <= facts', 'not skill["preconditions"] or skill["preconditions"] & facts'),
        {"best-start"}),
    "the facts must be exactly the preconditions": (
        changed('skill["preconditions"] <= facts', 'skill["preconditions"] == facts'), {"best-order", "best-start"}),
    "the best k first, and only then who may start": (
        changed("return sorted(scored, key=lambda pair: -pair[1])[:k]", """
    everyone = sorted(((n, float(s["embedding"] @ query) * s["rate"]) for n, s in enumerate(skills)),
                      key=lambda pair: -pair[1])[:k]
    return [pair for pair in everyone if pair in scored]"""), {"best-start"}),
    "of equal scores, the later skill first": (
        changed("key=lambda pair: -pair[1])", "key=lambda pair: (pair[1], pair[0]), reverse=True)"), {"best-start"}),
    "True passes for the number 1": (
        changed("type(k) is not int or", "not isinstance(k, int) or"), {"best-refuses"}),
    "negative scores are left out": (
        changed("sorted(scored,", "sorted((pair for pair in scored if pair[1] > 0),"),
        {"best-order", "best-start"}),
    "scores are NumPy numbers": (changed('float(skill["embedding"] @ query)', 'skill["embedding"] @ query'),
                                 {"best-order", "best-start"}),
    "half a wave is taken for a whole one": ({"reading": """
def reading():
    falls = next(letter for letter, values in ALIKE.items() if (np.diff(values) < 0).all())
    return {"falls": falls, "wave": 9, "below": int(np.argmax(ALIKE[falls] < 0.9))}
"""}, {"reading-shapes"}),
    "0.5 is read where 0.9 was asked for": ({"reading": """
def reading():
    falls = next(letter for letter, values in ALIKE.items() if (np.diff(values) < 0).all())
    wave = next(values for values in ALIKE.values() if np.isclose(values[1:].max(), 1))
    return {"falls": falls, "wave": 1 + int(np.argmax(wave[1:])), "below": int(np.argmax(ALIKE[falls] < 0.5))}
"""}, {"reading-below"}),
}
