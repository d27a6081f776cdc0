"""Arguments that are numbers: what counts as one, and what is said of one that does not."""

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
    return known and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def whole(value: Any, at: str, least: int = 0) -> int:
    """A whole number in range; true and false are none."""
    if not is_action(value) or value < least:
        raise ValueError(f"{at}: a whole number of at least {least} is needed, got {brief(value)}")
    return value


def brief(value: Any) -> str:
    """A value for a message: short, however large or deep it is."""
    return reprlib.repr(value).encode("ascii", "backslashreplace").decode()
