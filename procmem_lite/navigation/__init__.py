"""Finding the way: motion learned from percepts, a map drawn while walking, A*."""
