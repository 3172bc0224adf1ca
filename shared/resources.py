"""The usual operations of resources, as ``Namespace.resource`` declares them.

They become ordinary Flask-RESTX classes: one of the list, one of the single row.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask_restx import Resource

from shared import visibility
from shared.filters import filters_of
from shared.lists import query_of, row_query
from shared.row_checks import DENIED
from shared.table_service import TableService

METHODS = {
    "list": "get",
    "create": "post",
    "get": "get",
    "update": "patch",
    "replace": "put",
    "delete": "delete",
}
SUMMARIES = {
    "list": "List the {many} the caller may see.",
    "create": "Create {one}.",
    "get": "Show one {noun}.",
    "update": "Change some fields of {one}: absent keeps, null clears.",
    "replace": "Replace {one}: what is absent is as in a new one.",
    "delete": "Delete {one} on which nothing hangs; show what it was.",
}
OF_LISTS = ("list", "create")


@dataclass(frozen=True)
class Declaration:
    """The declaration of a resource in its route file; see ``Namespace.resource``."""

    rows: TableService
    one: str
    many: str
    path: str = ""
    key: str = ""
    named: str = ""
    write: Collection[str] = ()
    update: Collection[str] | None = None
    delete: Collection[str] | None = None
    service: str | Collection[str] = ()
    large: int = 0
    summaries: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameter(self) -> str:
        """The path parameter with the key of a row."""
        return self.key or f"{self.one.replace(' ', '_')}_id"

    def permissions(self, verb: str) -> Collection[str]:
        """The permissions, of which the caller of ``verb`` needs one."""
        if verb in ("list", "get"):
            return ()
        own = {"update": self.update, "delete": self.delete}.get(verb)
        return self.write if own is None else own

    def summary(self, verb: str) -> str:
        """The summary of ``verb`` in the specification."""
        article = "an" if self.one[0] in "aeiou" else "a"
        text = self.summaries.get(verb, SUMMARIES[verb])
        return text.format(one=f"{article} {self.one}", noun=self.one, many=self.many)


def add(ns: Any, resource: Declaration, verbs: Collection[str]) -> None:
    """Add ``resource`` with these ``verbs`` to the namespace ``ns``."""
    if unknown := set(verbs) - set(resource.rows.verbs):
        raise TypeError(f"the service of {resource.many} has no {', '.join(sorted(unknown))}")
    row = f"{resource.path}/<{'' if resource.named else 'int:'}{resource.parameter}>"
    for name, url, of_list in (
        (resource.many, resource.path, True),
        (resource.one, row, False),
    ):
        methods = {
            METHODS[verb]: _method(ns, resource, verb)
            for verb in verbs
            if (verb in OF_LISTS) is of_list
        }
        if methods:
            resource_class = type(name.title().replace(" ", ""), (Resource,), methods)
            if resource.named and not of_list:
                resource_class = ns.param(resource.parameter, resource.named)(resource_class)
            ns.route(url)(resource_class)


def _method(ns: Any, resource: Declaration, verb: str) -> Callable:
    """The guarded and documented method of one verb."""
    rows: Any = resource.rows  # a ChildService takes the key of the parent, first as in the path
    calls: dict[str, Callable] = {
        "list": lambda _, identity, query, **path: rows.list_(identity, *path.values(), query),
        "create": lambda _, identity, data, **path: rows.create(identity, *path.values(), data),
        "get": lambda _, identity, query, **path: rows.get(identity, *path.values(), **query),
        "update": lambda _, identity, data, **path: rows.update(identity, *path.values(), data),
        "replace": lambda _, identity, data, **path: rows.replace(identity, *path.values(), data),
        "delete": lambda _, identity, **path: rows.delete(identity, *path.values()),
    }
    # Each call of these decorators documents a schema, which takes long: only those of the verb.
    takes: dict[str, Callable] = {
        "list": lambda: ns.takes(query_of(rows.listed), query=True),
        "create": lambda: ns.takes(rows.document, large=resource.large),
        "get": lambda: ns.takes(row_query(rows.schema), query=True),
        "update": lambda: ns.takes(rows.schema(partial=True)),
        "replace": lambda: ns.takes(rows.schema),
    }
    returns: dict[str, Callable] = {
        "list": lambda: ns.returns(rows.listed, many=True),
        "create": lambda: ns.returns(rows.document, HTTPStatus.CREATED),
    }
    method = calls[verb]
    method.__name__, method.__doc__ = METHODS[verb], resource.summary(verb)
    method = returns.get(verb, lambda: ns.returns(rows.schema))()(method)
    method = takes[verb]()(method) if verb in takes else method
    service = () if METHODS[verb] == "get" else resource.service
    method = ns.require(*resource.permissions(verb), service=service)(method)
    return ns.may_answer(404)(method) if _may_miss(rows, verb) else method


def _may_miss(rows: TableService, verb: str) -> bool:
    """Whether a row that the query or the body refers to may be absent, which is a 404."""
    if verb == "list":
        return any(each.resolve for each in filters_of(rows.listed).values())
    document = rows.document()
    parents = visibility.targets(document).values()
    return verb == "create" and (
        "proposalId" in document.load_fields or any(p.__tablename__ in DENIED for p in parents)
    )
