"""Cachet, Cortex and Cinchy as local servers, for the demo and the tests."""
