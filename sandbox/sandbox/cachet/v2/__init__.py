"""Cachet 2.3 and 2.4: a flat JSON API on Laravel 5."""
