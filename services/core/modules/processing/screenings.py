"""Screenings: seen by those who see their data collection, or their group if they have none."""

from sqlalchemy import select

from services.core.models import Screening
from services.core.modules.processing.documents import build_document
from services.core.schemas.processing.screenings import ScreeningSchema
from shared import access
from shared.db import db, save
from shared.errors import BadInput, NotYet
from shared.identity import Identity
from shared.models import DataCollection, DiffractionPlan
from shared.table_service import TableService


class Screenings(TableService):
    """The screenings of samples."""

    def create(self, identity: Identity, data: dict) -> dict:
        """Store a whole screening below visible rows."""
        below = {name: data[name] for name in ("inputs", "outputs") if name in data}
        own = {name: value for name, value in data.items() if name not in below}
        self.check_data(identity, own)
        check_plans(identity, [own, *below.get("inputs", ())])
        own["dataCollectionGroupId"] = _group(own)
        for output in below.get("outputs", ()):
            for strategy in output.get("strategies", ()):
                _number(strategy.get("wedges", ()), "wedgeNumber")
                for wedge in strategy.get("wedges", ()):
                    _number(wedge.get("subwedges", ()), "subWedgeNumber")
        return self.written(identity, save(build_document(Screening, {**own, **below}), {}))


screenings = Screenings(ScreeningSchema)


def _group(data: dict) -> int | None:
    """The group of a screening: older programs look for it by that only."""
    group, collection = data.get("dataCollectionGroupId"), data.get("dataCollectionId")
    if collection is None:
        return group
    key = DataCollection.dataCollectionId
    found = db.session.scalar(
        select(DataCollection.dataCollectionGroupId).where(key == collection)
    )
    if group not in (None, found):
        reason = "is not the group of the data collection"
        raise BadInput("invalid input", {"dataCollectionGroupId": [reason]})
    return found


def check_plans(identity: Identity, documents: list[dict]) -> None:
    """Raise NotYet unless the caller sees the plans that are named: no foreign key holds them."""
    named = {each["diffractionPlanId"] for each in documents if each.get("diffractionPlanId")}
    if not named:
        return
    rule, key = access.plans(identity), DiffractionPlan.diffractionPlanId
    found = db.session.scalars(select(key).where(key.in_(named), rule.condition), rule.values)
    if named.difference(found):
        reasons = {"diffractionPlanId": ["no such DiffractionPlan"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _number(documents: list[dict], name: str) -> None:
    for place, document in enumerate(documents, 1):
        if document.get(name) is None:
            document[name] = place
