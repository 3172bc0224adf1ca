"""/samples/proteins/{id}/pdbs and /samples/crystals/{id}/pdb"""

from http import HTTPStatus

from flask import request

from services.core.modules.samples import pdbs
from services.core.routes import WRITERS
from services.core.schemas.samples.pdbs import PdbFileSchema, PdbQuery, PDBSchema
from shared.api import Namespace, Resource
from shared.files import FileQuery
from shared.lists import FieldsQuery, query_of

ns = Namespace("pdbs", path="/samples", description="PDB, CIF and HKL files of proteins")
ANY = "*/*"


def read_text(body: bytes) -> dict:
    """The document of a body that is the text of a file, in UTF-8 or latin1."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin1")
    name = request.args.get("name")
    return {"contents": text, **({} if name is None else {"name": name})}


TEXTS = dict.fromkeys(("text/plain", "chemical/x-pdb", "application/octet-stream"), read_text)


@ns.route("/proteins/<int:protein_id>/pdbs")
class ProteinFiles(Resource):
    @ns.require()
    @ns.takes(query_of(PDBSchema), query=True)
    @ns.returns(PDBSchema, many=True)
    def get(self, identity, query, protein_id):
        """List the files of a protein, without their text."""
        return pdbs.list_(identity, protein_id, query)

    @ns.require(service=WRITERS)
    @ns.takes(PdbQuery, query=True)
    @ns.takes(PdbFileSchema, large=True, also=TEXTS)
    @ns.returns(PDBSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, query, data, protein_id):
        """Store a file of a protein, as JSON or as its text; one of the same name is replaced."""
        row, is_new = pdbs.put_of_protein(identity, protein_id, data)
        return row, HTTPStatus.CREATED if is_new else HTTPStatus.OK


@ns.route("/proteins/<int:protein_id>/pdbs/<int:pdb_id>")
class ProteinFile(Resource):
    @ns.require(service=WRITERS)
    @ns.returns(PDBSchema)
    def delete(self, identity, protein_id, pdb_id):
        """Delete a file of a protein; show it without its text."""
        return pdbs.delete_of_protein(identity, protein_id, pdb_id)


@ns.route("/proteins/<int:protein_id>/pdbs/<int:pdb_id>/file")
class ProteinFileText(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, protein_id, pdb_id):
        """Fetch a file of a protein."""
        return pdbs.get_document(identity, protein_id, pdb_id)


@ns.route("/crystals/<int:crystal_id>/pdb")
class CrystalFile(Resource):
    @ns.require()
    @ns.takes(FieldsQuery, query=True)
    @ns.returns(PdbFileSchema)
    def get(self, identity, query, crystal_id):
        """Show the file that a crystal names, of those of its protein, with its text."""
        return pdbs.get_of_crystal(identity, crystal_id, **query)

    @ns.require(service=WRITERS)
    @ns.takes(PdbQuery, query=True)
    @ns.takes(PdbFileSchema, large=True, also=TEXTS)
    @ns.returns(PdbFileSchema)
    def put(self, identity, query, data, crystal_id):
        """Store the file of a crystal, as JSON or as its text; it is one of its protein too."""
        return pdbs.replace_of_crystal(identity, crystal_id, data)


@ns.route("/crystals/<int:crystal_id>/pdb/file")
class CrystalFileText(Resource):
    @ns.require(link=True)
    @ns.takes(FileQuery, query=True)
    @ns.streams(ANY)
    def get(self, identity, crystal_id):
        """Fetch the file that a crystal names."""
        return pdbs.get_crystal_document(identity, crystal_id)
