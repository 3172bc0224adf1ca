"""/samples/component_types, /samples/concentration_types and /samples/images/scores"""

from services.core.modules.samples.lookups import (
    component_types,
    concentration_types,
    image_scores,
)
from shared.api import Namespace

ns = Namespace("lookups", path="/samples", description="Words that proteins and pictures use")
for rows, path, one in (
    (component_types, "/component_types", "component type"),
    (concentration_types, "/concentration_types", "concentration type"),
    (image_scores, "/images/scores", "image score"),
):
    ns.resource(rows, "list get", path=path, one=one, many=f"{one}s")
