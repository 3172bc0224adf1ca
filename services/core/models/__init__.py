"""Tables that only the core service reads and writes, and the results of processing."""

from services.core.models.acquisition.images import Image
from services.core.models.beamline.robot_actions import RobotAction
from services.core.models.beamline.spectra import (
    EnergyScan,
    XFEFluorescenceSpectrum,
    XRFFluorescenceMapping,
    XRFFluorescenceMappingROI,
)
from services.core.models.processing.phasings import (
    MXMRRun,
    MXMRRunBlob,
    PhasingAnalysis,
    PhasingHasScaling,
    PhasingProgramAttachment,
    PhasingProgramRun,
    PhasingStatistics,
    PhasingStep,
    SpaceGroup,
)
from services.core.models.processing.screenings import (
    Screening,
    ScreeningInput,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from services.core.models.processing.status_histories import AutoProcStatus
from services.core.models.processing.xray_centrings import XrayCentring, XrayCentringResult
from services.core.models.samples.ligands import Ligand, SampleHasLigand
from services.core.models.samples.pdbs import PDB, ProteinHasPDB
from services.core.models.shipping.histories import (
    ContainerHistory,
    DewarTransportHistory,
    ShippingHasSession,
)
from services.core.models.shipping.queues import ContainerQueue, ContainerQueueSample
from services.core.models.zocalo.commands import ZocaloBuffer
from shared.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
    LabContact,
)
