"""DICOM SEG and SR, read back: on the same pixels, in the same place, about the same images, without the patient."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import highdicom as hd
import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes

from ml.images.decode import stored_form
from ml.images.errors import Limits
from ml.images.store import mask_png
from tests.ml.dicom_files import COLUMNS, ROWS, dicom_bytes, dicom_dataset
from tests.webapp.conftest import AuthActions
from tests.webapp.reading_room import LESION, STATUS, finish, last_reading, outlined, uploaded
from webapp.exports.dicom.archive import _file
from webapp.exports.dicom.origin import Origin
from webapp.exports.dicom.segmentation import Outlined, segmentation
from webapp.extensions import db
from webapp.studies.files import study_folder

REGION = "lite0_unet"
SPACING = (0.5, 0.75)
ORIENTATIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "coronal, columns to the right of the patient": (-1, 0, 0, 0, 0, -1),
    "axial, rows to the front": (1, 0, 0, 0, -1, 0),
    "sagittal, upside down": (0, -1, 0, 0, 0, 1),
    "oblique coronal": (1, 0, 0, 0, 0.6, -0.8),
}
PATIENT = {
    "PatientName": "Doe^Jane",
    "PatientID": "HOSP-12345",
    "PatientBirthDate": "19500117",
    "StudyDate": "20250203",
    "AccessionNumber": "ACC-987",
    "InstitutionName": "North Clinic",
    "ReferringPhysicianName": "Roe^Richard",
    "SeriesDescription": "STIR Doe",
}
PLACED: dict[str, Any] = {
    "FrameOfReferenceUID": "1.2.840.99.7",
    "ImagePositionPatient": [-100.5, 20, 50],
    "ImageOrientationPatient": list(ORIENTATIONS["coronal"]),
    "SliceThickness": 4,
}


def asymmetric() -> np.ndarray:
    """A foot of an L at the lower left, longer than it is high: no flip or turn of it is itself."""
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[10:60, 8:14] = True
    mask[54:60, 8:40] = True
    mask[5, 70] = True
    return mask


def slices(orientation: Sequence[float], positions: Sequence[Sequence[float]]) -> list[Dataset]:
    """Slices of one series, stored as Sidelight stores them."""
    found = []
    for number, position in enumerate(positions):
        placed = PLACED | {
            "ImageOrientationPatient": list(orientation),
            "ImagePositionPatient": list(position),
        }
        dataset = dicom_dataset(SOPInstanceUID=f"1.2.3.4.{number}", **placed)
        stored = stored_form(dicom_bytes(dataset), b"key", Limits())
        found.append(dcmread(io.BytesIO(stored.data)))
    return found


def outline(masks: np.ndarray) -> Outlined:
    return Outlined(
        model=LESION,
        name="Lesion map",
        version="1.2.0",
        weights_sha256="a" * 64,
        kind="lesion",
        what="Lesion",
        masks=masks,
        made_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        description="Research use only",
    )


def read_back(made: Dataset) -> Any:
    return hd.seg.segread(io.BytesIO(_file(made)))


def in_patient(
    orientation: Sequence[float], position: Sequence[float], rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Where pixels lie, in mm, by PS3.3 C.7.6.2.1.1: from the numbers of the sender, not from what was written."""
    along_row, along_column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    found: np.ndarray = (
        np.array(position, float)
        + columns[:, None] * SPACING[1] * along_row
        + rows[:, None] * SPACING[0] * along_column
    )
    return found


@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_the_mask_lies_on_the_same_pixels_in_the_same_place(orientation: Sequence[float]) -> None:
    position, mask = (-100.5, 20.0, 50.25), asymmetric()
    (image,) = slices(orientation, [position])

    found = read_back(segmentation([image], outline(mask[None]), Origin(UUID(int=1), 1), 1))

    pixels = found.get_pixels_by_source_instance([image.SOPInstanceUID])[0, ..., 0]
    assert np.array_equal(pixels.astype(bool), mask)
    rows, columns = np.nonzero(found.get_stored_frame(1))
    to_patient = hd.spatial.ImageToReferenceTransformer.for_image(found, frame_number=1)
    # highdicom counts from the upper left corner of the image, half a pixel before the middle of the first one
    placed = to_patient(np.stack([columns + 0.5, rows + 0.5], axis=1).astype(float))
    assert np.allclose(placed, in_patient(orientation, position, *np.nonzero(mask)), atol=1e-3)
    assert found.FrameOfReferenceUID == image.FrameOfReferenceUID


@pytest.mark.parametrize("name", ["axial", "coronal", "sagittal"])
def test_a_series_has_a_frame_for_each_slice_with_a_pixel_in_its_own_place(name: str) -> None:
    orientation = ORIENTATIONS[name]
    normal = np.cross(orientation[:3], orientation[3:])
    positions = [np.array([-100.0, 20.0, 50.0]) + 4.0 * i * normal for i in range(3)]
    images = slices(orientation, [p.tolist() for p in positions])
    masks = np.stack([asymmetric(), np.zeros((ROWS, COLUMNS), bool), asymmetric()[:, ::-1]])

    found = read_back(segmentation(images, outline(masks), Origin(UUID(int=1), 1), 1))

    pixels = found.get_pixels_by_source_instance(
        [image.SOPInstanceUID for image in images], assert_missing_frames_are_empty=True
    )
    assert np.array_equal(pixels[..., 0].astype(bool), masks)
    assert found.NumberOfFrames == 2


def test_a_slice_of_unknown_thickness_has_a_segmentation_too() -> None:
    (image,) = slices(ORIENTATIONS["axial"], [(0, 0, 0)])
    del image.SliceThickness

    made = segmentation([image], outline(asymmetric()[None]), Origin(UUID(int=1), 1), 1)

    assert read_back(made).get_stored_frame(1).sum() == asymmetric().sum()
    assert "SliceThickness" not in image


@pytest.fixture
def reader(client: FlaskClient, auth: AuthActions) -> FlaskClient:
    auth.signup()
    return client


def study_of(
    app: Flask, reader: FlaskClient, models: Sequence[str] = (REGION, STATUS, LESION), **tags: Any
) -> str:
    """A study that came as DICOM and was read."""
    data = dicom_bytes(dicom_dataset(**PLACED | PATIENT | tags))
    uuid = uploaded(reader, data=data, models=list(models), patient_code="SIJ-0417", note="left ilium")
    finish(app, uuid, "Positive", "Early")
    return uuid


def unzipped(reader: FlaskClient, uuid: str) -> dict[str, bytes]:
    answer = reader.get(f"/studies/{uuid}/export-dicom.zip")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_the_stored_image_and_what_refers_to_it(app: Flask, reader: FlaskClient) -> None:
    uuid = study_of(app, reader)

    files = unzipped(reader, uuid)

    with app.app_context():
        stored = (study_folder(uuid) / last_reading(uuid).study.images[0].file).read_bytes()
    assert files["image.dcm"] == stored
    image, report = dcmread(io.BytesIO(stored)), dcmread(io.BytesIO(files["report.dcm"]))
    segs = {model: hd.seg.segread(io.BytesIO(files[f"seg-{model}.dcm"])) for model in (REGION, LESION)}
    for seg in segs.values():
        assert seg.StudyInstanceUID == image.StudyInstanceUID
        assert seg.FrameOfReferenceUID == image.FrameOfReferenceUID
        (frame,) = seg.PerFrameFunctionalGroupsSequence
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID) == (
            image.SOPClassUID,
            image.SOPInstanceUID,
        )
    mask = segs[LESION].get_pixels_by_source_instance([image.SOPInstanceUID])[0, ..., 0]
    assert np.array_equal(mask.astype(bool), outlined((ROWS, COLUMNS)))
    told = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence
    referenced = {item.ReferencedSOPInstanceUID for series in told for item in series.ReferencedSOPSequence}
    assert referenced == {image.SOPInstanceUID, *(seg.SOPInstanceUID for seg in segs.values())}


def test_the_segmentation_names_model_version_and_weights(app: Flask, reader: FlaskClient) -> None:
    files = unzipped(reader, study_of(app, reader))

    for model, name in ((REGION, "U-Net Lite0"), (LESION, "Lesion map")):
        (segment,) = dcmread(io.BytesIO(files[f"seg-{model}.dcm"])).SegmentSequence
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (name, "1.2.0")
        assert "a" * 64 in algorithm.AlgorithmParameters


def test_the_report_has_a_group_of_measurements_for_each_model(app: Flask, reader: FlaskClient) -> None:
    report = hd.sr.srread(io.BytesIO(unzipped(reader, study_of(app, reader))["report.dcm"]))

    content = report.content
    outlines = {group.tracking_identifier: group for group in content.get_planar_roi_measurement_groups()}
    (classified,) = content.get_image_measurement_groups()

    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert set(outlines) == {REGION, LESION}
    assert classified.tracking_identifier == STATUS
    (area,) = outlines[LESION].get_measurements(codes.SCT.Area)
    assert (area.value, area.unit.value) == (182.3, "mm2")
    said = {e.name.value: e.value.value for e in classified.get_qualitative_evaluations()}
    assert said == {"as_status": "Positive", "stage": "Early", "risk": "LOW", "notice": "research"}
    scores = {m.name.value: m.value for m in classified.get_measurements()}
    assert (scores["stage.Early"], scores["as_status.Positive"], scores["uncertainty"]) == (0.7, 0.7, 0.25)


def test_nothing_of_the_patient_is_in_the_archive(app: Flask, reader: FlaskClient) -> None:
    files = unzipped(reader, study_of(app, reader))

    secrets = ["Doe", "Jane", "HOSP-12345", "19500117", "20250203", "ACC-987", "North Clinic", "Roe"]
    secrets += ["SIJ-0417", "left ilium", "admin@clinic", PLACED["FrameOfReferenceUID"]]
    for name, data in files.items():
        assert [secret for secret in secrets if secret.encode() in data] == []
        if name.endswith(".dcm"):
            dataset = dcmread(io.BytesIO(data))
            assert (dataset.PatientName, dataset.PatientID, dataset.StudyDate) == ("", "", "")
            assert dataset.PatientIdentityRemoved == "YES"
            assert not {"1.2.3.4", "1.2.3.5", "1.2.3.6"} & {
                dataset.SOPInstanceUID,
                dataset.SeriesInstanceUID,
                dataset.StudyInstanceUID,
            }


def test_the_same_reading_is_the_same_archive(app: Flask, reader: FlaskClient) -> None:
    uuid = study_of(app, reader)

    assert unzipped(reader, uuid) == unzipped(reader, uuid)


def test_read_anyway_is_stamped_in_every_object(app: Flask, reader: FlaskClient) -> None:
    uuid = study_of(app, reader)
    with app.app_context():
        reading = last_reading(uuid)
        reading.anyway_reason, reading.anyway_by = "no other image", "admin@clinic.example"
        db.session.commit()

    files = unzipped(reader, uuid)

    report, seg = (dcmread(io.BytesIO(files[name])) for name in ("report.dcm", f"seg-{LESION}.dcm"))
    assert report.SeriesDescription.startswith("Outside validated input")
    assert seg.ContentDescription.startswith("Outside validated input")
    assert "Outside validated input." in files["README.txt"].decode()


def test_the_page_offers_dicom_where_there_is_any(app: Flask, reader: FlaskClient) -> None:
    with_mask, without = study_of(app, reader), study_of(app, reader, models=[STATUS])

    assert "export-dicom.zip" in reader.get(f"/studies/{with_mask}").text
    assert "export-dicom.zip" not in reader.get(f"/studies/{without}").text


@pytest.mark.parametrize(
    ("came_as", "said"),
    [
        ("PNG", "did not come as DICOM"),
        ("no mask", "No model outlined anything"),
        ("empty mask", "No model outlined anything"),
        ("no place", "does not say where the image lies"),
    ],
)
def test_where_there_is_no_dicom_a_sentence_says_why(
    app: Flask, reader: FlaskClient, came_as: str, said: str
) -> None:
    if came_as == "PNG":
        uuid = uploaded(reader, models=[LESION])
        finish(app, uuid)
    elif came_as == "no place":
        uuid = study_of(app, reader, FrameOfReferenceUID="")
    else:
        uuid = study_of(app, reader, models=[STATUS if came_as == "no mask" else LESION])
    if came_as == "empty mask":
        with app.app_context():
            (prediction,) = last_reading(uuid).predictions
            nothing = mask_png(np.zeros((ROWS, COLUMNS), dtype=bool))
            (study_folder(uuid) / prediction.files["lesion"]).write_bytes(nothing)

    answer = reader.get(f"/studies/{uuid}/export-dicom.zip")

    assert answer.status_code == 409
    assert said in answer.text
    assert "The report, the CSV and the JSON export have the same content." in answer.text
