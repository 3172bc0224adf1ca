"""Samples, and what they are made of, kept in and measured by."""
