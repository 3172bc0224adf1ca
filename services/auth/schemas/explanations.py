"""Why a person sees an object or not, on the wire."""

from marshmallow import Schema, fields, validate

ADDRESS = {
    "description": "path of the object, below /ispyb/api/v1; a proposal may be named",
    "example": "/samples/12",
}
LOGIN = {"description": "a person other than the caller; this needs manage_groups"}


class ExplainQuery(Schema):
    object = fields.String(required=True, validate=validate.Length(1, 200), metadata=ADDRESS)
    login = fields.String(validate=validate.Length(1, 45), metadata=LOGIN)


class StepSchema(Schema):
    """A row on the way from the object to its proposal."""

    object = fields.String(required=True, allow_none=True, metadata={"description": "its path"})
    name = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "of a proposal or session", "example": "mx23001-1"},
    )


class ReasonSchema(Schema):
    right = fields.String(
        required=True,
        metadata={
            "description": "a permission, or a word such as leader or industrial",
            "example": "on_proposal",
        },
    )
    text = fields.String(required=True, metadata={"example": "alice is on the proposal mx23001"})
    object = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "to which the right belongs"},
    )


class ExplanationSchema(Schema):
    object = fields.String(required=True)
    login = fields.String(required=True)
    personId = fields.Integer(required=True, allow_none=True)
    permissions = fields.List(fields.String(), required=True)
    path = fields.List(
        fields.Nested(StepSchema),
        required=True,
        metadata={"description": "the object first, then what it hangs on"},
    )
    visible = fields.Boolean(required=True)
    reasons = fields.List(
        fields.Nested(ReasonSchema),
        required=True,
        metadata={"description": "why it is visible, or else why it is not"},
    )
    mayChange = fields.Boolean(
        required=True,
        metadata={"description": "by rights alone: the state of the object may still forbid it"},
    )
    changeNeeds = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "permissions of which a change needs one; empty: none"},
    )
