"""Right answers to assignment 5 that are written otherwise than the reference: how -> (answer cell -> code)."""

RIGHT = {
    "by linear algebra, with a search that spreads from the start and an estimate": {"motion": """
import itertools

def motion(pairs):
    if len(pairs) < 2:
        return None
    before = np.array([[*b, 1] for b, _ in pairs], dtype=float)
    after = np.array([a for _, a in pairs], dtype=float)
    moved = after - before[:, :2]
    enough = [s for s in np.unique(moved, axis=0) if (moved == s).all(axis=1).sum() >= len(pairs) - 1]
    if len(enough) == 1:
        return np.identity(2), enough[0]
    good = set()
    for three in itertools.combinations(range(len(pairs)), 3):
        three = list(three)
        if abs(np.linalg.det(before[three])) > 1e-9:
            solved = np.linalg.solve(before[three], after[three])
            if np.isclose(before @ solved, after).all(axis=1).sum() >= len(pairs) - 1:
                good.add(tuple(solved.round(6).ravel() + 0.0))
    if len(pairs) == 3 or len(good) != 1:
        return None
    solved = np.array(good.pop()).reshape(3, 2)
    return solved[:2].T, solved[2]
""", "draw": """
def draw(log):
    news = []
    for (row, column), (down, right), after, around in log:
        news += [((row, column), True), (after, True)]
        news += [((after[0] + a, after[1] + b), free) for (a, b), free in around.items()]
        if (row, column) == after and (down or right):
            news.append(((row + down, column + right), False))
    return dict(news)
""", "path": """
def path(known, size, moves, start, goal, doubt):
    stride = max([abs(a) + abs(b) for a, b in moves.values()], default=1) or 1

    def nexts(cell):
        found = []
        for action in sorted(moves):
            row, column = cell[0] + moves[action][0], cell[1] + moves[action][1]
            if row in range(size) and column in range(size) and known.get((row, column)) is not False:
                found.append(((row, column), action, 1.0 if (row, column) in known else 1.0 + doubt))
        return found

    found = astar(start, goal.__eq__, nexts, lambda cell: (abs(cell[0] - goal[0]) + abs(cell[1] - goal[1])) / stride)
    return found[0] if found else None
""", "act": """
def act(log, place, goal):
    if place == goal:
        return "there"
    now = draw(log)
    how_far = lambda cell: len(path(now, SIZE, MOVES, cell, goal, 0) or range(10**9))
    here = path(now, SIZE, MOVES, place, goal, 0)
    if here is None:
        return "no path"
    places = [step[0] for step in log] + [place]
    early, late = places[:len(places) - PATIENCE], places[len(places) - PATIENCE:]
    if len(log) >= PATIENCE and min(map(how_far, late)) >= min(0 if cell == goal else how_far(cell) for cell in early):
        return "not nearer"
    return here[0]
""", "reading": """
def reading():
    return {"left": "Q", "none": "R", "step": (1, 2)}  # read by eye, under the seed of the source
"""},
    "by leaving out and comparing, with Dijkstra's algorithm": {"motion": """
import itertools

def explains(one, pairs):
    wrong = [pair for pair in pairs if np.abs(one[0] @ pair[0] + one[1] - pair[1]).max() > 1e-6]
    return len(wrong) <= 1

def motion(pairs):
    if len(pairs) <= 1:
        return None
    for shifts_only in (True, False):
        maps = []
        for some in itertools.combinations(pairs, 1 if shifts_only else 3):
            one = fit(list(some))
            if one is not None and explains(one, pairs) and not any(
                    np.allclose(one[0], a) and np.allclose(one[1], b) for a, b in maps):
                maps.append(one)
        if len(maps) == 1 and (shifts_only or len(pairs) > 3):
            return maps[0]
    return None
""", "draw": """
def draw(log):
    known, left = {}, list(log)
    while left:
        place, shift, after, around = left.pop(0)
        known.update({place: True})
        known.update({after: True})
        known.update({(after[0] + side[0], after[1] + side[1]): look for side, look in around.items()})
        aimed = tuple(a + b for a, b in zip(place, shift))
        if aimed != after and after == place:
            known.update({aimed: False})
    return known
""", "path": """
import heapq

def path(known, size, moves, start, goal, doubt):
    queue, done = [(0, 0, start, [])], set()
    count = 0
    while queue:
        cost, _, cell, so_far = heapq.heappop(queue)
        if cell == goal:
            return so_far
        if cell in done:
            continue
        done.add(cell)
        for action, shift in moves.items():
            there = cell[0] + shift[0], cell[1] + shift[1]
            inside = 0 <= there[0] < size and 0 <= there[1] < size
            if inside and (there not in known or known[there]):
                count += 1
                heapq.heappush(queue, (cost + 1 + (there not in known) * doubt, count, there, [*so_far, action]))
    return None
""", "act": """
def distances(log, goal):
    known, far, ring, steps = draw(log), {}, {goal}, 0
    if known.get(goal) is False:
        return {}
    while ring:
        far |= dict.fromkeys(ring, steps)
        steps += 1
        beside = {(row - a, column - b) for row, column in ring for a, b in MOVES.values()}
        ring = {c for c in beside if c not in far and known.get(c, True) and 0 <= min(c) and max(c) < SIZE}
    return far

def act(log, place, goal):
    far = distances(log, goal)
    if place == goal:
        return "there"
    if place not in far:
        return "no path"
    walked = [far.get(each, 99) for each in [*(step[0] for step in log), place]]
    nearest = walked.index(min(walked))
    if len(log) - nearest >= PATIENCE:
        return "not nearer"
    return min(MOVES, key=lambda n: far.get((place[0] + MOVES[n][0], place[1] + MOVES[n][1]), 99))
""", "reading": """
def reading():
    found = {}
    for letter, pairs in SEEN.items():
        if sum(after == (right, -down) for (down, right), after in pairs) >= 5:
            found["left"] = letter
        elif sum(after == (-right, down) for (down, right), after in pairs) >= 5:
            continue
        else:
            moves = [(b[0] - a[0], b[1] - a[1]) for b, a in pairs]
            often = max(moves, key=moves.count)
            if moves.count(often) >= 5:
                found["step"] = often
            else:
                found["none"] = letter
    return found
"""},
    "step by step, with a table of prices": {"motion": """
def motion(pairs):
    n = len(pairs)
    if n in (0, 1):
        return None
    shifts = {}
    for (a, b), (c, d) in pairs:
        shifts[c - a, d - b] = shifts.get((c - a, d - b), 0) + 1
    shifts = [shift for shift, count in shifts.items() if count + 1 >= n]
    if len(shifts) == 1:
        return np.array([[1, 0], [0, 1]]), np.array(shifts[0])
    kept = None
    for out in range(n):
        one = fit([pair for index, pair in enumerate(pairs) if index != out])
        if one is None:
            continue
        if kept is not None and not (np.allclose(kept[0], one[0]) and np.allclose(kept[1], one[1])):
            return None
        kept = one
    return kept
""", "draw": """
def draw(log):
    known = {}

    def note(cell, shift=(0, 0), free=True):
        known[cell[0] + shift[0], cell[1] + shift[1]] = free

    for place, shift, after, around in log:
        note(place)
        note(after)
        for side in around:
            note(after, side, around[side])
        if shift != (0, 0) and place == after:
            note(place, shift, False)
    return known
""", "path": """
def path(known, size, moves, start, goal, doubt):
    price, how, better = {start: 0}, {start: []}, True
    while better:
        better = False
        for cell in list(price):
            for action, (a, b) in moves.items():
                to = (cell[0] + a, cell[1] + b)
                if not (0 <= to[0] <= size - 1 and 0 <= to[1] <= size - 1) or known.get(to) is False:
                    continue
                new = price[cell] + (1 if to in known else 1 + doubt)
                if to not in price or new < price[to] - 1e-12:
                    price[to], how[to], better = new, how[cell] + [action], True
    return how.get(goal)
""", "act": """
def act(log, place, goal):
    known, left = draw(log), {}
    places = [step[0] for step in log] + [place]
    for cell in set(places):
        actions = path(known, SIZE, MOVES, cell, goal, 0)
        left[cell] = float("inf") if actions is None else len(actions)
    if left[place] == 0:
        return "there"
    if left[place] == float("inf"):
        return "no path"
    record = left[places[0]]
    since = 0
    for cell in places[1:]:
        since = 0 if left[cell] < record else since + 1
        record = min(record, left[cell])
    return "not nearer" if since >= PATIENCE else path(known, SIZE, MOVES, place, goal, 0)[0]
""", "reading": """
def reading():
    found = {letter: motion(pairs) for letter, pairs in SEEN.items()}
    none = [letter for letter in found if found[letter] is None][0]
    left = [letter for letter in found if letter != none and found[letter][0][0, 1] > 0.5][0]
    shift = [found[letter][1] for letter in found if letter != none and found[letter][0][0, 0] > 0.5][0]
    return {"left": left, "none": none, "step": (-int(shift[0]), -int(shift[1]))}
"""},
}
