"""The first tables of our own."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None

OWN = "ispyb_services"
SERIAL = BigInteger().with_variant(Integer, "sqlite")
BLOB = LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")
TABLES: dict[str, list[SchemaItem]] = {
    "Activity": [
        Column("activityId", SERIAL, nullable=False),
        Column("time", DateTime, nullable=False),
        Column("login", String(45), nullable=False),
        Column("service", String(10), nullable=False),
        Column("action", String(10), nullable=False),
        Column("path", String(255), nullable=False),
        Column("fields", String(255)),
        Column("status", Integer, nullable=False),
        Column("address", String(45)),
        Column("requestId", String(64), nullable=False),
        PrimaryKeyConstraint("activityId"),
    ],
    "IdempotencyKey": [
        Column("hash", String(64), nullable=False),
        Column("request", String(64), nullable=False),
        Column("status", Integer),
        Column("answer", BLOB),
        Column("created", DateTime, nullable=False),
        PrimaryKeyConstraint("hash"),
    ],
    "LoginAttempt": [
        Column("loginAttemptId", SERIAL, nullable=False),
        Column("login", String(45), nullable=False),
        Column("address", String(45), nullable=False),
        Column("time", DateTime, nullable=False),
        PrimaryKeyConstraint("loginAttemptId"),
    ],
    "OnceToken": [
        Column("hash", String(64), nullable=False),
        Column("method", String(10), nullable=False),
        Column("path", String(2000), nullable=False),
        Column("query", String(2000), nullable=False),
        Column("identity", JSON, nullable=False),
        Column("expires", DateTime, nullable=False),
        PrimaryKeyConstraint("hash"),
    ],
    "RefreshToken": [
        Column("hash", String(64), nullable=False),
        Column("family", String(32), nullable=False),
        Column("login", String(45), nullable=False),
        Column("personId", Integer),
        Column("plugin", String(45), nullable=False),
        Column("accessId", String(32), nullable=False),
        Column("expires", DateTime, nullable=False),
        Column("used", DateTime),
        PrimaryKeyConstraint("hash"),
    ],
    "RevokedToken": [
        Column("tokenId", String(32), nullable=False),
        Column("expires", DateTime, nullable=False),
        PrimaryKeyConstraint("tokenId"),
    ],
    "ServiceToken": [
        Column("serviceTokenId", SERIAL, nullable=False),
        Column("tokenId", String(32), nullable=False),
        Column("name", String(45), nullable=False),
        Column("permissions", JSON, nullable=False),
        Column("beamlines", JSON),
        Column("issuedBy", String(45), nullable=False),
        Column("issued", DateTime, nullable=False),
        Column("expires", DateTime, nullable=False),
        Column("revoked", DateTime),
        PrimaryKeyConstraint("serviceTokenId"),
        UniqueConstraint("tokenId"),
    ],
}
INDEXES = [
    ("Activity_login", "Activity", ["login", "activityId"]),
    ("ix_ispyb_services_Activity_time", "Activity", ["time"]),
    ("ix_ispyb_services_IdempotencyKey_created", "IdempotencyKey", ["created"]),
    ("LoginAttempt_address", "LoginAttempt", ["address", "time"]),
    ("LoginAttempt_login", "LoginAttempt", ["login", "time"]),
    ("ix_ispyb_services_OnceToken_expires", "OnceToken", ["expires"]),
    ("ix_ispyb_services_RefreshToken_expires", "RefreshToken", ["expires"]),
    ("ix_ispyb_services_RefreshToken_family", "RefreshToken", ["family"]),
    ("ix_ispyb_services_RefreshToken_login", "RefreshToken", ["login"]),
    ("ix_ispyb_services_RevokedToken_expires", "RevokedToken", ["expires"]),
]


def upgrade() -> None:
    """Make them."""
    for name, parts in TABLES.items():
        op.create_table(name, *parts, schema=OWN)
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns, schema=OWN)


def downgrade() -> None:
    """Drop them."""
    for name in TABLES:
        op.drop_table(name, schema=OWN)
