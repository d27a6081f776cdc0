"""One class for each assignment and all its tests, graded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

pytest.importorskip("nbgrader")

from classmates import Class, copy_course, make_class


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Class]:
    """``classes(name)``: the graded class of an assignment."""
    return cache(lambda name: make_class(copy_course(tmp_path_factory.mktemp(name) / "course"), name))
