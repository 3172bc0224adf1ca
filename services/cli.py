"""The command line ``ispyb-services``.

A command ends with code 0, with 1 and a message for a failure or a mistake, or with 2 if it was
called wrongly. Its result is on standard output; warnings and messages are on standard error.

The file stands above all services and the gateway. A command calls one function of a module, and
imports it in its body: an import at the top would slow down all other commands.
"""

import json
import os
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TextIO
from uuid import uuid4

import click

from services.cli_notices import notices
from services.cli_options import Commands, json_option, site_option
from shared import __version__
from shared.terminal import counted, print_table, print_warnings

COUNTED = ["Proposal", "BLSession", "Person", "DataCollection"]  # tables that newcomers know


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Run and maintain ISPyB Services.

    A command ends with code 0, with 1 after a failure or a mistake in the settings, or with 2 if
    it was called wrongly.
    """


# --------------------------------------------------------------------------------- running


@main.command(with_appcontext=False)
@site_option()
@click.option("--service", metavar="NAME", help="Serve this service only, without the gateway.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Listen on this port, not on that of the site file.",
)
def serve(site: str, service: str | None, port: int | None) -> None:
    """Serve the site behind the embedded gateway, or one service."""
    from gateway import home, server, start_check
    from services.auth import plugins
    from shared import config
    from shared.config_warnings import list_warnings

    settings = config.load(site, service, check_plugins=plugins.list_faults)
    warnings = list_warnings(settings, config.read_document(site))
    if service is None:
        settings["gateway"]["port"] = port or settings["gateway"]["port"]
    elif port is not None:
        host, _ = server.address(settings, service)
        netloc = f"[{host}]" if ":" in host else host
        settings["services"][service]["url"] = f"http://{netloc}:{port}"

    problems: list[str] = []

    def check_database() -> None:
        names = [service] if service else config.enabled(settings)
        problems.extend(start_check.list_problems(settings, names))
        print_warnings([*warnings, *problems])

    def show_address() -> None:
        limits = ", and cannot do all of its work: see the warnings above" if problems else ""
        if service is not None:
            host, number = server.address(settings, service)
            click.echo(f"{service} answers at {host}:{number}{limits}")
            return
        click.echo(f"\n{settings['site']['name']} is open at {home.origin(settings)}{limits}\n")
        people = home.users(settings)
        if people:
            click.echo("Sign in as (login, password):")
        for person in people:
            click.echo(f"    {person['login']:12}{person['password'] or '':12}{person['name']}")
        for call in home.calls(settings)[:3]:
            click.echo(f"\n# {call['title']}\n{call['command']}")
        click.echo("\nCtrl-C ends everything.")

    server.serve(settings, service, check_database, show_address)


@main.command(with_appcontext=False)
@site_option()
@click.option("--scale", default=1, type=click.IntRange(1), help="Multiply the amount of data.")
@click.option(
    "--seed", default=1, help="Seed of the random data; the same seed makes the same data."
)
@click.option(
    "--reset", is_flag=True, help="First delete the data of an SQLite database of the demo."
)
def demo(site: str, scale: int, seed: int, reset: bool) -> None:
    """Fill an empty database with a simulated facility.

    It also creates keys, if there are none.
    """
    from demo import hits
    from demo.build import build
    from services.auth.migrations import upgrade
    from shared import config, keys

    settings = config.load(site, keys=False)
    if settings["site"]["mode"] != "demo":
        raise click.UsageError("the simulated facility is for a site with site.mode: demo")
    if not (Path(settings["tokens"]["keys"]) / "current").exists():
        keys.new(settings["tokens"]["keys"])
    sizes = build(settings, scale=scale, seed=seed, reset=reset)
    upgrade(settings)
    if "ssx" in config.enabled(settings):
        hits.store(settings, seed)
    rows = ", ".join(f"{sizes[table]} {table}" for table in COUNTED if table in sizes)
    click.echo(f"{settings['site']['name']} has {rows}")


# -------------------------------------------------------------------------------- checking


@main.command("check-config", with_appcontext=False)
@site_option()
def check_config(site: str) -> None:
    """Check the site file, the keys and the settings of services.

    All mistakes are listed at once. A warning is no mistake: the exit code stays 0.
    """
    from gateway.app import build
    from services.auth import plugins
    from shared import config
    from shared.config_warnings import list_warnings

    settings = config.load(site, check_plugins=plugins.list_faults)
    build(settings)
    print_warnings(list_warnings(settings, config.read_document(site)))
    services = ", ".join(config.enabled(settings))
    click.echo(f"{site} is good: {settings['site']['mode']} mode, with {services}")


@main.command("check-db", with_appcontext=False)
@site_option()
def check_db(site: str) -> None:
    """Check that the database has all that services need.

    Nothing is changed.
    """
    from sqlalchemy import create_engine

    from shared import config, dbcheck

    settings = config.load(site, keys=False)
    needs = {name: dbcheck.tables_of(name) for name in config.enabled(settings)}
    engine = create_engine(config.database_uri(settings))
    faults = dbcheck.list_faults(engine, needs)
    for fault in faults:
        click.echo(fault)
    print_warnings(filter(None, [dbcheck.compare_clocks(engine)]))
    if faults:
        raise click.ClickException(f"{counted(len(faults), 'fault')} of the database")
    click.echo(f"the database has all that {', '.join(needs)} need")
    for statement, gain in dbcheck.advised(engine, needs).items():
        click.echo(f"long lists would be faster after: {statement}")
        click.echo(f"  {gain}")


# --------------------------------------------------------------------------------- gateway


@main.group("gateway")
def gateway_() -> None:
    """Kong's declarative file."""


@gateway_.command("render", with_appcontext=False)
@site_option()
@click.option(
    "--output", type=click.Path(dir_okay=False), help="Write to this file, not to stdout."
)
def gateway_render(site: str, output: str | None) -> None:
    """Write Kong's file for this site, with its public keys."""
    from gateway.app import specifications
    from gateway.render import render
    from shared import config

    settings = config.load(site, keys=False, secrets=False)
    text = render(settings, specifications(settings))
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text)


@gateway_.command("check", with_appcontext=False)
@site_option()
@click.argument("file", default="gateway/kong.yml", type=click.Path(exists=True, dir_okay=False))
@click.option("--template", is_flag=True, help="Accept a file without public keys.")
@click.option(
    "--compose",
    type=click.File(),
    help="Also check this output of `docker compose config`; - is stdin.",
)
def gateway_check(site: str, file: str, template: bool, compose: TextIO | None) -> None:
    """Check a file of Kong against the site.

    Every route has to be reachable, and no protected route may be open.
    """
    from gateway import compose as compose_file
    from gateway.app import specifications
    from gateway.check import check
    from shared import config

    settings = config.load(site, keys=False, secrets=False)
    text = Path(file).read_text()
    faults = check(text, settings, specifications(settings), production=not template)
    if compose is not None:
        faults += compose_file.check(compose.read(), settings)
    for fault in faults:
        click.echo(fault)
    files = file if compose is None else f"{file} and {compose.name}"
    if faults:
        raise click.ClickException(f"{counted(len(faults), 'fault')} in {files}")
    click.echo(f"{files} {'is' if compose is None else 'are'} good")


# ---------------------------------------------------------------------------------- tokens


@main.group()
def token() -> None:
    """Service tokens: long-lived tokens of software."""


@token.command("issue")
@site_option(expose_value=False)
@click.argument("name")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    required=True,
    help="A permission of the token; may be repeated.",
)
@click.option(
    "--beamline",
    "beamlines",
    multiple=True,
    help="Limit the token to this beamline; may be repeated.",
)
@click.option(
    "--days", type=click.IntRange(1), help="Days until it expires. Default: tokens.service_days."
)
def token_issue(
    name: str, permissions: tuple[str, ...], beamlines: tuple[str, ...], days: int | None
) -> None:
    """Issue a service token called NAME.

    Its text is written to stdout, and stored nowhere.
    """
    from services.auth.modules import tokens
    from shared.db import transaction_scope

    namesakes = [row for row in tokens.issued() if row["name"] == name and _state(row) == "good"]
    with transaction_scope():
        issued = tokens.issue(name, permissions, beamlines or None, days, _operator())
        _note("token issue", HTTPStatus.CREATED)
    numbers = ", ".join(str(row["serviceTokenId"]) for row in namesakes)
    if namesakes:
        print_warnings(
            [f"{name} has other good tokens: once this one is in use, revoke {numbers}"]
        )
    click.echo(issued)


@token.command("list")
@site_option(expose_value=False)
@json_option()
def token_list(as_json: bool) -> None:
    """List issued tokens, the newest first.

    The text of a token is never stored. Times are UTC.
    """
    from services.auth.modules import tokens

    rows = [{**row, "state": _state(row)} for row in tokens.issued()]
    columns = {
        "NUMBER": lambda row: str(row["serviceTokenId"]),
        "NAME": lambda row: row["name"],
        "STATE": lambda row: row["state"],
        "EXPIRES": lambda row: row["expires"],
        "ISSUED BY": lambda row: row["issuedBy"],
        "BEAMLINES": lambda row: "all" if row["beamlines"] is None else ",".join(row["beamlines"]),
        "PERMISSIONS": lambda row: ",".join(row["permissions"]),
    }
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(rows, columns, "no token has been issued")


def _state(row: dict) -> str:
    """The state of a service token."""
    from shared.service_tables import utc_now

    if row["revoked"]:
        return "revoked"
    return "expired" if row["expires"] < utc_now().isoformat() else "good"


@token.command("revoke")
@site_option(expose_value=False)
@click.argument("number", type=int)
def token_revoke(number: int) -> None:
    """Revoke the token with this NUMBER of the list."""
    from services.auth.modules import tokens
    from shared.db import transaction_scope

    with transaction_scope():
        row = tokens.revoke(number)
        _note("token revoke", HTTPStatus.OK)
    click.echo(f"token {number} of {row['name']} is revoked")


def _operator() -> str:
    """The user of the command line, for the audit trail."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or "command line"


def _note(command: str, status: int) -> None:
    """Write a line of the audit trail, as for a request."""
    from shared import audit
    from shared.request_context import Origin

    origin = Origin("auth", f"ispyb-services {command}", uuid4().hex)
    audit.note(origin, _operator(), command.rpartition(" ")[2], status)


main.add_command(notices)


# ------------------------------------------------------------------------ database and keys


@main.group("db")
def db_() -> None:
    """The services' own database, ispyb_services."""


@db_.command("upgrade", with_appcontext=False)
@site_option()
def db_upgrade(site: str) -> None:
    """Create or update the database ispyb_services.

    ISPyB's own database is not changed.
    """
    from services.auth.migrations import upgrade
    from shared import config
    from shared.db import OWN

    before, after = upgrade(config.load(site, keys=False))
    if before is None:
        click.echo(f"the tables of the database {OWN} are created, at revision {after}")
    elif before == after:
        click.echo(f"the database {OWN} was up to date, at revision {after}: nothing is changed")
    else:
        click.echo(f"the database {OWN} is updated from revision {before} to {after}")


@db_.command("trim")
@site_option(expose_value=False)
@click.option("--days", type=click.IntRange(1), required=True, help="Days to keep.")
def db_trim(days: int) -> None:
    """Delete old lines of the audit trail.

    The other tables need no maintenance.
    """
    from services.auth.modules import activities
    from shared.db import in_transaction, transaction_scope
    from shared.service_tables import utc_now

    before, deleted = utc_now() - timedelta(days=days), 0
    while number := in_transaction(lambda: activities.forget(before)):
        deleted += number
    with transaction_scope():
        _note("db trim", HTTPStatus.OK)
    click.echo(f"{counted(deleted, 'line')} of the audit trail deleted")


@main.group("keys")
def keys_() -> None:
    """The keys that sign and check tokens."""


@keys_.command("new", with_appcontext=False)
@site_option()
def keys_new(site: str) -> None:
    """Create a pair of keys.

    The first pair signs at once, a later one after `keys rotate`.
    """
    from shared import config, keys

    folder = config.load(site, keys=False, secrets=False)["tokens"]["keys"]
    click.echo(f"key {keys.new(folder)} created in {folder}")


@keys_.command("list", with_appcontext=False)
@site_option()
@json_option()
def keys_list(site: str, as_json: bool) -> None:
    """List the keys, the oldest first."""
    from shared import config, keys

    folder = config.load(site, keys=False, secrets=False)["tokens"]["keys"]
    rows = keys.list_(folder)
    columns = {
        "KEY": lambda row: row["kid"],
        "CREATED (UTC)": lambda row: row["created"] or "",
        "USE": lambda row: "signs and checks" if row["signs"] else "checks",
        "PRIVATE HALF": lambda row: "yes" if row["private"] else "no",
    }
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(rows, columns, f"there is no key in {folder}: run `ispyb-services keys new`")


@keys_.command("rotate", with_appcontext=False)
@site_option()
def keys_rotate(site: str) -> None:
    """Sign with the newest key from now on.

    Tokens signed with an older key stay valid.
    """
    from shared import config, keys

    folder = config.load(site, keys=False, secrets=False)["tokens"]["keys"]
    click.echo(f"key {keys.rotate(folder)} signs from now on")
