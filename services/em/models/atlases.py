"""Overview pictures of grids in the microscope."""

from sqlalchemy import Enum, ForeignKey, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models import UTF8, DataCollectionGroup
from shared.visibility import by

MODES = (
    "Bright Field and Fluorescent",
    "Bright Field",
    "Fluorescent",
    "Tomography",
    "Single Particle",
)


class Channels:
    """The columns of a picture: its colours of fluorescence, and its mode of acquisition."""

    mode: Mapped[str | None] = mapped_column(Enum(*MODES), doc="mode of the acquisition")
    hasRed: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has red")
    hasGreen: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has green")
    hasBlue: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has blue")
    hasYellow: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has yellow")
    hasCyan: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has cyan")
    hasMagenta: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has magenta")
    hasGrey: Mapped[bool | None] = mapped_column(server_default=text("0"), doc="has grey")


class Atlas(Channels, Base):
    """The picture of a whole grid; usually one per group, though no constraint says so."""

    __tablename__ = "Atlas"
    __table_args__ = UTF8
    visible_by = by("dataCollectionGroupId")

    atlasId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    dataCollectionGroupId: Mapped[int] = mapped_column(
        ForeignKey("DataCollectionGroup.dataCollectionGroupId"), index=True, doc="the grid"
    )
    atlasImage: Mapped[str] = mapped_column(
        String(255), doc="file; empty until the picture exists"
    )
    pixelSize: Mapped[float] = mapped_column(doc="of the picture, mostly m; 0 until known")
    cassetteSlot: Mapped[int | None] = mapped_column(Unsigned, doc="place in the autoloader")

    group: Mapped[DataCollectionGroup] = relationship()


class GridSquare(Channels, Base):
    """A square of the grid; also a search map or a region."""

    __tablename__ = "GridSquare"
    __table_args__ = UTF8
    visible_by = by("atlasId")

    gridSquareId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    atlasId: Mapped[int] = mapped_column(
        ForeignKey("Atlas.atlasId"), index=True, doc="the atlas it is on"
    )
    gridSquareLabel: Mapped[int | None] = mapped_column(
        Integer, doc="number in the acquisition software"
    )
    gridSquareImage: Mapped[str | None] = mapped_column(String(255), doc="file")
    pixelLocationX: Mapped[int | None] = mapped_column(
        Integer, doc="centre on the atlas image, horizontal, pixels"
    )
    pixelLocationY: Mapped[int | None] = mapped_column(
        Integer, doc="centre on the atlas image, vertical, pixels"
    )
    height: Mapped[int | None] = mapped_column(Integer, doc="on the atlas image, pixels")
    width: Mapped[int | None] = mapped_column(Integer, doc="on the atlas image, pixels")
    angle: Mapped[float | None] = mapped_column(doc="to the atlas image, degrees")
    stageLocationX: Mapped[float | None] = mapped_column(doc="of the stage, µm")
    stageLocationY: Mapped[float | None] = mapped_column(doc="of the stage, µm")
    qualityIndicator: Mapped[float | None] = mapped_column(doc="score of its quality")
    pixelSize: Mapped[float | None] = mapped_column(doc="of its picture, mostly m")
