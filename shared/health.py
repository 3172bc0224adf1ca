"""The health of a service, and its readiness."""

from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import select

from shared.api import Namespace, Resource
from shared.db import db
from shared.service_tables import RevokedToken


class HealthSchema(Schema):
    service = fields.String(required=True)
    status = fields.String(required=True, metadata={"example": "ok"})
    version = fields.String(required=True)


def namespace(service: str, path: str, version: str) -> Namespace:
    """The public operation ``/health`` of ``service``, which does not use the database."""
    ns = Namespace("health", path=f"{path}/health", description="Health")

    @ns.route("")
    class Health(Resource):
        @ns.public
        @ns.returns(HealthSchema)
        def get(self):
            """Say that the service lives."""
            return {"service": service, "status": "ok", "version": version}

    return ns


def probes(app: Flask, service: str) -> None:
    """Add ``/health`` and ``/ready`` at the root of ``app``, for gateways and orchestrators."""

    def ready():
        """Read a table of our own: a node outside of its cluster answers other statements."""
        db.session.execute(select(RevokedToken.tokenId).limit(1))
        return {"service": service, "status": "ready"}

    app.add_url_rule("/health", view_func=lambda: {"service": service, "status": "ok"})
    app.add_url_rule("/ready", "ready", ready)
