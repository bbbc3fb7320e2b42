"""Orders as they are read."""
