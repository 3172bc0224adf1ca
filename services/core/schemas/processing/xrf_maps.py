"""The payloads of maps of fluorescence; their bytes have one of their own."""

from base64 import b64decode

from marshmallow import Schema, fields
from sqlalchemy import bindparam, select

from services.core.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from shared.filters import Filter, by_session_id
from shared.models import GridInfo
from shared.records import KEY
from shared.schemas import TableSchema

BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


class Base64(fields.String):
    """Bytes in base64."""

    default_error_messages = {"invalid": "Not base64."}

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            content = b64decode(value, validate=True)
        except (TypeError, ValueError) as error:
            raise self.make_error("invalid") from error
        if not content:
            raise self.make_error("invalid")
        return content


class XrfRegionSchema(TableSchema):
    """The region of a map: a window of energies, or a counter."""

    class Meta(TableSchema.Meta):
        model = XRFFluorescenceMappingROI
        dump_only = ("xrfFluorescenceMappingROIId",)


OF_COLLECTION = select(GridInfo.gridInfoId).where(
    GridInfo.dataCollectionId == bindparam("dataCollectionId")
)


class XrfMapSchema(TableSchema):
    """A map of fluorescence on a grid, without its bytes."""

    XRFFluorescenceMappingROI = fields.Nested(XrfRegionSchema, attribute="region", required=True)
    data = Base64(
        required=True,
        load_only=True,
        metadata={
            "description": "the map in base64, as dataFormat says",
            "pattern": BASE64,
            "example": "H4sIAAAAAAAAA4s21FEw0lEwjgUAJ3KxWAkAAAA=",
            "minLength": 4,
        },
    )

    class Meta(TableSchema.Meta):
        model = XRFFluorescenceMapping
        dump_only = ("xrfFluorescenceMappingId", "xrfFluorescenceMappingROIId")
        sort = ("-xrfFluorescenceMappingId",)
        filters = {
            **by_session_id(XRFFluorescenceMapping),
            "dataCollectionId": Filter(
                XRFFluorescenceMapping.gridInfoId.in_(OF_COLLECTION), fields.Integer(validate=KEY)
            ),
        }


class XrfMapDataSchema(Schema):
    """The bytes of a map."""

    xrfFluorescenceMappingId = fields.Integer(required=True)
    dataFormat = fields.String(required=True, metadata={"description": "e.g. json+gzip"})
    data = fields.String(required=True, metadata={"description": "in base64"})
