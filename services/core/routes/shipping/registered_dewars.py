"""/dewars/registry"""

from services.core.modules.shipping.registered_dewars import (
    STAFF,
    registered_dewar_proposals,
    registered_dewars,
)
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("registered_dewars", path="/dewars/registry", description="Physical dewars")
ns.resource(
    registered_dewars,
    EVERY,
    one="registered dewar",
    many="registered dewars",
    key="dewar_registry_id",
    named="id or facility code, e.g. 7 or DLS-MX-0001",
    write=STAFF,
    update=(),
    service=(*STAFF, *WRITERS),
    summaries={
        "create": "Register a dewar; the proposal of its owner may use it.",
        "update": "Change some fields of a registered dewar: absent keeps, null clears. Members of"
        " its proposals change its date, serial number and contact only.",
    },
)
ns.resource(
    registered_dewar_proposals,
    "list create delete",
    path="/<dewar_registry_id>/proposals",
    one="proposal of a registered dewar",
    many="proposals of a registered dewar",
    key="proposal_id",
    write=STAFF,
    summaries={
        "create": "Let a proposal use a registered dewar.",
        "delete": "End the use of a registered dewar by a proposal; show what it was.",
    },
)
