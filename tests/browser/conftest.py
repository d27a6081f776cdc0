"""One JupyterLab for all browser tests; each notebook is open in a page of its own."""

from collections.abc import Callable, Iterator

import pytest
from lab import Lab, Notebook, missing, open_notebook, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running
        assert "without encryption" not in (running.folder / ".lab" / "log").read_text()


@pytest.fixture
def run(lab: Lab, browser: object, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """``run(cell, ...)``: a notebook with these cells, open and run; it must leave no errors behind."""
    opened: list[Notebook] = []

    def start(*cells: str, reduced_motion: str = "no-preference") -> Notebook:
        name = lab.write(f"{request.node.name}_{len(opened)}.ipynb", list(cells))
        opened.append(open_notebook(browser, lab, name, reduced_motion))
        opened[-1].run()
        return opened[-1]

    yield start
    problems = [problem for notebook in opened for problem in notebook.output_errors() + notebook.errors]
    for notebook in opened:
        notebook.close()
    assert problems == [], "errors in the outputs or in the browser's console"
