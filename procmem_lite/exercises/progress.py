"""What a reader has done: exercises passed and guesses made, in one small file of theirs.

=====  =================================  ==================================================================
file   that ``PROCMEM_PROGRESS`` names    ``notebooks/.progress.json``
done   what was done, by kind, each once  ``{"passed": ["start.optimality_ratio"], "guessed": ["How many?"]}``
=====  =================================  ==================================================================

``run.py lab`` sets the variable. Tests and the comparison of stored outputs run without it: nothing is kept, and
:func:`show` prints what it prints in a fresh clone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

VARIABLE = "PROCMEM_PROGRESS"
KINDS = ("passed", "guessed")
NOTHING = "Nothing done yet: exercises that pass their check and guesses that you commit will be counted here."
SAME = 24  # so many letters of a question tell it from the others of its chapter

Done = dict[str, list[str]]


class Chapter(NamedTuple):
    """A chapter's title, the checks it reports by module and name, and its code, in which its guesses are asked."""

    title: str
    checks: list[str]
    code: str


def file() -> Path | None:
    """Where progress is kept; None where it is not."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def broken(path: Path) -> Path:
    """Where a file goes that cannot be read."""
    return path.with_name(path.name + ".broken")


def read() -> Done:
    """What was done. A file that is no progress is put aside, never deleted, and all begins anew."""
    path, nothing = file(), {kind: [] for kind in KINDS}
    if path is None or not path.is_file():
        return nothing
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        done = {kind: told[kind] for kind in KINDS}
        if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in done.values()):
            raise ValueError("lists of names are needed")
    except (OSError, ValueError, KeyError, TypeError):
        with contextlib.suppress(OSError):
            os.replace(path, broken(path))
        return nothing
    return done


def note(kind: str, name: str) -> None:
    """Keep that something was done. Whatever is wrong with the file, an exercise or a guess goes on."""
    path = file()
    if path is None:
        return
    done = read()
    if name in done[kind]:
        return
    done[kind].append(name)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        partial.write_text(json.dumps(done, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(partial, path)


def reset() -> None:
    """Forget all that was done."""
    path = file()
    if path is not None:
        path.unlink(missing_ok=True)
    print("Forgotten. " + NOTHING)


def chapters(folder: Path) -> Iterator[Chapter]:
    """The chapters in a folder, in reading order."""
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = {kind: "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == kind)
                 for kind in ("code", "markdown")}
        title = re.search(r"^# (.*)", texts["markdown"], re.MULTILINE)
        imported = re.findall(r"from procmem_lite\.exercises import (\w+)(?: as (\w+))?", texts["code"])
        modules = {alias or module: module for module, alias in imported}
        checks = [f"{modules.get(room, room)}.{check}" for room, check in
                  re.findall(r"\breport\((\w+)\.(\w+)", texts["code"])]
        yield Chapter(title[1] if title else path.stem, checks, texts["code"])


def lines(done: Done, folder: Path) -> list[str]:
    """A line for each chapter: how many of its exercises and guesses are done."""
    found = []
    for chapter in chapters(folder):
        asked = len(re.findall(r"\bGuess\(", chapter.code))
        passed = len(set(done["passed"]) & set(chapter.checks))
        guessed = sum(question[:SAME] in chapter.code for question in done["guessed"])
        bar = "■" * passed + "□" * (len(chapter.checks) - passed)
        guesses = f"guesses {min(guessed, asked)} of {asked}" if asked else ""
        found.append(f"{chapter.title:24} {bar:6} exercises {passed} of {len(chapter.checks)}   {guesses}".rstrip())
    return found


def show(folder: str | Path = ".") -> None:
    """Print how far the reader is; ``folder`` holds the chapters."""
    path, done = file(), read()
    if path is not None and broken(path).exists():
        print(f"The file of what you had done could not be read; it is kept as {broken(path).name}.")
    if any(done.values()):
        print(*lines(done, Path(folder)), "To begin anew: progress.reset()", sep="\n")
    else:
        print(NOTHING)
