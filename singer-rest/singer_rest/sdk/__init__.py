"""The seam to the Singer SDK: the only code that imports it."""
