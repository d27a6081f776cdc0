"""One class for each assignment and all its tests, graded once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from classmates import NAMES, Class, copy_course, make_class

GRADING = pytest.StashKey[tuple[ThreadPoolExecutor, dict[str, Future], tempfile.TemporaryDirectory]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start to grade all classes, two at a time, while other tests run."""
    wanted = any("classes" in getattr(item, "fixturenames", ()) for item in session.items)
    if wanted and not session.config.option.collectonly:
        pool, folder = ThreadPoolExecutor(2), tempfile.TemporaryDirectory(prefix="classes-")
        started = {name: pool.submit(make_class, copy_course(Path(folder.name) / name / "course"), name)
                   for name in reversed(NAMES)}  # the longest first
        session.config.stash[GRADING] = pool, started, folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running and nothing behind."""
    if GRADING in config.stash:
        pool, _, folder = config.stash[GRADING]
        pool.shutdown(cancel_futures=True)
        folder.cleanup()


@pytest.fixture(scope="session")
def classes(pytestconfig: pytest.Config) -> Callable[[str], Class]:
    """``classes(name)``: the graded class of an assignment, as soon as that is done."""
    _, started, _ = pytestconfig.stash[GRADING]
    return lambda name: started[name].result()
