"""Faults under load: a site is killed, stopped, locked and cut off while clients write to it.

``python -m bench.faults [NAME ...]`` does the faults, all or those named, to servers of its own on
a private MariaDB, compares each request with the database, and writes docs/reference/faults.md.
Two faults need a small disk, which root alone may mount.
"""
