"""Chapter 12: options and hierarchical reinforcement learning beside our skills."""

from .critic import Critic, option_critic
from .discovery import (
    betweenness,
    bottleneck_options,
    eigenoption,
    eigenoptions,
    graph_of,
    graph_seen,
    option_to,
    peaks,
    waves,
)
from .learning import Choices, Learned, greedy_steps, learn_options, learn_step, learn_use
from .levels import Manager, Subtask, subtasks_of, two_levels
from .option import NOWHERE, Option, as_option, as_skills, follow, told
from .worth import Chooser, by_facts, by_place, learn_skills, value_iteration

__all__ = [
    "NOWHERE", "Chooser", "Choices", "Critic", "Learned", "Manager", "Option", "Subtask", "as_option", "as_skills",
    "betweenness", "bottleneck_options", "by_facts", "by_place", "eigenoption", "eigenoptions", "follow",
    "graph_of", "graph_seen", "greedy_steps", "learn_options", "learn_skills", "learn_step", "learn_use",
    "option_critic", "option_to", "peaks", "subtasks_of", "told", "two_levels", "value_iteration", "waves",
]
