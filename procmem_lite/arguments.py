"""Arguments that are numbers, texts or truth values: what counts as one, and what is said of one that does not."""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np

LARGEST_NUMBER = 2**53  # beyond it a float skips whole numbers


def is_action(value: Any) -> bool:
    """Whether a value is a whole number from 0 on; true and false are none."""
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return known and 0 <= value <= LARGEST_NUMBER


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    known = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    plain = value.item() if isinstance(value, np.generic) else value  # a float16 cannot be compared with the bound
    return known and -LARGEST_NUMBER <= plain <= LARGEST_NUMBER


def whole(value: Any, at: str, least: int = 0) -> int:
    """A whole number in range, NumPy's too, as a plain one; true and false are none."""
    if not is_action(value) or value < least:
        raise ValueError(f"{at}: a whole number of at least {least} is needed, got {brief(value)}")
    return int(value)


def number(value: Any, at: str) -> float:
    """A finite number, NumPy's too, as a plain one; true and false are none."""
    if not is_number(value):
        raise ValueError(f"{at}: a finite number is needed, got {brief(value)}")
    return int(value) if isinstance(value, int | np.integer) else float(value)


def truth(value: Any, at: str) -> bool:
    """True or False, NumPy's too, as a plain one; numbers and None are neither."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{at}: True or False is needed, got {brief(value)}")
    return bool(value)


def text(value: Any, at: str) -> str:
    """A plain text that can be written to a file: not empty, no half signs in it."""
    if not isinstance(value, str):
        raise TypeError(f"{at}: a text is needed, got {brief(value)}")
    if not value or not is_writable(value):
        raise ValueError(f"{at}: a text that is not empty and can be written is needed, got {brief(value)}")
    return str.__str__(value)


def is_writable(value: str) -> bool:
    """Whether a text has no half sign in it, which no file can hold."""
    return value.isascii() or value.encode(errors="ignore").decode() == value


def brief(value: Any) -> str:
    """A value for a message: short, however large or deep it is."""
    return reprlib.repr(value).encode("ascii", "backslashreplace").decode()
