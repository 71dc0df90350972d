"""What a model outlined as a DICOM Segmentation: on the pixels, in the place and in the orientation of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from webapp.exports.dicom.origin import MAKER, Origin, concept, date_by
from webapp.version import __version__

_NEEDED = ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


@dataclass(frozen=True)
class Outlined:
    """What one model outlined in a series.

    `kind` is region or lesion, `what` the word for it; `masks`: (N, H, W) bool, one an image; `description` stands in
    the object for whoever opens it.
    """

    model: str
    name: str
    version: str
    weights_sha256: str
    kind: str
    what: str
    masks: np.ndarray
    made_at: datetime
    description: str


def has_place(image: Dataset) -> bool:
    """Whether an image says where it lies in the patient, which a segmentation needs."""
    return all(image.get(keyword) for keyword in _NEEDED)


def segmentation(images: Sequence[Dataset], outlined: Outlined, origin: Origin, number: int) -> Segmentation:
    """A binary segmentation of one segment, a frame for each image with a pixel in it.

    Args:
        images: rewritten images of one series, in the order of the masks.
        number: counts the segmentations of an export from 1.
    """
    made = Segmentation(
        source_images=[_with_thickness(image) for image in images],
        pixel_array=outlined.masks.astype(np.uint8),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_described(outlined, origin)],
        series_instance_uid=origin.uid(f"series of {outlined.model}"),
        series_number=1000 + number,
        sop_instance_uid=origin.uid(f"segmentation of {outlined.model}"),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number="none",
        specific_character_set="ISO_IR 192",
        content_label=outlined.kind.upper(),
        content_description=outlined.description,
        series_description=f"{outlined.name} {outlined.version}"[:64],
    )
    _keep_uids(made, origin.uid(f"dimensions of {outlined.model}"))
    date_by(made, outlined.made_at)
    return made


def segment_type(kind: str, what: str) -> tuple[Code, Code | CodedConcept]:
    """Category and type of what is segmented."""
    if kind == "lesion":
        return codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Lesion
    return codes.SCT.SpatialAndRelationalConcept, concept("region", what)


def _described(outlined: Outlined, origin: Origin) -> SegmentDescription:
    category, kind = segment_type(outlined.kind, outlined.what)
    return SegmentDescription(
        segment_number=1,
        segment_label=outlined.what[:64],
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=outlined.name,
            family=codes.DCM.ArtificialIntelligence,
            version=outlined.version,
            source=MAKER,
            parameters={"weights_sha256": outlined.weights_sha256},
        ),
        tracking_uid=origin.uid(f"segment of {outlined.model}"),
        tracking_id=f"{outlined.model} {outlined.kind}",
    )


def _with_thickness(image: Dataset) -> Dataset:
    """The image, and where its slice is of unknown thickness, which no segmentation may be, as thick as a pixel is high."""
    if image.get("SliceThickness"):
        return image
    thick = Dataset()  # copy() would share the elements: what is stored says nothing of a thickness
    thick.update(image)
    thick.file_meta = image.file_meta
    thick.SliceThickness = image.PixelSpacing[0]
    return thick


def _keep_uids(made: Segmentation, uid: str) -> None:
    """The library makes up a new UID for the dimensions each time."""
    for item in (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid
