"""Writes everything that can be derived from the code, so that none of it can drift."""
