"""`python -m ml audit --html`: what an audit found on one page, for every task."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner

from ml.cli import main
from ml.data.dataset_layout import label_column
from ml.tasks import TaskSpec, tasks
from tests.phantoms import noise


@pytest.fixture
def folder(spec: TaskSpec, tmp_path: Path) -> Path:
    """Three drawn images: two of them the same, in two parts and with two labels; one patient is in both parts."""
    folder = tmp_path / "data"
    for name in ("images", "annotations"):
        (folder / name).mkdir(parents=True)
    lines = [f"image_id,image_path,patient_id,part,{label_column(spec.heads[0].key)}"]
    for name, seed, part, label in (("one", 1, "train", 0), ("twin", 1, "test", 1), ("other", 2, "train", 1)):
        cv2.imwrite(str(folder / f"images/{name}.png"), noise(64, seed))
        lines.append(f"{name},images/{name}.png,<b>{'p' if name != 'other' else 'q'}</b>,{part},{label}")
    (folder / "annotations/dataset.csv").write_text("\n".join(lines))
    return folder


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_the_page_holds_balance_charts_and_findings_and_no_code(
    spec: TaskSpec, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "out" / "audit.html"

    result = CliRunner().invoke(main, ["audit", spec.key, "--data", str(folder), "--html", str(file)])

    assert result.exit_code == 0, result.output
    page = file.read_text()
    assert "3 images of 2 patients" in page
    assert re.search(rf"{re.escape(spec.heads[0].labels[0])}</th><td class=\"number\">1</td>", page)
    assert "groups of exact duplicates" in page.lower()
    assert "one, twin" in page
    assert "LEAKAGE: patients in several parts" in page
    assert "&lt;b&gt;p&lt;/b&gt;" in page
    assert page.count("data:image/png;base64,") >= 2 + len(spec.heads)
    assert not re.search(r"<script|https?://|<b>", page)


@pytest.mark.parametrize("spec", tasks()[:1], ids=lambda spec: spec.key)
def test_it_is_not_written_into_the_data_folder(spec: TaskSpec, folder: Path) -> None:
    words = ["audit", spec.key, "--data", str(folder), "--html", str(folder / "audit.html")]

    assert CliRunner().invoke(main, words).exit_code == 2
    assert not (folder / "audit.html").exists()
