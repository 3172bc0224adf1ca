"""Command lists of processing pipelines."""
