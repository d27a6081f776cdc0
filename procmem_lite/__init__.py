"""procmem_lite: an agent with procedural memory, built chapter by chapter."""

from .agent import ProceduralMemoryAgent
from .lab.doctor import diagnose
from .lab.training import train
from .library import SkillLibrary
from .percepts import Percept
from .skills import Skill
from .worlds.gridworld import GridWorld, perceive
from .worlds.layouts import Layout

__all__ = [
    "GridWorld",
    "Layout",
    "Percept",
    "ProceduralMemoryAgent",
    "Skill",
    "SkillLibrary",
    "diagnose",
    "perceive",
    "train",
]
