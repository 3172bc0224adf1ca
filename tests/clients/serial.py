"""Loads the clients of serial beamlines: MXCuBE's at ID29, and that of mx-bluesky at i24."""

import json
import math
from importlib import import_module
from types import SimpleNamespace

import requests

from tests.clients.packages import shallow, stub

I24 = "mx_bluesky.beamlines.i24"
SERIAL = f"{I24}.serial"
DEVICES = "dodal.devices.beamlines.i24"


class Parameters(SimpleNamespace):
    """Those of an experiment."""


class FixedTarget(Parameters):
    """Those of one on a chip."""


class Extruder(Parameters):
    """Those of one with a jet."""


class Eiger:
    """The detector."""

    id = 94
    image_size_mm = (233.1, 244.65)


def load_dcid():
    """The module of DCID; the devices of the beamline are stubs."""
    packages = ("mx_bluesky", "mx_bluesky.beamlines", I24, SERIAL, f"{SERIAL}.fixed_target")
    shallow("mx-bluesky", packages)
    for name in ("bluesky", "dodal", "dodal.devices", "dodal.devices.beamlines", DEVICES):
        stub(name)
    stub("bluesky.plan_stubs")
    stub("bluesky.utils", MsgGenerator=list)
    stub(f"{DEVICES}.beam_center", DetectorBeamCenter=object)
    stub(f"{DEVICES}.dcm", DCM=object)
    stub(f"{DEVICES}.focus_mirrors", FocusMirrorsMode=object)
    stub(f"{SERIAL}.fixed_target.ft_utils", PumpProbeSetting=SimpleNamespace(Short2="short2"))
    quiet = SimpleNamespace(
        **dict.fromkeys(("debug", "info", "warning", "error", "exception"), lambda *_: None)
    )
    stub(f"{SERIAL}.log", SSX_LOGGER=quiet)
    stub(
        f"{SERIAL}.parameters",
        BeamSettings=Parameters,
        DetectorName=str,
        ExtruderParameters=Extruder,
        FixedTargetParameters=FixedTarget,
    )
    stub(f"{SERIAL}.setup_beamline", Detector=Eiger, Eiger=Eiger)
    return import_module(f"{SERIAL}.dcid")


def compute_resolution(distance, wavelength):
    """That at the edge of the detector, as DCID rounds it."""
    angle = math.atan(Eiger.image_size_mm[0] / (2 * distance)) / 2
    return round(wavelength / (2 * math.sin(angle)), 2)


class ApiException(Exception):
    """An answer that is no success."""


class ApiClient:
    """Sends requests as the generated package pyispyb_client does, which is not published."""

    def __init__(self, configuration):
        self.configuration = configuration

    def __enter__(self):
        return self

    def __exit__(self, *_): ...

    def post(self, path, body):
        token = getattr(self.configuration, "access_token", None)
        answer = requests.post(
            f"{self.configuration.host}/ispyb/api/v1{path}",
            data=json.dumps(body, default=lambda moment: moment.isoformat()),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
            timeout=10,
        )
        if answer.status_code not in (200, 201):  # 201 for a login
            raise ApiException(answer.text)
        body = answer.json()
        return SimpleNamespace(body=SimpleNamespace(**body) if isinstance(body, dict) else body)


class AuthenticationApi:
    def __init__(self, client):
        self.client = client

    def login_ispyb_api_v1_auth_login_post(self, login):
        return self.client.post("/auth/login", login)


class WebservicesSerialCrystallographyApi:
    def __init__(self, client):
        self.client = client

    def create_datacollectiongroup(self, body):
        return self.client.post("/webservices/ssx/datacollectiongroup", body)

    def create_datacollection(self, body):
        return self.client.post("/webservices/ssx/datacollection", body)


def load_mxcube(beamline):
    """The class PyISPyBClient, at a ``beamline`` without devices."""
    package = "pyispyb_client"
    stub(package, Configuration=SimpleNamespace, ApiClient=ApiClient, ApiException=ApiException)
    for name in ("apis", "model"):
        stub(f"{package}.{name}")
    stub(
        f"{package}.apis.tags",
        authentication_api=SimpleNamespace(AuthenticationApi=AuthenticationApi),
        webservices_serial_crystallography_api=SimpleNamespace(
            WebservicesSerialCrystallographyApi=WebservicesSerialCrystallographyApi
        ),
    )
    stub(f"{package}.model.login", Login=dict)
    shallow("mxcubecore", ["mxcubecore", "mxcubecore.HardwareObjects"])
    stub("mxcubecore.HardwareRepository", beamline=beamline)
    return import_module("mxcubecore.HardwareObjects.PyISPyBClient").PyISPyBClient
