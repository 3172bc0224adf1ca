"""Our own tables, in the database ``ispyb_services``, for data that ISPyB has no tables for.

The auth service creates and migrates them; all services use them.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import OwnBase

Serial = BigInteger().with_variant(Integer, "sqlite")
Hash = String(64)  # SHA-256, hexadecimal
MediumBlob = LargeBinary().with_variant(MEDIUMBLOB(), "mysql", "mariadb")  # up to 16 MB


def utc_now() -> datetime:
    """The present as these tables store it: UTC, without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class RefreshToken(OwnBase):
    """A refresh token by its hash; those of one login form a family."""

    __tablename__ = "RefreshToken"

    hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    family: Mapped[str] = mapped_column(String(32), index=True, doc="random, one per login")
    login: Mapped[str] = mapped_column(String(45), index=True)
    personId: Mapped[int | None]
    plugin: Mapped[str] = mapped_column(String(45))
    accessId: Mapped[str] = mapped_column(String(32), doc="jti of the access token beside it")
    expires: Mapped[datetime] = mapped_column(index=True, doc="UTC")
    used: Mapped[datetime | None] = mapped_column(doc="UTC, of the first use")
    parent: Mapped[str | None] = mapped_column(Hash, doc="traded for this one; null: a login")
    childUsed: Mapped[datetime | None] = mapped_column(doc="UTC; first use of one traded for it")


class RevokedToken(OwnBase):
    """An access or service token that is refused although it has not expired."""

    __tablename__ = "RevokedToken"

    tokenId: Mapped[str] = mapped_column(String(32), primary_key=True, doc="its jti")
    expires: Mapped[datetime] = mapped_column(index=True, doc="UTC; then the row may go")


class ServiceToken(OwnBase):
    """A service token: a long-lived token of software, whose text is not stored."""

    __tablename__ = "ServiceToken"

    serviceTokenId: Mapped[int] = mapped_column(Serial, primary_key=True)
    tokenId: Mapped[str] = mapped_column(String(32), unique=True, doc="its jti")
    name: Mapped[str] = mapped_column(String(45), doc="of the software, e.g. zocalo")
    permissions: Mapped[list[str]] = mapped_column(JSON)
    beamlines: Mapped[list[str] | None] = mapped_column(JSON, doc="null: not limited to any")
    issuedBy: Mapped[str] = mapped_column(String(45))
    issued: Mapped[datetime] = mapped_column(doc="UTC")
    expires: Mapped[datetime] = mapped_column(doc="UTC")
    revoked: Mapped[datetime | None] = mapped_column(doc="UTC")


class OnceToken(OwnBase):
    """A one-time link, for one method, path and query."""

    __tablename__ = "OnceToken"

    hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    method: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(String(2000))
    query: Mapped[str] = mapped_column(String(2000), doc="without the token")
    identity: Mapped[dict] = mapped_column(JSON, doc="the claims of the signer")
    tokenId: Mapped[str | None] = mapped_column(String(32), doc="jti of the token that signed")
    expires: Mapped[datetime] = mapped_column(index=True, doc="UTC")


class LoginAttempt(OwnBase):
    """The number of failed logins: of an account from an address, of an account, of an address.

    The key is a hash of both, so that a row is locked by its primary key, without gap locks.
    """

    __tablename__ = "LoginAttempt"

    hash: Mapped[str] = mapped_column(Hash, primary_key=True, doc="of login and address")
    login: Mapped[str] = mapped_column(String(45), doc="empty: of any account")
    address: Mapped[str] = mapped_column(String(45), doc="empty: from anywhere")
    failures: Mapped[int]
    time: Mapped[datetime] = mapped_column(index=True, doc="UTC, of the first failure that counts")


class SampleGroupPerson(OwnBase):
    """A person with whom a group of samples is shared; see ``shared/access_sharing.py``."""

    __tablename__ = "SampleGroupPerson"

    blSampleGroupId: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, doc="BLSampleGroup of ISPyB"
    )
    personId: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, doc="Person of ISPyB"
    )


class IdempotencyKey(OwnBase):
    """The answer to a POST with an Idempotency-Key, for its repetitions."""

    __tablename__ = "IdempotencyKey"

    hash: Mapped[str] = mapped_column(Hash, primary_key=True, doc="of caller, path and key")
    request: Mapped[str] = mapped_column(Hash, doc="of the query and body")
    status: Mapped[int | None]
    answer: Mapped[bytes | None] = mapped_column(MediumBlob, doc="null: a secret")
    created: Mapped[datetime] = mapped_column(index=True, doc="UTC")


class StatusChange(OwnBase):
    """A change of the status or the place of a shipment, a dewar or a container."""

    __tablename__ = "StatusChange"

    statusChangeId: Mapped[int] = mapped_column(Serial, primary_key=True, doc="key")
    shippingId: Mapped[int | None] = mapped_column(index=True, doc="the shipment")
    dewarId: Mapped[int | None] = mapped_column(index=True, doc="the dewar; null: all of it")
    containerId: Mapped[int | None] = mapped_column(index=True, doc="the container; null: no one")
    status: Mapped[str | None] = mapped_column(String(45), doc="the new status, as a word")
    place: Mapped[str | None] = mapped_column(String(45), doc="the new place")
    login: Mapped[str] = mapped_column(String(45), doc="who changed it")
    time: Mapped[datetime] = mapped_column(doc="when, in local time")


class Notice(OwnBase):
    """A mail or a call of a webhook that waits to be sent; a row that was sent is deleted."""

    __tablename__ = "Notice"

    noticeId: Mapped[int] = mapped_column(Serial, primary_key=True, doc="key")
    eventId: Mapped[str] = mapped_column(String(32), doc="random, one per event")
    event: Mapped[str] = mapped_column(String(20), doc="sent, received, ...")
    kind: Mapped[str] = mapped_column(String(10), doc="mail or webhook")
    target: Mapped[str] = mapped_column(String(255), doc="e-mail address, or URL of the site file")
    body: Mapped[dict] = mapped_column(JSON, doc="the event, without personal data")
    created: Mapped[datetime] = mapped_column(doc="UTC")
    tries: Mapped[int] = mapped_column(doc="times that a sender has claimed it")
    nextTry: Mapped[datetime] = mapped_column(index=True, doc="UTC; a claim ends then")
    error: Mapped[str | None] = mapped_column(String(255), doc="why the last try failed")


class MxlimsObject(OwnBase):
    """An object of an MXLIMS message of a shipment, with the row that it is stored in.

    ``scope`` is the shipment for substances, which many shipments name, and 0 for other objects,
    each of which is in one shipment.
    """

    __tablename__ = "MxlimsObject"
    __table_args__ = (
        UniqueConstraint("uuid", "scope"),
        Index("MxlimsObject_row", "rowTable", "rowKey"),
    )

    mxlimsObjectId: Mapped[int] = mapped_column(Serial, primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36))
    scope: Mapped[int]
    kind: Mapped[str] = mapped_column(String(30), doc="class of the object, e.g. Pin")
    shippingId: Mapped[int] = mapped_column(index=True, doc="the shipment")
    proposalId: Mapped[int] = mapped_column(doc="its proposal")
    rowTable: Mapped[str | None] = mapped_column(String(30), doc="table of its row; null: none")
    rowKey: Mapped[int | None] = mapped_column(doc="primary key of its row")
    content: Mapped[dict] = mapped_column(JSON, doc="as sent, with references by uuid")


class SerialBlock(OwnBase):
    """A thousand images of a serial run: hits, spots, resolution and unit cells, packed.

    ``services/ssx/modules/image_blocks.py`` packs them.
    """

    __tablename__ = "SerialBlock"

    dataCollectionId: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="the run"
    )
    block: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="number of the image, in thousands"
    )
    states: Mapped[bytes] = mapped_column(LargeBinary(375), doc="bits: stored, hit, indexed")
    peaks: Mapped[bytes] = mapped_column(LargeBinary, doc="spots and resolution")
    cells: Mapped[bytes] = mapped_column(LargeBinary, doc="unit cells")


class SerialTotals(OwnBase):
    """The statistics of the images of a serial run, and the numbers that they come from."""

    __tablename__ = "SerialTotals"

    dataCollectionId: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, doc="the run"
    )
    images: Mapped[int] = mapped_column(doc="number of images")
    hits: Mapped[int] = mapped_column(doc="number of hits")
    indexed: Mapped[int] = mapped_column(doc="number of indexed images")
    spots: Mapped[int] = mapped_column(BigInteger, doc="sum of the spots of hits")
    spotted: Mapped[int] = mapped_column(doc="number of hits with a number of spots")
    resolution: Mapped[int] = mapped_column(BigInteger, doc="sum of those of hits, 0.001 Å")
    resolved: Mapped[int] = mapped_column(doc="number of hits with a resolution")
    bestResolution: Mapped[int | None] = mapped_column(doc="of a hit, 0.001 Å")
    medians: Mapped[dict] = mapped_column(JSON, doc="of resolution and unit cell, Å and degrees")
    histograms: Mapped[bytes] = mapped_column(
        MediumBlob, doc="each value of resolution and unit cell with its number, packed"
    )


class Activity(OwnBase):
    """The audit trail: changes and logins."""

    __tablename__ = "Activity"
    __table_args__ = (Index("Activity_login", "login", "activityId"),)

    activityId: Mapped[int] = mapped_column(Serial, primary_key=True)
    time: Mapped[datetime] = mapped_column(index=True, doc="UTC")
    login: Mapped[str] = mapped_column(String(45))
    service: Mapped[str] = mapped_column(String(10))
    action: Mapped[str] = mapped_column(String(10), doc="HTTP method, or login, logout, refused")
    path: Mapped[str] = mapped_column(String(255))
    fields: Mapped[str | None] = mapped_column(String(255), doc="names of the fields sent")
    status: Mapped[int]
    address: Mapped[str | None] = mapped_column(String(45))
    requestId: Mapped[str] = mapped_column(String(64))
