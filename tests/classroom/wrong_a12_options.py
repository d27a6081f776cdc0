"""Plausible mistakes in assignment 12: what is wrong -> (answer cell -> code, test cells that must be lost)."""

from functools import partial

import classmates

GOOD = classmates.reference("a12_options")
changed = partial(classmates.changed, GOOD)

WRONG = {
    "takes one step where it cannot start": (
        changed("use", ('while state in option["policy"] and state not in option["ends"] and not over and steps < 100:',
                        'while state in option["policy"] and (not steps or state not in option["ends"])'
                        " and not over and steps < 100:")), {"use-stops", "use-gains"}),
    "goes on after the end of the episode": (
        changed("use", (" and not over", "")), {"use-stops", "use-gains"}),
    "runs for ever": (changed("use", (" and steps < 100", "")), {"use-stops", "use-gains"}),
    "one step too many": (changed("use", ("steps < 100", "steps < 101")), {"use-stops", "use-gains?"}),
    "the first step is discounted": (changed("use", ("gamma ** steps", "gamma ** (steps + 1)")), {"use-gains"}),
    "nothing is discounted": (changed("use", ("gamma ** steps * ", "")), {"use-gains"}),
    "a list of four": (
        changed("use", ("return state, gained, steps, over", "return [state, gained, steps, over]")),
        {"use-stops", "use-gains"}),
    "one step, however many it took": (changed("taught", ("gamma ** steps", "gamma")), {"taught-right"}),
    "something follows the end": (
        changed("taught", ("(0.0 if over else gamma ** steps * best)", "gamma ** steps * best")), {"taught-right"}),
    "the best of all choices, open or not": (
        changed("taught", ("max(values.get((after, other), 0.0) for other in open_there)",
                           "max([value for (where, _), value in values.items() if where == after], default=0.0)")),
        {"taught-right"}),
    "what is missing is left out": (
        changed("taught", ("max(values.get((after, other), 0.0) for other in open_there)",
                           "max([values[after, other] for other in open_there if (after, other) in values], "
                           "default=0.0)")), {"taught-right"}),
    "writes into the values": (
        changed("taught", ("    return known", "    values[state, choice] = known + alpha * (target - known)\n"
                                               "    return known")), {"taught-right"}),
    "the action alone learns": (
        changed("lessons", ('[action, *(name for name in running(state) if options[name]["policy"][state] == action)]',
                            "[action]")), {"lessons-right"}),
    "every option learns": (
        changed("lessons", (' if options[name]["policy"][state] == action', "")), {"lessons-right"}),
    "an option that goes on is worth the best": (
        changed("lessons", ("values.get((after, choice), 0.0) if choice in options and choice in running(after) "
                            "else best", "best")), {"lessons-right"}),
    "an option that ends is worth itself": (
        changed("lessons", ("choice in options and choice in running(after)", "choice in options")),
        {"lessons-right"}),
    "options that cannot start count": (
        changed("lessons", ("[*range(n), *running(after)]", "[*range(n), *options]")), {"lessons-right"}),
    "actions alone follow": (changed("lessons", ("[*range(n), *running(after)]", "range(n)")), {"lessons-right"}),
    "the start is a cut state": (
        changed("cut-states", ("return {state for", "return {start} | {state for")), {"cut-found", "cut-large"}),
    "dead ends are cut states": (
        changed("cut-states", ("len(everything) - 1}", "len(everything)}")), {"cut-found", "cut-large"}),
    "as if edges went both ways": (
        changed("cut-states", ('    def reached(', "    both = {state: set(after) for state, after in graph.items()}\n"
                               "    for state, after in graph.items():\n        for other in after:\n"
                               "            both[other].add(state)\n    graph = both\n\n    def reached(")),
        {"cut-found", "cut-large"}),
    "states with one way in": (
        {"cut-states": "def cut_states(graph, start):\n    return {state for state in graph if state != start and "
                       "sum(state in after for after in graph.values()) == 1}\n"}, {"cut-found", "cut-large"}),
    "too slow for large graphs": (
        {"cut-states": "import itertools\n\n\ndef cut_states(graph, start):\n"
                       "    def paths(path):\n        yield path\n        for after in graph[path[-1]]:\n"
                       "            if after not in path:\n                yield from paths([*path, after])\n\n"
                       "    through = {}\n    for path in paths([start]):\n"
                       "        through.setdefault(path[-1], []).append(set(path))\n"
                       "    every = {state: set.intersection(*sets) - {state, start} "
                       "for state, sets in through.items()}\n    return set().union(*every.values())\n"},
        {"cut-large"}),
    "an action in the goal, too": (
        changed("option-to", ('    policy, known = {}, {goal}', "    policy = {goal: next(iter(graph[goal]), 0)}\n"
                              "    known = {goal}")), {"option-to-right"}),
    "any path, not the shortest": (
        changed("option-to", ("        policy |= nearer\n        known |= set(nearer)",
                              "        state = max(nearer)\n        policy[state] = nearer[state]\n"
                              "        known.add(state)")), {"option-to-right"}),
    "states instead of actions": (
        changed("option-to", ("{state: action for state, moves", "{state: after for state, moves")),
        {"option-to-right"}),
    "the most steps": (changed("reading", ("STEPS[name][0][-1]", "-STEPS[name][0][-1]")), {"reading-right"}),
    "what is free": (changed("reading", ("for name, (_, counted)", "for name, (counted, _)")), {"reading-right"}),
}
