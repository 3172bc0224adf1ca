"""/samples/ligands and /samples/{id}/ligands"""

from services.core.modules.samples.ligands import ligands, sample_ligands
from services.core.routes import EVERY, WRITERS
from shared.api import Namespace

ns = Namespace("ligands", path="/samples", description="Small molecules, alone and in samples")
ns.resource(ligands, EVERY, path="/ligands", one="ligand", many="ligands", service=WRITERS)
ns.resource(
    sample_ligands,
    "list create delete",
    path="/<int:sample_id>/ligands",
    one="ligand of a sample",
    many="ligands of a sample",
    key="ligand_id",
    service=WRITERS,
    summaries={
        "create": "Note that a ligand is in a sample.",
        "delete": "Take a ligand out of a sample; show it.",
    },
)
