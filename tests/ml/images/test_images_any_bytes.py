"""Whatever comes, `stored_form` answers with an image or with an ImageError."""

import functools

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ml.images.decode import decode, stored_form
from ml.images.errors import ImageError, Limits
from tests.ml.bad_files import encoded
from tests.ml.dicom_files import as_syntax, dicom_dataset
from tests.phantoms import colour_photograph, sacroiliac_slice

# the decoders warn of what is wrong with the files, as they should
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

# JPEG-LS and lossless JPEG start a process each time: they have tests of their own
STARTS = ["PNG", "JPEG", "TIFF", "WEBP", "colour PNG", "explicit", "implicit", "deflated", "RLE", "JPEG 2000"]

edits = st.lists(
    st.tuples(st.sampled_from(["set", "cut", "insert"]), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    max_size=8,
)


@functools.cache
def start(name: str) -> bytes:
    if name == "colour PNG":
        return encoded(colour_photograph(48), "PNG")
    if name in ("PNG", "JPEG", "TIFF", "WEBP"):
        return encoded(sacroiliac_slice(48), name)
    return as_syntax(dicom_dataset(SeriesDescription="STIR", WindowCenter=9, WindowWidth=9), name)


def edited(data: bytes, changes: list) -> bytes:
    whole = bytearray(data)
    for kind, place, content in changes:
        at = int(place * (len(whole) - 1))
        end = {"set": at + len(content), "cut": at + 4 * len(content), "insert": at}[kind]
        whole[at:end] = b"" if kind == "cut" else content
    return bytes(whole)


def answers(data: bytes) -> None:
    try:
        stored = stored_form(data, b"key", Limits(max_pixels=4_000_000))
    except ImageError:
        return
    assert stored.image.pixels.ndim == 2
    assert (decode(stored.data).pixels == stored.image.pixels).all()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(STARTS), edits)
def test_a_damaged_file_is_read_or_refused(name: str, changes: list) -> None:
    answers(edited(start(name), changes))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"RIFF\0\0\0\0WEBP", bytes(128) + b"DICM"]
    ),
    st.binary(max_size=300),
)
@example(b"\x89PNG\r\n\x1a\n", b"\0\0\0\rIHDR")
@example(b"RIFF\0\0\0\0WEBP", b"VP8X")
def test_any_bytes_are_read_or_refused(magic: bytes, rest: bytes) -> None:
    answers(magic + rest)
