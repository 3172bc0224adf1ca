"""The check of a compose file against the site: each arrangement that fails is a sentence.

Docker starts all of these. They show later: as an outage, or as a limit that all clients share.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import yaml
from sqlalchemy import make_url

from gateway import render
from gateway.server import KEEPALIVE_SECONDS
from shared import config

IDLE = "KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT"
KONG_IDLE_SECONDS = 60  # Kong's default
SPARE_SECONDS = 5  # by which Kong closes an idle connection before the service does
REAL_IP = {"KONG_REAL_IP_HEADER": "X-Forwarded-For", "KONG_REAL_IP_RECURSIVE": "on"}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
VARIABLE = re.compile(r"(?<!\$)\$\{")

Network = IPv4Network | IPv6Network


def check(text: str, site: Mapping) -> list[str]:
    """Return the faults of ``text``, the output of ``docker compose config``, for ``site``."""
    try:
        compose = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [f"the compose file is not YAML: {error}"]
    services = compose.get("services") if isinstance(compose, Mapping) else None
    if not isinstance(services, Mapping) or "kong" not in services:
        return ["the compose file has no service kong"]
    if VARIABLE.search(text):
        return ["the compose file is not the output of `docker compose config`"]
    return [
        *_connections(_environment(services["kong"])),
        *_metrics(_environment(services["kong"])),
        *_names(services, site),
        *_database(compose, site),
        *_proxy(compose, site),
    ]


def _connections(environment: Mapping) -> Iterator[str]:
    """The fault of idle connections that the services close before Kong does."""
    seconds = str(environment.get(IDLE, KONG_IDLE_SECONDS))
    if not seconds.isdigit() or not 0 < int(seconds) <= KEEPALIVE_SECONDS - SPARE_SECONDS:
        yield (
            f"kong: {IDLE} is {seconds}, and a service closes an idle connection after"
            f" {KEEPALIVE_SECONDS} s: a POST on it is a 502; write 10"
        )


def _metrics(environment: Mapping) -> Iterator[str]:
    listen = str(environment.get("KONG_STATUS_LISTEN", LOOPBACK[0]))
    if listen == "off" or listen.startswith(LOOPBACK):
        yield f"kong: KONG_STATUS_LISTEN is {listen}, where no Prometheus reaches it"


def _names(services: Mapping, site: Mapping) -> Iterator[str]:
    """Faults by which Kong asks for a name too early, or keeps an address too long."""
    kong = services["kong"]
    for name in _hosts(services, site):
        common = _networks(kong).keys() & _networks(services[name]).keys()
        if not common:
            yield f"kong and {name} have no network in common"
            continue
        dependency = _dependencies(kong).get(name) or {}
        if dependency.get("condition") != "service_healthy":
            yield (
                f"kong does not wait until {name} is healthy: a name that is unknown when Kong"
                f" starts is asked for again after half a minute; add it to depends_on"
            )
        is_fixed = any(_networks(services[name])[each].get("ipv4_address") for each in common)
        if not is_fixed and not dependency.get("restart"):
            yield (
                f"{name} has no ipv4_address: when it is made anew, Kong keeps the old address for"
                f" up to ten minutes; add one, or restart: true to depends_on of kong"
            )


def _database(compose: Mapping, site: Mapping) -> Iterator[str]:
    """Faults of the way to the database, and of its rights."""
    host, services = make_url(site["database"]["uri"]).host, compose["services"]
    if host is None:
        return
    programs = [*_hosts(services, site), *({"upgrade"} & services.keys())]
    servers = [name for name in services if "MARIADB_USER" in _environment(services[name])]
    for server in servers:
        if "MARIADB_DATABASE" in _environment(services[server]):
            yield (
                f"{server}: MARIADB_DATABASE gives MARIADB_USER all rights on it; the services"
                f" need SELECT, INSERT, UPDATE and DELETE"
            )
    if host in LOOPBACK:
        yield f"database.uri: {host} is the container itself"
        return
    if host not in services:
        for server in servers:
            yield f"{server} is started, but database.uri names {host}: add compose.site.yml"
    for name in programs:
        if host in services:
            if not _networks(services[name]).keys() & _networks(services[host]).keys():
                yield f"{name} and {host} have no network in common"
        elif not [*_open_networks(compose, name)]:
            networks = ", ".join(_networks(services[name]))
            yield (
                f"{name} cannot reach {host}: its networks ({networks}) are internal; add"
                f" compose.site.yml"
            )


def _proxy(compose: Mapping, site: Mapping) -> Iterator[str]:
    """Faults by which Kong or the services take the address of a proxy for that of a client."""
    kong, proxies = compose["services"]["kong"], site["site"]["trusted_proxies"]
    environment = _environment(kong)
    if not environment.get("KONG_TRUSTED_IPS"):
        if proxies > 1:
            yield (
                f"site.trusted_proxies is {proxies}, but kong has no KONG_TRUSTED_IPS: all clients"
                f" of a proxy share one limit of requests; add compose.tls.yml"
            )
        return
    if proxies < 2:
        yield (
            f"kong has KONG_TRUSTED_IPS, but site.trusted_proxies is {proxies}: the services count"
            f" failed logins by the address of the proxy; write 2"
        )
    for name, value in REAL_IP.items():
        if environment.get(name) != value:
            yield f"kong: {name} is not {value}, so that KONG_TRUSTED_IPS has no effect"
    trusted = []
    for entry in str(environment["KONG_TRUSTED_IPS"]).split(","):
        try:
            trusted.append(ip_network(entry.strip(), strict=False))
        except ValueError:
            yield f"kong: KONG_TRUSTED_IPS: {entry.strip()} is not an address or subnet"
    if any(network.prefixlen == 0 for network in trusted):
        yield "kong: KONG_TRUSTED_IPS trusts everybody: any client can forge its address"
    ports = kong.get("ports") or []
    if ports and all(_address(port).startswith(LOOPBACK) for port in ports):
        yield from _local_proxy(compose, trusted)


def _local_proxy(compose: Mapping, trusted: Iterable[Network]) -> Iterator[str]:
    """Faults of the address at which Kong sees a proxy on this machine."""
    for name in _open_networks(compose, "kong"):
        ipam = _network(compose, name).get("ipam") or {}
        subnets = [each for each in ipam.get("config") or [] if each.get("subnet")]
        if not subnets:
            yield (
                f"network {name} has no fixed subnet: Kong sees a proxy on this machine at its"
                f" gateway, which KONG_TRUSTED_IPS has to name; add compose.tls.yml"
            )
        for subnet in subnets:
            first = next(ip_network(subnet["subnet"]).hosts())
            gateway = ip_address(subnet.get("gateway") or str(first))
            if not any(gateway in network for network in trusted):
                yield (
                    f"kong: KONG_TRUSTED_IPS does not hold {gateway}, the gateway of network"
                    f" {name}, where Kong sees a proxy on this machine"
                )


def _hosts(services: Mapping, site: Mapping) -> list[str]:
    """The services of the compose file that are those of the site."""
    urls = (url for name in config.enabled(site) for url in render.urls(name, site))
    return [host for url in urls if (host := url.hostname) and host in services]


def _environment(service: Mapping) -> Mapping:
    return service.get("environment") or {}


def _dependencies(service: Mapping) -> Mapping:
    return service.get("depends_on") or {}


def _networks(service: Mapping) -> dict[str, dict]:
    """The networks of a service, with its settings there."""
    networks = service.get("networks") or ["default"]
    named = networks if isinstance(networks, Mapping) else dict.fromkeys(networks)
    return {name: settings or {} for name, settings in named.items()}


def _open_networks(compose: Mapping, name: str) -> Iterator[str]:
    """The networks of the service ``name`` that lead out."""
    for network in _networks(compose["services"][name]):
        if not _network(compose, network).get("internal"):
            yield network


def _network(compose: Mapping, name: str) -> Mapping:
    return (compose.get("networks") or {}).get(name) or {}


def _address(port: Any) -> str:
    """The address of this machine where a port is published."""
    return str(port.get("host_ip", "")) if isinstance(port, Mapping) else str(port)
