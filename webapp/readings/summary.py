"""What a reading says in one line: the majority's label and stage, the highest risk, the agreement; what these answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ml.tasks import Head, TaskSpec
from webapp.words import gettext as _

RISKS = ("LOW", "MEDIUM", "HIGH")


class Said(Protocol):
    """What the summary needs to know of a prediction."""

    @property
    def model(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def risk(self) -> str | None: ...


@dataclass(frozen=True)
class Summary:
    """The line of a reading in the history.

    `label` and `stage` are the answers of more than half of the voting models, None without such a majority.
    `agreement` is the share of models behind the commonest answer, in (0, 1], on the head where they agree least;
    None without votes. `risk` is the highest that any model gave.
    """

    label: str | None = None
    stage: str | None = None
    risk: str | None = None
    agreement: float | None = None


@dataclass(frozen=True)
class Question:
    """What the summaries of some tasks answer: what pages call it, and the labels in order; none where none is asked it."""

    name: str
    labels: tuple[str, ...]


def summarise(spec: TaskSpec, predictions: Iterable[Said]) -> Summary:
    """Count the votes of classification and lesion models. Region models have none; failed ones count in no denominator."""
    kinds = {model.key: model.kind for model in spec.models}
    said = [p for p in predictions if p.state == "done" and kinds.get(p.model) != "region"]
    votes = {
        head.key: Counter(p.labels[head.key] for p in said if head.key in p.labels) for head in spec.heads
    }
    shares = [max(count.values()) / count.total() for count in votes.values() if count]
    risks = [RISKS.index(p.risk) for p in said if p.risk in RISKS]
    return Summary(
        label=_majority(label_head(spec), votes),
        stage=_majority(stage_head(spec), votes),
        risk=RISKS[max(risks)] if risks else None,
        agreement=min(shares) if shares else None,
    )


def label_head(spec: TaskSpec) -> Head | None:
    """The head whose answer is the summary's label: the first with a positive label, else the first without order."""
    positive = [head for head in spec.heads if head.positive]
    unordered = [head for head in spec.heads if not head.ordinal]
    return next(iter(positive + unordered), None)


def stage_head(spec: TaskSpec) -> Head | None:
    """The head whose answer is the summary's stage: the first ordinal one."""
    return next((head for head in spec.heads if head.ordinal), None)


def label_question(specs: Iterable[TaskSpec]) -> Question:
    """What the label of a summary answers in these tasks."""
    return _question(specs, label_head, _("Answer"))


def stage_question(specs: Iterable[TaskSpec]) -> Question:
    """What the stage of a summary answers in these tasks."""
    return _question(specs, stage_head, _("Stage"))


def _question(
    specs: Iterable[TaskSpec], head_of: Callable[[TaskSpec], Head | None], name_of_many: str
) -> Question:
    heads = [head for spec in specs if (head := head_of(spec)) is not None]
    names = {head.name for head in heads}
    labels = dict.fromkeys(label for head in heads for label in head.labels)
    return Question(_(names.pop()) if len(names) == 1 else name_of_many, tuple(labels))


def _majority(head: Head | None, votes: Mapping[str, Counter[str]]) -> str | None:
    if head is None or not votes[head.key]:
        return None
    label, count = votes[head.key].most_common(1)[0]
    return label if 2 * count > votes[head.key].total() else None
