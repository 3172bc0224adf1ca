"""AutoProcContainer, the XML that autoPROC, xia2 and EDNA write, as a document of a result.

Empty elements are absent. Elements that have no column, or an unreadable value, are named in
``warnings``.
"""

import math
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring
from marshmallow import Schema, fields

from services.core.schemas.processing.results import (
    SHELLS,
    AttachmentSchema,
    AutoProcSchema,
    IntegrationSchema,
    NamedImageSchema,
    ResultProgramSchema,
    ScalingSchema,
    ScalingStatisticsSchema,
)
from shared.errors import BadInput, Malformed, TooLarge
from shared.schemas import BLANKED, blanked

LARGEST = 5 * 2**20  # bytes
MOST_TAGS = 200_000  # start tags and end tags
MOST_ROWS = 10_000
MOST_WARNINGS = 100
CTIME = re.compile(r"[A-Za-z]{3} ([A-Za-z]{3}) +(\d+) (\d\d:\d\d:\d\d)(?: (\S+))? (\d{4})")
UNIVERSAL = {"UTC", "GMT", "Z"}
BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
KEY, KIND = "dataCollectionId", "scalingStatisticsType"
STATISTICS, INTEGRATIONS = "AutoProcScalingStatistics", "AutoProcIntegrationContainer"
ROOT, WRAPPER = "AutoProcContainer", "XSDataInputStoreAutoProc"  # EDNA's element around it
RENAMED = {"reprocessingId": "processingJobId", "ccAno": "ccAnomalous"}  # ccAno is EDNA's
SCHEMAS: dict[str, type[Schema]] = {
    "AutoProcProgram": ResultProgramSchema,
    "AutoProcProgramAttachment": AttachmentSchema,
    "AutoProc": AutoProcSchema,
    "AutoProcScaling": ScalingSchema,
    STATISTICS: ScalingStatisticsSchema,
    "AutoProcIntegration": IntegrationSchema,
    "Image": NamedImageSchema,
}
PARTS = {
    "AutoProcContainer": {"AutoProcProgramContainer", "AutoProc", "AutoProcScalingContainer"},
    "AutoProcProgramContainer": {"AutoProcProgram", "AutoProcProgramAttachment"},
    "AutoProcScalingContainer": {"AutoProcScaling", STATISTICS, INTEGRATIONS},
    INTEGRATIONS: {"Image", "AutoProcIntegration"},
}


def read(body: bytes) -> dict:
    """The result in ``body``, in the shape of ResultSchema.

    Raises TooLarge; Malformed if it is no XML, or has a DTD or entities; BadInput if it is other
    XML.
    """
    if len(body) > LARGEST:
        raise TooLarge(f"more than {LARGEST} bytes of XML")
    if body.count(b"<") > MOST_TAGS:
        raise TooLarge(f"more than {MOST_TAGS} tags of XML")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise Malformed(f"not XML, or not safe: {error}") from None
    if _tag(root) == WRAPPER:
        root = next((each for each in root if _tag(each) == ROOT), root)
    if _tag(root) != ROOT:
        raise BadInput("invalid input", {ROOT: ["is not the root of the XML"]})
    return _Reader().read(root)


def parse_time(text: str) -> Any:
    """The local time in ``text``; None if it is no time.

    It is in ISO, perhaps with a blank for the T, or as ``date`` prints it. A time with an offset
    or the zone UTC is converted to local time; other names of zones are ignored.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        match = CTIME.fullmatch(text)
        if not match:
            return None
        month, day, clock, zone, year = match.groups()
        try:
            moment = datetime.strptime(f"{month} {day} {clock} {year}", "%b %d %H:%M:%S %Y")
        except ValueError:
            return None
        if zone in UNIVERSAL and zone not in time.tzname:
            moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone().replace(tzinfo=None)
        except (OverflowError, OSError, ValueError):
            return None
    return moment.replace(microsecond=0)


class _Reader:
    """Reads one container, and collects warnings about the elements without a place."""

    def __init__(self) -> None:
        self._warnings: dict[str, None] = (
            {}
        )  # a dict: the same warning of three shells appears once
        self._rows = 0

    def read(self, root: Element) -> dict:
        """The document of the container ``root``."""
        top = self._parts(root)
        if len(containers := top["AutoProcProgramContainer"]) != 1:
            reason = {"AutoProcProgramContainer": ["must be there once"]}
            raise BadInput("invalid input", reason)
        parts = self._parts(containers[0])
        program, *_ = [self._values(each) for each in parts["AutoProcProgram"]] or [{}]
        results = _merge(
            [
                {
                    **self._values(autoproc),
                    "scalings": [part for each in scalings for part in self._scalings(each)],
                }
                for autoproc, scalings in _pair(root)
            ]
        )
        return {
            "program": program,
            "attachments": [self._values(each) for each in parts["AutoProcProgramAttachment"]],
            "autoProc": results[0] if results else None,
            "furtherAutoProcs": results[1:],
            "warnings": [*self._warnings],
        }

    def _scalings(self, container: Element) -> list[dict]:
        """The scaling of a container, or those of several wavelengths: "overall" begins each.

        Integrations belong to the wavelength in front of them. As many integrations as
        wavelengths are paired in order: they may follow all statistics.
        """
        parts = self._parts(container)
        common: dict[str, Any] = {}
        for each in parts["AutoProcScaling"]:
            common |= self._values(each)
        scalings: list[dict] = [{**common, "statistics": [], "integrations": []}]
        integrations, has_overall = [], False
        for each in container:
            if _tag(each) == STATISTICS:
                values = self._values(each)
                if values.get(KIND) == SHELLS[0]:
                    if has_overall:
                        scalings.append({**common, "statistics": [], "integrations": []})
                    has_overall = True
                scalings[-1]["statistics"].append(values)
            elif _tag(each) == INTEGRATIONS:
                integrations.append((len(scalings) - 1, [*self._integrations(each)]))
        for number, (place, group) in enumerate(integrations):
            own = number if len(integrations) == len(scalings) else place
            scalings[own]["integrations"] += group
        return scalings

    def _integrations(self, container: Element) -> Iterator[dict]:
        parts = self._parts(container)
        images = [self._values(each) for each in parts["Image"]]
        keys = [{KEY: each.pop(KEY)} for each in images if KEY in each]
        complete = [{"Image": each} for each in images if len(each) == 2]
        for each in parts["AutoProcIntegration"]:
            yield {**(complete or [{}])[0], **(keys or [{}])[0], **self._values(each)}

    def _parts(self, container: Element) -> dict[str, list[Element]]:
        """The lists of the children of ``container``, by all names that these may have."""
        names = PARTS[_tag(container)]
        parts: dict[str, list[Element]] = {name: [] for name in names}
        for child in container:
            if (name := _tag(child)) in names:
                parts[name].append(child)
            else:
                self._warn(container, child, "not stored")
        return parts

    def _values(self, row: Element) -> dict:
        """The columns of the element ``row``, as they are in JSON."""
        self._rows += 1
        if self._rows > MOST_ROWS:
            raise TooLarge(f"more than {MOST_ROWS} rows of XML")
        columns, values = _fields(_tag(row)), {}
        for child in row:
            name = RENAMED.get(_tag(child), _tag(child))
            text = (child.text or "").strip()
            field = columns.get(name.lower())
            if field is None or isinstance(field, fields.Nested):
                self._warn(row, child, "not stored")
            elif text:
                value = _value(field, text)
                if value is None:
                    self._warn(row, child, f"not understood: {text[:80]}")
                    continue
                values[field.name] = blanked(field, value)
                if values[field.name] != value:
                    self._warn(row, child, BLANKED)
        return values

    def _warn(self, above: Element, element: Element, reason: str) -> None:
        if len(self._warnings) < MOST_WARNINGS:
            self._warnings[f"{_tag(above)}.{_tag(element)[:80]}: {reason}"] = None
        else:
            self._warnings["and more"] = None


@cache
def _fields(tag: str) -> dict[str, fields.Field]:
    """The fields of the columns of an element with this name, by their names in small letters.

    Programs differ in the capitals: EDNA writes ntotalUniqueObservations and rmeasAllIplusIminus.
    """
    return {name.lower(): field for name, field in SCHEMAS[tag]().load_fields.items()}


def _value(field: fields.Field, text: str) -> Any:
    """``text`` as ``field`` takes it in JSON; None if it is no time, boolean or finite number."""
    if isinstance(field, fields.NaiveDateTime):
        moment = parse_time(text)
        return moment and moment.isoformat()
    if isinstance(field, fields.Boolean):
        return BOOLEANS.get(text.lower())
    if isinstance(field, fields.Integer | fields.Float):
        return text if field.name == "processingStatus" else _number(field, text)
    return text


def _number(field: fields.Field, text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return int(number) if isinstance(field, fields.Integer) and number.is_integer() else number


def _pair(root: Element) -> list[tuple[Element, list[Element]]]:
    """Each AutoProc with its scalings.

    With as many scalings as AutoProcs it is the one in the same place, else those that follow it:
    programs with several results write the two in turn.
    """
    autoprocs = [each for each in root if _tag(each) == "AutoProc"]
    scalings = [each for each in root if _tag(each) == "AutoProcScalingContainer"]
    if scalings and not autoprocs:
        raise BadInput("invalid input", {"AutoProc": ["is missing"]})
    if len(autoprocs) == len(scalings):
        return [(each, [scaling]) for each, scaling in zip(autoprocs, scalings)]
    pairs: list[tuple[Element, list[Element]]] = [(each, []) for each in autoprocs]
    place = -1
    for each in root:
        if _tag(each) == "AutoProc":
            place += 1
        elif _tag(each) == "AutoProcScalingContainer":
            pairs[max(place, 0)][1].append(each)
    return pairs


def _merge(results: list[dict]) -> list[dict]:
    """One result with the scalings of all, if they differ in nothing else."""
    first = {**results[0], "scalings": []} if results else {}
    if any({**each, "scalings": []} != first for each in results):
        return results
    scalings = [scaling for each in results for scaling in each["scalings"]]
    return [{**first, "scalings": scalings}] if results else []


def _tag(element: Element) -> str:
    """The name of an element, without its namespace; comments are not parsed."""
    return element.tag.rpartition("}")[2]
