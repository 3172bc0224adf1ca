"""The processing of data collections, and its results."""
