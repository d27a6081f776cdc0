"""The wall between a student's code and the grader, brick by brick."""

from __future__ import annotations

import ctypes
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from classmates import ASSIGNMENTS

pytestmark = pytest.mark.classroom


@pytest.fixture(scope="module")
def sandbox() -> Iterator[object]:
    """The course's module; it lives beside the assignments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ASSIGNMENTS))
        import sandbox

        yield sandbox
        sys.modules.pop("sandbox", None)


def value(sandbox: object, code: str, *arguments: object, **limits: object) -> object:
    """What ``f`` returns, where its last line is ``return code``."""
    with sandbox.Sandbox([f"import os, sys\nfrom pathlib import Path\ndef f(*a):\n    {code}"], **limits) as box:
        return box.call("f", *arguments)


@pytest.fixture(scope="module")
def echo(sandbox) -> Iterator[Callable[[object], object]]:
    """A function behind the wall that returns what it is given."""
    with sandbox.Sandbox(["def f(sent):\n    return sent"]) as box:
        yield partial(box.call, "f")


@pytest.mark.parametrize("sent", [
    None, True, 3, -2.5, "a\nb", [1, (2, {3})], {"k": [None]}, {(1, 2): frozenset({"x"})}, np.float64(2), np.int32(4)])
def test_plain_data_come_back_as_they_are_types_included(echo, sent):
    found = echo(sent)
    assert found == sent
    assert type(found) is type(sent)


def test_arrays_keep_their_type_and_shape(echo):
    for sent in (np.zeros((2, 0)), np.arange(6, dtype=np.int32).reshape(2, 3), np.array([np.nan, np.inf]),
                 np.array(True)):
        found = echo(sent)
        assert found.dtype == sent.dtype
        np.testing.assert_array_equal(found, sent)


OPAQUE = ["return type('list', (list,), {})([1])", "return type('int', (int,), {})(1)", "return object()",
          "return lambda: 1", "return iter([1])", "return 10**4000", "x = []; x.append(x)\n    return len",
          "return b'bytes'", "class E:\n        __eq__ = lambda *x: True\n    return E()"]


@pytest.fixture(scope="module")
def opaque(sandbox) -> Iterator[Callable[[str], object]]:
    """``opaque(code)``: what comes back from a function with this body."""
    with sandbox.Sandbox([f"def f{number}():\n    {code}" for number, code in enumerate(OPAQUE)]) as box:
        yield lambda code: box.call(f"f{OPAQUE.index(code)}")


@pytest.mark.parametrize("code", OPAQUE)
def test_what_is_no_plain_data_equals_nothing(sandbox, opaque, code):
    found = opaque(code)
    assert type(found) is sandbox.Opaque
    for anything in (found.kind, [1], 1, None, True):
        assert found != anything


def test_a_circle_is_cut(sandbox):
    found = value(sandbox, "x = []; x.append(x)\n    return x")
    assert type(found) is list


def test_arguments_that_were_changed_look_changed_here_too(sandbox):
    mine = [[1, 2], {"a": 1}, {3}, np.zeros(2)]
    value(sandbox, "a[0].append(5); a[1].clear(); a[2].add(4); a[3][0] = 9", *mine)
    assert mine[:3] == [[1, 2, 5], {}, {3, 4}]
    assert mine[3].tolist() == [9, 0]


def test_errors_arrive_as_their_kind(sandbox):
    with pytest.raises(ValueError, match="k is wrong"):
        value(sandbox, "raise ValueError('k is wrong')")
    with pytest.raises(RuntimeError, match="Odd: strange"):
        value(sandbox, "raise type('Odd', (Exception,), {})('strange')")


@pytest.mark.parametrize(("code", "why"), [
    ("os._exit(0)", "ended the process"), ("os.kill(os.getpid(), 9) or os._exit(1)", "ended the process"),
    ("while True: pass", "still running after 1 s"), ("return 'x' * 10**8", "several megabytes"),
    ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: pass", "still running")])
def test_what_does_not_answer_is_stopped_and_the_next_function_lives(sandbox, code, why):
    cells = [f"import os\ndef f():\n    {code}", "def g():\n    return 'alive'"]
    with sandbox.Sandbox(cells, call_seconds=1 if "while" in code else 20) as box:
        with pytest.raises(sandbox.Stopped, match=why):
            box.call("f")
        box.call_seconds = 20
        assert box.call("g") == "alive"


def test_a_cell_that_ends_the_process_is_left_out_and_named(sandbox):
    with sandbox.Sandbox(["x = 1", "import os; os._exit(0)", "def g(): return x", "1 / 0"]) as box:
        assert box.call("g") == 1
        assert any("code cell 2" in note and "left out" in note for note in box.notes)
        assert any("code cell 4 stopped with ZeroDivisionError" in note for note in box.notes)


def test_memory_and_files_are_limited(sandbox):
    with pytest.raises(MemoryError):
        value(sandbox, "return len(bytearray(1 << 31))", megabytes=1024)
    with pytest.raises(OSError, match="large"):
        value(sandbox, "Path('big').write_bytes(bytes(1 << 25))")


def test_all_time_together_is_limited(sandbox):
    cells = ["import time\ndef f(): return 1\ndef g(): time.sleep(60)\ndef h(): return 1"]
    with sandbox.Sandbox(cells, call_seconds=50, total_seconds=60) as box:
        assert box.call("f") == 1
        box.deadline = time.monotonic() + 0.5
        with pytest.raises(sandbox.Stopped, match="g was cut off: the submission has used up all its time"):
            box.call("g")
        with pytest.raises(sandbox.Stopped, match="h was not run: the submission has used up all its time"):
            box.call("h")


@pytest.mark.parametrize("cell", ["while True: pass", "import os; os._exit(0)"])
@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.1, 0.3])
def test_wherever_the_clock_runs_out_the_reason_says_so(sandbox, cell: str, seconds: float):
    """While a process starts, in a cell, in a call, or between them."""
    with sandbox.Sandbox([cell, "def f(): return 1"], total_seconds=seconds) as box:
        def again_and_again() -> None:
            while box.call("f") == 1:
                box.stop()

        with pytest.raises(sandbox.Stopped, match="(not run|cut off): the submission has used up all its time"):
            again_and_again()


def test_starting_again_is_on_the_submissions_clock(sandbox):
    with sandbox.Sandbox(["import os; os._exit(0)"] * 99 + ["def f(): return 1"], total_seconds=3) as box:
        with pytest.raises(sandbox.Stopped, match="used up all its time"):
            box.call("f")
        assert sum("left out" in note for note in box.notes) < 99


@pytest.mark.parametrize("code", [
    "return {n * (2**61 - 1) for n in range(1, 2500)}", "return {n: n for n in range(2500)}", "return 2**61",
    "return [frozenset(range(3000))]"])
def test_what_could_cost_the_grader_minutes_to_look_at_is_not_taken(sandbox, code):
    found = value(sandbox, code)
    assert type(found[0] if type(found) is list else found) is sandbox.Opaque


def test_nor_is_it_from_a_process_that_keeps_to_no_rule(sandbox):
    for sent in (["set", [["int", n * (2**61 - 1)] for n in range(1, 40_000)]], ["int", 10**30],
                 ["dict", [[["int", n], ["int", n]] for n in range(3000)]]):
        assert type(sandbox.decode(sent)) is sandbox.Opaque


def test_a_test_that_a_wrong_answer_keeps_busy_ends_and_those_before_it_count(monkeypatch):
    """As when a list of numbers that collide is made into a set."""
    monkeypatch.syspath_prepend(str(ASSIGNMENTS))
    grading = importlib.import_module("grading")

    def work(tell: Callable[[tuple], None], place: str) -> None:
        tell(("first", 1))
        {n * (2**61 - 1) for n in range(10**6)}  # for hours
        tell(("second", 2))

    assert list(grading.within(1.0, work)) == [("first", 1)]


def test_nothing_outlives_a_submission(sandbox, tmp_path):
    mark = f"outlives-{tmp_path.name}"
    code = "import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', " \
           f"{mark!r}], start_new_session=True); return 1"
    if not sandbox.isolation():
        pytest.skip("no namespaces on this machine")
    assert value(sandbox, code) == 1
    alive = [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]
    assert alive == []


def test_a_submission_ends_when_its_grader_is_killed(sandbox, tmp_path):
    if not sandbox.isolation():
        pytest.skip("no namespaces on this machine")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox import Sandbox; box = Sandbox(['print()', " \
           "'while True: pass'], call_seconds=60); box.start()"
    there = os.environ | {"TMPDIR": str(tmp_path)}  # what it leaves behind lies there
    grader = subprocess.Popen([sys.executable, "-c", code, str(ASSIGNMENTS)], env=there)
    try:
        workers = waiting_for(lambda: busy_below(grader.pid))
        assert workers, "the submission did not start"
    finally:
        grader.kill()
        grader.wait()
    assert waiting_for(lambda: not any(worker.is_running() for worker in workers)), "it runs on without its grader"


def busy_below(pid: int) -> list[psutil.Process]:
    """Processes below this one that have used the processor for a second."""
    below = psutil.Process(pid).children(recursive=True)
    return [each for each in below if sum(each.cpu_times()[:2]) > 1.0]


def waiting_for(condition: Callable[[], object]) -> object:
    """What a condition gives once it holds, or after a minute."""
    deadline = time.monotonic() + 60
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("answer", [
    ["ndarray", ["S1000000000", [1], ["x"]]], ["ndarray", ["float64", [7], [1.0]]], ["ndarray", ["O", [1], [1]]],
    ["scalar", ["V10", 1]], ["int", 1.5], ["bool", 1], ["str", None], ["list", 3], ["set", [["list", []]]], "x", None,
    ["Percept", {"facts": ["int", 1], "more": ["int", 1]}], ["dict", [[["int", 1]]]]])
def test_a_malformed_answer_is_opaque(sandbox, answer):
    assert type(sandbox.decode(answer)) is sandbox.Opaque


@pytest.fixture(scope="module")
def locked(sandbox) -> object:
    with sandbox.Sandbox([]) as box:
        box.start()
        if sys.platform != "linux" or ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
            pytest.skip("no Landlock on this machine")
        assert box.protected, "the kernel has Landlock, and the sandbox does not use it"
    return sandbox


@pytest.mark.parametrize("code", [
    "return Path(a[0], 'secret.txt').read_text()", "return os.listdir(a[0])", "Path(a[0], 'new').write_text('x')",
    "os.remove(a[0] + '/secret.txt')", "os.rename(a[0] + '/secret.txt', 'mine')",
    "os.symlink(a[0] + '/secret.txt', 'l')\n    return Path('l').read_text()",
    "return Path(f'/proc/{os.getppid()}/environ').read_text()",
    "import subprocess; return subprocess.run(['cat', a[0] + '/secret.txt'], capture_output=True, check=True).stdout"])
def test_other_folders_can_be_neither_read_nor_written(locked, tmp_path: Path, code: str):
    tmp_path.chmod(0o777)
    (tmp_path / "secret.txt").write_text("the answer")
    with pytest.raises((OSError, RuntimeError)):
        value(locked, code, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]


def test_there_is_no_network(locked):
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(OSError, match="."):
            value(locked, "import socket; socket.create_connection(('127.0.0.1', a[0]), 2)", server.getsockname()[1])


# What the kernel keeps outside the file system, and what outlives a process: each leaves "the answer", or looks for it.
KEPT = {
    "System V memory": ("memory = libc.shmat(libc.shmget(777, 4096, 0o1666), None, 0)",
                        "ctypes.memmove(memory, b'the answer', 11)", "return ctypes.string_at(memory)"),
    "System V messages": ("queue, text = libc.msgget(778, 0o1666), ctypes.create_string_buffer(64)",
                          "text.raw = b'\\1' + bytes(7) + b'the answer'; libc.msgsnd(queue, text, 11, 0o4000)",
                          "libc.msgrcv(queue, text, 50, 0, 0o4000); return text.raw[8:18]"),
    "a System V semaphore": ("number = libc.semget(779, 1, 0o1666)", "libc.semctl(number, 0, 16, 42)",
                             "return libc.semctl(number, 0, 12) == 42 and b'the answer'"),
    "a POSIX queue": ("queue, text = libc.mq_open(b'/answers', 0o102, 0o666, None), ctypes.create_string_buffer(8192)",
                      "libc.mq_send(queue, b'the answer', 11, 0)",
                      "libc.fcntl(queue, 4, 0o4000); libc.mq_receive(queue, text, 8192, None); return text.value"),
    "a file in shared memory": ("path = '/dev/shm/answers'", "open(path, 'wb').write(b'the answer')",
                                "return open(path, 'rb').read()"),
    "a key": ("", "libc.syscall(248, b'user', b'answers', b'the answer', 11, -4)",
              "text = ctypes.create_string_buffer(64); libc.syscall(250, 11, libc.syscall(250, 10, -4, b'user', "
              "b'answers', 0), text, 64); return text.value"),
    "a socket without a file": ("import socket; s = socket.socket(socket.AF_UNIX)",
                                "s.bind('\\0answers'); s.listen(); globals()['kept'] = s",
                                "s.connect('\\0answers'); return b'the answer'"),
}


@pytest.mark.parametrize("walls", ["namespaces and filter", "filter"])
@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_left_for_the_next_student_outside_the_file_system(locked, monkeypatch, what: str, walls: str):
    if walls == "filter":
        monkeypatch.setattr(locked, "isolation", lambda: ())
    first, leave, take = KEPT[what]
    code = "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_void_p\n" \
           "for each in (libc.semctl, libc.fcntl, libc.mq_open):\n    each.restype = ctypes.c_int\n" \
           f"def look():\n    {first}\n    {{}}\n" \
           "def f():\n    found = look()\n    return found.decode() if isinstance(found, bytes) else found"
    with locked.Sandbox([code.format(leave)]) as one, locked.Sandbox([code.format(take)]) as other:
        found = []
        for box in (one, other):
            try:
                found.append(box.call("f"))
            except (Exception, locked.Stopped) as error:
                found.append(error)
        assert one.closed, "the filter of system calls is not in force"
        assert "the answer" not in repr(found[1])


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize("landlock", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_what_a_machine_cannot_protect_is_said_in_a_line_for_each(sandbox, monkeypatch, capsys, namespaces: bool,
                                                                  landlock: bool, closed: bool):
    course = importlib.import_module("course")

    def start(box: object) -> None:
        box.protected, box.closed = landlock, closed

    monkeypatch.setattr(sandbox, "isolation", lambda: ("unshare",) if namespaces else ())
    monkeypatch.setattr(sandbox.Sandbox, "start", start)
    course.warn_of_open_doors()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (not landlock) + (not namespaces or not closed)
    text = "\n".join(lines)
    assert ("read and write what you can" in text) is not landlock
    assert ("end other processes" in text) is not namespaces
    assert ("network" in text) is not (namespaces or closed)
    assert ("keys in the kernel" in text) is (namespaces and not closed)


@pytest.mark.parametrize(("content", "why"), [
    (b"", "the file is empty"), (b" \n", "the file is empty"), (b"%PDF-1.7 ...", "a PDF"),
    (b"<!DOCTYPE html>", "a web page"), (b"PK\3\4...", "an archive"), (b'{"cells": 5}', "its JSON"),
    (b"\0\xff\xfe", "not a notebook"), (b"[" * 10**5, "not a notebook"), (b"My best", "this is not a notebook")])
def test_what_is_no_notebook_is_named(sandbox, tmp_path: Path, content: bytes, why: str):
    submission = importlib.import_module("submission")
    (tmp_path / "work.ipynb").write_bytes(content)
    with pytest.raises(submission.Unacceptable, match=why):
        submission.read(tmp_path / "work.ipynb")
