"""DICOM files of drawn slices, in every transfer syntax that is read."""

import io
import tempfile
import zlib
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from PIL import Image
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    MRImageStorage,
    RLELossless,
)

from tests.phantoms import sacroiliac_slice

ROWS, COLUMNS = 96, 80

SYNTAXES: dict[str, UID] = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "RLE": RLELossless,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG baseline": JPEGBaseline8Bit,
}


def slice_values(bits: int = 12, signed: bool = False) -> np.ndarray:
    """A drawn slice, (96, 80), over the whole range of `bits`."""
    drawn = sacroiliac_slice(ROWS)[:, 8 : 8 + COLUMNS].astype(np.float64)
    drawn = np.rint((drawn - drawn.min()) / (drawn.max() - drawn.min()) * (2**bits - 1)).astype(np.int64)
    if signed:
        return (drawn - 2 ** (bits - 1)).astype(np.int8 if bits <= 8 else np.int16)
    return drawn.astype(np.uint8 if bits <= 8 else np.uint16)


def dicom_dataset(
    values: np.ndarray | None = None, bits: int = 12, signed: bool = False, **tags: Any
) -> Dataset:
    """An MR slice in memory, Explicit VR Little Endian; `tags` by keyword are set last."""
    values = slice_values(bits, signed) if values is None else values
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID = (
        "1.2.3.4",
        "1.2.3.5",
        "1.2.3.6",
    )
    dataset.Modality = "MR"
    dataset.PixelSpacing = [0.5, 0.75]
    dataset.Rows, dataset.Columns = values.shape[:2]
    dataset.SamplesPerPixel = 1 if values.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if values.ndim == 2 else "RGB"
    if values.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = values.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(values.dtype.kind == "i")
    dataset.add_new("PixelData", "OW" if values.dtype.itemsize > 1 else "OB", values.tobytes())
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def dicom_bytes(dataset: Dataset) -> bytes:
    """The data set as a DICOM file in the transfer syntax that its `file_meta` names."""
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def as_syntax(dataset: Dataset, name: str) -> bytes:
    """The uncompressed data set as a file in the transfer syntax `name` of SYNTAXES."""
    syntax = SYNTAXES[name]
    if name in ("implicit", "explicit", "deflated"):
        dataset.file_meta.TransferSyntaxUID = syntax
        return dicom_bytes(dataset)
    if name == "big endian":
        return _big_endian(dataset)
    if name == "JPEG baseline":
        return _baseline(dataset)
    if name in ("RLE", "JPEG-LS"):
        dataset.compress(syntax, generate_instance_uid=False)
        return dicom_bytes(dataset)
    return _by_gdcm(dataset, name)


def uncommon_syntax() -> bytes:
    """A slice that says a video codec made it."""
    dataset = dicom_dataset()
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.102")
    dataset.PixelData = encapsulate([bytes(100)])
    dataset["PixelData"].is_undefined_length = True
    return dicom_bytes(dataset)


def deflated_bomb(zeros: int = 400_000_000) -> bytes:
    """A file of the deflated transfer syntax that is small and inflates to `zeros` bytes."""
    dataset = dicom_dataset()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.PixelData = b""
    whole = dicom_bytes(dataset)
    start = 144 + dcmread(io.BytesIO(whole)).file_meta.FileMetaInformationGroupLength
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(zlib.decompress(whole[start:], -zlib.MAX_WBITS)) + packer.flush(
        zlib.Z_FULL_FLUSH
    )
    block = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return whole[:start] + packed + block * (zeros // 10_000_000) + packer.flush()


def _big_endian(dataset: Dataset) -> bytes:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if dataset.BitsAllocated == 16:
        dataset["PixelData"].value = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    return dicom_bytes(dataset)


def _baseline(dataset: Dataset) -> bytes:
    pixels = np.frombuffer(dataset.PixelData, np.uint8).reshape(dataset.Rows, dataset.Columns)
    frame = io.BytesIO()
    Image.fromarray(pixels).save(frame, "JPEG", quality=95)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([frame.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    return dicom_bytes(dataset)


def _by_gdcm(dataset: Dataset, name: str) -> bytes:
    kinds = {
        "JPEG lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        "JPEG 2000": gdcm.TransferSyntax.JPEG2000Lossless,
    }
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder, "plain.dcm"), Path(folder, "packed.dcm")
        plain.write_bytes(dicom_bytes(dataset))
        reader = gdcm.ImageReader()
        reader.SetFileName(str(plain))
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(kinds[name]))
        writer = gdcm.ImageWriter()
        writer.SetFileName(str(packed))
        assert reader.Read()
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return packed.read_bytes()
