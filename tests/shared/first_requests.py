"""First requests, all at once: ``python -m tests.shared.first_requests`` exits with the failures.

Standard input has the settings of a site, a token and paths. The app is built once, and forked
before any request, as a server does it; in each child, threads ask for each path at the same
moment, and change places as often as they can.
"""

import json
import os
import sys
import threading

from services.core.app import create_app
from shared.db import db

PROCESSES, THREADS = 2, 8


def ask(app, headers, paths):
    """The paths that were not answered with 200, asked for by ``THREADS`` at once."""
    together, failed = threading.Barrier(THREADS), []

    def ask_all():
        client = app.test_client()
        for path in paths:
            together.wait()
            answer = client.get(path, headers=headers)
            if answer.status_code != 200:
                failed.append(f"{path}: {answer.status_code}")

    threads = [threading.Thread(target=ask_all) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def main():
    """Fork and ask, one process after another; the exit status counts those with failures."""
    order = json.load(sys.stdin)
    app = create_app(order["site"])
    failures = 0
    for _ in range(PROCESSES):
        child = os.fork()
        if child == 0:
            with app.app_context():
                db.engine.dispose(close=False)
            sys.setswitchinterval(1e-5)
            failed = ask(app, order["headers"], order["paths"])
            print(*failed, sep="\n", flush=True)
            os._exit(bool(failed))
        failures += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(failures)


if __name__ == "__main__":
    main()
