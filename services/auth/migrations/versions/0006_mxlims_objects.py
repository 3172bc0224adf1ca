"""The objects of MXLIMS messages, by uuid."""

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

revision = "0006"
down_revision = "0005"

OWN = "ispyb_services"
NAME = "MxlimsObject"
SERIAL = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        NAME,
        Column("mxlimsObjectId", SERIAL, nullable=False),
        Column("uuid", String(36), nullable=False),
        Column("scope", Integer, nullable=False),
        Column("kind", String(30), nullable=False),
        Column("shippingId", Integer, nullable=False),
        Column("proposalId", Integer, nullable=False),
        Column("rowTable", String(30)),
        Column("rowKey", Integer),
        Column("content", JSON, nullable=False),
        PrimaryKeyConstraint("mxlimsObjectId"),
        UniqueConstraint("uuid", "scope"),
        schema=OWN,
    )
    op.create_index(f"ix_{OWN}_{NAME}_shippingId", NAME, ["shippingId"], schema=OWN)
    op.create_index(f"{NAME}_row", NAME, ["rowTable", "rowKey"], schema=OWN)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table(NAME, schema=OWN)
