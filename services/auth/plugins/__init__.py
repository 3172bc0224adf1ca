"""The plugins for signing in; ``load`` makes those that the site file switches on."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import isabstract
from typing import Any

from marshmallow import ValidationError

from services.auth.plugins.base import Authentication
from shared.config import ConfigError
from shared.settings import Plugin

PLUGIN_KEYS = Plugin().fields.keys()


def load(site: Mapping) -> dict[str, Authentication]:
    """Return the plugins of ``site`` by public name; ConfigError lists every fault of them all."""
    loaded, faults = _load(site)
    if faults:
        raise ConfigError(faults)
    return loaded


def list_faults(site: Mapping) -> list[str]:
    """Every fault of the enabled plugins of ``site``, for ``shared.config.load``.

    Sections, blocks and keys with faults of their own are absent from ``site``.
    """
    return _load(site)[1]


def _load(site: Mapping) -> tuple[dict[str, Authentication], list[str]]:
    loaded, faults = {}, []
    for place, entry in enumerate(site.get("AUTH", [])):
        for name, block in entry.items():
            if not block.get("ENABLED") or not PLUGIN_KEYS <= block.keys():
                continue
            where = f"AUTH.{place}.{name}"
            try:
                loaded[name] = _make_plugin(block, site.get("site", {}).get("mode"))
            except ValidationError as error:
                faults += _flat(error.normalized_messages(), where)
    return loaded, faults


def _make_plugin(block: Mapping, mode: str | None) -> Authentication:
    plugin_class = _import_class(block["AUTH_MODULE"], block["AUTH_CLASS"])
    if plugin_class.demo_only and mode not in ("demo", None):
        raise ValidationError("is for site.mode demo only", "AUTH_CLASS")
    try:
        return plugin_class(plugin_class.Config().load(block["CONFIG"]))
    except ValidationError as error:
        raise ValidationError({"CONFIG": error.normalized_messages()}) from None


def _import_class(module: str, name: str) -> type[Authentication]:
    """The class that a block names; ValidationError, with the reason, if it cannot be used."""
    try:
        value = getattr(import_module(module), name, None)
    except Exception as error:
        raise ValidationError(f"{module} cannot be imported: {error}", "AUTH_MODULE") from None
    if value is None:
        raise ValidationError(f"{module} has no {name}", "AUTH_CLASS")
    if not (isinstance(value, type) and issubclass(value, Authentication)):
        raise ValidationError(f"{name} is no subclass of {Authentication.__name__}", "AUTH_CLASS")
    if isabstract(value) or not value.login_methods():
        raise ValidationError(
            f"{name} overrides neither authenticate_by_login nor authenticate_by_token",
            "AUTH_CLASS",
        )
    return value


def _flat(messages: Any, where: str) -> Iterator[str]:
    """The reasons, each behind the dotted path of its key."""
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _flat(below, where if key == "_schema" else f"{where}.{key}")
    else:
        yield f"{where}: {'; '.join(map(str, messages))}"
