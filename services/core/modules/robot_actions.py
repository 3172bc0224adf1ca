"""What sample changers did: seen by those who see the session."""

from datetime import datetime

from services.core.models import RobotAction
from services.core.modules.records import Records
from services.core.schemas.robot_actions import RobotActionSchema
from shared import access
from shared.access import Rule
from shared.identity import Identity


def _visible(identity: Identity) -> Rule:
    return access.sessions(identity, RobotAction.blsessionId)


_records = Records(RobotActionSchema, _visible, span=("startTimestamp", "endTimestamp"))
find, get, change = _records.find, _records.get, _records.change


def add(identity: Identity, data: dict) -> dict:
    """Note an action in a visible session, begun now unless ``data`` says otherwise.

    Both times are written, since the server has odd ones of its own for them.
    """
    now = datetime.now().replace(microsecond=0)
    return _records.add(identity, {"startTimestamp": now, "endTimestamp": None, **data})
