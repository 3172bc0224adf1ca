"""The quick check of the database before a server says that it is open."""

from collections.abc import Iterable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from signal import SIG_DFL, SIGINT, signal

from sqlalchemy import Table, create_engine
from sqlalchemy.exc import DBAPIError

from shared import config, dbcheck
from shared.database_errors import explain
from shared.db import engine_options

SECONDS = 5  # that the start of a server may be later
NETWORK_SECONDS = 3  # for a connection, and for each statement
SHOWN = 5  # sentences; `check-db` prints all
SLOW = f"the database did not answer the check within {SECONDS} seconds"

Needs = Mapping[str, Iterable[Table]]  # the tables that each service needs


def list_problems(site: Mapping, services: Iterable[str]) -> list[str]:
    """Sentences about the database of ``site``, if the ``services`` cannot work with it.

    The check runs in a process of its own, which is killed after SECONDS: the C library resolves
    a name and connects without a common time limit, and a thread would still hold its locks when
    the server forks.
    """
    needs = {name: dbcheck.tables_of(name) for name in services}
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_problems, args=(sender, site, needs))
    process.start()
    sender.close()  # of this process: otherwise the end of the other one would not be seen
    try:
        return receiver.recv() if receiver.poll(SECONDS) else [SLOW]
    except EOFError:
        return ["the check of the database ended early: run `ispyb-services check-db`"]
    finally:
        receiver.close()
        process.kill()
        process.join()


def _send_problems(sender: Connection, site: Mapping, needs: Needs) -> None:
    signal(SIGINT, SIG_DFL)  # Ctrl-C ends this process too, without a trace
    sender.send(_check(site, needs))


def _check(site: Mapping, needs: Needs) -> list[str]:
    """The sentences, first those about faults; at most SHOWN of them."""
    limits = dict(site["database"])
    for name in ("connect_seconds", "network_seconds", "statement_seconds"):
        limits[name] = min(limits[name], NETWORK_SECONDS)
    uri = config.database_uri(site)
    engine = create_engine(uri, **engine_options(uri, 1, limits))
    try:
        faults = dbcheck.list_faults(engine, needs)
        clocks = dbcheck.compare_clocks(engine)
    except DBAPIError as error:
        return [explain(error)]
    finally:
        engine.dispose()
    problems = faults[:SHOWN]
    if len(faults) > SHOWN:
        problems.append(f"{len(faults) - SHOWN} more: run `ispyb-services check-db`")
    return [*problems, *([clocks] if clocks else [])]
