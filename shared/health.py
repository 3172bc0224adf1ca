"""Whether a service lives, and whether it can work."""

from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import select

from shared.api import Namespace, Resource
from shared.db import db
from shared.service_tables import RevokedToken


class HealthSchema(Schema):
    service = fields.String(required=True)
    status = fields.String(required=True)
    version = fields.String(required=True)


def namespace(service: str, path: str, version: str) -> Namespace:
    """The open operation that says that ``service`` lives; it asks nothing of the database."""
    ns = Namespace("health", path=f"{path}/health", description="Whether the service lives")

    @ns.route("")
    class Health(Resource):
        @ns.public
        @ns.returns(HealthSchema)
        def get(self):
            """Say that the service lives."""
            return {"service": service, "status": "ok", "version": version}

    return ns


def probes(app: Flask, service: str) -> None:
    """What gateways and orchestrators ask at the root of ``app``: ``/health`` and ``/ready``."""

    def ready():
        """A table of our own is read: a node that has left its cluster answers without one."""
        db.session.execute(select(RevokedToken.tokenId).limit(1))
        return {"service": service, "status": "ready"}

    app.add_url_rule("/health", view_func=lambda: {"service": service, "status": "ok"})
    app.add_url_rule("/ready", "ready", ready)
