"""The whole site as `make run` starts it: real processes, known by their ids, on a free port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.webapp.patience import wait_until
from webapp.settings import REPOSITORY

BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def family_of(pid: int) -> set[int]:
    """A process and all that it started, also through others."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(folder.name)] = int(fields[1])
    family = {pid}
    while True:
        more = {child for child, parent in parents.items() if parent in family} - family
        if not more:
            return family
        family |= more


class Site:
    """Web server and worker over one data folder."""

    def __init__(self, data_dir: Path, command: list[str] | None = None, **environment: str) -> None:
        self.port = free_port()
        self.log = data_dir.parent / f"{data_dir.name}-{self.port}.log"
        self.environment = (
            os.environ
            | {
                "PORT": str(self.port),
                "DATA_DIR": str(data_dir),
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            }
            | environment
        )
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command or ["make", "serve", f"BIN={BIN}"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.family: set[int] = set()

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; status 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def checks(self) -> dict[str, bool]:
        """What /readyz says of each part."""
        body = self.get("/readyz")[1]
        return {name: check["ok"] for name, check in json.loads(body)["checks"].items()} if body else {}

    def wait_until_up(self, *parts: str) -> None:
        """Wait until the parts that /readyz names are well, and note all processes."""
        try:
            wait_until(lambda: self.get("/healthz")[0] == 200, "the web server", 90)
            wait_until(lambda: all(self.checks().get(part) for part in parts), f"{parts}", 60)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log.read_text()}") from error
        self.family = family_of(self.process.pid)

    def stop(self, how: signal.Signals) -> set[int]:
        """Stop as an operator does; returns the processes that are left after all waiting."""
        if how == signal.SIGINT:
            os.killpg(self.process.pid, how)  # Ctrl-C in a terminal reaches the whole group in front
        else:
            self.process.send_signal(how)
        self.process.wait(60)
        wait_until(lambda: not any(map(is_running, self.family)), "the processes to end", 20)
        return {pid for pid in self.family if is_running(pid)}

    def clean_up(self) -> None:
        """End what a failed test left behind."""
        for pid in self.family | family_of(self.process.pid):
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
