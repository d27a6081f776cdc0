"""Every widget can be read in both themes: WCAG 2.2, level AA, asks 4.5 for text and 3 for what is drawn."""

import pytest
from lab import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LEARN = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests" / "tools")!r})
from episodes_by_hand import tell_skills, walk
from procmem_lite import GridWorld, ProceduralMemoryAgent, perceive
from procmem_lite.replay import Drive, Guess, LearningExplorer, LibraryBrowser, Replay
agent = ProceduralMemoryAgent(6, perceive, seed=0)
episodes = [agent.run_episode(GridWorld("rooms", size=6), seed=seed) for seed in range(12)]
long = tell_skills(walk("rooms", 8, seed=3, wander=40))
replay = Replay(long, episodes[-1], labels=["long", "short"])
guess = Guess("Steps per episode", answer=[90, 40, 31, 30], xlabel="episode", ylabel="steps")
explorer = LearningExplorer("open", size=5, episodes=10)
explorer.train(wait=True)
explorer.train(wait=True)
"""
WIDGETS = ["replay", "Drive(GridWorld('rooms', size=6), agent)", "LibraryBrowser(agent.library, episodes)", "explorer",
           "guess"]

# Of each text and each shape: what it is, and its contrast with what lies behind it.
CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    function pixel(colours) {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data];
    }
    function light(colours) {
        const [r, g, b] = pixel(colours).map((part) => part / 255)
            .map((part) => (part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4));
        return .2126 * r + .7152 * g + .0722 * b;
    }
    function behind(node) { // from the first that is opaque to the nearest
        const layers = [];
        for (let at = node; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (colour !== 'rgba(0, 0, 0, 0)') layers.unshift(colour);
            if (layers.length && pixel([layers[0]])[3] === 255) break;
        }
        return layers;
    }
    function contrast(colour, ground) {
        const [one, other] = [light([...ground, colour]), light(ground)].sort((a, b) => b - a);
        return Math.round(100 * (one + .05) / (other + .05)) / 100;
    }
    const shown = (node) => node.getClientRects().length && getComputedStyle(node).visibility !== 'hidden';
    const roots = [...document.querySelectorAll('.pm, .pm-explorer')];
    const all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]).filter(shown);
    const texts = all('*').filter((node) => !node.closest('.pm-grid, :disabled, select')
        && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
    const drawn = [];
    const pictures = '.pm-plot, .pm-path, .pm-map svg, .pm-icon, .pm-bar, .pm-legend, .pm-keys, .pm-filter, .pm-entry';
    for (const node of all(pictures)) {
        for (const part of [node, ...node.querySelectorAll('*')]) {
            if (part.matches('.pm-lines, .pm-after, .pm-mark, .pm-guessed, text, title, defs')) continue;
            const style = getComputedStyle(part);
            const svg = part instanceof SVGElement && part.tagName !== 'svg' && part.tagName !== 'g';
            const kinds = svg ? [style.stroke !== 'none' ? style.stroke : style.fill]
                : part.matches('i.pm-swatch, i.pm-band, i.pm-failure') ? [style.backgroundColor]
                : part.matches('input') ? [style.borderTopColor] : [];
            for (const colour of kinds) {
                if (colour === 'none' || !shown(part)) continue;
                const name = `${part.tagName} ${part.getAttribute('class')}`;
                drawn.push([name, contrast(colour, behind(part.parentElement))]);
            }
        }
    }
    const ink = (node) => getComputedStyle(node)[node instanceof SVGElement ? 'fill' : 'color'];
    const told = texts.map((node) => [`${node.tagName} ${node.getAttribute('class')} ${node.textContent.slice(0, 30)}`,
        contrast(ink(node), behind(node))]);
    return { texts: told, drawn };
}"""


def change(page, theme):
    """Give the page a theme."""
    page.evaluate("theme => void window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function("dark => document.body.dataset.jpThemeLight === String(!dark)", arg="Dark" in theme)


def test_every_widget_can_be_read_in_both_themes(run):
    notebook = run(LEARN, *WIDGETS)
    page = notebook.page
    library = page.locator(".pm-library")
    library.locator("tbody tr").nth(1).click()
    library.locator(".pm-about .pm-button:enabled").last.click()
    library.locator(".pm-stage .pm-player").wait_for()
    page.locator(".pm-explorer .pm-player").wait_for()
    notebook.ask("setattr(replay, 'step', 14)")
    try:
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            change(page, theme)
            for committed in (False, True):
                notebook.ask(f"setattr(guess, 'value', {'[80, 50, 40, 30]' if committed else None})")
                page.wait_for_timeout(300)
                found = page.evaluate(CONTRASTS)
                assert len(found["texts"]) > 150
                assert len(found["drawn"]) > 150
                assert {name for name, contrast in found["texts"] if contrast < 4.5} == set(), theme
                assert {name for name, contrast in found["drawn"] if contrast < 3} == set(), theme
    finally:
        change(page, "JupyterLab Light")
