"""All that an object holds, down to plain values, so that two states of it can be compared."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any

import numpy as np

from procmem_lite.library import Shelf
from procmem_lite.navigation.motion import Shared
from procmem_lite.percepts import Percept


def insides(thing: Any) -> Any:
    """An object as nested plain values, in order; generators by their state.

    Left out is what was only worked out: cached properties, a shelf's arrays, what searches remember of open ground.
    """
    if isinstance(thing, np.random.Generator):
        return thing.bit_generator.state
    if isinstance(thing, np.ndarray):
        return thing.tolist()
    if thing is None or isinstance(thing, str | int | float | np.number | Percept):
        return thing
    if isinstance(thing, Counter):
        return sorted(([insides(key), count] for key, count in thing.items() if count), key=repr)
    if isinstance(thing, Mapping):
        return [[insides(key), insides(value)] for key, value in thing.items()]
    if isinstance(thing, Set):
        return sorted(map(insides, thing), key=repr)
    if isinstance(thing, list | tuple | deque):
        return [insides(part) for part in thing]
    if callable(thing):
        return getattr(thing, "__qualname__", type(thing).__name__)
    return [type(thing).__name__, {name: insides(value) for name, value in parts(thing).items()}]


def parts(thing: Any) -> dict[str, Any]:
    """The attributes of an object."""
    kind = type(thing)
    slots = {name: getattr(thing, name) for name in getattr(kind, "__slots__", ()) if hasattr(thing, name)}
    return {name: value for name, value in {**slots, **getattr(thing, "__dict__", {})}.items()
            if not (kind is Shelf and name.startswith("_"))
            and not isinstance(getattr(kind, name, None), cached_property) and not isinstance(value, Shared)}
