"""No import runs backwards, the agent names nothing of its world, and no result depends on a process's salt."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "procmem_lite"

# Each module may import from the rows above its own, and from its own row.
ORDER = (
    ("layouts",), ("environment",), ("episodes",), ("skills",), ("storage",), ("library",), ("motion",),
    ("wayfinding",), ("planning",), ("explorers",), ("experience",), ("agent",), ("training",),
    ("baselines", "original", "analysis"), ("minigrid",),
)
FOR_ALL = {"plotting", "replay", "checks", "__init__"}  # may import, and be imported by, any chapter's module
RANK = {module: rank for rank, row in enumerate(ORDER) for module in row}
WORLDLESS = ("skills", "storage", "library", "motion", "wayfinding", "planning", "explorers", "experience", "agent")
WORLDLY = re.compile(r"(?<![a-z])(key|door|grid|minigrid|gridworld)s?(?![a-z])", re.IGNORECASE)


# ---------------------------------------------------------------- imports


def imports(source: str) -> Iterator[str]:
    """The package's own modules that a module imports when it runs, at its top or within a function."""
    tree = ast.parse(source)
    for_types = [block for block in ast.walk(tree)
                 if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING")]
    typing_only = {node for block in for_types for part in block.body for node in ast.walk(part)}
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            name = ("procmem_lite." if node.level else "") + (node.module or "")
            if name.rstrip(".") == "procmem_lite":
                yield from (alias.name for alias in node.names)
            elif name.startswith("procmem_lite."):
                yield name.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("procmem_lite."))


def backwards(module: str, source: str) -> list[str]:
    """The modules that a module must not import."""
    return [name for name in imports(source)
            if name not in FOR_ALL and RANK.get(name, len(ORDER)) > RANK[module] or name == module]


MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem not in FOR_ALL)


@pytest.mark.parametrize("module", MODULES)
def test_no_import_runs_backwards(module):
    assert module in RANK, f"{module}.py has no place in the order of modules"
    assert backwards(module, (PACKAGE / f"{module}.py").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", [
    "from .agent import Run", "from . import agent", "import procmem_lite.agent", "from procmem_lite.agent import Run",
    "from procmem_lite import agent", "def late():\n    from .agent import Run", "from .unheard_of import x",
    "from .library import SkillLibrary",
])
def test_an_import_that_runs_backwards_is_seen(line):
    assert backwards("library", line)


@pytest.mark.parametrize("line", [
    "from .skills import Skill", "import numpy", "from .plotting import show", "from os import path",
    "if TYPE_CHECKING:\n    from .agent import Run",
])
def test_an_import_that_runs_forwards_is_none_of_them(line):
    assert backwards("library", line) == []


def test_modules_of_one_row_do_not_import_in_circles():
    for row in ORDER:
        follows = {name: set(imports((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))) & set(row)
                   for name in row if (PACKAGE / f"{name}.py").exists()}
        while follows:
            ready = {name for name, needed in follows.items() if not needed & follows.keys()}
            assert ready, f"{sorted(follows)} import one another"
            follows = {name: needed for name, needed in follows.items() if name not in ready}


def test_importing_one_chapter_loads_none_of_the_later_ones():
    """Read in a fresh process without the package's own ``__init__``, which gathers everything."""
    script = """
import sys, types
package = types.ModuleType("procmem_lite"); package.__path__ = [sys.argv[1]]; sys.modules["procmem_lite"] = package
__import__("procmem_lite." + sys.argv[2])
print(*(name.split(".")[1] for name in sys.modules if name.startswith("procmem_lite.")))
"""
    for module in ("library", "agent"):
        done = subprocess.run([sys.executable, "-c", script, str(PACKAGE), module], capture_output=True, text=True,
                              check=True, env=os.environ | {"MPLBACKEND": "agg"})
        late = [name for name in done.stdout.split() if RANK.get(name, len(ORDER)) > RANK[module]]
        assert late == [], f"importing {module} brings {late} along"


# ---------------------------------------------------------------- what the agent may know


def words_of_the_world(source: str) -> list[str]:
    """Names, texts and docstrings that speak of one particular world."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = {getattr(node, part, None) for part in ("id", "attr", "name", "arg", "module", "asname")}
        texts = {node.value} if isinstance(node, ast.Constant) else set()
        said = (names - BOOKKEEPING) | texts
        found += [text for text in said if isinstance(text, str) and WORLDLY.search(text.replace("_", " "))]
    return found


BOOKKEEPING = {"key", "keys"}  # what a dictionary is sorted by is nothing one picks up


@pytest.mark.parametrize("module", WORLDLESS)
def test_skills_library_and_agent_speak_of_no_particular_world(module):
    assert words_of_the_world((PACKAGE / f"{module}.py").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", [
    "has_key = 1", "facts = {'door_open'}", '"""Walks to the door."""', "percept.grid", "def open_door(): ...",
    "f'the {x} of a grid'", "import minigrid as mg\nmg.MiniGridEnv if minigrid else 0", "def go(door): ...",
])
def test_a_word_of_the_world_is_seen(line):
    assert words_of_the_world(line)


def test_the_same_words_inside_others_are_harmless():
    assert words_of_the_world("monkeys = sorted(x, key=len)  # key\noutdoors = 'keyboard'") == []


# ---------------------------------------------------------------- the same in every process


LEARN = """
import hashlib, json, sys
from procmem_lite.agent import ProceduralMemoryAgent
from procmem_lite.environment import GridWorld, perceive
from procmem_lite.training import train

sys.path[:0] = [sys.argv[2]]
from worlds import Paperwork

for number, (layout, settings) in enumerate([
        ("rooms", {}), ("walls", {}), ("rooms", {"closed_loop": False}), ("open", {"explorer": "random"}), (None, {})]):
    env = GridWorld(layout, size=6) if layout else Paperwork()
    agent = ProceduralMemoryAgent(
        env.action_space.n, perceive if layout else Paperwork.perceive, seed=number, **settings)
    log = train(agent, env, episodes=10, progress=False, keep=True)
    agent.library.save(f"{sys.argv[1]}/{number}.json")
    arrays = {name: value.tolist() for name, value in vars(log).items() if hasattr(value, "tolist")}
    told = [[(step.action, step.reward, sorted(step.percept.facts), step.invocation) for step in episode.transitions]
            + [(record.skill.name, record.reason, record.runners_up) for record in episode.invocations]
            for episode in log.episodes]
    print(json.dumps([arrays, log.made_by, told]))
"""


def test_processes_with_different_salts_give_identical_libraries_and_logs(tmp_path):
    outputs = []
    for salt in ("1", "2"):
        folder = tmp_path / salt
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", LEARN, str(folder), str(Path(__file__).parent / "tools")], check=True,
            cwd=PACKAGE.parent, env=os.environ | {"PYTHONHASHSEED": salt}, capture_output=True)
        outputs.append((done.stdout, [path.read_bytes() for path in sorted(folder.iterdir())]))
    assert len(outputs[0][1]) == 5
    assert outputs[0] == outputs[1]
