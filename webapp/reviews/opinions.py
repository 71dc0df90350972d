"""What a form or a request for the API says of a prediction. Fields of the right answer: `answer_` and the head's key."""

from __future__ import annotations

from collections.abc import Mapping

from ml.tasks import TaskSpec
from webapp.reviews.signing import Opinion

ANSWER = "answer_"


def opinion_from(form: Mapping[str, str], spec: TaskSpec) -> Opinion:
    """The opinion as it was sent, unchecked."""
    return Opinion(
        judgement=form.get("verdict", ""),
        labels={head.key: form.get(ANSWER + head.key, "") for head in spec.heads},
        reason=form.get("reason", ""),
        note=form.get("note", ""),
    )
