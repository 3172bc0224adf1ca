"""/contacts/labs"""

from services.core.modules.people.laboratories import laboratories
from shared.api import Namespace

ns = Namespace("labs", path="/contacts/labs", description="Laboratories")
ns.resource(
    laboratories,
    "list create get update replace delete",
    one="laboratory",
    many="laboratories",
    write=["uportal_sync"],
    summaries={"list": "List laboratories."},
)
