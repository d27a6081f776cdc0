"""Set-up stays true: one set of packages in three files, and a start script that survives what befalls it."""

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import tomllib
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler.exceptions import InvalidMatchSpecError

import run

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

NBGRADER = Path("share", "jupyter", "labextensions", "@jupyter", "nbgrader", "static")

# conda-forge's name -> the name on the Python package index, where they differ.
RENAMED = {"matplotlib-base": "matplotlib", "playwright-python": "playwright"}


def wanted(*extras: str) -> dict[str, Requirement]:
    """The direct dependencies in pyproject.toml: core and the extras named."""
    project = PYPROJECT["project"]
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    requirements = [Requirement(line) for group in groups for line in group]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def locked(text: str) -> list[Requirement]:
    """The requirements in a lock file, without their hashes."""
    lines = [line for line in text.splitlines() if re.match(r"[a-zA-Z0-9]", line)]
    return [Requirement(line.removesuffix("\\")) for line in lines]


# ---------------------------------------------------------------- the files agree


def conda_versions() -> dict[str, str]:
    """Name (as on the Python package index) -> version range, for everything environment.yml asks for."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    versions = {}
    for spec in (line for line in dependencies if isinstance(line, str)):
        match = rattler.MatchSpec(spec, strict=True)
        name = match.name.normalized
        versions[RENAMED.get(name, name)] = str(match.version or "")
    for line in next(entry["pip"] for entry in dependencies if isinstance(entry, dict)):
        if not line.startswith("-e"):
            requirement = Requirement(line)
            versions[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return versions


def same_range(left: str, right: str) -> bool:
    """Whether two version ranges are the same, in whatever order their bounds stand."""
    return set(left.replace(" ", "").split(",")) == set(right.replace(" ", "").split(","))


def test_conda_environment_has_the_packages_and_ranges_of_pyproject():
    versions = conda_versions()
    assert same_range(versions.pop("python"), PYPROJECT["project"]["requires-python"])
    assert versions.pop("pip") == ""
    expected = wanted("test")
    assert versions.keys() == expected.keys()
    different = {
        name: (versions[name], str(expected[name].specifier))
        for name in expected
        if not same_range(versions[name], str(expected[name].specifier))
    }
    assert not different


def test_conda_environment_installs_this_project_from_conda_forge_alone():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == PYPROJECT["project"]["name"]
    assert environment["channels"] == ["conda-forge"]
    assert "-e ." in environment["dependencies"][-1]["pip"]


def test_the_conda_parser_refuses_a_malformed_spec():
    with pytest.raises(InvalidMatchSpecError):
        rattler.MatchSpec("numpy >=2.1,<<3", strict=True)


def test_lock_names_no_address():
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    assert "--find-links" not in LOCK
    assert "file:" not in LOCK


def test_every_locked_requirement_is_exact_and_hashed():
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", LOCK)
    assert len(blocks) == len(locked(LOCK)) > 100
    for block in blocks:
        assert re.match(r"[a-zA-Z0-9._-]+==[^\s;*]+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_lock_satisfies_pyproject():
    versions: dict[str, list[str]] = {}
    for requirement in locked(LOCK):
        version = str(requirement.specifier).removeprefix("==")
        versions.setdefault(canonicalize_name(requirement.name), []).append(version)
    build = [Requirement(line) for line in PYPROJECT["build-system"]["requires"]]
    for requirement in [*wanted("classroom", "test").values(), *build]:
        found = versions.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not locked"
        assert all(requirement.specifier.contains(version) for version in found), (requirement, found)


def test_the_locked_build_backend_is_the_one_that_builds():
    assert PYPROJECT["dependency-groups"]["build"] == PYPROJECT["build-system"]["requires"]


def test_one_version_of_a_package_for_every_python():
    names = [canonicalize_name(requirement.name) for requirement in locked(LOCK)]
    assert len(names) == len(set(names)), "stored outputs are compared, on every Python"


def test_ci_runs_the_command_of_the_readme():
    command = (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", readme, flags=re.DOTALL)
    commands = {line.split("#")[0].strip() for block in blocks for line in block.splitlines()}
    assert command == "python3 run.py test"
    assert command in commands


def test_a_built_package_holds_everything_in_the_package_folder(tmp_path: Path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("procmem_lite/")}
    files = {path for path in (ROOT / "procmem_lite").rglob("*") if path.is_file()}
    source = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert {Path(name).suffix for name in source} >= {".py", ".js", ".css"}
    assert packed == source


# ---------------------------------------------------------------- run.py


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder that looks like a clone, in a path with a space."""
    root = tmp_path / "a clone"
    root.mkdir()
    (root / "requirements.lock").write_text("numpy==2.4.6\n")
    (root / "pyproject.toml").write_text("[project]\n")
    return root


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the slow commands of set-up by quick ones; the list of what would have run."""
    done: list[str] = []

    def pretend(what: str, command: list[str], root: Path, lock: int) -> None:
        done.append(what)
        run.venv_python(root).parent.mkdir(parents=True, exist_ok=True)
        run.venv_python(root).touch()

    monkeypatch.setattr(run, "run_step", pretend)
    return done


def test_run_py_can_be_read_by_old_pythons():
    source = (ROOT / "run.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "from __future__" not in source, "Python 3.6 does not know `annotations`"


def test_run_py_needs_only_the_standard_library():
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_an_old_python_is_told_what_to_do():
    with pytest.raises(run.SetupError, match=r"3\.11 or newer is needed, and this is 3\.9: "):
        run.require_python((3, 9))
    run.require_python((3, 11))


def test_a_missing_venv_module_is_explained_and_makes_nothing(clone: Path, steps: list[str]):
    with pytest.raises(run.SetupError, match="apt install python3-venv"):
        run.set_up(clone, has_module=lambda name: name == "venv")  # Debian has venv without ensurepip
    assert not (clone / ".venv").exists()
    assert steps == []


def test_virtualenv_stands_in_for_venv():
    assert "virtualenv" in run.venv_command(lambda name: name == "virtualenv")
    assert run.venv_command(lambda name: True)[1:] == ["-m", "venv"]


def test_set_up_runs_once(clone: Path, steps: list[str]):
    run.set_up(clone)
    assert len(steps) == 4
    run.set_up(clone)
    assert len(steps) == 4


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_changed_requirements_install_anew(clone: Path, steps: list[str], changed: str):
    run.set_up(clone)
    (clone / ".venv" / "left over").touch()
    with (clone / changed).open("a") as file:
        file.write("# changed\n")
    run.set_up(clone)
    assert len(steps) == 8
    assert not (clone / ".venv" / "left over").exists()


def test_another_python_or_another_folder_installs_anew(clone: Path, steps: list[str], monkeypatch):
    run.set_up(clone)
    moved = clone.rename(clone.with_name("moved"))
    assert not run.is_installed(moved)
    run.set_up(moved)
    assert run.is_installed(moved)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert not run.is_installed(moved)


def test_a_python_that_has_gone_installs_anew(clone: Path, steps: list[str]):
    run.set_up(clone)
    run.venv_python(clone).unlink()
    run.set_up(clone)
    assert len(steps) == 8


def test_an_interrupted_install_starts_over(clone: Path, steps: list[str], monkeypatch, capsys):
    pretend = run.run_step

    def interrupt(what: str, *rest: object) -> None:
        if "locked" in what:
            raise KeyboardInterrupt
        pretend(what, *rest)

    monkeypatch.setattr(run, "run_step", interrupt)
    assert run.main(["test"], root=clone) == 130
    assert (clone / ".venv").exists()
    assert not run.is_installed(clone)

    monkeypatch.setattr(run, "run_step", pretend)
    run.set_up(clone)
    assert run.is_installed(clone)
    assert "starting over" in capsys.readouterr().out


def test_a_failing_step_says_why_in_one_line_and_leaves_no_stamp(clone: Path, monkeypatch, capsys):
    words = "WARNING: Retrying (Retry(total=0)) ... ERROR: No matching distribution found for numpy"
    monkeypatch.setattr(run, "venv_command", lambda has_module: [sys.executable, "-c", f"exit({words!r})"])
    assert run.main(["test"], root=clone) == 1
    message = capsys.readouterr().err.strip()
    assert message.count("\n") == 0
    assert "no package index can be reached" in message
    assert str(clone / ".venv.log") in message
    assert words in (clone / ".venv.log").read_text()
    assert not run.is_installed(clone)


@pytest.mark.parametrize(
    ("log", "meaning"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "try again"),
        ("WARNING: Retrying (Retry(total=4", "network"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "Python 3.11 to 3.14"),
        ("something else", "the installation failed"),
    ],
)
def test_failures_of_pip_are_explained(log: str, meaning: str):
    assert meaning in run.explain(log)


def test_a_full_disk_is_explained(clone: Path, monkeypatch, capsys):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "install", full)
    assert run.main(["test"], root=clone) == 1
    assert "the disk is full" in capsys.readouterr().err


START = """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, {repository!r})
    import run

    def pretend(what, command, root, lock):
        while (root / "hold").exists():
            time.sleep(0.02)
        run.venv_python(root).parent.mkdir(parents=True, exist_ok=True)
        run.venv_python(root).touch()
        with (root / "steps").open("a") as file:
            file.write(what + "\\n")

    run.run_step = {step}
    run.set_up(Path({root!r}))
    print("ready", flush=True)
"""


def start(root: Path, step: str = "pretend") -> subprocess.Popen:
    """Start set-up in a process of its own; its steps take as long as there is a file `hold`."""
    code = textwrap.dedent(START).format(repository=str(ROOT), step=step, root=str(root))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.02)


def test_of_two_starts_the_second_waits_and_the_work_is_done_once(clone: Path):
    (clone / "hold").touch()
    first = start(clone)
    wait_for(clone / ".venv.log")
    second = start(clone)
    assert "waiting for it" in second.stdout.readline()
    (clone / "hold").unlink()
    first_said, second_said = first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]
    assert "waiting for it" not in first_said
    assert first_said.endswith("ready\n")
    assert second_said.endswith("ready\n")
    assert len((clone / "steps").read_text().splitlines()) == 4


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot hand a lock on to a child")
def test_after_a_killed_start_the_next_waits_for_its_orphan(clone: Path):
    orphan = "import os, time\nopen('orphan', 'w')\nwhile os.path.exists('hold'): time.sleep(0.02)\n" \
             "open('orphan ended', 'w')"
    command = [sys.executable, "-c", orphan]
    (clone / "hold").touch()
    first = start(clone, step=f"lambda *rest, step=run.run_step: step('x', {command!r}, *rest[2:])")
    wait_for(clone / "orphan")
    first.kill()
    first.wait()
    second = start(clone)
    assert "waiting for it" in second.stdout.readline()
    (clone / "hold").unlink()
    assert second.communicate(timeout=60)[0].endswith("ready\n")
    assert (clone / "orphan ended").exists()
    first.stdout.close()


def test_the_environment_puts_venv_first_and_keeps_other_settings_out(clone: Path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "a mirror of the reader's")
    variables = run.environment(clone)
    assert variables["PATH"] == f"{run.venv_python(clone).parent}{os.pathsep}/usr/bin"
    assert variables.keys().isdisjoint(run.ELSEWHERE)
    assert variables["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert variables["PIP_INDEX_URL"] == "a mirror of the reader's"


def test_the_test_command_runs_all_three_parts_and_fails_if_one_does(clone: Path, monkeypatch, capsys):
    (clone / "notebooks" / "solutions").mkdir(parents=True)
    (clone / "notebooks" / "00_start.ipynb").touch()
    (clone / "notebooks" / "solutions" / "00.ipynb").touch()
    ran: list[tuple[str, ...]] = []
    codes: dict[str, int] = {}

    def pretend(root: Path, *command: str) -> int:
        ran.append(command)
        wheres = ["tests.browser.test_widgets", "tests.browser.test_notebooks", "tests.classroom.test_course",
                  "tests.test_agent", "tests.exercises.test_agent_checks"] if "-k" in command else [
                  "notebooks.00_start.ipynb"]
        suite = ElementTree.Element("testsuite")
        suite.extend(ElementTree.Element("testcase", {"classname": where, "time": "41"}) for where in wheres)
        for option in (each for each in command if each.startswith("--junitxml=")):
            Path(option.partition("=")[2]).write_bytes(ElementTree.tostring(suite))
        return codes.get(command[1], 0)

    monkeypatch.setattr(run, "run", pretend)
    (clone / ".venv").mkdir()
    assert run.test(clone, ["-k", "speed"]) == 0
    style, unit, notebooks = ran
    assert style == ("-m", "ruff", "check", "--output-format=concise", ".")
    assert unit[:-1] == ("-m", "pytest", "-p", "no:nbval", "-n", "2", "-k", "speed")
    assert {"--nbval", "notebooks/00_start.ipynb", "notebooks/solutions/00.ipynb"} <= set(notebooks)
    said = capsys.readouterr().out.partition("code style: passed")[2]
    assert re.findall(r"^(?:unit|note|    ).*", said, re.MULTILINE) == [
        "unit tests: passed in 0 s", "    browser: 41 s", "    chapters: 41 s", "    classroom: 41 s", "    unit: 82 s",
        "notebooks: passed in 0 s", "    chapters: 41 s"]
    codes["ruff"] = 1
    assert run.test(clone, []) == 1
    assert len(ran) == 6, "a failure must not hide what comes after it"
    assert "code style: FAILED" in capsys.readouterr().out


def test_a_chapter_that_came_out_in_the_browser_as_stored_is_not_run_once_more(clone: Path, monkeypatch):
    (clone / "notebooks" / "solutions").mkdir(parents=True)
    outcomes = {"00_start": None, "01_skipped": "skipped", "02_failed": "failure", "03_broken": "error"}
    for name in (*outcomes, "04_unknown", "solutions/00_start_solutions"):
        (clone / "notebooks" / f"{name}.ipynb").touch()
    (clone / ".venv").mkdir()
    last: list[str] = []

    def pretend(root: Path, *command: str) -> int:
        cases = ElementTree.Element("testsuite")
        for name, outcome in outcomes.items():
            case = ElementTree.SubElement(cases, "testcase", {"name": f"{run.STORED}{name}.ipynb]", "time": "1"})
            if outcome:
                ElementTree.SubElement(case, outcome)
        for option in (each for each in command if each.startswith("--junitxml=")):
            Path(option.partition("=")[2]).write_bytes(ElementTree.tostring(cases))
        last[:] = [each for each in command if each.endswith(".ipynb")]
        return 0

    monkeypatch.setattr(run, "run", pretend)
    run.test(clone, [])
    assert [Path(each).stem for each in last] == [
        "04_unknown", "03_broken", "02_failed", "01_skipped", "00_start_solutions"]
    assert f"def {run.STORED.rstrip('[')}(" in (ROOT / "tests" / "browser" / "test_notebooks.py").read_text()


@pytest.mark.skipif(os.name == "nt", reason="Windows starts the course in another way")
def test_the_course_command_sets_up_and_hands_its_options_on(clone: Path, steps: list[str], monkeypatch):
    started: list[tuple] = []
    monkeypatch.setattr(run.os, "execve", lambda *call: started.append(call))
    run.main(["course", "grade", "a02_loops"], root=clone)
    assert steps, "the environment comes first"
    python, command, variables = started[0]
    assert python == str(run.venv_python(clone))
    assert command[1:] == [str(clone / "notebooks" / "assignments" / "course.py"), "grade", "a02_loops"]
    assert variables["PATH"].startswith(str(run.venv_python(clone).parent)), "nbgrader starts commands by name"


def test_the_book_installs_what_it_needs_once_from_a_lock_of_its_own(clone: Path, steps: list[str], monkeypatch):
    built: list[tuple] = []
    monkeypatch.setattr(run, "run", lambda root, *command: built.append(command) or 3)
    lock = clone / "requirements-book.lock"
    lock.write_text("sphinx==8.2.3\n")
    for count in (5, 5):
        assert run.main(["book", "--play"], root=clone) == 3
        assert len(steps) == count, "four steps of set-up and one more"
    lock.write_text("sphinx==8.2.4\n")
    run.main(["book"], root=clone)
    assert len(steps) == 6
    assert built == [("tests/tools/book.py", "--play")] * 2 + [("tests/tools/book.py",)]


@pytest.mark.parametrize("extra", ["book", *run.EXTRAS])
def test_the_lock_of_an_extra_is_made_under_the_other(extra: str):
    text = (ROOT / f"requirements-{extra}.lock").read_text(encoding="utf-8")
    base, more = ({canonicalize_name(each.name): str(each.specifier) for each in locked(lock)} for lock in (LOCK, text))
    assert {name: version for name, version in more.items() if base.get(name, version) != version} == {}
    for requirement in wanted(extra).values():
        version = more[canonicalize_name(requirement.name)].removeprefix("==")
        assert requirement.specifier.contains(version), requirement
    assert not re.search("://|index-url|find-links|file:", text), "no address"
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-zA-Z0-9])", text))


def test_conda_users_are_told_the_packages_of_every_extra():
    said = (ROOT / "environment.yml").read_text(encoding="utf-8")
    core = wanted()
    for extra in run.EXTRAS:
        told = [line for line in said.splitlines() if line.startswith("#     conda install")]
        specs = [rattler.MatchSpec(spec, strict=True) for line in told for spec in re.findall(r'"([^"]+)"', line)]
        ranges = {spec.name.normalized: str(spec.version) for spec in specs}
        for name, requirement in wanted(extra).items():
            assert name in core or same_range(ranges[name], str(requirement.specifier))


@pytest.fixture
def extras(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with two extras."""
    monkeypatch.setattr(run, "EXTRAS", {"neural": "chapter 13: 0.5 GB", "robot": "chapter 16: 1 GB"})
    for name in run.EXTRAS:
        (clone / f"requirements-{name}.lock").write_text("something==1\n")
    return clone


def test_an_extra_is_added_once_and_a_later_set_up_keeps_it(extras: Path, steps: list[str], capsys):
    for _ in range(2):
        assert run.main(["add", "neural"], root=extras) == 0
        assert steps[4:] == ["installing what `neural` needs"]
    assert "0.5 GB" in capsys.readouterr().out
    (extras / "requirements.lock").write_text("numpy==2.4.7\n")
    run.set_up(extras)
    assert len(steps) == 10, "four steps, and the one extra that was added"
    assert steps[-1] == "installing what `neural` needs"
    (extras / "requirements-neural.lock").write_text("something==2\n")
    run.set_up(extras)
    assert len(steps) == 11, "its lock has changed"
    run.clean(extras)
    run.set_up(extras)
    assert len(steps) == 15, "what was removed is not put back"


@pytest.mark.parametrize("names", [[], ["nerual"], ["neural", "../book"]])
def test_an_unknown_extra_is_refused_in_one_line_that_lists_those_there_are(names, extras: Path, steps, capsys):
    assert run.main(["add", *names], root=extras) == 1
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert {"neural", "robot"} <= set(re.findall(r"\w+", said))
    assert all(repr(name) in said for name in names[-1:])
    assert len(steps) == 4, "nothing is added, not even what is known"


def test_the_lab_starts_where_what_was_added_cannot_be_added_again(extras: Path, steps, monkeypatch, capsys):
    run.main(["add", "neural"], root=extras)
    pretend = run.run_step

    def offline(what: str, *rest: object) -> None:
        if "neural" in what:
            raise run.SetupError("no package index can be reached")
        pretend(what, *rest)

    monkeypatch.setattr(run, "run_step", offline)
    (extras / "requirements.lock").write_text("numpy==2.4.7\n")
    run.set_up(extras)
    assert run.is_installed(extras)
    assert "python3 run.py add neural" in capsys.readouterr().out
    assert run.main(["add", "neural"], root=extras) == 1
    monkeypatch.setattr(run, "run_step", pretend)
    run.set_up(extras)
    assert steps[-1] == "installing what `neural` needs"


def test_the_test_command_adds_all_extras_and_says_their_size(extras: Path, steps, monkeypatch, capsys):
    (extras / "notebooks").mkdir()
    ran: list[tuple] = []
    monkeypatch.setattr(run, "run", lambda root, *command: ran.append((len(steps), command)) or 0)
    run.main(["test"], root=extras)
    assert [count for count, _ in ran] == [6, 6, 6], "before anything is tested"
    said = capsys.readouterr().out
    assert "0.5 GB" in said
    assert "1 GB" in said
    assert not (extras / ".venv.extras").exists(), "only the reader adds for good"


def test_without_a_command_there_is_help_and_no_set_up(clone: Path, steps: list[str], capsys):
    assert run.main([], root=clone) == 0
    assert "python3 run.py lab" in capsys.readouterr().out
    assert run.main(["tset"], root=clone) == 2
    assert steps == []


@pytest.mark.skipif(os.name == "nt", reason="Windows starts JupyterLab in another way")
def test_kernels_of_the_lab_encrypt_what_they_say(clone: Path, steps: list[str], monkeypatch):
    started: list[tuple] = []
    monkeypatch.setattr(run.os, "execve", lambda *call: started.append(call))
    monkeypatch.chdir(clone)
    run.main(["lab", "--no-browser"], root=clone)
    assert run.ENCRYPT in started[0][1]


@pytest.mark.skipif(os.name == "nt", reason="Windows starts JupyterLab in another way")
@pytest.mark.parametrize(("options", "allowed"), [(["--no-browser"], set()),
                                                  (["--validate", "--no-browser"], {"validate-assignment"})])
def test_a_readers_lab_has_none_of_a_teachers_tools(clone: Path, steps: list[str], monkeypatch, options, allowed):
    started: list[tuple] = []
    monkeypatch.setattr(run.os, "execve", lambda *call: started.append(call))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "a reader's own")
    monkeypatch.setenv("PROCMEM_PROGRESS", "of another lab")
    monkeypatch.chdir(clone)
    run.main(["lab", *options], root=clone)
    _, command, variables = started[0]
    assert command[-1] == "--no-browser"
    assert "--validate" not in command
    assert Path(variables["PROCMEM_PROGRESS"]) == clone / "notebooks" / ".progress.json"
    assert "PROCMEM_PROGRESS" not in run.environment(clone), "the test command, started in the lab, keeps nothing"
    first, *others = variables["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert others == ["a reader's own"]
    settings = ROOT / Path(first).relative_to(clone) / "labconfig" / "page_config.json"
    disabled = {name.partition(":")[2] for name in json.loads(settings.read_text())["disabledExtensions"]}
    script = "".join(path.read_text() for path in (Path(sys.prefix) / NBGRADER).glob("*.js"))
    assert set(re.findall(r"@jupyter/nbgrader:([a-z-]+)", script)) - disabled == allowed


def test_whatever_jupyter_is_started_here_saves_widgets_as_pictures_and_asks_for_no_news():
    everyone = ROOT / next(iter(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]))
    files = [path.relative_to(everyone) for path in everyone.rglob("*.json")]
    assert len(files) == 2
    for file in files:
        assert (Path(sys.prefix) / "etc" / "jupyter" / file).read_bytes() == (everyone / file).read_bytes()


def test_clean_removes_what_set_up_made(clone: Path, steps: list[str]):
    run.set_up(clone)
    assert run.main(["clean"], root=clone) == 0
    assert not (clone / ".venv").exists()
    assert not (clone / ".venv.log").exists()
    assert run.main(["clean"], root=clone) == 0
