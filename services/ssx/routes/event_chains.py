"""/ssx/event_chains and /ssx/event_types"""

from services.ssx.modules.event_chains import event_chains, event_types
from services.ssx.routes import BEAMLINE, EVERY
from shared.api import Namespace

ns = Namespace("ssx event chains", path="/ssx", description="Pumps, probes and reactions")
ns.resource(event_types, "list get", path="/event_types", one="event type", many="event types")
ns.resource(
    event_chains,
    EVERY,
    path="/event_chains",
    one="event chain",
    many="event chains",
    write=[BEAMLINE],
    summaries={"delete": "Delete an event chain with its events; show what it was."},
)
