"""The samples that MXCuBE mounts. If one key is missing, the client drops the whole list."""

import re

from services.core.dialects.mxcube.event_schemas import (
    MxcubeSampleQuery,
    MxcubeSampleSchema,
    ReadySampleSchema,
)
from services.core.modules.samples.samples import samples
from shared.api import Namespace, Resource
from shared.lenient import WHOLE_LIST, get_columns, with_warnings

sample_ns = Namespace("samples", description="Samples ready on a beamline")
NAMESPACES = [sample_ns]

CELL = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")
READ = (
    *("blSampleId", "code", "name", "location", "DiffractionPlan.diffractionPlanId"),
    *("Container.code", "Container.sampleChangerLocation"),
    *("Crystal.crystalId", "Crystal.spaceGroup", "Crystal.Protein.acronym"),
    *(f"Crystal.{name}" for name in CELL),
)
NOT_IN_NAMES = r"[^a-zA-Z0-9:+_-]"  # the web interface drops a list with such a character


@sample_ns.route("")
class Samples(Resource):
    @sample_ns.may_answer(404)
    @sample_ns.require()
    @sample_ns.takes(MxcubeSampleQuery, query=True)
    @sample_ns.returns(ReadySampleSchema, many=True, bare=True)
    def get(self, identity, query):
        """List all samples of a proposal that are ready on a beamline."""
        return [
            _build_sample(row)
            for row in samples.list_(identity, query | WHOLE_LIST | {"fields": READ})["results"]
        ]


@sample_ns.route("/<int:sample_id>")
class Sample(Resource):
    @sample_ns.require(service="mx_write")
    @sample_ns.takes(MxcubeSampleSchema)
    @sample_ns.returns(MxcubeSampleSchema)
    def patch(self, identity, data, sample_id):
        """Change what is known of a sample at the beamline: absent keeps, and so does null.

        Every caller who sees the sample may do this.
        """
        columns = {n: v for n, v in get_columns(data).items() if v is not None}
        sample = samples.edit(identity, samples.lock(identity, sample_id), columns)
        return with_warnings(MxcubeSampleSchema().build_answer(vars(sample)), data)


def _build_sample(row: dict) -> dict:
    """A sample with all keys of the client: those of a missing object are null."""
    box, crystal = row["Container"] or {}, row["Crystal"] or {}
    protein, plan = crystal.get("Protein") or {}, row["DiffractionPlan"] or {}
    return {
        "blSampleId": row["blSampleId"],
        "code": row["code"],
        "name": row["name"] and re.sub(NOT_IN_NAMES, "_", row["name"]),
        "location": row["location"],
        "Container": {name: box.get(name) for name in ("code", "sampleChangerLocation")},
        "Crystal": {
            "crystalId": crystal.get("crystalId"),
            "space_group": crystal.get("spaceGroup"),
            **{name: crystal.get(name) for name in CELL},
            "Protein": {"acronym": protein.get("acronym")},
        },
        "DiffractionPlan": {"diffractionPlanId": plan.get("diffractionPlanId")},
    }
