"""Loads what of Hyperion talks to ISPyB: its client, and the callbacks that drive it."""

import json
import logging
import sys
from importlib import import_module
from types import SimpleNamespace
from unittest.mock import MagicMock

from event_model import DocumentRouter

from tests.clients.packages import shallow, stub

COMMON = "mx_bluesky.common"
OUTSIDE = f"{COMMON}.external_interaction"
CALLBACKS = f"{OUTSIDE}.callbacks"
HYPERION = "mx_bluesky.hyperion"
ITS_CALLBACKS = f"{HYPERION}.external_interaction.callbacks"
PACKAGES = [
    *("mx_bluesky", COMMON, f"{COMMON}.parameters", f"{COMMON}.utils", OUTSIDE),
    *(f"{OUTSIDE}.ispyb", CALLBACKS, f"{CALLBACKS}.common", f"{CALLBACKS}.grid"),
    *(f"{CALLBACKS}.grid.grid_detect_and_scan", f"{CALLBACKS}.sample_handling"),
    *(HYPERION, f"{HYPERION}.parameters", f"{HYPERION}.external_interaction", ITS_CALLBACKS),
    *(f"{ITS_CALLBACKS}.robot_actions", f"{ITS_CALLBACKS}.rotation"),
]
BEAMLINE = [
    *("bluesky", "bluesky.plan_stubs", "bluesky.preprocessors", "bluesky.utils"),
    *("dodal", "dodal.common", "dodal.common.maths", "dodal.devices", "dodal.utils"),
    *("dodal.devices.aperturescatterguard", "dodal.devices.detector", "dodal.devices.oav"),
    *("dodal.devices.zocalo", "dodal.devices.zocalo.zocalo_constants"),
    *(f"{COMMON}.parameters.gridscan", f"{OUTSIDE}.alerting"),
]


class Parameters(SimpleNamespace):
    """Those of a plan: what is in its JSON."""

    @classmethod
    def model_validate_json(cls, text):
        return json.loads(text, object_hook=lambda found: cls(**found))

    def get_beam_position_mm(self, distance):
        return self.beam_position


def load():
    """The client, its words and the callbacks; the devices of the beamline are stubs."""
    shallow("mx-bluesky", PACKAGES)
    sys.modules.update({name: MagicMock() for name in BEAMLINE})
    stub("bluesky.callbacks", CallbackBase=DocumentRouter)  # which is all that it adds to
    stub("dodal.devices.detector.det_resolution", resolution=lambda *_: 1.6)
    corner = SimpleNamespace(bottom_right_from_top_left=lambda *_: (630, 436))
    sys.modules["dodal.devices.oav"].utils = corner
    log = logging.getLogger("hyperion")
    stub(
        f"{COMMON}.utils.log",
        ISPYB_ZOCALO_CALLBACK_LOGGER=log,
        format_doc_for_log=str,
        set_dcgid_tag=lambda _: None,
    )
    stub(
        f"{COMMON}.utils.utils",
        convert_ev_to_angstrom=lambda energy: 12398.42 / energy,
        number_of_frames_from_scan_spec=len,
    )
    stub(
        f"{COMMON}.parameters.components",
        DiffractionExperimentWithSample=Parameters,
        IspybExperimentType=SimpleNamespace(CHARACTERIZATION=Parameters(value="Characterization")),
    )
    stub(f"{COMMON}.parameters.rotation", SingleRotationScan=Parameters)
    exp_eye = import_module(f"{OUTSIDE}.ispyb.exp_eye_store")
    grids = import_module(f"{CALLBACKS}.grid.grid_detect_and_scan.ispyb_callback")
    handling = import_module(f"{CALLBACKS}.sample_handling.sample_handling_callback")
    rotations = import_module(f"{ITS_CALLBACKS}.rotation.ispyb_callback")
    return SimpleNamespace(
        Interaction=exp_eye.ExpeyeInteraction,
        Status=exp_eye.BLSampleStatus,
        Store=import_module(f"{OUTSIDE}.ispyb.ispyb_store").StoreInIspyb,
        model=import_module(f"{OUTSIDE}.ispyb.data_model"),
        Refused=import_module(f"{COMMON}.utils.exceptions").ISPyBDepositionNotMadeError,
        Robot=import_module(
            f"{ITS_CALLBACKS}.robot_actions.ispyb_callback"
        ).RobotLoadISPyBCallback,
        Rotation=rotations.RotationISPyBCallback,
        Grid=lambda: grids.GridDetectAndScanISPyBCallback(Parameters),
        Handling=handling.SampleHandlingCallback,
    )
