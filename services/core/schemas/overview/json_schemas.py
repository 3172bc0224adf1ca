"""The payloads that clients write, by the names under which their JSON Schema is published."""

from marshmallow import Schema, fields

from services.core.schemas.acquisition.collection_attachments import CollectionAttachmentSchema
from services.core.schemas.acquisition.comments import CommentSchema
from services.core.schemas.acquisition.data_collection_groups import GroupDocumentSchema
from services.core.schemas.acquisition.data_collections import DataCollectionSchema
from services.core.schemas.acquisition.grids import GridSchema
from services.core.schemas.acquisition.images import ImageSchema
from services.core.schemas.beamline.beamline_setups import SetupSchema
from services.core.schemas.beamline.detectors import DetectorSchema
from services.core.schemas.beamline.energy_scans import EnergyScanSchema
from services.core.schemas.beamline.robot_actions import RobotActionSchema
from services.core.schemas.beamline.xrf_spectra import XrfSpectrumSchema
from services.core.schemas.people.lab_contacts import LabContactSchema
from services.core.schemas.people.laboratories import LaboratorySchema
from services.core.schemas.people.members import ProposalMemberSchema, SessionMemberSchema
from services.core.schemas.people.persons import PersonSchema
from services.core.schemas.people.proposals import ProposalSchema
from services.core.schemas.people.sessions import SessionSchema
from services.core.schemas.processing.processing_jobs import ProcessingJobSchema
from services.core.schemas.processing.programs import (
    AttachmentSchema,
    AutoProcProgramSchema,
    MessageSchema,
    ProgramAttachmentSchema,
)
from services.core.schemas.processing.results import ResultSchema
from services.core.schemas.processing.screenings import ScreeningSchema
from services.core.schemas.processing.status_histories import StatusHistorySchema
from services.core.schemas.processing.xray_centrings import CentringSchema
from services.core.schemas.processing.xrf_maps import XrfMapSchema
from services.core.schemas.samples.crystals import CrystalSchema
from services.core.schemas.samples.diffraction_plans import DiffractionPlanSchema
from services.core.schemas.samples.group_persons import SharedWithSchema
from services.core.schemas.samples.groups import SampleGroupMemberSchema, SampleGroupSchema
from services.core.schemas.samples.images import SampleImageSchema
from services.core.schemas.samples.ligands import LigandSchema, SampleLigandSchema
from services.core.schemas.samples.pdbs import PdbFileSchema
from services.core.schemas.samples.proteins import ProteinSchema
from services.core.schemas.samples.samples import NewSampleSchema
from services.core.schemas.samples.subsamples import SubsampleSchema
from services.core.schemas.shipping.assignments import AssignmentSchema, UnassignmentSchema
from services.core.schemas.shipping.containers import ContainerSchema
from services.core.schemas.shipping.dewars import DewarSchema
from services.core.schemas.shipping.mxlims_messages import MxlimsMessageSchema
from services.core.schemas.shipping.histories import DewarHistorySchema, ScanSchema
from services.core.schemas.shipping.inspections import InspectionSchema
from services.core.schemas.shipping.queues import NewQueueSchema
from services.core.schemas.shipping.registered_containers import (
    NewRegisteredContainerSchema,
    RegisteredContainerProposalSchema,
)
from services.core.schemas.shipping.registered_dewars import (
    RegisteredDewarProposalSchema,
    RegisteredDewarSchema,
)
from services.core.schemas.shipping.shipment_sessions import ShipmentSessionSchema
from services.core.schemas.shipping.sheets import LigandSheetsSchema, SheetsSchema
from services.core.schemas.shipping.shipment_trees import ShipmentTreeSchema
from services.core.schemas.shipping.shipments import ShipmentSchema
from services.core.schemas.zocalo.commands import CommandListSchema
from shared.schemas import definition_name

WRITTEN: dict[str, type[Schema]] = {
    definition_name(schema): schema
    for schema in (
        ContainerSchema,
        CrystalSchema,
        DewarSchema,
        DiffractionPlanSchema,
        MxlimsMessageSchema,
        LigandSchema,
        PdbFileSchema,
        InspectionSchema,
        NewRegisteredContainerSchema,
        RegisteredContainerProposalSchema,
        RegisteredDewarProposalSchema,
        RegisteredDewarSchema,
        AssignmentSchema,
        UnassignmentSchema,
        DewarHistorySchema,
        NewQueueSchema,
        ScanSchema,
        ShipmentSessionSchema,
        ProteinSchema,
        SampleGroupMemberSchema,
        SampleGroupSchema,
        SampleImageSchema,
        SampleLigandSchema,
        NewSampleSchema,
        SubsampleSchema,
        SharedWithSchema,
        SheetsSchema,
        LigandSheetsSchema,
        ShipmentSchema,
        ShipmentTreeSchema,
        XrfSpectrumSchema,
        XrfMapSchema,
        SetupSchema,
        RobotActionSchema,
        ImageSchema,
        EnergyScanSchema,
        DetectorSchema,
        CommentSchema,
        CollectionAttachmentSchema,
        CommandListSchema,
        AttachmentSchema,
        AutoProcProgramSchema,
        MessageSchema,
        ProcessingJobSchema,
        ProgramAttachmentSchema,
        ResultSchema,
        StatusHistorySchema,
        CentringSchema,
        DataCollectionSchema,
        GridSchema,
        GroupDocumentSchema,
        LabContactSchema,
        LaboratorySchema,
        PersonSchema,
        ProposalMemberSchema,
        ProposalSchema,
        ScreeningSchema,
        SessionMemberSchema,
        SessionSchema,
    )
}


class DefinitionNamesSchema(Schema):
    """The names of all definitions."""

    names = fields.List(fields.String(), required=True)


class DefinitionSchema(Schema):
    """A JSON Schema, draft 2020-12; its keywords are those of that standard."""

    title = fields.String(required=True)
    type = fields.String(required=True)
    properties = fields.Dict(required=True)
    required = fields.List(fields.String())
