"""How a file is asked for."""

from marshmallow import Schema, fields


class FileQuery(Schema):
    """What a browser shall do with the file."""

    download = fields.Boolean(
        load_default=False, metadata={"description": "keep it, also where it could be shown"}
    )
