"""The columns of spreadsheets of samples, by their names and, for some layouts, by position.

The layouts are those that users of SynchWeb, EXI and the Java ISPyB fill in.
"""

import re
from typing import NamedTuple

DEWAR, CONTAINER, KIND = "Container.Dewar.code", "Container.code", "Container.containerType"
LOCATION, ACRONYM, NAME = "location", "Crystal.Protein.acronym", "name"
SPACE_GROUP, COMMENTS = "Crystal.spaceGroup", "comments"
CELL = tuple(f"Crystal.cell_{axis}" for axis in ("a", "b", "c", "alpha", "beta", "gamma"))
EXPERIMENT = "DiffractionPlan.experimentKind"
GROUP = "BLSampleGroup.name"
WHOLE_CELL, ACRONYM_GROUP = "cell", "acronym and space group"  # a cell with several values
PROPOSAL_CODE, PROPOSAL_NUMBER = "proposalCode", "proposalNumber"
EXPERIMENTS = {"native": "OSC", "phasing": "SAD", "ligand": "Ligand binding"}


class Column(NamedTuple):
    """A column: the path of its value in a sample as it is read, its title and other names of it.

    ``names`` are without case, blanks and punctuation, separated by blanks. ``span`` is the range
    of a number.
    """

    path: str
    title: str
    names: str = ""
    span: tuple[float, float] | None = None
    example: str = ""


def _plan(name: str) -> str:
    return f"DiffractionPlan.{name}"


RESOLUTION = (0.1, 100)
PERCENT = (0, 100)
LENGTH = (1, 10_000)
ANGLE = (1, 179)
TURN = (0, 3600)
# In the order of the template.
COLUMNS = (
    Column(DEWAR, "Dewar", "dewarcode dewarname parcel parcelname", example="Dewar1"),
    Column(CONTAINER, "Container", "puck puckname containername containercode", example="P1"),
    Column(KIND, "Container type", "pucktype type", example="Unipuck"),
    Column("Container.barcode", "Container barcode", "puckbarcode"),
    Column(
        LOCATION,
        "Location",
        "position pin well containerposition sampleposition puckposition pinposition",
        example="1",
    ),
    Column("subLocation", "Sublocation", span=(1, 100)),
    Column(
        ACRONYM,
        "Protein acronym",
        "acronym protein project component",
        example="LYSO",
    ),
    Column("Crystal.Protein.name", "Protein name", example="Lysozyme"),
    Column(NAME, "Sample name", "name sample sampleacronym", example="x1"),
    Column("code", "Pin barcode", "barcode samplebarcode pincode samplecode", example="HA00AA001"),
    Column(
        SPACE_GROUP,
        "Space group",
        "spg spacegroupname expectedspacegroup sg",
        example="P43212",
    ),
    Column(CELL[0], "Cell a (Å)", "a unitcella", LENGTH, "78.5"),
    Column(CELL[1], "Cell b (Å)", "b unitcellb", LENGTH, "78.5"),
    Column(CELL[2], "Cell c (Å)", "c unitcellc", LENGTH, "37.8"),
    Column(CELL[3], "Cell alpha (degrees)", "alpha unitcellalpha", ANGLE, "90"),
    Column(CELL[4], "Cell beta (degrees)", "beta unitcellbeta", ANGLE, "90"),
    Column(CELL[5], "Cell gamma (degrees)", "gamma unitcellgamma", ANGLE, "90"),
    Column(EXPERIMENT, "Experiment kind", "experimenttype experiment", example="OSC"),
    Column(
        _plan("observedResolution"),
        "Observed resolution (Å)",
        "preobsresolution preobservedresolution",
        RESOLUTION,
    ),
    Column(
        _plan("minimalResolution"),
        "Minimal resolution (Å)",
        "minimumresolution minresolution",
        RESOLUTION,
    ),
    Column(
        _plan("requiredResolution"),
        "Required resolution (Å)",
        "neededresolution minimumresolutionrequiredtocollect",
        RESOLUTION,
    ),
    Column(
        _plan("aimedResolution"), "Aimed resolution (Å)", "expectedresolution", RESOLUTION, "1.8"
    ),
    Column(_plan("aimedCompleteness"), "Aimed completeness (%)", "", PERCENT),
    Column(_plan("aimedMultiplicity"), "Aimed multiplicity", "", (0, 1000)),
    Column(
        _plan("preferredBeamDiameter"),
        "Beam diameter (µm)",
        "preferredbeamdiameter preferredbeam beamsize",
        (0, 10_000),
    ),
    Column(_plan("preferredBeamSizeX"), "Beam size X (µm)", "aperture", (0, 10_000)),
    Column(_plan("numberOfPositions"), "Number of positions", "nbofpositions", (0, 1000)),
    Column(_plan("radiationSensitivity"), "Radiation sensitivity", "", (0, 1)),
    Column(_plan("oscillationRange"), "Oscillation range (degrees)", "imagewidth", TURN),
    Column(
        _plan("minOscWidth"),
        "Minimum oscillation width (degrees)",
        "minoscangle minoscwidth minoscillationwidth minimumoscillationangle",
        TURN,
    ),
    # EXI and its readers keep the whole angle in the column for that of an image
    Column(_plan("axisRange"), "Total rotation angle (degrees)", "totalrotangle axisrange", TURN),
    Column(_plan("exposureTime"), "Exposure time (s)", "", (0, 10_000)),
    Column(_plan("energy"), "Energy (eV)", "energyev photonenergy", (1000, 150_000)),
    Column(_plan("transmission"), "Transmission", "", (0, 1)),
    Column(_plan("distance"), "Detector distance (mm)", "", (0, 100_000)),
    Column(_plan("forcedSpaceGroup"), "Forced space group", "forcedspg"),
    Column(_plan("anomalousScatterer"), "Anomalous scatterer"),
    Column(_plan("centringMethod"), "Centring method", "centeringmethod"),
    Column(_plan("collectionMode"), "Collection mode", "mode"),
    Column(_plan("priority"), "Priority", "", (0, 1_000_000)),
    Column(_plan("userPath"), "User path"),
    Column("loopType", "Loop type"),
    Column("holderLength", "Holder length (mm)", "", (0, 1000)),
    Column(GROUP, "Sample group", "group samplegroupname"),
    Column("SMILES", "SMILES", "smile ligandsmiles"),
    # of powders
    Column("Crystal.Protein.sequence", "Sequence or composition", "sequence composition"),
    Column("Crystal.Protein.density", "Density (g/cm3)", "", (0, 100)),
    Column("packingFraction", "Packing fraction", "", (0, 1)),
    Column(COMMENTS, "Comments", "comment notestostaff collectionstrategy remarks"),
)
# Columns of layouts that are no columns of the template: they are split, or compared.
SPLIT = (
    Column(WHOLE_CELL, "Cell", "unitcell celldimensions expectedcelldimensions"),
    Column(ACRONYM_GROUP, "Protein acronym - space group", "acronymspacegroup"),
    Column(PROPOSAL_CODE, "Proposal code"),
    Column(PROPOSAL_NUMBER, "Proposal number"),
)
NOT_STORED = (
    *("Visit number", "Shipping name", "Screen and Collect Recipe", "S&C N value"),
    *("Contact person", "Recipe", "Phi", "Attenuation", "Prefix"),
    *("Prefix for frames", "Comments from staff", "Status"),
)
JOINED = (COMMENTS,)  # columns of which a sheet may have several


def simplify(title: str) -> str:
    """``title`` without case, blanks and punctuation, and without a unit in brackets."""
    return re.sub(r"[\W_]", "", re.sub(r"[(\[].*?[)\]]", "", title)).lower()


BY_NAME: dict[str, Column | None] = {
    **{simplify(name): None for name in NOT_STORED},
    **{n: c for c in (*COLUMNS, *SPLIT) for n in (simplify(c.title), *c.names.split())},
}
BY_PATH = {column.path: column for column in COLUMNS}
TITLES = [column.title for column in COLUMNS]


class Profile(NamedTuple):
    """A layout whose columns are known by their position; these are titles or other names.

    With ``numbered`` a sheet is a form for one puck: rows without a number in the first column
    are headers, labels or drop-down lists. Samples without a name get ``names``.
    """

    titles: tuple[str, ...]
    numbered: bool = False
    names: str = ""


DIAMOND = (
    *("Proposal Code", "Proposal Number", "Visit Number", "Shipping Name", "Dewar Code", "Puck"),
    *("preObsResolution", "minimalResolution", "Oscillation Range", "Protein Acronym"),
    *("Protein Name", "Space Group", "Barcode", "Sample Name", "Location", "Comments"),
    *("Cell A", "Cell B", "Cell C", "Cell Alpha", "Cell Beta", "Cell Gamma"),
    *("Sublocation", "Loop Type", "Required Resolution", "Centring Method", "Experiment Kind"),
    *("Radiation Sensitivity", "Energy", "User Path", "Screen and Collect Recipe"),
    *("S&C N value", "Sample Group"),
)
CELL_TITLES = ("Cell a", "Cell b", "Cell c", "Cell alpha", "Cell beta", "Cell gamma")
FORM = ("Position", "Protein name", "Protein acronym - space group", "Space group", "Sample name")
PROFILES = {
    "diamond": Profile(DIAMOND),
    "java": Profile(DIAMOND[:22]),
    "imca": Profile(
        (
            *("Puck", "Pin", "Project", "Priority", "Mode", "Notes to Staff"),
            *("Collection strategy", "Contact person", "Expected space group"),
            *("Expected Cell Dimensions", "Expected Resolution"),
            *("Minimum Resolution Required to Collect", "Recipe", "Exposure time"),
            *("Image Width", "Phi", "Attenuation", "Aperture", "Detector Distance"),
            *("Prefix for frames", "Observed Resolution", "Comments From Staff", "Status"),
        ),
        names="x{}",
    ),
    "exi": Profile(
        (
            *("Parcel name", "Container name", "Container type", "Container position"),
            *("Protein acronym", "Sample acronym", "Pin barcode", "SPG", *CELL_TITLES),
            *("Experiment type", "Aimed resolution", "Required resolution", "Beam diameter"),
            *("Number of positions", "Aimed multiplicity", "Aimed completeness", "Forced SPG"),
            *("Radiation sensitivity", "SMILES", "Total rot. angle", "Min. osc. angle"),
            *("Observed resolution", "Comments"),
            # MAX IV adds these
            *("Energy", "Transmission", "Exposure time", "Oscillation range"),
        )
    ),
    "form5": Profile(  # "template 5" of the Java ISPyB, which SynchWeb takes from the clipboard
        (
            *(*FORM, "Pin barcode", "Pre-observed resolution", "Needed resolution"),
            *("Oscillation range", "Experiment type", "Anomalous scatterer", *CELL_TITLES),
            *("Loop type", "Holder length", "Comments"),
        ),
        numbered=True,
    ),
    "form6": Profile(  # "template 6.2", of ESRF and MAX IV
        (
            *(*FORM, "Pin barcode", "Pre-observed resolution", "Needed resolution"),
            *("Beam diameter", "Experiment type", "Number of positions"),
            *("Radiation sensitivity", "Aimed completeness", "Aimed multiplicity", *CELL_TITLES),
            *("SMILES", "Min. oscillation width", "Comments"),
        ),
        numbered=True,
    ),
}
FORM_MARK, FORM_PROFILE = (
    "ehtpx5",
    "form6",
)  # in A1 of the forms of the Java ISPyB, and its profile
FORM_LABELS = {"puck": CONTAINER, "dewar": DEWAR}  # texts in column C; the names are in column D
FORM_PLACES = {1: CONTAINER, 2: DEWAR}  # the rows of these names in a marked form, counted from 0
FORM_VALUE = 3  # column D
FORM_END = 56  # the row of a drop-down list, counted from 0
