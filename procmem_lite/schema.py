"""What may stand in a file: each kind of value, how it is told in JSON, and how it is taken from there.

kind     what a value must be, both ways               LISTED(WHOLE), written (1, 3) -> [1, 3], read [1, 3] -> (1, 3)
at       the place in the file, for messages           "skills[0].actions[1]"
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .arguments import LARGEST_NUMBER, brief, is_writable, number, whole

NESTED = 20  # tuples within tuples


class Kind(NamedTuple):
    """How a value is written and read; both take the value and its place, and raise ``ValueError`` that names it."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any, str], Any]


def same(check: Callable[[Any, str], Any]) -> Kind:
    """What stands in JSON as it is."""
    return Kind(check, check)


def text_of(value: Any, at: str) -> str:
    """A name that can be written again."""
    if not isinstance(value, str) or not value or not is_writable(value):
        raise ValueError(f"{at}: a text that is not empty is needed, got {brief(value)}")
    return value


def truth_of(value: Any, at: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{at}: true or false is needed, got {brief(value)}")
    return value


def wide_of(value: Any, at: str) -> int:
    """A whole number of any size, from a text of hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch("-?0x[0-9a-f]+", value):
        raise ValueError(f"{at}: a whole number as a text like '0x1f' is needed, got {brief(value)}")
    return int(value, 16)


def fields(value: Any, at: str, names: Sequence[str]) -> list[Any]:
    """The values of an object that must have these names and no others, in this order."""
    if not isinstance(value, dict) or value.keys() != set(names):
        got = sorted(value) if isinstance(value, dict) else value
        raise ValueError(f"{at or 'the file'}: an object with the names {', '.join(names)} is needed, got {brief(got)}")
    return [value[name] for name in names]


def list_of(value: Any, at: str, length: int | None = None) -> list[Any]:
    """A list, of a certain length where one is given."""
    if not isinstance(value, list) or length not in (None, len(value)):
        raise ValueError(f"{at}: a list {f'of {length} ' if length is not None else ''}is needed, got {brief(value)}")
    return value


def listed(kind: Kind) -> Kind:
    """A list of one kind; read as a tuple."""
    return Kind(lambda value, at: [kind.write(part, f"{at}[{i}]") for i, part in enumerate(value)],
                lambda data, at: tuple(kind.read(part, f"{at}[{i}]") for i, part in enumerate(list_of(data, at))))


def row(*kinds: Kind) -> Kind:
    """A list of certain kinds, one of each; read as a tuple."""
    return Kind(lambda value, at: [kind.write(part, f"{at}[{i}]")
                                   for i, (kind, part) in enumerate(zip(kinds, value, strict=True))],
                lambda data, at: tuple(kind.read(part, f"{at}[{i}]") for i, (kind, part) in
                                       enumerate(zip(kinds, list_of(data, at, len(kinds)), strict=True))))


def optional(kind: Kind) -> Kind:
    """One kind, or None."""
    return Kind(lambda value, at: None if value is None else kind.write(value, at),
                lambda data, at: None if data is None else kind.read(data, at))


def collected(kind: Kind) -> Kind:
    """A set, told in one order whatever the process."""
    def read(data: Any, at: str) -> frozenset:
        found = listed(kind).read(data, at)
        if len(set(found)) < len(found):
            raise ValueError(f"{at}: different names are needed, got {brief(data)}")
        return frozenset(found)

    return Kind(lambda value, at: sorted((kind.write(part, f"{at}[{i}]") for i, part in enumerate(value)), key=repr),
                read)


def mapping(key: Kind, value: Kind) -> Kind:
    """A dictionary as a list of pairs; its order stays."""
    pairs = listed(row(key, value))

    def read(data: Any, at: str) -> dict:
        found = pairs.read(data, at)
        if len(dict(found)) < len(found):
            raise ValueError(f"{at}: different first elements are needed, got {brief(data)}")
        return dict(found)

    return Kind(lambda value, at: pairs.write(value.items(), at), read)


def named(kind: Kind) -> Kind:
    """A dictionary from names, as an object; its order stays."""
    def read(data: Any, at: str) -> dict:
        if not isinstance(data, dict):
            raise ValueError(f"{at}: an object is needed, got {brief(data)}")
        return {text_of(name, at): kind.read(part, f"{at}.{name}") for name, part in data.items()}

    return Kind(lambda value, at: {text_of(name, at): kind.write(part, f"{at}.{name}")
                                   for name, part in value.items()}, read)


def record(make: Callable[..., Any], kinds: Mapping[str, Kind]) -> Kind:
    """An object with these names and no others, of something with such attributes; ``make`` makes it again."""
    def write(value: Any, at: str) -> dict[str, Any]:
        return {name: kind.write(getattr(value, name), inside(at, name)) for name, kind in kinds.items()}

    def read(data: Any, at: str) -> Any:
        parts = {name: kinds[name].read(part, inside(at, name))
                 for name, part in zip(kinds, fields(data, at, list(kinds)))}
        try:
            return make(**parts)
        except ValueError as why:
            raise ValueError(inside(at, str(why))) from None

    return Kind(write, read)


def inside(at: str, name: str) -> str:
    """The place of a part."""
    return f"{at}.{name}" if at else name


def told(value: Any, at: str, deep: int = 0) -> Any:
    """A place or a deed: a number, a text, None, a tuple or frozenset of these; TypeError: for anything else."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, tuple | frozenset) and deep < NESTED:
        parts = [told(part, f"{at}[{i}]", deep + 1) for i, part in enumerate(value)]
        return parts if isinstance(value, tuple) else {"set": sorted(parts, key=repr)}
    if is_plain(value):
        return value
    if isinstance(value, int):
        return {"whole": hex(value)}
    raise TypeError(f"{at}: only finite numbers, texts, None, and tuples or frozensets of these can be saved, "
                    f"got {brief(value)}")


def heard(data: Any, at: str, deep: int = 0) -> Any:
    """What :func:`told` wrote."""
    match data:
        case {"whole": digits} if len(data) == 1:
            return wide_of(digits, at)
        case {"set": [*parts]} if len(data) == 1 and deep < NESTED:
            return frozenset(heard(part, f"{at}[{i}]", deep + 1) for i, part in enumerate(parts))
        case [*parts] if deep < NESTED:
            return tuple(heard(part, f"{at}[{i}]", deep + 1) for i, part in enumerate(parts))
    if not is_plain(data):
        raise ValueError(f"{at}: a number, a text, null, or a list of these is needed, got {brief(data)}")
    return data


def is_plain(value: Any) -> bool:
    """Whether JSON holds a value as it is."""
    if isinstance(value, str):
        return is_writable(value)
    return value is None or isinstance(value, bool) or (
        abs(value) <= LARGEST_NUMBER if isinstance(value, int) else isinstance(value, float) and math.isfinite(value))


TEXT, NUMBER, TRUTH, WHOLE = same(text_of), same(number), same(truth_of), same(whole)
WIDE = Kind(lambda value, at: hex(value), wide_of)
VALUE = Kind(told, heard)
FACTS, DISPLACEMENT = collected(TEXT), listed(NUMBER)
