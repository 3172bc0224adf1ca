"""/shipments/{id}/import, …/export, /shipments/import_template and /samples/ligands/import"""

from http import HTTPStatus

from services.core.modules.shipping import ligand_sheets, sheet_files, sheets
from services.core.routes import WRITERS
from services.core.schemas.shipping.sheets import (
    LigandImportQuery,
    LigandImportSchema,
    LigandSheetsSchema,
    SheetQuery,
    SheetsSchema,
    ShipmentImportQuery,
    ShipmentImportSchema,
)
from shared.api import Namespace, Resource
from shared.lists import FORMATS

ns = Namespace("sheets", path="/", description="Imports and exports of spreadsheets")
KINDS = [*FORMATS.values()]
# Browsers on Windows send CSV as the first of these, programs send files as the last.
OTHERS = ("application/vnd.ms-excel", "text/tab-separated-values", "text/plain")
FILES = {kind: sheet_files.read for kind in (*KINDS, *OTHERS, "application/octet-stream")}
LARGE = 10  # times as many values as other documents: 10,000 rows


@ns.route("/shipments/<int:shipment_id>/import")
class ShipmentImport(Resource):
    @ns.require(service=WRITERS)
    @ns.takes(ShipmentImportQuery, query=True)
    @ns.takes(SheetsSchema, large=LARGE, also=FILES)
    @ns.returns(ShipmentImportSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, query, data, shipment_id):
        """Add the containers and samples of a spreadsheet to a shipment: CSV, XLSX or its cells.

        All or nothing is stored. A dry run, with status 200, shows all mistakes by cell.
        """
        report = sheets.import_(identity, shipment_id, data["sheets"], query)
        return report, HTTPStatus.CREATED if report["isStored"] else HTTPStatus.OK


@ns.route("/shipments/<int:shipment_id>/export")
class ShipmentExport(Resource):
    @ns.require(link=True)
    @ns.takes(SheetQuery, query=True)
    @ns.streams(*KINDS)
    def get(self, identity, shipment_id, format):
        """Fetch the samples of a shipment as a spreadsheet, which can be imported."""
        return sheets.export(identity, shipment_id, format)


@ns.route("/shipments/import_template")
class ImportTemplate(Resource):
    @ns.require(link=True)
    @ns.takes(SheetQuery, query=True)
    @ns.streams(*KINDS)
    def get(self, identity, format):
        """Fetch a spreadsheet to fill in, with an example and the words that may be used."""
        return sheets.make_template(format)


@ns.route("/samples/ligands/import")
class LigandImport(Resource):
    @ns.may_answer(404)
    @ns.require(service=WRITERS)
    @ns.takes(LigandImportQuery, query=True)
    @ns.takes(LigandSheetsSchema, large=LARGE, also=FILES)
    @ns.returns(LigandImportSchema, HTTPStatus.CREATED, also=HTTPStatus.OK)
    def post(self, identity, query, data):
        """Add the ligands of a spreadsheet to a proposal: columns Name, SMILES and Well."""
        report = ligand_sheets.import_(identity, data["sheets"], query)
        return report, HTTPStatus.CREATED if report["isStored"] else HTTPStatus.OK
