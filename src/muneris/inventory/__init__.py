"""Inventory: stock items, recipes, and what is held for orders."""
