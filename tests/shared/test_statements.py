"""Statements that threads share are complete before a second thread has them."""

import json
import subprocess
import sys

import pytest

ROOT = "/ispyb/api/v1"
PATHS = [
    *("/events", "/events?status=processed", "/autoproc/table?sessionId=1", "/processing_jobs"),
    *("/screenings?sessionId=1", "/contacts/persons"),
]


@pytest.mark.serial
def test_parallel_first_requests_are_answered(world, site, token):
    """A statement that two threads build or compile for the first time breaks for good."""
    world()
    bearer = token("staff", 4, "mx_admin")
    order = {
        "site": site,
        "headers": {"Authorization": f"Bearer {bearer}"},
        "paths": [ROOT + path for path in PATHS],
    }
    command = [sys.executable, "-m", "tests.shared.first_requests"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr[-5000:]
