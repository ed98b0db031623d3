"""From the vendor's values to columns that conform."""
