"""/beamline/robot_actions"""

from services.core.modules.beamline.robot_actions import robot_actions
from shared.api import Namespace

ns = Namespace(
    "robot_actions", path="/beamline/robot_actions", description="Actions of sample changers"
)
ns.resource(
    robot_actions,
    "list create get update",
    one="robot action",
    many="robot actions",
    write=["mx_write", "ssx_write"],
    summaries={
        "list": "List the actions of sample changers in the sessions the caller may see.",
        "create": "Record an action of the sample changer in a visible session.",
        "get": "Show one action of a sample changer.",
        "update": "Change some fields of an action of the sample changer: absent keeps, null"
        " clears.",
    },
)
