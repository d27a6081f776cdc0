"""Run a student's code in a process of its own, hand it inputs one at a time, and take back plain data alone.

What a submission is kept from, and where (see README.md): time, memory and file size are limited on every POSIX system;
on Linux the process sees no folder but Python's and a temporary one (Landlock), has no network and no memory, messages
or keys in common with anybody (a filter of system calls, and namespaces of its own) and, where the grader is root, no
rights of root.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import json
import os
import pickle
import selectors
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import procmem_lite
from procmem_lite import Percept
from procmem_lite.lab.statistics import Interval

HERE = Path(__file__).resolve().parent
ANSWER_BYTES = 4 << 20
HASHED = 2000  # items of a set or dictionary: more could be chosen so that all collide, and cost the grader minutes
LARGEST = 1 << 60  # beyond it lie the numbers that collide
NOBODY = 65534


ALL_USED = "the submission has used up all its time"
OUT_OF_TIME = f"was not run: {ALL_USED}"


class Opaque:
    """What came back and was no plain data: equal to nothing, good for nothing, but it has a name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


class Stopped(Exception):
    """The student's process did not answer; the message says why."""


def decode(coded: object, depth: int = 0) -> object:
    """``[type name, content]`` as a value; anything malformed is opaque."""
    try:
        kind, content = coded
        if depth > 25:
            raise ValueError
        plain = {"NoneType": type(None), "bool": bool, "int": int, "float": float, "str": str}
        if kind in plain:
            if kind == "int" and type(content) is int and abs(content) >= LARGEST:
                return Opaque("an enormous int")
            return content if type(content) is plain[kind] else Opaque("an unreadable answer")
        if kind in ("set", "frozenset", "dict") and len(content) > HASHED:
            return Opaque(f"a {kind} of {len(content)} items")
        if kind in ("list", "tuple", "set", "frozenset"):
            return getattr(builtins, kind)([decode(item, depth + 1) for item in content])
        if kind == "dict":
            return {decode(key, depth + 1): decode(item, depth + 1) for key, item in content}
        if kind == "ndarray":
            dtype, shape, items = content
            return np.array(items, dtype=number_type(dtype)).reshape(shape)
        if kind == "scalar":
            return number_type(content[0]).type(content[1])
        if kind == "Percept":
            return Percept(**{name: decode(item, depth + 1) for name, item in content.items()})
        if kind == "Interval":
            return Interval(**{name: decode(item, depth + 1) for name, item in content.items()})
        return Opaque(str(content)[:80])
    except Exception:
        return Opaque("an unreadable answer")


def number_type(name: str) -> np.dtype:
    """A NumPy type of plain numbers, and no other."""
    found = np.dtype(name)
    if found.kind not in "biuf":
        raise ValueError(name)
    return found


def rebuild(error: list) -> Exception:
    """The exception that the student's code raised, as one of Python's own."""
    name, message = (str(part) for part in error)
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, (UnicodeError, ExceptionGroup)):
        return kind(message)
    return RuntimeError(f"{name}: {message}")


@functools.cache
def isolation() -> tuple[str, ...]:
    """The command that puts a process into namespaces of its own, if there is one: no network, no other processes, and
    nobody else's messages, semaphores and memory.

    Everything in them ends when the grader does, however it ends.
    """
    if not (shutil.which("unshare") and shutil.which("setpriv")):
        return ()
    for user in ([], ["--user", "--map-root-user"]):
        command = ("setpriv", "--pdeathsig", "KILL", "unshare", *user, "--net", "--ipc", "--pid", "--fork",
                   "--kill-child")
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            return command
    return ()


@functools.cache
def may_be_nobody() -> bool:
    """Whether root's grader can run students' code as nobody: that one must be able to read Python and the package."""
    if os.geteuid() != 0:
        return False
    needed = {sys.prefix, sys.base_prefix, str(Path(procmem_lite.__file__).parent)}
    return all(path.stat().st_mode & 1 for each in needed for path in [Path(each).resolve(), *Path(each).parents])


class Sandbox:
    """One submission's process. Ends with the block it was opened in."""

    def __init__(self, cells: list[str], call_seconds: float = 10, total_seconds: float = 120,
                 megabytes: int = 2048, place: str | None = None) -> None:
        self.cells, self.call_seconds, self.megabytes, self.place = list(cells), call_seconds, megabytes, place
        self.deadline = time.monotonic() + total_seconds  # the grader's work for this submission counts, too
        self.notes: list[str] = []  # what happened to cells
        self.skipped: set[int] = set()  # cells that ended or froze the process
        self.stuck: dict[str, str] = {}  # functions that did
        self.process: subprocess.Popen | None = None
        self.protected = self.closed = False  # files; messages, memory and network

    @property
    def left(self) -> float:
        """Seconds that the submission has left."""
        return self.deadline - time.monotonic()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *what: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process and all it started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.process = None
        # However deep folders lie in it: where they are a thousand, Python's own command gives up.
        subprocess.run(["rm", "-rf", self.folder], stderr=subprocess.DEVNULL)

    def start(self) -> None:
        """Start a process and run the cells in it, one by one; one that ends it is left out the next time."""
        while self.process is None:
            if self.left <= 0:
                raise Stopped(OUT_OF_TIME)
            self.launch()
            for number, source in enumerate(self.cells):
                if number in self.skipped:
                    continue
                try:
                    reply = self.ask(("run", source))
                except Stopped as stopped:
                    if self.left <= 0:
                        raise Stopped(OUT_OF_TIME) from None
                    self.skipped.add(number)
                    self.notes.append(f"code cell {number + 1} {stopped}, and was left out")
                    break
                if "error" in reply:
                    self.notes.append(f"code cell {number + 1} stopped with {': '.join(map(str, reply['error']))}")
            else:
                return
            self.notes = [note for note in self.notes if "left out" in note]

    def launch(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="submission", dir=self.place)
        become = NOBODY if may_be_nobody() else None
        if become:
            os.chown(self.folder, become, become)
        settings = {"folder": self.folder, "megabytes": self.megabytes, "become": become, "here": str(HERE),
                    "seconds": int(self.left) + 5, "alone": bool(isolation())}
        environment = {"PATH": os.defpath, "HOME": self.folder, "TMPDIR": self.folder, "PYTHONHASHSEED": "0",
                       "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "LC_ALL": "C.UTF-8",
                       "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", self.folder), "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONPATH": str(Path(procmem_lite.__file__).resolve().parents[1])}
        command = [*isolation(), sys.executable, "-P", str(HERE / "worker.py"), json.dumps(settings)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                        stderr=subprocess.DEVNULL, env=environment, cwd=self.folder,
                                        start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stdin.fileno(), False)
        try:
            ready = self.receive(60)  # a busy machine may take its time
            self.protected, self.closed = ready.get("landlock") is True, ready.get("closed") is True
        except Stopped as stopped:
            if self.left <= 0:
                raise Stopped(OUT_OF_TIME) from None
            raise RuntimeError(f"the grading process did not start: it {stopped}") from None

    def ask(self, request: tuple) -> dict:
        """Send one request and wait for its answer; Stopped where none comes."""
        if self.left <= 0:
            raise Stopped(OUT_OF_TIME)
        data = pickle.dumps(request)
        try:
            self.send(struct.pack(">I", len(data)) + data, self.call_seconds)
            return self.receive(self.call_seconds)
        except (BrokenPipeError, ConnectionResetError):
            raise self.ended() from None

    def send(self, data: bytes, seconds: float) -> None:
        deadline, view = min(time.monotonic() + seconds, self.deadline), memoryview(data)
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdin, selectors.EVENT_WRITE)
            while view:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise self.late("does not read what it is given")
                view = view[os.write(self.process.stdin.fileno(), view):]

    def receive(self, seconds: float) -> dict:
        deadline, data = min(time.monotonic() + seconds, self.deadline), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not data.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise self.late(f"was still running after {seconds:g} s")
                more = os.read(self.process.stdout.fileno(), 1 << 16)
                if not more:
                    raise self.ended()
                data += more
                if len(data) > ANSWER_BYTES:
                    self.stop()
                    raise Stopped("gave an answer of several megabytes")
        try:
            reply = json.loads(bytes(data))
            return reply if isinstance(reply, dict) else {}
        except (ValueError, RecursionError):
            return {}

    def late(self, why: str) -> Stopped:
        """Why there is no answer: the submission's time may have been over before the call's own was."""
        why = why if self.left > 0 else f"was cut off: {ALL_USED}"
        self.stop()
        return Stopped(why)

    def ended(self) -> Stopped:
        self.stop()
        return Stopped("ended the process (an exit, a crash, or no memory left)")

    def call(self, name: str, *arguments: object, **settings: object) -> object:
        """What a function of the submission returns, as plain data; what it does to its arguments is done here too."""
        if name in self.stuck:
            raise Stopped(self.stuck[name])
        content = pickle.dumps((name, arguments, settings))
        try:
            self.start()
            reply = self.ask(("call", content))
        except Stopped as stopped:
            self.stuck[name] = f"{name} {stopped}"
            raise Stopped(self.stuck[name]) from None
        if isinstance(reply.get("error"), list) and len(reply["error"]) == 2:
            raise rebuild(reply["error"])
        changed = reply.get("arguments")
        for mine, theirs in zip(arguments, changed if isinstance(changed, list) else []):
            if theirs is not None:
                copy_back(mine, decode(theirs))
        return decode(reply.get("ok"))


def copy_back(mine: object, theirs: object) -> None:
    """Make a list, dictionary, set or array look as the student's code has left it."""
    if type(mine) is not type(theirs):
        return
    if type(mine) is list:
        mine[:] = theirs
    elif type(mine) in (dict, set):
        mine.clear()
        mine.update(theirs)
    elif type(mine) is np.ndarray and mine.shape == theirs.shape:
        mine[...] = theirs
