"""Plausible mistakes in assignment 9: what is wrong -> (answer cell -> code, test cells that must be lost).

With "?": whether an agent still learns from such percepts is the agent's affair, and may go either way.
"""

from functools import partial

import classmates

GOOD = classmates.reference("a09_roles")
changed = partial(classmates.changed, GOOD)

FACTS = 're.sub(r"\\bt\\d+\\b", lambda found: roles.get(found[0], found[0]), fact)'
NEAREST = "sorted(things, key=lambda label: abs(things[label][2][0]) + abs(things[label][2][1]))"
LABEL_BY_LABEL = changed("in-roles", (
    "    told = {" + FACTS + " for fact in facts}",
    "    told = set(facts)\n    for label in sorted(things):\n"
    "        told = {fact.replace(label, roles[label]) for fact in told}"))

WRONG = {
    "takes boxes for a box": (
        changed("mentions", ("})\\b", "})")), {"mentions-found", "cast-mentioned?", "cast-others?", "roles-facts?",
                                               "roles-objects?"}),
    "only mentions with a colour": (
        changed("mentions", (") )?(", ") )(")), {"mentions-found", "cast-mentioned", "cast-others", "roles-facts",
                                                 "roles-objects"}),
    "an empty text for no colour": (
        changed("mentions", ("(colour or None, kind)", "(colour, kind)")),
        {"mentions-found", "cast-mentioned", "cast-others", "roles-facts", "roles-objects"}),
    "'an' is no article": (changed("mentions", ("the|an?", "the|a")), {"mentions-found"}),
    "the first that fits, not the nearest": (
        changed("cast", (NEAREST, "list(things)")),
        {"cast-mentioned", "cast-others", "roles-facts", "roles-objects"}),
    "as the crow flies": (
        changed("cast", ("abs(things[label][2][0]) + abs(things[label][2][1])",
                         "things[label][2][0] ** 2 + things[label][2][1] ** 2")),
        {"cast-mentioned", "cast-others", "roles-facts", "roles-objects"}),
    "one thing may play two parts": (
        changed("cast", ("if label not in roles and things[label][1]", "if things[label][1]")),
        {"cast-mentioned", "cast-others", "roles-facts", "roles-objects"}),
    "any colour will do": (
        changed("cast", ("colour in (None, things[label][0])", "True")),
        {"cast-mentioned", "cast-others", "roles-facts", "roles-objects", "learning-works?"}),
    "others keep their labels": (
        changed("cast", ('label: f"other {number}"', "label: label")), {"cast-others", "roles-facts", "roles-objects"}),
    "others are counted from none": (
        changed("cast", ("enumerate(rest, start=1)", "enumerate(rest)")),
        {"cast-others", "roles-facts", "roles-objects"}),
    "a key of any colour": (
        changed("with-keys", ('if (colour, kind) == (things[door][0], "key")', 'if kind == "key"')), {"keys-found"}),
    "takes a key that has a part": (
        changed("with-keys", (' and cast_anew[label].startswith("other")', "")), {"keys-found"}),
    "doors in the order of their text": (changed("with-keys", ("int(roles[label][1:])", "roles[label]")),
                                         {"keys-found"}),
    "t1 is found in t12": (LABEL_BY_LABEL, {"roles-facts"}),
    "the colours stay in the order": (
        changed("in-roles", ('f"order: {template}"', 'f"order: {order}"')), {"roles-facts", "learning-works?"}),
    "the order is forgotten": (
        changed("in-roles", ('told | {f"order: {template}"}', "told")), {"roles-facts", "learning-works?"}),
    "objects by label": (
        changed("in-roles", ("{roles[label]: thing[2] for", "{label: thing[2] for")),
        {"roles-objects", "learning-works"}),
    "facts as a set": (
        changed("in-roles", ('frozenset(told | {f"order: {template}"})', 'told | {f"order: {template}"}')),
        {"roles-facts", "learning-works?"}),
    "tea in team": (changed("goal", ('rf"\\b{re.escape(dish)}\\b"', "re.escape(dish)")), {"goal-found"}),
    "the first of the menu counts": (changed("goal", ("sorted(dishes, key=len, reverse=True)", "dishes")),
                                     {"goal-found"}),
    "takes the agent by names for the one by roles": (
        changed("reading", ("by_number[2]", "by_number[1]")), {"reading-right"}),
    "every colour was trained": (changed("reading", ("good[by_number[1]]", "sorted(COLOURS)")), {"reading-right"}),
    "colours as they stand in the picture": (
        changed("reading", ("sorted(colour for colour, won in days.items() if won >= 10)",
                            "[colour for colour, won in days.items() if won >= 10]")), {"reading-right"}),
    "dishes, not facts": (changed("goal", ('f"{dish} served" for', "dish for")), {"goal-found"}),
}
