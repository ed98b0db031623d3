"""Loads any Singer tap into any dlt destination, typed and transactional."""
