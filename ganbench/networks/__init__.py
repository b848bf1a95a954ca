"""The standard pairs: one architecture a file, the same for every variant."""
