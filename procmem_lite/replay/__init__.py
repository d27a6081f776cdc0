"""Widgets: replay episodes, play the environment, browse the library, explore how the agent learns."""

from .replay_widget import Replay

__all__ = ["Replay"]
