"""The student's side of grading: runs a submission's cells, then calls its functions. Started by sandbox.py alone.

Requests come in as pickles from the grader, answers go out as lines of JSON that hold plain data only: whatever else a
function returns is named by its type, never handed over. Everything here is in the hands of the student's code, so
nothing that counts is decided here and nothing secret is ever sent here.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import importlib
import itertools
import json
import os
import pickle
import resource
import struct
import sys
import types

MAX_DEPTH, MAX_ITEMS = 20, 200_000

# ---------------------------------------------------------------- giving up rights

LIBC = ctypes.CDLL(None, use_errno=True)
READ = 0b1101  # execute, read a file, list a folder


def landlock(readable: list[str], writable: list[str]) -> bool:
    """Let this process and its children see these folders and nothing else, for ever (Linux 5.13, Landlock)."""
    version = LIBC.syscall(444, None, 0, 1)
    if version < 1:
        return False
    files = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)  # no TCP; no signals to others
    rules = struct.pack("QQQ", files, network, scope)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = LIBC.syscall(444, rules, size, 0)
    for folder, rights in [*((f, READ) for f in readable), *((f, files) for f in writable)]:
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_PATH)
            if not os.path.isdir(folder):
                rights &= 0b10111  # what can be done to a file
            LIBC.syscall(445, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
            os.close(handle)
    LIBC.prctl(38, 1, 0, 0, 0)  # no new privileges
    return LIBC.syscall(446, ruleset, 0) == 0


def drop_root(become: int | None) -> None:
    """Be nobody; where nobody could not read Python itself, stay root in name, without any of root's powers."""
    if os.geteuid() != 0:
        return
    if become is not None:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(become, become, become)
            os.setresuid(become, become, become)
            return
    header, nothing = struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *[0] * 6)
    LIBC.capset(header, nothing)


def limit(kind: int, value: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


# ---------------------------------------------------------------- plain data


def encode(value: object, depth: int = 0) -> list:
    """A value as ``[type name, content]``; types are compared exactly, so a subclass is not what it pretends to be."""
    kind = type(value)
    if depth > MAX_DEPTH:
        return ["object", "something nested too deep"]
    if value is None or kind in (bool, int, float, str):
        if kind is int and abs(value) >= 1 << 512:
            return ["object", "an enormous int"]
        return [kind.__name__, value]
    if kind in (list, tuple, set, frozenset):
        if len(value) > MAX_ITEMS:
            return ["object", f"a {kind.__name__} of {len(value)} items"]
        return [kind.__name__, [encode(item, depth + 1) for item in value]]
    if kind is dict:
        if len(value) > MAX_ITEMS:
            return ["object", f"a dict of {len(value)} items"]
        return ["dict", [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]]
    numpy = sys.modules.get("numpy")
    if numpy is not None and kind is numpy.ndarray and value.dtype.kind in "biuf" and value.size <= MAX_ITEMS:
        return ["ndarray", [str(value.dtype), list(value.shape), value.ravel().tolist()]]
    if numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biuf":
        return ["scalar", [str(value.dtype), value.item()]]
    if kind.__module__.startswith("procmem_lite.") and kind.__name__ in ("Percept", "Interval"):
        names = {"Percept": ("facts", "objects", "place", "around"), "Interval": ("value", "low", "high")}
        return [kind.__name__, {name: encode(getattr(value, name), depth + 1) for name in names[kind.__name__]}]
    return ["object", kind.__name__]


# ---------------------------------------------------------------- a notebook's cells


class Shell:
    """What magics and shell lines meet: nothing happens."""

    def __getattr__(self, name: str) -> object:
        return lambda *arguments, **settings: None


def settle_chance() -> None:
    """Make code that draws without a seed draw the same on every run, and still something new on every call."""
    import random

    import numpy

    random.seed(0)
    numpy.random.seed(0)  # noqa: NPY002
    seeded, seeds = numpy.random.default_rng, itertools.count(1)
    numpy.random.default_rng = lambda seed=None: seeded(next(seeds) if seed is None else seed)


class Later(types.ModuleType):
    """Stands for Matplotlib until somebody draws: loading it takes longer than most submissions run."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        for each in [each for each, module in sys.modules.items() if isinstance(module, Later)]:
            del sys.modules[each]
        return getattr(importlib.import_module(self.__name__), name)


def run_cell(source: str, space: dict) -> None:
    """Run one cell as a notebook would; magics and shell lines do nothing."""
    if any(line.lstrip().startswith(("%", "!", "?")) or line.rstrip().endswith("?") for line in source.splitlines()):
        from IPython.core.inputtransformer2 import TransformerManager

        source = TransformerManager().transform_cell(source)
    tree = ast.parse(source, "<your notebook>")
    exec(compile(tree, "<your notebook>", "exec"), space)


def trouble(error: BaseException) -> list[str]:
    """An exception as its type and its message."""
    try:
        message = str(error)[:500]
    except BaseException:
        message = "an error whose text cannot be read"
    return [type(error).__name__, message]


def answer(space: dict, request: tuple) -> dict:
    """Do one thing that was asked for: run a cell, or call a function."""
    what, content = request
    try:
        if what == "run":
            run_cell(content, space)
            return {"ok": ["NoneType", None]}
        name, arguments, settings = pickle.loads(content)
        function = space.get(name)
        if not callable(function):
            return {"error": ["NameError", f"there is no function {name}"]}
        before = [look(each) for each in arguments]
        returned = function(*arguments, **settings)
        after = [look(each) for each in arguments]
        return {"ok": encode(returned), "arguments": [new if new != old else None for old, new in zip(before, after)]}
    except BaseException as error:
        return {"error": trouble(error)}


def look(argument: object) -> list | None:
    """What can be seen of an argument that a function might change."""
    return encode(argument) if isinstance(argument, (list, dict, set)) or hasattr(argument, "dtype") else None


def read_exactly(stream: object, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        os._exit(0)  # the grader has gone
    return data


def main(settings: dict) -> None:
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    import numpy  # noqa: F401  (before the rights are gone, and once for all)
    import procmem_lite

    settle_chance()
    module = types.ModuleType("assignment")
    sys.modules["assignment"] = module
    space = module.__dict__
    pyplot = sys.modules["matplotlib.pyplot"] = Later("matplotlib.pyplot")
    sys.modules["matplotlib"] = Later("matplotlib")
    sys.modules["matplotlib"].pyplot = pyplot
    space["get_ipython"] = Shell
    space["display"] = lambda *things, **more: None
    folder, megabytes = settings["folder"], settings["megabytes"]
    os.chdir(folder)
    sys.path[:] = [entry for entry in sys.path if entry not in ("", settings["here"])]
    readable = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/proc/self",
                "/proc/meminfo", "/proc/cpuinfo", "/dev/urandom", "/dev/zero", sys.prefix, sys.base_prefix,
                os.path.dirname(procmem_lite.__file__)]
    locked = landlock(readable, [folder, os.devnull])
    drop_root(settings["become"])
    for kind, value in ((resource.RLIMIT_AS, megabytes << 20), (resource.RLIMIT_FSIZE, 16 << 20),
                        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, settings["seconds"]),
                        (resource.RLIMIT_NOFILE, 128)):
        limit(kind, value)
    if settings["alone"]:
        limit(resource.RLIMIT_NPROC, 32)
    print(json.dumps({"ready": locked}), file=answers, flush=True)
    while True:
        size = struct.unpack(">I", read_exactly(requests, 4))[0]
        reply = answer(space, pickle.loads(read_exactly(requests, size)))
        try:
            line = json.dumps(reply)
        except BaseException as error:
            line = json.dumps({"error": trouble(error)})
        print(line, file=answers, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
