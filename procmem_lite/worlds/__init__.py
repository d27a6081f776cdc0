"""Worlds: each an environment and its ``perceive``."""
