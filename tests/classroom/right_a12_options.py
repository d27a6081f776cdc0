"""Right answers to assignment 12 that are written otherwise than the reference: how -> (answer cell -> code)."""

LEARNING = {
    "taught": '''
def taught(values, open_there, state, choice, result, alpha, gamma):
    after, gained, steps, over = result
    best = -float("inf")
    for other in open_there:
        best = max(best, values[after, other] if (after, other) in values else 0.0)
    if over:
        best = 0.0
    before = values.get((state, choice), 0.0)
    return (1 - alpha) * before + alpha * (gained + best * gamma ** steps)
''',
    "lessons": '''
def can(option, where):
    return where in option["policy"] and where not in option["ends"]


def lessons(values, options, n, step, alpha, gamma):
    state, action, reward, after, over = step
    there = {choice: values.get((after, choice), 0.0) for choice in range(n)}
    there.update((name, values.get((after, name), 0.0)) for name in options if can(options[name], after))
    new = {}
    for choice in (action, *options):
        if choice in options and not (can(options[choice], state) and options[choice]["policy"][state] == action):
            continue
        follows = max(there.values())
        if choice in options and choice in there:
            follows = there[choice]
        target = reward if over else reward + gamma * follows
        old = values.get((state, choice), 0.0)
        new[(state, choice)] = (1 - alpha) * old + alpha * target
    return new
''',
    "reading": '''
def reading():
    worse = lambda name: min(a - b for a, b in zip(STEPS[name][1], FLAT)) > 0
    ranked = sorted((free[3], name) for name, (free, counted) in STEPS.items())
    return dict(never=sorted(filter(worse, STEPS)), best=ranked[0][1])
''',
}
RUNS = {
    "use": '''
def use(option, world, state, gamma):
    rewards = []
    for _ in range(100):
        if state in option["ends"] or state not in option["policy"]:
            break
        at = state, option["policy"][state]
        rewards.append(world["rewards"][at[0]][at[1]])
        state = world["moves"][at[0]][at[1]]
        if world["over"][at[0]][at[1]]:
            return state, total(rewards, gamma), len(rewards), True
    return state, total(rewards, gamma), len(rewards), False


def total(rewards, gamma):
    worth = 0.0
    for reward in reversed(rewards):
        worth = reward + gamma * worth
    return worth
''',
}
GRAPHS = {
    "cut-states": '''
def cut_states(graph, start):
    order, inner = [start], {start}
    for state in order:
        for after in graph[state]:
            if after not in inner:
                inner.add(after)
                order.append(after)
    before = {state: [] for state in order}
    for state in order:
        for after in graph[state]:
            before[after].append(state)
    rules = {state: set(order) for state in order}
    rules[start] = {start}
    changed = True
    while changed:
        changed = False
        for state in order[1:]:
            new = set.intersection(*(rules[other] for other in before[state])) | {state}
            if new != rules[state]:
                rules[state], changed = new, True
    return set().union(*(rules[state] - {state} for state in order)) - {start}
''',
    "option-to": '''
from collections import deque


def option_to(goal, graph):
    into = {state: [] for state in graph}
    for state, moves in graph.items():
        for action, after in moves.items():
            into[after].append((state, action))
    policy, queue = {}, deque([goal])
    while queue:
        for state, action in into[queue.popleft()]:
            if state != goal and state not in policy:
                policy[state] = action
                queue.append(state)
    return dict(ends={goal}, policy=policy)
''',
}

OTHERWISE = {
    "use": '''
def use(option, world, state, gamma, left=100):
    action = None if state in option["ends"] else option["policy"].get(state)
    if action is None or left == 0:
        return state, 0.0, 0, False
    reward, after = world["rewards"][state][action], world["moves"][state][action]
    if world["over"][state][action]:
        return after, reward, 1, True
    end, gained, steps, over = use(option, world, after, gamma, left - 1)
    return end, reward + gamma * gained, steps + 1, over
''',
    "cut-states": '''
def cut_states(graph, start):
    def lost(state):
        seen, layer = {start}, {start}
        while layer:
            layer = set().union(*(graph[each] for each in layer)) - seen - {state}
            seen |= layer
        return seen

    every = lost(None)
    return set(filter(lambda state: every - lost(state) > {state}, every - {start}))
''',
    "option-to": '''
def option_to(goal, graph):
    far = {goal: 0}
    for _ in graph:
        for state, moves in graph.items():
            for after in moves.values():
                if after in far:
                    far[state] = min(far.get(state, len(graph) + 1), far[after] + 1)
    policy = {state: min(moves, key=lambda action: far.get(moves[action], float("inf")))
              for state, moves in graph.items() if state in far and state != goal}
    return {"ends": {goal}, "policy": policy}
''',
}

RIGHT = {
    "rewards summed from the end, rulers of states": {**LEARNING, **RUNS, **GRAPHS},
    "step by step, layer by layer": {**LEARNING, **OTHERWISE},
    "layers of a graph, rewards from the end": {**LEARNING, **GRAPHS, **RUNS, "cut-states": OTHERWISE["cut-states"]},
}
