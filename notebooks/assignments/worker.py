"""The student's side of grading: runs a submission's cells, then calls its functions. Started by sandbox.py alone.

Requests come in as pickles from the grader, answers go out as lines of JSON that hold plain data only: whatever else a
function returns is named by its type, never handed over. Everything here is in the hands of the student's code, so
nothing that counts is decided here and nothing secret is ever sent here.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import os
import pickle
import resource
import struct
import sys
import types

MAX_DEPTH, MAX_ITEMS, HASHED = 20, 200_000, 2000

# ---------------------------------------------------------------- plain data


def encode(value: object, depth: int = 0) -> list:
    """A value as ``[type name, content]``; types are compared exactly, so a subclass is not what it pretends to be."""
    kind = type(value)
    if depth > MAX_DEPTH:
        return ["object", "something nested too deep"]
    if value is None or kind in (bool, int, float, str):
        if kind is int and abs(value) >= 1 << 60:
            return ["object", "an enormous int"]
        return [kind.__name__, value]
    if kind in (list, tuple, set, frozenset):
        if len(value) > (HASHED if kind in (set, frozenset) else MAX_ITEMS):
            return ["object", f"a {kind.__name__} of {len(value)} items"]
        return [kind.__name__, [encode(item, depth + 1) for item in value]]
    if kind is dict:
        if len(value) > HASHED:
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
        if name.startswith("__") and name != "__path__":  # that one is asked for by whoever imports a part of it
            raise AttributeError(name)
        for each in [each for each, module in sys.modules.items() if isinstance(module, Later)]:
            del sys.modules[each]
        return getattr(importlib.import_module(self.__name__), name)


class Package:
    """Finds procmem_lite, which not every submission needs, where its folder's folder may not be looked at."""

    def __init__(self) -> None:
        self.spec = importlib.util.find_spec("procmem_lite")
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        """Where it was when there were rights to look."""
        return self.spec if name == "procmem_lite" else None


def trouble(error: BaseException) -> list[str]:
    """An exception as its type and its message."""
    try:
        message = str(error)[:500]
    except BaseException:
        message = "an error whose text cannot be read"
    return [type(error).__name__, message]


def answer(shell: object, request: tuple) -> dict:
    """Do one thing that was asked for: run a cell, or call a function."""
    what, content = request
    try:
        if what == "run":
            shell.run(content)
            return {"ok": ["NoneType", None]}
        name, arguments, settings = pickle.loads(content)
        function = shell.user_ns.get(name)
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
    import numpy  # noqa: F401  (before the rights are gone)

    settle_chance()
    module = sys.modules["assignment"] = sys.modules["__main__"] = types.ModuleType("assignment")
    sys.path.insert(0, settings["here"])
    shell = importlib.import_module("language").Shell(module.__dict__)
    rights = importlib.import_module("rights")
    del sys.modules["language"], sys.modules["rights"]  # a notebook may have files of these names
    pyplot = sys.modules["matplotlib.pyplot"] = Later("matplotlib.pyplot")
    sys.modules["matplotlib"] = Later("matplotlib")
    sys.modules["matplotlib"].pyplot = pyplot
    folder, megabytes = settings["folder"], settings["megabytes"]
    os.chdir(folder)
    sys.path[:] = ["", *(entry for entry in sys.path if entry not in ("", settings["here"]))]
    readable = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/proc/self",
                "/proc/meminfo", "/proc/cpuinfo", "/dev/urandom", "/dev/zero", sys.prefix, sys.base_prefix,
                *Package().spec.submodule_search_locations]
    locked = rights.landlock(readable, [folder, os.devnull])
    rights.drop_root(settings["become"])
    closed = rights.close_calls()
    for kind, value in ((resource.RLIMIT_AS, megabytes << 20), (resource.RLIMIT_FSIZE, 16 << 20),
                        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, settings["seconds"]),
                        (resource.RLIMIT_NOFILE, 128)):
        rights.limit(kind, value)
    if settings["alone"]:
        rights.limit(resource.RLIMIT_NPROC, 32)
    print(json.dumps({"ready": True, "landlock": locked, "closed": closed}), file=answers, flush=True)
    while True:
        size = struct.unpack(">I", read_exactly(requests, 4))[0]
        reply = answer(shell, pickle.loads(read_exactly(requests, size)))
        try:
            line = json.dumps(reply)
        except BaseException as error:
            line = json.dumps({"error": trouble(error)})
        print(line, file=answers, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
