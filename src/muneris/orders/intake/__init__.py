"""Placing orders and rounds: what is asked for, whether it can be taken, and taking it."""
