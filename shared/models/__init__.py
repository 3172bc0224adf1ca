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
from shared.models.people import (
    AdminVar,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroupHasPermission,
    UserGroupHasPerson,
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
from shared.models.setups import BeamLineSetup, Detector
from shared.models.types import UTF8, local_now

__all__ = [
    "EXPERIMENT_TYPES",
    "PROPOSAL_ROLES",
    "PROPOSAL_STATES",
    "RISK_RATINGS",
    "ROTATION_AXES",
    "SESSION_ROLES",
    "UTF8",
    "AdminVar",
    "BLSession",
    "BeamCalendar",
    "BeamLineSetup",
    "DataCollection",
    "DataCollectionGroup",
    "Detector",
    "ExperimentType",
    "Laboratory",
    "Permission",
    "Person",
    "Proposal",
    "ProposalHasPerson",
    "SessionHasPerson",
    "SessionType",
    "UserGroup",
    "UserGroupHasPermission",
    "UserGroupHasPerson",
    "local_now",
]
