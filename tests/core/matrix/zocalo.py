"""The route of command lists."""

from tests.matrix import Route, holders

SAY = {"ispyb_command": "add_program_message", "program_id": 1, "severity": "INFO"}
ROUTES = [
    Route(
        "post /commands",
        holders(201, elsewhere=424),  # it sees no such program
        body={"ispyb_command_list": [SAY]},
        sent_as_is=True,
        schema="CommandList",
        tidied=True,
    ),
]
