"""Moments in queries, in which a date without a time is that whole day."""

from datetime import date, datetime, time
from typing import Any

from shared.schemas import LocalDateTime

DATE_OR_TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$"


class Day(datetime):
    """The first moment of a day that a client named without a time."""


class Moment(LocalDateTime):
    """A limit of a period: a date or a moment; with ``last`` the end of that day or second."""

    def __init__(self, *, last: bool = False, metadata: dict | None = None, **kwargs: Any):
        written = {"format": "date-time-local", "pattern": DATE_OR_TIME}
        super().__init__(metadata={**(metadata or {}), **written}, **kwargs)
        self._last = last

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            moment = super()._deserialize(value, attr, data, **kwargs)
            return moment.replace(microsecond=999_999) if self._last else moment
        return Day.combine(day, time.max if self._last else time.min)


class MomentOrDay(Moment):
    """A moment, or any moment of a day: ``spread`` makes a period of the latter."""


class TimedMoment(LocalDateTime):
    """A moment, which is never a date alone."""

    default_error_messages = {"day": "Needs a time: for a whole day use __gte and __lte."}

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            date.fromisoformat(value)
        except (TypeError, ValueError):
            return super()._deserialize(value, attr, data, **kwargs)
        raise self.make_error("day")


# the fields of the filters on a column, by their suffix
FILTERS: dict[str, Any] = {
    "": MomentOrDay,
    "__gte": Moment,
    "__lte": lambda **kwargs: Moment(last=True, **kwargs),
    "__in": TimedMoment,
}


def spread(schema: Any, query: dict) -> dict:
    """``query`` with a period for each filter whose value is a whole day."""
    query = dict(query)
    for name, day in [*query.items()]:
        if isinstance(day, Day) and isinstance(schema.fields[name], MomentOrDay):
            del query[name]
            first, last = f"{name}__gte", f"{name}__lte"
            end = datetime.combine(day, time.max)
            query |= {first: max(day, query.get(first, day)), last: min(end, query.get(last, end))}
    return query
