"""Diffraction plans: the planned measurement of samples."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Double, Enum, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.proposals import Proposal
from shared.models.setups import Detector
from shared.models.types import JsonShort, Lines, LongText, MediumInteger, local_now

EXPERIMENT_KINDS = (
    "Default",
    "MXPressE",
    "MXPressO",
    "MXPressE_SAD",
    "MXScore",
    "MXPressM",
    "MAD",
    "SAD",
    "Fixed",
    "Ligand binding",
    "Refinement",
    "OSC",
    "MAD - Inverse Beam",
    "SAD - Inverse Beam",
    "MESH",
    "XFE",
    "Stepped transmission",
    "XChem High Symmetry",
    "XChem Low Symmetry",
    "Commissioning",
    "Metal ID",
)


class DiffractionPlan(Base):
    """A wish for a measurement; link tables call it DataCollectionPlan."""

    __tablename__ = "DiffractionPlan"
    __table_args__ = {
        "info": {
            "advised": {
                ("beamLineName",): "a page of plans for an ordinary user, of 150,000 plans:"
                " 158 ms to 43 ms of the server's CPU",
            }
        }
    }

    diffractionPlanId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(20), doc="label")
    presetForProposalId: Mapped[int | None] = mapped_column(
        ForeignKey("Proposal.proposalId"), index=True, doc="proposal whose sessions may all use it"
    )
    beamLineName: Mapped[str | None] = mapped_column(
        String(45), doc="beamline whose sessions may all use it"
    )
    experimentKind: Mapped[str | None] = mapped_column(
        Enum(*EXPERIMENT_KINDS), doc="strategy, as a word"
    )
    experimentTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ExperimentType.experimentTypeId"),
        index=True,
        doc="kind of experiment, as a row",
    )
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    observedResolution: Mapped[float | None] = mapped_column(doc="seen before, Å")
    minimalResolution: Mapped[float | None] = mapped_column(doc="worst acceptable, Å")
    maximalResolution: Mapped[float | None] = mapped_column(doc="best of use, Å")
    screeningResolution: Mapped[float | None] = mapped_column(doc="of the first images, Å")
    requiredResolution: Mapped[float | None] = mapped_column(Double, doc="must be reached, Å")
    aimedResolution: Mapped[float | None] = mapped_column(Double, doc="wished for, Å")
    requiredCompleteness: Mapped[float | None] = mapped_column(Double, doc="must be reached, %")
    aimedCompleteness: Mapped[float | None] = mapped_column(Double, doc="wished for, %")
    requiredMultiplicity: Mapped[float | None] = mapped_column(Double, doc="must be reached")
    aimedMultiplicity: Mapped[float | None] = mapped_column(Double, doc="wished for")
    aimedIOverSigmaAtHighestRes: Mapped[float | None] = mapped_column(
        Double, doc="wished for, in the outer shell"
    )
    exposureTime: Mapped[float | None] = mapped_column(doc="per image, s")
    oscillationRange: Mapped[float | None] = mapped_column(doc="rotation per image, degrees")
    minOscWidth: Mapped[float | None] = mapped_column(doc="least rotation per image, degrees")
    axisStart: Mapped[float | None] = mapped_column(doc="start of the rotation, degrees")
    axisRange: Mapped[float | None] = mapped_column(doc="rotation per image, degrees")
    kappaStart: Mapped[float | None] = mapped_column(doc="kappa, degrees")
    numberOfImages: Mapped[int | None] = mapped_column(MediumInteger, doc="images")
    energy: Mapped[float | None] = mapped_column(doc="of the photons, eV")
    transmission: Mapped[float | None] = mapped_column(
        doc="fraction from 0 to 1, not % as elsewhere"
    )
    monochromator: Mapped[str | None] = mapped_column(String(8), doc="DMM or DCM")
    monoBandwidth: Mapped[float | None] = mapped_column(Double, doc="of the monochromator, %")
    preferredBeamSizeX: Mapped[float | None] = mapped_column(doc="X, µm")
    preferredBeamSizeY: Mapped[float | None] = mapped_column(doc="Y, µm")
    preferredBeamDiameter: Mapped[float | None] = mapped_column(doc="of a round beam, µm")
    boxSizeX: Mapped[float | None] = mapped_column(doc="step of a grid scan, X, µm")
    boxSizeY: Mapped[float | None] = mapped_column(doc="step of a grid scan, Y, µm")
    distance: Mapped[float | None] = mapped_column(Double, doc="sample to detector, mm")
    orientation: Mapped[float | None] = mapped_column(Double, doc="of the sample, degrees")
    detectorId: Mapped[int | None] = mapped_column(
        ForeignKey("Detector.detectorId"), index=True, doc="the detector"
    )
    anomalousData: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="anomalous signal is wanted"
    )
    anomalousScatterer: Mapped[str | None] = mapped_column(String(255), doc="element or elements")
    forcedSpaceGroup: Mapped[str | None] = mapped_column(
        String(45), doc="space group that processing must use"
    )
    radiationSensitivity: Mapped[float | None] = mapped_column(doc="from 0 to 1")
    complexity: Mapped[str | None] = mapped_column(String(45), doc="of the strategy, a word")
    estimateRadiationDamage: Mapped[bool | None] = mapped_column(
        server_default=text("0"), doc="to be measured beforehand"
    )
    numberOfPositions: Mapped[int | None] = mapped_column(Unsigned, doc="points on the sample")
    minDimAccrossSpindleAxis: Mapped[float | None] = mapped_column(
        Double, doc="min size of the crystal across the spindle, mm"
    )
    maxDimAccrossSpindleAxis: Mapped[float | None] = mapped_column(
        Double, doc="max size of the crystal across the spindle, mm"
    )
    centringMethod: Mapped[str | None] = mapped_column(
        Enum("xray", "loop", "diffraction", "optical"), doc="how the sample is to be centred"
    )
    collectionMode: Mapped[str | None] = mapped_column(
        Enum("auto", "manual"), doc="with or without somebody at the beamline"
    )
    priority: Mapped[int | None] = mapped_column(Integer, doc="order within the shipment")
    userPath: Mapped[str | None] = mapped_column(
        String(100), doc="folder below the session's, for the images"
    )
    robotPlateTemperature: Mapped[float | None] = mapped_column(doc="of the plate in the robot, K")
    exposureTemperature: Mapped[float | None] = mapped_column(doc="at the exposure, K")
    kappaStrategyOption: Mapped[str | None] = mapped_column(
        String(45), doc="how kappa may be used"
    )
    strategyOption: Mapped[str | None] = mapped_column(
        JsonShort, info={"charset": "utf8mb4"}, doc="of the strategy, as JSON"
    )
    scanParameters: Mapped[str | None] = mapped_column(
        LongText, info={"charset": "utf8mb4"}, doc="of the scan, as JSON; the server checks it"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    detector: Mapped[Detector | None] = relationship()
    proposal: Mapped[Proposal | None] = relationship()
