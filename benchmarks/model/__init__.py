"""A model of capacity: from what an order costs to what many stores need. `docs/scale.md` explains it."""
