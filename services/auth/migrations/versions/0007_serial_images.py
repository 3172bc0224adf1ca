"""The images of serial runs, in blocks, and their statistics."""

from alembic import op
from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB

revision = "0007"
down_revision = "0006"

OWN = "ispyb_services"
MEDIUM = LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "SerialBlock",
        Column("dataCollectionId", Integer, nullable=False, autoincrement=False),
        Column("block", Integer, nullable=False, autoincrement=False),
        Column("states", LargeBinary(375), nullable=False),
        Column("peaks", LargeBinary, nullable=False),
        Column("cells", LargeBinary, nullable=False),
        PrimaryKeyConstraint("dataCollectionId", "block"),
        schema=OWN,
    )
    op.create_table(
        "SerialTotals",
        Column("dataCollectionId", Integer, nullable=False, autoincrement=False),
        Column("images", Integer, nullable=False),
        Column("hits", Integer, nullable=False),
        Column("indexed", Integer, nullable=False),
        Column("spots", BigInteger, nullable=False),
        Column("spotted", Integer, nullable=False),
        Column("resolution", BigInteger, nullable=False),
        Column("resolved", Integer, nullable=False),
        Column("bestResolution", Integer),
        Column("medians", JSON, nullable=False),
        Column("histograms", MEDIUM, nullable=False),
        PrimaryKeyConstraint("dataCollectionId"),
        schema=OWN,
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("SerialTotals", schema=OWN)
    op.drop_table("SerialBlock", schema=OWN)
