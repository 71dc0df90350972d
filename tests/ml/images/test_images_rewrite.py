"""What is stored of a DICOM holds no identity, and still holds the picture."""

import io

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.sequence import Sequence

from ml.images.decode import decode, stored_form
from ml.images.dicom.rewrite import mapped_uid
from tests.ml.dicom_files import dicom_bytes, dicom_dataset

MARKER = "ZQXJANE"
PIXEL_GROUP = 0x0028

# values of these representations are texts that a sender chose
TEXTS = {
    "AE": 16,
    "CS": 16,
    "LO": 64,
    "LT": 100,
    "PN": 64,
    "SH": 16,
    "ST": 100,
    "UC": 100,
    "UR": 64,
    "UT": 100,
}


def identified() -> Dataset:
    """A slice with a marker in every element of text that the standard knows, nested ones and private ones too."""
    dataset = dicom_dataset()
    for target in (dataset, nested := Dataset()):
        for tag, (vr, multiplicity, _, retired, keyword) in DicomDictionary.items():
            if vr not in TEXTS or retired or not keyword or tag >> 16 in (0x0000, 0x0002, 0x0006):
                continue
            if keyword in ("PhotometricInterpretation", "SpecificCharacterSet"):
                continue
            target.add_new(tag, vr, MARKER if multiplicity == "1" or target is nested else [MARKER, MARKER])
    for keyword in ("ReferencedStudySequence", "RequestAttributesSequence", "OriginalAttributesSequence"):
        setattr(dataset, keyword, Sequence([nested]))
    dataset.private_block(0x0029, MARKER, create=True).add_new(0x01, "LO", MARKER)
    dataset.add_new(0x60003000, "OW", (MARKER * 20).encode())
    dataset.add_new(0x60004000, "LT", MARKER)
    for keyword, date in (
        ("PatientBirthDate", "19450312"),
        ("StudyDate", "20190704"),
        ("AcquisitionDateTime", "20190704"),
    ):
        setattr(dataset, keyword, date)
    dataset.StudyTime, dataset.PatientAge = "114207", "077Y"
    dataset.file_meta.SourceApplicationEntityTitle = MARKER
    dataset.file_meta.ImplementationVersionName = MARKER
    return dataset


@pytest.fixture(scope="module")
def stored() -> bytes:
    original = bytearray(dicom_bytes(identified()))
    original[:7] = MARKER.encode()
    return stored_form(bytes(original) + MARKER.encode() * 3, b"key").data


@pytest.mark.parametrize(
    "trace", [MARKER, "19450312", "20190704", "114207", "077Y", "1.2.3.4", "1.2.3.5", "1.2.3.6"]
)
def test_no_trace_of_the_identity_is_left_anywhere_in_the_bytes(stored: bytes, trace: str) -> None:
    assert trace.encode() not in stored
    assert trace.encode("utf-16-le") not in stored


def test_the_marker_was_there_before() -> None:
    data = dicom_bytes(identified())

    assert data.count(MARKER.encode()) > 1000


def test_the_picture_is_the_same(stored: bytes) -> None:
    assert (decode(stored).pixels == decode(dicom_bytes(identified())).pixels).all()


def test_only_elements_of_the_list_are_left(stored: bytes) -> None:
    left = {keyword_for_tag(element.tag) for element in dcmread(io.BytesIO(stored)).iterall()}

    assert left <= {
        *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"),
        *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID", "SeriesNumber"),
        *("InstanceNumber", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PixelSpacing"),
        *("PatientIdentityRemoved", "DeidentificationMethod", "LongitudinalTemporalInformationModified"),
        *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored"),
        *("HighBit", "PixelRepresentation", "PixelData", "Modality"),
    }


def test_what_must_be_there_and_is_unknown_is_empty(stored: bytes) -> None:
    dataset = dcmread(io.BytesIO(stored))

    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber"):
        assert not dataset[keyword].value
    assert dataset.PatientIdentityRemoved == "YES"
    assert dataset.DeidentificationMethod


def test_the_preamble_is_zeros_and_the_file_ends_with_the_picture(stored: bytes) -> None:
    assert stored[:128] == bytes(128)
    assert stored.endswith(decode(stored).pixels.tobytes()[-100:])


def test_what_describes_the_acquisition_stays() -> None:
    tags = {
        "SliceThickness": 3.3,
        "SpacingBetweenSlices": 3.6,
        "ImagePositionPatient": [-100, 12.5, 33],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
        "EchoTime": 65,
        "RepetitionTime": 4200,
        "InversionTime": 160,
        "MagneticFieldStrength": 1.5,
        "ScanningSequence": ["SE", "IR"],
        "BodyPartExamined": "SIJOINT",
        "ImageLaterality": "B",
        "WindowCenter": 300,
        "WindowWidth": 600,
    }

    kept = dcmread(io.BytesIO(stored_form(dicom_bytes(dicom_dataset(**tags)), b"key").data))

    for keyword, value in tags.items():
        assert kept[keyword].value == value


def test_equal_uids_stay_equal_under_one_key_and_no_other() -> None:
    one, two = dicom_dataset(), dicom_dataset(SOPInstanceUID="1.2.3.99")
    first, second = (dcmread(io.BytesIO(stored_form(dicom_bytes(each), b"key").data)) for each in (one, two))
    other = dcmread(io.BytesIO(stored_form(dicom_bytes(one), b"another key").data))

    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.StudyInstanceUID != other.StudyInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_a_mapped_uid_is_a_uid() -> None:
    from pydicom.uid import UID

    uid = UID(mapped_uid("1.2.840.113619.2.1", b"key"))

    assert uid.is_valid
    assert uid.startswith("2.25.")


def test_the_same_file_is_rewritten_to_the_same_bytes() -> None:
    data = dicom_bytes(dicom_dataset())

    assert stored_form(data, b"key").data == stored_form(data, b"key").data


def test_a_private_object_class_becomes_secondary_capture() -> None:
    data = dicom_bytes(dicom_dataset(SOPClassUID="1.2.840.113619.4.2"))

    kept = dcmread(io.BytesIO(stored_form(data, b"key").data))

    assert kept.SOPClassUID.name == "Secondary Capture Image Storage"


def test_lossy_compression_in_the_past_is_not_forgotten() -> None:
    from tests.ml.dicom_files import as_syntax

    kept = dcmread(io.BytesIO(stored_form(as_syntax(dicom_dataset(bits=8), "JPEG baseline"), b"key").data))

    assert kept.LossyImageCompression == "01"


def test_a_comment_inside_a_compressed_frame_is_gone() -> None:
    from PIL import Image
    from pydicom.encaps import encapsulate
    from pydicom.uid import JPEGBaseline8Bit

    dataset = dicom_dataset(bits=8)
    frame = io.BytesIO()
    pixels = np.frombuffer(dataset.PixelData, np.uint8).reshape(96, 80)
    Image.fromarray(pixels).save(frame, "JPEG", comment=MARKER)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([frame.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    data = dicom_bytes(dataset)

    assert MARKER.encode() in data
    assert MARKER.encode() not in stored_form(data, b"key").data
