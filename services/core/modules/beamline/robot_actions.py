"""Actions of sample changers, visible to those who see their session."""

from datetime import datetime
from typing import Any

from services.core.schemas.beamline.robot_actions import RobotActionSchema
from shared.identity import Identity
from shared.table_service import TableService


class RobotActions(TableService):
    """The actions of sample changers."""

    def insert(self, identity: Identity, data: dict) -> Any:
        """Create an action in a visible session; it starts now unless ``data`` has a time.

        Both times are written: the columns have defaults in the database.
        """
        now = datetime.now().replace(microsecond=0)
        return super().insert(identity, {"startTimestamp": now, "endTimestamp": None, **data})


robot_actions = RobotActions(RobotActionSchema, span=("startTimestamp", "endTimestamp"))
