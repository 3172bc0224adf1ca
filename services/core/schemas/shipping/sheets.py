"""The payloads of imports and exports of spreadsheets."""

from marshmallow import Schema, fields, validate

from services.core.models import Ligand
from shared.files import FileQuery
from shared.lists import FORMATS
from shared.schemas import TableSchema

PROFILES = ("diamond", "java", "imca", "exi", "form5", "form6")
SAMPLES = [
    ["Container", "Location", "Protein acronym", "Sample name"],
    ["P1", "1", "LYSO", "x1"],
]
LIGANDS = [["Name", "SMILES", "Well"], ["ethanol", "CCO", "A1"]]


class Line(fields.List):
    """A row of texts, without blanks at their ends; null is an empty cell."""

    def __init__(self, **kwargs):
        super().__init__(fields.String(allow_none=True), **kwargs)

    def _deserialize(self, value, *args, **kwargs):
        return [(text or "").strip() for text in super()._deserialize(value, *args, **kwargs)]


class SheetSchema(Schema):
    """A sheet: its rows of cells, as they are typed."""

    name = fields.String(allow_none=True, validate=validate.Length(0, 255))
    rows = fields.List(Line(), required=True, metadata={"example": SAMPLES})


class SheetsSchema(Schema):
    """The cells of a spreadsheet; of one with several sheets each sheet may be a puck."""

    sheets = fields.List(
        fields.Nested(SheetSchema), required=True, validate=validate.Length(1, 200)
    )


class LigandSheetSchema(SheetSchema):
    """A sheet of ligands: its rows of cells, as they are typed."""

    rows = fields.List(Line(), required=True, metadata={"example": LIGANDS})


class LigandSheetsSchema(Schema):
    """The cells of a spreadsheet of ligands; its first sheet is read."""

    sheets = fields.List(
        fields.Nested(LigandSheetSchema), required=True, validate=validate.Length(1, 200)
    )


class ImportQuery(Schema):
    """The options of an import."""

    dry_run = fields.Boolean(
        load_default=False,
        metadata={"description": "store nothing; answer with all mistakes, and with the tree"},
    )


class ShipmentImportQuery(ImportQuery):
    """The options of an import of samples."""

    profile = fields.String(
        validate=validate.OneOf(PROFILES),
        metadata={"description": "layout whose columns are by position; else by their names"},
    )


class LigandImportQuery(ImportQuery):
    """The options of an import of ligands."""

    proposal = fields.String(
        required=True,
        validate=validate.Length(1, 45),
        metadata={"description": "id or name of the proposal they are for"},
    )


class ImportedLigandSchema(TableSchema):
    """A ligand in a file."""

    class Meta(TableSchema.Meta):
        model = Ligand
        fields = (
            *("name", "SMILES", "sourceWell", "plateBarcode", "libraryName"),
            "libraryBatchNumber",
        )


class SheetQuery(FileQuery):
    """The format of a spreadsheet."""

    format = fields.String(load_default="csv", validate=validate.OneOf([*FORMATS]))


class MistakeSchema(Schema):
    """A mistake in a spreadsheet, with its place."""

    sheet = fields.String(allow_none=True, metadata={"description": "its sheet, null for CSV"})
    row = fields.Integer(metadata={"description": "its row, the first one is 1"})
    cell = fields.String(
        allow_none=True, metadata={"description": "its cell, such as C7; null for a whole row"}
    )
    column = fields.String(allow_none=True, metadata={"description": "the title of its column"})
    value = fields.String(allow_none=True, metadata={"description": "the text in the cell"})
    reason = fields.String(metadata={"description": "what is wrong, or would be right"})


class CountsSchema(Schema):
    """The numbers of new rows."""

    dewars = fields.Integer()
    containers = fields.Integer()
    samples = fields.Integer()
    proteins = fields.Integer()


class ImportedSampleSchema(Schema):
    """A new sample."""

    location = fields.String()
    subLocation = fields.Integer(allow_none=True)
    name = fields.String()
    acronym = fields.String(metadata={"description": "of its protein"})


class ImportedContainerSchema(Schema):
    """A new container."""

    code = fields.String()
    barcode = fields.String(allow_none=True)
    containerType = fields.String()
    BLSample = fields.List(fields.Nested(ImportedSampleSchema))


class ImportedDewarSchema(Schema):
    """A dewar with new containers."""

    dewarId = fields.Integer(
        allow_none=True, metadata={"description": "its key, if it was in the shipment already"}
    )
    code = fields.String()
    Container = fields.List(fields.Nested(ImportedContainerSchema))


class ReportSchema(Schema):
    """The mistakes in a spreadsheet: the first 1000 of them, and the number of all."""

    isStored = fields.Boolean(metadata={"description": "whether the rows were stored"})
    mistakes = fields.List(fields.Nested(MistakeSchema))
    mistakeCount = fields.Integer()
    warnings = fields.List(
        fields.String(), metadata={"description": "columns and sheets that are not stored"}
    )


class ShipmentImportSchema(ReportSchema):
    """An import of samples: the rows that are stored, or would be."""

    counts = fields.Nested(CountsSchema)
    Dewar = fields.List(fields.Nested(ImportedDewarSchema))


class LigandImportSchema(ReportSchema):
    """An import of ligands: their number."""

    ligands = fields.Integer()
