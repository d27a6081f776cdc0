"""What a notebook keeps of a widget: its picture and its sentence, for the kernel that drew it will be gone.

JupyterLab shows a widget's view before its picture, and where the kernel is gone the view is an error. This module is
an extension of Jupyter's server: what is saved or opened through it has no views that have a picture beside them. And
JupyterLab notes the version of the kernel's Python in a notebook: opened with another one, it would be unsaved at once.
"""

from __future__ import annotations

import inspect
import platform
from collections.abc import Awaitable, Callable
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


def with_this_python(notebook: dict[str, Any]) -> None:
    """Note this Python's version, as JupyterLab will, in a notebook of some Python."""
    language = notebook.get("metadata", {}).get("language_info", {})
    if language.get("name") == "python":
        language["version"] = platform.python_version()


def after_reading(get: Callable[..., Awaitable[dict[str, Any]]]) -> Callable[..., Awaitable[dict[str, Any]]]:
    """The server's ``get``, with notebooks as they are to be opened; the files stay as they are."""

    async def opened(*arguments: Any, **options: Any) -> dict[str, Any]:
        model = await get(*arguments, **options)
        if model.get("type") == "notebook" and isinstance(model.get("content"), dict):
            drop_views(model["content"])
            with_this_python(model["content"])
        return model

    return opened


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(app: Any) -> None:
    manager = app.contents_manager
    manager.register_pre_save_hook(before_saving)
    if inspect.iscoroutinefunction(manager.get):
        manager.get = after_reading(manager.get)
