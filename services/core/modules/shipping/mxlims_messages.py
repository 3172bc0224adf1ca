"""MXLIMS messages: shipments of home laboratories, and what was measured of their samples."""

from services.core.modules.shipping import (
    mxlims_additions,
    mxlims_exports,
    mxlims_objects,
    mxlims_results,
    mxlims_validation,
    shipment_trees,
    status_changes,
)
from services.core.modules.shipping.mxlims_additions import Keys
from services.core.modules.shipping.mxlims_documents import HOLDERS, Message, MxlimsObject
from services.core.modules.shipping.mxlims_objects import Stored
from services.core.modules.shipping.mxlims_parties import Parties, get_proposal
from services.core.modules.shipping.mxlims_plans import list_plans
from services.core.modules.shipping.mxlims_trees import (
    ShipmentDocument,
    get_code,
    get_parcel_name,
    number_drop,
)
from services.core.modules.shipping.shipments import shipments
from shared import row_checks
from shared.errors import BadInput, Conflict
from shared.identity import Identity
from shared.models import Proposal


def create(identity: Identity, document: dict) -> tuple[dict, bool]:
    """Store the shipment of a message; return it as a message, and whether it is new.

    The same message changes nothing. One that differs changes the shipment until it is sent;
    then it is a Conflict that names the differences.
    """
    mxlims_validation.check_message(document)
    message = Message(document)
    message.check()
    proposal_id = get_proposal(identity, message)
    row_checks.locked(Proposal, proposal_id)  # of two copies at once, one comes second
    key = mxlims_objects.find_shipment(message, proposal_id)
    stored = mxlims_objects.load(key) if key is not None else []
    if key is not None:
        differences = mxlims_objects.list_changed(message, stored)
        if differences is None:
            return _answer(identity, key, []), False
        status = shipments.lock(identity, key).shippingStatus
        if status_changes.plain(status) != status_changes.plain(status_changes.get_first()):
            reason = f"the shipment is {status}: a message changes it before it is sent only"
            raise Conflict(reason, differences)
    parties = Parties(identity, message, proposal_id)
    return _store(identity, message, parties, key, stored), key is None


def _store(
    identity: Identity, message: Message, parties: Parties, key: int | None, stored: list[Stored]
) -> dict:
    """Create the shipment of a message, or replace the one with ``key``."""
    rows = {} if key is None else _match_rows(shipment_trees.get(identity, key), stored)
    document = ShipmentDocument(message, parties, rows)
    data = document.load()
    try:
        if key is None:
            tree, _ = shipment_trees.create(identity, data)
        else:
            tree = shipment_trees.replace(identity, key, data)
    except BadInput as error:
        raise document.paths.translate(error) from error
    keys = _get_keys(message, tree)
    subsamples = {
        each.uuid: each.key for each in stored if each.table == "BLSubSample" and each.key
    }
    mxlims_additions.put_rows(
        identity, message, keys, subsamples, parties.proposal_id, parties.session_id
    )
    mxlims_objects.put(message, keys, tree["shippingId"], parties.proposal_id)
    return _answer(identity, tree["shippingId"], document.warnings)


def get(identity: Identity, key: int) -> dict:
    """The message of a visible shipment."""
    return mxlims_exports.build_message(identity, key).finish()


def get_results(identity: Identity, key: int) -> dict:
    """The message of a visible shipment, with experiments and results of its samples."""
    writer = mxlims_exports.build_message(identity, key)
    mxlims_results.add_results(identity, writer)
    return writer.finish()


def _answer(identity: Identity, key: int, warnings: list[str]) -> dict:
    return {"shippingId": key, "warnings": warnings, "message": get(identity, key)}


def _match_rows(tree: dict, stored: list[Stored]) -> dict[str, dict]:
    """The rows of a stored tree by the uuid of their objects, and the parcels of plates."""
    rows: dict[tuple, dict] = {("Shipping", tree["shippingId"]): tree}
    parcels = {}
    for dewar in tree["Dewar"]:
        rows["Dewar", dewar["dewarId"]] = dewar
        for container in dewar["Container"]:
            rows["Container", container["containerId"]] = container
            parcels[container["containerId"]] = dewar
            for sample in container["BLSample"]:
                rows["BLSample", sample["blSampleId"]] = sample
    named = {}
    for each in stored:
        if row := rows.get((each.table, each.key)):
            named[each.uuid] = row
        if each.kind == "Plate" and each.key in parcels:
            named[get_parcel_name(each.uuid)] = parcels[each.key]
    return named


def _get_keys(message: Message, tree: dict) -> Keys:
    """The rows of the objects of a message in its stored tree, by their codes and places."""
    keys: Keys = {message.shipment.path: ("Shipping", tree["shippingId"])}
    dewars = {dewar["code"]: dewar for dewar in tree["Dewar"] if dewar["type"] != "Parcel"}
    containers = {each["code"]: each for dewar in tree["Dewar"] for each in dewar["Container"]}
    plans, proteins = {}, {}
    for each in message.get_all("Dewar"):
        keys[each.path] = ("Dewar", dewars[get_code(each)]["dewarId"])
    for each in (*message.get_all("Puck"), *message.get_all("Plate")):
        container = containers[get_code(each)]
        keys[each.path] = ("Container", container["containerId"])
        samples = {(row["location"], row["subLocation"]): row for row in container["BLSample"]}
        for holder in message.get_below(each):
            if holder.kind in HOLDERS:
                row = samples[_get_place(message, holder)]
                keys[holder.path] = ("BLSample", row["blSampleId"])
                plans[holder] = row["diffractionPlanId"]
                sample = message.get_sample(holder)
                if substance := sample and message.follow(sample, "parentSampleRef"):
                    proteins[substance.path] = row["Crystal"]["Protein"]["proteinId"]
    for path, key in proteins.items():
        keys[path] = ("Protein", key)
    for experiment, planned in list_plans(message):
        if planned and plans.get(planned):
            keys[experiment.path] = ("DiffractionPlan", plans[planned])
    return keys


def _get_place(message: Message, holder: MxlimsObject) -> tuple[str, int | None]:
    """Location and sublocation of the sample in a pin, a position or a drop."""
    parent = message.follow(holder, "containerRef")
    assert parent is not None
    if holder.kind == "Pin":
        return f"{holder['positionInPuck']}", None
    if holder.kind == "PinPosition":
        return f"{parent['positionInPuck']}", holder["positionInPin"]
    plate = message.follow(parent, "containerRef")
    assert plate is not None
    return f"{number_drop(plate, parent, holder)}", None
