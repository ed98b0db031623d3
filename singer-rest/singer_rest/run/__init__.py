"""From the selected streams to their outcomes."""
