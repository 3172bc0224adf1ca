"""The payloads of zocalo's ISPyB commands, and the result of each."""

from marshmallow import Schema, fields, pre_load, validate

MOST = 1000  # commands of one list
LIST, MULTIPART = "ispyb_command_list", "multipart_message"
NAME = fields.String(validate=validate.Length(1, 255))


class CommandListSchema(Schema):
    """Commands in their order, and the values to which they refer.

    The message of a single command is a list of one. Further fields in the message of a list are
    parameters of all its commands.
    """

    ispyb_command = fields.String(
        validate=validate.Equal(MULTIPART),
        metadata={"description": "what a message with a list calls itself"},
    )
    ispyb_command_list = fields.List(
        fields.Dict(),
        required=True,
        validate=validate.Length(1, MOST),
        metadata={
            "description": "each has an ispyb_command and its parameters; $name and ${name} stand"
            " for what an earlier command stored under that name by store_result",
            "example": [{"ispyb_command": "register_processing", "program": "xia2 dials"}],
        },
    )
    environment = fields.Dict(
        keys=NAME,
        validate=validate.Length(max=MOST),
        metadata={"description": "what $name may stand for at the beginning"},
    )
    parameters = fields.Dict(
        keys=NAME, metadata={"description": "of all commands that do not have them themselves"}
    )
    store_result = fields.String(
        validate=validate.Length(1, 255),
        metadata={"description": "the name that stands for the last result at the end"},
    )

    @pre_load
    def _whole(self, data, **kwargs):
        if not isinstance(data, dict) or not data:
            return data
        if LIST not in data and data.get("ispyb_command") != MULTIPART:
            return {LIST: [data]}
        message = {name: value for name, value in data.items() if name in self.fields}
        common = message.get("parameters", {})
        if isinstance(common, dict) and (further := data.keys() - message.keys()):
            message["parameters"] = {**common, **{name: data[name] for name in further}}
        return message


class CommandResultSchema(Schema):
    """The result of one command."""

    ispyb_command = fields.String(required=True)
    result = fields.Raw(
        required=True,
        metadata={"description": "mostly the key of the row that was written"},
    )
    warnings = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "what was cut, replaced or not stored"},
    )


class CommandResultsSchema(Schema):
    """The results of all commands, in their order."""

    results = fields.Nested(CommandResultSchema, many=True, required=True)
    environment = fields.Dict(
        required=True, metadata={"description": "all that names stand for at the end"}
    )
