"""The payloads of MXCuBE's data collections, their groups and images.

The dictionary of a data collection loads as the columns of the group and of the collection, and
their keys.
"""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate
from marshmallow_sqlalchemy import auto_field

from services.core.models import Image
from shared.lenient import (
    EMPTY,
    REPEATED,
    Forgiving,
    Key,
    LenientSchema,
    Measure,
    Place,
    Request,
    column,
    get_values,
)
from shared.models import DataCollection, DataCollectionGroup
from shared.schemas import LARGEST_FLOAT

KEV_ANGSTROM = 12.39841984  # energy times wavelength
ENERGIES = (1, 200)  # keV
LARGEST_MESH = 10  # mm, of a mesh on a sample
LONGEST_SUFFIX = 45
MESH_RANGE = "mm, [width, height] or {horizontal_range, vertical_range}: size of the grid"
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


class MeshRange(Forgiving, fields.Field):
    """Width and height of a mesh, from the centre of its first image to that of its last."""

    def is_mark(self, value: Any) -> bool:
        """Whether a data collection without a mesh has this ``value``."""
        return value in EMPTY

    def _deserialize(self, value, *args, **kwargs):
        if isinstance(value, dict):
            value = [value.get(f"{name}_range") for name in ("horizontal", "vertical")]
        if not isinstance(value, list) or len(value) != 2:
            raise ValidationError("Not two numbers.")
        number = fields.Float(validate=validate.Range(0, LARGEST_FLOAT))
        return tuple(number.deserialize(each) for each in value)


class MxcubeSweepSchema(LenientSchema):
    ignored = dict.fromkeys(("num_triggers", "num_images_per_trigger"), "`number_of_images`")

    mesh_range = MeshRange(allow_none=True, metadata={"description": MESH_RANGE})
    number_of_lines = Place(allow_none=True, metadata={"description": "of a mesh: of its grid"})
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

    def translate(self, data: dict) -> dict:
        """The columns of the sweep, and its ``grid`` if it is a mesh."""
        size, lines = data.pop("mesh_range", None), data.pop("number_of_lines", None)
        return data if size is None else {**data, **_build_grid(data, size, lines)}


class MxcubeFilesSchema(LenientSchema):
    free_text = ("prefix", "suffix")
    ignored = {
        "archive_directory": "the paths of the snapshots",
        "compression": "`template`",
        **dict.fromkeys(("process_directory", "shared_directory"), "the files of the programs"),
    }

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
    ignored = dict.fromkeys(
        ("spacegroup", "cell", "acronym", "sample_name", "sample_location", "container_reference"),
        "the sample",
    )

    blSampleId = Key(allow_none=True)

    class Meta(LenientSchema.Meta):
        model = DataCollectionGroup


class MxcubeCollectionSchema(LenientSchema):
    """A whole data collection: its columns, its group and its state."""

    free_text = (
        *("comments", "status", "actualCentringPosition", "centringMethod", "beamShape"),
        *("synchrotronMode", "actualContainerBarcode", "actualSampleBarcode"),
        "detector_roi_mode",
    )
    ignored = {
        **dict.fromkeys(("motors", "position_name"), "`actualCentringPosition`"),
        **dict.fromkeys(("xds_dir", "mosflm_dir", "hkl2000_dir"), "the files of the programs"),
        **dict.fromkeys(("EDNA_files_dir", "auto_dir"), "the files of the programs"),
        **dict.fromkeys(("processing", "processing_parameters"), "the jobs of processing"),
        **dict.fromkeys(("processing_online", "processing_offline"), "the jobs of processing"),
        **dict.fromkeys(("anomalous", "cell", "residues"), "the results of processing"),
        **dict.fromkeys(("take_snapshots", "take_video"), "the paths of the snapshots"),
        "detector_binning_mode": "the detector of the setup",
        "user_comments": "`comments`",
        "blSampleId": REPEATED,  # by the sample_reference
        "ispyb_group_data_collections": REPEATED,  # by the group_id
        **dict.fromkeys(("workflow_id", "workflow_parameters"), "nowhere"),
        **dict.fromkeys(("in_queue", "in_interleave", "skip_images", "shutterless"), "nowhere"),
        **dict.fromkeys(("dark", "do_inducedraddam"), "nowhere"),
    }

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
    energy = Request(
        allow_none=True,
        validate=validate.Range(*ENERGIES),
        metadata={"description": "keV; gives the wavelength until one is sent"},
    )
    resolution = column("resolution", field_class=Resolution)
    resolutionAtCorner = auto_field()
    detectorDistance = auto_field()
    detector_distance = Request(
        allow_none=True,
        validate=validate.Range(0, LARGEST_FLOAT),
        metadata={"description": "as requested; the distance until one is sent"},
    )
    detector_roi_mode = column("detectorMode")
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
        """``{"group": columns, "collection": columns, …}`` without the values that are empty."""
        has_key = "collection_id" in data
        data = get_values(data)
        keys = {name: data.pop(name, None) for name in ("collection_id", "group_id")}
        for part in ("sample_reference", "fileinfo"):
            data |= get_values(data.pop(part, {}))
        for sweep in data.pop("oscillation_sequence", ()):
            data |= _get_sweep_columns(sweep)
        grid = data.pop("grid", None)
        data = {**_get_requested_columns(data), **data}
        data["detectorId"] = data.pop("detector_id", data.get("detectorId"))
        if data.pop("helical", False):
            data["experimentType"] = "Helical"
        group = {name: data.pop(name) for name in OF_GROUP if data.get(name) is not None}
        data |= {name: group[name] for name in ("startTime", "comments") if name in group}
        collection = get_values(data)
        parts = {"group": group, "collection": collection, "grid": grid}
        return {**parts, **keys, "match_files": has_key}


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


def _get_requested_columns(data: dict) -> dict:
    """The columns that the client sends later or never, from other values in ``data``.

    They are removed from it. A data collection may end before the first values are measured.
    """
    columns = {"detectorDistance": data.pop("detector_distance", None)}
    if energy := data.pop("energy", None):
        columns["wavelength"] = KEV_ANGSTROM / energy
    name = data.get("fileTemplate", "").removesuffix(".gz")
    columns["imageSuffix"] = name.rpartition(".")[2][:LONGEST_SUFFIX] if "." in name else None
    return get_values(columns)


def _build_grid(data: dict, size: tuple[float, float], lines: int | None) -> dict:
    """The ``grid`` of a mesh, and ``warnings`` about it.

    The client does not tell the direction of its lines: they are taken as horizontal, but for a
    single line. Some versions of the client send the size in pixels; it is not stored then.
    """
    images = data.get("numberOfImages")
    if not images or not lines or lines < 1 or images % lines or (lines == 1 and all(size)):
        reason = "not stored as a grid: number_of_lines and number_of_images do not fit it"
        return {"warnings": [f"mesh_range: {reason}"]}
    steps = (images // lines, lines)
    grid: dict[str, Any] = {"orientation": "horizontal"}
    if lines == 1 and not size[0] and size[1]:
        steps, grid = (1, images), {"orientation": "vertical"}
    grid |= {"steps_x": float(steps[0]), "steps_y": float(steps[1])}
    if max(size) > LARGEST_MESH:
        reason = f"not stored as the size of the grid: more than {LARGEST_MESH} mm"
        return {"grid": grid, "warnings": [f"mesh_range: {reason}"]}
    for name, length, number in zip(("dx_mm", "dy_mm"), size, steps):
        if number > 1:
            grid[name] = length / (number - 1)
    return {"grid": grid}


def _get_sweep_columns(data: dict) -> dict:
    """The columns of a sweep, with its end and rotation axis, which the client does not send."""
    columns = get_values(data)
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
