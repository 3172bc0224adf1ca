"""Screenings: visible with their data collection, or with their group if they have none."""

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
        columns = {name: value for name, value in data.items() if name not in below}
        self.check_data(identity, columns)
        check_plans(identity, [columns, *below.get("inputs", ())])
        columns["dataCollectionGroupId"] = _find_group(columns)
        for output in below.get("outputs", ()):
            for strategy in output.get("strategies", ()):
                _set_numbers(strategy.get("wedges", ()), "wedgeNumber")
                for wedge in strategy.get("wedges", ()):
                    _set_numbers(wedge.get("subwedges", ()), "subWedgeNumber")
        return self.written(identity, save(build_document(Screening, {**columns, **below}), {}))


screenings = Screenings(ScreeningSchema)


def _find_group(data: dict) -> int | None:
    """The key of the group of a screening: older programs search screenings by it alone."""
    group_id, collection_id = data.get("dataCollectionGroupId"), data.get("dataCollectionId")
    if collection_id is None:
        return group_id
    statement = select(DataCollection.dataCollectionGroupId)
    stored = db.session.scalar(statement.where(DataCollection.dataCollectionId == collection_id))
    if group_id not in (None, stored):
        reason = "is not the group of the data collection"
        raise BadInput("invalid input", {"dataCollectionGroupId": [reason]})
    return stored


def check_plans(identity: Identity, documents: list[dict]) -> None:
    """Raise NotYet unless the caller sees all plans in ``documents``: they are no foreign keys."""
    keys = {each["diffractionPlanId"] for each in documents if each.get("diffractionPlanId")}
    if not keys:
        return
    rule, key = access.plans(identity), DiffractionPlan.diffractionPlanId
    statement = select(key).where(key.in_(keys), rule.condition)
    if keys.difference(db.session.scalars(statement, rule.values)):
        reasons = {"diffractionPlanId": ["no such DiffractionPlan"]}
        raise NotYet("a referenced row is not there yet", reasons)


def _set_numbers(documents: list[dict], name: str) -> None:
    """Number the documents that have no number by their places."""
    for place, document in enumerate(documents, 1):
        if document.get(name) is None:
            document[name] = place
