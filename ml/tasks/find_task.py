"""The task of a study whose task has still to be found: the gate looks at its image, and the worker puts the one in that fits."""

from ml.images.prepare import Preparation
from ml.tasks.spec import Definition, Head, TaskSpec, Wording

SPEC = TaskSpec(
    key="find_task",
    name="Find the task",
    modality="",
    heads=(Head("task", "Task", ()),),
    models=(),
    region_model=None,
    default_model="",
    preparation=Preparation(size=160, fit="pad"),
    image_kinds=(),
    wording=Wording(
        summary="The gate looks at the image and says which task reads it.",
        upload_hint="Any image that one of the tasks reads. All models of the task that is found read it.",
        stopped="No task here reads this image. Check that the right image was chosen.",
        definitions=(
            Definition(
                "Find the task", "The gate says what kind of image this is, and so which task reads it."
            ),
        ),
        limits=(
            "The gate knows the kinds of image that the tasks were trained on, and takes some others for them.",
        ),
    ),
)
