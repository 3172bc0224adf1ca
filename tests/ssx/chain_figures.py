"""The drawings of docs/reference/event-chains.md; as a program it makes them anew."""

from services.ssx.modules import chain_drawings, chain_timelines
from tests.conftest import ROOT

FOLDER = ROOT / "docs/reference"


def build_chain(name, *events):
    """A chain as it is read; each event is kind, name, offset, duration, period, repetition."""
    return {
        "eventChainId": 1,
        "dataCollectionId": 1,
        "name": name,
        "Event": [
            {
                "eventId": number,
                "EventType": {"name": kind},
                **dict(zip(("name", "offset", "duration", "period", "repetition"), values)),
            }
            for number, (kind, *values) in enumerate(events, 1)
        ],
    }


CHAINS = {
    "laser-and-frames": build_chain(
        "pump-probe, each frame",
        ("LaserExcitation", "532 nm", 0.0, 1e-8, 0.0043, 138600.0),
        ("XrayDetection", None, 0.003, 9e-5, 0.0043, 138600.0),
    ),
    "once": build_chain(
        "laser before the chip is there",
        ("LaserExcitation", "Laser probe", -0.005, 0.001, None, 1.0),
        ("XrayDetection", "Xray probe", 0.0, 0.01, 0.01, 1.0),
    ),
    "all-kinds": build_chain(
        "caged substrate, three frames after each pulse",
        ("ReactionTrigger", "drop of substrate", -0.02, 0.001, 0.1, 50.0),
        ("LaserExcitation", "uncaging, 355 nm", 0.0, 1e-8, 0.1, 50.0),
        ("XrayExposure", "shutter", 0.0149, 0.0302, 0.1, 50.0),
        ("XrayDetection", "frame 1", 0.015, 0.005, 0.1, 50.0),
        ("XrayDetection", "frame 2", 0.025, 0.005, 0.1, 50.0),
        ("XrayDetection", "frame 3", 0.035, 0.005, 0.1, 50.0),
    ),
    "burst": build_chain(
        "many pulses of X-rays in one frame",
        ("LaserExcitation", "800 nm", 0.0, 5e-14, None, None),
        ("XrayExposure", "pulses", 1e-6, 1e-10, 2.84e-6, 352.0),
        ("XrayDetection", "frame", 1e-6, 0.000997, None, None),
    ),
    "unset": build_chain("no times", ("XrayDetection", None, 0.0, 0.0, 0.0, 0.0)),
}


def draw_all():
    """The drawings by the names of their files."""
    return {
        f"event-chain-{name}.svg": chain_drawings.draw([chain_timelines.compute(chain)], 1)
        for name, chain in CHAINS.items()
    }


if __name__ == "__main__":
    for name, picture in draw_all().items():
        (FOLDER / name).write_text(picture)
