"""What the models say of a study as a DICOM SR, Measurement Report (TID 1500): a group of measurements a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    DeviceObserverIdentifyingAttributes,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    ReferencedSegmentationFrame,
    SourceImageForMeasurementGroup,
    SourceImageForSegmentation,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from ml.tasks import TaskSpec
from webapp.exports.content import Content
from webapp.exports.dicom.origin import MAKER, SCHEMES, Origin, concept, date_by
from webapp.exports.dicom.segmentation import segment_type
from webapp.readings.tables import Prediction
from webapp.version import __version__

_SHARES = {
    "share_of_region": "Share of the region",
    "near_joint_share": "Share near the joints, by a rough rule",
    "burden": "Lesion burden",
}


def measurement_report(
    content: Content, image: Dataset, segmentations: Mapping[str, Dataset], origin: Origin
) -> ComprehensiveSR:
    """Every prediction that came to an end, with its model and version.

    Args:
        image: the rewritten image that was read.
        segmentations: model key to the segmentation of what it outlined.
    """
    spec = content.spec
    groups = [
        _group(content, prediction, image, segmentations.get(known.model.key), origin)
        for known in content.models
        if (prediction := content.prediction(known.model.key)) and prediction.state == "done"
    ]
    report = MeasurementReport(
        observation_context=ObservationContext(
            observer_device_context=ObserverContext(
                codes.DCM.Device,
                DeviceObserverIdentifyingAttributes(
                    uid=origin.uid("device"), name=MAKER, manufacturer_name=MAKER, model_name=__version__
                ),
            )
        ),
        procedure_reported=concept(spec.key, spec.name),
        imaging_measurements=groups,
    )
    made = ComprehensiveSR(
        evidence=[image, *segmentations.values()],
        content=report,
        series_instance_uid=origin.uid("series of report"),
        series_number=2000,
        sop_instance_uid=origin.uid("report"),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions=__version__,
        device_serial_number="none",
        specific_character_set="ISO_IR 192",
        series_description=_description(content),
        coding_schemes=SCHEMES,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )
    date_by(made, content.reading.ended_at or content.made_at)
    return made


def _description(content: Content) -> str:
    if content.reading.outside_validated_input:
        return "Outside validated input. Research use only"
    return "Research use only. Not a medical device"


def _group(
    content: Content, prediction: Prediction, image: Dataset, segmented: Dataset | None, origin: Origin
) -> MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations:
    spec = content.spec
    model = spec.model(prediction.model)
    said = {
        "tracking_identifier": TrackingIdentifier(origin.uid(f"group of {model.key}"), model.key),
        "algorithm_id": AlgorithmIdentification(
            name=model.name,
            version=prediction.version,
            parameters=[f"weights_sha256 {prediction.weights_sha256}"],
            manufacturer=MAKER,
        ),
        "measurements": list(_measurements(prediction, spec)),
        "qualitative_evaluations": list(_evaluations(content, prediction)),
    }
    if segmented is None:
        source = SourceImageForMeasurementGroup.from_source_image(image)
        return MeasurementsAndQualitativeEvaluations(source_images=[source], **said)
    category, kind = segment_type(model.kind, spec.wording.region)
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_segment=ReferencedSegmentationFrame(
            segmented.SOPClassUID,
            segmented.SOPInstanceUID,
            frame_number=1,
            segment_number=1,
            source_image=SourceImageForSegmentation.from_source_image(image),
        ),
        finding_category=category,
        finding_type=kind,
        **said,
    )


def _measurements(prediction: Prediction, spec: TaskSpec) -> Iterator[Measurement]:
    lesion = prediction.lesion or {}
    area = lesion.get("area_mm2") if lesion else prediction.area_mm2
    if area is not None:
        yield Measurement(codes.SCT.Area, float(area), codes.UCUM.SquareMillimeter)
    for name, meaning in _SHARES.items():
        if lesion.get(name) is not None:
            yield _pure(concept(name, meaning), float(lesion[name] or 0.0))
    for head in spec.heads:
        for label, score in prediction.scores.get(head.key, {}).items():
            yield _pure(concept(f"{head.key}.{label}", f"Score: {head.name} {label}"), score)
    if prediction.uncertainty is not None:
        yield _pure(concept("uncertainty", "Uncertainty: entropy of the scores"), prediction.uncertainty)


def _pure(name: CodedConcept, value: float) -> Measurement:
    return Measurement(name, value, codes.UCUM.NoUnits)


def _evaluations(content: Content, prediction: Prediction) -> Iterator[QualitativeEvaluation]:
    for head in content.spec.heads:
        label = prediction.labels.get(head.key)
        if label:
            yield QualitativeEvaluation(concept(head.key, head.name), concept(label, label))
    if prediction.risk:
        risk = concept(prediction.risk, prediction.risk)
        yield QualitativeEvaluation(concept("risk", "Risk of error"), risk)
    for value, meaning in _notices(content):
        yield QualitativeEvaluation(concept("notice", "Notice"), concept(value, meaning))


def _notices(content: Content) -> Sequence[tuple[str, str]]:
    research = ("research", "Research use only. Not a medical device. Not for diagnosis.")
    outside = ("outside", "Outside validated input")
    return (research, outside) if content.reading.outside_validated_input else (research,)
