"""procmem_lite: an agent with procedural memory, built chapter by chapter."""

from .agent import ProceduralMemoryAgent
from .environment import GridWorld, Percept, perceive
from .layouts import Layout
from .library import SkillLibrary
from .skills import Skill
from .training import train

__all__ = [
    "GridWorld",
    "Layout",
    "Percept",
    "ProceduralMemoryAgent",
    "Skill",
    "SkillLibrary",
    "perceive",
    "train",
]
