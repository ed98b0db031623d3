"""What every REST tap needs and the Singer SDK leaves to its authors."""
