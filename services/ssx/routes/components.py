"""/ssx/components, /ssx/sample_compositions and /ssx/crystal_compositions"""

from services.ssx.modules.components import (
    components,
    crystal_compositions,
    sample_compositions,
)
from services.ssx.routes import EVERY, BEAMLINE
from shared.api import Namespace

ns = Namespace("ssx components", path="/ssx", description="Substances in samples and crystals")
ns.resource(
    components, EVERY, path="/components", one="component", many="components", service=BEAMLINE
)
for rows, path, thing in (
    (sample_compositions, "/sample_compositions", "sample"),
    (crystal_compositions, "/crystal_compositions", "crystal"),
):
    ns.resource(
        rows,
        EVERY,
        path=path,
        one=f"component of a {thing}",
        many=f"components of {thing}s",
        key="composition_id",
        service=BEAMLINE,
    )
