"""The equipment of a beamline: detectors and setups."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Double, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, MediumUnsigned, Unsigned
from shared.models.types import MediumInteger, local_now


class Detector(Base):
    """A detector, known by its serial number."""

    __tablename__ = "Detector"
    __table_args__ = (
        Index(
            "Detector_FKIndex1",
            "detectorType",
            "detectorManufacturer",
            "detectorModel",
            "detectorPixelSizeHorizontal",
            "detectorPixelSizeVertical",
            mysql_length={
                "detectorType": 60,
                "detectorManufacturer": 60,
                "detectorModel": 60,
            },
        ),
    )

    detectorId: Mapped[int] = mapped_column(Integer, primary_key=True, doc="key")
    detectorType: Mapped[str | None] = mapped_column(String(255), doc="kind, e.g. Photon counting")
    detectorManufacturer: Mapped[str | None] = mapped_column(String(255), doc="who made it")
    detectorModel: Mapped[str | None] = mapped_column(String(255), doc="e.g. Eiger2 XE 16M")
    detectorMode: Mapped[str | None] = mapped_column(String(255), doc="mode of reading")
    detectorSerialNumber: Mapped[str | None] = mapped_column(
        String(30), unique=True, doc="of the manufacturer"
    )
    localName: Mapped[str | None] = mapped_column(String(40), doc="what the beamline calls it")
    detectorPixelSizeHorizontal: Mapped[float | None] = mapped_column(
        doc="width of a pixel; the unit is the writer's, mostly mm"
    )
    detectorPixelSizeVertical: Mapped[float | None] = mapped_column(
        doc="height of a pixel; the unit is the writer's, mostly mm"
    )
    numberOfPixelsX: Mapped[int | None] = mapped_column(MediumInteger, doc="pixels, horizontal")
    numberOfPixelsY: Mapped[int | None] = mapped_column(MediumInteger, doc="pixels, vertical")
    numberOfROIPixelsX: Mapped[int | None] = mapped_column(
        MediumInteger, doc="pixels in the region of interest, horizontal"
    )
    numberOfROIPixelsY: Mapped[int | None] = mapped_column(
        MediumInteger, doc="pixels in the region of interest, vertical"
    )
    detectorDistanceMin: Mapped[float | None] = mapped_column(Double, doc="nearest, mm")
    detectorDistanceMax: Mapped[float | None] = mapped_column(Double, doc="farthest, mm")
    detectorRollMin: Mapped[float | None] = mapped_column(Double, doc="lowest roll, degrees")
    detectorRollMax: Mapped[float | None] = mapped_column(Double, doc="highest roll, degrees")
    detectorMaxResolution: Mapped[float | None] = mapped_column(
        "DETECTORMAXRESOLUTION", doc="upper limit of its resolution, Å"
    )
    detectorMinResolution: Mapped[float | None] = mapped_column(
        "DETECTORMINRESOLUTION", doc="lower limit of its resolution, Å"
    )
    trustedPixelValueRangeLower: Mapped[float | None] = mapped_column(
        Double, doc="lowest pixel value to trust, counts"
    )
    trustedPixelValueRangeUpper: Mapped[float | None] = mapped_column(
        Double, doc="highest pixel value to trust, counts"
    )
    overload: Mapped[float | None] = mapped_column(doc="pixel value of an overload, counts")
    sensorThickness: Mapped[float | None] = mapped_column(doc="of the sensor, mm")
    density: Mapped[float | None] = mapped_column(doc="of the sensor's material, g/cm3")
    composition: Mapped[str | None] = mapped_column(String(16), doc="sensor's material, e.g. Si")


class BeamLineSetup(Base):
    """State and limits of a beamline; sessions refer to the one they use."""

    __tablename__ = "BeamLineSetup"

    beamLineSetupId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    beamlineName: Mapped[str | None] = mapped_column(String(50), doc="beamline, e.g. i03")
    detectorId: Mapped[int | None] = mapped_column(
        ForeignKey("Detector.detectorId"), index=True, doc="detector in use"
    )
    active: Mapped[bool] = mapped_column(server_default=text("0"), doc="in use at present")
    setupDate: Mapped[datetime | None] = mapped_column(doc="valid from")
    preferredDataCentre: Mapped[str | None] = mapped_column(
        String(30), doc="where its data are processed"
    )
    synchrotronName: Mapped[str | None] = mapped_column(String(255), doc="facility")
    synchrotronMode: Mapped[str | None] = mapped_column(String(255), doc="fill mode")
    undulatorType1: Mapped[str | None] = mapped_column(String(45), doc="first undulator")
    undulatorType2: Mapped[str | None] = mapped_column(String(45), doc="second undulator")
    undulatorType3: Mapped[str | None] = mapped_column(String(45), doc="third undulator")
    focusingOptic: Mapped[str | None] = mapped_column(String(255), doc="e.g. KB mirrors")
    monochromatorType: Mapped[str | None] = mapped_column(String(255), doc="e.g. Si(111)")
    monoBandwidthMin: Mapped[float | None] = mapped_column(Double, doc="least bandwidth, %")
    monoBandwidthMax: Mapped[float | None] = mapped_column(Double, doc="greatest bandwidth, %")
    focalSpotSizeAtSample: Mapped[float | None] = mapped_column(doc="focus at the sample, µm")
    beamDivergenceHorizontal: Mapped[float | None] = mapped_column(doc="µrad, horizontal")
    beamDivergenceVertical: Mapped[float | None] = mapped_column(doc="µrad, vertical")
    polarisation: Mapped[float | None] = mapped_column(doc="polarised fraction of the beam")
    minExposureTimePerImage: Mapped[float | None] = mapped_column(Double, doc="shortest, s")
    maxExposureTimePerImage: Mapped[float | None] = mapped_column(doc="longest, s")
    maxExpTimePerDataCollection: Mapped[float | None] = mapped_column(
        Double, doc="longest exposure of a whole collection, s"
    )
    goniostatMaxOscillationSpeed: Mapped[float | None] = mapped_column(
        Double, doc="fastest rotation, degrees/s"
    )
    goniostatMinOscillationWidth: Mapped[float | None] = mapped_column(
        Double, doc="smallest rotation per image, degrees"
    )
    goniostatMaxOscillationWidth: Mapped[float | None] = mapped_column(
        Double, doc="greatest rotation per image, degrees"
    )
    minTransmission: Mapped[float | None] = mapped_column(Double, doc="lowest, %")
    maxTransmission: Mapped[float | None] = mapped_column(Double, doc="highest, %")
    beamSizeXMin: Mapped[float | None] = mapped_column(doc="narrowest beam, µm")
    beamSizeXMax: Mapped[float | None] = mapped_column(doc="widest beam, µm")
    beamSizeYMin: Mapped[float | None] = mapped_column(doc="flattest beam, µm")
    beamSizeYMax: Mapped[float | None] = mapped_column(doc="tallest beam, µm")
    boxSizeXMin: Mapped[float | None] = mapped_column(Double, doc="grid scan, narrowest step, µm")
    boxSizeXMax: Mapped[float | None] = mapped_column(Double, doc="grid scan, widest step, µm")
    boxSizeYMin: Mapped[float | None] = mapped_column(Double, doc="grid scan, flattest step, µm")
    boxSizeYMax: Mapped[float | None] = mapped_column(Double, doc="grid scan, tallest step, µm")
    energyMin: Mapped[float | None] = mapped_column(doc="lowest photon energy, eV")
    energyMax: Mapped[float | None] = mapped_column(doc="highest photon energy, eV")
    omegaMin: Mapped[float | None] = mapped_column(doc="lowest omega, degrees")
    omegaMax: Mapped[float | None] = mapped_column(doc="highest omega, degrees")
    kappaMin: Mapped[float | None] = mapped_column(doc="lowest kappa, degrees")
    kappaMax: Mapped[float | None] = mapped_column(doc="highest kappa, degrees")
    phiMin: Mapped[float | None] = mapped_column(doc="lowest phi, degrees")
    phiMax: Mapped[float | None] = mapped_column(doc="highest phi, degrees")
    numberOfImagesMin: Mapped[int | None] = mapped_column(MediumUnsigned, doc="fewest images")
    numberOfImagesMax: Mapped[int | None] = mapped_column(MediumUnsigned, doc="most images")
    CS: Mapped[float | None] = mapped_column(doc="microscope: spherical aberration, mm")
    amplitudeContrast: Mapped[float | None] = mapped_column(
        doc="microscope: share of amplitude contrast"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    detector: Mapped[Detector | None] = relationship()
