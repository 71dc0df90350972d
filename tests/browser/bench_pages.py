"""How quick the result page is, in headless Chromium: `make bench-pages`, or `python -m tests.browser.bench_pages --times 50`.

The time from opening the page to its first picture, and from an event of the hand to the redraw of four linked viewports. The
image is drawn (512 by 512 pixels of 16 bits) and so is what the models say: no network reads here, nothing is trained.

Two figures an event: `all` from the event to the end of the frame that shows it, the wait for the screen's next frame included;
`work` without that wait, what the page itself needs. A frame at 60 Hz has 16.7 ms.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np
from playwright.sync_api import Page, ViewportSize, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.steps import EMAIL, PASSWORD, log_in
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_region, sacroiliac_slice
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import finish_with, upload
from webapp import create_app
from webapp.extensions import db
from webapp.settings import Settings

SIDE = 512
MODELS = ["unet_best", "cnn_classifier", "classifier_best", "hybrid_cnn_transformer"]
WINDOW: ViewportSize = {"width": 1366, "height": 768}
PATIENCE_MS = 120_000
VIEWPORTS = "article[data-model] > .viewport"

FIRST_PICTURE = """
document.addEventListener("load", ({ target }) => {
  if (window.firstPicture || !target.matches?.("figure.viewport img")) return;
  window.firstPicture = "soon";
  requestAnimationFrame(() => requestAnimationFrame(() => (window.firstPicture = performance.now())));
}, { capture: true });
"""
# The page's own frame callback is asked for after this one and so runs after it; a message comes when the frame is done.
REDRAWS = """() => {
  window.redraws = [];
  for (const kind of ["wheel", "pointermove"]) {
    let begun = 0;
    addEventListener(kind, (event) => {
      begun = performance.now();
      requestAnimationFrame(() => {
        const frame = performance.now();
        const done = new MessageChannel();
        done.port1.onmessage = () => {
          const now = performance.now();
          window.redraws.push({ all: now - event.timeStamp, work: handled - begun + now - frame });
        };
        done.port2.postMessage(null);
      });
    }, { capture: true });
    let handled = 0;
    addEventListener(kind, () => (handled = performance.now()));
  }
}"""


@dataclass(frozen=True)
class Hand:
    """What a hand does: with a tool, chosen by its key, the button held or not; `act` gets the page and its turn from 1."""

    name: str
    tool: str
    held: bool
    act: Callable[[Page, int], None]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How quick the result page is, in headless Chromium.")
    parser.add_argument("--times", type=int, default=30, help="how often each figure is taken (default: 30)")
    times = parser.parse_args(arguments).times
    with drawn_site() as (address, path), reader_at(address) as page:
        say(f"{times} times each, in ms; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, no GPU")
        say(f"{'':36}{'min':>8}{'median':>8}{'max':>8}")
        tell("first picture of the result page", [first_picture(page, path) for _ in range(times)])
        for hand in HANDS:
            found = redraws(page, path, hand, times)
            tell(f"{hand.name}: all", [one["all"] for one in found])
            tell(f"{hand.name}: work", [one["work"] for one in found])


def tell(name: str, values: Sequence[float]) -> None:
    """One line of the table."""
    say(f"{name:36}{min(values):8.1f}{median(values):8.1f}{max(values):8.1f}")


def say(line: str) -> None:
    """Print at once: on a busy machine the figures come slowly."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def first_picture(page: Page, path: str) -> float:
    """Milliseconds from the beginning of the navigation until the first image of a viewport is shown."""
    page.goto(path)
    page.wait_for_function("typeof window.firstPicture === 'number'")
    return float(page.evaluate("window.firstPicture"))


def redraws(page: Page, path: str, hand: Hand, times: int) -> list[dict[str, float]]:
    """The times of so many redraws, one after the other: {all, work} in milliseconds."""
    page.goto(path)
    page.locator(f"{VIEWPORTS} .viewport__grey").nth(3).wait_for()
    page.keyboard.press(hand.tool)
    move_within(page, 0)
    if hand.held:
        page.mouse.down()
    page.evaluate(REDRAWS)
    for turn in range(1, times + 1):
        hand.act(page, turn)
        page.wait_for_function("n => window.redraws.length >= n", arg=turn)
    if hand.held:
        page.mouse.up()
    return list(page.evaluate("window.redraws"))[:times]


def move_within(page: Page, turn: int) -> None:
    """The pointer goes on in the first viewport, back and forth."""
    box = page.locator(VIEWPORTS).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20 + 8 * (turn % 10), box["y"] + 30 + 4 * (turn % 10))


def turn_wheel(page: Page, turn: int) -> None:
    """In and out."""
    page.mouse.wheel(0, -40 if turn % 2 else 40)


HANDS = (
    Hand("wheel, four zoomed", "w", False, turn_wheel),
    Hand("drag, four panned", "p", True, move_within),
    Hand("drag, window of four", "w", True, move_within),
)


@contextmanager
def drawn_site() -> Iterator[tuple[str, str]]:
    """A running Sidelight with one study that four models have read: its address, and the path of the result."""
    with TemporaryDirectory() as folder:
        app = create_app(Settings(data_dir=Path(folder), min_free_mb=0))
        with app.app_context():
            db.create_all()
        reader = app.test_client()
        AuthActions(reader).signup(EMAIL, PASSWORD)
        AuthActions(reader).login(EMAIL, PASSWORD)
        pixels = sacroiliac_slice(SIDE).astype(np.uint16) * 16
        path = upload(reader, dicom_bytes(dicom_dataset(pixels)), models=MODELS).location
        labels = {"as_status": "Positive", "stage": "Moderate"}
        region = {MODELS[0]: sacroiliac_region(SIDE)}
        finish_with(app, path.rsplit("/", 1)[-1], dict.fromkeys(MODELS, labels), "STIR", masks=region)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", path
        server.shutdown()
        thread.join()
        with app.app_context():
            db.engine.dispose()


@contextmanager
def reader_at(address: str) -> Iterator[Page]:
    """A page of that clinician, logged in."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("This needs Chromium: apt-get install chromium, or set CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_context(base_url=address, viewport=WINDOW).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(FIRST_PICTURE)
        page.goto("/login")
        log_in(page)
        yield page
        browser.close()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """One line a request would bury the figures."""


if __name__ == "__main__":
    main(sys.argv[1:])
