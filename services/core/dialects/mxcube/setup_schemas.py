"""The payloads of MXCuBE's setups of beamlines and detectors."""

from marshmallow import EXCLUDE, Schema, fields
from marshmallow_sqlalchemy import auto_field

from shared.lenient import Key, LenientSchema, column, get_values
from shared.models import BeamLineSetup, Detector
from shared.schemas import text_of

UNDULATORS = 3  # a setup has columns for so many


class UndulatorSchema(LenientSchema):
    free_text = ("type",)

    type = column("undulatorType1")

    class Meta(LenientSchema.Meta):
        model = BeamLineSetup


class MxcubeSetupSchema(LenientSchema):
    """The configuration of a beamline; that of a site may have more keys than these."""

    free_text = ("synchrotronMode", "synchrotron_name", "focusing_optic", "monochromator_type")
    ignored = {
        **dict.fromkeys(("detector_px", "detector_py"), "the detector"),
        "default_exposure_time": "the exposure time of each data collection",
        "detector_fileext": "the suffix of the files of each data collection",
        **dict.fromkeys(("directory_prefix", "input_files_server"), "nowhere"),
    }

    synchrotronMode = auto_field()
    synchrotron_name = column("synchrotronName")
    focusing_optic = column("focusingOptic")
    monochromator_type = column("monochromatorType")
    undulators = fields.List(fields.Nested(UndulatorSchema), allow_none=True)
    polarisation = auto_field()
    beam_divergence_vertical = column("beamDivergenceVertical")
    beam_divergence_horizontal = column("beamDivergenceHorizontal")
    minimum_exposure_time = column("minExposureTimePerImage")
    maximum_phi_speed = column("goniostatMaxOscillationSpeed")
    minimum_phi_oscillation = column("goniostatMinOscillationWidth")
    detector_manufacturer = column("detectorManufacturer", Detector)
    detector_model = column("detectorModel", Detector)
    detector_type = column("detectorType", Detector)
    detector_binning_mode = column("detectorMode", Detector)
    beamlineSetupId = Key(
        allow_none=True, metadata={"description": "the setup of before; kept if nothing changed"}
    )
    sessionId = Key(allow_none=True, metadata={"description": "the session that has this setup"})
    beamline_name = column("beamlineName")

    class Meta(LenientSchema.Meta):
        model = BeamLineSetup

    def translate(self, data: dict) -> dict:
        """``{"setup": columns, "detector": columns, …}``."""
        data = get_values(data)
        keys = {name: data.pop(name, None) for name in ("beamlineSetupId", "sessionId")}
        undulators = data.pop("undulators", ())[:UNDULATORS]
        kinds = [undulator.get("undulatorType1") for undulator in undulators]
        data |= {f"undulatorType{at}": kind for at, kind in enumerate(kinds, 1) if kind}
        names = [name for name in data if name.startswith("detector")]
        detector = {name: data.pop(name) for name in names}
        return {**keys, "detector": detector, "setup": data}


class MxcubeDetectorQuery(Schema):
    """Names of a detector, unquoted: those that are empty or None match any."""

    manufacturer = text_of(Detector.detectorManufacturer)
    model = text_of(Detector.detectorModel)
    mode = text_of(Detector.detectorMode)
    type = text_of(Detector.detectorType)

    class Meta:
        unknown = EXCLUDE  # an & in a name splits the query
