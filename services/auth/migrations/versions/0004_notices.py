"""The mails and the calls of webhooks that wait to be sent."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Integer,
    PrimaryKeyConstraint,
    String,
)

revision = "0004"
down_revision = "0003"

OWN = "ispyb_services"
NAME = "Notice"
SERIAL = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        NAME,
        Column("noticeId", SERIAL, nullable=False),
        Column("eventId", String(32), nullable=False),
        Column("event", String(20), nullable=False),
        Column("kind", String(10), nullable=False),
        Column("target", String(255), nullable=False),
        Column("body", JSON, nullable=False),
        Column("created", DateTime, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("nextTry", DateTime, nullable=False),
        Column("error", String(255)),
        PrimaryKeyConstraint("noticeId"),
        schema=OWN,
    )
    op.create_index(f"ix_{OWN}_{NAME}_nextTry", NAME, ["nextTry"], schema=OWN)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table(NAME, schema=OWN)
