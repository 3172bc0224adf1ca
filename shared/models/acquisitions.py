"""Data collections and the groups they come in."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Double, Enum, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.positions import Position
from shared.models.proposals import BLSession
from shared.models.samples import BLSample
from shared.models.setups import Detector
from shared.models.types import Lines, LongText

if TYPE_CHECKING:
    from shared.models.details import DataCollectionFileAttachment, GridInfo

EXPERIMENT_TYPES = (
    "SAD",
    "SAD - Inverse Beam",
    "OSC",
    "Collect - Multiwedge",
    "MAD",
    "Helical",
    "Multi-positional",
    "Mesh",
    "Burn",
    "MAD - Inverse Beam",
    "Characterization",
    "Dehydration",
    "tomo",
    "experiment",
    "EM",
    "PDF",
    "PDF+Bragg",
    "Bragg",
    "single particle",
    "Serial Fixed",
    "Serial Jet",
    "Standard",
    "Time Resolved",
    "Diamond Anvil High Pressure",
    "Custom",
    "XRF map",
    "Energy scan",
    "XRF spectrum",
    "XRF map xas",
    "Mesh3D",
    "Screening",
    "Still",
    "SSX-Chip",
    "SSX-Jet",
    "Metal ID",
)
LONGEST_TYPE = 24  # of the word for the experiment that a data collection repeats
ROTATION_AXES = ("Omega", "Kappa", "Phi")


class ExperimentType(Base):
    """A kind of experiment; its names differ from those of DataCollectionGroup."""

    __tablename__ = "ExperimentType"

    experimentTypeId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(100), doc="e.g. Single Particle")
    proposalType: Mapped[str | None] = mapped_column(String(10), doc="technique, e.g. mx or em")
    active: Mapped[bool | None] = mapped_column(
        server_default=text("1"), doc="offered to new experiments"
    )


class DataCollectionGroup(Base):
    """One experiment on a sample, or one grid of a microscope: its data collections."""

    __tablename__ = "DataCollectionGroup"
    __table_args__ = {
        "info": {
            "advised": {
                ("startTime",): "a page of groups sorted by time, of 200,000 groups:"
                " 82 ms to 0.2 ms of the server's CPU",
                ("sessionId", "startTime"): "a page of groups sorted by time, of 7,000 groups of a"
                " session: 14 ms to 0.2 ms of the server's CPU",
            }
        }
    }

    dataCollectionGroupId: Mapped[int] = mapped_column(Integer, primary_key=True, doc="key")
    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"), index=True, doc="the session"
    )
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId", ondelete="CASCADE"), index=True, doc="the sample"
    )
    experimentType: Mapped[str | None] = mapped_column(
        Enum(*EXPERIMENT_TYPES), doc="kind of experiment, as a word"
    )
    experimentTypeId: Mapped[int | None] = mapped_column(
        ForeignKey("ExperimentType.experimentTypeId"),
        index=True,
        doc="kind of experiment, as a row; microscopes use only this",
    )
    startTime: Mapped[datetime | None] = mapped_column(doc="begin of the first collection")
    endTime: Mapped[datetime | None] = mapped_column(doc="end of the last collection")
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    crystalClass: Mapped[str | None] = mapped_column(String(20), doc="label of the crystal")
    detectorMode: Mapped[str | None] = mapped_column(String(255), doc="mode of the detector")
    actualSampleBarcode: Mapped[str | None] = mapped_column(
        String(45), doc="barcode the robot read from the sample"
    )
    actualSampleSlotInContainer: Mapped[int | None] = mapped_column(
        Unsigned, doc="place in the container the robot took it from"
    )
    actualContainerBarcode: Mapped[str | None] = mapped_column(
        String(45), doc="barcode the robot read from the container"
    )
    actualContainerSlotInSC: Mapped[int | None] = mapped_column(
        Unsigned, doc="place of the container in the sample changer"
    )
    xtalSnapshotFullPath: Mapped[str | None] = mapped_column(
        String(255), doc="file, picture of the crystal"
    )
    scanParameters: Mapped[str | None] = mapped_column(
        LongText, info={"charset": "utf8mb4"}, doc="of the scan, as JSON; the server checks it"
    )

    session: Mapped[BLSession] = relationship()
    sample: Mapped[BLSample | None] = relationship()
    type: Mapped[ExperimentType | None] = relationship()
    collections: Mapped[list["DataCollection"]] = relationship(
        back_populates="group",
        passive_deletes="all",
        order_by="DataCollection.dataCollectionId",
    )

    @property
    def copied_columns(self) -> dict:
        """The columns that its data collections repeat: other readers join on them."""
        return {
            "sessionId": self.sessionId,
            "blSampleId": self.blSampleId,
            "experimentType": (self.experimentType or "")[:LONGEST_TYPE] or None,
        }


class DataCollection(Base):
    """One sweep, scan or acquisition of images: the central table."""

    __tablename__ = "DataCollection"
    __table_args__ = (
        Index(
            "DataCollection_dataCollectionGroupId_startTime", "dataCollectionGroupId", "startTime"
        ),
    )

    dataCollectionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionGroupId: Mapped[int] = mapped_column(
        ForeignKey("DataCollectionGroup.dataCollectionGroupId"), doc="the group"
    )
    sessionId: Mapped[int | None] = mapped_column(
        "SESSIONID",
        Unsigned,
        index=True,
        server_default=text("0"),
        doc="copy of the group's; never a ground for access",
    )
    blSampleId: Mapped[int | None] = mapped_column(
        "BLSAMPLEID", Unsigned, index=True, doc="copy of the group's sample"
    )
    blSubSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSubSample.blSubSampleId"), index=True, doc="part of the sample"
    )
    detectorId: Mapped[int | None] = mapped_column(
        ForeignKey("Detector.detectorId"), index=True, doc="the detector"
    )
    positionId: Mapped[int | None] = mapped_column(
        "POSITIONID", Unsigned, doc="position of the sample"
    )
    startPositionId: Mapped[int | None] = mapped_column(
        ForeignKey("MotorPosition.motorPositionId"),
        index=True,
        doc="positions of the motors at the start",
    )
    endPositionId: Mapped[int | None] = mapped_column(
        ForeignKey("MotorPosition.motorPositionId"),
        index=True,
        doc="positions of the motors at the end",
    )
    strategySubWedgeOrigId: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="strategy that asked for it"
    )
    dataCollectionPlanId: Mapped[int | None] = mapped_column(
        ForeignKey("DiffractionPlan.diffractionPlanId"),
        index=True,
        doc="diffraction plan it follows",
    )
    dataCollectionNumber: Mapped[int | None] = mapped_column(
        Unsigned, index=True, doc="number of the run, part of the file names"
    )
    experimentType: Mapped[str | None] = mapped_column(
        "experimenttype", String(24), doc="free text; the group's is the reliable one"
    )
    startTime: Mapped[datetime | None] = mapped_column(index=True, doc="begin of the first image")
    endTime: Mapped[datetime | None] = mapped_column(doc="end of the last image")
    runStatus: Mapped[str | None] = mapped_column(
        String(45), doc="how it ended, e.g. DataCollection Successful"
    )
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    printableForReport: Mapped[bool | None] = mapped_column(
        server_default=text("1"), doc="shown in reports"
    )

    imageDirectory: Mapped[str | None] = mapped_column(
        String(255), index=True, doc="folder of the images, with a slash at its end"
    )
    imagePrefix: Mapped[str | None] = mapped_column(
        String(45), index=True, doc="first part of the file names"
    )
    imageSuffix: Mapped[str | None] = mapped_column(String(45), doc="last part, e.g. cbf")
    fileTemplate: Mapped[str | None] = mapped_column(
        String(255), doc="pattern of the file names, # for digits"
    )
    imageContainerSubPath: Mapped[str | None] = mapped_column(
        String(255), doc="path of the data inside an HDF5 file"
    )
    numberOfImages: Mapped[int | None] = mapped_column(Unsigned, doc="images")
    startImageNumber: Mapped[int | None] = mapped_column(Unsigned, doc="number of the first image")
    numberOfPasses: Mapped[int | None] = mapped_column(Unsigned, doc="exposures per image")
    datFullPath: Mapped[str | None] = mapped_column(
        String(255), doc="file of one-dimensional data"
    )

    axisStart: Mapped[float | None] = mapped_column(doc="start of the rotation, degrees")
    axisRange: Mapped[float | None] = mapped_column(doc="rotation per image, degrees")
    axisEnd: Mapped[float | None] = mapped_column(doc="end of the rotation, degrees")
    overlap: Mapped[float | None] = mapped_column(doc="overlap of two images, degrees")
    rotationAxis: Mapped[str | None] = mapped_column(
        Enum(*ROTATION_AXES), doc="the axis that turns"
    )
    omegaStart: Mapped[float | None] = mapped_column(doc="omega at the start, degrees")
    kappaStart: Mapped[float | None] = mapped_column(doc="kappa at the start, degrees")
    phiStart: Mapped[float | None] = mapped_column(doc="phi at the start, degrees")
    chiStart: Mapped[float | None] = mapped_column(doc="chi at the start, degrees")
    exposureTime: Mapped[float | None] = mapped_column(doc="per image, s")
    wavelength: Mapped[float | None] = mapped_column(doc="of the beam, Å")
    resolution: Mapped[float | None] = mapped_column(doc="at the detector's edge, Å")
    resolutionAtCorner: Mapped[float | None] = mapped_column(doc="at the detector's corner, Å")
    detectorDistance: Mapped[float | None] = mapped_column(doc="sample to detector, mm")
    detector2Theta: Mapped[float | None] = mapped_column(doc="angle of the detector, degrees")
    detectorMode: Mapped[str | None] = mapped_column(
        "DETECTORMODE", String(255), doc="mode of the detector"
    )
    xBeam: Mapped[float | None] = mapped_column(doc="beam centre, horizontal, mm")
    yBeam: Mapped[float | None] = mapped_column(doc="beam centre, vertical, mm")
    beamSizeAtSampleX: Mapped[float | None] = mapped_column(doc="width of the beam, mm")
    beamSizeAtSampleY: Mapped[float | None] = mapped_column(doc="height of the beam, mm")
    beamShape: Mapped[str | None] = mapped_column(String(45), doc="e.g. ellipse")
    transmission: Mapped[float | None] = mapped_column(doc="of the attenuators, %")
    flux: Mapped[float | None] = mapped_column(Double, doc="before, photons/s")
    flux_end: Mapped[float | None] = mapped_column(Double, doc="after, photons/s")
    totalAbsorbedDose: Mapped[float | None] = mapped_column(doc="dose; microscopes: e-/Å2")
    slitGapHorizontal: Mapped[float | None] = mapped_column(doc="opening, mm")
    slitGapVertical: Mapped[float | None] = mapped_column(doc="opening, mm")
    polarisation: Mapped[float | None] = mapped_column(
        "POLARISATION", doc="polarised fraction of the beam"
    )
    undulatorGap1: Mapped[float | None] = mapped_column(doc="first undulator, mm")
    undulatorGap2: Mapped[float | None] = mapped_column(doc="second undulator, mm")
    undulatorGap3: Mapped[float | None] = mapped_column(doc="third undulator, mm")
    synchrotronMode: Mapped[str | None] = mapped_column(String(20), doc="fill mode")
    averageTemperature: Mapped[float | None] = mapped_column(doc="of the sample, K")
    centeringMethod: Mapped[str | None] = mapped_column(
        String(255), doc="how the sample was centred"
    )
    actualCenteringPosition: Mapped[str | None] = mapped_column(
        String(255), doc="motor positions of the centred sample, as text"
    )
    crystalClass: Mapped[str | None] = mapped_column(
        "CRYSTALCLASS", String(20), doc="label of the crystal"
    )
    actualSampleBarcode: Mapped[str | None] = mapped_column(
        "ACTUALSAMPLEBARCODE", String(45), doc="barcode the robot read from the sample"
    )
    actualSampleSlotInContainer: Mapped[int | None] = mapped_column(
        "ACTUALSAMPLESLOTINCONTAINER", Unsigned, doc="place in the container"
    )
    actualContainerBarcode: Mapped[str | None] = mapped_column(
        "ACTUALCONTAINERBARCODE", String(45), doc="barcode the robot read from the container"
    )
    actualContainerSlotInSC: Mapped[int | None] = mapped_column(
        "ACTUALCONTAINERSLOTINSC", Unsigned, doc="place of the container in the sample changer"
    )
    xtalSnapshotFullPath1: Mapped[str | None] = mapped_column(
        String(255), doc="file, first picture of the crystal"
    )
    xtalSnapshotFullPath2: Mapped[str | None] = mapped_column(String(255), doc="file, second")
    xtalSnapshotFullPath3: Mapped[str | None] = mapped_column(String(255), doc="file, third")
    xtalSnapshotFullPath4: Mapped[str | None] = mapped_column(String(255), doc="file, fourth")

    group: Mapped[DataCollectionGroup] = relationship(back_populates="collections")
    detector: Mapped[Detector | None] = relationship()
    position: Mapped[Position | None] = relationship(
        primaryjoin="foreign(DataCollection.positionId) == Position.positionId"
    )
    grids: Mapped[list["GridInfo"]] = relationship(
        back_populates="collection", passive_deletes="all"
    )
    attachments: Mapped[list["DataCollectionFileAttachment"]] = relationship(
        back_populates="collection", passive_deletes="all"
    )
