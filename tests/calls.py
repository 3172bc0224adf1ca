"""Calls of the operations in the matrix, by role; a call prints as a curl command."""

import json
import re
import shlex
import time
from functools import cache
from typing import Any
from urllib.parse import urlencode

from tests.bodies import whole
from tests.matrix import ROLES
from tests.operations import filled, names
from tests.registry import ROUTES, dicts

ODD = dicts("matrix", "ODD")
SECRET = re.compile(r'("refreshToken": ")[^"]*')
LEAST: Any = object()  # the body that the route's line in the matrix has


class Caller:
    """``call(role, name)`` calls that operation for row 1, as ``role``."""

    def __init__(self, built, operations, token):
        self.built, self.operations = built, operations
        self.token = token
        self._kept = cache(self._sign)

    def __call__(
        self, role, name, body=LEAST, path=None, query=None, more="", absent=False, **headers
    ):
        """The answer, with ``curl``; ``more`` follows the body, ``absent`` means row 999."""
        service, template, operation = self.operations[name]
        route, client = ROUTES[name], self.built(service).test_client()
        values = dict.fromkeys(names(operation, "path"), 1) | (path or route.path)
        body = self.least(name) if body is LEAST else body
        if absent and values:
            values[next(iter(values))] = 999
        elif absent:
            body = {**body, "proposalId": 999}
        verb, url = name.split()[0], filled(template, values)
        query = route.query if query is None else query
        data = None
        if "requestBody" in operation or body is not None:
            data = json.dumps({} if body is None else body) + more
            headers["Content-Type"] = "application/json"
        elif more:
            data = more
        shown = curl(verb, url, query, data, headers, role)
        if ROLES[role]:
            # a write of auth may revoke its token; all others leave it as it was
            sign = self._sign if service == "auth" and verb != "get" else self._kept
            headers["Authorization"] = f"Bearer {sign(role)}"
        answer = client.open(url, method=verb, headers=headers, query_string=query, data=data)
        answer.curl = shown
        return answer

    def _sign(self, role):
        """A token that lives for a day: all tests use it, and a busy machine takes long."""
        who, claims = ROLES[role]
        return self.token(*who, **{"exp": int(time.time()) + 86_400, **claims})

    def least(self, name):
        """The least body of an operation; None if it takes none."""
        body = ROUTES[name].body
        if callable(body):
            return body(self.built(self.operations[name][0]).test_client())
        return {} if body is None and "requestBody" in self.operations[name][2] else body

    def whole(self, name):
        """A whole body of an operation, in which all links are to row 1."""
        operation, route = self.operations[name][2], ROUTES[name]
        if "requestBody" not in operation or route.sent_as_is:
            return self.least(name)
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        least = route.body.items() if isinstance(route.body, dict) else ()
        scalars = {key: value for key, value in least if not isinstance(value, dict | list)}
        return whole(schema, {**ODD, **scalars})


def curl(verb, url, query, data, headers, role):
    """The call as a command for a shell, where ``$TOKEN`` is a token of ``role``."""
    target = f"$URL{url}" + (f"?{urlencode(query)}" if query else "")
    words = ["curl", "-X", verb.upper(), f'"{target}"']
    if ROLES[role]:
        words += ["-H", '"Authorization: Bearer $TOKEN"']
    for header, value in headers.items():
        words += ["-H", shlex.quote(f"{header}: {value}")]
    if data is not None:
        words += ["-d", shlex.quote(SECRET.sub(r"\1$REFRESH_TOKEN", data))]
    return f"{' '.join(words)}  # as {role}"
