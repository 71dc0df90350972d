"""What a task is, as plain data: labels, models, preparation and words. Imports no framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ml.images.prepare import Preparation

Kind = Literal["region", "lesion", "classification"]
Heatmap = Literal["grad_cam", "grad_cam_plus_plus"]


class UnknownTask(LookupError):
    """No task has this key."""

    def __init__(self, key: str, known: tuple[str, ...]) -> None:
        self.key = key
        self.sentence = f"There is no task “{key}”. Known tasks: {', '.join(known)}."
        super().__init__(self.sentence)


class UnknownModel(LookupError):
    """The task has no model with this key."""

    def __init__(self, key: str, task: str, known: tuple[str, ...]) -> None:
        self.key = key
        self.sentence = f"The task {task} has no model “{key}”. Its models: {', '.join(known)}."
        super().__init__(self.sentence)


@dataclass(frozen=True)
class Head:
    """One question that every classification model of a task answers.

    Args:
        key: name in the database, the API and the weights' outputs.
        name: what pages say.
        labels: answers, in the order of the network's outputs (ordinal heads: from least to most).
        positive: the label that sensitivity is about; of two labels the one that a threshold decides on.
        ordinal: whether the labels have an order, so that distances between models mean something.
        nothing: of more than two labels without order, the one that says that there is nothing to find.
    """

    key: str
    name: str
    labels: tuple[str, ...]
    positive: str | None = None
    ordinal: bool = False
    nothing: str | None = None

    def answer(self, label: str | None) -> int | str | None:
        """How the API and the command line say a label: 1 or 0 where there is the positive one and another, else its name."""
        if label is None or not self.binary:
            return label
        return int(label == self.positive)

    @property
    def binary(self) -> bool:
        """Whether there are only the positive label and the other one, so that a threshold decides."""
        return self.positive is not None and len(self.labels) == 2

    def is_finding(self, label: str | None) -> bool:
        """Whether this answer says that there is something: positive, above the least, not nothing."""
        if label not in self.labels:
            return False
        if self.binary:
            return label == self.positive
        return label != (self.labels[0] if self.ordinal else self.nothing)


@dataclass(frozen=True)
class ModelSpec:
    """One network of a task.

    Args:
        key: name in the database, the API and `models/<task>/<key>/`.
        name: what pages say.
        kind: `region` (a mask), `lesion` (a mask from which labels follow) or `classification`.
        network: name of the function in `ml.networks` that builds it, as `module:function`.
        input_size: side of the square input, in pixels.
        parameters: exact count of its parameters.
        judges: of the task's image kinds, those that it may judge.
        not_judged: sentence for the clinician where it may not.
        sees: what its network is shown, the slice or the map of the task's lesion model.
    """

    key: str
    name: str
    kind: Kind
    network: str
    input_size: int
    parameters: int
    judges: tuple[str, ...]
    not_judged: str = ""
    sees: Literal["slice", "lesion_map"] = "slice"


@dataclass(frozen=True)
class Definition:
    """A term of the result page and what it means. `key`: by which other pages lead to it."""

    term: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class Wording:
    """What pages say about a task.

    Args:
        region: what its region model outlines, inside a sentence.
        lesion_near: the anatomy of which a lesion model tells how much of a lesion lies there, inside a sentence; a
            definition of the key `near-joints` explains it.
    """

    summary: str
    upload_hint: str
    stopped: str
    definitions: tuple[Definition, ...]
    limits: tuple[str, ...]
    region: str = "the region"
    lesion_near: str = ""


@dataclass(frozen=True)
class TaskSpec:
    """All that is special about a task; routes, pages, commands and tests are driven by it.

    Args:
        heads: the questions of its classification models.
        models: in the order of the page.
        region_model: key of the model whose region focuses the heatmaps.
        default_model: key of the model that the page preselects first, which stands for the task where one is asked for.
        preparation: from pixels to the networks' input.
        image_kinds: kinds of image that are its own (words of `ml.gate.looks`); the gate stops all others. Empty where it has
            no gate, and every image is read.
        focus_box: rows and columns (shares of the side) of the fixed box that focuses a heatmap where no region was found.
        offered: whether clinicians can choose it.
        symmetric: whether left and right may change places: masks are then the mean over the slice and its mirror image.
        protocol: by which the task's own cross-validation divides its data (a key of `ml.data.split.PROTOCOLS`).
        specificities: at which a positive label's sensitivity is told beside the one at the threshold.
        threshold_rule: how the positive label's threshold is chosen on validation patients (`ml.evaluation.calibration`).
        heatmap: how its classification models' heatmaps are made (`ml.explain.methods`).
    """

    key: str
    name: str
    modality: str
    heads: tuple[Head, ...]
    models: tuple[ModelSpec, ...]
    region_model: str | None
    default_model: str
    preparation: Preparation
    image_kinds: tuple[str, ...]
    wording: Wording
    focus_box: tuple[float, float, float, float] = (0.0, 1.0, 0.0, 1.0)
    offered: bool = True
    symmetric: bool = False
    protocol: str = "leave_one_patient_out"
    specificities: tuple[float, ...] = ()
    threshold_rule: str = "youden"
    heatmap: Heatmap = "grad_cam"

    def model(self, key: str) -> ModelSpec:
        """The model of this key. Raises `UnknownModel`."""
        for model in self.models:
            if model.key == key:
                return model
        raise UnknownModel(key, self.key, tuple(m.key for m in self.models))

    def head(self, key: str) -> Head:
        """The head of this key. Raises `LookupError`."""
        for head in self.heads:
            if head.key == key:
                return head
        raise LookupError(f"The task {self.key} has no head {key!r}.")

    @property
    def lesion_model(self) -> ModelSpec:
        """The first model of the kind `lesion`. Raises `LookupError`."""
        for model in self.models:
            if model.kind == "lesion":
                return model
        raise LookupError(f"The task {self.key} has no lesion model.")

    @property
    def ordinal_head(self) -> Head:
        """The first head whose labels have an order. Raises `LookupError`."""
        return self._first("an ordinal head", [head for head in self.heads if head.ordinal])

    @property
    def status_head(self) -> Head:
        """The first head with a positive label. Raises `LookupError`."""
        return self._first("a head with a positive label", [h for h in self.heads if h.positive is not None])

    def _first(self, what: str, heads: list[Head]) -> Head:
        if not heads:
            raise LookupError(f"The task {self.key} has not {what}.")
        return heads[0]

    def chosen(self, keys: tuple[str, ...] | list[str]) -> tuple[ModelSpec, ...]:
        """The models of these keys in the order of the page, each once. Raises `UnknownModel`."""
        wanted = {self.model(key).key for key in keys}
        return tuple(model for model in self.models if model.key in wanted)
