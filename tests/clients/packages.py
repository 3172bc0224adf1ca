"""Stands for what a client's modules import, and what does not talk to ISPyB."""

import sys
from importlib import metadata
from types import ModuleType


def shallow(distribution, names):
    """Empty packages with the same paths, where the real ones would import a control system."""
    root = metadata.distribution(distribution).locate_file("")
    for name in names:
        sys.modules[name] = module = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")))]


def stub(name, **names):
    """A module that is no part of what talks to ISPyB, and would need the beamline."""
    sys.modules[name] = module = ModuleType(name)
    vars(module).update(names)
