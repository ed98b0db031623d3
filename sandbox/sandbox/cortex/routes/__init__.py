"""The routes of the API, one family per module."""
