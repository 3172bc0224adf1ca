"""The routes of core."""

WRITERS = ("mx_write", "ssx_write", "em_write")  # a service token of a technique has one of them
EVERY = "list create get update replace delete"
