"""One zip: the rewritten image of a study, a SEG for each model that outlined something in it, one SR, and what they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

from pydicom import Dataset, dcmread, dcmwrite

from webapp.exports.content import Content, NotExported
from webapp.exports.data import notice
from webapp.exports.dicom.measurements import measurement_report
from webapp.exports.dicom.origin import origin_of
from webapp.exports.dicom.segmentation import Outlined, has_place, segmentation
from webapp.exports.masks import mask_of, stored_file
from webapp.version import __version__
from webapp.words import gettext as _


def dicom_zip(content: Content) -> bytes:
    """The archive. Raises NotExported where the study did not come as DICOM, or no model outlined anything."""
    image = _image(content)
    outlines = list(_outlines(content))
    if not outlines:
        raise NotExported(
            _("No model outlined anything on this image, so there is nothing to export as DICOM."),
            _elsewhere(),
        )
    origin = origin_of(content)
    made = {
        outlined.model: segmentation([image], outlined, origin, number)
        for number, outlined in enumerate(outlines, start=1)
    }
    files = {"README.txt": _readme(content, made).encode(), "image.dcm": _stored(content)}
    files |= {f"seg-{model}.dcm": _file(found) for model, found in made.items()}
    files["report.dcm"] = _file(measurement_report(content, image, made, origin))
    return _zipped(files)


def _image(content: Content) -> Dataset:
    """The image as it is stored, without identity. Raises NotExported."""
    if content.image.format != "DICOM":
        raise NotExported(
            _("This study did not come as DICOM, so DICOM objects have nothing to refer to."), _elsewhere()
        )
    image = dcmread(io.BytesIO(_stored(content)))
    if not has_place(image):
        raise NotExported(
            _(
                "This DICOM file does not say where the image lies in the patient (frame of reference, position, "
                "orientation, pixel spacing), which DICOM SEG needs."
            ),
            _elsewhere(),
        )
    return image


def _elsewhere() -> str:
    return _("The report, the CSV and the JSON export have the same content.")


def _stored(content: Content) -> bytes:
    return stored_file(content, content.image.file).read_bytes()


def _outlines(content: Content) -> Iterator[Outlined]:
    """What region and lesion models outlined themselves; a region that a classifier only used is its owner's."""
    stamped = content.reading.outside_validated_input
    for known in content.models:
        model, prediction = known.model, content.prediction(known.model.key)
        if prediction is None or prediction.state != "done" or model.kind not in ("region", "lesion"):
            continue
        mask = mask_of(content, model.key, model.kind)
        if mask is not None:
            yield Outlined(
                model=model.key,
                name=model.name,
                version=prediction.version,
                weights_sha256=prediction.weights_sha256 or "",
                kind=model.kind,
                what="Lesion" if model.kind == "lesion" else content.spec.wording.region,
                masks=mask[None],
                made_at=prediction.created_at,
                description="Outside validated input. Research use only" if stamped else "Research use only",
            )


def _readme(content: Content, made: dict[str, Dataset]) -> str:
    """What lies in the archive, in words."""
    lines = [
        "Sidelight " + __version__,
        notice(),
        *([_("Outside validated input.")] if content.reading.outside_validated_input else []),
        "",
        "image.dcm: " + _("the image without identity, as it was read"),
        "report.dcm: " + _("DICOM SR, Measurement Report (TID 1500): what each model says"),
    ]
    for known in content.models:
        prediction = content.prediction(known.model.key)
        name = f"{known.model.name} {known.version}"
        if known.model.key in made:
            lines.append(f"seg-{known.model.key}.dcm: " + _("DICOM SEG: what %(name)s outlined", name=name))
        elif prediction is not None and prediction.state != "done":
            lines.append(_("not in the archive: %(name)s gave no answer", name=name))
    return "\r\n".join(lines) + "\r\n"


def _file(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def _zipped(files: dict[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            # A fixed date: the archive is the same whenever it is made.
            opened.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
