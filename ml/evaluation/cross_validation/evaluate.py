"""`evaluate --cross-validate`: every figure and interval of a model from what its folds said of patients they never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.data import DataError, Example, load
from ml.evaluation import metrics
from ml.evaluation.classification import has_label
from ml.evaluation.cross_validation.calibrated import held_out_answers
from ml.evaluation.cross_validation.protocol import (
    Protocol,
    check_folds,
    patients_seen_by_their_fold,
    read_protocol,
    read_protocols,
    why_leaky,
)
from ml.evaluation.cross_validation.table import (
    HeldOut,
    out_of_fold_file,
    read_out_of_fold,
    read_validation,
    score_columns,
)
from ml.evaluation.intervals import SEED
from ml.evaluation.label_figures import HeadAnswers, aucs_over_draws, label_figures, leading
from ml.evaluation.lesion import LesionAgreement, with_lesions
from ml.evaluation.region import MaskAgreement, mask_figures
from ml.evaluation.report import Evaluation, Figure, Report, sizes, told, with_every_figure, with_interval
from ml.tasks import Kind, TaskSpec

_MASK_COLUMNS = ("iou", "dice", "hausdorff95_mm")

_RANKING = (
    "auc ranks what the networks said. In auc_of_calibrated_scores each patient's scores are calibrated with the other patients, "
    "which moves the patients against each other; the deployed model has one calibration for all, and that changes no rank."
)
_GAP = "auc_gap is how far the auc of {name} is above that of {own}, the task's own protocol."


def cross_validated(task: TaskSpec, model: str, data: Path, protocol: str | None = None) -> Evaluation:
    """The figures of a model by its out-of-fold scores, without any network.

    Args:
        task, model: of the registry; the scores and `train.yaml` lie in the model's folder.
        data: the data set that the folds were trained on; labels, sequences and patients come from it.
        protocol: one of those that `train.yaml` knows; the task's own by default.

    Returns:
        `protocol`, `leaky`, the figures of the model's kind as `ml.evaluation` has them (of labels also
        `auc_of_calibrated_scores` where patients calibrate each other, and `auc_gap` where the protocol is not the task's own:
        how far its AUC is above that of the own one), `n_images`, `n_patients`, `n_patients_seen_in_training`: how many were
        measured by a network that had learned from them; `notes`: what a reader of the figures should know.

    Raises:
        DataError: the scores, the record of the folds and the data set do not fit together.
    """
    kind = task.model(model).kind
    examples = load(task.key, data)
    by = read_protocol(task, model, protocol)
    rows = _checked_rows(task, model, by, examples)
    figures = _of_masks(rows) if kind == "region" else _of_labels(task, model, by, rows, examples)
    if figures.heads and by.name != task.protocol and task.protocol in read_protocols(task, model):
        own = read_protocol(task, model)
        own_rows = _checked_rows(task, model, own, examples)
        own_heads, _ = _answers(task, model, own, own_rows, examples)
        figures = Evaluation({**figures.report, **_auc_gap(figures.heads, own_heads)}, figures.heads)
    report = with_every_figure(
        {
            "task": task.key,
            "model": model,
            "protocol": by.name,
            "leaky": by.leaky,
            **figures.report,
            "n_patients_seen_in_training": patients_seen_by_their_fold(by, rows),
            "notes": list(_notes(task, by, figures.report)),
        }
    )
    return Evaluation(report, figures.heads)


def _checked_rows(task: TaskSpec, model: str, by: Protocol, examples: Sequence[Example]) -> list[HeldOut]:
    kind = task.model(model).kind
    columns = list(_MASK_COLUMNS) if kind == "region" else score_columns(task.heads)
    rows = read_out_of_fold(out_of_fold_file(task.key, model, by.name), examples, columns)
    check_folds(by, rows, _labelled(kind, examples, task))
    return rows


def _notes(task: TaskSpec, by: Protocol, report: Report) -> Iterator[str]:
    if why := why_leaky(by.name):
        yield why
    if "auc_gap" in report:
        yield _GAP.format(name=by.name, own=task.protocol)
    if "auc_of_calibrated_scores" in report:
        yield _RANKING


def _auc_gap(heads: Sequence[HeadAnswers], own: Sequence[HeadAnswers]) -> Report:
    """The patients of both sides are drawn independently: other networks answered, mostly for other patients."""
    of_protocol, of_own = (leading(each) for each in (heads, own))
    if of_protocol is None or of_own is None:
        return {}
    return told("auc_gap", aucs_over_draws(of_protocol) - aucs_over_draws(of_own, seed=SEED + 1))


def _labelled(kind: Kind, examples: Sequence[Example], task: TaskSpec) -> list[Example]:
    """The images that figures of such a model are of."""
    if kind == "region":
        return [example for example in examples if example.region_path is not None]
    labelled = [example for example in examples if has_label(example, task)]
    return [e for e in labelled if e.votes_path is not None] if kind == "lesion" else labelled


def _of_masks(rows: Sequence[HeldOut]) -> Evaluation:
    return Evaluation(mask_figures([_mask_agreement(row) for row in rows]))


def _mask_agreement(row: HeldOut) -> MaskAgreement:
    iou, dice = row.said["iou"], row.said["dice"]
    if iou is None or dice is None:
        raise DataError(f"out_of_fold.csv gives no IoU or no Dice of {row.example.image_id}.")
    return MaskAgreement(row.example, iou, dice, row.said["hausdorff95_mm"])


def _answers(
    task: TaskSpec, model: str, by: Protocol, rows: Sequence[HeldOut], examples: Sequence[Example]
) -> tuple[tuple[HeadAnswers, ...], bool]:
    """The answers by head, and whether each patient's were calibrated by the other patients."""
    kind = task.model(model).kind
    file, columns = out_of_fold_file(task.key, model, by.name), score_columns(task.heads)
    validation = read_validation(file, examples, columns) if kind == "classification" else []
    labelled = [row for row in rows if has_label(row.example, task)]
    heads = tuple(
        held_out_answers(kind, labelled, head, task.threshold_rule, validation) for head in task.heads
    )
    return heads, not validation


def _of_labels(
    task: TaskSpec, model: str, by: Protocol, rows: Sequence[HeldOut], examples: Sequence[Example]
) -> Evaluation:
    labelled = [row for row in rows if has_label(row.example, task)]
    heads, by_the_others = _answers(task, model, by, rows, examples)
    report = {
        **label_figures(heads, task.specificities),
        **(_auc_of_calibrated_scores(heads) if by_the_others else {}),
        **sizes([row.example for row in labelled]),
    }
    if task.model(model).kind == "lesion":
        lesions = [(row.example, found) for row in labelled if (found := _lesion_agreement(row)) is not None]
        report = with_lesions(report, lesions, task)
    return Evaluation(report, heads)


def _auc_of_calibrated_scores(heads: Sequence[HeadAnswers]) -> Report:
    report: Report = {}
    for answers in heads:
        if answers.head.binary:
            report |= with_interval("auc_of_calibrated_scores", answers.patients, _auc_of(answers))
    return report


def _auc_of(answers: HeadAnswers) -> Figure:
    positive, score = answers.positive, answers.positive_score
    return lambda index: metrics.auc(positive[index], score[index])


def _lesion_agreement(row: HeldOut) -> LesionAgreement | None:
    dice = row.said.get("lesion_dice")
    if dice is None:
        return None
    areas = [row.said.get(column) for column in ("lesion_px", "votes_px")]
    return LesionAgreement(dice, *(None if area is None else int(area) for area in areas))
