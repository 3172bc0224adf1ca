"""The rule of access in plain Python, from its text: docs/reference/permissions.md.

It shares nothing with the SQL of ``shared/access.py``, to which a test compares it.
"""

from collections import defaultdict
from typing import NamedTuple

from services.core import models as core
from shared import models

DEEPEST = 2  # the containers around a container that pass on their owner


class Caller(NamedTuple):
    """The caller as its token describes it."""

    login: str
    person: int | None = None
    permissions: tuple[str, ...] = ()
    limit: tuple[str, ...] | None = None  # the beamlines of a service token

    def holds(self, *permissions):
        """Whether the caller has one of them; a limit takes away what they make visible."""
        return self.limit is None and not {*permissions}.isdisjoint(self.permissions)


class Tables:
    """Rows as dicts by their keys, and the links between them."""

    def __init__(self, rows):
        """``rows`` are lists of dicts by the model."""
        for name, model, key in (
            ("proposals", models.Proposal, "proposalId"),
            ("sessions", models.BLSession, "sessionId"),
            ("shipments", models.Shipping, "shippingId"),
            ("dewars", models.Dewar, "dewarId"),
            ("containers", models.Container, "containerId"),
            ("proteins", models.Protein, "proteinId"),
            ("crystals", models.Crystal, "crystalId"),
            ("samples", models.BLSample, "blSampleId"),
            ("groups", models.DataCollectionGroup, "dataCollectionGroupId"),
            ("collections", models.DataCollection, "dataCollectionId"),
            ("jobs", models.ProcessingJob, "processingJobId"),
            ("programs", models.AutoProcProgram, "autoProcProgramId"),
            ("results", core.AutoProc, "autoProcId"),
            ("scalings", core.AutoProcScaling, "autoProcScalingId"),
            ("integrations", core.AutoProcIntegration, "autoProcIntegrationId"),
        ):
            setattr(self, name, {row[key]: row for row in rows[model]})
        self.on_session = {
            (row["sessionId"], row["personId"]) for row in rows[models.SessionHasPerson]
        }
        self.on_proposal = {
            (row["proposalId"], row["personId"]) for row in rows[models.ProposalHasPerson]
        }
        self.sessions_of = defaultdict(list)  # by proposal
        for session in self.sessions.values():
            self.sessions_of[session["proposalId"]].append(session)
        self.used_by = self._list_uses(rows)  # the data collections, by program

    def _list_uses(self, rows):
        of_job, of_program = defaultdict(set), defaultdict(set)
        for job in self.jobs.values():
            of_job[job["processingJobId"]].add(job["dataCollectionId"])
        for sweep in rows[models.ProcessingJobImageSweep]:
            of_job[sweep["processingJobId"]].add(sweep["dataCollectionId"])
        for key, program in self.programs.items():
            of_program[key] |= of_job.get(program["processingJobId"], set())
        for integration in self.integrations.values():
            of_program[integration["autoProcProgramId"]].add(integration["dataCollectionId"])
        for link in rows[core.AutoProcScalingHasInt]:
            scaling = self.scalings[link["autoProcScalingId"]]
            program = self.results[scaling["autoProcId"]]["autoProcProgramId"]
            integration = self.integrations[link["autoProcIntegrationId"]]
            of_program[program].add(integration["dataCollectionId"])
        return {key: collections - {None} for key, collections in of_program.items()}


class PlainRule:
    """The rule for one caller: each method tells whether the caller sees a row."""

    def __init__(self, tables, caller, groups):
        """``groups`` are the beamline groups of the site."""
        self.tables, self.caller = tables, caller
        self.person = caller.person if caller.limit is None else None
        self.beamlines = {
            beamline
            for group in groups
            if caller.holds(group["permission"])
            for beamline in group["beamlines"]
        } | {*(caller.limit or ())}

    def sees_session(self, session):
        """On its beamlines, with the caller, or of a proposal of the caller."""
        return (
            self.caller.holds("all_sessions", "all_proposals")
            or session["beamLineName"] in self.beamlines
            or (session["sessionId"], self.person) in self.tables.on_session
            or self._takes_part(session["proposalId"])
        )

    def sees_proposal(self, proposal):
        """Of the caller, or with a visible session."""
        key = proposal["proposalId"]
        return (
            self.caller.holds("all_proposals")
            or self._takes_part(key)
            or any(map(self.sees_session, self.tables.sessions_of[key]))
        )

    def _takes_part(self, proposal_id):
        """Whether the caller leads the proposal or is on it."""
        leader = self.tables.proposals[proposal_id]["personId"]
        return bool(self.person) and (
            leader == self.person or (proposal_id, self.person) in self.tables.on_proposal
        )

    def sees_container(self, container):
        """By its dewar, else by the container around it, else by its session.

        A container without these is visible to its owner, and at its beamline.
        """
        tables, around = self.tables, 0
        if self.caller.holds("all_proposals"):
            return True
        while container["dewarId"] is None and container["parentContainerId"] is not None:
            if around == DEEPEST:
                return False
            container = tables.containers[container["parentContainerId"]]
            around += 1
        if container["dewarId"] is not None:
            shipping = tables.dewars[container["dewarId"]]["shippingId"]
            return self.sees_proposal(
                tables.proposals[tables.shipments[shipping]["proposalId"]]
            )
        if container["sessionId"] is not None:
            return self.sees_session(tables.sessions[container["sessionId"]])
        return (
            self.caller.holds("all_sessions")
            or (bool(self.person) and container["ownerId"] == self.person)
            or container["beamlineLocation"] in self.beamlines
        )

    def sees_sample(self, sample):
        """By its crystal, without one by its container; without both by nothing."""
        tables = self.tables
        if self.caller.holds("all_proposals"):
            return True
        if sample["crystalId"] is not None:
            protein = tables.proteins[tables.crystals[sample["crystalId"]]["proteinId"]]
            return self.sees_proposal(tables.proposals[protein["proposalId"]])
        if sample["containerId"] is not None:
            return self.sees_container(tables.containers[sample["containerId"]])
        return False

    def sees_collection(self, collection):
        """By the session of its group; the column SESSIONID is only a copy."""
        group = self.tables.groups[collection["dataCollectionGroupId"]]
        return self.sees_session(self.tables.sessions[group["sessionId"]])

    def sees_program(self, program):
        """With all the data collections that it uses, of which there is at least one."""
        used = self.tables.used_by[program["autoProcProgramId"]]
        return self.caller.holds("all_sessions", "all_proposals") or (
            bool(used)
            and all(self.sees_collection(self.tables.collections[key]) for key in used)
        )
