"""Tables that only the core service reads and writes, and the results of processing."""

from services.core.models.acquisitions import Image, RobotAction
from services.core.models.centrings import XrayCentring, XrayCentringResult
from services.core.models.commands import ZocaloBuffer
from services.core.models.contacts import LabContact
from services.core.models.pdbs import PDB, ProteinHasPDB
from services.core.models.phasing import (
    MXMRRun,
    MXMRRunBlob,
    PhasingAnalysis,
    PhasingHasScaling,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
)
from services.core.models.screenings import (
    Screening,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.models.spectra import (
    EnergyScan,
    XFEFluorescenceSpectrum,
    XRFFluorescenceMapping,
    XRFFluorescenceMappingROI,
)
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)

__all__ = [
    "AutoProc",
    "AutoProcIntegration",
    "AutoProcScaling",
    "AutoProcScalingHasInt",
    "AutoProcScalingStatistics",
    "EnergyScan",
    "Image",
    "LabContact",
    "MXMRRun",
    "MXMRRunBlob",
    "PDB",
    "PhasingAnalysis",
    "PhasingHasScaling",
    "PhasingProgramAttachment",
    "PhasingProgramRun",
    "PhasingStatistics",
    "PhasingStep",
    "ProteinHasPDB",
    "RobotAction",
    "Screening",
    "ScreeningInput",
    "ScreeningOutput",
    "ScreeningOutputLattice",
    "ScreeningStrategy",
    "ScreeningStrategySubWedge",
    "ScreeningStrategyWedge",
    "XFEFluorescenceSpectrum",
    "XRFFluorescenceMapping",
    "XRFFluorescenceMappingROI",
    "XrayCentring",
    "XrayCentringResult",
    "ZocaloBuffer",
]
