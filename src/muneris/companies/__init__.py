"""Companies: the tenants, and their activation."""
