"""Bone radiographs: no tumour, a benign or a malignant one, and where (BTXRD, Yao et al. 2025, doi 10.1038/s41597-024-04311-y).

The first network is the published one (parameter count checked by a test).
"""

from ml.images.prepare import Preparation
from ml.tasks.spec import Definition, Head, ModelSpec, TaskSpec, Wording

SPEC = TaskSpec(
    key="bone_xray",
    name="Bone radiograph, tumour",
    modality="DX",
    heads=(
        Head(
            "tumour", "Bone tumour", ("Normal", "Benign", "Malignant"), positive="Malignant", nothing="Normal"
        ),
    ),
    models=(
        # Published at 224 px; trained on two cores at 160, where an epoch takes minutes. The weights fit any size.
        ModelSpec(
            "efficientnet_b0",
            "EfficientNet-B0",
            "classification",
            "efficientnet_b0:efficientnet_b0",
            160,
            4_053_414,
            ("bone radiograph",),
        ),
        ModelSpec(
            "lite0_classifier",
            "EfficientNet-Lite0",
            "classification",
            "lite0_classifier:three_labels",
            256,
            3_416_873,
            ("bone radiograph",),
        ),
        ModelSpec(
            "tumour_unet",
            "Tumour U-Net",
            "region",
            "lite0_unet:lite0_unet",
            256,
            3_870_327,
            ("bone radiograph",),
        ),
    ),
    region_model="tumour_unet",
    default_model="lite0_classifier",
    # The training pictures were squashed to a square by plain bilinear sampling, so uploads are, too.
    preparation=Preparation(size=224, fit="squash", grey="displayed", sampled=256),
    image_kinds=("bone radiograph",),
    symmetric=True,
    protocol="part_stratified",
    specificities=(0.957, 0.799),
    wording=Wording(
        summary="Normal, benign or malignant on one bone radiograph, and the area that looks like a tumour.",
        upload_hint="One whole radiograph of a limb, hip, shoulder or pelvis, as a picture or as a DICOM.",
        stopped=(
            "This does not look like a bone radiograph, so no model reads it. Check that the right image was chosen."
        ),
        definitions=(
            Definition(
                "Bone tumour",
                "Benign and Malignant mean: like radiographs of primary bone tumours of that kind in the data set. Normal: like "
                "those without a tumour; fractures, casts and prostheses occur among them.",
            ),
            Definition("Region", "The area that looks like what the data set’s readers outlined as tumour."),
            Definition(
                "Heatmap",
                "Where a change of the image would change this model’s score for the label shown (Grad-CAM). Focused: inside the "
                "tumour area found. It is not an outline of a tumour.",
            ),
            Definition(
                "What it is not",
                "No biopsy and no grading; metastases, myeloma and infections were not among what the models learned from.",
            ),
        ),
        limits=(
            "Image quality goes with the label in the first centre: expect clearly less on radiographs of other places.",
            "Small lesions (under one hundredth of the image) are often missed.",
            "307 malignant radiographs in all, most of them osteosarcoma.",
        ),
        region="the area that looks like a tumour",
    ),
)
