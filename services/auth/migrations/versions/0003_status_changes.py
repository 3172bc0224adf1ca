"""The changes of the status of shipments, dewars and containers."""

from alembic import op
from sqlalchemy import BigInteger, Column, DateTime, Integer, PrimaryKeyConstraint, String

revision = "0003"
down_revision = "0002"

OWN = "ispyb_services"
NAME = "StatusChange"
SERIAL = BigInteger().with_variant(Integer, "sqlite")
LINKS = ("shippingId", "dewarId", "containerId")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        NAME,
        Column("statusChangeId", SERIAL, nullable=False),
        *(Column(link, Integer) for link in LINKS),
        Column("status", String(45)),
        Column("place", String(45)),
        Column("login", String(45), nullable=False),
        Column("time", DateTime, nullable=False),
        PrimaryKeyConstraint("statusChangeId"),
        schema=OWN,
    )
    for link in LINKS:
        op.create_index(f"ix_{OWN}_{NAME}_{link}", NAME, [link], schema=OWN)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table(NAME, schema=OWN)
