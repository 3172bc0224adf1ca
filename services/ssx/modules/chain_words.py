"""The words of event chains and their times, as people read them."""

from services.ssx.modules.svg_parts import clean, shorten
from services.ssx.schemas.event_chains import DETECTION, EXPOSURE, LASER, TRIGGER

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"), (1e-12, "ps"), (1e-15, "fs"))
KINDS = {  # in the order of the lanes of a drawing
    LASER: "Laser excitation",
    TRIGGER: "Reaction trigger",
    EXPOSURE: "X-ray exposure",
    DETECTION: "X-ray detection",
}
NAME = 300.0  # px, of a name


def format_time(seconds: float) -> str:
    """``seconds`` in the unit that suits them, e.g. 4.3 ms."""
    if seconds == 0:
        return "0 s"
    size, unit = choose_unit(abs(seconds))
    return f"{format_number(seconds / size)} {unit}"


def describe(chain: dict, most: int) -> str:
    """A chain with its first ``most`` events in words, for readers who do not see the drawing."""
    words = [f"{get_title(chain)}: {len(chain['Event'])} events."]
    words += [f"{describe_event(event)}." for event in chain["Event"][:most]]
    if chain["pumpProbeDelay"] is not None:
        words.append(f"The pump–probe delay is {format_time(chain['pumpProbeDelay'])}.")
    return " ".join(words)


def describe_event(event: dict) -> str:
    """An event in words."""
    word = KINDS.get(get_kind(event), get_kind(event))
    name = f" {shorten(clean(event['name']), NAME)}" if event["name"] else ""
    words = [f"{word}{name} at {format_time(event['offset'])}"]
    words.append(f"for {format_time(get_duration(event))}")
    if event["period"]:
        words.append(f"every {format_time(event['period'])}")
    if (event["repetition"] or 1) > 1:
        words.append(f"× {format_count(event)}")
    return " ".join(words)


def get_title(chain: dict) -> str:
    """The name of a chain, or its key."""
    return clean(chain["name"] or "") or f"event chain {chain['eventChainId']}"


def get_kind(event: dict) -> str:
    """The name of the kind of an event."""
    return clean((event["EventType"] or {}).get("name") or "unknown")


def get_duration(event: dict) -> float:
    """The length of an event, s; 0 without one."""
    return max(event["duration"] or 0.0, 0.0)


def format_number(value: float) -> str:
    """``value`` with up to six digits."""
    return f"{value:.6g}".replace("-", "−")


def format_count(event: dict) -> str:
    """The number of repeats of an event."""
    count = event["repetition"] or 1
    return f"{count:,.0f}".replace(",", "\u202f") if count < 1e9 else f"{count:.3g}"


def choose_unit(seconds: float) -> tuple[float, str]:
    """Size and name of the largest unit that is not longer than ``seconds``."""
    return next((each for each in UNITS if seconds >= each[0] * (1 - 1e-6)), UNITS[-1])
