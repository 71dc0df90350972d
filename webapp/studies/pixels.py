"""The grey values of a study's slices as they are stored: the viewer windows them, and no browser reads 16 bits from a PNG."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Response, abort

from ml.images.decode import DecodedImage, decode
from ml.images.errors import Limits
from webapp.studies.files import study_folder

if TYPE_CHECKING:
    from webapp.studies.tables import Image, Study

MAX_PIXELS = 16_000_000  # every viewport of the page holds a canvas of the image


def are_sent(image: Image) -> bool:
    """Whether the viewer gets the values of this image; of a larger one it shows the preview."""
    return image.rows * image.columns <= MAX_PIXELS


def send_pixels(study: Study, row: Image) -> Response:
    """Little-endian uint16, row by row, and what they mean as JSON in the header `Sidelight-Image`:

    `rows`, `columns`; `window`: [lowest, highest] value that the file proposes to display, or null; `rescale`:
    [slope, intercept] to the modality's unit, or null; `unit`: "HU" where that is Hounsfield, else "".
    404 without the file, 413 where it is too large.
    """
    path = study_folder(study.uuid) / row.file
    if not are_sent(row):
        abort(413)
    if not path.is_file():
        abort(404)
    data = path.read_bytes()
    image = decode(data, Limits(max_bytes=len(data), max_pixels=MAX_PIXELS))
    answer = Response(image.pixels.astype("<u2").tobytes(), mimetype="application/octet-stream")
    answer.headers["Sidelight-Image"] = json.dumps(_described(image))
    return answer


def _described(image: DecodedImage) -> dict[str, object]:
    rows, columns = image.pixels.shape
    hounsfield = image.modality == "CT" and image.rescale is not None
    return {
        "rows": rows,
        "columns": columns,
        "window": image.window,
        "rescale": image.rescale,
        "unit": "HU" if hounsfield else "",
    }
