"""Singer tap for Cinchy, the data collaboration platform."""
