"""Loads real clients, as they are published."""

import sys
from importlib import import_module, metadata
from types import ModuleType, SimpleNamespace

import pytest

PACKAGES = [
    "",
    ".HardwareObjects",
    ".HardwareObjects.abstract",
    ".HardwareObjects.MAXIV",
    ".model",
]


@pytest.fixture(scope="session")
def mxcube():
    """The modules with which MXCuBE talks to ISPyB.

    Their packages would import a control system: empty ones with the same paths stand for them.
    """
    root = metadata.distribution("mxcubecore").locate_file("")
    for name in (f"mxcubecore{package}" for package in PACKAGES):
        sys.modules[name] = module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]
    objects = "mxcubecore.HardwareObjects"
    client = import_module(f"{objects}.abstract.PyISPyBRestClient")
    return SimpleNamespace(
        Client=client.PyISPyBRestClient,
        Unsuccessful=client.PyISPyBUnsuccessfulResponse,
        Expired=client.AuthenticationExpired,
        Adapter=import_module(f"{objects}.abstract.PyISPyBDataAdapter").PyISPyBDataAdapter,
        maxiv=import_module(f"{objects}.MAXIV.MAXIVPyISPYyBDataAdapter"),
    )
