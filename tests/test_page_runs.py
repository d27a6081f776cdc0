"""The page of chapter 4 runs what it shows: whoever edits a function there changes what the agent does."""

import ast
import contextlib
import re
from pathlib import Path

import matplotlib
import nbformat
import pytest

from procmem_lite import GridWorld, Skill, SkillLibrary, perceive, train
from procmem_lite.agent import SequenceAgent

PAGE = Path(__file__).resolve().parents[1] / "notebooks" / "04_agent.ipynb"
EDITS = {  # what is defined on the page -> one line of it, and what a reader might make of it
    "expected_steps": ("shelf.cost_under(facts)", "1000.0 - shelf.cost_under(facts)"),
    "outlook": ("cost + steps, (*plan, shelf)", "cost - steps, (shelf, *plan)"),
    "relevant": ("found.union(*shelf.needs)", "found - shelf.effect"),
    "relaxed": ("if cost <", "if cost >"),
    "makers_of": ("sorted(goal)", "[]"),
    "plan": ("for there, _, plan in", "for there, plan, _ in"),
    "choose": ("not in run.banned", "in run.banned"),
    "use": ("matches[0], run.percept", "matches[-1], run.percept"),
    "Replaying": ("self.rest.pop(0)", "self.rest.pop()"),
    "outcome": ("run.shelf.effect <=", "run.shelf.effect >"),
    "close": ("record.expected <= record.after.facts", "not record.seen"),
    "notice": ("run.burst - 1", "run.burst"),
    "ahead": ("if kept", "if not kept"),
    "decide": ("run.memory.explored[facts] < least", "len(facts) < least"),
    "explore": ("memory.explorer.choose(run.percept, run.body, memory.rng)", "0"),
    "LeastTaken": ("counts == counts.min()", "counts == counts.max()"),
    "Memory": ("+= step.invocation == EXPLORING", "+= 0"),
    "learn": ("path = segment if", "path = segment[-1:] if True or"),
    "control": ("run.burst == 0", "run.burst < 0"),
    "Run": ("self.memory.observe(step)", "None"),
    "SequenceAgent": ("match.similarity >=", "match.similarity <="),
}
NEEDS_A_DETOUR = {"relevant", "relaxed", "makers_of"}  # an estimate changes which plan is found, not whether


def page_source() -> list[str]:
    """The code cells that import or define something."""
    cells = [cell.source for cell in nbformat.read(PAGE, as_version=4).cells if cell.cell_type == "code"]
    return [source for source in cells
            if re.match(r"(import|from|def|class) ", source)]


def definitions(old: str = "", new: str = "", of: str = "") -> dict:
    """The page's imports and definitions, one of them edited, run in a namespace of their own."""
    matplotlib.use("agg")
    space: dict = {"__name__": "page"}
    for source in page_source():
        kept = []
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
                text = ast.unparse(node)
                if getattr(node, "name", None) == of:
                    assert ast.unparse(ast.parse(text)).count(old) >= 1, f"{of} no longer says {old!r}"
                    text = text.replace(old, new, 1)
                kept.append(text)
        exec("\n\n".join(kept), space)
    return space


def diary(space: dict) -> list:
    """What the page's agent does in a few episodes of learning: its actions and the reasons of its skills."""
    agent = space["SequenceAgent"](6, perceive, 0, explorer=space["LeastTaken"](6))
    told = []
    for number in range(8):
        episode = agent.run_episode(GridWorld("rooms", 5, max_steps=120), seed=number)
        told.append(([step.action for step in episode.transitions], [each.reason for each in episode.invocations]))
    return told


@pytest.fixture(scope="module")
def unedited() -> list:
    """The diary of the page as it stands."""
    return diary(definitions())


def test_page_and_package_play_the_same():
    page = definitions()
    env = GridWorld("rooms", 5, max_steps=120)
    logs = [train(kind(6, perceive, 3, explorer=page["LeastTaken"](6)), env, 8, progress=False)
            for kind in (page["SequenceAgent"], SequenceAgent)]
    assert logs[0].steps.tolist() == logs[1].steps.tolist()


def test_every_definition_of_the_agent_has_an_edit():
    defined = {node.name for source in page_source() for node in ast.parse(source).body
               if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert set(EDITS) <= defined


@pytest.mark.parametrize("name", [name for name in EDITS if name not in NEEDS_A_DETOUR])
def test_an_edit_on_the_page_changes_the_diary(name, unedited):
    with contextlib.suppress(KeyError, IndexError, ValueError, TypeError, AttributeError):  # to stumble is to notice
        assert diary(definitions(*EDITS[name], of=name)) != unedited


@pytest.mark.parametrize("name", sorted(NEEDS_A_DETOUR))
def test_an_edit_of_the_estimate_changes_what_is_opened(name):
    chain = [Skill((0,), frozenset("ab"[:n]), frozenset("abc"[n])) for n in range(3)]
    library = SkillLibrary()
    for skill in [*chain, *(Skill((9,), frozenset(), frozenset({f"switch {n}"})) for n in range(6))]:
        library.add(skill)
    found = []
    for page in (definitions(), definitions(*EDITS[name], of=name)):
        opened: set = set()
        page["plan"](frozenset(), "c", list(library.shelves.values()),
                     price=lambda shelf, facts, page=page, opened=opened: (
                         opened.add(facts) or page["expected_steps"](shelf, facts)))
        found.append(opened)
    assert found[0] != found[1]
