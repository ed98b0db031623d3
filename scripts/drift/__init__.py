"""Looks for what has moved in the documents of the vendors."""
