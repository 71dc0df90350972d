"""Chest radiographs of children: normal or pneumonia (Kermany et al. 2018, doi 10.1016/j.cell.2018.02.010).

The first network is the published one (parameter count checked by a test).
"""

from ml.images.prepare import Preparation
from ml.tasks.spec import Definition, Head, ModelSpec, TaskSpec, Wording

SPEC = TaskSpec(
    key="chest_xray",
    name="Chest radiograph, pneumonia",
    modality="DX",
    heads=(Head("pneumonia", "Pneumonia", ("NORMAL", "PNEUMONIA"), positive="PNEUMONIA"),),
    models=(
        # Published at 224 px; trained on two cores at 128, where an epoch takes minutes. The weights fit any size.
        ModelSpec(
            "five_block_cnn",
            "Five-block CNN",
            "classification",
            "five_block_cnn:five_block_cnn",
            128,
            4_852_002,
            ("chest radiograph",),
        ),
        ModelSpec(
            "lite0_classifier",
            "EfficientNet-Lite0",
            "classification",
            "lite0_classifier:two_labels",
            224,
            3_415_592,
            ("chest radiograph",),
        ),
    ),
    region_model=None,
    default_model="lite0_classifier",
    # The training pictures were squashed to a square by plain bilinear sampling, so uploads are, too.
    preparation=Preparation(size=224, fit="squash", grey="displayed", sampled=224),
    image_kinds=("chest radiograph",),
    protocol="official",
    threshold_rule="sensitivity:0.9",
    wording=Wording(
        summary="Normal or pneumonia on one frontal chest radiograph of a child of one to five years.",
        upload_hint="One whole frontal radiograph, not cropped, as a picture or as a DICOM.",
        stopped=(
            "This does not look like a frontal chest radiograph, so no model reads it. Check that the right image was chosen."
        ),
        definitions=(
            Definition(
                "Pneumonia",
                "PNEUMONIA means: like the radiographs that two physicians labelled so (bacterial or viral). NORMAL: like those "
                "in which they saw none.",
            ),
            Definition(
                "Heatmap",
                "Where a change of the image would change this model’s score for the label shown (Grad-CAM). Marks on corners, "
                "letters or wires are a warning. It is not an outline of an infiltrate.",
            ),
            Definition(
                "What it is not",
                "No answer on other findings, on adults or on lateral views; it does not tell bacteria from viruses.",
            ),
        ),
        limits=(
            "Children of one to five years from one hospital. Not for adults.",
            "The official test images are harder than the training images: normal radiographs are called pneumonia too often.",
            "Letters, tubes, wires and borders go with the label in the training images.",
        ),
    ),
)
