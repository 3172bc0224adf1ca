"""/containers/types"""

from services.core.modules.shipping.container_types import container_types
from shared.api import Namespace

ns = Namespace("container_types", path="/containers/types", description="Kinds of containers")
ns.resource(
    container_types,
    "list get",
    one="container type",
    many="container types",
    summaries={"list": "List the kinds of containers."},
)
