"""/containers/{id}/inspections, /containers/inspection_types, /containers/imagers"""

from services.core.modules.shipping import inspections
from services.core.routes import WRITERS
from shared.api import Namespace

ns = Namespace("inspections", path="/containers", description="Inspections of plates")
ns.resource(
    inspections.container_inspections,
    "list create",
    path="/<int:container_id>/inspections",
    one="inspection",
    many="inspections",
    service=WRITERS,
    summaries={"list": "List the inspections of a plate, newest first."},
)
ns.resource(
    inspections.inspections,
    "get update delete",
    path="/inspections",
    one="inspection",
    many="single inspections",
    service=WRITERS,
)
ns.resource(
    inspections.inspection_types,
    "list get",
    path="/inspection_types",
    one="inspection type",
    many="inspection types",
    summaries={"list": "List the kinds of inspections."},
)
ns.resource(
    inspections.imagers,
    "list get",
    path="/imagers",
    one="imager",
    many="imagers",
    summaries={"list": "List the machines that take pictures of plates."},
)
