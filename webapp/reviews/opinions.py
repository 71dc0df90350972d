"""What a form or a request for the API says of a prediction. Fields of the right answer: `answer_` and the head's key."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.datastructures import FileStorage

from ml.tasks import TaskSpec
from webapp.reviews.outlines import MAX_BYTES
from webapp.reviews.signing import Opinion

ANSWER = "answer_"


def opinion_from(
    form: Mapping[str, str], spec: TaskSpec, files: Mapping[str, FileStorage] | None = None
) -> Opinion:
    """The opinion as it was sent, unchecked. `files`: the upload `outline`, where one was drawn."""
    # A file field that was left empty comes as a file without a name.
    drawn = (files or {}).get("outline")
    return Opinion(
        judgement=form.get("verdict", ""),
        labels={head.key: form.get(ANSWER + head.key, "") for head in spec.heads},
        reason=form.get("reason", ""),
        note=form.get("note", ""),
        outline=drawn.read(MAX_BYTES + 1) if drawn else None,
    )
