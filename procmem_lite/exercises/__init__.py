"""Checks for the exercises, a file a chapter: they say what is wrong with an answer, never what to write."""
