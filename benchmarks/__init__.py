"""Measurements of the order path: ratios of two sides that run side by side."""
