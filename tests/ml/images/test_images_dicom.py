"""DICOM: every transfer syntax, depth and grey scale arrives as the values that the scanner stored."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from ml.images.decode import decode, stored_form
from ml.images.errors import NoPixelData, UndecodableImage, UnknownTransferSyntax, UnsupportedPixels
from tests.ml.bad_files import bad_file
from tests.ml.dicom_files import SYNTAXES, as_syntax, dicom_bytes, dicom_dataset, slice_values
from tests.phantoms import colour_photograph

# the decoders warn of what is wrong with the files, as they should
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LOSSLESS = [name for name in SYNTAXES if name != "JPEG baseline"]


def read(**tags: object):
    return decode(dicom_bytes(dicom_dataset(**tags)))


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize(("bits", "signed"), [(8, False), (12, False), (16, False), (12, True), (16, True)])
def test_a_lossless_transfer_syntax_gives_every_value(syntax: str, bits: int, signed: bool) -> None:
    values = slice_values(bits, signed).astype(int)

    image = decode(as_syntax(dicom_dataset(bits=bits, signed=signed), syntax))

    assert image.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert (image.pixels == values - min(0, values.min())).all()


def test_lossy_jpeg_comes_close() -> None:
    image = decode(as_syntax(dicom_dataset(bits=8), "JPEG baseline"))

    assert np.abs(image.pixels.astype(int) - slice_values(8)).mean() < 3


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_kept_shows_the_same_whatever_the_transfer_syntax(syntax: str) -> None:
    dataset = dicom_dataset(
        bits=8, PhotometricInterpretation="MONOCHROME1", RescaleSlope=2, RescaleIntercept=-5
    )

    stored = stored_form(as_syntax(dataset, syntax), b"key")
    again = decode(stored.data)

    assert stored.extension == ".dcm"
    assert (again.pixels == stored.image.pixels).all()
    assert (again.pixel_mm, again.rescale) == (stored.image.pixel_mm, stored.image.rescale)


@pytest.mark.parametrize("signed", [False, True])
def test_monochrome1_is_turned_so_that_bright_is_high(signed: bool) -> None:
    straight = read(signed=signed).pixels.astype(int)

    inverted = read(signed=signed, PhotometricInterpretation="MONOCHROME1").pixels.astype(int)

    assert (inverted == 4095 - straight).all()


def test_a_linear_rescale_keeps_full_depth_and_is_reported() -> None:
    image = read(RescaleSlope="0.001", RescaleIntercept="-1024")

    slope, intercept = image.rescale
    assert (image.pixels == slice_values()).all()
    assert np.allclose(image.pixels * slope + intercept, slice_values() * 0.001 - 1024)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("slope", [2.0, -2.0])
@pytest.mark.parametrize("signed", [False, True])
def test_the_reported_rescale_leads_back_to_the_modality_values(
    photometric: str, slope: float, signed: bool
) -> None:
    image = read(signed=signed, PhotometricInterpretation=photometric, RescaleSlope=slope, RescaleIntercept=7)

    found_slope, intercept = image.rescale
    modality = slice_values(signed=signed).astype(int) * slope + 7
    assert np.allclose(image.pixels * found_slope + intercept, modality)
    assert (found_slope > 0) == (photometric == "MONOCHROME2")


def test_a_narrow_linear_window_crushes_nothing_and_is_reported() -> None:
    image = read(WindowCenter=["1000", "40"], WindowWidth=["200", "400"], RescaleSlope=2, RescaleIntercept=0)

    assert (image.pixels == slice_values()).all()
    assert image.window == (450, 550)


def test_a_sigmoid_window_shapes_the_grey_scale() -> None:
    image = read(WindowCenter="2000", WindowWidth="1000", VOILUTFunction="SIGMOID")

    expected = 65535 / (1 + np.exp(-4 * (slice_values().astype(float) - 2000) / 1000))
    assert np.abs(image.pixels - expected).max() <= 0.5
    assert image.window is None


@pytest.mark.parametrize(("descriptor_bits", "first"), [(12, 0), (16, 100)])
def test_a_voi_table_is_looked_up(descriptor_bits: int, first: int) -> None:
    table = np.sqrt(np.linspace(0, 1, 4096)) * (2**descriptor_bits - 1)
    table = np.rint(table).astype(np.uint16)

    image = read(VOILUTSequence=[_table(table, first, descriptor_bits)])

    index = np.clip(slice_values().astype(int) - first, 0, 4095)
    assert (image.pixels == table[index]).all()


def test_a_table_of_8_bit_entries_may_be_longer_than_256() -> None:
    table = np.linspace(0, 255, 4096).astype(np.uint16)

    image = read(VOILUTSequence=[_table(table, 0, 8)])

    assert image.pixels.dtype == np.uint8
    assert (image.pixels == table[slice_values()]).all()


def test_a_modality_table_goes_before_the_voi_table() -> None:
    reverse = np.arange(4096, dtype=np.uint16)[::-1].copy()
    square = (np.arange(4096) ** 2 // 4096).astype(np.uint16)

    image = read(
        ModalityLUTSequence=[_table(reverse, 0, 12)],
        VOILUTSequence=[_table(square, 0, 12)],
        RescaleSlope=None,
        RescaleIntercept=None,
    )

    assert (image.pixels == square[reverse[slice_values()]]).all()


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_tables_are_kept_in_what_is_stored(sequence: str) -> None:
    table = (np.arange(4096) ** 2 // 4096).astype(np.uint16)
    dataset = dicom_dataset(signed=True, **{sequence: [_table(table, -2048, 12)]})

    stored = stored_form(dicom_bytes(dataset), b"key")

    assert (decode(stored.data).pixels == stored.image.pixels).all()
    assert len(np.unique(stored.image.pixels)) > 50


def test_a_table_shorter_than_it_says_is_refused() -> None:
    item = _table(np.arange(4096, dtype=np.uint16), 0, 12)
    item.LUTData = item.LUTData[:200]

    with pytest.raises(UndecodableImage):
        read(VOILUTSequence=[item])


def test_overlay_bits_above_the_stored_ones_are_cut_off() -> None:
    values = slice_values() | np.uint16(0xA000)

    dataset = dicom_dataset(values)

    stored = stored_form(dicom_bytes(dataset), b"key")
    assert (stored.image.pixels == slice_values()).all()
    assert (decode(stored.data).pixels == slice_values()).all()


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_compressed_picture_of_more_bits_than_its_header_says_loses_none(photometric: str) -> None:
    dataset = dicom_dataset(slice_values(14), bits=14)
    compressed = dcmread(io.BytesIO(as_syntax(dataset, "JPEG 2000")))
    compressed.BitsStored, compressed.HighBit, compressed.PhotometricInterpretation = 10, 9, photometric

    stored = stored_form(dicom_bytes(compressed), b"key")

    assert len(np.unique(stored.image.pixels)) == len(np.unique(slice_values(14)))
    assert (decode(stored.data).pixels == stored.image.pixels).all()


def test_padding_takes_the_darkest_value() -> None:
    values = slice_values(16).copy()
    values[:10] = 65535

    image = read(values=values, bits=16, PixelPaddingValue=65535)

    assert (image.pixels[:10] == values[10:].min()).all()
    assert (image.pixels[10:][values[10:] != 65535] == values[10:][values[10:] != 65535]).all()


def test_a_colour_dicom_gives_luma_and_says_so() -> None:
    photograph = colour_photograph(64)

    stored = stored_form(dicom_bytes(dicom_dataset(photograph, bits=8)), b"key")

    assert stored.image.colour
    assert (stored.image.pixels == np.asarray(Image.fromarray(photograph).convert("L"))).all()
    assert (decode(stored.data).pixels == stored.image.pixels).all()


def test_a_palette_dicom_is_looked_up() -> None:
    values = slice_values(8)
    dataset = dicom_dataset(values, bits=8, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        entries = (np.arange(256)[::-1] * 257).astype("<u2").tobytes()
        setattr(dataset, f"{colour}PaletteColorLookupTableData", entries)

    image = decode(dicom_bytes(dataset))

    assert not image.colour
    assert (image.pixels == 255 - values).all()


@pytest.mark.parametrize(
    ("tags", "sequence"),
    [
        ({"SeriesDescription": "STIR cor obl"}, "STIR"),
        ({"SeriesDescription": "t2_tirm_cor_p2"}, "STIR"),
        ({"ProtocolName": "SI joints T2STIR"}, "STIR"),
        ({"ScanningSequence": ["SE", "IR"], "InversionTime": "160"}, "STIR"),
        ({"ScanningSequence": ["SE", "IR"], "InversionTime": "2200"}, None),
        ({"InversionTime": "160"}, None),
        ({"SeriesDescription": "T1W_TSE_cor"}, "T1W"),
        ({"SeriesDescription": "t1_tse_cor"}, "T1W"),
        ({"ProtocolName": "COR T1"}, "T1W"),
        ({"SeriesDescription": "T1 FS post"}, None),
        ({"SeriesDescription": "T1rho map"}, None),
        ({"SeriesDescription": "T1 and STIR"}, None),
        ({"SeriesDescription": "Stirling, Robert"}, None),
        ({"SeriesDescription": "CT10 localiser"}, None),
        ({}, None),
    ],
)
def test_the_sequence_is_read_where_the_header_says_it(tags: dict, sequence: str | None) -> None:
    stored = stored_form(dicom_bytes(dicom_dataset(**tags)), b"key")

    assert stored.image.sequence == sequence
    assert decode(stored.data).sequence == sequence


def test_geometry_is_read_and_kept() -> None:
    dataset = dicom_dataset(ImageOrientationPatient=[1, 0, 0, 0, 0.5, -0.866025], Laterality="L")

    stored = stored_form(dicom_bytes(dataset), b"key")

    for image in (stored.image, decode(stored.data)):
        assert image.pixel_mm == (0.5, 0.75)
        assert image.orientation == "1\\0\\0\\0\\0.5\\-0.866025"
        assert image.laterality == "L"


@pytest.mark.parametrize("spacing", [[0, 0], ["0.5"], [-1, 1], []])
def test_a_pixel_spacing_that_cannot_be_is_unknown(spacing: list) -> None:
    assert read(PixelSpacing=spacing).pixel_mm is None


def test_an_enhanced_object_of_one_frame_is_read_with_its_functional_groups() -> None:
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.3, 0.4]
    shared.PixelMeasuresSequence = [measures]
    dataset = dicom_dataset(NumberOfFrames=1, SharedFunctionalGroupsSequence=[shared])
    del dataset.PixelSpacing

    stored = stored_form(dicom_bytes(dataset), b"key")

    assert stored.image.pixel_mm == (0.3, 0.4)
    assert decode(stored.data).pixel_mm == (0.3, 0.4)


def test_burned_in_text_is_warned_of() -> None:
    stored = stored_form(dicom_bytes(dicom_dataset(BurnedInAnnotation="YES")), b"key")

    assert "burned into the image" in stored.image.warnings[0]
    assert decode(stored.data).warnings == stored.image.warnings
    assert read(BurnedInAnnotation="NO").warnings == ()


@pytest.mark.parametrize("syntax", ["JPEG lossless", "JPEG-LS", "JPEG 2000", "JPEG baseline", "RLE"])
def test_a_compressed_picture_that_ends_too_early_is_refused(syntax: str) -> None:
    dataset = dicom_dataset(bits=8)
    data = as_syntax(dataset, syntax)

    with pytest.raises((UndecodableImage, NoPixelData)):
        decode(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("offset", "value"), [(6, 255), (15, 0)], ids=["kills by signal 11", "kills by abort"]
)
def test_a_damaged_lossless_jpeg_does_not_take_the_process_with_it(offset: int, value: int) -> None:
    data = bytearray(as_syntax(dicom_dataset(), "JPEG lossless"))
    data[data.index(b"\xff\xd8\xff") + offset] = value

    with pytest.raises(UndecodableImage):
        decode(bytes(data))


def test_a_codec_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.images.dicom.codec._SECONDS", 0.001)

    with pytest.raises(UndecodableImage):
        decode(as_syntax(dicom_dataset(), "JPEG-LS"))


def test_lossy_jpeg_of_12_bits_says_that_it_is_not_read() -> None:
    dataset = dicom_dataset(bits=12)
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.51"
    dataset.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    dataset["PixelData"].is_undefined_length = True

    with pytest.raises(UnsupportedPixels) as refusal:
        decode(dicom_bytes(dataset))

    assert "12 bits" in refusal.value.sentence


def test_an_unknown_transfer_syntax_is_named_but_only_if_it_is_one() -> None:
    data = bad_file("dicom with unknown transfer syntax")
    with pytest.raises(UnknownTransferSyntax) as named:
        decode(data)
    with pytest.raises(UnknownTransferSyntax) as unnamed:
        decode(data.replace(b"1.2.840.10008.1.2.4.102\0", b"<img src=x onerror=1>\0\0\0"))

    assert "1.2.840.10008.1.2.4.102" in named.value.sentence
    assert "<img" not in unnamed.value.sentence


def test_floating_point_pixels_are_refused_with_a_reason() -> None:
    dataset = dicom_dataset(FloatPixelData=np.zeros((96, 80), np.float32).tobytes())
    del dataset.PixelData

    with pytest.raises(UnsupportedPixels):
        decode(dicom_bytes(dataset))


def test_a_report_is_no_image() -> None:
    with pytest.raises(NoPixelData):
        decode(bad_file("dicom without pixel data"))


def test_baseline_colour_is_turned_to_rgb() -> None:
    photograph = colour_photograph(64)
    frame = io.BytesIO()
    Image.fromarray(photograph).save(frame, "JPEG", quality=95)
    dataset = dicom_dataset(photograph, bits=8, PhotometricInterpretation="YBR_FULL_422")
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([frame.getvalue()])
    dataset["PixelData"].is_undefined_length = True

    image = decode(dicom_bytes(dataset))

    assert image.colour
    expected = np.asarray(Image.fromarray(photograph).convert("L")).astype(int)
    assert np.abs(image.pixels - expected).mean() < 3


def test_the_dicom_libraries_are_not_loaded_before_a_dicom_comes() -> None:
    program = (
        "import sys, ml.images.decode, ml.images.prepare, ml.images.store\n"
        "print([name for name in ('pydicom', 'gdcm', 'cv2', 'tensorflow', 'keras') if name in sys.modules])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout.strip() == "[]"


def _table(entries: np.ndarray, first: int, bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item
