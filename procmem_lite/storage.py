"""One file, whole or not at all: written beside its place, moved there in one step, and read with suspicion.

The file is JSON that reads well: names, and elements of lists, have a line of their own.
"""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .arguments import brief, whole

LARGEST_FILE = 128 * 2**20  # bytes; a library of 100,000 skills takes about 25 million
Check = Callable[[Any], Any]  # makes what a file tells of out of its JSON; ValueError names the place that is wrong


def write(path: str | os.PathLike, what: str, data: dict[str, Any], check: Check) -> None:
    """Put data into a file: all of it, or, where anything fails, nothing.

    Raises:
        ValueError: for what could not be read again; OSError: where the file system refuses.
    """
    try:
        raw = lines(data).encode("utf-8")
        understand(raw, check)
    except ValueError as why:
        raise ValueError(f"not {what} that could be read again: {why}") from None
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:  # an interrupt, too, leaves nothing behind
        beside.unlink(missing_ok=True)
        raise


def read(path: str | os.PathLike, what: str, check: Check) -> Any:
    """What ``check`` makes of a file that :func:`write` wrote.

    Raises:
        ValueError: for anything else, with the file, the place in it and what was expected.
        OSError: where there is no file, or none that may be read.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: a file is needed, and this is none")
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    try:
        return understand(raw, check)
    except ValueError as why:
        raise ValueError(f"{path}: not {what} that can be read: {why}") from None


def lines(value: Any) -> str:
    """JSON with each name of an object, and each element of a list in it, on a line of its own."""
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"{dumps(name)}: {lines(part)}" for name, part in value.items()) + "\n}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(dumps, value)) + "\n]"
    return dumps(value)


def dumps(value: Any) -> str:
    """JSON on one line; NumPy's numbers become plain ones."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=lambda number: number.item())


def understand(raw: bytes, check: Check) -> Any:
    """What ``check`` makes of the bytes of a file; ``ValueError`` names the first place that is not as it must be."""
    if len(raw) > LARGEST_FILE:
        raise ValueError(f"at most {LARGEST_FILE} bytes are read")
    try:
        return check(json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=finite, parse_int=short))
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None
    except UnicodeDecodeError as why:
        raise ValueError(f"text in UTF-8 is needed, got none at byte {why.start}") from None
    except json.JSONDecodeError as why:
        raise ValueError(f"JSON is needed, got none at line {why.lineno}, column {why.colno}") from None


def version_of(data: Any, form: str, newest: int) -> int:
    """The version of a file that must have this format, in a version that is known."""
    if not isinstance(data, dict) or data.get("format") != form:
        raise ValueError(f"format: {form!r} is needed")
    version = whole(data.get("version"), "version", 1)
    if version > newest:
        raise ValueError(f"version: {version} is newer than {newest}, the newest that this program knows")
    return version


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; one that says a thing twice is refused."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        raise ValueError(f"an object has a name twice: {brief(twice)}")
    return found


def finite(constant: str) -> None:
    """NaN and the infinities are no JSON."""
    raise ValueError(f"a finite number is needed, got {constant}")


def short(digits: str) -> int:
    """A whole number; one of thousands of digits is refused before it is worked out."""
    if len(digits) > 17:
        raise ValueError(f"a whole number of at most 16 digits is needed, got {brief(digits)}")
    return int(digits)
