"""Sacroiliac-joint MRI: joint region, AS status and stage of one slice.

The five networks are those of the published system (parameter counts checked by a test); labels and definitions are those
of two radiologists' readings of STIR slices (Hepburn et al., arXiv 2106.11343).
"""

from ml.images.prepare import Preparation
from ml.tasks.spec import Definition, Head, ModelSpec, TaskSpec, Wording

_STIR_ONLY = (
    "This looks like a T1 slice. Active inflammation shows on STIR slices only, so this model gives no status and no stage. "
    "Upload the STIR slice of the same position."
)
_REGION = ("STIR", "T1W")
_STATUS = ("STIR",)

SPEC = TaskSpec(
    key="sij_mri",
    name="Sacroiliac-joint MRI",
    modality="MR",
    heads=(
        Head("as_status", "AS status", ("Negative", "Positive"), positive="Positive"),
        Head("stage", "Stage", ("Normal", "Early", "Moderate", "Advanced"), ordinal=True),
    ),
    models=(
        # Published at 256 px. The network sees 103 px around a pixel, so at 128 it sees most of the pelvis, for a quarter
        # of the cost. A run at 256 was cut off after two epochs, behind on the validation patients: no fair comparison yet.
        ModelSpec(
            "unet_best", "U-Net Best", "region", "attention_unet:attention_unet", 128, 7_869_572, _REGION
        ),
        ModelSpec("lite0_unet", "U-Net Lite0", "region", "lite0_unet:lite0_unet", 256, 3_870_327, _REGION),
        ModelSpec(
            "attention_unet",
            "Attention U-Net",
            "region",
            "attention_unet:attention_unet",
            128,
            7_869_572,
            _REGION,
        ),
        ModelSpec(
            "cnn_classifier",
            "CNN Classifier",
            "classification",
            "cnn_classifier:cnn_classifier",
            256,
            16_870_790,
            _STATUS,
            _STIR_ONLY,
        ),
        ModelSpec(
            "classifier_best",
            "Hybrid v1 (Transformer)",
            "classification",
            "hybrid_transformer:hybrid_transformer",
            256,
            16_197_551,
            _STATUS,
            _STIR_ONLY,
            sees="lesion_map",
        ),
        ModelSpec(
            "hybrid_cnn_transformer",
            "Hybrid v2 (Dense)",
            "classification",
            "hybrid_dense:hybrid_dense",
            256,
            4_838_319,
            _STATUS,
            _STIR_ONLY,
            sees="lesion_map",
        ),
        ModelSpec(
            "lesion_mlp", "Lesion map", "lesion", "lesion_mlp:lesion_mlp", 336, 2607, _STATUS, _STIR_ONLY
        ),
    ),
    region_model="lite0_unet",
    default_model="lesion_mlp",
    preparation=Preparation(size=256, fit="pad"),
    image_kinds=_REGION,
    focus_box=(0.5, 0.9, 0.3, 0.7),
    symmetric=True,
    wording=Wording(
        summary="Joint region, AS status and stage of one oblique coronal slice of the sacroiliac joints.",
        upload_hint="One STIR slice gives region, status and stage; one T1 slice gives the region only.",
        stopped=(
            "This does not look like an MRI slice of the sacroiliac joints, so no model reads it. "
            "Check that the right image was chosen; if it is such a slice, export it again without annotations or colour."
        ),
        definitions=(
            Definition(
                "AS status",
                "Positive means: bone-marrow oedema that at least two of four readings (two radiologists, twice each) would "
                "outline covers at least 15 mm² of this STIR slice. Negative means none, or less.",
            ),
            Definition(
                "Stage",
                "That lesion’s share of the bone region in the slice. Normal: no active lesion. Early: under 1.5 %. "
                "Moderate: 1.5 % to under 8 %. Advanced: 8 % or more. The stage called is the one at which half of a model’s "
                "scores is reached, counted from Normal: it need not have the highest score of all.",
            ),
            Definition(
                "Region",
                "The bone around the sacroiliac joints: sacrum, iliac bones and the lumbar vertebrae in view.",
            ),
            Definition(
                "Lesion",
                "What the lesion model outlines: the part of the region that it expects readers to outline. Its area is given "
                "in mm² where the file tells the pixel spacing; its share is that of the bone in view, the region of U-Net "
                "Lite0. Status and stage follow from what it sees in all of the region, also from signs too faint to be "
                "outlined, so they need not match the area.",
                key="lesion",
            ),
            Definition(
                "Near the sacroiliac joints (rough rule)",
                "The region without its separate, narrow parts in the middle, which are taken for lumbar vertebrae and their "
                "joints: some lesions lie at lumbar endplates, not at the sacroiliac joints. All else counts as near the "
                "joints, however far out in the iliac bone or down in the sacrum. No reader drew this border: where a "
                "vertebra and the sacrum are outlined as one, both count as near. Look at the outline before you rely on "
                "the share.",
                key="near-joints",
            ),
            Definition(
                "What the hybrids see",
                "Both hybrids are shown the lesion model’s map (how sure it is of each pixel of the region), not the slice: from "
                "slices of so few patients they learned nothing that held for others. So they are other readings of one map, not "
                "independent opinions: what the map misses, both of them miss. CNN Classifier is shown the slice.",
                key="lesion-map",
            ),
            Definition(
                "Heatmap",
                "Where a change of the image would change this model’s score for the label shown (Grad-CAM). "
                "Unfocused: the whole slice. Focused: only inside the region. It is not an outline of a lesion.",
            ),
            Definition(
                "What they are not",
                "Status and stage describe the extent of activity in one slice. They are not a diagnosis of axial "
                "spondyloarthritis, not the SPARCC score and not the radiographic grade. Every patient whose images the models "
                "learned from has spondyloarthritis: Normal means a slice without active lesion, not a healthy person.",
            ),
        ),
        limits=(
            "Status and stage were learned from slices of 4 to 7 patients, all from one hospital and one protocol.",
            "A T1 slice shows no active inflammation: status and stage are not given for it.",
            "Bright on STIR without being a lesion: vessels, bowel, spinal fluid, joint and disc fluid, coil shading.",
        ),
        region="the bone in view",
        lesion_near="the sacroiliac joints",
    ),
)
