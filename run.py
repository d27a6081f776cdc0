#!/usr/bin/env python3
"""Set the series up and run it; nothing but Python is needed.

    python3 run.py lab        open the series in JupyterLab
    python3 run.py test       check everything: code style, unit tests, every notebook
    python3 run.py bench      measure speed and learning, as ratios side by side
    python3 run.py refresh    run the notebooks from top to bottom and store their outputs
    python3 run.py course     open the course for a class: hand out, collect, grade, return
    python3 run.py book       build the series as a web site, in build/book
    python3 run.py add neural  install what chapter 13 needs beside the rest; a later set-up keeps it
    python3 run.py clean      remove what set-up has made

What follows a command is passed on: to JupyterLab (--no-browser, --port 9999), to pytest for the unit
tests, to the benchmarks, to tests/tools/refresh.py and book.py, to notebooks/assignments/course.py.
`lab --validate` has the button that tries an assignment before it is handed in. The first command installs
the exact versions of requirements.lock into .venv, in this folder, and touches nothing else.
"""
# A Python too old to run the series still has to read this file to be told so: no syntax newer than 3.6.

import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Set, Tuple
from xml.etree import ElementTree

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    fcntl = None

ROOT = Path(__file__).resolve().parent
HEARTBEAT = 15  # seconds between signs of life while a slow step runs
DISK_FULL = "the disk is full: set-up needs about 2 GB"

# Kernels talk to their page over the machine's own network, where others may listen: encrypted, and without a warning.
ENCRYPT = "--KernelManager.transport_encryption=auto"

# What was meant for another Python or Matplotlib; without compiled files hundreds of processes would start late.
ELSEWHERE = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "MPLBACKEND", "PROCMEM_PROGRESS")

# The parts of the test command, each named by the folder that holds it; chapters are run in the browser.
PARTS = {"tests": "unit", "tests.classroom": "classroom", "tests.browser": "browser",
         "tests.browser.test_notebooks": "chapters", "notebooks": "chapters", "notebooks.solutions": "solutions"}
# What a chapter needs beside the rest, each with a lock of its own, and what the reader is told of it. All are tested.
EXTRAS = {"neural": "chapter 13: JAX and optax, about 0.5 GB"}
STORED = "test_a_chapter_comes_out_as_it_is_stored["  # what such a test in the browser is called, up to the chapter

# What pip writes to its log, in the order in which to look, and what that means for the reader.
PIP_FAILURES = [
    ("No space left on device", DISK_FULL),
    ("DO NOT MATCH THE HASHES", "a download is not what requirements.lock names: try again"),
    ("Retrying (Retry(", "no package index can be reached: check network, proxy and pip settings"),
    ("No matching distribution found", "nothing is locked for this Python: try Python 3.11 to 3.14"),
]


class SetupError(Exception):
    """Something for the reader to mend; the message says what, in one line."""


def say(message: str) -> None:
    print(message, flush=True)


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def require_python(version: Tuple[int, ...]) -> None:
    """Refuse a Python that is too old, and name a newer one where there is one."""
    if version >= (3, 11):
        return
    newer = [f"python3.{minor}" for minor in (14, 13, 12, 11) if shutil.which(f"python3.{minor}")]
    advice = f"start it with `{newer[0]} run.py`" if newer else "install a newer one and start it with that"
    raise SetupError(f"Python 3.11 or newer is needed, and this is {version[0]}.{version[1]}: {advice}")


def venv_python(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(root: Path) -> str:
    """Everything an install depends on; the folder too, for a virtual environment does not survive a move."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {root}".encode())
    for name in ("requirements.lock", "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_installed(root: Path) -> bool:
    """Whether the last set-up ran to its end, for these very requirements, and its Python still exists."""
    stamp = root / ".venv" / "installed"
    return venv_python(root).exists() and stamp.exists() and stamp.read_text() == fingerprint(root)


def venv_command(has_module: Callable[[str], bool]) -> List[str]:
    """The command that makes a virtual environment, by what this Python has."""
    if has_module("venv") and has_module("ensurepip"):
        # Started from a virtual environment, .venv itself perhaps: build on the Python below that one.
        return [getattr(sys, "_base_executable", sys.executable), "-m", "venv"]
    if has_module("virtualenv"):
        return [sys.executable, "-m", "virtualenv", "--no-periodic-update"]
    raise SetupError("this Python has no venv module: install it (Debian, Ubuntu: apt install python3-venv)")


def explain(log: str) -> str:
    """Say in one line why an installation failed."""
    return next((meaning for sign, meaning in PIP_FAILURES if sign in log), "the installation failed")


def try_lock(descriptor: int) -> bool:
    """Take the lock if it is free; the system frees it when its holder ends, however it ends."""
    try:
        if fcntl:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


@contextmanager
def only_one(root: Path) -> Iterator[int]:
    """Let one start at a time work on .venv; another waits, and says so."""
    with (root / ".venv.lock").open("w") as handle:
        if not try_lock(handle.fileno()):
            say("Another start is setting up .venv: waiting for it.")
            while not try_lock(handle.fileno()):
                time.sleep(0.2)
        yield handle.fileno()


def run_step(what: str, command: List[str], root: Path, lock: int) -> None:
    """Run a slow command, its output in the log, and say how long it takes."""
    started = time.monotonic()
    log = root / ".venv.log"
    say(f"  {what} ...")
    settings = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "env": environment(root)}
    if fcntl:  # The child holds the lock too: if this script is killed, the next start waits for the child.
        settings["pass_fds"] = (lock,)
    with log.open("a") as output, subprocess.Popen(command, cwd=root, stdout=output, **settings) as process:
        try:
            while process.poll() is None:
                try:
                    process.wait(timeout=HEARTBEAT)
                except subprocess.TimeoutExpired:
                    say(f"  ... still at it after {time.monotonic() - started:.0f} s")
        finally:
            process.terminate()
    if process.returncode:
        raise SetupError(f"{explain(log.read_text(errors='replace'))} (details: {log})")
    say(f"  {what}: {time.monotonic() - started:.0f} s")


def install(root: Path, lock: int, has_module: Callable[[str], bool]) -> None:
    """Build .venv from nothing. The stamp comes last, so an interrupted install starts over."""
    started = time.monotonic()
    make_venv = venv_command(has_module)
    venv, log = root / ".venv", root / ".venv.log"
    if venv.exists():
        say("The set-up here is unfinished or out of date: starting over.")
        shutil.rmtree(venv)
    say(f"Setting up .venv, this once: one to five minutes, about 1 GB. Details: {log.name}")
    log.write_text("")
    # --no-user: "user = true" in the reader's own pip settings cannot work in a virtual environment.
    pip = [str(venv_python(root)), "-m", "pip", "install", "--no-user", "--no-input", "--no-deps"]
    steps = [
        ("making the environment", make_venv + [str(venv)]),
        ("installing the locked packages", pip + ["--require-hashes", "-r", "requirements.lock"]),
        ("installing procmem_lite", pip + ["--no-index", "--no-build-isolation", "-e", "."]),
        # Left to the first plot, this would print a warning into a notebook.
        ("listing the fonts", [str(venv_python(root)), "-c", "import matplotlib.font_manager"]),
    ]
    for what, command in steps:
        run_step(what, command, root, lock)
    (venv / "installed").write_text(fingerprint(root))
    say(f"Set up in {time.monotonic() - started:.0f} s.")


def set_up(root: Path, has_module: Callable[[str], bool] = has_module) -> None:
    """Make .venv complete, unless it already is; what was added once is added again."""
    if not is_installed(root):
        with only_one(root) as lock:
            if not is_installed(root):  # while we waited, another start may have done the work
                install(root, lock, has_module)
    for name in added(root):
        try:
            add_extra(root, name)
        except SetupError as error:  # all but one chapter can be read without
            say(f"Without {name} ({EXTRAS[name]}): {error}. Once more: python3 run.py add {name}")


def is_current(root: Path, name: str) -> bool:
    """Whether an extra is installed, as its lock is now."""
    stamp = root / ".venv" / f"installed-{name}"
    return stamp.exists() and stamp.read_text() == lock_of(root, name)


def lock_of(root: Path, name: str) -> str:
    """What tells one state of an extra's lock from another."""
    return hashlib.sha256((root / f"requirements-{name}.lock").read_bytes()).hexdigest()


def add_extra(root: Path, name: str) -> None:
    """Install what one command or chapter alone needs, from a lock of its own; once, until that lock changes."""
    if is_current(root, name):
        return
    with only_one(root) as lock:
        if is_current(root, name):  # while we waited, another start may have done the work
            return
        pip = [str(venv_python(root)), "-m", "pip", "install", "--no-user", "--no-input", "--no-deps"]
        pip += ["--require-hashes", "-r", f"requirements-{name}.lock"]
        run_step(f"installing what `{name}` needs", pip, root, lock)
        (root / ".venv" / f"installed-{name}").write_text(lock_of(root, name))


def added(root: Path) -> List[str]:
    """The extras that the reader has added; beside .venv, for a new set-up begins with removing that."""
    notes = root / ".venv.extras"
    names = notes.read_text().split() if notes.exists() else []
    return [name for name in names if name in EXTRAS]


def add(root: Path, names: List[str]) -> int:
    """Install extras, and remember them."""
    unknown = [name for name in names if name not in EXTRAS]
    if unknown or not names:
        there = "; ".join(f"{name} ({what})" for name, what in EXTRAS.items())
        wrong = f"there is no extra called {unknown[0]!r}" if unknown else "it needs a name"
        raise SetupError(f"add: {wrong}; there is {there}")
    for name in names:
        say(f"{name} is for {EXTRAS[name]}.")
        add_extra(root, name)
        (root / ".venv.extras").write_text("\n".join(sorted({name, *added(root)})) + "\n")
    return 0


def environment(root: Path) -> Dict[str, str]:
    """The variables to run under: .venv first, and no Python or Matplotlib settings from elsewhere."""
    variables = {k: v for k, v in os.environ.items() if k not in ELSEWHERE}
    variables["PATH"] = os.pathsep.join([str(venv_python(root).parent), variables.get("PATH", os.defpath)])
    variables["VIRTUAL_ENV"] = str(root / ".venv")
    variables["JUPYTER_PREFER_ENV_PATH"] = "1"
    variables["MPLCONFIGDIR"] = str(root / ".venv" / "matplotlib")
    return variables


def run(root: Path, *command: str) -> int:
    """Run Python from .venv in the foreground, without the reader's own Jupyter settings; its exit code."""
    variables = environment(root)
    variables["IPYTHONDIR"] = variables["JUPYTER_CONFIG_DIR"] = str(root / ".venv" / "settings")
    process = subprocess.Popen([str(venv_python(root)), *command], cwd=root, env=variables)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child has had it as well, and ends in its own way
            continue


def reader(root: Path, options: List[str]) -> Tuple[Dict[str, str], List[str]]:
    """The variables and options of a reader's JupyterLab: it keeps what they have done, and has no teacher's tools."""
    variables, told = environment(root), [option for option in options if option != "--validate"]
    settings = root / "procmem_lite" / "replay" / "jupyter" / ("reader" if told == options else "student")
    variables["PROCMEM_PROGRESS"] = str(root / "notebooks" / ".progress.json")
    own = [variables["JUPYTER_CONFIG_PATH"]] if variables.get("JUPYTER_CONFIG_PATH") else []
    variables["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(settings)] + own)
    return variables, told


def lab(root: Path, options: List[str]) -> int:
    """Open the series in JupyterLab."""
    variables, options = reader(root, options)
    command = [str(venv_python(root)), "-m", "jupyterlab", f"--ServerApp.root_dir={root}", ENCRYPT]
    command += ["--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"]
    if os.name == "nt":
        return subprocess.call(command + options, cwd=root, env=variables)
    if os.geteuid() == 0:
        command.append("--allow-root")
    # JupyterLab takes this script's place, so that whoever stops one has stopped the other.
    os.chdir(root)
    os.execve(command[0], command + options, variables)


def course(root: Path, options: List[str]) -> int:
    """Run one step of the course, or release what is missing and open it; notebooks/assignments/README.md has more."""
    command = [str(venv_python(root)), str(root / "notebooks" / "assignments" / "course.py")] + options
    if os.name == "nt":
        return subprocess.call(command, env=environment(root))
    os.execve(command[0], command, environment(root))


def book(root: Path, options: List[str]) -> int:
    """Build the series as a web site."""
    add_extra(root, "book")
    return run(root, "tests/tools/book.py", *options)


def seconds(cases: List[ElementTree.Element]) -> Dict[str, float]:
    """Part of the test command -> seconds of work, from the cases in a report of pytest's."""
    found = {}  # type: Dict[str, float]
    for case in cases:
        where = case.get("classname", "") + "."
        part = max((each for each in PARTS if where.startswith(each + ".")), key=len, default="")
        name = PARTS.get(part, "others")
        found[name] = found.get(name, 0.0) + float(case.get("time", 0))
    return found


def as_stored(cases: List[ElementTree.Element]) -> Set[str]:
    """The chapters that came out in the browser as they are stored."""
    bad = ("skipped", "failure", "error")
    names = [case.get("name", "") for case in cases if all(case.find(each) is None for each in bad)]
    return {name[len(STORED):-1] for name in names if name.startswith(STORED)}


def test(root: Path, options: List[str]) -> int:
    """Run everything that must hold: code style, unit tests, each notebook against its stored outputs.

    Tests are run two at a time, so the seconds of the parts add up to more than the whole. A chapter that came out in
    the browser as it is stored is not run once more; where there is no browser, all of them are.
    """
    # The cells of a notebook share a kernel: loadfile keeps them on one worker.
    compare = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    compare += ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300"]
    compare += ["--nbval-sanitize-with=tests/nbval_sanitize.cfg"]
    for name in EXTRAS:
        if (root / f"requirements-{name}.lock").exists() and not is_current(root, name):
            say(f"The tests need {name} too ({EXTRAS[name]}).")
            add_extra(root, name)
    report, done = root / ".venv" / "report.xml", set()  # type: Path, Set[str]
    summary, failed = [], False
    for name, command in [
        ("code style", ["ruff", "check", "--output-format=concise", "."]),
        ("unit tests", ["pytest", "-p", "no:nbval", "-n", "2", *options]),
        ("notebooks", ["pytest", *compare]),
    ]:
        say(f"\n== {name} ==")
        if name == "notebooks":
            command += notebooks(root, done)
        if command[0] == "pytest":
            command.append(f"--junitxml={report}")
        started = time.monotonic()
        code = run(root, "-m", *command)
        failed = failed or code != 0
        summary.append(f"{name}: {'FAILED' if code else 'passed'} in {time.monotonic() - started:.0f} s")
        if report.exists():
            cases = list(ElementTree.parse(report).iter("testcase"))
            done |= as_stored(cases)
            summary += [f"    {part}: {spent:.0f} s" for part, spent in seconds(cases).items()]
            report.unlink()
    say("\n" + "\n".join(summary))
    return int(failed)


def notebooks(root: Path, done: Set[str]) -> List[str]:
    """The chapters that are not done yet, and the solutions; what takes longest is at the end of the series."""
    folders = (root / "notebooks", root / "notebooks" / "solutions")
    paths = [path for folder in folders for path in sorted(folder.glob("*.ipynb"), reverse=True)]
    return [str(path.relative_to(root)) for path in paths if path.name not in done] or ["notebooks"]


def clean(root: Path) -> int:
    """Remove what set-up has made."""
    with only_one(root):
        if (root / ".venv").exists():
            shutil.rmtree(root / ".venv")
        for name in (".venv.log", ".venv.extras"):
            (root / name).unlink(missing_ok=True)
    say("Removed .venv.")
    return 0


def main(arguments: List[str], root: Path = ROOT) -> int:
    commands = {
        "lab": lab,
        "course": course,
        "book": book,
        "add": add,
        "test": test,
        "bench": lambda root, options: run(root, "tests/benchmarks/run_all.py", *options),
        "refresh": lambda root, options: run(root, "tests/tools/refresh.py", *options),
    }
    name, options = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        require_python(sys.version_info[:2])
        if name == "clean":
            return clean(root)
        if name not in commands:
            say(__doc__.strip())
            return 0 if name in ("help", "-h", "--help") else 2
        set_up(root)
        return commands[name](root, options)
    except SetupError as error:
        print(f"run.py: {error}", file=sys.stderr)
    except OSError as error:
        print(f"run.py: {DISK_FULL if error.errno == errno.ENOSPC else error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nrun.py: interrupted; an unfinished set-up starts over the next time", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
