"""One JupyterLab and one of its pages for all browser tests; the notebooks are open in it one after the other."""

from collections.abc import Callable, Iterator

import pytest
from lab import Desk, Lab, Notebook, missing, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running
        assert "without encryption" not in (running.folder / ".lab" / "log").read_text()


@pytest.fixture(scope="session")
def desk(browser: object, lab: Lab) -> Desk:
    return Desk(browser, lab)


@pytest.fixture
def run(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """``run(cell, ...)``: a notebook with these cells, open and run; it must leave no errors behind."""
    failed_before = request.session.testsfailed
    opened: list[Notebook] = []

    def start(*cells: str, reduced_motion: str = "no-preference") -> Notebook:
        assert not opened, "one notebook a test: the next takes its place"
        opened.append(desk.sheet(cells, reduced_motion))
        opened[0].run()
        return opened[0]

    yield start
    if request.session.testsfailed > failed_before:
        desk.clear()  # its kernel may still be busy
    else:
        problems = [problem for notebook in opened for problem in notebook.output_errors() + notebook.errors]
        assert problems == [], "errors in the outputs or in the browser's console"
