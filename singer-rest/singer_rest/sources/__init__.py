"""What is asked in one pass, and what proves that all of it came."""
