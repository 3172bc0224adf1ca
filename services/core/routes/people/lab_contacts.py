"""/contacts/lab_contacts"""

from services.core.modules.people.lab_contacts import lab_contacts
from shared.api import Namespace

ns = Namespace(
    "lab_contacts", path="/contacts/lab_contacts", description="Shipping contacts of proposals"
)
ns.resource(
    lab_contacts,
    "list create get update replace delete",
    one="lab contact",
    many="lab contacts",
    service="uportal_sync",
    summaries={
        "list": "List the contacts of the proposals the caller may see.",
        "create": "Create a contact for a visible proposal.",
        "get": "Show one contact.",
        "update": "Change some fields of a contact: absent keeps, null clears.",
        "replace": "Replace a contact: what is absent is as in a new one.",
        "delete": "Delete a contact on which nothing hangs; show what it was.",
    },
)
