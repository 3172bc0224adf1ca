"""The dictionary of a data collection as MXCuBE sends it, and what is around it.

A schema loads it as columns: those of the group, of the data collection, and which ones are meant.
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
    """A number, or that of the shell's outer limit: ``{"upper": 1.6, "lower": 40}``."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Take the outer limit."""
        return super().deserialize(
            value.get("upper") if isinstance(value, dict) else value, *args, **kwargs
        )


class GroupKey(Key):
    """The key of a group, or the whole answer that told it: the client keeps that for the key."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Take the key out of it."""
        found = value.get("dataCollectionGroupId") if isinstance(value, dict) else value
        return super().deserialize(found, *args, **kwargs)


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
        """A directory ends with a slash."""
        if isinstance(data, dict) and isinstance(found := data.get("directory"), str) and found:
            return {**data, "directory": found.rstrip("/") + "/"}
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
    """A whole collection: what it is, of which group, and in which state."""

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

    def translated(self, data: dict) -> dict:
        """``{"group": columns, "collection": columns, …}``; what the client lacks is left out."""
        has_key = "collection_id" in data
        data = {name: value for name, value in data.items() if value is not None}
        which = {name: data.pop(name, None) for name in ("collection_id", "group_id")}
        data |= data.pop("sample_reference", {}) | data.pop("fileinfo", {})
        for sweep in data.pop("oscillation_sequence", ()):
            data |= _get_sweep_columns(sweep)
        data["detectorId"] = data.pop("detector_id", data.get("detectorId"))
        if data.pop("helical", False):
            data["experimentType"] = "Helical"
        group = {name: data.pop(name) for name in OF_GROUP if data.get(name) is not None}
        if "startTime" in group:
            data["startTime"] = group["startTime"]
        found = {
            "group": group,
            "collection": {name: value for name, value in data.items() if value is not None},
        }
        return {**found, **which, "match_files": has_key}


class MxcubeGroupSchema(MxcubeCollectionSchema):
    """The same, or only what is known of a group before its first collection."""

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

    def translated(self, data: dict) -> dict:
        """As above, whatever the kind of the experiment is called."""
        return super().translated({"experimentType": data.pop("kind", None), **data})


def _get_sweep_columns(data: dict) -> dict:
    """The columns of a sweep: where it ends and the axis that turns are for us to say."""
    found = {name: value for name, value in data.items() if value is not None}
    offset, start = found.get("overlap", 0.0), data.get("axisStart")
    found |= {"overlap": -offset or 0.0, "rotationAxis": "Phi"}
    if data.get("kappaStart"):
        found |= {"rotationAxis": "Omega", "omegaStart": start}
    if {"axisStart", "axisRange", "numberOfImages"} <= found.keys():
        found["axisEnd"] = start + (found["axisRange"] + offset) * found["numberOfImages"]
        if abs(found["axisEnd"]) > LARGEST_FLOAT:
            raise ValidationError("turns too far", "oscillation_sequence")
    return found


class StoredCollectionSchema(Schema):
    """What the client reads of a collection; it takes two keys at least for granted."""

    dataCollectionId = fields.Integer()
    dataCollectionGroupId = fields.Integer()
    detectorId = fields.Integer()
    warnings = fields.List(fields.String())


class StoredGroupSchema(Schema):
    """What the client reads of a group."""

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
    """What the client reads of an image."""

    imageId = fields.Integer()
    warnings = fields.List(fields.String())


class NewIdSchema(Schema):
    """A bare number would stop the client: it looks for a key in it."""

    results = fields.Integer(metadata={"description": "the id of the row"})
    warnings = fields.List(fields.String())
