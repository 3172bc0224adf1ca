"""Persons, their laboratories, and the groups that give them permissions."""

from datetime import datetime

from sqlalchemy import TIMESTAMP, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.db import Base, Unsigned
from shared.models.types import External, Lines, local_now


class Laboratory(Base):
    """A home institute; nothing keeps it from being there twice."""

    __tablename__ = "Laboratory"

    laboratoryId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(
        String(45),
        doc="of the laboratory or department",
        info={"example": "Department of Chemistry"},
    )
    address: Mapped[str | None] = mapped_column(Lines(255), doc="street and house")
    city: Mapped[str | None] = mapped_column(String(45), doc="town")
    postcode: Mapped[str | None] = mapped_column(String(15), doc="postal code")
    country: Mapped[str | None] = mapped_column(String(45), doc="name of the country")
    organization: Mapped[str | None] = mapped_column(String(45), doc="institute above it")
    url: Mapped[str | None] = mapped_column(String(255), doc="home page")
    laboratoryPk: Mapped[int | None] = mapped_column(Integer, doc="id in the user office")
    EORINumber: Mapped[str | None] = mapped_column(
        String(17), doc="EU trade number: country code and up to 15 characters"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )


class Person(Base):
    """Anyone who signs in or is named in a proposal; many have no login."""

    __tablename__ = "Person"

    personId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    login: Mapped[str | None] = mapped_column(String(45), unique=True, doc="account name")
    givenName: Mapped[str | None] = mapped_column(String(45), doc="first name")
    familyName: Mapped[str | None] = mapped_column(String(100), index=True, doc="last name")
    title: Mapped[str | None] = mapped_column(
        String(45), doc="form of address, e.g. Dr", info={"example": "Dr"}
    )
    emailAddress: Mapped[str | None] = mapped_column(String(60), doc="e-mail, personal")
    phoneNumber: Mapped[str | None] = mapped_column(String(45), doc="telephone, personal")
    laboratoryId: Mapped[int | None] = mapped_column(
        ForeignKey("Laboratory.laboratoryId"), index=True, doc="home laboratory"
    )
    externalId: Mapped[bytes | None] = mapped_column(
        External, doc="UUID or number in the user office"
    )
    recordTimeStamp: Mapped[datetime] = mapped_column(
        TIMESTAMP, server_default=local_now(), doc="when the row was made"
    )

    laboratory: Mapped[Laboratory | None] = relationship()


class Permission(Base):
    """A right, known by its type; two rows may carry the same one."""

    __tablename__ = "Permission"

    permissionId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    type: Mapped[str] = mapped_column(String(15), doc="the right, e.g. mx_admin")
    description: Mapped[str | None] = mapped_column(String(100), doc="what it allows")


class UserGroup(Base):
    """A bundle of permissions and the persons who hold them."""

    __tablename__ = "UserGroup"

    userGroupId: Mapped[int] = mapped_column(Unsigned, primary_key=True, doc="key")
    name: Mapped[str] = mapped_column(String(31), unique=True, doc="e.g. mx_admin")

    permissions: Mapped[list["UserGroupHasPermission"]] = relationship(
        back_populates="group", passive_deletes="all"
    )
    people: Mapped[list["UserGroupHasPerson"]] = relationship(
        back_populates="group", passive_deletes="all"
    )


class UserGroupHasPermission(Base):
    """A right of a group."""

    __tablename__ = "UserGroup_has_Permission"

    userGroupId: Mapped[int] = mapped_column(
        ForeignKey("UserGroup.userGroupId", ondelete="CASCADE"), primary_key=True, doc="the group"
    )
    permissionId: Mapped[int] = mapped_column(
        ForeignKey("Permission.permissionId", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        doc="its right",
    )

    group: Mapped[UserGroup] = relationship(back_populates="permissions")
    permission: Mapped[Permission] = relationship()


class UserGroupHasPerson(Base):
    """A member of a group."""

    __tablename__ = "UserGroup_has_Person"

    userGroupId: Mapped[int] = mapped_column(
        ForeignKey("UserGroup.userGroupId", ondelete="CASCADE"), primary_key=True, doc="the group"
    )
    personId: Mapped[int] = mapped_column(
        ForeignKey("Person.personId", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        doc="its member",
    )

    group: Mapped[UserGroup] = relationship(back_populates="people")
    person: Mapped[Person] = relationship()


class AdminVar(Base):
    """Settings of the database itself; ``schemaVersion`` is one."""

    __tablename__ = "AdminVar"

    varId: Mapped[int] = mapped_column(Integer, primary_key=True, doc="key")
    name: Mapped[str | None] = mapped_column(String(32), index=True, doc="of the setting")
    value: Mapped[str | None] = mapped_column(Lines(1024), doc="its value, as text")
