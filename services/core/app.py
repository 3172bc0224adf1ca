"""The core service: people, proposals, sessions, samples, data collections."""

from collections.abc import Mapping

from flask import Flask

from services.core.dialects import expeye, mxcube
from services.core.routes import (
    centrings,
    collection_attachments,
    commands,
    comments,
    containers,
    crystals,
    data_collection_groups,
    data_collections,
    definitions,
    detectors,
    diffraction_plans,
    energy_scans,
    events,
    files,
    grids,
    image_quality,
    images,
    lab_contacts,
    labs,
    members,
    persons,
    positions,
    processing_jobs,
    programs,
    proposals,
    proteins,
    result_tables,
    results,
    robot_actions,
    samples,
    screenings,
    sessions,
    setups,
    statistics,
    xrf_maps,
    xrf_spectra,
)
from shared.app import Face, build_app

FACES = [
    Face(
        [
            proposals.ns,
            sessions.ns,
            members.ns,
            persons.ns,
            labs.ns,
            lab_contacts.ns,
            samples.ns,
            crystals.ns,
            proteins.ns,
            containers.ns,
            diffraction_plans.ns,
            data_collections.ns,
            data_collection_groups.ns,
            positions.ns,
            grids.ns,
            images.ns,
            image_quality.ns,
            collection_attachments.ns,
            comments.ns,
            screenings.ns,
            centrings.ns,
            energy_scans.ns,
            xrf_spectra.ns,
            xrf_maps.ns,
            robot_actions.ns,
            detectors.ns,
            setups.ns,
            processing_jobs.ns,
            programs.ns,
            results.ns,
            result_tables.ns,
            commands.ns,
            events.ns,
            statistics.ns,
            files.ns,
            definitions.ns,
        ]
    ),
    Face(mxcube.NAMESPACES, root="/ispyb/mxcube", dialect="mxcube"),
    Face(expeye.NAMESPACES, root="/ispyb/expeye", dialect="expeye"),
]


def create_app(config: Mapping | str | None = None) -> Flask:
    """Build the core service; ``config`` is its site file, see shared.config.load."""
    return build_app("core", FACES, config)
