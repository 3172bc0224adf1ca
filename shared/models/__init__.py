"""The spine: the tables that more than one service reads, and that decide who sees what.

A relationship is never named like its class, or the mapper recurses; the wire name with the
capital is given in the schema. A column spelt in a historic way has its modern name here.
"""

from shared.models.acquisitions import (
    EXPERIMENT_TYPES,
    ROTATION_AXES,
    DataCollection,
    DataCollectionGroup,
    ExperimentType,
)
from shared.models.autoproc import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScalingHasInt,
    AutoProcScalingStatistics,
)
from shared.models.details import (
    DataCollectionComment,
    DataCollectionFileAttachment,
    GridInfo,
    ImageQualityIndicators,
)
from shared.models.inspections import ContainerInspection, InspectionType
from shared.models.lab_contacts import LabContact
from shared.models.people import (
    AdminVar,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
)
from shared.models.plans import EXPERIMENT_KINDS, DiffractionPlan
from shared.models.positions import MotorPosition, Position
from shared.models.processing import (
    AutoProcProgram,
    AutoProcProgramAttachment,
    AutoProcProgramMessage,
    ProcessingJob,
    ProcessingJobImageSweep,
    ProcessingJobParameter,
    ProcessingPipeline,
    ProcessingPipelineCategory,
)
from shared.models.proposals import (
    PROPOSAL_ROLES,
    PROPOSAL_STATES,
    RISK_RATINGS,
    SESSION_ROLES,
    BeamCalendar,
    BLSession,
    Proposal,
    ProposalHasPerson,
    SessionHasPerson,
    SessionType,
)
from shared.models.registries import (
    ContainerRegistry,
    ContainerRegistryHasProposal,
    ContainerType,
    DewarRegistry,
    DewarRegistryHasProposal,
    Imager,
)
from shared.models.sample_groups import (
    BLSampleGroup,
    BLSampleGroupHasBLSample,
    BLSampleImage,
    BLSampleImageScore,
)
from shared.models.samples import (
    BLSample,
    BLSubSample,
    ComponentType,
    ConcentrationType,
    Crystal,
    Protein,
)
from shared.models.setups import BeamLineSetup, Detector
from shared.models.shipping import Container, Dewar, Shipping
from shared.models.types import UTF8, local_now
