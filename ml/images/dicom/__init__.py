"""The door to DICOM: a file in, its slices out, and the same slices without identity."""

from collections.abc import Iterator

from ml.images.decode import DecodedImage
from ml.images.dicom.frame import Slice, open_slice, open_slices
from ml.images.dicom.grey import Grey, grey_of
from ml.images.dicom.header import laterality, orientation, pixel_mm, place_of, word
from ml.images.dicom.rewrite import rewritten
from ml.images.dicom.sequence import sequence_of
from ml.images.errors import ImageError, Limits, UndecodableImage
from ml.images.raster import is_colour, luma
from ml.images.stacks import Place

_BURNED_IN = (
    "The file says that text is burned into the image. It may name the patient; it is shown as it is, "
    "and networks may take it for anatomy."
)


def decode_dicom(data: bytes, limits: Limits) -> DecodedImage:
    """The slice of a DICOM file of one frame. Raises ImageError."""
    return _image(open_slice(data, limits))


def rewrite_dicom(data: bytes, key: bytes, limits: Limits) -> Iterator[tuple[bytes, DecodedImage, Place]]:
    """Each frame as a file without identity (UIDs mapped by a hash under `key`), its slice, and where that belongs.

    Raises ImageError.
    """
    for slice_ in open_slices(data, limits):
        image = _image(slice_)
        try:
            file = rewritten(slice_, key)
        except Exception as error:
            # a header may contradict itself in more ways than can be listed
            raise UndecodableImage("DICOM", "its header contradicts itself") from error
        rows, columns = image.pixels.shape
        yield file, image, place_of(slice_.header, (rows, columns))


def _image(slice_: Slice) -> DecodedImage:
    header = slice_.header
    coloured = slice_.stored.ndim == 3
    try:
        grey = Grey(luma(slice_.stored)) if coloured else grey_of(header, slice_.stored)
        return DecodedImage(
            pixels=grey.pixels,
            format="DICOM",
            pixel_mm=pixel_mm(header),
            sequence=sequence_of(header),
            orientation=orientation(header),
            laterality=laterality(header),
            colour=coloured and is_colour(slice_.stored),
            warnings=(_BURNED_IN,) if word(header, "BurnedInAnnotation") == "YES" else (),
            window=grey.window,
            rescale=grey.rescale,
            modality=word(header, "Modality") or None,
        )
    except ImageError:
        raise
    except Exception as error:
        # as above: tables and numbers that do not fit each other
        raise UndecodableImage("DICOM", "its header contradicts itself") from error
