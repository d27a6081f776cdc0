"""Chapter 10: a skill's life - how failures are judged, what is done to skills, and how it is undone."""

from .journal import Entry, Line, LivingLibrary, Origin
from .verdicts import Exchanging, LifelongAgent, Verdict, Verdicts

__all__ = ["Entry", "Exchanging", "LifelongAgent", "Line", "LivingLibrary", "Origin", "Verdict", "Verdicts"]
