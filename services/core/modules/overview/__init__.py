"""Views across all subjects: timeline, statistics, files, JSON schemas."""
