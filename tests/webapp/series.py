"""Drawn DICOM series, as a scanner exports them: one file a slice."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from werkzeug.datastructures import FileStorage

from tests.ml.dicom_files import dicom_bytes, dicom_dataset
from tests.phantoms import sacroiliac_slice

SPACING_MM = 4.4
NAME = "DOE^JANE"
_DIRECTIONS = (1.0, 0.0, 0.0, 0.0, 0.6, -0.8)
_NORMAL = np.cross(_DIRECTIONS[:3], _DIRECTIONS[3:])


def series(
    count: int, sequence: str = "STIR", number: int = 1, first_mm: float = 0.0, size: int = 64, **tags: Any
) -> list[bytes]:
    """The files of one series, in order of their place; `tags` by keyword are set last."""
    return [
        dicom_bytes(
            dicom_dataset(
                sacroiliac_slice(size, sequence, seed=i + 1).astype(np.uint16),
                bits=8,
                **{
                    "SOPInstanceUID": f"1.2.3.4.{number}.{i + 1}",
                    "SeriesInstanceUID": f"1.2.3.5.{number}",
                    "SeriesNumber": number,
                    "SeriesDescription": f"COR {sequence}",
                    "InstanceNumber": i + 1,
                    "PatientName": NAME,
                    "ImageOrientationPatient": list(_DIRECTIONS),
                    "ImagePositionPatient": [float(v) for v in (first_mm + i * SPACING_MM) * _NORMAL],
                    **tags,
                },
            )
        )
        for i in range(count)
    ]


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files by name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return file.getvalue()


def sent(files: list[bytes]) -> list[FileStorage]:
    """Files as a form sends them under one name."""
    return [FileStorage(io.BytesIO(data), f"{i}.dcm") for i, data in enumerate(files)]
