"""The simulated facility: beamlines, rows of lookup tables, groups and their permissions."""

from dataclasses import dataclass

SYNCHROTRON = "Simulated Light Source"
SCHEMA_VERSION = "5.0.0"  # of ISPyB, for a database without tables


@dataclass(frozen=True)
class Beamline:
    """A beamline or microscope, with its present detector."""

    name: str
    technique: str  # mx, ssx or em
    manufacturer: str
    model: str
    kind: str
    pixel: float  # size, mm
    pixels: tuple[int, int]
    suffix: str


BEAMLINES = (
    Beamline("i03", "mx", "DECTRIS", "EIGER2 XE 16M", "HPC", 0.075, (4148, 4362), "h5"),
    Beamline("i04", "mx", "DECTRIS", "PILATUS3 6M", "HPC", 0.172, (2463, 2527), "cbf"),
    Beamline("i24", "ssx", "PSI", "JUNGFRAU 9M", "Integrating", 0.075, (3108, 3262), "h5"),
    Beamline("m02", "em", "Thermo Fisher", "Falcon 4i", "CMOS", 0.014, (4096, 4096), "eer"),
    Beamline("m03", "em", "Gatan", "K3", "CMOS", 0.005, (5760, 4092), "tiff"),
)

PERMISSIONS = {
    "super_admin": "administer the site",
    "mx_admin": "see all sessions on MX beamlines",
    "ssx_admin": "see all sessions on SSX beamlines",
    "em_admin": "see all sessions on microscopes",
    "all_proposals": "see all proposals",
    "all_sessions": "see all sessions",
    "uportal_sync": "write proposals, sessions, persons and laboratories",
    "manage_groups": "manage user groups",
    "manage_perms": "manage permissions of user groups",
    "manage_tokens": "issue and revoke service tokens",
    "view_activity": "see who changed what",
    "mx_write": "write MX data",
    "ssx_write": "write SSX data",
    "em_write": "write EM data",
    "all_dewars": "see all dewars",
    "fault_view": "see fault reports",
}
GROUPS: dict[str, tuple[str, ...]] = {
    "super_admin": (
        *("super_admin", "all_proposals", "all_sessions", "uportal_sync", "manage_groups"),
        *("manage_perms", "manage_tokens", "view_activity"),
    ),
    "mx_admin": ("mx_admin", "all_dewars", "fault_view"),
    "ssx_admin": ("ssx_admin", "all_dewars"),
    "em_admin": ("em_admin", "all_dewars"),
    "developers": ("mx_write", "ssx_write", "em_write"),
    "goods_handling": ("all_dewars",),
}
MEMBERS = {"super_admin": ("admin",), "mx_admin": ("staff-mx",)}

EVENT_TYPES = ("XrayDetection", "XrayExposure", "LaserExcitation", "ReactionTrigger")
EXPERIMENT_TYPES = (  # in the order of their keys at every site
    (None, ("Default",)),
    (
        "mx",
        (
            *("MXPressE", "MXPressO", "MXPressE_SAD", "MXScore", "MXPressM", "MAD", "SAD"),
            *("Fixed", "Ligand binding", "Refinement", "OSC", "MAD - Inverse Beam"),
            *("SAD - Inverse Beam", "MESH", "XFE", "Stepped transmission"),
            *("XChem High Symmetry", "XChem Low Symmetry", "Commissioning"),
        ),
    ),
    (
        "saxs",
        (
            *("HPLC", "Robot", "Rack", "Grid", "Solids", "Powder", "Peltier", "Spectroscopy"),
            *("CD Spectroscopy", "Microscopy", "Imaging", "CD Thermal Melt"),
            "Fixed Energy At Ambient With Robot",
        ),
    ),
    ("mx", ("Mesh3D",)),
    ("sm", ("Screening",)),
    ("em", ("Tomography", "Single Particle")),
    ("mx", ("Serial Fixed", "Serial Jet", "Still", "SSX-Chip", "SSX-Jet", "Metal ID")),
    ("em", ("Atlas", "CLEM", "FIB", "Soft X-Ray Tomography", "CryoSIM")),
)

COMPONENT_TYPES = (
    *("Protein", "DNA", "Small Molecule", "RNA"),
    *("Ligand", "Buffer", "JetMaterial", "Element"),
)
CONCENTRATION_TYPES = (  # name, symbol, technique
    ("Molar", "M", None),
    ("Percentage Weight / Volume", "%(w/v)", None),
    ("Percentage Volume / Volume", "%(v/v)", None),
    ("Milligrams / Millilitre", "mg/ml", None),
    ("Grams", "g", None),
    ("Microlitre", "uL", "scm"),
    ("Millilitre", "ml", "scm"),
)
PIPELINE_CATEGORIES = ("screening", "processing", "post processing")
PIPELINES = (  # name, category, status, may be asked for again; the sixth is a container's default
    ("Mosflm", "screening", "automatic", False),
    ("EDNA", "screening", "automatic", False),
    ("Fast DP", "processing", "automatic", True),
    ("xia2/XDS", "processing", "deprecated", False),
    ("xia2/Multiplex", "processing", "automatic", True),
    ("xia2/DIALS", "processing", "optional", True),
    ("xia2/3dii", "processing", "optional", True),
    ("autoPROC", "processing", "optional", True),
    ("Fast EP", "post processing", "automatic", False),
    ("Dimple", "post processing", "automatic", False),
    ("MrBUMP", "post processing", "automatic", False),
    ("Big EP/XDS", "post processing", "automatic", False),
    ("Big EP/DIALS", "post processing", "automatic", False),
    ("autoPROC+STARANISO", "processing", "automatic", False),
    ("xia2/DIALS (multi)", "processing", "automatic", False),
    ("xia2/3dii (multi)", "processing", "automatic", False),
)

# name, technique, offered, places, wells in a row, drops across and down, cell of the reservoir
CONTAINER_TYPES = (
    ("B21_8+1", "saxs", True, 9),
    ("B21_96", "saxs", True, 192, 12, 2, 1),
    ("B21_1tube", "saxs", True, None),
    ("I22_Capillary_Rack_20", "saxs", False, None),
    ("I22_Grid_100", "saxs", False, None),
    ("I22_Grid_45", "saxs", False, None),
    ("P38_Capillary_Rack_27", "saxs", True, None),
    ("P38_Solids", "saxs", True, None),
    ("P38_Powder", "saxs", True, None),
    ("B22_6", "saxs", True, None),
    ("I11_Capillary_Rack_6", "saxs", True, None),
    ("Puck", "mx", True, 16),
    ("ReferencePlate", "mx", True, 16, 2, 1, 1),
    ("CrystalQuickX", "mx", True, 192, 12, 2, 1),
    ("MitegenInSitu", "mx", True, 192, 12, 2, 1),
    ("FilmBatch", "mx", True, 96, 12, 1, 1),
    ("MitegenInSitu_3_Drop", "mx", True, 288, 12, 3, 1),
    ("Greiner 3 Drop", "mx", True, 288, 12, 3, 1),
    ("MRC Maxi", "mx", True, 48, 6, 1, 1),
    ("MRC 2 Drop", "mx", True, 192, 12, 1, 2),
    ("Griener 1536", "mx", True, 1536, 12, 4, 4),
    ("3 Drop Square", "mx", True, 288, 12, 2, 2, 3),
    ("SWISSCI 3 Drop", "mx", True, 288, 12, 2, 2, 1),
    ("1 drop", "mx", True, 96, 12, 1, 1),
    ("LCP Glass", "mx", True, 96, 12, 1, 1),
    ("PCRStrip", "saxs", True, 9, 9, 1, 1),
    ("Basket", "mx", False, None),
    ("Cane", "mx", False, None),
    ("Terasaki72", "mx", False, 72),
    ("Puck-16", "mx", True, 16),
    ("Block-4", "mx", True, 4),
    ("Box", "xpdf", True, 25),
    ("Puck-22", "xpdf", True, 22),
    ("I22_Grid_81", "saxs", True, 81, 9, 1, 1),
    ("I22_Capillary_Rack_25", "saxs", True, 25, 25, 1, 1),
    ("VMXm-Cartridge", "mx", True, 5),
    ("VMXm-GridBox", "mx", True, 4),
    ("Cryo-EM Puck", "mx", True, 12),
    ("SWISSCI 2 Drop", "mx", True, 192, 12, 1, 2, 1),
)
IMAGERS = (("Imager 20 C", 20.0, "SIM-RI-0001", 1000), ("Imager 4 C", 4.0, "SIM-RI-0002", 750))
INSPECTION_TYPES = ("Visible", "UV")
IMAGE_SCORES = (  # of a drop, from 0 to 10
    ("Clear", 0.0, "#cccccc"),
    ("Precipitate", 3.0, "#cc9900"),
    ("Phase separation", 5.0, "#3399cc"),
    ("Crystals", 10.0, "#009900"),
)
