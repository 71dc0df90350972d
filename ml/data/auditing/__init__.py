"""`audit`: what a data set holds, and what in it would make a figure look better than it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ml.data.auditing.balance import balance_of, parts_of
from ml.data.auditing.contradictions import contradicting
from ml.data.auditing.duplicates import NEAR, Pair, exact_groups, near_pairs, nearest_distances
from ml.data.auditing.leakage import across_patients, leakage_of
from ml.data.auditing.looks import look_at
from ml.data.auditing.masks import masks_of
from ml.data.example import Example
from ml.data.patients import count_of_patients
from ml.tasks import TaskSpec

__all__ = ["audit"]


def audit(task: TaskSpec, examples: Sequence[Example]) -> dict[str, Any]:
    """Looks at every image once, and reports in plain values.

    Returns:
        `n_images`, `n_patients` (None where an image's patient is unknown), `images_without_patient` (ids).
        `parts`: part to `n_images` and `n_patients`; images without a part are those of `no part`.
        `balance`: head to part to label to number of images, those without a label as `not known`.
        `sequences`, `sources`, `region_kinds`, `sizes` (`columns x rows`): each with its number of images.
        `masks`: `n_masks`, and ids of those that are `blank`, `unreadable` or `of_another_size` than their image.
        `blank` (ids): images of one grey value; `corrupt`: id to the reason why the image cannot be read.
        `exact_duplicates`: groups of ids whose pixels are the same. `near_duplicates`: the `distance` up to which two
        images count as near (bits of a perceptual hash of 64), and the `pairs`, [id, id, distance], the nearest first;
        exact ones are among them.
        `nearest`: number of images by their distance to the image that is most like them.
        `contradicting_duplicates`: groups of images whose pixels are the same and whose labels are not, each image with its
        labels by name.
        `leakage`: `patients_in_several_parts` (patient to parts), `duplicates_across_parts` and
        `duplicates_across_patients` (pairs as above).
        `protocols`: for each protocol that the data set suggests parts for, `parts` and the first two of `leakage`.
    """
    looks = {example.image_id: look_at(example.path) for example in examples}
    hashes = {key: look.hash for key, look in looks.items() if look.hash is not None}
    pairs = near_pairs(hashes)
    same = exact_groups({key: look.digest for key, look in looks.items() if look.digest})
    return {
        "task": task.key,
        "n_images": len(examples),
        "n_patients": count_of_patients(examples),
        "images_without_patient": [e.image_id for e in examples if e.patient_id is None],
        "parts": parts_of(examples),
        "balance": {head.key: balance_of(head, examples) for head in task.heads},
        "sequences": _counts([e.sequence or "not known" for e in examples]),
        "sources": _counts([e.source or "not known" for e in examples]),
        "region_kinds": _counts([e.region_kind or "region" for e in examples if e.region_path]),
        "sizes": _counts(["{1} x {0}".format(*look.shape) for look in looks.values() if look.shape]),
        "masks": masks_of(examples, {key: look.shape for key, look in looks.items()}),
        "blank": [key for key, look in looks.items() if look.blank],
        "corrupt": {key: look.error for key, look in looks.items() if look.error is not None},
        "exact_duplicates": same,
        "contradicting_duplicates": contradicting(same, examples, task.heads),
        "near_duplicates": {"distance": NEAR, "pairs": pairs},
        "nearest": nearest_distances(hashes),
        "leakage": leakage_of(examples, pairs)
        | {"duplicates_across_patients": across_patients(examples, pairs)},
        "protocols": _protocols(examples, pairs),
    }


def _counts(values: Sequence[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _protocols(examples: Sequence[Example], pairs: Sequence[Pair]) -> dict[str, Any]:
    suggested = {}
    for protocol in sorted({protocol for example in examples for protocol in example.parts}):
        divided = [replace(example, part=example.parts.get(protocol)) for example in examples]
        suggested[protocol] = {"parts": parts_of(divided), **leakage_of(divided, pairs)}
    return suggested
