"""Singer tap for Cortex, the developer portal."""
