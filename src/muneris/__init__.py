"""Muneris: restaurant ordering in three regions on Azure."""
