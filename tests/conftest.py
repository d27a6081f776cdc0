"""One profile for all property tests, one browser for all that need one, and parts that two workers can share out."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import settings
from lab import missing, running_browser
from xdist.scheduler import LoadScopeScheduling

# The same examples in every run, however slow the machine.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("steady")

# Parts that take long come first, so that two workers end together.
LONG = ("chapters", "widgets", "a02", "tests/test_agent_file.py", "tests/classroom/test_honest.py",
        "tests/classroom/test_answers.py", "a0", "a1", "tests/classroom/test_in_browser.py",
        "tests/classroom/test_course.py", "tests/classroom/test_sandbox.py", "tests/test_doctor.py")


def part(nodeid: str) -> str:
    """What one worker does in one go, because it stands on the same work: a class, a page of the browser, a file.

    >>> part("tests/classroom/test_assignments.py::test_nobody_stops_the_others[a02_loops]")
    'a02_loops'
    """
    file, _, test = nodeid.partition("::")
    if file.startswith("tests/browser/"):
        return "chapters" if file.endswith("/test_notebooks.py") else "widgets"
    assignment = re.search(r"\[(a\d\d_[a-z]+)", test)
    if file.startswith("tests/classroom/") and assignment:
        return assignment[1]
    return nodeid if file == "tests/classroom/test_course.py" else file


def turn(item: pytest.Item) -> int:
    """When a test is run."""
    return next((number for number, name in enumerate(LONG) if part(item.nodeid).startswith(name)), len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in their turn; within one, the order stays."""
    items.sort(key=turn)


class Parts(LoadScopeScheduling):
    """Hands the parts to the workers one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return part(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Parts:
    """Where there are workers, they share out the parts, in the order of the tests."""
    config.option.loadscopereorder = False
    return Parts(config, log)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless browser. One for the whole run: Playwright does not start twice in a process."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with running_browser() as running:
        yield running
