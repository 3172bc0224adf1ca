"""The commands ``ispyb-services notices``: mails and calls of webhooks about shipments."""

import json
import signal
from threading import Event
from urllib.parse import urlsplit

import click
from flask.cli import AppGroup
from flask.ctx import AppContext

from services.cli_options import json_option, site_option
from shared.terminal import counted, print_table


@click.group(cls=AppGroup)
def notices() -> None:
    """Mails and calls of webhooks about shipments."""


@notices.command("send", with_appcontext=False)
@site_option()
@click.option("--once", is_flag=True, help="Send the notices that are due, and end.")
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 3600),
    default=10,
    show_default=True,
    help="Seconds between two looks at the outbox.",
)
def notices_send(site: str, once: bool, interval: float) -> None:
    """Send the notices that wait, until it is ended.

    Several may run at once, also on several machines. SIGTERM lets the current notice be sent.
    """
    from services.core.modules.shipping import notice_queue
    from shared import config

    settings = config.load(site, keys=False)
    if not settings["notices"]["enabled"]:
        raise click.UsageError(f"{site} has no notices.enabled: true, so that none are made")
    if once:
        with _open_database(settings):
            sent, failed = notice_queue.send_due(settings)
        click.echo(f"{counted(sent, 'notice')} sent, {failed} failed")
        return
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _open_database(settings):
        notice_queue.run(settings, stop, interval)


@notices.command("list", with_appcontext=False)
@site_option()
@json_option()
def notices_list(site: str, as_json: bool) -> None:
    """List the notices that wait, and the dead ones, the oldest first.

    Times are UTC. One that was sent is not kept.
    """
    from services.core.modules.shipping import notice_queue
    from shared import config

    with _open_database(config.load(site, keys=False, secrets=False)):
        rows = notice_queue.list_()
    columns = {
        "NUMBER": lambda row: str(row["noticeId"]),
        "EVENT": lambda row: row["event"],
        "SHIPMENT": lambda row: str(row["body"]["Shipping"]["shippingId"]),
        "TO": lambda row: _show_target(row["target"]),
        "STATE": lambda row: "dead" if row["isDead"] else "waits",
        "TRIES": lambda row: str(row["tries"]),
        "NEXT TRY": lambda row: "" if row["isDead"] else row["nextTry"],
        "ERROR": lambda row: row["error"] or "",
    }
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table(rows, columns, "no notice waits")


def _open_database(settings: dict) -> AppContext:
    """The context of an app of core without routes: it needs no private key."""
    from shared.app import ApiMount, build_app

    return build_app("core", [ApiMount([])], settings).app_context()


def _show_target(target: str) -> str:
    """An address, or the host of a URL: its path may be a secret."""
    return urlsplit(target).netloc or target
