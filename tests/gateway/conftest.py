"""Fixtures of the gateway: the specifications of the services, and Kong's file."""

import copy
import pickle

import pytest

from gateway import app as gateway_app
from gateway.render import declare, render
from shared import config


@pytest.fixture(scope="session")
def loaded(site):
    """The site of the tests as the services see it, with its keys."""
    return config.load(site)


@pytest.fixture(scope="session")
def specs(loaded):
    """The specifications of the services of the site."""
    return gateway_app.specifications(loaded)


@pytest.fixture(scope="session")
def text(loaded, specs):
    """Kong's file of the site."""
    return render(loaded, specs)


@pytest.fixture(scope="session")
def _declared(loaded, specs):
    return pickle.dumps(declare(loaded, specs))


@pytest.fixture
def kong(_declared):
    """The content of the file, a copy for each test, which may break it."""
    return pickle.loads(_declared)


@pytest.fixture
def without(loaded):
    """``without("ssx")`` is the site with that service switched off."""

    def switch_off(name):
        site = copy.deepcopy(loaded)
        site["services"][name]["enabled"] = False
        return site

    return switch_off
