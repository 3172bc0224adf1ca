"""The ways to sign in: ``load`` makes those that the site file switches on."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import isabstract
from typing import Any

from marshmallow import ValidationError

from services.auth.plugins.base import Authentication
from shared.config import ConfigError


def load(site: Mapping) -> dict[str, Authentication]:
    """Return the plugins of ``site`` by public name; ConfigError lists every fault of them all."""
    loaded, faults = {}, []
    for place, entry in enumerate(site["AUTH"]):
        for name, block in entry.items():
            if not block["ENABLED"]:
                continue
            where = f"AUTH.{place}.{name}"
            try:
                loaded[name] = _made(block, site["site"]["mode"])
            except ValidationError as error:
                faults += _flat(error.normalized_messages(), where)
    if faults:
        raise ConfigError(faults)
    return loaded


def _made(block: Mapping, mode: str) -> Authentication:
    found = _class(block["AUTH_MODULE"], block["AUTH_CLASS"])
    if found.demo_only and mode != "demo":
        raise ValidationError("is for site.mode demo only", "AUTH_CLASS")
    try:
        return found(found.Config().load(block["CONFIG"]))
    except ValidationError as error:
        raise ValidationError({"CONFIG": error.normalized_messages()}) from None


def _class(module: str, name: str) -> type[Authentication]:
    """The class that a block names; what the module itself fails with, is told too."""
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        raise ValidationError(f"{module} cannot be imported: {error}", "AUTH_MODULE") from None
    if found is None:
        raise ValidationError(f"{module} has no {name}", "AUTH_CLASS")
    if not (isinstance(found, type) and issubclass(found, Authentication)):
        raise ValidationError(f"{name} is no subclass of {Authentication.__name__}", "AUTH_CLASS")
    if isabstract(found) or not found.ways():
        raise ValidationError(
            f"{name} overrides neither authenticate_by_login nor authenticate_by_token",
            "AUTH_CLASS",
        )
    return found


def _flat(messages: Any, where: str) -> Iterator[str]:
    """The reasons, each behind the dotted path of its key."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flat(below, where if key == "_schema" else f"{where}.{key}")
    else:
        yield f"{where}: {'; '.join(map(str, messages))}"
