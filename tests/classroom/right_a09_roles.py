"""Right answers to assignment 9 that are written otherwise than the reference: how -> (answer cell -> code)."""

MENTIONS = {
    "mentions": '''
def mentions(order):
    words, found = re.findall(r"[A-Za-z]+|[^A-Za-z ]", order), []
    for number, word in enumerate(words[:-1]):
        if word in ("the", "a", "an"):
            after = words[number + 1:number + 3]
            if after[0] in KINDS:
                found.append((None, after[0]))
            elif after[0] in COLOURS and len(after) == 2 and after[1] in KINDS:
                found.append((after[0], after[1]))
    return found
''',
    "reading": '''
def reading():
    means = {agent: sum(days.values()) / 120 for agent, days in DAYS.items()}
    best, second = sorted(means, key=means.get)[:0:-1]
    return dict(trained=[colour for colour in sorted(COLOURS) if DAYS[second][colour] > 10], roles=best)
''',
    "goal": '''
def goal(order, dishes):
    wanted, rest = set(), order
    for dish in sorted(dishes, key=lambda dish: -len(dish)):
        rest, number = re.subn(rf"(?<![A-Za-z]){dish}(?![A-Za-z])", "#", rest)
        if number:
            wanted.add(dish + " served")
    return frozenset(wanted)
''',
}
BY_DISTANCE = {
    "cast": '''
def far(thing):
    return sum(abs(part) for part in thing[2])


def cast(order, things):
    left = dict(sorted(things.items(), key=lambda pair: far(pair[1])))
    roles = {}
    for number, (colour, kind) in enumerate(mentions(order), start=1):
        fits = [label for label, thing in left.items() if thing[1] == kind and (not colour or thing[0] == colour)]
        if fits:
            roles[fits[0]] = "$" + str(number)
            del left[fits[0]]
    for number, label in enumerate(left, start=1):
        roles[label] = "other " + str(number)
    return roles
''',
    "with-keys": '''
def with_keys(roles, things):
    roles = roles.copy()
    part = {role: label for label, role in roles.items()}
    for number in range(1, 100):
        door = part.get(f"${number}")
        if door is None or things[door][1] != "door":
            continue
        near = [(abs(away[0]) + abs(away[1]), label) for label, (colour, kind, away) in things.items()
                if kind == "key" and colour == things[door][0] and roles[label].split()[0] == "other"]
        if near:
            roles[min(near)[1]] = f"key of ${number}"
    return roles
''',
}
IN_ROLES = {
    "in-roles": '''
def in_roles(order, things, facts):
    roles = cast(order, things)
    template = order
    for number, (colour, kind) in enumerate(mentions(order), start=1):
        spoken_of = f"{colour} {kind}" if colour else kind
        template = re.sub(rf"\\b(the|an|a) {spoken_of}\\b", f"${number}", template, count=1)
    told = [" ".join(roles.get(word, word) for word in fact.split(" ")) for fact in facts]
    objects = {}
    for label in things:
        objects[roles[label]] = things[label][2]
    return frozenset(told) | frozenset(["order: " + template]), objects
''',
}
WITH_TUPLES = {
    "cast": '''
def cast(order, things):
    roles = {}
    free = set(things)

    def span(label):
        down, right = things[label][2]
        return max(down, -down) + max(right, -right)

    for number, mention in enumerate(mentions(order)):
        best = None
        for label in free:
            if mention in ((things[label][0], things[label][1]), (None, things[label][1])):
                if best is None or span(label) < span(best):
                    best = label
        if best is not None:
            free.remove(best)
            roles[best] = f"${number + 1}"
    while free:
        label = min(free, key=span)
        roles[label] = f"other {sum(role[0] == 'o' for role in roles.values()) + 1}"
        free.remove(label)
    return roles
''',
    "in-roles": '''
def in_roles(order, things, facts):
    roles = cast(order, things)
    said = set()
    for fact in facts:
        for label in things:
            fact = re.sub(rf"\\b{label}\\b", "<" + label + ">", fact)
        for label, role in roles.items():
            fact = fact.replace("<" + label + ">", role)
        said.add(fact)
    parts = re.split(rf"\\b((?:the|an?) (?:(?:{'|'.join(COLOURS)}) )?(?:{'|'.join(KINDS)}))\\b", order)
    for number in range(1, len(parts), 2):
        parts[number] = f"${(number + 1) // 2}"
    said.add("order: " + "".join(parts))
    return frozenset(said), dict(zip((roles[label] for label in things), (thing[2] for thing in things.values())))
''',
}

RIGHT = {
    "word by word": {**MENTIONS, **BY_DISTANCE, **IN_ROLES},
    "what is left, and a template in parts": {**MENTIONS, **BY_DISTANCE, **WITH_TUPLES},
    "words for facts, sets for casts": {**MENTIONS, **BY_DISTANCE, **IN_ROLES, "cast": WITH_TUPLES["cast"]},
}
