"""The setups of beamlines, and the calendar of the machine."""

from datetime import datetime, timedelta

from demo import facility
from demo.rows import Rows, World, add_to, noon
from shared.models import BeamCalendar, BeamLineSetup, Detector

RUNS_PER_YEAR = 5
RUN_DAYS = 58
YEARS = range(-3, 3)  # around the present one

LIMITS = {  # of a beamline with a goniometer
    "undulatorType1": "U18",
    "focusingOptic": "KB mirrors",
    "monochromatorType": "Si(111)",
    "polarisation": 0.99,
    "minExposureTimePerImage": 0.002,
    "maxExposureTimePerImage": 10.0,
    "goniostatMaxOscillationSpeed": 120.0,
    "goniostatMinOscillationWidth": 0.01,
    "goniostatMaxOscillationWidth": 5.0,
    "minTransmission": 0.1,
    "maxTransmission": 100.0,
    "beamSizeXMin": 10.0,
    "beamSizeXMax": 100.0,
    "beamSizeYMin": 5.0,
    "beamSizeYMax": 80.0,
    "energyMin": 6000.0,
    "energyMax": 25000.0,
    "omegaMin": -360.0,
    "omegaMax": 360.0,
    "numberOfImagesMin": 1,
    "numberOfImagesMax": 100_000,
}


def beamlines(world: World) -> Rows:
    """Detectors, setups and runs; ``world`` gets their keys."""
    rows: Rows = {}
    for number, beamline in enumerate(facility.BEAMLINES, 1):
        world.detectors[beamline.name] = _detector(world, rows, beamline, number)
        world.setups[beamline.name] = _setup(world, rows, beamline)
    for year in YEARS:
        for run in range(1, RUNS_PER_YEAR + 1):
            _run(world, rows, world.today.year + year, run)
    return rows


def _detector(world: World, rows: Rows, beamline: facility.Beamline, number: int) -> int:
    key = world.key(Detector)
    add_to(
        rows,
        Detector,
        detectorId=key,
        detectorType=beamline.kind,
        detectorManufacturer=beamline.manufacturer,
        detectorModel=beamline.model,
        detectorMode="counting" if beamline.kind == "HPC" else "integrating",
        detectorSerialNumber=f"SIM-{beamline.name}-{number:03}",
        localName=f"{beamline.name} main",
        detectorPixelSizeHorizontal=beamline.pixel,
        detectorPixelSizeVertical=beamline.pixel,
        numberOfPixelsX=beamline.pixels[0],
        numberOfPixelsY=beamline.pixels[1],
        detectorDistanceMin=None if beamline.technique == "em" else 110.0,
        detectorDistanceMax=None if beamline.technique == "em" else 1200.0,
    )
    return key


def _setup(world: World, rows: Rows, beamline: facility.Beamline) -> int:
    key = world.key(BeamLineSetup)
    microscope = beamline.technique == "em"
    add_to(
        rows,
        BeamLineSetup,
        beamLineSetupId=key,
        beamlineName=beamline.name,
        detectorId=world.detectors[beamline.name],
        active=True,
        setupDate=noon(world.today - timedelta(days=400)),
        synchrotronName=facility.SYNCHROTRON,
        synchrotronMode=None if microscope else "Multi-bunch",
        CS=2.7 if microscope else None,
        amplitudeContrast=0.1 if microscope else None,
        recordTimeStamp=noon(world.today),
        **{name: None if microscope else value for name, value in LIMITS.items()},
    )
    return key


def _run(world: World, rows: Rows, year: int, run: int) -> None:
    start = datetime(year, 1, 8, 9) + timedelta(days=(run - 1) * 365 // RUNS_PER_YEAR)
    end = start + timedelta(days=RUN_DAYS)
    key = world.key(BeamCalendar)
    world.runs.append((start, end, key))
    add_to(
        rows,
        BeamCalendar,
        beamCalendarId=key,
        run=f"{year}-{run:02}",
        beamStatus="User",
        startDate=start,
        endDate=end,
    )
