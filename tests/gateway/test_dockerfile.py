"""The Dockerfile's own lines install and start each service, in an empty folder.

A container is needed for the packages of the system and for the user; both are left out. The
packages that ours requires are not installed again: that takes a minute of CPU, and the
environment of the tests has them from the same setup.cfg. Links lead to them, and to no other.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
import requests
import yaml
from packaging.requirements import Requirement

from shared import keys
from tests.processes import PATIENCE, end, free_port

pytestmark = pytest.mark.serial
ROOT = Path(__file__).parents[2]
PLACES = ("/opt/ispyb", "/etc/ispyb", "/run/kong", "/src", "/tmp")  # moved below the folder
OF_THE_SYSTEM = ("apt-get", "useradd")
INSTALLS = re.compile(r"pip install .*'\.\[([\w,]+)\]'")  # ours, with these extras
SERVICES = ["auth", "core", "ssx", "em"]


def lines():
    """The instructions of the Dockerfile, with what follows them."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    instructions = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in instructions]


class Image:
    """The image after its instructions, in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.env = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k == "HOME"}
        self.env["PIP_NO_DEPS"] = "1"
        self.env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.workdir = folder
        self.health = self.command = ""
        self.user = "0"

    def moved(self, text):
        """The text with the paths and the port of the container replaced by ours."""
        text = re.sub(rf"(?<![\w.])({'|'.join(PLACES)})\b", rf"{self.folder}\1", text)
        return text.replace("8000", str(self.port))

    def do(self, instruction, rest):
        """Follow one instruction."""
        if instruction == "RUN" and not any(word in rest for word in OF_THE_SYSTEM):
            command = ["sh", "-ec", self.moved(rest)]
            done = subprocess.run(
                command, cwd=self.workdir, env=self.env, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{rest}\n{done.stdout}{done.stderr}"
            if extras := INSTALLS.search(rest):
                link_required(self.packages(), extras[1].split(","))
        elif instruction == "WORKDIR":
            self.workdir = Path(self.moved(rest))
            self.workdir.mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                self.copy(source, self.workdir / target)
        elif instruction == "ENV":
            for pair in shlex.split(self.moved(rest)):
                name, _, value = pair.partition("=")
                self.env[name] = re.sub(r"\$(\w+)", lambda m: self.env.get(m[1], ""), value)
        elif instruction == "USER":
            self.user = rest
        elif instruction == "HEALTHCHECK":
            self.health = self.moved(rest.partition("CMD ")[2])
        elif instruction == "CMD":
            self.command = self.moved(rest)

    def packages(self):
        """The folder of the packages that are installed."""
        [folder] = Path(self.moved("/opt/ispyb/lib")).glob("python3*/site-packages")
        return folder

    def copy(self, source, target):
        assert f"!{source}" in (ROOT / ".dockerignore").read_text().splitlines(), source
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, target, ignore=ignored)
        else:
            shutil.copy(ROOT / source, target)


def link_required(packages, extras):
    """Link what our package in ``packages`` requires from the environment of the tests."""
    [ours] = packages.glob("ispyb_services-*.dist-info")
    waiting, linked = [(Distribution.at(ours), extras)], set()
    while waiting:
        package, extras = waiting.pop()
        for required in map(Requirement, package.requires or ()):
            marker, key = required.marker, (required.name, *required.extras)
            if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                continue
            if key not in linked:
                linked.add(key)
                waiting.append((distribution(required.name), required.extras))
                for name in {file.parts[0] for file in waiting[-1][0].files}:
                    if name not in ("..", "__pycache__") and not (packages / name).exists():
                        (packages / name).symlink_to(waiting[-1][0].locate_file(name))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The image, built once: its builds differ in SERVICE only."""
    image = Image(tmp_path_factory.mktemp("image"))
    image.env["SERVICE"] = "core"
    for line in lines():
        image.do(*line)
    return image


@pytest.fixture(scope="module")
def site(image):
    """The example's file and keys where the image looks for them; its database is not there."""
    example = yaml.safe_load((ROOT / "config/site.example.yml").read_text())
    example["database"]["uri"] = "mysql://ispyb@127.0.0.1:1/ispyb"
    example["database"]["password"] = "secret"
    example["site"]["mode"] = "demo"  # whose plugin needs nothing
    example["AUTH"] = yaml.safe_load((ROOT / "config/demo.yml").read_text())["AUTH"]
    path = Path(image.env["ISPYB_SITE"])
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(example))
    keys.new(path.parent / "keys")
    return path


def test_the_image_is_not_root_and_holds_no_secret():
    instructions = dict(lines())
    assert instructions["USER"] == "10001"
    assert instructions["CMD"].startswith("exec "), "signals go to the service"
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored and "**/*.pem" in ignored


def test_an_image_without_service_is_not_built(tmp_path):
    image = Image(tmp_path)
    image.env["SERVICE"] = ""
    [check] = [rest for instruction, rest in lines() if instruction == "RUN" and "test -n" in rest]
    with pytest.raises(AssertionError, match="name a service"):
        image.do("RUN", check)


def test_one_time_commands_of_compose_run_in_the_image(image, site):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    kong = Path(image.moved("/run/kong/kong.yml"))
    kong.parent.mkdir(parents=True)
    for name in ("keys", "render"):
        command = [image.moved(word) for word in compose[name]["command"]]
        done = subprocess.run(
            command, cwd=image.workdir, env=image.env, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
    assert "BEGIN PUBLIC KEY" in kong.read_text()
    assert len(list((site.parent / "keys/public").iterdir())) == 1


def test_the_image_holds_what_is_no_python(image):
    packages = image.packages()
    assert (packages / "gateway/templates/home.html").exists()
    assert (packages / "services/auth/migrations/env.py").exists()
    assert not (packages / "tests").exists()


@pytest.mark.parametrize("service", SERVICES)
def test_the_image_starts_and_is_healthy(image, site, service, tmp_path):
    env = {**image.env, "SERVICE": service}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", image.command], cwd=image.workdir, env=env, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(json.loads(image.health), env=env, capture_output=True).returncode:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        url = f"http://127.0.0.1:{image.port}/health"
        assert requests.get(url, timeout=5).json()["service"] == service
    finally:
        ended = end(process)
    assert ended == 0, log.read_text()
