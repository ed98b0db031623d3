"""Cachet 3.x: a JSON:API-like API on Laravel."""
