"""The steps of programs that process data collections."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, Enum, ForeignKey, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Base
from shared.models.types import now_on_update
from shared.visibility import by


class AutoProcStatus(Base):
    """A step of a program on one data collection: its start, or its end."""

    __tablename__ = "AutoProcStatus"
    visible_by = by("autoProcIntegrationId")

    autoProcStatusId: Mapped[int] = mapped_column(primary_key=True, doc="key")
    autoProcIntegrationId: Mapped[int] = mapped_column(
        ForeignKey("AutoProcIntegration.autoProcIntegrationId", ondelete="CASCADE"),
        index=True,
        doc="the program on its data collection",
    )
    step: Mapped[str] = mapped_column(
        Enum("Indexing", "Integration", "Correction", "Scaling", "Importing"), doc="the step"
    )
    status: Mapped[str] = mapped_column(
        Enum("Launched", "Successful", "Failed"), doc="state of the step"
    )
    comments: Mapped[str | None] = mapped_column(String(1024), doc="free text")
    bltimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP,
        server_default=now_on_update(),
        onupdate=literal_column("bltimeStamp"),
        doc="when the row was made",
    )
