"""The experiments of a session on an MX beamline, one sample after the other."""

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from demo import files, sweeps
from demo.proposals import Visit
from demo.quality import in_grid, in_turn, judge
from demo.results import process
from demo.rows import Rows, World, add_to, pick
from demo.samples import Sample, Stock, stocks
from demo.shipments import WAITING, bring, ship
from demo.stores import Stores, equip
from demo.screenings import screen
from services.core.models import (
    EnergyScan,
    RobotAction,
    XFEFluorescenceSpectrum,
    XrayCentring,
    XrayCentringResult,
)
from shared.models import GridInfo

BEGIN = timedelta(minutes=30)  # after the start of the session
DAWN, DUSK = time(4), time(23)  # nobody works at night, when clocks may be changed
PER_SAMPLE = timedelta(minutes=30)  # at most
FEW, MANY = (2, 4), (5, 10)  # samples of a session; of one of a story
LOST = 0.06  # loads that fail
FAULTS = (
    ("ERROR", "Pin not detected after the load"),
    ("CRITICAL", "Gripper blocked: the robot is in manual mode"),
    ("WARNING", "Sample is not centred in the camera"),
)


@dataclass
class Work:
    """A session in progress; ``now`` is the time on its clock.

    It is ``fresh`` at its last samples if it goes on: some of their results are still to come.
    """

    world: World
    rows: Rows
    rng: random.Random
    visit: Visit
    now: datetime
    fresh: bool = False

    def take(self, seconds: float) -> tuple[datetime, datetime]:
        """The begin and the end of a step that takes so long."""
        begin = self.now
        self.now += timedelta(seconds=int(seconds))
        return begin, self.now

    def rest(self) -> None:
        """Move the clock to the next morning if it is night."""
        if self.now.time() >= DUSK:
            self.now = datetime.combine(self.now.date() + timedelta(days=1), DAWN)
        self.now = max(self.now, datetime.combine(self.now.date(), DAWN))


def experiments(world: World, rows: Rows, visits: list[Visit]) -> None:
    """Add the shipments and experiments of the MX ``visits`` of one proposal."""
    used = [visit for visit in visits if visit.used]
    if not used:
        return
    shelf, stores = stocks(world, rows, used[0]), equip(world, rows, used[0])
    latest = [visit for visit in used if visit.featured and visit.end.date() < world.today]
    waiting = {v.sessionId: word for v, word in zip(reversed(latest[1:]), WAITING)}
    for visit in used:
        _visit(world, rows, visit, shelf, stores, waiting.get(visit.sessionId))
    if used[0].featured:
        ahead = [visit for visit in visits if visit.start.date() > world.today]
        ship(world, rows, (ahead or used[-1:])[0], shelf, stores)


def _visit(
    world: World,
    rows: Rows,
    visit: Visit,
    shelf: list[Stock],
    stores: Stores,
    status: str | None,
) -> None:
    rng = world.random("data", visit.sessionId)
    work = Work(world, rows, rng, visit, visit.start + BEGIN)
    size = rng.randint(*(MANY if visit.featured else FEW))
    for sample in bring(world, rows, rng, visit, shelf, stores, size, status):
        work.fresh = visit.end.date() > world.today and sample.location > size - 2
        work.rest()
        if work.now + PER_SAMPLE > visit.end:
            return
        if _load(work, sample, certain=sample.location == 1):
            _measure(work, sample)
            _robot(work, sample, "UNLOAD", 25)
        work.take(rng.randint(60, 240))


def _measure(work: Work, sample: Sample) -> None:
    """Centre and screen the crystal, and collect if it diffracts."""
    rng = work.rng
    if sample.stock.anomalous and rng.random() < 0.5:
        _scan_edge(work, sample)
    if rng.random() < 0.12:
        _fluoresce(work, sample)
    is_centred = _centre(work, sample)
    if not is_centred and sample.location > 1 and rng.random() < 0.5:
        return
    screen(work, sample)
    kind = "SAD" if sample.stock.anomalous else "OSC"
    group = sweeps.group(work, sample, kind, kind)
    for run in range(1, (2 if rng.random() < 0.15 else 1) + 1):
        sweep = sweeps.rotation(work, sample, group, run)
        if work.visit.featured and rng.random() < 0.3:
            judge(work, sample, sweep, in_turn(sweep.images), every=10)
        process(work, sample, sweep)
    sweeps.close(work, group)


def _load(work: Work, sample: Sample, certain: bool) -> bool:
    """Mount the sample; some loads fail, and half of these are not repeated."""
    if not certain and work.rng.random() < LOST:
        status, message = pick(work.rng, FAULTS)
        _robot(work, sample, "LOAD", work.rng.randint(40, 90), status, message)
        if status != "WARNING" and work.rng.random() < 0.5:
            return False
    _robot(work, sample, "LOAD", work.rng.randint(18, 40))
    return True


def _robot(
    work: Work,
    sample: Sample,
    action: str,
    seconds: int,
    status: str = "SUCCESS",
    message: str | None = None,
) -> None:
    begin, end = work.take(seconds)
    picture = files.snapshot(work.world.folder, sample.key, 0)
    add_to(
        work.rows,
        RobotAction,
        robotActionId=work.world.key(RobotAction),
        blsessionId=work.visit.sessionId,
        blsampleId=sample.key,
        actionType=action,
        startTimestamp=begin,
        endTimestamp=end,
        status=status,
        message=message,
        containerLocation=sample.location,
        dewarLocation=sample.slot,
        sampleBarcode=sample.barcode,
        xtalSnapshotAfter=picture if (action, status) == ("LOAD", "SUCCESS") else None,
    )


def _centre(work: Work, sample: Sample) -> bool:
    """Two grid scans at right angles, and the crystal in them; return whether there is one."""
    world, rows, rng = work.world, work.rows, work.rng
    group = sweeps.group(work, sample, "Mesh", "MESH")
    wide, high, deep = rng.randint(10, 24), rng.randint(6, 12), rng.randint(6, 12)
    centre = [rng.uniform(3, size - 3) for size in (wide, high, deep)]
    for run, lines in enumerate((high, deep), 1):
        scan = sweeps.mesh(work, sample, group, run, wide * lines)
        add_to(
            rows,
            GridInfo,
            gridInfoId=world.key(GridInfo),
            dataCollectionId=scan.key,
            dx_mm=0.02,
            dy_mm=0.02,
            steps_x=wide,
            steps_y=lines,
            orientation="horizontal",
            snaked=True,
            snapshot_offsetXPixel=float(rng.randint(200, 240)),
            snapshot_offsetYPixel=float(rng.randint(120, 150)),
            micronsPerPixelX=1.25,
            micronsPerPixelY=1.25,
            recordTimeStamp=scan.end,
        )
        if work.visit.featured and rng.random() < 0.3:
            judge(work, sample, scan, in_grid(wide, centre[0], centre[run]))
    sweeps.close(work, group)
    centring, succeeded = world.key(XrayCentring), sample.quality != "none"
    add_to(
        rows,
        XrayCentring,
        xrayCentringId=centring,
        dataCollectionGroupId=group.key,
        status="success" if succeeded else "failed",
        xrayCentringType="3d",
    )
    if succeeded:
        box = [
            (max(0.0, at - 1.5), min(size, at + 1.5))
            for at, size in zip(centre, (wide, high, deep))
        ]
        add_to(
            rows,
            XrayCentringResult,
            xrayCentringResultId=world.key(XrayCentringResult),
            xrayCentringId=centring,
            blSampleId=sample.key,
            numberOfVoxels=rng.randint(8, 27),
            totalCount=float(rng.randint(2000, 30000)),
            **{f"centreOfMass{axis}": round(at, 2) for axis, at in zip("XYZ", centre)},
            **{f"maxVoxel{axis}": int(at) for axis, at in zip("XYZ", centre)},
            **{f"boundingBoxMin{axis}": round(low, 2) for axis, (low, _) in zip("XYZ", box)},
            **{f"boundingBoxMax{axis}": round(high, 2) for axis, (_, high) in zip("XYZ", box)},
        )
    return succeeded


def _scan_edge(work: Work, sample: Sample) -> None:
    begin, end = work.take(95)
    plot = files.spectrum(work.world.folder, "edge")
    add_to(
        work.rows,
        EnergyScan,
        energyScanId=work.world.key(EnergyScan),
        sessionId=work.visit.sessionId,
        blSampleId=sample.key,
        element="Se",
        edgeEnergy="K",
        startEnergy=12600.0,
        endEnergy=12720.0,
        peakEnergy=12661.0,
        peakFPrime=-7.9,
        peakFDoublePrime=round(work.rng.uniform(4.5, 6.5), 2),
        inflectionEnergy=12658.2,
        inflectionFPrime=round(work.rng.uniform(-11.0, -9.0), 2),
        inflectionFDoublePrime=round(work.rng.uniform(2.0, 3.5), 2),
        transmissionFactor=1.0,
        exposureTime=0.5,
        beamSizeHorizontal=50.0,
        beamSizeVertical=20.0,
        fluorescenceDetector="Vortex",
        scanFileFullPath=plot.replace(".png", ".dat"),
        jpegChoochFileFullPath=plot,
        startTime=begin,
        endTime=end,
    )


def _fluoresce(work: Work, sample: Sample) -> None:
    begin, end = work.take(20)
    plot = files.spectrum(work.world.folder, "fluorescence")
    add_to(
        work.rows,
        XFEFluorescenceSpectrum,
        xfeFluorescenceSpectrumId=work.world.key(XFEFluorescenceSpectrum),
        sessionId=work.visit.sessionId,
        blSampleId=sample.key,
        energy=12700.0,
        exposureTime=2.0,
        beamTransmission=0.5,
        beamSizeHorizontal=50.0,
        beamSizeVertical=20.0,
        filename="fluorescence.dat",
        scanFileFullPath=plot.replace(".png", ".dat"),
        jpegScanFileFullPath=plot,
        comments=pick(work.rng, ("Zn, as expected", "No metal but that of the pin", None)),
        startTime=begin,
        endTime=end,
    )
