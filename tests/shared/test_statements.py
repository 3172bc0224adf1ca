"""Statements that threads share are complete before a second thread has them."""

import json
import subprocess
import sys

import pytest
from sqlalchemy.orm import aliased

from shared import access
from shared.identity import Identity
from shared.models import DataCollectionGroup

ROOT = "/ispyb/api/v1"
PATHS = ["/events", "/autoproc/table?sessionId=1", "/processing_jobs", "/screenings?sessionId=1"]


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


def test_an_alias_of_one_call_takes_the_place_of_no_condition():
    person = Identity("someone", 1, frozenset(), frozenset(), None, False, "1", 0)
    kept = access.sessions(person, DataCollectionGroup.sessionId).condition
    for _ in range(600):  # more than are kept
        link = aliased(DataCollectionGroup).sessionId
        assert access.sessions(person, link).condition is not kept
    assert access.sessions(person, DataCollectionGroup.sessionId).condition is kept
