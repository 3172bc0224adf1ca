"""The query of files."""

from marshmallow import Schema, fields


class FileQuery(Schema):
    """The options of a file: whether a browser shows it or stores it."""

    download = fields.Boolean(
        load_default=False, metadata={"description": "keep it, also where it could be shown"}
    )
