"""One profile for all property tests, one browser for all tests that need one, and who runs what."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from lab import missing, running_browser

# The same examples in every run, however slow the machine.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("steady")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes share the work, let one have the browser and one the classes: both are costly to set up."""
    for item in items:
        for costly in ("browser", "classroom"):
            if item.get_closest_marker(costly):
                item.add_marker(pytest.mark.xdist_group(costly))
                break


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless browser. One for the whole run: Playwright does not start twice in a process."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    with running_browser() as running:
        yield running
