"""No import runs backwards, one loop takes every step, the core names nothing of a world, every process agrees."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "procmem_lite"
MODULES = {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
           for path in sorted(PACKAGE.rglob("*.py"))}
SOURCES = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
FRONT_DOOR = "__init__"  # may import whom it likes, and nobody imports it

# Each module may import from the rows above its own.
CORE = (
    ("arguments",), ("percepts",), ("settings", "episodes", "storage", "schema"), ("skills",), ("skill_file",),
    ("library",), ("planning", "navigation", "navigation.motion"), ("navigation.dangers", "navigation.view"),
    ("navigation.tracker",), ("navigation.search",), ("navigation.slips",), ("navigation.goto", "explorers", "beliefs"),
    ("memory", "agent_schema"), ("agent_file",),
    ("shell",), ("agent",),
    ("options.option",), ("options.learning", "options.discovery"),
    ("options.critic", "options.levels", "options.worth"), ("options",),
    ("lifecycle.verdicts", "lifecycle.journal"), ("lifecycle.operations",), ("lifecycle",), ("neural",),
)
ORDER = (
    *CORE, ("scenes", "worlds", "worlds.layouts", "worlds.missions"),
    ("worlds.gridworld", "worlds.minigrid", "worlds.office", "worlds.stall", "worlds.tolls"),
    ("worlds.changing", "worlds.sight"),
    ("lab", "lab.diary", "lab.findings", "lab.rulebook", "lab.statistics", "lab.training"),
    ("lab.drawing", "lab.symptoms"),
    ("lab.baselines", "lab.doctor", "lab.generated", "lab.original", "lab.experiments", "lab.plotting", "lab.life"),
    ("lab.rooms",),
    ("exercises", "exercises.progress"), ("exercises.report",),
    ("exercises.start", "exercises.environment", "exercises.skills", "exercises.library", "exercises.agent",
     "exercises.finding_the_way", "exercises.training", "exercises.analysis", "exercises.minigrid",
     "exercises.names", "exercises.life", "exercises.options"),
    ("replay.assets", "replay.record", "replay.filmstrip", "replay.saving"), ("replay.curve", "replay.replay_widget"),
    ("replay.drive", "replay.export", "replay.guess", "replay.learning_explorer", "replay.library_browser"),
    ("replay",), (FRONT_DOOR,),
)
RANK = {module: rank for rank, row in enumerate(ORDER) for module in row}
MAY = {  # room -> the rooms and modules that it imports from
    "core": {"core"}, "scenes": set(), "worlds": {"worlds", "scenes", "percepts", "arguments"},
    "lab": {"core", "scenes", "worlds", "lab"}, "exercises": {"core", "scenes", "worlds", "lab", "exercises"},
    "replay": {"core", "scenes", "worlds", "lab", "exercises.progress", "replay"},
}


def room(module: str) -> str:
    """Where a module lives; what has no room of its own belongs to the core."""
    first = module.split(".")[0]
    return first if first in MAY else "core"


# ---------------------------------------------------------------- imports


def imports(module: str, source: str, known: frozenset[str] = frozenset(MODULES)) -> Iterator[str]:
    """The package's own modules that a module imports: at its top, within a function, or for types alone."""
    path = ["procmem_lite", *module.split(".")]
    is_package = module == FRONT_DOOR or MODULES.get(module, Path()).name == "__init__.py"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            above = path[:len(path) - node.level + (is_package and module != FRONT_DOOR)] if node.level else []
            base = ".".join([*above, *(node.module or "").split(".")]).rstrip(".")
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            base, names = "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            base, names = "", [part.value for part in node.args[:1] if isinstance(part, ast.Constant)]
        else:
            continue
        for name in names:
            found = name if name.removeprefix("procmem_lite.") in known else base or name
            if found == "procmem_lite":
                yield FRONT_DOOR
            elif found.startswith("procmem_lite."):
                yield found.removeprefix("procmem_lite.")


def backwards(module: str, source: str) -> list[str]:
    """The modules that a module must not import: of its own row, of a later one, or of a room closed to it."""
    return [name for name in imports(module, source)
            if RANK.get(name, len(ORDER)) >= RANK.get(module, -1)
            or module != FRONT_DOOR and MAY[room(module)].isdisjoint({name, room(name)})]


def test_every_module_has_its_place_in_the_order_and_no_place_is_empty():
    assert sorted(RANK) == sorted(MODULES)
    assert len(RANK) == sum(map(len, ORDER)), "a module has one place"


@pytest.mark.parametrize("module", MODULES)
def test_no_import_runs_backwards_or_into_a_closed_room(module):
    assert backwards(module, SOURCES[module]) == []


@pytest.mark.parametrize("line", [
    "from .agent import Run", "from . import agent", "import procmem_lite.agent", "from procmem_lite.agent import Run",
    "from procmem_lite import agent", "def late():\n    from .agent import Run", "from .unheard_of import x",
    "from .library import SkillLibrary", "if TYPE_CHECKING:\n    from .agent import Run", "from . import GridWorld",
    "import procmem_lite", "from .scenes import Scene", "from .worlds.gridworld import GridWorld",
    "importlib.import_module('procmem_lite.memory')", "from .planning import plan", "import procmem_lite.lab.training",
])
def test_an_import_that_runs_backwards_is_seen(line):
    assert backwards("library", line)


@pytest.mark.parametrize("line", [
    "from .skills import Skill", "import numpy", "from os import path", "from procmem_lite.percepts import Percept",
    "from . import skills", "if TYPE_CHECKING:\n    from .skills import Skill",
])
def test_an_import_that_runs_forwards_is_none_of_them(line):
    assert backwards("library", line) == []


@pytest.mark.parametrize(("module", "line"), [
    ("navigation.goto", "from ..agent import Run"), ("worlds.minigrid", "from ..skills import Skill"),
    ("worlds.gridworld", "from ..lab.training import train"), ("lab.plotting", "from ..replay.filmstrip import as_png"),
    ("exercises.skills", "from ..replay import Replay"), ("replay.drive", "from ..exercises.report import require"),
    ("agent", "from .worlds import gridworld"), ("replay.assets", "from . import drive"),
    ("scenes", "import procmem_lite"), ("navigation.motion", "from . import tracker"),
    ("lab.training", "from .experiments import ablate"),
])
def test_a_door_that_is_closed_is_seen_from_every_room(module, line):
    assert backwards(module, line)


@pytest.mark.parametrize(("module", "line"), [
    ("navigation.goto", "from ..skills import Operator"), ("worlds.minigrid", "from ..percepts import Percept"),
    ("worlds.minigrid", "from ..scenes import Scene"), ("lab.plotting", "from ..worlds.gridworld import GridWorld"),
    ("exercises.training", "from ..lab import training"), ("replay.drive", "from . import assets"),
    ("replay", "from .drive import Drive"), (FRONT_DOOR, "from .lab.training import train"),
])
def test_a_door_that_is_open_is_open(module, line):
    assert backwards(module, line) == []
    assert list(imports(module, line)), "it must have been seen"


def circle(sources: dict[str, str]) -> list[str]:
    """Modules that import one another in a circle; none, if there is no circle."""
    graph = {module: set(imports(module, source, frozenset(sources))) for module, source in sources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        return found.args[1]
    return []


def test_nowhere_in_the_package_do_modules_import_one_another_in_circles():
    assert circle(SOURCES) == []


def test_a_circle_is_seen_also_where_it_is_closed_late_or_for_types_alone():
    line = {"a": "from .b import x", "b": "def late():\n    from . import c", "c": ""}
    assert circle(line) == []
    assert set(circle(line | {"c": "if TYPE_CHECKING:\n    from .a import y"})) == {"a", "b", "c"}


def test_importing_one_chapter_loads_none_of_the_later_ones():
    """Read in a fresh process without the package's own ``__init__``, which gathers everything."""
    script = """
import sys, types
package = types.ModuleType("procmem_lite"); package.__path__ = [sys.argv[1]]; sys.modules["procmem_lite"] = package
__import__("procmem_lite." + sys.argv[2])
print(*(name.split(".", 1)[1] for name in sys.modules if name.startswith("procmem_lite.")))
"""
    for module in ("library", "agent"):
        done = subprocess.run([sys.executable, "-c", script, str(PACKAGE), module], capture_output=True, text=True,
                              check=True, env=os.environ | {"MPLBACKEND": "agg"})
        late = [name for name in done.stdout.split() if RANK[name] > RANK[module]]
        assert late == [], f"importing {module} brings {late} along"


# ---------------------------------------------------------------- who takes a step


def steps_taken(source: str) -> list[str]:
    """Calls of ``step`` on an environment, except by an environment's or a wrapper's own ``step``."""
    tree = ast.parse(source)
    own = {node for kind in ast.walk(tree) if isinstance(kind, ast.ClassDef) and kind.name != "Play" and kind.bases
           for method in kind.body if isinstance(method, ast.FunctionDef) and method.name == "step"
           for node in ast.walk(method)}
    return [ast.unparse(node) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step"
            and node not in own and ast.unparse(node.func.value).split(".")[-1] not in NO_ENVIRONMENT]


NO_ENVIRONMENT = {"play", "model"}  # a Play, and what an action does to positions
PLAYERS = [name for name in MODULES if room(name) != "exercises"]  # checks step through a reader's environment by hand


@pytest.mark.parametrize("module", PLAYERS)
def test_play_alone_takes_a_step_in_an_environment(module):
    allowed = {"episodes": ["self.env.step(action)"], "navigation.motion": ["self.step(action)"]}
    assert steps_taken(SOURCES[module]) == allowed.get(module, [])


@pytest.mark.parametrize(("source", "steps"), [
    ("env.step(3)", 1), ("self.env.step(a)", 1), ("env.unwrapped.step(a)", 1), ("play.step(3)", 0),
    ("class Mine(gym.Wrapper):\n    def step(self, action):\n        return self.env.step(action)", 0),
    ("class Mine(gym.Wrapper):\n    def reset(self):\n        return self.env.step(0)", 1),
    ("class Agent:\n    def step(self, env):\n        return env.step(0)", 1), ("self.model.step(action)", 0),
])
def test_a_step_taken_elsewhere_is_seen(source, steps):
    assert len(steps_taken(source)) == steps


# ---------------------------------------------------------------- what the core may know


WORLDLY = re.compile(r"(?<![a-z])(key|door|grid|minigrid|gridworld|tool|arm)s?(?![a-z])", re.IGNORECASE)
BOOKKEEPING = {"key", "keys"}  # what a dictionary is sorted by is nothing one picks up


def words_of_the_world(source: str) -> list[str]:
    """Names, texts and docstrings that speak of one particular world."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = {getattr(node, part, None) for part in ("id", "attr", "name", "arg", "module", "asname")}
        texts = {node.value} if isinstance(node, ast.Constant) else set()
        said = (names - BOOKKEEPING) | texts
        found += [text for text in said if isinstance(text, str) and WORLDLY.search(text.replace("_", " "))]
    return found


@pytest.mark.parametrize("module", [module for row in CORE for module in row])
def test_the_core_speaks_of_no_particular_world(module):
    assert words_of_the_world(SOURCES[module]) == []


@pytest.mark.parametrize("line", [
    "has_key = 1", "facts = {'door_open'}", '"""Walks to the door."""', "percept.grid", "def open_door(): ...",
    "f'the {x} of a grid'", "import minigrid as mg\nmg.MiniGridEnv if minigrid else 0", "def go(door): ...",
    "call('tool')", "robot.arm",
])
def test_a_word_of_the_world_is_seen(line):
    assert words_of_the_world(line)


def test_the_same_words_inside_others_are_harmless():
    assert words_of_the_world("monkeys = sorted(x, key=len)  # key\noutdoors = 'keyboard of an army'") == []


# ---------------------------------------------------------------- the same in every process


LEARN = """
import json, sys
from procmem_lite.agent import ProceduralMemoryAgent, SequenceAgent
from procmem_lite.lab.training import train
from procmem_lite.worlds.gridworld import GridWorld, perceive

sys.path[:0] = [sys.argv[2]]
from worlds import Paperwork

CAREERS = [
    ("rooms", ProceduralMemoryAgent, {}), ("walls", ProceduralMemoryAgent, {}), (None, ProceduralMemoryAgent, {}),
    ("rooms", ProceduralMemoryAgent, {"closed_loop": False}), ("open", ProceduralMemoryAgent, {"explorer": "random"}),
    ("rooms", SequenceAgent, {}), ("open", SequenceAgent, {"explorer": "random"}), (None, SequenceAgent, {})]
for number, (layout, kind, settings) in enumerate(CAREERS):
    env = GridWorld(layout, size=6) if layout else Paperwork()
    agent = kind(env.action_space.n, perceive if layout else Paperwork.perceive, seed=number, **settings)
    log = train(agent, env, episodes=12, progress=False, keep=True)
    agent.library.save(f"{sys.argv[1]}/{number} library.json")
    agent.save(f"{sys.argv[1]}/{number} agent.json")
    arrays = {name: value.tolist() for name, value in vars(log).items() if hasattr(value, "tolist")}
    told = [[(step.action, step.reward, sorted(step.percept.facts), step.invocation) for step in episode.transitions]
            + [(used.skill.name, used.reason, used.similarity, used.runners_up) for used in episode.invocations]
            for episode in log.episodes]
    print(json.dumps([arrays, log.made_by, told]))
"""


def test_processes_with_other_salts_and_on_other_processors_give_identical_files_logs_and_diaries(tmp_path):
    """Two of OpenBLAS's kernels, which add up a product in another order, stand for two processors."""
    outputs = []
    for salt, kernel in (("1", "Prescott"), ("2", "Haswell")):
        folder = tmp_path / salt
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", LEARN, str(folder), str(Path(__file__).parent / "tools")], check=True,
            cwd=PACKAGE.parent, env=os.environ | {"PYTHONHASHSEED": salt, "OPENBLAS_CORETYPE": kernel},
            capture_output=True, text=True)
        outputs.append((done.stdout, [path.read_bytes() for path in sorted(folder.iterdir())]))
    (said, files), (also, again) = outputs
    assert (len(said.splitlines()), len(files)) == (8, 16)
    assert [i for i, pair in enumerate(zip(said.splitlines(), also.splitlines())) if len(set(pair)) > 1] == []
    assert files == again
