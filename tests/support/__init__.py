"""What the tests of several taps share."""
