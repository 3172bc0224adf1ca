"""Data collections, their groups, and what belongs to them."""
