"""The base of the payloads of acquisition software."""

import orjson
from marshmallow import ValidationError, fields, pre_load, validate

from shared.schemas import LARGEST_KEY, TableSchema

NO_VALUE = -9999  # written by acquisition software for a missing number
KEY = validate.Range(0, LARGEST_KEY)
MANY = validate.Length(max=1000)  # rows below one row of a document
LIKE_JSON = validate.Regexp(r"^\s*[\[{]", error="Not a JSON object or array.")


class RecordSchema(TableSchema):
    """A payload of acquisition software: the mark of a missing number becomes null."""

    @pre_load
    def _without_marks(self, data, **kwargs):
        if not isinstance(data, dict):
            return data
        floats = {n for n, f in self.load_fields.items() if isinstance(f, fields.Float)}
        return {n: None if n in floats and v == NO_VALUE else v for n, v in data.items()}

    class Meta(TableSchema.Meta):
        pass


def is_json(text: str) -> None:
    """A validator of text in JSON: MariaDB checks such columns for it."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValidationError("Not JSON.") from error
