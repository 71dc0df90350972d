"""Kidney CT: one of four labels for one slice (Islam et al. 2022, doi 10.1038/s41598-022-15634-4).

The first network is the published one (parameter count checked by a test).
"""

from ml.images.prepare import Preparation
from ml.tasks.spec import Definition, Head, ModelSpec, TaskSpec, Wording

# The training pictures were brought to 224 px by Lanczos and equalised so by whoever published the copy; a CT DICOM first
# gets the soft-tissue window.
PREPARATION = Preparation(
    size=224, fit="squash", grey="displayed", hounsfield=(40, 400), sampled=224, sampling="lanczos", clahe=4.0
)
HEATMAP = Definition(
    "Heatmap",
    "Where a change of the image would change this model’s score for the label shown (Grad-CAM). Unfocused: the whole image. "
    "It is not an outline of a finding.",
)
BLOCKS = "The data set has no patients, only about 85 blocks of neighbouring slices: figures are far less certain than n says."

SPEC = TaskSpec(
    key="kidney_ct",
    name="Kidney CT, four labels",
    modality="CT",
    heads=(Head("finding", "Finding", ("Cyst", "Normal", "Stone", "Tumor"), nothing="Normal"),),
    models=(
        ModelSpec(
            "mobilenet_v2", "MobileNetV2", "classification", "mobilenet_v2:mobilenet_v2", 96, 451_332, ("CT",)
        ),
        ModelSpec(
            "lite0_classifier",
            "EfficientNet-Lite0",
            "classification",
            "lite0_classifier:four_labels",
            224,
            3_418_154,
            ("CT",),
        ),
    ),
    region_model=None,
    default_model="lite0_classifier",
    preparation=PREPARATION,
    image_kinds=("CT",),
    protocol="grouped",
    wording=Wording(
        summary="Cyst, Normal, Stone or Tumor: the label of the CT series that one slice looks most like.",
        upload_hint="One axial or coronal CT slice that shows a kidney, as a picture or as a DICOM.",
        stopped=(
            "This does not look like a CT slice of the kidneys, so no model reads it. Check that the right image was chosen."
        ),
        definitions=(
            Definition(
                "Finding",
                "The label that a whole CT series carries in the data set: Cyst, Normal, Stone or Tumor. It was given to the "
                "series, not to the slice: on some slices of a labelled series no finding can be seen.",
            ),
            HEATMAP,
            Definition(
                "What it is not",
                "A score is no measurement of a lesion, and Normal does not exclude a stone: enhanced urine can hide it.",
            ),
        ),
        limits=(
            BLOCKS,
            "Normal and Tumor are mostly contrast-enhanced, Cyst and Stone mostly not: a model may have learned the phase.",
            "One region’s hospitals; four labels only: everything else a kidney can have gets one of them all the same.",
        ),
    ),
)
