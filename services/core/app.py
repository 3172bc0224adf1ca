"""The core service: people, proposals, sessions, samples, data collections."""

from collections.abc import Mapping

from flask import Flask

from services.core.dialects import expeye, mxcube
from services.core.routes.acquisition import (
    collection_attachments,
    comments,
    data_collection_groups,
    data_collections,
    grids,
    images,
    positions,
)
from services.core.routes.beamline import (
    beamline_setups,
    detectors,
    energy_scans,
    robot_actions,
    xrf_spectra,
)
from services.core.routes.overview import (
    files,
    json_schemas,
    sample_lineages,
    sample_results,
    statistics,
    timeline,
)
from services.core.routes.people import (
    lab_contacts,
    laboratories,
    members,
    persons,
    proposals,
    sessions,
)
from services.core.routes.processing import (
    image_quality,
    processing_jobs,
    programs,
    result_tables,
    results,
    screenings,
    status_histories,
    xray_centrings,
    xrf_maps,
)
from services.core.routes.samples import (
    crystals,
    diffraction_plans,
    group_persons,
    groups,
    ligands,
    lookups,
    pdbs,
    proteins,
    samples,
    subsamples,
)
from services.core.routes.samples import images as sample_images
from services.core.routes.shipping import (
    assignments,
    container_types,
    containers,
    dewars,
    histories,
    inspections,
    labels,
    mxlims_messages,
    queues,
    registered_containers,
    registered_dewars,
    sheets,
    shipment_sessions,
    shipment_trees,
    shipments,
)
from services.core.routes.zocalo import commands
from shared import plots, tables
from shared.app import ApiMount, build_app

MOUNTS = [
    ApiMount(
        [
            proposals.ns,
            sessions.ns,
            members.ns,
            persons.ns,
            laboratories.ns,
            lab_contacts.ns,
            samples.ns,
            crystals.ns,
            proteins.ns,
            diffraction_plans.ns,
            subsamples.ns,
            groups.ns,
            group_persons.ns,
            sample_images.ns,
            ligands.ns,
            lookups.ns,
            pdbs.ns,
            shipments.ns,
            shipment_trees.ns,
            sheets.ns,
            shipment_sessions.ns,
            histories.ns,
            dewars.ns,
            registered_dewars.ns,
            container_types.ns,
            containers.ns,
            labels.ns,
            mxlims_messages.ns,
            registered_containers.ns,
            queues.ns,
            assignments.ns,
            inspections.ns,
            data_collections.ns,
            data_collection_groups.ns,
            positions.ns,
            grids.ns,
            images.ns,
            image_quality.ns,
            collection_attachments.ns,
            comments.ns,
            screenings.ns,
            xray_centrings.ns,
            energy_scans.ns,
            xrf_spectra.ns,
            xrf_maps.ns,
            robot_actions.ns,
            detectors.ns,
            beamline_setups.ns,
            processing_jobs.ns,
            programs.ns,
            status_histories.ns,
            results.ns,
            result_tables.ns,
            commands.ns,
            timeline.ns,
            statistics.ns,
            sample_lineages.ns,
            sample_results.ns,
            files.ns,
            json_schemas.ns,
        ]
    ),
    ApiMount(mxcube.NAMESPACES, root="/ispyb/mxcube", dialect="mxcube"),
    ApiMount(expeye.NAMESPACES, root="/ispyb/expeye", dialect="expeye"),
]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the core service; ``config`` is its site file, see shared.config.load."""
    app = build_app("core", MOUNTS, config)
    app.extensions["imports"] = (*plots.MODULES, *tables.MODULES)
    return app
