"""Widgets: replay episodes, play the environment, browse the library, explore how the agent learns."""

from .drive import Drive
from .guess import Guess
from .learning_explorer import LearningExplorer
from .library_browser import LibraryBrowser
from .replay_widget import Replay

__all__ = ["Drive", "Guess", "LearningExplorer", "LibraryBrowser", "Replay"]
