"""/samples/groups and /samples/groups/{id}/samples"""

from services.core.modules.samples.groups import group_samples, groups
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("sample_groups", path="/samples/groups", description="Groups of samples")
ns.resource(
    groups, EVERY, one="sample group", many="sample groups", key="group_id", service=WRITERS
)
ns.resource(
    group_samples,
    "list create delete",
    path="/<int:group_id>/samples",
    one="sample of a group",
    many="samples of a group",
    key="sample_id",
    service=WRITERS,
    summaries={
        "create": "Put a sample into a group.",
        "delete": "Take a sample out of a group; show it.",
    },
)
