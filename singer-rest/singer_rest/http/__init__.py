"""From a request to an answer worth having: the one safe way to a server."""
