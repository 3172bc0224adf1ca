"""Lists of commands as zocalo relays them."""

import pytest

from services.core.models import AutoProcIntegration
from tests.core.processing_rows import COMMANDS


@pytest.fixture
def deliver(zocalo):
    """``deliver(commands, **parameters)`` sends a list of program 50 as a relay of zocalo does.

    It returns the results. ``parameters`` are those of the recipe.
    """

    def post(commands, status=201, **parameters):
        body = {
            "ispyb_command_list": commands,
            "environment": {"ispyb_autoprocprogram_id": 50, "ID": "0f3a"},
            "parameters": {"ispyb_command": "multipart_message", **parameters},
        }
        answer = zocalo.post(COMMANDS, json=body)
        assert answer.status_code == status, answer.text
        return answer.json["results"] if status == 201 else answer.json

    return post


@pytest.fixture
def prepared(add):
    """Integration 7, which the recipe made before the processing of data collection 111."""
    add(AutoProcIntegration(autoProcIntegrationId=7, dataCollectionId=111, autoProcProgramId=50))
