"""Plausible mistakes in assignment 1: what is wrong -> (answer cell -> code, test cells that must be lost)."""

WRONG = {
    "the values go on after the episode has ended": ({"best-return": """
def best_return(table, start, steps):
    values = np.zeros(len(table.reward))
    for _ in range(steps):
        values = (table.reward + values[table.next_state]).max(axis=1)
    return float(values[start])
"""}, {"best-return-fixed", "best-return-random"}),
    "looks one step ahead only, and takes the greatest reward each time": ({"best-return": """
def best_return(table, start, steps):
    total, state = 0.0, start
    for _ in range(steps):
        action = table.reward[state].argmax()
        total += table.reward[state, action]
        if table.terminated[state, action]:
            break
        state = table.next_state[state, action]
    return float(total)
"""}, {"best-return-fixed", "best-return-random"}),
    "stops early where going on would cost": ({"best-return": """
def best_return(table, start, steps):
    values = np.zeros(len(table.reward))
    for _ in range(steps):
        values = np.maximum(0, (table.reward + ~table.terminated * values[table.next_state]).max(axis=1))
    return float(values[start])
"""}, {"best-return-random"}),
    "returns a NumPy number where a Python float was asked for": ({"best-return": """
def best_return(table, start, steps):
    values = np.zeros(len(table.reward))
    for _ in range(steps):
        values = (table.reward + ~table.terminated * values[table.next_state]).max(axis=1)
    return values[start]
"""}, {"best-return-fixed", "best-return-random"}),
    "works for the six actions of the series alone": ({"best-return": """
def best_return(table, start, steps):
    values = np.zeros(len(table.reward))
    for _ in range(steps):
        values = np.max([table.reward[:, a] + ~table.terminated[:, a] * values[table.next_state[:, a]]
                         for a in range(6)], axis=0)
    return float(values[start])
"""}, {"best-return-random"}),
    "finds farms of one step only": ({"farmable": """
def farmable(table, start):
    stays = table.next_state == np.arange(len(table.reward))[:, None]
    return bool((stays & ~table.terminated & (table.reward > 0)).any())
"""}, {"farmable-trips"}),
    "asks whether the return still grows after a fixed time, whatever the way to the farm costs": ({"farmable": """
def farmable(table, start):
    return bool(best_return(table, start, 1000) > best_return(table, start, 500) + 1e-9)
"""}, {"farmable-trips"}),
    "forgets that a step may end the episode": ({"farmable": """
def farmable(table, start):
    values = np.zeros(len(table.reward))
    for _ in range(len(values) + 1):
        before = values
        values = np.maximum(values, (table.reward + values[table.next_state]).max(axis=1))
    return bool((values > before + 1e-9).any())
"""}, {"farmable-fixed", "farmable-trips"}),
    "takes rounding for a gain": ({"farmable": """
def farmable(table, start):
    reached, frontier = {int(start)}, [int(start)]
    for state in frontier:
        for after, end in zip(table.next_state[state], table.terminated[state]):
            if not end and int(after) not in reached:
                reached.add(int(after))
                frontier.append(int(after))
    gain, inside = np.where(table.terminated, -np.inf, table.reward), sorted(reached)
    values = np.zeros(len(gain))
    for _ in range(len(values) + 1):
        before = values
        values = np.maximum(values, (gain + values[table.next_state]).max(axis=1))
    return bool((values > before)[inside].any())
"""}, {"farmable-trips"}),
    "keeps the rewards of the chapter: the short-sighted learner sees nothing": ({"rewards": """
def rewards(layout):
    return transition_table(layout).reward.copy()
"""}, {"rewards-short"}),
    "pays for every step nearer and takes nothing for a step away: a farm": ({"rewards": """
def rewards(layout):
    table, steps = transition_table(layout), steps_to_goal(layout)
    ahead = np.where(table.terminated, 0.0, steps[table.next_state])
    return np.where(ahead < steps[:, None], 1.0, 0.0)
"""}, {"rewards-farm", "rewards-far"}),
    "the answer to the chapter's exercise 1.4, cut off at 10: it pays for standing still": ({"rewards": """
def rewards(layout):
    table, steps = transition_table(layout, "goal"), steps_to_goal(layout)
    farthest = steps[np.isfinite(steps)].max() + 1
    potential = -np.where(np.isfinite(steps), steps, farthest)
    after = np.where(table.terminated, 0, potential[table.next_state])
    return np.clip(table.reward + 0.99 * after - potential[:, None], -10, 10)
"""}, {"rewards-farm"}),
    "pays the step nearer by the straight line to the goal, walls and key forgotten": ({"rewards": """
def rewards(layout):
    table = transition_table(layout)
    cells = np.arange(len(table.reward)) // 4
    far = abs(cells // layout.size - layout.goal[0]) + abs(cells % layout.size - layout.goal[1])
    return (far[:, None] - far[table.next_state] - 1).astype(float)
"""}, {"rewards-short"}),
    "reads the flat line instead of the crossing": ({"reading": """
def reading():
    return {"from": int(FINISHES[0]) + 30, "per_step": float(FARMS[1] - FARMS[0])}
"""}, {"reading-from"}),
    "takes the cost of a step off what the door pays": ({"reading": """
def reading():
    return {"from": int(STEPS[FARMS > FINISHES][0]), "per_step": float(FARMS[1] - FARMS[0]) - 0.2}
"""}, {"reading-slope"}),
}
