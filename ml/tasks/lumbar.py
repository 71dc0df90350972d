"""Lumbar MRI: the publication's own training protocol, for the comparison with its figures only.

Status and stage are computed from grey values (`ml.data.pixel_rules`), by no reading and of no disease, so the task is
offered to nobody and has no gate.
"""

from ml.images.prepare import Preparation
from ml.tasks.sij_mri import SPEC as _SACROILIAC
from ml.tasks.spec import Definition, ModelSpec, TaskSpec, Wording

SPEC = TaskSpec(
    key="lumbar",
    name="Lumbar MRI (published protocol)",
    modality="MR",
    heads=_SACROILIAC.heads,
    models=(
        ModelSpec(
            "attention_unet", "Attention U-Net", "region", "attention_unet:attention_unet", 128, 7_869_572, ()
        ),
        ModelSpec(
            "cnn_classifier",
            "CNN Classifier",
            "classification",
            "cnn_classifier:cnn_classifier",
            256,
            16_870_790,
            (),
        ),
        ModelSpec(
            "classifier_best",
            "Hybrid v1 (Transformer)",
            "classification",
            "hybrid_transformer:hybrid_transformer",
            256,
            16_197_551,
            (),
        ),
        ModelSpec(
            "hybrid_cnn_transformer",
            "Hybrid v2 (Dense)",
            "classification",
            "hybrid_dense:hybrid_dense",
            256,
            4_838_319,
            (),
        ),
    ),
    region_model="attention_unet",
    default_model="cnn_classifier",
    # The rule labels brightness, which a window by percentiles would take away: grey values run from darkest to brightest.
    preparation=Preparation(size=256, fit="pad", low=0.0, high=100.0),
    image_kinds=(),
    focus_box=_SACROILIAC.focus_box,
    offered=False,
    protocol="published",
    wording=Wording(
        summary="The published protocol on sagittal lumbar slices, repeated for the comparison. Not for any patient.",
        upload_hint="Nothing is uploaded for this task.",
        stopped="This task reads no uploads.",
        definitions=(
            Definition(
                "AS status",
                "Positive means: brightness, contrast and edges of the slice add up to a score in the upper 48 % of its data "
                "set. No radiologist read these slices, and no subject is known to have ankylosing spondylitis.",
            ),
            Definition(
                "Stage",
                "How high that score is: above 60 % of the data set Early, 70 % Moderate, 85 % Advanced.",
            ),
            Definition(
                "Region",
                "What each collection marked: vertebrae, discs and spinal canal in SPIDER, vertebral bodies elsewhere.",
            ),
        ),
        limits=("The labels follow scanner and collection, not disease.",),
        region="the anatomy that each collection marked",
    ),
)
