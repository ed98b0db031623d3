"""What an operator sees and reads of a run that goes well, and of one that does not."""
