"""How a student's process gives up its rights before any of the student's code runs in it. Used by worker.py alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
READ = 0b1101  # execute, read a file, list a folder
# What lies outside the file system and outlives a process, reaches another one or goes round this list, by processor:
# System V and POSIX messages, semaphores and memory, keys, sockets, other processes' memory, io_uring.
CLOSED = {"x86_64": (0xC000003E, [*range(29, 32), 41, *range(64, 72), 101, 220, *range(240, 246), *range(248, 251), 310,
                                  311, 425, 426, 427, 438]),
          "aarch64": (0xC00000B7, [117, *range(180, 199), *range(217, 220), 270, 271, 425, 426, 427, 438])}


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


def close_calls() -> bool:
    """Refuse this process and its children the system calls of CLOSED, for ever (Linux, a seccomp filter)."""
    if sys.platform != "linux" or os.uname().machine not in CLOSED:
        return False
    architecture, numbers = CLOSED[os.uname().machine]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, 0x50001), (load, 0, 0, 0),
             (at_least, len(numbers) + 1, 0, 0x40000000)]  # the same calls by other numbers
    steps += [(equal, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    steps += [(answer, 0, 0, 0x7FFF0000), (answer, 0, 0, 0x50001)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(program)))
    LIBC.prctl(38, 1, 0, 0, 0)  # no new privileges
    return LIBC.prctl(22, 2, ctypes.byref(filter_), 0, 0) == 0
