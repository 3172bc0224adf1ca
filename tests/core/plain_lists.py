"""The lists of core that tests compare with the plain rule, and the rows that they show beside.

A ``describe`` function makes the values of a row that come from rows of other tables, by their
dotted paths in an answer: keys of visible parents, and numbers of visible children.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.core.plain_rule import PlainRule, Tables


def describe_proposal(rule, proposal):
    sessions = [*filter(rule.sees_session, rule.tables.sessions_of[proposal["proposalId"]])]
    names = {session["beamLineName"] for session in sessions} - {None}
    members = [r for r in rule.tables.on_proposal if r["proposalId"] == proposal["proposalId"]]
    return {
        "_metadata.sessions": len(sessions),
        "_metadata.beamLines": sorted(names),
        "_metadata.persons": len(members),
    }


def describe_session(rule, session):
    groups = filter(rule.sees_group, rule.tables.groups_of[session["sessionId"]])
    members = [r for r in rule.tables.on_session if r["sessionId"] == session["sessionId"]]
    return {
        "_metadata.data_collections": count_collections(rule, groups),
        "_metadata.persons": len(members),
    }


def describe_sample(rule, sample):
    tables = rule.tables
    container = tables.containers.get(sample["containerId"])
    crystal = tables.crystals.get(sample["crystalId"], {})
    plan = tables.plans.get(sample["diffractionPlanId"] or crystal.get("diffractionPlanId"))
    groups = filter(rule.sees_group, tables.groups_with[sample["blSampleId"]])
    return {
        "Container.containerId": key_if_visible(rule.sees_container, container),
        "DiffractionPlan.diffractionPlanId": key_if_visible(rule.sees_plan, plan),
        "_metadata.data_collections": count_collections(rule, groups),
    }


def describe_container(rule, container):
    samples = rule.tables.samples_in[container["containerId"]]
    return {"_metadata.samples": sum(map(rule.sees_sample, samples))}


def describe_group(rule, group):
    sample = rule.tables.samples.get(group["blSampleId"])
    return {"BLSample.blSampleId": key_if_visible(rule.sees_sample, sample)}


def describe_program(rule, program):
    job = rule.tables.jobs.get(program["processingJobId"])
    return {"ProcessingJob.processingJobId": key_if_visible(rule.sees_job, job)}


def describe_job(rule, job):
    programs = filter(rule.sees_program, rule.tables.programs_of[job["processingJobId"]])
    return {"programs.autoProcProgramId": [row["autoProcProgramId"] for row in programs]}


def describe_nothing(rule, row):
    return {}


def count_collections(rule, groups):
    return sum(len(rule.tables.collections_of[group["dataCollectionGroupId"]]) for group in groups)


def key_if_visible(sees, row):
    """The first value of a row, its key; None if it is hidden or absent."""
    return next(iter(row.values())) if row is not None and sees(row) else None


class List(NamedTuple):
    """A list: its path, and the methods that restate its rule and its rows of other tables."""

    path: str
    sees: Callable
    describe: Callable = describe_nothing


LISTS = {
    "sessions": List("/sessions", PlainRule.sees_session, describe_session),
    "proposals": List("/proposals", PlainRule.sees_proposal, describe_proposal),
    "samples": List("/samples", PlainRule.sees_sample, describe_sample),
    "containers": List("/containers", PlainRule.sees_container, describe_container),
    "collections": List("/data_collections", PlainRule.sees_collection),
    "programs": List("/autoproc/programs", PlainRule.sees_program, describe_program),
}
MORE_LISTS = {
    "persons": List("/contacts/persons", PlainRule.sees_person),
    "proteins": List("/samples/proteins", PlainRule.sees_protein),
    "crystals": List("/samples/crystals", PlainRule.sees_crystal),
    "plans": List("/samples/diffraction_plans", PlainRule.sees_plan),
    "groups": List("/data_collections/groups", PlainRule.sees_group, describe_group),
    "jobs": List("/processing_jobs", PlainRule.sees_job, describe_job),
    "results": List("/autoproc", PlainRule.sees_result),
}
ALL_LISTS = LISTS | MORE_LISTS
DESCRIBED = [name for name, each in ALL_LISTS.items() if each.describe is not describe_nothing]
SCOPES = [  # filter, list, and the method that tells the proposals or sessions of a row
    ("proposal", "sessions", Tables.proposals_of_session),
    ("proposal", "samples", Tables.proposals_of_sample),
    ("proposal", "containers", Tables.proposals_of_container),
    ("proposal", "collections", Tables.proposals_of_collection),
    ("proposal", "programs", Tables.proposals_of_program),
    ("session", "samples", Tables.sessions_of_sample),
    ("session", "containers", Tables.sessions_of_container),
    ("session", "collections", Tables.sessions_of_collection),
    ("session", "programs", Tables.sessions_of_program),
]
