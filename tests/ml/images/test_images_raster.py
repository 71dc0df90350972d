"""PNG, JPEG, TIFF and WebP: what a picture shows arrives, what surrounds it does not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from ml.images.decode import decode, format_of, stored_form
from ml.images.errors import UnsupportedPixels
from tests.ml.bad_files import encoded
from tests.phantoms import colour_photograph, noise, sacroiliac_slice

SLICE = sacroiliac_slice(96)
DEEP = SLICE.astype(np.uint16) * 257


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("pixels", [SLICE, DEEP], ids=["8 bit", "16 bit"])
def test_grey_of_8_and_16_bits_keeps_every_value(format: str, pixels: np.ndarray) -> None:
    image = decode(encoded(pixels, format))

    assert image.format == format
    assert image.pixels.dtype == pixels.dtype
    assert (image.pixels == pixels).all()


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits"])
def test_compressed_tiff_is_read(compression: str) -> None:
    assert (decode(encoded(DEEP, "TIFF", compression=compression)).pixels == DEEP).all()


def test_big_endian_tiff_of_16_bits_is_read() -> None:
    file = io.BytesIO()
    Image.frombytes("I;16B", (96, 96), DEEP.astype(">u2").tobytes()).save(file, "TIFF")

    assert (decode(file.getvalue()).pixels == DEEP).all()


@pytest.mark.parametrize(("format", "most"), [("JPEG", 12), ("WEBP", 12)])
def test_lossy_formats_come_close(format: str, most: int) -> None:
    difference = decode(encoded(SLICE, format, quality=95)).pixels.astype(int) - SLICE

    assert np.abs(difference).mean() < most / 4


def test_content_decides_and_not_the_name() -> None:
    assert format_of(encoded(SLICE, "JPEG")) == "JPEG"
    assert format_of(encoded(SLICE, "WEBP")) == "WebP"


def test_grey_saved_as_rgb_is_no_colour() -> None:
    image = decode(encoded(np.dstack([SLICE] * 3), "PNG"))

    assert not image.colour
    assert (image.pixels == SLICE).all()


def test_grey_saved_as_16_bit_rgb_keeps_16_bits() -> None:
    _, data = cv2.imencode(".png", np.dstack([DEEP + 1] * 3))

    image = decode(data.tobytes())

    assert not image.colour
    assert (image.pixels == DEEP + 1).all()


def test_colour_of_16_bits_is_read_as_colour() -> None:
    _, data = cv2.imencode(".png", colour_photograph(64)[..., ::-1].astype(np.uint16) * 257)

    image = decode(data.tobytes())

    assert image.colour
    assert np.abs(image.pixels.astype(int) - decode(encoded(colour_photograph(64), "PNG")).pixels).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_colour_jpeg_says_that_it_is_coloured(mode: str) -> None:
    file = io.BytesIO()
    Image.fromarray(colour_photograph()).convert(mode).save(file, "JPEG")

    assert decode(file.getvalue()).colour


def test_a_small_coloured_mark_does_not_make_a_photograph() -> None:
    pixels = np.dstack([SLICE] * 3)
    pixels[:6, :6] = (255, 200, 0)

    assert not decode(encoded(pixels, "PNG")).colour


def test_a_palette_is_looked_up() -> None:
    file = io.BytesIO()
    Image.fromarray(SLICE).convert("RGB").quantize(256).save(file, "PNG")

    assert np.abs(decode(file.getvalue()).pixels.astype(int) - SLICE).mean() < 4


def test_transparent_becomes_black() -> None:
    pixels = np.dstack([SLICE, np.full_like(SLICE, 255)])
    pixels[:20, :, 1] = 0

    image = decode(encoded(pixels, "PNG"))

    assert (image.pixels[:20] == 0).all()
    assert (image.pixels[20:] == SLICE[20:]).all()


def test_one_bit_becomes_black_and_white() -> None:
    bits = SLICE > 90

    assert (decode(encoded(bits, "PNG")).pixels == bits * 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_and_dropped(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "Jane Doe"
    tall = sacroiliac_slice(128)[:, 20:100]
    turned = {
        1: tall,
        2: tall[:, ::-1],
        3: tall[::-1, ::-1],
        4: tall[::-1],
        5: tall.T,
        6: np.rot90(tall, -1),
        7: np.rot90(tall, 2).T,
        8: np.rot90(tall),
    }[orientation]

    stored = stored_form(encoded(tall, "PNG", exif=exif), b"key")

    assert (stored.image.pixels == turned).all()
    assert b"Jane" not in stored.data
    assert (decode(stored.data).pixels == turned).all()


def test_float_tiff_is_scaled_to_16_bits() -> None:
    values = np.linspace(-1.5, 2.5, 64 * 64).reshape(64, 64).astype(np.float32)

    pixels = decode(encoded(values, "TIFF")).pixels

    assert pixels.dtype == np.uint16
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 65535)
    assert np.allclose(pixels / 65535 * 4 - 1.5, values, atol=1e-4)


def test_float_tiff_with_holes_is_refused() -> None:
    values = np.ones((64, 64), np.float32)
    values[3, 3] = np.nan

    with pytest.raises(UnsupportedPixels):
        decode(encoded(values, "TIFF"))


def test_integers_of_32_bits_that_fit_keep_their_value() -> None:
    values = np.arange(64 * 64, dtype=np.int32).reshape(64, 64) - 100

    assert (decode(encoded(values, "TIFF")).pixels == values + 100).all()


@pytest.mark.parametrize(
    "pixels", [SLICE, DEEP, colour_photograph(64), noise(40)], ids=["8", "16", "colour", "noise"]
)
def test_what_is_kept_decodes_to_the_same_pixels(pixels: np.ndarray) -> None:
    stored = stored_form(encoded(pixels, "TIFF" if pixels.dtype == np.uint16 else "WEBP"), b"key")

    again = decode(stored.data)

    assert stored.extension == ".png"
    assert (again.pixels == stored.image.pixels).all()
    assert again.colour == stored.image.colour


def test_text_chunks_of_a_png_are_dropped() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Patient", "Jane Doe")
    info.add_itxt("Comment", "Jane Doe", zip=True)

    assert b"Jane" not in stored_form(encoded(SLICE, "PNG", pnginfo=info), b"key").data
