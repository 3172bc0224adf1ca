"""The persons with whom groups of samples are shared."""

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint

revision = "0005"
down_revision = "0004"

OWN = "ispyb_services"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "SampleGroupPerson",
        Column("blSampleGroupId", Integer, autoincrement=False, nullable=False),
        Column("personId", Integer, autoincrement=False, nullable=False),
        PrimaryKeyConstraint("blSampleGroupId", "personId"),
        schema=OWN,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("SampleGroupPerson", schema=OWN)
