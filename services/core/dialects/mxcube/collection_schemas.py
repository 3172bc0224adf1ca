"""The payloads of MXCuBE's data collections, their groups and images.

The dictionary of a data collection loads as the columns of the group and of the collection, and
their keys.
"""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate
from marshmallow_sqlalchemy import auto_field

from services.core.dialects.lenient import (
    Key,
    LenientSchema,
    Measure,
    column,
)
from services.core.models import Image
from shared.models import DataCollection, DataCollectionGroup
from shared.schemas import LARGEST_FLOAT

OF_GROUP = (
    *("sessionId", "blSampleId", "experimentType", "comments", "startTime"),
    *("actualContainerBarcode", "actualSampleBarcode"),
    *("actualContainerSlotInSC", "actualSampleSlotInContainer"),
)


class Resolution(Measure):
    """A number, or the outer limit of a shell: ``{"upper": 1.6, "lower": 40}``."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load the outer limit of a shell."""
        return super().deserialize(
            value.get("upper") if isinstance(value, dict) else value, *args, **kwargs
        )


class GroupKey(Key):
    """The key of a group, or the whole answer with it, which the client keeps in its place."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load the key of an answer."""
        key = value.get("dataCollectionGroupId") if isinstance(value, dict) else value
        return super().deserialize(key, *args, **kwargs)


class MxcubeSweepSchema(LenientSchema):
    ignored = ("number_of_lines", "mesh_range", "num_triggers", "num_images_per_trigger")

    start = column("axisStart", metadata={"description": "degrees"})
    range = column("axisRange")
    offset = column(
        "overlap", metadata={"description": "gap between images, degrees; < 0: overlap"}
    )
    number_of_images = column("numberOfImages")
    start_image_number = column("startImageNumber")
    number_of_passes = column("numberOfPasses")
    exposure_time = column("exposureTime")
    kappaStart = auto_field()
    phiStart = auto_field()

    class Meta(LenientSchema.Meta):
        model = DataCollection


class MxcubeFilesSchema(LenientSchema):
    free_text = ("prefix", "suffix")
    ignored = ("archive_directory", "process_directory", "compression", "shared_directory")

    directory = column("imageDirectory")
    prefix = column("imagePrefix")
    suffix = column("imageSuffix")
    template = column("fileTemplate")
    run_number = column("dataCollectionNumber")

    class Meta(LenientSchema.Meta):
        model = DataCollection

    @pre_load
    def _close(self, data, **kwargs):
        """Let the directory end with a slash."""
        path = data.get("directory") if isinstance(data, dict) else None
        if isinstance(path, str) and path:
            return {**data, "directory": path.rstrip("/") + "/"}
        return data


class MxcubeSampleReferenceSchema(LenientSchema):
    ignored = (
        *("spacegroup", "cell", "acronym", "sample_name", "sample_location"),
        "container_reference",
    )

    blSampleId = Key(allow_none=True)

    class Meta(LenientSchema.Meta):
        model = DataCollectionGroup


class MxcubeCollectionSchema(LenientSchema):
    """A whole data collection: its columns, its group and its state."""

    free_text = (
        *("comments", "status", "actualCentringPosition", "centringMethod", "beamShape"),
        *("synchrotronMode", "actualContainerBarcode", "actualSampleBarcode"),
    )
    ignored = (
        *("motors", "energy", "detector_roi_mode", "residues", "anomalous", "EDNA_files_dir"),
        *("xds_dir", "in_queue", "in_interleave", "skip_images", "take_snapshots", "auto_dir"),
        *("workflow_parameters", "ispyb_group_data_collections", "position_name", "shutterless"),
        *("processing", "processing_online", "processing_offline", "processing_parameters"),
        *("mosflm_dir", "hkl2000_dir", "detector_binning_mode", "cell", "user_comments", "dark"),
        *("blSampleId", "detector_distance", "do_inducedraddam", "take_video"),
    )

    sessionId = column("sessionId", DataCollectionGroup)
    experiment_type = column("experimentType", DataCollectionGroup)
    helical = fields.Boolean(
        allow_none=True, metadata={"description": "the experiment is Helical"}
    )
    sample_reference = fields.Nested(MxcubeSampleReferenceSchema, allow_none=True)
    comments = column("comments", DataCollectionGroup)
    actualContainerBarcode = column("actualContainerBarcode", DataCollectionGroup)
    actualSampleBarcode = column("actualSampleBarcode", DataCollectionGroup)
    actualContainerSlotInSC = column("actualContainerSlotInSC", DataCollectionGroup)
    actualSampleSlotInContainer = column("actualSampleSlotInContainer", DataCollectionGroup)
    collection_start_time = column("startTime")
    collection_id = Key(
        allow_none=True, metadata={"description": "absent: a new one; null: maybe a new one"}
    )
    group_id = GroupKey(
        allow_none=True, metadata={"description": "the group it joins, if it is new"}
    )
    oscillation_sequence = fields.List(
        fields.Nested(MxcubeSweepSchema), required=True, validate=validate.Length(equal=1)
    )
    fileinfo = fields.Nested(MxcubeFilesSchema, allow_none=True)
    status = column("runStatus")
    wavelength = auto_field()
    resolution = column("resolution", field_class=Resolution)
    resolutionAtCorner = auto_field()
    detectorDistance = auto_field()
    xBeam = auto_field()
    yBeam = auto_field()
    beamSizeAtSampleX = auto_field()
    beamSizeAtSampleY = auto_field()
    beamShape = auto_field()
    slitGapHorizontal = auto_field()
    slitGapVertical = auto_field()
    synchrotronMode = auto_field()
    flux = auto_field()
    flux_end = auto_field()
    transmission = auto_field()
    undulatorGap1 = auto_field()
    undulatorGap2 = auto_field()
    undulatorGap3 = auto_field()
    totalAbsorbedDose = auto_field()
    xtalSnapshotFullPath1 = auto_field()
    xtalSnapshotFullPath2 = auto_field()
    xtalSnapshotFullPath3 = auto_field()
    xtalSnapshotFullPath4 = auto_field()
    centringMethod = column("centeringMethod")
    actualCentringPosition = column("actualCenteringPosition")
    detectorId = Key(allow_none=True)
    detector_id = Key(allow_none=True, metadata={"description": "the same, after the creation"})
    screening_sub_wedge_id = column("strategySubWedgeOrigId")

    class Meta(LenientSchema.Meta):
        model = DataCollection

    def translate(self, data: dict) -> dict:
        """``{"group": columns, "collection": columns, …}`` without the values that are null."""
        has_key = "collection_id" in data
        data = {name: value for name, value in data.items() if value is not None}
        keys = {name: data.pop(name, None) for name in ("collection_id", "group_id")}
        data |= data.pop("sample_reference", {}) | data.pop("fileinfo", {})
        for sweep in data.pop("oscillation_sequence", ()):
            data |= _get_sweep_columns(sweep)
        data["detectorId"] = data.pop("detector_id", data.get("detectorId"))
        if data.pop("helical", False):
            data["experimentType"] = "Helical"
        group = {name: data.pop(name) for name in OF_GROUP if data.get(name) is not None}
        if "startTime" in group:
            data["startTime"] = group["startTime"]
        collection = {name: value for name, value in data.items() if value is not None}
        return {"group": group, "collection": collection, **keys, "match_files": has_key}


class MxcubeGroupSchema(MxcubeCollectionSchema):
    """The same, or only the columns of a group before its first collection."""

    experimentType = auto_field(
        model=DataCollectionGroup,  # type: ignore[arg-type]
        attribute="kind",
        metadata={"description": "as ``experiment_type``, before its first collection"},
    )
    oscillation_sequence = fields.List(
        fields.Nested(MxcubeSweepSchema), validate=validate.Length(equal=1)
    )

    class Meta(MxcubeCollectionSchema.Meta):
        pass

    def translate(self, data: dict) -> dict:
        """As above, with the type of the experiment under either name."""
        return super().translate({"experimentType": data.pop("kind", None), **data})


def _get_sweep_columns(data: dict) -> dict:
    """The columns of a sweep, with its end and rotation axis, which the client does not send."""
    columns = {name: value for name, value in data.items() if value is not None}
    offset, start = columns.get("overlap", 0.0), data.get("axisStart")
    columns |= {"overlap": -offset or 0.0, "rotationAxis": "Phi"}
    if data.get("kappaStart"):
        columns |= {"rotationAxis": "Omega", "omegaStart": start}
    if {"axisStart", "axisRange", "numberOfImages"} <= columns.keys():
        columns["axisEnd"] = start + (columns["axisRange"] + offset) * columns["numberOfImages"]
        if abs(columns["axisEnd"]) > LARGEST_FLOAT:
            raise ValidationError("turns too far", "oscillation_sequence")
    return columns


class StoredCollectionSchema(Schema):
    """The keys of a stored collection; the client needs those of collection and group."""

    dataCollectionId = fields.Integer()
    dataCollectionGroupId = fields.Integer()
    detectorId = fields.Integer()
    warnings = fields.List(fields.String())


class StoredGroupSchema(Schema):
    """The columns of a stored group that the client reads."""

    dataCollectionGroupId = fields.Integer()
    experimentType = fields.String(allow_none=True)
    blSampleId = fields.Integer(allow_none=True)
    sessionId = fields.Integer()
    warnings = fields.List(fields.String())


class MxcubeImageSchema(LenientSchema):
    free_text = ("machineMessage", "comments")

    dataCollectionId = Key(required=True, metadata={"description": "of a collection stored here"})
    imageNumber = auto_field(required=True, allow_none=False)
    fileName = auto_field()
    fileLocation = auto_field()
    measuredIntensity = auto_field()
    cumulativeIntensity = auto_field()
    synchrotronCurrent = auto_field()
    machineMessage = auto_field()
    temperature = auto_field()
    jpegFileFullPath = auto_field()
    jpegThumbnailFileFullPath = auto_field()
    motorPositionId = auto_field()
    comments = auto_field()

    class Meta(LenientSchema.Meta):
        model = Image


class StoredImageSchema(Schema):
    """The key of a stored image."""

    imageId = fields.Integer()
    warnings = fields.List(fields.String())


class NewIdSchema(Schema):
    """The key of a new row in an object: a bare number would stop the client."""

    results = fields.Integer(metadata={"description": "the id of the row"})
    warnings = fields.List(fields.String())
