"""Make a workspace from a seed, one topic per module."""
