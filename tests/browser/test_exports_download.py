"""Taking a study away: the menu of the result page, by mouse and by keyboard, and the files that come of it.

No network reads here: what the models say is drawn.
"""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from tests.browser.test_every_page import check
from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.webapp.reading_room import LESION, REGION, STATUS, finish, uploaded

MODELS = [REGION, STATUS, LESION]
PLACED = {
    "FrameOfReferenceUID": "1.2.840.99.7",
    "ImagePositionPatient": [-100.5, 20, 50],
    "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
}


@pytest.fixture
def uuid(drawn: Flask, drawn_reader: FlaskClient) -> str:
    """A study that came as DICOM and that models of every kind have read."""
    uuid = uploaded(
        drawn_reader,
        data=dicom_bytes(dicom_dataset(**PLACED)),
        models=MODELS,
        patient_code="SIJ-0417",
    )
    finish(drawn, uuid)
    return uuid


def saved(page: Page, link: Locator, folder: Path) -> Path:
    with page.expect_download() as download:
        link.press("Enter")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_every_format_is_downloaded_from_the_menu_by_keyboard(
    drawn_page: Page, uuid: str, tmp_path: Path
) -> None:
    drawn_page.goto(f"/studies/{uuid}")
    opener = drawn_page.locator("summary", has_text="Export")
    opener.focus()
    drawn_page.keyboard.press("Enter")
    items = opener.locator("xpath=..").get_by_role("link")

    expect(items).to_have_text(["Report (PDF)", "Table (CSV)", "Data (JSON)", "DICOM SEG and SR (ZIP)"])
    for width, height in ((1366, 768), (820, 1180)):
        drawn_page.set_viewport_size({"width": width, "height": height})
        for item in items.all():
            expect(item).to_be_in_viewport(ratio=1)
        assert drawn_page.evaluate("document.documentElement.scrollWidth") <= width
    check(drawn_page)
    files = [saved(drawn_page, item, tmp_path) for item in items.all()]

    assert [file.name for file in files] == [
        f"study-{uuid}-{name}" for name in ("report.pdf", "export.csv", "export.json", "dicom.zip")
    ]
    report, table, data, archive = files
    assert "Patient code SIJ-0417" in PdfReader(report).pages[0].extract_text()
    with table.open(newline="", encoding="utf-8-sig") as lines:
        assert {line["study"] for line in csv.DictReader(lines)} == {uuid}
    assert len(json.loads(data.read_text(encoding="utf-8"))["predictions"]) == len(MODELS)
    with zipfile.ZipFile(archive) as opened:
        assert {"image.dcm", f"seg-{LESION}.dcm", "report.dcm"} <= set(opened.namelist())
    expect(drawn_page.get_by_role("heading", level=1)).to_be_visible()  # the page stays where it is
