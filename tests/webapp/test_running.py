"""`make run` and the image's command, as real processes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.webapp.conftest import PASSWORD
from tests.webapp.site import BIN, Site
from webapp.settings import REPOSITORY, Settings

StartSite = Callable[..., Site]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartSite]:
    """Start sites over one data folder; all are ended with the test."""
    started: list[Site] = []

    def start_site(command: list[str] | None = None, **environment: str) -> Site:
        started.append(Site(tmp_path / "data", command, **environment))
        return started[-1]

    yield start_site
    for site in started:
        site.clean_up()


@pytest.mark.parametrize(("given", "port"), [("", Settings().port), ("9000", 9000)])
def test_make_starts_on_the_port_of_the_settings(tmp_path: Path, given: str, port: int) -> None:
    # Left alone, honcho would take port 5000. Stand-ins tell what it is started with, and start nothing.
    for name, does in {"flask": "exit 0", "honcho": 'echo "$@"'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)

    made = subprocess.run(
        ["make", "--no-print-directory", "serve", f"BIN={tmp_path}"],
        cwd=REPOSITORY,
        env={**os.environ, "PORT": given},
        text=True,
        capture_output=True,
        check=True,
    )

    assert made.stdout.endswith(f"--port {port}\n")


def flask(site: Site, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "flask"), "--app", "webapp", *arguments]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=site.environment,
        input=said,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopping_make_leaves_no_process_behind(start: StartSite, how: signal.Signals) -> None:
    site = start()
    site.wait_until_up("database", "worker")
    assert len(site.family) >= 5

    left = site.stop(how)

    assert left == set()
    assert f"http://localhost:{site.port}/" in site.log.read_text()


def test_starting_again_keeps_everything(start: StartSite) -> None:
    first = start()
    first.wait_until_up("database")
    made = flask(first, "create-user", "a.reader@clinic.example", said=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr
    first.stop(signal.SIGTERM)

    second = start()
    second.wait_until_up("database")
    token = flask(second, "create-token", "a.reader@clinic.example")

    assert token.returncode == 0, token.stderr
    assert re.fullmatch(r"sdl_[\w-]{40,}\n", token.stdout)


def test_commands_work_before_the_site_ever_ran(start: StartSite, tmp_path: Path) -> None:
    site = start(["true"])

    made = flask(site, "create-user", "admin@clinic.example", "--role", "admin", said=f"{PASSWORD}\nmore\n")

    assert made.returncode == 0, made.stderr
    assert made.stdout == ""
    assert flask(site, "create-token", "admin@clinic.example").stdout.startswith("sdl_")


def test_off_localhost_the_token_of_the_first_account_is_printed(start: StartSite, tmp_path: Path) -> None:
    site = start(HOST="0.0.0.0")
    site.wait_until_up("database")

    printed = site.log.read_text()

    assert f"The first account needs this token: {(tmp_path / 'data/setup_token').read_text()}" in printed


def command_of_the_image() -> list[str]:
    """What the Dockerfile starts when nobody says otherwise."""
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    found = re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert found is not None
    command: list[str] = json.loads(found[1])
    return command


def test_the_image_the_compose_file_and_make_run_start_the_same_commands() -> None:
    lines = (line.split(": ", 1) for line in (REPOSITORY / "Procfile").read_text().splitlines())
    commands = {name: shlex.split(command.removeprefix("exec ")) for name, command in lines}
    compose = (REPOSITORY / "docker-compose.yml").read_text()

    assert commands["web"] == command_of_the_image()
    assert json.dumps(commands["worker"]) in compose


def test_the_command_of_the_image_serves_pages_and_stops(start: StartSite) -> None:
    assert flask(start(["true"]), "db", "upgrade").returncode == 0
    site = start(command_of_the_image())
    site.wait_until_up("database")

    assert site.get("/signup")[0] == 200
    assert site.stop(signal.SIGTERM) == set()
    assert site.process.returncode == 0
