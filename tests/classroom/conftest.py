"""One class for each assignment and all its tests, graded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

pytest.importorskip("nbgrader")

from classmates import NAMES, Class, copy_course, make_class


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Class]]:
    """``classes(name)``: the graded class of an assignment. All are graded at once, three at a time, for some wait."""
    with ThreadPoolExecutor(3) as pool:
        started: dict[str, Future] = {
            name: pool.submit(make_class, copy_course(tmp_path_factory.mktemp("class") / "course"), name)
            for name in reversed(NAMES)}  # the longest first
        yield lambda name: started[name].result()
