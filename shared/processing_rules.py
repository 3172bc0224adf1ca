"""The rules of lists of jobs, programs and results: each may use data of several sessions."""

from collections.abc import Mapping
from typing import Any

from shared import access_processing, list_rules, visibility
from shared.access import Rule
from shared.callers import described, look_up
from shared.filters import filters_of
from shared.identity import Identity
from shared.models import AutoProcScaling
from shared.schemas import TableSchema

SCOPES = {"session", "proposal", "dataCollection"}  # filters that leave few rows


def resolve(
    identity: Identity, schema: type[TableSchema], query: Mapping
) -> tuple[dict[str, Any], Rule]:
    """``query`` with the values that its filters bind, and the rule of the rows of ``schema``.

    The rows of a session, a proposal or a data collection are checked one by one.
    """
    if SCOPES.isdisjoint(query):
        return list_rules.resolve(identity, schema, query)
    values = dict(query)
    for name, each in filters_of(schema).items():
        if each.resolve is not None and name in values:
            values[name] = each.resolve(identity, values[name])
    return values, visibility.rule(identity, schema.Meta.model)


def choose_scalings(identity: Identity, query: Mapping) -> Rule:
    """The rule of scalings: they and their programs use only data collections the caller sees."""
    names_key = any(name.removesuffix("__in").endswith("Id") for name in query)
    few = names_key or not SCOPES.isdisjoint(query)
    shape, values = described(identity if few else look_up(identity))
    condition = access_processing.seen_scalings(shape, AutoProcScaling.autoProcScalingId)
    return Rule(condition, values, shape)
