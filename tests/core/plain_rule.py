"""The rule of access in plain Python, from its text: docs/reference/permissions.md.

It shares nothing with the SQL of ``shared/access.py``, to which tests compare it.
"""

from collections import defaultdict
from copy import copy
from functools import cached_property
from typing import NamedTuple

from services.core import models as core
from shared import models
from shared.service_tables import SampleGroupPerson

DEEPEST = 2  # the containers around a container that pass on their owner
KEYS = {
    "proposals": (models.Proposal, "proposalId"),
    "sessions": (models.BLSession, "sessionId"),
    "persons": (models.Person, "personId"),
    "shipments": (models.Shipping, "shippingId"),
    "dewars": (models.Dewar, "dewarId"),
    "containers": (models.Container, "containerId"),
    "proteins": (models.Protein, "proteinId"),
    "crystals": (models.Crystal, "crystalId"),
    "samples": (models.BLSample, "blSampleId"),
    "plans": (models.DiffractionPlan, "diffractionPlanId"),
    "groups": (models.DataCollectionGroup, "dataCollectionGroupId"),
    "collections": (models.DataCollection, "dataCollectionId"),
    "jobs": (models.ProcessingJob, "processingJobId"),
    "programs": (models.AutoProcProgram, "autoProcProgramId"),
    "results": (core.AutoProc, "autoProcId"),
    "scalings": (core.AutoProcScaling, "autoProcScalingId"),
    "integrations": (core.AutoProcIntegration, "autoProcIntegrationId"),
}


class Caller(NamedTuple):
    """The caller as its token describes it."""

    login: str
    person: int | None = None
    permissions: tuple[str, ...] = ()
    limit: tuple[str, ...] | None = None  # the beamlines of a service token

    @property
    def is_service(self):
        """Whether it is a service token."""
        return self.limit is not None or self.person is None

    def holds(self, *permissions):
        """Whether the caller has one of them; with a limit, none makes a row visible."""
        return self.limit is None and not {*permissions}.isdisjoint(self.permissions)


class Tables:
    """The rows of a facility: an attribute for each name of ``KEYS``, rows by their keys."""

    def __init__(self, rows):
        """``rows`` are lists of dicts by the model."""
        for name, (model, key) in KEYS.items():
            setattr(self, name, {row[key]: row for row in rows[model]})
        self.on_session = rows[models.SessionHasPerson]
        self.on_proposal = rows[models.ProposalHasPerson]
        self.sessions_of = index(rows[models.BLSession], "proposalId")
        self.groups_of = index(rows[models.DataCollectionGroup], "sessionId")
        self.groups_with = index(rows[models.DataCollectionGroup], "blSampleId")
        self.collections_of = index(rows[models.DataCollection], "dataCollectionGroupId")
        self.samples_in = index(rows[models.BLSample], "containerId")
        self.programs_of = index(rows[models.AutoProcProgram], "processingJobId")
        self.users_of_plan = {
            model: index(rows[model], "diffractionPlanId")
            for model in (models.Crystal, models.BLSample, models.BLSubSample)
        }
        self.groups_of_sample, self.persons_of_group = self._list_shares(rows)
        self.proposal_of_group = {
            row["blSampleGroupId"]: row["proposalId"] for row in rows[models.BLSampleGroup]
        }
        self.used_by_job, self.used_by_program = self._list_uses(rows)

    def _list_shares(self, rows):
        """The shared groups of each sample, and the persons of each of these groups."""
        by_sample, by_group = defaultdict(set), defaultdict(set)
        for row in rows[SampleGroupPerson]:
            by_group[row["blSampleGroupId"]].add(row["personId"])
        for row in rows[models.BLSampleGroup]:
            if row["blSampleGroupId"] in by_group:
                leader = self.proposals[row["proposalId"]]["personId"]
                by_group[row["blSampleGroupId"]] |= {leader, row["ownerId"]}
        for row in rows[models.BLSampleGroupHasBLSample]:
            if row["blSampleGroupId"] in by_group:
                by_sample[row["blSampleId"]].add(row["blSampleGroupId"])
        return by_sample, by_group

    def _list_uses(self, rows):
        """The keys of data collections, by job and by program."""
        by_job, by_program = defaultdict(set), defaultdict(set)
        for row in [*self.jobs.values(), *rows[models.ProcessingJobImageSweep]]:
            by_job[row["processingJobId"]] |= {row["dataCollectionId"]} - {None}
        for key, program in self.programs.items():
            by_program[key] |= by_job.get(program["processingJobId"], set())
        for row in self.integrations.values():
            by_program[row["autoProcProgramId"]].add(row["dataCollectionId"])
        for link in rows[core.AutoProcScalingHasInt]:
            scaling = self.scalings[link["autoProcScalingId"]]
            program = self.results[scaling["autoProcId"]]["autoProcProgramId"]
            integration = self.integrations[link["autoProcIntegrationId"]]
            by_program[program].add(integration["dataCollectionId"])
        return by_job, by_program

    def find_outermost(self, container):
        """The container itself, or the one around it that tells its owner; None if too deep."""
        for _ in range(DEEPEST + 1):
            if container["dewarId"] is not None or container["parentContainerId"] is None:
                return container
            container = self.containers[container["parentContainerId"]]
        return None

    def proposals_of_session(self, session):
        """The keys of proposals on which a row hangs, visible or not; so in what follows."""
        return {session["proposalId"]}

    def proposals_of_sample(self, sample):
        if sample["crystalId"] is not None:
            crystal = self.crystals[sample["crystalId"]]
            return {self.proteins[crystal["proteinId"]]["proposalId"]}
        container = self.containers.get(sample["containerId"])
        return self.proposals_of_container(container) if container else set()

    def proposals_of_container(self, container):
        outermost = self.find_outermost(container)
        if outermost is None:
            return set()
        if outermost["dewarId"] is None:
            return self._proposals(self.sessions_of_container(outermost))
        dewar = self.dewars[outermost["dewarId"]]
        return {self.shipments[dewar["shippingId"]]["proposalId"]}

    def proposals_of_collection(self, collection):
        return self._proposals(self.sessions_of_collection(collection))

    def proposals_of_program(self, program):
        return self._proposals(self.sessions_of_program(program))

    def _proposals(self, session_ids):
        return {self.sessions[key]["proposalId"] for key in session_ids}

    def sessions_of_sample(self, sample):
        """The key of the session in which its container is used; so in what follows."""
        container = self.containers.get(sample["containerId"])
        return self.sessions_of_container(container) if container else set()

    def sessions_of_container(self, container):
        return {container["sessionId"]} - {None}

    def sessions_of_collection(self, collection):
        return {self.groups[collection["dataCollectionGroupId"]]["sessionId"]}

    def sessions_of_program(self, program):
        used = self.used_by_program[program["autoProcProgramId"]]
        return {
            key for each in used for key in self.sessions_of_collection(self.collections[each])
        }


def index(rows, link):
    """Lists of rows by the value of ``link``."""
    lists = defaultdict(list)
    for row in rows:
        lists[row[link]].append(row)
    return lists


class PlainRule:
    """The rule for one caller: each method tells whether the caller sees a row."""

    def __init__(self, tables, caller, site):
        """``site`` has the beamline groups, and the codes of industrial proposals."""
        self.tables, self.caller = tables, caller
        for_all = caller.is_service or caller.holds("industry_read")
        self.closed_codes = [] if for_all else site["industrial_codes"]
        # With a closed proposal nobody sees everything: a row needs a proposal that is open.
        self.all_proposals = caller.holds("all_proposals")
        self.all_sessions = caller.holds("all_sessions", "all_proposals")
        self.sees_everything = self.all_proposals and not self.closed_codes
        self.sees_all_sessions = self.all_sessions and not self.closed_codes
        self.person = caller.person if caller.limit is None and caller.person else None
        self.beamlines = {
            beamline
            for group in site["beamline_groups"]
            if caller.holds(group["permission"])
            for beamline in group["beamlines"]
        } | {*(caller.limit or ())}

    @cached_property
    def own_sessions(self):
        """The keys of sessions that the caller is on."""
        rows = self.tables.on_session
        return {row["sessionId"] for row in rows if row["personId"] == self.person}

    @cached_property
    def own_proposals(self):
        """The keys of proposals that the caller leads or is on."""
        rows = [*self.tables.on_proposal, *self.tables.proposals.values()]
        person = self.person  # a proposal without a leader is of nobody
        return {row["proposalId"] for row in rows if person and row["personId"] == person}

    @cached_property
    def by_permissions(self):
        """The rule for the same caller without its memberships."""
        rule = copy(self)
        rule.person, rule.own_sessions, rule.own_proposals = None, set(), set()
        return rule

    def by_sample(self, sees, row, sample_id):
        """Whether ``sees``, as a member only if no group of the sample is shared with others only.

        Groups of proposals of which it is no member are not asked. Permissions show what they did.
        """
        tables = self.tables
        groups = [
            group
            for group in tables.groups_of_sample.get(sample_id, ())
            if tables.proposal_of_group[group] in self.joined_proposals
        ]
        persons = tables.persons_of_group
        is_closed = groups and all(self.person not in persons[group] for group in groups)
        return sees(self.by_permissions if is_closed else self, row)

    def is_open(self, proposal_id):
        """Whether permissions show the proposal: it is no industrial one that they do not."""
        return self.tables.proposals[proposal_id]["proposalCode"] not in self.closed_codes

    @cached_property
    def joined_proposals(self):
        """The keys of the caller's proposals, and of those whose sessions it is on."""
        sessions = self.tables.sessions
        return self.own_proposals | {sessions[key]["proposalId"] for key in self.own_sessions}

    def sees_session(self, session):
        """On its beamlines, with the caller, or of a proposal of the caller."""
        by_permission = self.all_sessions or session["beamLineName"] in self.beamlines
        return (
            (by_permission and self.is_open(session["proposalId"]))
            or session["sessionId"] in self.own_sessions
            or session["proposalId"] in self.own_proposals
        )

    def sees_proposal(self, proposal):
        """Of the caller, or with a visible session."""
        key = proposal["proposalId"]
        return (
            (self.all_proposals and self.is_open(key))
            or key in self.own_proposals
            or any(map(self.sees_session, self.tables.sessions_of[key]))
        )

    @cached_property
    def persons(self):
        """The keys of the persons of visible proposals and sessions, and of the caller."""
        tables = self.tables
        proposals = {k for k, row in tables.proposals.items() if self.sees_proposal(row)}
        sessions = {k for k, row in tables.sessions.items() if self.sees_session(row)}
        leaders = {tables.proposals[key]["personId"] for key in proposals}
        members = {r["personId"] for r in tables.on_proposal if r["proposalId"] in proposals}
        visitors = {r["personId"] for r in tables.on_session if r["sessionId"] in sessions}
        return leaders | members | visitors | {self.person}

    def sees_person(self, person):
        """A person of the caller's proposals and sessions; all persons for the user office."""
        office = self.caller.holds("all_proposals", "uportal_sync")
        return office or person["personId"] in self.persons

    def sees_protein(self, protein):
        """By its proposal."""
        return self.sees_proposal(self.tables.proposals[protein["proposalId"]])

    def sees_crystal(self, crystal):
        """By its protein."""
        return self.sees_protein(self.tables.proteins[crystal["proteinId"]])

    def sees_container(self, container):
        """By its dewar, else by the container around it, else by its session.

        A container without these is visible to its owner, and to those who see its beamline.
        """
        tables = self.tables
        if self.sees_everything:
            return True
        container = tables.find_outermost(container)
        if container is None:
            return False
        if container["dewarId"] is not None:
            shipment = tables.shipments[tables.dewars[container["dewarId"]]["shippingId"]]
            return self.sees_proposal(tables.proposals[shipment["proposalId"]])
        if container["sessionId"] is not None:
            return self.sees_session(tables.sessions[container["sessionId"]])
        return (
            self.all_sessions
            or (self.person is not None and container["ownerId"] == self.person)
            or container["beamlineLocation"] in self.beamlines
        )

    def sees_sample(self, sample):
        """By its crystal, without one by its container; without both to those who see all."""
        return self.by_sample(PlainRule._sees_sample, sample, sample["blSampleId"])

    def _sees_sample(self, sample):
        if self.sees_everything:
            return True
        if sample["crystalId"] is not None:
            return self.sees_crystal(self.tables.crystals[sample["crystalId"]])
        if sample["containerId"] is None:
            return self.all_proposals
        container = self.tables.containers.get(sample["containerId"])
        return container is not None and self.sees_container(container)

    def sees_plan(self, plan):
        """By its proposal; without one by a crystal or a sample that uses it.

        A plan of a beamline that nothing uses is visible to everybody. One of closed samples only
        is hidden from members.
        """
        samples = self.tables.users_of_plan[models.BLSample][plan["diffractionPlanId"]]
        seen = [self.by_sample(PlainRule._sees_plan, plan, row["blSampleId"]) for row in samples]
        return any(seen) if samples else self._sees_plan(plan)

    def _sees_plan(self, plan):
        key, proposal = plan["diffractionPlanId"], plan["presetForProposalId"]
        if self.sees_everything:
            return True
        if proposal is not None:
            return self.sees_proposal(self.tables.proposals[proposal])
        crystals, samples, subsamples = (
            users[key] for users in self.tables.users_of_plan.values()
        )
        if not crystals and not samples and not subsamples:
            return self.all_proposals or plan["beamLineName"] is not None
        return any(map(self.sees_crystal, crystals)) or any(map(self.sees_sample, samples))

    def sees_group(self, group):
        """By its session, and by its sample."""
        session = self.tables.sessions[group["sessionId"]]
        return self.by_sample(PlainRule.sees_session, session, group["blSampleId"])

    def sees_collection(self, collection):
        """By its group; the column SESSIONID is only a copy."""
        return self.sees_group(self.tables.groups[collection["dataCollectionGroupId"]])

    def sees_job(self, job):
        """With all the data collections of the job and its sweeps."""
        return self._sees_all(self.tables.used_by_job[job["processingJobId"]])

    def sees_program(self, program):
        """With all the data collections of its job, its integrations and its scalings."""
        return self._sees_all(self.tables.used_by_program[program["autoProcProgramId"]])

    def _sees_all(self, keys):
        """Whether there are such data collections, and the caller sees each of them."""
        collections = [self.tables.collections[key] for key in keys]
        return self.sees_all_sessions or (
            bool(collections) and all(map(self.sees_collection, collections))
        )

    def sees_result(self, result):
        """By its program."""
        return self.sees_program(self.tables.programs[result["autoProcProgramId"]])
