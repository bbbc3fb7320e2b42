"""Starts every process of a local cloud, keeps it running, and ends it."""
