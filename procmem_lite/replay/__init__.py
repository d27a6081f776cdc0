"""Widgets: replay episodes, play the environment, browse the library, explore how the agent learns."""

from .drive import Drive
from .library_browser import LibraryBrowser
from .replay_widget import Replay

__all__ = ["Drive", "LibraryBrowser", "Replay"]
