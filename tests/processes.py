"""Programs that tests start: where they are, on which port they listen, how they end."""

import os
import secrets
import shutil
import signal
import socket
import subprocess

PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
PORTS = range(10_240, 32_768)  # below those that the kernel hands out to connections
PATIENCE = 120  # seconds for a start or an end, on a machine with much else to do


def find(program: str, package: str) -> str:
    """Return the path of ``program``; a server is not always on the PATH of a user."""
    path = shutil.which(program, path=PLACES)
    if path is None:
        raise SystemExit(f"{program} is missing: install {package}")
    return path


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on.

    It is a random one that the kernel gives to nobody: another worker of the tests, or a
    connection that leaves this machine, does not take it before the server listens there.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def end(process: subprocess.Popen, number: signal.Signals = signal.SIGTERM) -> int:
    """Return the exit code of ``process``, which gets a signal, and SIGKILL if it stays.

    A process that leads its group (``start_new_session=True``) gets SIGINT and SIGKILL together
    with its group, as Ctrl-C reaches all processes of a terminal.
    """
    if process.poll() is None:
        leads = os.getpgid(process.pid) == process.pid
        kill = os.killpg if leads else os.kill
        (kill if number == signal.SIGINT else os.kill)(process.pid, number)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout:
        process.stdout.close()
    return process.returncode
