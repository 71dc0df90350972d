"""A DICOM file rewritten to an allow-list: what describes the picture stays, who it shows goes.

PS3.15 Annex E is the yardstick, turned round: nothing is removed, a new data set is made of what is
allowed. Every value is rebuilt (numbers from numbers, words from a closed vocabulary), so that no text of
the sender survives.
"""

import hashlib
import hmac
import io
import uuid
from collections.abc import Mapping

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)
from pydicom.valuerep import DSfloat

from ml.images.dicom.frame import Slice
from ml.images.dicom.header import number, numbers, word, words
from ml.images.dicom.lut import lut_of
from ml.images.dicom.sequence import sequence_of
from ml.images.dicom.vocabulary import WORDS

# keyword -> how many numbers it holds
_NUMBERS: Mapping[str, int] = {
    "PixelSpacing": 2,
    "ImagerPixelSpacing": 2,
    "SliceThickness": 1,
    "SpacingBetweenSlices": 1,
    "SliceLocation": 1,
    "ImagePositionPatient": 3,
    "ImageOrientationPatient": 6,
    "EchoTime": 1,
    "RepetitionTime": 1,
    "InversionTime": 1,
    "MagneticFieldStrength": 1,
}

# present and empty, because classic image objects must have them (type 2)
_EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SeriesNumber",
    "InstanceNumber",
)

_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless, JPEG2000)

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")


def rewritten(slice_: Slice, key: bytes) -> bytes:
    """The slice as a new DICOM file (Explicit VR Little Endian) without identity.

    key: keys the hash that maps UIDs: the same UID becomes the same new one under the same key, and nobody
    without the key can link the two.
    """
    new = Dataset()
    _describe(slice_.header, new)
    _identify(slice_, new, key)
    _grey_scale(slice_.header, new)
    _pixels(slice_, new)
    new.file_meta = FileMetaDataset()
    new.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    new.file_meta.ImplementationVersionName = "SIDELIGHT"
    file = io.BytesIO()
    dcmwrite(file, new, enforce_file_format=True)
    return file.getvalue()


def mapped_uid(uid: str, key: bytes) -> str:
    """A UID under 2.25 made of the keyed hash (HMAC-SHA256) of another."""
    digest = hmac.new(key, uid.encode(), hashlib.sha256).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"


def _describe(header: Dataset, new: Dataset) -> None:
    for keyword, allowed in WORDS.items():
        known = [value for value in words(header, keyword) if value in allowed]
        if known:
            setattr(new, keyword, known if len(known) > 1 else known[0])
    for keyword, count in _NUMBERS.items():
        values = numbers(header, keyword, count)
        if values:
            setattr(new, keyword, _decimal(values))
    if header.file_meta.TransferSyntaxUID in _LOSSY:
        new.LossyImageCompression = "01"
    if sequence := sequence_of(header):
        # our own word: the description that it was read from is dropped
        new.SeriesDescription = sequence


def _identify(slice_: Slice, new: Dataset, key: bytes) -> None:
    for keyword in _EMPTY:
        setattr(new, keyword, "")
    for keyword in _UIDS:
        old = str(slice_.header.get(keyword) or "")
        if old or keyword != "FrameOfReferenceUID":
            setattr(new, keyword, mapped_uid(old or f"{keyword} {_digest(slice_)}", key))
    new.SOPClassUID = _object_class(slice_.header)
    new.PatientIdentityRemoved = "YES"
    new.DeidentificationMethod = "Rewritten to an allow-list by Sidelight"
    new.LongitudinalTemporalInformationModified = "REMOVED"


def _digest(slice_: Slice) -> str:
    return hashlib.sha256(slice_.stored.tobytes()).hexdigest()


def _object_class(header: Dataset) -> UID:
    """The sender's class where a single frame of it is what we write, else Secondary Capture."""
    uid = UID(str(header.get("SOPClassUID", "")))
    if "SharedFunctionalGroupsSequence" in header:
        return MRImageStorage if word(header, "Modality") == "MR" else SecondaryCaptureImageStorage
    known = not uid.is_private and uid.name != uid and uid.name.endswith("Image Storage")
    return uid if known else SecondaryCaptureImageStorage


def _grey_scale(header: Dataset, new: Dataset) -> None:
    if lut := lut_of(header, "ModalityLUTSequence"):
        new.ModalityLUTSequence = [_lut_item(lut.first, lut.bits, lut.entries)]
        new.ModalityLUTSequence[0].ModalityLUTType = "US"
    else:
        slope, intercept = number(header, "RescaleSlope"), number(header, "RescaleIntercept")
        if slope is not None or intercept is not None:
            new.RescaleSlope = _decimal((slope or 1.0,))
            new.RescaleIntercept = _decimal((intercept or 0.0,))
    if lut := lut_of(header, "VOILUTSequence"):
        new.VOILUTSequence = [_lut_item(lut.first, lut.bits, lut.entries)]
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    if centre is not None and width is not None and width > 0:
        new.WindowCenter, new.WindowWidth = _decimal((centre,)), _decimal((width,))


def _lut_item(first: int, bits: int, entries: np.ndarray) -> Dataset:
    item = Dataset()
    count = len(entries) % 2**16
    if first < 0:
        item.add_new("LUTDescriptor", "SS", [_signed(count), first, bits])
    else:
        item.add_new("LUTDescriptor", "US", [count, first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def _signed(count: int) -> int:
    return count - 2**16 if count >= 2**15 else count


def _pixels(slice_: Slice, new: Dataset) -> None:
    header, stored = slice_.header, slice_.stored
    new.Rows, new.Columns = stored.shape[:2]
    new.BitsAllocated = stored.dtype.itemsize * 8
    if stored.ndim == 3:
        new.SamplesPerPixel, new.PlanarConfiguration, new.PhotometricInterpretation = 3, 0, "RGB"
        new.BitsStored, new.PixelRepresentation = 8, 0
    else:
        new.SamplesPerPixel, new.PhotometricInterpretation = 1, header.PhotometricInterpretation
        new.BitsStored = min(int(header.BitsStored), new.BitsAllocated)
        new.PixelRepresentation = int(stored.dtype.kind == "i")
        padding = number(header, "PixelPaddingValue")
        if padding is not None and np.iinfo(stored.dtype).min <= padding <= np.iinfo(stored.dtype).max:
            new.add_new("PixelPaddingValue", "SS" if stored.dtype.kind == "i" else "US", int(padding))
    new.HighBit = new.BitsStored - 1
    data = np.ascontiguousarray(stored.astype(stored.dtype.newbyteorder("<"))).tobytes()
    new.add_new("PixelData", "OW" if new.BitsAllocated > 8 else "OB", data + b"\0" * (len(data) % 2))


def _decimal(values: tuple[float, ...]) -> DSfloat | list[DSfloat]:
    decimals = [DSfloat(value, auto_format=True) for value in values]
    return decimals if len(decimals) > 1 else decimals[0]
