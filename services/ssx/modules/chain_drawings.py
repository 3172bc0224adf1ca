"""Drawings of event chains as SVG: a lane for each kind of event, over an axis of time.

Texts of clients are escaped, and shortened to what fits.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

from services.ssx.modules import svg_parts
from services.ssx.modules.chain_timelines import count_repeats
from services.ssx.modules.chain_words import (
    KINDS,
    NAME,
    choose_unit,
    describe,
    describe_event,
    format_count,
    format_number,
    format_time,
    get_duration,
    get_kind,
    get_title,
)
from services.ssx.modules.svg_parts import INK, arrow, clean, line, measure, rect, shorten, text
from services.ssx.schemas.event_chains import DETECTION, EXPOSURE, LASER, TRIGGER

MOST_CHAINS, MOST_EVENTS = 12, 40  # that are drawn
CYCLES = 3  # repeats that are drawn in any case
MOST_BOXES = 60  # of an event; more of them are a hatched bar
LEFT, RIGHT, WIDTH = 172.0, 850.0, 960  # px: of the plot, of the drawing
MARGIN, INDENT = 24.0, 5.0  # px: of the drawing; of the text of an event after its begin
BOX, ROW, GAP = 16.0, 40.0, 12.0  # px: heights of a box and of its row, space between two texts
LEAST = 3.0  # px: width of the shortest box
LEAST_PERIOD = 6.0  # px: of repeats that are drawn as boxes
UNLIKE = 20  # lengths of the shortest chain that a common axis of several has at most
BASE = 1e4  # an axis that is so many lengths away from 0 counts from its begin
COLOURS = {  # they differ for all kinds of colour vision (Okabe and Ito, 2008)
    LASER: "#009e73",
    TRIGGER: "#cc79a7",
    EXPOSURE: "#e69f00",
    DETECTION: "#0072b2",
}
OTHER = "#999999"
PALE, LINE = "#4b5563", "#9ca3af"


class Window(NamedTuple):
    """The times between which an axis is drawn, s."""

    begin: float
    end: float

    @property
    def length(self) -> float:
        """The length of the axis, s; 1 if all events are at one time."""
        return self.end - self.begin or 1.0

    def place(self, time: float) -> float:
        """The place of ``time`` in the drawing, px."""
        return LEFT + (RIGHT - LEFT) * (time - self.begin) / self.length


class Placed(NamedTuple):
    """An event with its place in a lane: the left end of its text, and its row."""

    event: dict
    x: float
    row: int


def draw(chains: Sequence[dict], total: int) -> str:
    """An SVG with the time lines in ``chains``, the first of ``total``, one above the other."""
    drawn = chains[:MOST_CHAINS]
    windows = _choose_windows(drawn)
    parts, top = [], 12.0
    for chain in drawn:
        title = shorten(get_title(chain), WIDTH - 2 * MARGIN, 1.3)
        parts.append(text(MARGIN, top + 18, title, size=16, weight=600))
        top += 32
        if chain["eventChainId"] in windows:
            panel, top = _draw_chain(chain, windows[chain["eventChainId"]], top)
            parts += panel
        else:
            parts.append(text(MARGIN, top + 8, "No events", fill=PALE))
            top += 28
    if total > len(drawn) or not drawn:
        note = f"… and {total - len(drawn)} more event chains" if drawn else "No event chains"
        parts.append(text(MARGIN, top + 16, note, fill=PALE))
        top += 32
    titles = [get_title(chain) for chain in drawn]
    title = "Time line of " + (", ".join(titles) if titles else "a run without event chains")
    described = " ".join(describe(chain, MOST_EVENTS) for chain in drawn)
    return svg_parts.document(WIDTH, round(top + 8), title, described, parts)


def _choose_windows(chains: Sequence[dict]) -> dict[int, Window]:
    """The window of each chain with events, by its key; one for all if it suits all."""
    windows = {c["eventChainId"]: _choose_window(c["Event"]) for c in chains if c["Event"]}
    if not windows:
        return {}
    begins, ends = zip(*windows.values())
    common = Window(min(begins), max(ends))
    shortest = min(window.length for window in windows.values())
    return dict.fromkeys(windows, common) if common.length <= UNLIKE * shortest else windows


def _choose_window(events: list[dict]) -> Window:
    """The times in which each event is drawn, a repeated one with its first repeats.

    They begin at 0 if that is near.
    """
    ends = [
        event["offset"]
        + (min(count_repeats(event), CYCLES) - 1) * (event["period"] or 0)
        + get_duration(event)
        for event in events[:MOST_EVENTS]
    ]
    begin, end = min(event["offset"] for event in events[:MOST_EVENTS]), max(ends)
    return Window(0.0 if 0 < begin <= end - begin else begin, end)


def _draw_chain(chain: dict, window: Window, top: float) -> tuple[list[str], float]:
    """The parts of the drawing of one chain below ``top``, and the end of it."""
    events = chain["Event"][:MOST_EVENTS]
    delay = None
    if chain["pumpProbeDelay"] is not None and _is_inside(window, chain):
        delay, top = top, top + 30
    lanes, marks, bottom = [], [], top
    for number, (kind, placed) in enumerate(_list_lanes(events, window)):
        rows = 1 + max(each.row for each in placed)
        height = rows * ROW + 6
        colour = COLOURS.get(kind, OTHER)
        fill = "#f3f4f6" if number % 2 else "#f9fafb"
        lanes.append(rect(MARGIN - 12, bottom, WIDTH - 2 * MARGIN + 24, height, fill=fill))
        lanes.append(rect(MARGIN, bottom + 19, 10, BOX, fill=colour, stroke=INK))
        word = KINDS.get(kind) or shorten(kind, LEFT - MARGIN - 30)
        lanes.append(text(MARGIN + 16, bottom + 32, word, weight=600))
        for each in placed:
            marks += _draw_event(each, window, bottom + each.row * ROW + 4, colour)
        bottom += height
    if window.begin < 0 < window.end:
        lanes.append(line(window.place(0), top, window.place(0), bottom, stroke=LINE))
    if delay is not None:
        lanes += _draw_delay(chain, window, delay, bottom)
    parts = [*lanes, *marks, *_draw_axis(window, bottom)]
    bottom += 50
    if more := len(chain["Event"]) - len(events):
        parts.append(text(MARGIN, bottom + 6, f"… and {more} more events", fill=PALE))
        bottom += 20
    return parts, bottom


def _list_lanes(events: list[dict], window: Window) -> Iterator[tuple[str, list[Placed]]]:
    """Each kind of ``events`` with these, in rows without two texts or boxes at one place."""
    order = [*KINDS, *sorted({get_kind(event) for event in events} - {*KINDS})]
    for kind in order:
        ends: list[float] = []
        placed = []
        for event in sorted(events, key=lambda each: each["offset"]):
            if get_kind(event) != kind:
                continue
            left, right = window.place(event["offset"]), _get_right(event, window)
            size = measure("".join(_list_words(event, window)))
            x = max(LEFT, min(left, WIDTH - MARGIN - INDENT - size)) + INDENT
            right = max(right, x + size)
            row = next((at for at, end in enumerate(ends) if end + GAP <= min(x, left)), len(ends))
            ends[row : row + 1] = [right]
            placed.append(Placed(event, x, row))
        if placed:
            yield kind, placed


def _draw_event(placed: Placed, window: Window, top: float, colour: str) -> Iterator[str]:
    event, y = placed.event, top + 18
    name, times = _list_words(event, window)
    words = [f'<tspan font-weight="600">{escape(name)}</tspan>'] if name else []
    words.append(f'<tspan fill="{PALE}">{escape(times)}</tspan>')
    yield f"<g><title>{escape(describe_event(event))}</title>"
    yield text(placed.x, top + 12, "".join(words), is_safe=True)
    count, duration, period = _count_drawn(event, window), get_duration(event), event["period"]
    width = max(LEAST, window.place(window.begin + duration) - LEFT)
    if _is_hatched(event, window):
        begin, end, middle = window.place(event["offset"]), _get_last(event, window), y + BOX / 2
        style = {"stroke": colour, "stroke_width": BOX, "stroke_dasharray": "2 1"}
        yield line(begin, middle, end, middle, **style)
    else:
        for number in range(count):
            x = window.place(event["offset"] + number * (period or 0))
            yield _draw_box(x, y, width, colour) if duration else _draw_rhombus(x, y, colour)
    if count < count_repeats(event):
        more = f"… × {format_count(event)}"
        yield text(_get_last(event, window) + 6, y + BOX - 4, more, fill=PALE)
    yield "</g>"


def _draw_box(x: float, y: float, width: float, colour: str) -> str:
    return rect(x, y, width, BOX, fill=colour, stroke=INK if width > LEAST else colour)


def _draw_rhombus(x: float, y: float, colour: str) -> str:
    return (
        f'<path d="M{x:.1f} {y:.1f}l4 {BOX / 2:.1f}-4 {BOX / 2:.1f}-4-{BOX / 2:.1f}z"'
        f' fill="{colour}" stroke="{INK}"/>'
    )


def _draw_delay(chain: dict, window: Window, top: float, bottom: float) -> Iterator[str]:
    """A dimension line from pump to probe, with its length."""
    left, right = sorted(window.place(chain[name]) for name in ("pump", "probe"))
    y, words = top + 20, f"pump–probe delay {format_time(chain['pumpProbeDelay'])}"
    for x in (left, right):
        yield line(x, top + 12, x, bottom, stroke=PALE, stroke_dasharray="4 3")
    size = measure(words)
    if right - left >= size + 2 * GAP:
        middle = (left + right - size) / 2
        yield arrow(middle - 6, left, y)
        yield arrow(middle + size + 6, right, y)
    else:
        yield arrow(max(left - 24, 2), left, y)
        is_right = right + 30 + size <= WIDTH - MARGIN
        yield arrow(min(right + 24, WIDTH - 2), right, y)
        middle = right + 30 if is_right else max(left - 30 - size, MARGIN)
    yield text(middle, y + 4, words, weight=600)


def _draw_axis(window: Window, y: float) -> Iterator[str]:
    """A line with five to ten ticks, and its unit."""
    yield line(LEFT, y, RIGHT, y, stroke=INK)
    far = max(abs(window.begin), abs(window.end)) > BASE * window.length
    base = window.begin if far else 0.0
    after = f"{format_time(base)} after the start" if far else "the start"
    size, unit = choose_unit(
        max(abs(window.begin - base), abs(window.end - base)) or window.length
    )
    step = _choose_step(window.length)
    first = ceil((window.begin - base) / step - 1e-9)
    ticks = [number * step for number in range(first, first + 12)]
    for tick in ticks if window.end > window.begin else [window.begin - base]:
        x = window.place(tick + base)
        if x <= RIGHT + 0.5:
            yield line(x, y, x, y + 5, stroke=INK)
            yield text(x, y + 18, format_number(tick / size), anchor="middle", size=11.5)
    words = f"time from {after} of the data collection, {unit}"
    yield text((LEFT + RIGHT) / 2, y + 36, words, anchor="middle", fill=PALE, size=11.5)


def _choose_step(length: float) -> float:
    """1, 2 or 5 times a power of ten, five to twelve of which are ``length``."""
    power = 10.0 ** floor(log10(length))
    return next(power * part for part in (0.1, 0.2, 0.5, 1.0) if length / (power * part) <= 11)


def _is_inside(window: Window, chain: dict) -> bool:
    times = (chain["pump"], chain["probe"])
    return all(window.begin <= time <= window.end for time in times)


def _is_hatched(event: dict, window: Window) -> bool:
    """Whether the repeats of an event are too many or too close for boxes."""
    repeats = _count_drawn(event, window)
    period = window.place(window.begin + (event["period"] or 0)) - LEFT
    return repeats > 1 and (repeats > MOST_BOXES or period < LEAST_PERIOD)


def _count_drawn(event: dict, window: Window) -> int:
    """The number of repeats that end inside the window, at least one."""
    repeats = count_repeats(event)
    if repeats == 1:
        return 1
    length = window.end - event["offset"] - get_duration(event)
    return max(int(min(repeats, floor(length / event["period"] * (1 + 1e-9)) + 1)), 1)


def _get_last(event: dict, window: Window) -> float:
    """The right end of the last repeat that is drawn, px."""
    last = (_count_drawn(event, window) - 1) * (event["period"] or 0)
    begin = window.place(event["offset"] + last)
    end = min(window.place(event["offset"] + last + get_duration(event)), RIGHT)
    return max(end, begin + (LEAST if event["duration"] else 4))


def _get_right(event: dict, window: Window) -> float:
    """The right end of an event with the number of its repeats, px."""
    last = _get_last(event, window)
    if _count_drawn(event, window) == count_repeats(event):
        return last
    return last + 6 + measure(f"… × {format_count(event)}")


def _list_words(event: dict, window: Window) -> tuple[str, str]:
    """The name of an event, which may be empty, and its times."""
    name = shorten(clean(event["name"] or ""), NAME)
    times = [f"at {format_time(event['offset'])}"]
    if duration := get_duration(event):
        times.append(f"for {format_time(duration)}")
    if (event["repetition"] or 1) > 1:
        every = f"every {format_time(event['period'])}" if event["period"] else ""
        is_drawn = _count_drawn(event, window) == count_repeats(event)
        times.append(
            f"{every} × {format_count(event)}".strip() if is_drawn or not every else every
        )
    return (f"{name}  " if name else ""), " ".join(times)
