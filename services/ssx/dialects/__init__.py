"""The wire formats of other clients: each translates, and calls the same modules."""
