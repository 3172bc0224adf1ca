"""Repeated refreshes, links that end with their token, and counters of failed logins.

The failed logins of the last minutes are forgotten: they were a row each.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, PrimaryKeyConstraint, String
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"

OWN = "ispyb_services"
SERIAL = BigInteger().with_variant(Integer, "sqlite")
ADDED: list[tuple[str, str, TypeEngine]] = [
    ("RefreshToken", "parent", String(64)),
    ("RefreshToken", "childUsed", DateTime()),
    ("OnceToken", "tokenId", String(32)),
]


def upgrade() -> None:
    """Add the columns, and make the table of failed logins anew."""
    for table, name, kind in ADDED:
        op.add_column(table, Column(name, kind), schema=OWN)
    op.drop_table("LoginAttempt", schema=OWN)
    op.create_table(
        "LoginAttempt",
        Column("hash", String(64), nullable=False),
        Column("login", String(45), nullable=False),
        Column("address", String(45), nullable=False),
        Column("failures", Integer, nullable=False),
        Column("time", DateTime, nullable=False),
        PrimaryKeyConstraint("hash"),
        schema=OWN,
    )
    name = "ix_ispyb_services_LoginAttempt_time"
    op.create_index(name, "LoginAttempt", ["time"], schema=OWN)


def downgrade() -> None:
    """Drop the columns, and make the old table of failed logins."""
    op.drop_table("LoginAttempt", schema=OWN)
    op.create_table(
        "LoginAttempt",
        Column("loginAttemptId", SERIAL, nullable=False),
        Column("login", String(45), nullable=False),
        Column("address", String(45), nullable=False),
        Column("time", DateTime, nullable=False),
        PrimaryKeyConstraint("loginAttemptId"),
        schema=OWN,
    )
    for column in ("address", "login"):
        op.create_index(f"LoginAttempt_{column}", "LoginAttempt", [column, "time"], schema=OWN)
    for table, name, _ in ADDED:
        op.drop_column(table, name, schema=OWN)
