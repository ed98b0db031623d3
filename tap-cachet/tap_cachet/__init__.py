"""Singer tap for Cachet, the open-source status page."""
