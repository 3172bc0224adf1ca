"""The ssx service: serial crystallography."""

from collections.abc import Mapping

from flask import Flask, redirect, request

from services.ssx.dialects import i24, ssx_webservices
from services.ssx.routes import (
    chain_timelines,
    components,
    data_collections,
    event_chains,
    hits,
    images,
    merged_results,
    runs,
    statistics,
)
from shared import plots
from shared.app import ApiMount, build_app
from shared.config import API_ROOT

FORMER_PATH, PATH = f"{API_ROOT}/ssx/datacollections", f"{API_ROOT}/ssx/data_collections"
MOUNTS = [
    ApiMount(
        [
            data_collections.ns,
            runs.ns,
            event_chains.ns,
            chain_timelines.ns,
            components.ns,
            merged_results.ns,
            images.ns,
            statistics.ns,
            hits.ns,
        ],
        path="/ssx",
    ),
    ApiMount(ssx_webservices.NAMESPACES, path="/webservices/ssx", dialect="ssx_webservices"),
    ApiMount(i24.NAMESPACES, root="/ispyb/i24", dialect="i24"),
]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the ssx service; ``config`` is its site file, see shared.config.load."""
    app = build_app("ssx", MOUNTS, config)
    app.extensions["imports"] = plots.MODULES
    for below in ("", "/<int:key>"):  # undocumented
        app.add_url_rule(FORMER_PATH + below, "former", _redirect)
    return app


def _redirect(key: int | None = None):
    """Answer 308 with the present path of a former one."""
    return redirect(request.full_path.rstrip("?").replace(FORMER_PATH, PATH, 1), 308)
