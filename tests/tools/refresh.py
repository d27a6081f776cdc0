"""Run the notebooks from top to bottom, store their outputs and rewrite the links between the chapters.

    python3 run.py refresh                 every chapter and every solution
    python3 run.py refresh 02 03_library   these, by number or name (a chapter together with its solutions)
    python3 run.py refresh --check         run nothing; fail if a navigation cell is out of date

A second run gives the same bytes as the first. Widget identities, execution times and the folders in
tracebacks are left out; an output that differs from the stored one only in what tests/nbval_sanitize.cfg
ignores (a duration, say) stays as it was. Notebooks that fail are not written.
"""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from traitlets.config import Config

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SANITIZE = Path(__file__).resolve().parents[1] / "nbval_sanitize.cfg"
MAP = "00_start_here.ipynb"
NAVIGATION = "navigation"
ENCRYPTED = Config({"KernelManager": {"transport_encryption": "auto"}})  # or a kernel warns that it is not
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    # As JupyterLab notes it, but for the version: each reader's own is put in when the notebook is opened.
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py", "mimetype": "text/x-python",
        "name": "python", "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
    },
}
# What JupyterLab and others note in a cell about one execution or one window.
PASSING = ("ExecuteTime", "collapsed", "execution", "scrolled", "trusted")


def chapters(notebooks: Path) -> list[Path]:
    """The chapters, in reading order."""
    return sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))


def solutions(notebooks: Path) -> list[Path]:
    """The notebooks with worked solutions, in reading order."""
    return sorted((notebooks / "solutions").glob("*.ipynb"))


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def write(notebook: NotebookNode, path: Path) -> None:
    """Replace the file in one step, so that nobody ever reads half a notebook."""
    partial = path.with_suffix(".partial")
    partial.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
    os.replace(partial, path)


def is_navigation(cell: NotebookNode) -> bool:
    return NAVIGATION in cell.metadata.get("tags", [])


def title(notebook: NotebookNode, name: str) -> str:
    """The text of the first top-level heading; `name` is for the message if there is none."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_navigation(cell):
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    raise ValueError(f"{name} has no heading of the form '# Title'")


def navigation(names: Sequence[str], titles: Sequence[str], here: int) -> str:
    """The line of links in chapter `here`: previous, map, next."""
    links = []
    if here > 0:
        links.append(f"[← {titles[here - 1]}]({names[here - 1]})")
    if names[here] != MAP:
        links.append(f"[Map]({MAP})")
    if here + 1 < len(names):
        links.append(f"[{titles[here + 1]} →]({names[here + 1]})")
    return " · ".join(links)


def expected_navigation(notebooks: Path) -> dict[Path, str]:
    """What the navigation cells of each chapter should say."""
    paths = chapters(notebooks)
    names = [path.name for path in paths]
    titles = [title(read(path), path.name) for path in paths]
    return {path: navigation(names, titles, here) for here, path in enumerate(paths)}


def navigation_problem(notebook: NotebookNode, expected: str) -> str | None:
    """What is wrong with a chapter's navigation; its first and last cell hold the links, no other does."""
    tagged = [index for index, cell in enumerate(notebook.cells) if is_navigation(cell)]
    if tagged != [0, len(notebook.cells) - 1]:
        return "the first and the last cell must be the navigation"
    if any(notebook.cells[index].source != expected for index in tagged):
        return "the navigation is out of date"
    return None


def put_navigation(notebook: NotebookNode, links: str) -> None:
    """Make the links the first and the last cell of a chapter."""
    body = [cell for cell in notebook.cells if not is_navigation(cell)]
    ends = [new_markdown_cell(links, metadata={"tags": [NAVIGATION]}) for _ in range(2)]
    notebook.cells = [ends[0], *body, ends[1]]


def clean_output(output: NotebookNode) -> None:
    """Drop from one output what differs from run to run or belongs to this machine."""
    if output.output_type == "error":
        # The frames name folders of this machine; whoever runs the cell gets them anyway.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    # Without its state, a stored widget shows "Loading widget ..." and hides the picture and text beside it.
    output.get("data", {}).pop(WIDGET, None)


def clean(notebook: NotebookNode) -> None:
    """Leave only what every run of this notebook has in common."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:03d}"
        for key in PASSING:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            clean_output(output)


def sanitized(outputs: Sequence[NotebookNode], rules: Sequence[tuple[str, str]]) -> str:
    """The outputs of a cell as text, without what may differ between two runs."""

    def mend(value: object) -> object:
        if isinstance(value, dict):
            return {key: item if key.startswith("image/") else mend(item) for key, item in value.items()}
        if isinstance(value, list):
            return [mend(item) for item in value]
        if isinstance(value, str):
            for pattern, replacement in rules:
                value = re.sub(pattern, replacement, value)
        return value

    return json.dumps(mend(outputs), sort_keys=True)


def keep_equal_outputs(new: NotebookNode, old: NotebookNode) -> None:
    """Put the stored outputs back where running the same code again has told nothing new."""
    rules = re.findall(r"^regex: (.*)\nreplace: (.*)$", SANITIZE.read_text(encoding="utf-8"), re.MULTILINE)
    stored = {cell.source: cell.outputs for cell in old.cells if cell.cell_type == "code"}
    for cell in new.cells:
        known = stored.get(cell.source) if cell.cell_type == "code" else None
        if known is not None and sanitized(known, rules) == sanitized(cell.outputs, rules):
            cell.outputs = known


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in a fresh kernel, in the notebook's own folder."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        config=ENCRYPTED,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    ).execute()


def refresh(path: Path, links: str | None) -> None:
    """Run one notebook and store it; `links` is its navigation, None for a notebook without."""
    notebook = read(path)
    if links is not None:
        put_navigation(notebook, links)
    execute(notebook, path.parent)
    clean(notebook)
    keep_equal_outputs(notebook, old=read(path))
    nbformat.validate(notebook)
    write(notebook, path)


def is_wanted(path: Path, names: Sequence[str]) -> bool:
    """Whether a notebook is among the names; no names means all."""
    stems = [Path(name).stem for name in names]
    return not stems or any(path.stem == stem or path.stem.startswith(f"{stem}_") for stem in stems)


def check(notebooks: Path) -> int:
    """Report chapters whose navigation is out of date; the exit code."""
    found = 0
    for path, links in expected_navigation(notebooks).items():
        problem = navigation_problem(read(path), links)
        if problem:
            print(f"{path.name}: {problem}", file=sys.stderr)
            found = 1
    return found


def main(arguments: Sequence[str] | None = None, notebooks: Path = NOTEBOOKS) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="number or name of a notebook; all without")
    parser.add_argument("--check", action="store_true", help="only verify that the navigation is current")
    options = parser.parse_args(arguments)
    if options.check:
        return check(notebooks)

    links = expected_navigation(notebooks)
    wanted = [path for path in [*links, *solutions(notebooks)] if is_wanted(path, options.names)]
    if not wanted:
        print(f"no notebook matches {' '.join(options.names) or notebooks.name}", file=sys.stderr)
        return 2
    failed = []
    for path in wanted:
        started = time.monotonic()
        try:
            refresh(path, links.get(path))
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path.name} FAILED and stays as it was:\n{error}", file=sys.stderr, flush=True)
            failed.append(path.name)
        else:
            print(f"{path.name}: {time.monotonic() - started:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
