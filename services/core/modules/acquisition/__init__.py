"""Data collections, their groups, and the rows below them."""
