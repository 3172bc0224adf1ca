"""Energy scans, fluorescence spectra and maps."""

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, TinyUnsigned, Unsigned
from shared.models.types import Lines, LongBytes
from shared.visibility import PART, by


class EnergyScan(Base):
    """A scan over an absorption edge; energies in eV or keV, as the site has it."""

    __tablename__ = "EnergyScan"
    visible_by = by("sessionId")

    energyScanId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"), index=True, doc="the session"
    )
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId"), index=True, doc="the sample"
    )
    blSubSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSubSample.blSubSampleId"), index=True, doc="part of the sample"
    )
    element: Mapped[str | None] = mapped_column(String(45), doc="element, e.g. Se")
    edgeEnergy: Mapped[str | None] = mapped_column(String(255), doc="of the edge, as text")
    startEnergy: Mapped[float | None] = mapped_column(doc="begin of the scan")
    endEnergy: Mapped[float | None] = mapped_column(doc="end of the scan")
    peakEnergy: Mapped[float | None] = mapped_column(doc="of the peak")
    peakFPrime: Mapped[float | None] = mapped_column(doc="f' at the peak, e")
    peakFDoublePrime: Mapped[float | None] = mapped_column(doc="f'' at the peak, e")
    inflectionEnergy: Mapped[float | None] = mapped_column(doc="of the inflection point")
    inflectionFPrime: Mapped[float | None] = mapped_column(doc="f' at the inflection point, e")
    inflectionFDoublePrime: Mapped[float | None] = mapped_column(
        doc="f'' at the inflection point, e"
    )
    transmissionFactor: Mapped[float | None] = mapped_column(doc="of the attenuators, %")
    exposureTime: Mapped[float | None] = mapped_column(doc="per point, s")
    beamSizeHorizontal: Mapped[float | None] = mapped_column(doc="of the beam, µm")
    beamSizeVertical: Mapped[float | None] = mapped_column(doc="of the beam, µm")
    flux: Mapped[float | None] = mapped_column(Double, doc="before, photons/s")
    flux_end: Mapped[float | None] = mapped_column(Double, doc="after, photons/s")
    synchrotronCurrent: Mapped[float | None] = mapped_column(doc="mA")
    temperature: Mapped[float | None] = mapped_column(doc="of the sample, K")
    axisPosition: Mapped[float | None] = mapped_column(doc="of the rotation, degrees")
    xrayDose: Mapped[float | None] = mapped_column(doc="dose it took")
    fluorescenceDetector: Mapped[str | None] = mapped_column(String(255), doc="the detector")
    filename: Mapped[str | None] = mapped_column(String(255), doc="file, without its folder")
    workingDirectory: Mapped[str | None] = mapped_column(
        String(45), doc="folder, 45 characters only"
    )
    scanFileFullPath: Mapped[str | None] = mapped_column(String(255), doc="file, the scan")
    choochFileFullPath: Mapped[str | None] = mapped_column(
        String(255), doc="file, what CHOOCH found"
    )
    jpegChoochFileFullPath: Mapped[str | None] = mapped_column(String(255), doc="file, plot of it")
    crystalClass: Mapped[str | None] = mapped_column(String(20), doc="label of the crystal")
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    startTime: Mapped[datetime | None] = mapped_column(doc="begin")
    endTime: Mapped[datetime | None] = mapped_column(doc="end")


class XFEFluorescenceSpectrum(Base):
    """A fluorescence spectrum of a sample."""

    __tablename__ = "XFEFluorescenceSpectrum"
    visible_by = by("sessionId")

    xfeFluorescenceSpectrumId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    sessionId: Mapped[int] = mapped_column(
        ForeignKey("BLSession.sessionId", ondelete="CASCADE"), index=True, doc="the session"
    )
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId", ondelete="CASCADE"),
        index=True,
        doc="the sample; to delete it deletes the spectrum",
    )
    blSubSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSubSample.blSubSampleId"), index=True, doc="part of the sample"
    )
    energy: Mapped[float | None] = mapped_column(
        doc="of the photons, eV or keV as the site has it"
    )
    exposureTime: Mapped[float | None] = mapped_column(doc="s")
    beamTransmission: Mapped[float | None] = mapped_column(doc="of the attenuators, %")
    beamSizeHorizontal: Mapped[float | None] = mapped_column(doc="of the beam, µm")
    beamSizeVertical: Mapped[float | None] = mapped_column(doc="of the beam, µm")
    flux: Mapped[float | None] = mapped_column(Double, doc="before, photons/s")
    flux_end: Mapped[float | None] = mapped_column(Double, doc="after, photons/s")
    axisPosition: Mapped[float | None] = mapped_column(doc="of the rotation, degrees")
    filename: Mapped[str | None] = mapped_column(String(255), doc="file, without its folder")
    workingDirectory: Mapped[str | None] = mapped_column(String(512), doc="folder")
    scanFileFullPath: Mapped[str | None] = mapped_column(String(255), doc="file, the spectrum")
    jpegScanFileFullPath: Mapped[str | None] = mapped_column(String(255), doc="file, plot of it")
    annotatedPymcaXfeSpectrum: Mapped[str | None] = mapped_column(
        String(255), doc="file, what PyMca found"
    )
    fittedDataFileFullPath: Mapped[str | None] = mapped_column(
        String(255), doc="file, fit of PyMca"
    )
    crystalClass: Mapped[str | None] = mapped_column(String(20), doc="label of the crystal")
    comments: Mapped[str | None] = mapped_column(Lines(1024), doc="free text")
    startTime: Mapped[datetime | None] = mapped_column(doc="begin")
    endTime: Mapped[datetime | None] = mapped_column(doc="end")


class XRFFluorescenceMappingROI(Base):
    """The quantity of a map: a window of energies, or a counter."""

    __tablename__ = "XRFFluorescenceMappingROI"
    visible_by = PART

    xrfFluorescenceMappingROIId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    blSampleId: Mapped[int | None] = mapped_column(
        ForeignKey("BLSample.blSampleId"), index=True, doc="the sample it was made for"
    )
    startEnergy: Mapped[float] = mapped_column(doc="lowest energy, eV")
    endEnergy: Mapped[float] = mapped_column(doc="highest energy, eV")
    element: Mapped[str | None] = mapped_column(String(2), doc="element, e.g. Fe")
    edge: Mapped[str | None] = mapped_column(String(15), doc="line, e.g. Ka1")
    scalar: Mapped[str | None] = mapped_column(
        String(50), doc="name of the counter, when it is no element"
    )
    r: Mapped[int | None] = mapped_column(TinyUnsigned, doc="colour, red")
    g: Mapped[int | None] = mapped_column(TinyUnsigned, doc="colour, green")
    b: Mapped[int | None] = mapped_column(TinyUnsigned, doc="colour, blue")


class XRFFluorescenceMapping(Base):
    """A map of fluorescence on a grid."""

    __tablename__ = "XRFFluorescenceMapping"
    visible_by = by("gridInfoId")

    xrfFluorescenceMappingId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    gridInfoId: Mapped[int] = mapped_column(
        ForeignKey("GridInfo.gridInfoId"), index=True, doc="the grid"
    )
    xrfFluorescenceMappingROIId: Mapped[int] = mapped_column(
        ForeignKey("XRFFluorescenceMappingROI.xrfFluorescenceMappingROIId", ondelete="CASCADE"),
        index=True,
        doc="what it shows",
    )
    autoProcProgramId: Mapped[int | None] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId"), index=True, doc="program that made it"
    )
    dataFormat: Mapped[str] = mapped_column(
        String(15), doc="of the data, e.g. json+gzip", info={"example": "json+gzip"}
    )
    data: Mapped[bytes] = mapped_column(
        LongBytes, deferred=True, doc="the map; read only when asked for"
    )
    points: Mapped[int | None] = mapped_column(Unsigned, doc="points there are so far")
    min: Mapped[int | None] = mapped_column(Integer, doc="lowest value")
    max: Mapped[int | None] = mapped_column(Integer, doc="highest value")
    opacity: Mapped[float] = mapped_column(
        server_default=text("1"), doc="for its display, from 0 to 1"
    )
    colourMap: Mapped[str | None] = mapped_column(String(20), doc="for its display")

    region: Mapped[XRFFluorescenceMappingROI] = relationship()
