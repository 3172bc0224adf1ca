"""The base of the commands of ``ispyb-services``, and the options that several have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo

from shared.terminal import explain

DEFAULT_SITE = "config/site.yml"


class Commands(AppGroup):
    """Commands that show a failure as one message, without a trace, unless it is a bug."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            message = explain(error)
            if message is None:
                raise
            raise click.ClickException(message) from None


def _default_site() -> str:
    if not Path(DEFAULT_SITE).exists():
        raise click.UsageError(
            f"no site file: name it by --site PATH or ISPYB_SITE=PATH, or write {DEFAULT_SITE}"
        )
    return DEFAULT_SITE


def _remember_site(ctx: click.Context, _, path: str) -> str:
    """Let a command that needs an app context have that of the auth service of the site."""
    ctx.obj = ScriptInfo(create_app=lambda: _auth(path), set_debug_flag=False)
    return path


def _auth(path: str) -> Flask:
    from services.auth.app import create_app

    return create_app(path)


def site_option(**options) -> Callable:
    """The option ``--site`` of every command; with ``expose_value=False`` only for the context."""
    return click.option(
        "--site",
        metavar="PATH",
        envvar="ISPYB_SITE",
        default=_default_site,
        type=click.Path(exists=True, dir_okay=False),
        callback=_remember_site,
        help=f"The site file. Default: the file that ISPYB_SITE names, else {DEFAULT_SITE}.",
        **options,
    )


def json_option() -> Callable:
    """The option ``--json`` of commands that list rows."""
    return click.option("as_json", "--json", is_flag=True, help="Print JSON instead of a table.")
