"""Every widget, operated in a real JupyterLab as a reader would, and what came of it in the kernel."""

import re
import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EPISODES = """
import sys
sys.path.insert(0, {tools!r})
from episodes_by_hand import tell_skills, walk
from procmem_lite.replay import Drive, LearningExplorer, LibraryBrowser, Replay
long = tell_skills(walk("rooms", 8, seed=3, wander=40))
short = tell_skills(walk("rooms", 8, seed=3), length=4, every=6)
"""
AGENT = """
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
agent = ProceduralMemoryAgent(6, perceive, seed=0)
env = GridWorld("rooms", size=6)
episodes = [agent.run_episode(env, seed=seed) for seed in range(12)]
"""


@pytest.fixture(scope="module")
def imports() -> str:
    from lab import ROOT

    return EPISODES.format(tools=str(ROOT / "tests" / "tools"))


def press(notebook, *keys):
    for key in keys:
        notebook.page.keyboard.press(key)


def until(check, wanted, seconds=15):
    """Ask until the answer is the wanted one; the browser tells the kernel a moment later."""
    deadline = time.monotonic() + seconds
    while (answer := check()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer == wanted


def agent_cell(player, columns=8):
    """Row and column of the agent in the picture, from its label."""
    label = player.locator(".pm-grid").first.get_attribute("aria-label")
    return tuple(map(int, re.search(r"Agent at row (\d+), column (\d+)", label).groups()))


def field(player, name):
    """What the panel says under a name."""
    return player.locator(f'dt:text-is("{name}") + dd').first.inner_text()


def test_replay_by_keys(run, imports):
    notebook = run(imports, "replay = Replay(long); replay")
    player = notebook.page.locator(".pm-player")
    player.focus()
    press(notebook, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert player.get_attribute("data-step") == "2"
    until(lambda: notebook.ask("replay.step"), "2")
    assert str(agent_cell(player)) == notebook.ask("long.percepts[2].scene.agent")
    assert field(player, "Action").split()[-1] in notebook.ask("long.actions[long.transitions[1].action]")
    press(notebook, "End")
    until(lambda: notebook.ask("replay.step == long.steps"), "True")
    assert float(field(player, "Return so far").replace("−", "-")) == pytest.approx(
        float(notebook.ask("long.total_reward")), abs=0.01)
    press(notebook, "ArrowRight")
    assert player.get_attribute("data-step") == notebook.ask("long.steps"), "there is nothing after the end"
    press(notebook, "Home", "ArrowLeft")
    until(lambda: notebook.ask("replay.step"), "0")
    press(notebook, "Space")
    until(lambda: notebook.ask("replay.playing"), "True")
    press(notebook, "Space")
    until(lambda: notebook.ask("replay.playing"), "False")
    stopped = player.get_attribute("data-step")
    assert int(stopped) >= 0
    until(lambda: notebook.ask("replay.step"), stopped)


def test_replay_by_mouse(run, imports):
    notebook = run(imports, "replay = Replay(long); replay")
    player = notebook.page.locator(".pm-player")
    player.get_by_role("button", name="One step on").click()
    until(lambda: notebook.ask("replay.step"), "1")
    player.get_by_role("button", name="To the end").click()
    until(lambda: notebook.ask("replay.step == long.steps"), "True")
    player.get_by_role("button", name="One step back").click()
    until(lambda: notebook.ask("replay.step == long.steps - 1"), "True")
    player.get_by_role("button", name="To the start").click()
    until(lambda: notebook.ask("replay.step"), "0")
    player.get_by_role("slider", name="Step", exact=True).fill("7")
    until(lambda: notebook.ask("replay.step"), "7")
    player.get_by_role("slider", name="Speed").fill("60")
    until(lambda: notebook.ask("replay.fps"), "60")
    bar = player.locator(".pm-bar").bounding_box()
    steps = int(notebook.ask("long.steps"))
    notebook.page.mouse.click(bar["x"] + bar["width"] * 19.5 / steps, bar["y"] + bar["height"] / 2)
    until(lambda: notebook.ask("replay.step"), "20")
    player.get_by_role("button", name="Play").click()
    until(lambda: player.get_attribute("data-step"), str(steps))
    until(lambda: notebook.ask("(replay.step == long.steps, replay.playing)"), "(True, False)")


def test_the_panel_says_why_a_skill_was_chosen_and_what_came_of_it(run, imports):
    notebook = run(imports, "replay = Replay(long); replay",
                   "failed = next(i for i in long.invocations if not i.succeeded); replay.step = failed.stop")
    player = notebook.page.locator(".pm-player")
    until(lambda: player.get_attribute("data-step"), notebook.ask("failed.stop"))
    assert field(player, "In control") == notebook.ask("failed.skill.name")
    assert "similarity 0.88 × success rate 0.5 = 0.44; next best: another 0.31" in field(player, "Why this skill")
    assert field(player, "It expected").endswith("✕ a step changed nothing")
    failures = player.locator(".pm-bar .pm-failure").count()
    assert str(failures) == notebook.ask("sum(not i.succeeded for i in long.invocations)")
    colours = player.locator(".pm-bar .pm-skill").evaluate_all("bands => bands.map(b => b.title)")
    assert len(colours) == int(notebook.ask("len(long.invocations)"))


def test_the_panel_says_that_a_site_is_gone_to_and_nothing_was_retrieved(run, imports):
    notebook = run(imports, AGENT, "last = episodes[-1]; replay = Replay(last); replay", "replay.step = 1")
    player = notebook.page.locator(".pm-player")
    until(lambda: player.get_attribute("data-step"), "1")
    assert field(player, "In control") == notebook.ask("last.invocations[0].skill.name") == "has_key at key"
    why = field(player, "Why this skill")
    assert why.startswith("goes to the site: path found anew, nothing retrieved; success rate ")
    assert "similarity" not in why
    assert "next best" not in why


def test_two_episodes_run_on_one_clock(run, imports):
    notebook = run(imports, "pair = Replay(long, short, labels=['before', 'after']); pair",
                   "pair.step = short.steps + 5")
    player = notebook.page.locator(".pm-player")
    assert player.locator(".pm-track").count() == 2
    assert player.get_by_text("before", exact=True).is_visible()
    labels = player.locator(".pm-grid").evaluate_all("grids => grids.map(g => g.getAttribute('aria-label'))")
    ends = [notebook.ask("'row {}, column {}'.format(*long.percepts[pair.step].scene.agent)"),
            notebook.ask("'row {}, column {}'.format(*short.percepts[-1].scene.agent)")]
    assert all(f"Agent at {end}" in label for end, label in zip(ends, labels))


def test_two_views_of_a_replay_play_at_one_speed(run, imports):
    notebook = run(imports, "replay = Replay(long, fps=20); replay", "replay")
    players = notebook.page.locator(".pm-player")
    players.first.get_by_role("button", name="Play").click()
    until(lambda: notebook.ask("(replay.step == long.steps, replay.playing)"), "(True, False)")
    assert players.nth(0).get_attribute("data-step") == players.nth(1).get_attribute("data-step")


def test_playback_goes_on_while_the_kernel_computes(run, imports):
    notebook = run(imports, "replay = Replay(long, fps=30); replay")
    player = notebook.page.locator(".pm-player")
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    notebook.page.evaluate(f"() => {{ {kernel}.requestExecute({{ code: 'while True: pass' }}); }}")
    player.get_by_role("button", name="Play").click()
    steps = player.locator(".pm-slider").get_attribute("max")
    until(lambda: player.get_attribute("data-step"), steps)
    assert notebook.page.evaluate(f"() => {kernel}.status") == "busy"
    notebook.page.evaluate(f"() => {kernel}.interrupt()")
    notebook.idle()
    until(lambda: notebook.ask("replay.step"), steps)


def test_playing_skips_no_step(run, imports):
    notebook = run(imports, "replay = Replay(long, fps=60); replay")
    notebook.page.evaluate(
        """() => {
            const player = document.querySelector('.pm-player');
            window.seen = [];
            new MutationObserver(() => window.seen.push(+player.dataset.step))
                .observe(player, { attributeFilter: ['data-step'] });
        }""")
    player = notebook.page.locator(".pm-player")
    player.get_by_role("button", name="Play").click()
    steps = int(notebook.ask("long.steps"))
    until(lambda: player.get_attribute("data-step"), str(steps))
    assert notebook.page.evaluate("() => window.seen") == list(range(1, steps + 1))


def test_reduced_motion_is_honoured(run, imports):
    notebook = run(imports, "replay = Replay(long); replay.playing = True; replay", reduced_motion="reduce")
    player = notebook.page.locator(".pm-player")
    until(lambda: notebook.ask("replay.playing"), "False")
    assert player.get_attribute("data-step") == "0", "it does not play by itself"
    assert notebook.page.locator(".pm-agent").first.evaluate("e => getComputedStyle(e).transitionProperty") == "none"
    player.focus()
    press(notebook, "ArrowRight", "ArrowRight")
    assert player.get_attribute("data-step") == "2"
    press(notebook, "Space")
    until(lambda: int(player.get_attribute("data-step")) > 2, True)


def test_a_replay_is_reached_and_left_by_keyboard_alone(run, imports):
    notebook = run(imports, "replay = Replay(short); replay")
    notebook.page.locator(".pm-player").focus()
    names = []
    for _ in range(8):
        press(notebook, "Tab")
        names.append(notebook.page.evaluate(
            "() => document.activeElement.closest('.pm') ? document.activeElement.ariaLabel : null"))
    wanted = ["To the start", "One step back", "Play", "One step on", "To the end", "Step", "Speed"]
    assert [name.split(" (")[0].split(",")[0] for name in names[:7]] == wanted
    assert names[7] is None, "one more Tab leaves the replay"
    unnamed = notebook.page.locator(".pm button, .pm input").evaluate_all(
        "all => all.filter(e => !(e.ariaLabel || e.textContent.trim())).length")
    assert unnamed == 0


def test_keys_do_not_move_between_the_notebooks_cells(run, imports):
    notebook = run(imports, "replay = Replay(short); replay", "1 + 1")
    notebook.page.locator(".pm-player").click(position={"x": 5, "y": 5})
    active = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    press(notebook, "ArrowUp", "ArrowRight", "ArrowDown", "d", "d", "b")
    assert notebook.page.evaluate(active) == before
    assert notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 3


def test_a_2000_step_episode_opens(run, imports):
    notebook = run(imports, "many = tell_skills(walk('rooms', 16, seed=3, wander=2000, limit=2000))\nReplay(many)")
    player = notebook.page.locator(".pm-player")
    player.focus()
    press(notebook, "End")
    assert player.get_attribute("data-step") == "2000"
    assert str(agent_cell(player)) == notebook.ask("many.percepts[-1].scene.agent")


def test_minigrid_is_drawn_with_its_heading(run, imports):
    notebook = run(imports, "import gymnasium\nfrom procmem_lite import ProceduralMemoryAgent\n"
                   "from procmem_lite.worlds import minigrid\n"
                   "agent = ProceduralMemoryAgent(7, minigrid.perceive, seed=0)\n"
                   "episode = agent.run_episode(gymnasium.make('MiniGrid-DoorKey-6x6-v0'), seed=1)\nReplay(episode)")
    player = notebook.page.locator(".pm-player")
    titles = player.locator(".pm-item title").evaluate_all("all => all.map(t => t.textContent)")
    assert {title.split()[-1] for title in titles} == {"door", "key", "goal"}
    turned = player.locator(".pm-agent > g").first.get_attribute("transform")
    assert turned == notebook.ask("'rotate({})'.format(90 * episode.percepts[0].scene.heading)")


def test_drive_by_keys_and_teach(run, imports):
    notebook = run(imports, AGENT, "from episodes_by_hand import shortest_action\n"
                   "pupil = ProceduralMemoryAgent(6, perceive, seed=0)\n"
                   "drive = Drive(GridWorld('rooms', size=6), pupil, seed=5); drive")
    player = notebook.page.locator(".pm-drive")
    player.focus()
    keys = dict(enumerate(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "p", "o"]))
    step = 0
    while notebook.ask("drive.over") == "False":
        press(notebook, keys[int(notebook.ask("shortest_action(drive.env)"))])
        step += 1
        until(lambda: player.get_attribute("data-step"), str(step))
    assert notebook.ask("drive.episode.success") == "True"
    assert "Goal reached" in player.get_by_role("status").inner_text()
    assert notebook.ask("len(pupil.library)") == "0"
    player.get_by_role("button", name="Teach the agent").click()
    until(lambda: notebook.ask("len(pupil.library) > 3"), "True")
    assert f"grew from 0 to {notebook.ask('len(pupil.library)')} skills" in player.get_by_role("status").inner_text()
    assert field(player, "The agent's library") == f"{notebook.ask('len(pupil.library)')} skills"
    assert player.get_by_role("button", name="Teach the agent").is_disabled()


def test_drive_by_buttons_and_start_over(run, imports):
    notebook = run(imports, AGENT, "drive = Drive(GridWorld('open', size=6), seed=5); drive")
    player = notebook.page.locator(".pm-drive")
    assert player.get_by_role("button", name="Teach").count() == 0, "there is nobody to teach"
    before = agent_cell(player)
    for name in ("up", "down", "left", "right"):
        player.get_by_role("button", name=re.compile(f"^{name}")).click()
    until(lambda: notebook.ask("drive.episode.steps"), "4")
    assert str(agent_cell(player)) == notebook.ask("drive.percept.scene.agent")
    player.get_by_role("button", name="Start over").click()
    until(lambda: notebook.ask("drive.episode.steps"), "0")
    until(lambda: agent_cell(player), before)
    layout = notebook.ask("drive.env.layout")
    player.focus()
    press(notebook, "n")
    until(lambda: notebook.ask("drive.seed"), "6")
    assert notebook.ask("drive.env.layout") != layout


def test_the_library_browser(run, imports):
    notebook = run(imports, AGENT, "browser = LibraryBrowser(agent.library, episodes); browser")
    browser = notebook.page.locator(".pm-library")
    rows = browser.locator("tbody tr")
    lengths = "rows => rows.map(row => +row.cells[2].textContent)"
    for wanted in (True, False):
        browser.locator("th").get_by_role("button", name="Steps").click()
        seen = rows.evaluate_all(lengths)
        assert seen == sorted(seen, reverse=wanted)
    browser.locator("th").get_by_role("button", name="Uses").click()
    rows.first.click()
    chosen = rows.first.get_attribute("data-row")
    until(lambda: notebook.ask("browser.selected"), chosen)
    name = notebook.ask("browser.skills[browser.selected].name")
    until(lambda: browser.locator("h4").inner_text().strip(), name)
    press(notebook, "ArrowDown")
    until(lambda: browser.locator("tr[aria-selected=true]").get_attribute("data-row") == chosen, False)
    last = int(notebook.ask("len(agent.library) - 1"))
    assert browser.locator(".pm-dot").count() == last + 1
    browser.locator(".pm-dot").nth(last).dispatch_event("click")
    until(lambda: notebook.ask("browser.selected"), str(last))
    assert browser.locator(".pm-path .pm-trace").count() == 1
    assert browser.locator(".pm-ring").is_visible()
    browser.get_by_label("Filter skills").fill("door_open from")
    assert all("door_open" in text for text in rows.all_inner_texts())
    rows.first.click()
    until(lambda: notebook.ask("browser.skills[browser.selected].name").startswith("door_open"), True)
    browser.get_by_label("Filter skills").fill("door_open at")
    rows.first.click()
    until(lambda: browser.locator("h4").inner_text().strip(), "door_open at door")
    assert "A path found anew each time" in browser.locator(".pm-detail").inner_text()
    assert not browser.locator(".pm-ring").is_visible(), "it has no place on the map"
    button = browser.locator(".pm-about .pm-actions .pm-button").first
    button.click()
    player = browser.locator(".pm-player")
    last = player.locator(".pm-slider").get_attribute("max")
    until(lambda: player.get_attribute("data-step"), last)


def test_the_learning_explorer_trains_and_is_cancelled(run, imports):
    notebook = run(imports, "explorer = LearningExplorer('open', size=5, episodes=20); explorer")
    page = notebook.page
    page.locator(".widget-button", has_text="Train").click()
    until(lambda: notebook.ask("explorer.training_log and len(explorer.training_log)"), "20", seconds=60)
    player = page.locator(".pm-player")
    player.wait_for()
    assert player.locator(".pm-track").count() == 2
    dots = page.locator(".pm-explorer circle.pm-each")
    assert dots.count() == 21, "a dot for each episode, and one in the legend"
    notebook.ask("[setattr(explorer.controls[name], 'value', value) for name, value in"
                 " [('episodes', 300), ('size', 16), ('layout', 'walls')]]")
    page.locator(".widget-button", has_text="Train").click()
    page.locator(".widget-button", has_text="Cancel").click()
    until(lambda: notebook.ask("explorer.start_button.disabled"), "False", seconds=60)
    assert notebook.ask("explorer.training_log.interrupted") == "True"
    assert 0 < int(notebook.ask("len(explorer.training_log)")) < 300
    until(lambda: dots.count() - 1, int(notebook.ask("len(explorer.training_log)")))
    assert page.locator(".pm-plot path.pm-earlier").count() == 1
    assert page.get_by_text("then cancelled").is_visible()
