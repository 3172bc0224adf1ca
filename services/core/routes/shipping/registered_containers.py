"""/containers/registry"""

from services.core.modules.shipping.registered_containers import (
    registered_container_proposals,
    registered_containers,
)
from services.core.modules.shipping.registered_dewars import STAFF
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace(
    "registered_containers", path="/containers/registry", description="Physical pucks and plates"
)
ns.resource(
    registered_containers,
    EVERY,
    one="registered container",
    many="registered containers",
    key="container_registry_id",
    delete=STAFF,
    service=(*STAFF, *WRITERS),
    summaries={"create": "Register a container for a proposal."},
)
ns.resource(
    registered_container_proposals,
    "list create delete",
    path="/<int:container_registry_id>/proposals",
    one="proposal of a registered container",
    many="proposals of a registered container",
    key="proposal_id",
    write=STAFF,
    summaries={
        "create": "Let a proposal use a registered container.",
        "delete": "End the use of a registered container by a proposal; show what it was.",
    },
)
