"""Real Chromium, a real gunicorn and a real worker on a data folder of their own: what a clinician has."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import cv2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect
from werkzeug.serving import make_server

from tests.browser.steps import EMAIL, PASSWORD, await_end, log_in, upload
from tests.phantoms import colour_photograph
from tests.webapp.conftest import AuthActions
from tests.webapp.every_task import all_offered
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "data" / "sij_mri"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, or the one that CHROMIUM names; with nothing of it that calls home."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium, or set CHROMIUM.")
    quiet = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    more = "--disable-sync --no-first-run --disable-quic"
    return {**browser_type_launch_args, "executable_path": path, "args": f"{quiet} {more}".split()}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Sidelight: migrations, gunicorn and one worker, started as `make run` does."""
    folder = tmp_path_factory.mktemp("sidelight")
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SIDELIGHT_")},
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "DATA_DIR": str(folder / "data"),
        "MIN_FREE_MB": "0",
        "UPLOADS_PER_MINUTE": "100",
        "PYTHONUNBUFFERED": "1",
    }
    flask = [sys.executable, "-m", "flask", "--app", "webapp"]
    subprocess.run(
        [*flask, "db", "upgrade"], cwd=REPOSITORY, env=environment, check=True, capture_output=True
    )
    commands = {
        "web": [sys.executable, "-m", "gunicorn", "webapp:create_app()"],
        "worker": [*flask, "worker"],
    }
    running = []
    try:
        for name, command in commands.items():
            with (folder / f"{name}.log").open("wb") as log:
                running.append(
                    subprocess.Popen(
                        command, cwd=REPOSITORY, env=environment, stdout=log, stderr=subprocess.STDOUT
                    )
                )
        address = f"http://127.0.0.1:{port}"
        _wait_for(lambda: _answers(f"{address}/healthz"), 60, folder / "web.log")
        yield address
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Watch:
    """What a page did that it must not: calls to other machines, errors, breaches of the content policy."""

    host: str
    strangers: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != self.host:
            self.strangers.append(request.url)

    def console(self, message: ConsoleMessage) -> None:
        # An answer of 4xx that a test asks for is in the console too; it is no error of the page.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.errors.append(message.text)


@pytest.fixture
def watched(server: str) -> Iterator[Callable[[Page], Page]]:
    """Watches pages; the test fails if one of them called another machine or logged an error."""
    watch = Watch(urlsplit(server).netloc)

    def begin(page: Page) -> Page:
        page.on("request", watch.request)
        page.on("console", watch.console)
        page.on("pageerror", lambda error: watch.errors.append(str(error)))
        return page

    yield begin
    assert watch.strangers == []
    assert watch.errors == []


@pytest.fixture(scope="session")
def account(server: str, browser: Browser) -> dict[str, Any]:
    """The first account, signed up through the page: cookies of a browser that is logged in."""
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.goto("/signup")
    page.get_by_label("E-mail").fill(EMAIL)
    for box in page.locator("input[type=password]").all():
        box.fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    if page.url.endswith("/login"):
        log_in(page)
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    state: dict[str, Any] = dict(context.storage_state())
    context.close()
    return state


@pytest.fixture
def signed_in(server: str, browser: Browser, account: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser of the clinician who has signed up."""
    context = browser.new_context(base_url=server, storage_state=account)
    yield context
    context.close()


@pytest.fixture
def page(signed_in: BrowserContext, watched: Callable[[Page], Page]) -> Page:
    """A watched page of the clinician."""
    return watched(signed_in.new_page())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Sidelight without a worker, in which every task is offered: what the models say is drawn by the test."""
    with all_offered():
        app = create_app(Settings(data_dir=tmp_path_factory.mktemp("drawn"), min_free_mb=0))
        with app.app_context():
            db.create_all()
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def drawn_reader(drawn: Flask) -> FlaskClient:
    """The clinician of that application, logged in, without a browser."""
    client = drawn.test_client()
    AuthActions(client).signup(EMAIL, PASSWORD)
    AuthActions(client).login(EMAIL, PASSWORD)
    return client


@pytest.fixture(scope="module")
def drawn_address(drawn: Flask) -> Iterator[str]:
    """Where that application is served."""
    server = make_server("127.0.0.1", 0, drawn, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def drawn_page(drawn_address: str, drawn_reader: FlaskClient, browser: Browser) -> Iterator[Page]:
    """A page of that clinician; the test fails where it logged an error."""
    context = browser.new_context(base_url=drawn_address)
    page = context.new_page()
    watch = Watch(urlsplit(drawn_address).netloc)
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("console", watch.console)
    page.goto("/login")
    log_in(page)
    yield page
    context.close()
    assert watch.errors == []


@pytest.fixture(scope="session")
def stir_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A STIR slice to upload: one of the shared data set, which lies beside the repository and never in it."""
    labels = SHARED / "labels.csv"
    if not labels.is_file():
        pytest.skip(
            "A slice that the gate lets pass needs ../shared/data/sij_mri; no patient image is kept here."
        )
    with labels.open(newline="") as table:
        row = next(row for row in csv.DictReader(table) if row["as_status"] and row["part"] == "test")
    copy = tmp_path_factory.mktemp("upload") / "slice.png"
    shutil.copy(SHARED / row["file"], copy)
    return copy


@pytest.fixture(scope="session")
def not_an_mri(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that no model may judge: a drawn landscape."""
    path = tmp_path_factory.mktemp("upload") / "landscape.png"
    cv2.imwrite(str(path), cv2.cvtColor(colour_photograph(), cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture(scope="session")
def study(server: str, browser: Browser, account: dict[str, Any], stir_slice: Path) -> str:
    """The path of a study that all models have read."""
    context = browser.new_context(base_url=server, storage_state=account)
    page = context.new_page()
    upload(page, stir_slice, "SIJ-0417")
    await_end(page)
    path = urlsplit(page.url).path
    context.close()
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _wait_for(happened: Callable[[], bool], seconds: float, log: Path) -> None:
    """Ask until it happened; fails with the log after that many seconds."""
    end = monotonic() + seconds
    pause = Event()
    while not happened():
        if monotonic() > end:
            pytest.fail(f"The server did not start:\n{log.read_text()[-2000:]}")
        pause.wait(0.1)
