"""A notebook as one web page whose replays play without a kernel and without a network.

python -m procmem_lite.replay.export notebooks/00_start_here.ipynb chapter.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from . import assets
from .replay_widget import Replay

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
ENCRYPTED = Config({"KernelManager": {"transport_encryption": "auto"}})  # or a kernel warns that it is not
# What nbconvert's pages would load from elsewhere.
REMOTE = ("mathjax_url", "require_js_url", "jquery_url", "jquery_ui_url", "mermaid_js_url", "widget_renderer_url")


def export(source: Path, target: Path) -> int:
    """Run a notebook and write it as a page; returns how many replays the page plays.

    Widgets that need a kernel stay the pictures that they leave behind.
    """
    notebook, count = played(source)
    page, _ = HTMLExporter(**dict.fromkeys(REMOTE, "")).from_notebook_node(notebook)
    target.write_text(page, encoding="utf-8")
    return count


def played(source: Path) -> tuple[NotebookNode, int]:
    """A notebook after it was run, a script in the place of each replay's view, and how many these are."""
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(notebook, config=ENCRYPTED, resources={"metadata": {"path": str(source.parent)}}).execute()
    states = notebook.metadata.pop("widgets", {}).get(STATE, {}).get("state", {})
    return notebook, sum(put_replay(output, states) for cell in notebook.cells for output in cell.get("outputs", []))


def put_replay(output: NotebookNode, states: dict[str, Any]) -> bool:
    """Replace a replay's view by its script and data; drop the view of any other widget."""
    data = output.get("data", {})
    view = data.pop(VIEW, None)
    if view is None:
        return False
    state = states[view["model_id"]]["state"]
    if state.get("_anywidget_id") != f"{Replay.__module__}.{Replay.__name__}":
        return False
    values = {name: state[name] for name in ("_episodes", "step", "playing", "fps")}
    data["text/html"] = page_part(values, view["model_id"])
    return True


def page_part(values: dict[str, Any], identity: str) -> str:
    """The HTML of one replay."""
    code = assets.script("replay.js").replace("export default", "const widget =")
    model = assets.script("offline.js").replace("export function", "function")
    told = json.dumps(values).replace("</", "<\\/")
    return (
        f'<div id="replay-{identity}"></div>\n<style>{assets.styles("base.css", "player.css")}</style>\n'
        f'<script type="module">\n{code}\n{model}\nconst model = offlineModel({told});\n'
        "widget.initialize({ model });\n"
        f'widget.render({{ model, el: document.getElementById("replay-{identity}") }});\n</script>'
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(f"{export(Path(sys.argv[1]), Path(sys.argv[2]))} replays play in {sys.argv[2]}")
