"""A guess in a real JupyterLab: drawn or typed first, and only then is the answer on the page."""

import re
import time
from functools import partial

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IMPORT = "from procmem_lite.replay import Guess"
NUMBER = IMPORT + "\nguess = Guess('How many of the seven places survive?', answer=2, span=(0, 7)); guess"
CURVE = IMPORT + ("\nanswer = [190 / episode + 3 for episode in range(1, 41)]"
                  "\nguess = Guess('Steps per episode', answer=answer, xlabel='episode', ylabel='steps', span=(0, 200))"
                  "\nguess")
KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
ANSWERS = ".pm-curve, .pm-answer-0, .pm-told"


def press(notebook, *keys):
    for key in keys:
        notebook.page.keyboard.press(key)


def until(check, wanted, seconds=15):
    """Ask until the answer is the wanted one; the browser tells the kernel a moment later."""
    deadline = time.monotonic() + seconds
    while (answer := check()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer == wanted


def opened(run, *cells):
    """The notebook and its first guess, of which the answer is not on the page yet."""
    notebook = run(*cells)
    guess = notebook.page.locator(".pm-guess").first
    guess.wait_for()
    assert guess.locator(ANSWERS).count() == 0
    assert "answer" not in guess.evaluate("node => node.outerHTML").lower()
    return notebook, guess


def corners(guess):
    """The plot's lower left and upper right corner on the screen: from its axes."""
    plot = guess.locator(".pm-plot").bounding_box()
    left, top, bottom, right = map(float, re.match(
        r"M([\d.]+) ([\d.]+)V([\d.]+)H([\d.]+)", guess.locator(".pm-axis").get_attribute("d")).groups())
    return plot["x"] + left, plot["y"] + bottom, plot["x"] + right, plot["y"] + top


def draw(notebook, guess, *points):
    """Press at the first point, drag along the others, let go; points are shares of the plot."""
    guess.scroll_into_view_if_needed()
    left, bottom, right, top = corners(guess)
    mouse = notebook.page.mouse
    for number, (x, y) in enumerate(points):
        mouse.move(left + x * (right - left), bottom + y * (top - bottom), steps=5)
        if number == 0:
            mouse.down()
    mouse.up()


def points(guess, line):
    """The points of a line in the plot."""
    path = guess.locator(line).get_attribute("d")
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_number_is_typed_and_both_are_marked(run):
    notebook, guess = opened(run, NUMBER)
    assert "2" not in guess.inner_text()
    entry = guess.get_by_role("spinbutton", name="Your guess, a number")
    guess.get_by_role("button", name="Commit").click()
    assert guess.get_by_role("status").inner_text() == "A number is needed."
    assert guess.locator(ANSWERS).count() == 0
    entry.fill("4")
    press(notebook, "Enter")
    assert guess.get_by_role("status").inner_text() == "You said 4, it is 2."
    until(lambda: notebook.ask("guess.value"), "4")
    assert guess.get_by_role("img").get_attribute("aria-label") == "Line of numbers: your guess at 4, the answer at 2"
    marked = [guess.locator(name).bounding_box() for name in (".pm-guessed", ".pm-mark")]
    middles = [box["x"] + box["width"] / 2 for box in marked]
    ticks = guess.locator(".pm-tick").evaluate_all(
        """all => Object.fromEntries(all.map((text) => {
            const box = text.getBoundingClientRect();
            return [text.textContent, box.x + box.width / 2];
        }))""")
    assert middles[0] == pytest.approx(ticks["4"], abs=1)
    assert middles[1] == pytest.approx((ticks["1"] + ticks["3"]) / 2, abs=1)
    assert guess.get_by_role("button").count() == 0, "there is nothing left to do"


def test_a_number_on_a_logarithmic_line_is_above_0(run):
    notebook, guess = opened(run, IMPORT + "\nguess = Guess('How many steps?', answer=48211, log=True)\nguess")
    for wrong in ("0", "-5"):
        guess.locator("input").fill(wrong)
        guess.get_by_role("button", name="Commit").click()
        assert guess.get_by_role("status").inner_text() == "A number above 0 is needed."
    guess.locator("input").fill("3000")
    guess.get_by_role("button", name="Commit").click()
    assert guess.get_by_role("status").inner_text() == "You said 3,000, it is 48,211."
    until(lambda: notebook.ask("guess.value"), "3000")


def test_a_curve_is_drawn_with_the_pointer_and_lies_over_the_answer(run):
    notebook, guess = opened(run, CURVE)
    commit = guess.get_by_role("button", name="Commit")
    assert commit.is_disabled()
    draw(notebook, guess, (0, .9), (.5, .5), (1, .25))
    assert guess.get_by_role("status").inner_text() == "episode 40: 50 steps"
    drawn = points(guess, ".pm-guess-line")
    assert len(drawn) == 40, "no x is left out, however fast the pointer was"
    assert [y for _, y in drawn] == sorted(y for _, y in drawn), "what fell on the screen falls in the picture"
    commit.click()
    until(lambda: notebook.ask("guess.value and len(guess.value)"), "40")
    assert notebook.ask("(abs(guess.value[0] - 180) < 4, guess.value[-1])") == "(True, 50)"
    legend = guess.locator(".pm-keys").inner_text().split("\n")
    assert [word for word in legend if word.strip()] == ["your guess", "answer"]
    order = guess.locator("svg.pm-plot path").evaluate_all("all => all.map(path => path.getAttribute('class'))")
    assert order.index("pm-guess-line") > order.index("pm-curve pm-answer-0"), "the guess lies on top"
    line, curve = (guess.locator(f".pm-plot {name}") for name in (".pm-guess-line", ".pm-curve"))
    dashes = [path.evaluate("node => getComputedStyle(node).strokeDasharray") for path in (line, curve)]
    assert dashes[0] != "none"
    assert dashes[1] == "none", "colour is never the only difference"
    until(lambda: len(points(guess, ".pm-plot .pm-curve")), 40)
    said, known = points(guess, ".pm-plot .pm-guess-line"), points(guess, ".pm-plot .pm-curve")
    for index in (0, 20, 39):
        value, answer = (float(notebook.ask(f"{name}[{index}]")) for name in ("guess.value", "answer"))
        assert (said[index][1] < known[index][1]) == (value > answer), index
    label = guess.get_by_role("img").first.get_attribute("aria-label")
    assert re.fullmatch(r"Your guess goes from 1[78]\d to 50\. Answer goes from 193 to 7\.75", label)


def test_drawing_again_overwrites_and_clear_takes_all_away(run):
    notebook, guess = opened(run, CURVE)
    draw(notebook, guess, (0, .5), (1, .5))
    draw(notebook, guess, (.8, .1), (.4, .1))
    heights = [y for _, y in points(guess, ".pm-guess-line")]
    assert len(set(heights)) == 2
    assert heights[0] == heights[-1] < heights[20] == heights[28], "backwards counts too"
    guess.get_by_role("button", name="Clear").click()
    assert points(guess, ".pm-guess-line") == []
    assert guess.get_by_role("button", name="Commit").is_disabled()
    draw(notebook, guess, (.5, -.1), (.75, 1.4))
    guess.get_by_role("button", name="Commit").click()
    until(lambda: notebook.ask("guess.value and guess.value[0]"), "None")
    assert notebook.ask("(min(v for v in guess.value if v is not None), max(v for v in guess.value if v is not None))"
                        ) == "(0, 200)", "beyond the axis there is nothing"
    assert notebook.ask("guess.value[-1]") == "None", "no line where nothing was drawn"


def test_a_curve_is_drawn_by_keys_alone(run):
    notebook, guess = opened(run, CURVE, "1 + 1")
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    guess.get_by_role("application").focus()
    before = notebook.page.evaluate(active)
    press(notebook, "PageUp", "ArrowUp", "ArrowUp", "ArrowDown")
    assert guess.get_by_role("status").inner_text() == "episode 1: 130 steps"
    press(notebook, "End", "PageDown", "PageDown")
    assert guess.get_by_role("status").inner_text() == "episode 40: 80 steps"
    assert len(points(guess, ".pm-guess-line")) == 40, "between two points the line is straight"
    press(notebook, "Home", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowRight", "ArrowLeft", "PageDown")
    words = guess.get_by_role("status").inner_text()
    press(notebook, "Delete")
    assert words != guess.get_by_role("status").inner_text() == "episode 9: 120 steps"
    press(notebook, "PageDown", "d", "d")
    assert guess.locator(".pm-cursor").get_attribute("visibility") == "visible"
    assert notebook.page.evaluate(active) == before
    press(notebook, "Tab", "Enter")
    until(lambda: notebook.ask("guess.value and (guess.value[0], guess.value[8], guess.value[39])"), "(130, 95, 80)")
    assert guess.locator(".pm-plot .pm-curve").count() == 1
    assert notebook.page.evaluate("() => document.activeElement.classList.contains('pm-told')"), "the focus is not lost"
    assert len(notebook.cells()) == 2, "no key deleted a cell"


def test_skipping_shows_the_answer_and_leaves_no_value(run):
    notebook, guess = opened(run, CURVE, NUMBER.replace("guess", "other"))
    other = notebook.page.locator(".pm-guess").nth(1)
    for one in (guess, other):
        one.get_by_role("button", name="Skip").click()
        until(partial(one.get_attribute, "data-shown"), "true")
    assert other.get_by_role("status").inner_text() == "It is 2."
    assert guess.locator(".pm-plot .pm-curve").count() == 1
    for one in (guess, other):
        assert one.locator(".pm-guess-line, .pm-guessed").count() == 0
        assert "guess" not in one.locator(".pm-plot").inner_html().replace("pm-guess", "")
    until(lambda: notebook.ask("guess._skipped and other._skipped"), "True")
    assert notebook.ask("(guess.value, other.value)") == "(None, None)"


def test_several_answers_differ_in_more_than_colour(run):
    cell = IMPORT + ("\nguess = Guess('States', answer={'alone': [10, 100, 1000], 'with memory': [9, 20, 30]},"
                     " log=True, x=[4, 8, 16], xlabel='size')\nguess")
    notebook, guess = opened(run, cell)
    assert "alone" not in guess.inner_text()
    draw(notebook, guess, (0, .1), (1, .9))
    guess.get_by_role("button", name="Commit").click()
    until(lambda: guess.locator(".pm-plot .pm-curve:not(.pm-mark)").count(), 2)
    marks = guess.locator(".pm-plot .pm-mark").evaluate_all("all => all.map(mark => mark.getAttribute('d'))")
    assert len(marks) == 6
    assert len(set(marks)) == 2
    assert [word for word in guess.locator(".pm-keys").inner_text().split("\n") if word.strip()] == [
        "your guess", "alone", "with memory"]


def test_a_guess_outlives_its_kernels_attention(run):
    notebook, guess = opened(run, CURVE)
    notebook.page.evaluate(f"() => {{ {KERNEL}.requestExecute({{ code: 'while True: pass' }}); }}")
    draw(notebook, guess, (0, .9), (1, .25))
    guess.get_by_role("button", name="Commit").click()
    until(lambda: guess.locator(".pm-plot .pm-curve").count(), 1)
    assert notebook.page.evaluate(f"() => {KERNEL}.status") == "busy"
    notebook.page.evaluate(f"() => {KERNEL}.interrupt()")
    notebook.idle()
    until(lambda: notebook.ask("guess.value and guess.value[-1]"), "50")


def test_two_views_show_one_guess(run):
    notebook, guess = opened(run, NUMBER, "guess")
    guess.locator("input").fill("5")
    guess.get_by_role("button", name="Commit").click()
    told = notebook.page.locator(".pm-told")
    until(lambda: told.all_inner_texts(), ["You said 5, it is 2."] * 2)


def test_a_curve_is_drawn_with_a_finger(run):
    """The page must not scroll away under it; the events are those of a touch screen."""
    notebook, guess = opened(run, CURVE)
    sheet = guess.locator(".pm-sheet")
    assert sheet.evaluate("node => getComputedStyle(node).touchAction") == "none"
    guess.scroll_into_view_if_needed()
    left, bottom, right, top = corners(guess)
    session = notebook.page.context.new_cdp_session(notebook.page)

    def touch(kind, *places):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in places]})

    touch("touchStart", (left, (bottom + top) / 2))
    touch("touchMove", ((left + right) / 2, (bottom + top) / 2))
    touch("touchMove", (right, (bottom + top) / 2))
    touch("touchEnd")
    assert len(points(guess, ".pm-guess-line")) == 40
    assert guess.get_by_role("status").inner_text() == "episode 40: 100 steps"


FITS = """root => {
    const edge = root.getBoundingClientRect();
    const outside = [...root.querySelectorAll('text, button, input, .pm-keys span, p')].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width && (box.left < edge.left || box.right > edge.right
            || box.top < edge.top || box.bottom > edge.bottom);
    });
    return [Math.round(edge.width), edge.height <= 300, outside.map((node) => node.textContent)];
}"""
# Contrasts with the paper behind: of texts, and of lines and marks.
CONTRASTS = """root => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    function light(...colours) {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255)
            .map((part) => (part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4));
        return .2126 * r + .7152 * g + .0722 * b;
    }
    const paper = getComputedStyle(root).backgroundColor;
    function contrast(colour, behind) {
        const [one, other] = [light(paper, behind, colour), light(paper, behind)].sort((a, b) => b - a);
        return (one + .05) / (other + .05);
    }
    const least = (nodes, property, filled) => Math.min(99, ...[...root.querySelectorAll(nodes)].map((node) => {
        const style = getComputedStyle(node);
        return contrast(style[property], filled ? style.backgroundColor : 'transparent');
    }));
    const lines = '.pm-axis, .pm-guess-line, .pm-guessed, .pm-cursor path, .pm-curve:not(.pm-mark)';
    return [
        Math.min(least('p, span, button:enabled, input', 'color', true), least('text', 'fill')),
        Math.min(least(lines, 'stroke'), least('.pm-mark', 'fill'), least('input', 'borderTopColor')),
    ];
}"""
# Two frames later, whatever watches a size has drawn.
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
FOUR = IMPORT + """
names = ['nothing kept', 'skills kept', 'all kept', 'a map']
Guess('How many states does a planner expand without a memory, and with one, as the house grows?', log=True,
      answer={name: [10 * n, 100, 1000] for n, name in enumerate(names, 1)}, xlabel='size of the house',
      ylabel='states')
"""


def change(page, theme):
    """Give the page a theme."""
    page.evaluate("theme => void window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function("dark => document.body.dataset.jpThemeLight === String(!dark)", arg="Dark" in theme)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_guess_fits_and_can_be_read_in_both_themes(run, theme):
    notebook, _ = opened(run, CURVE, NUMBER.replace("guess", "other"), FOUR)
    page = notebook.page
    change(page, theme)
    guesses = page.locator(".pm-guess").all()
    assert len(guesses) == 3

    def look(state):
        for width in (480, 700, 980):
            page.locator(".pm").evaluate_all("(all, w) => all.forEach(node => { node.style.width = `${w}px`; })", width)
            page.evaluate(DRAWN)
            for number, guess in enumerate(guesses):
                assert guess.evaluate(FITS) == [width, True, []], (state, number)
                texts, lines = guess.evaluate(CONTRASTS)
                assert texts >= 4.5, (state, number, width)
                assert lines >= 3, (state, number, width)

    look("before")
    draw(notebook, guesses[0], (0, .9), (1, .25))
    guesses[1].locator("input").fill("7")
    draw(notebook, guesses[2], (0, .1), (1, .8))
    look("drawn")
    for guess in guesses:
        guess.get_by_role("button", name="Commit").click()
    look("shown")
    change(page, "JupyterLab Light")


def test_every_control_has_a_name_and_a_ring_that_is_not_clipped(run):
    notebook, guess = opened(run, NUMBER, CURVE.replace("guess", "other"))
    page = notebook.page
    draw(notebook, page.locator(".pm-guess").nth(1), (0, .9), (1, .25))
    page.locator(".pm-entry").focus()
    seen = []
    for _ in range(8):
        seen.append(page.evaluate("""() => {
            const node = document.activeElement;
            const root = node.closest('.pm-guess');
            if (!root) return null;
            const style = getComputedStyle(node);
            const [box, edge] = [node.getBoundingClientRect(), root.getBoundingClientRect()];
            const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
            const room = Math.min(box.left - edge.left, edge.right - box.right,
                box.top - edge.top, edge.bottom - box.bottom);
            return [node.ariaLabel || node.textContent, style.outlineStyle, reach >= 4 && reach <= room];
        }"""))
        press(notebook, "Tab")
    named = [step for step in seen if step]
    assert [name.split(".")[0] for name, *_ in named] == [
        "Your guess, a number", "Commit", "Skip", "Draw your guess", "Commit", "Skip", "Clear"]
    assert all(rest == ["solid", True] for _, *rest in named), named
