"""Kidney stone on CT: stone or no stone on one slice. Data and preparation are those of `kidney_ct`.

The first network is the published one (parameter count checked by a test).
"""

from ml.tasks.kidney_ct import BLOCKS, PREPARATION
from ml.tasks.spec import Definition, Head, ModelSpec, TaskSpec, Wording

SPEC = TaskSpec(
    key="kidney_stone",
    name="Kidney stone on CT",
    modality="CT",
    heads=(Head("stone", "Kidney stone", ("No stone", "Stone"), positive="Stone"),),
    models=(
        # Published at 224 px; trained on two cores at 128. The weights fit any size.
        ModelSpec(
            "efficientnet_b4",
            "EfficientNet-B4",
            "classification",
            "efficientnet_b4:efficientnet_b4",
            128,
            18_600_033,
            ("CT",),
        ),
        ModelSpec(
            "lite0_classifier",
            "EfficientNet-Lite0",
            "classification",
            "lite0_classifier:two_labels",
            224,
            3_415_592,
            ("CT",),
        ),
    ),
    region_model=None,
    default_model="lite0_classifier",
    preparation=PREPARATION,
    image_kinds=("CT",),
    protocol="grouped",
    threshold_rule="f2",
    heatmap="grad_cam_plus_plus",
    wording=Wording(
        summary="Whether one CT slice looks like the series of a patient with a kidney stone.",
        upload_hint="One axial or coronal CT slice that shows a kidney, best without contrast, as a picture or as a DICOM.",
        stopped=(
            "This does not look like a CT slice of the kidneys, so no model reads it. Check that the right image was chosen."
        ),
        definitions=(
            Definition(
                "Kidney stone",
                "Stone means: the slice is like those of CT series labelled Stone. No stone: like those labelled Cyst, Normal or "
                "Tumor. The label was given to the series: on some slices of a Stone series no stone can be seen.",
            ),
            Definition(
                "Heatmap",
                "Where a change of the image would change this model’s score for the label shown (Grad-CAM++, which also marks "
                "several small places). Unfocused: the whole image. It is not an outline of a stone.",
            ),
            Definition(
                "What it is not",
                "A search for stones: number, size and place are not given, and No stone does not exclude one.",
            ),
        ),
        limits=(
            BLOCKS,
            "Stone series are mostly unenhanced, others mostly enhanced: a model may have learned the contrast phase.",
            "The threshold favours finding stones over avoiding false alarms (F2).",
        ),
    ),
)
