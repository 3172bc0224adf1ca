"""The numbers that clients of the processing commands chose for rows."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Base, Unsigned


class ZocaloBuffer(Base):
    """A number that a client chose for a row, within a program."""

    __tablename__ = "zc_ZocaloBuffer"

    AutoProcProgramID: Mapped[int] = mapped_column(
        ForeignKey("AutoProcProgram.autoProcProgramId", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        doc="key, the program",
    )
    UUID: Mapped[int] = mapped_column(
        Unsigned, primary_key=True, autoincrement=False, doc="key, the client's number"
    )
    Reference: Mapped[int | None] = mapped_column(Unsigned, doc="key of the row it stands for")
