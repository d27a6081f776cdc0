"""What a saved notebook keeps of a widget: its picture and its sentence, for the kernel that drew it will be gone.

JupyterLab shows a widget's view before its picture, and where the kernel is gone the view is an error. This module is
an extension of Jupyter's server: whatever is saved through it is saved without views that have a picture beside them.
"""

from __future__ import annotations

from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
PICTURE = "image/png"


def drop_views(notebook: dict[str, Any]) -> int:
    """Take the views of widgets that have a picture out of a notebook's outputs; returns how many there were."""
    bundles = [output.get("data", {}) for cell in notebook.get("cells", []) for output in cell.get("outputs", [])]
    found = [bundle for bundle in bundles if VIEW in bundle and PICTURE in bundle]
    for bundle in found:
        del bundle[VIEW]
    return len(found)


def before_saving(model: dict[str, Any], **_: Any) -> None:
    """The server's hook: ``model`` is what is about to be written."""
    if model.get("type") == "notebook" and isinstance(model.get("content"), dict):
        drop_views(model["content"])


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    app.contents_manager.register_pre_save_hook(before_saving)
