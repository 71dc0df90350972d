"""Parts of BTXRD for the two published protocols, which its download does not have: by label, and by centre."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from ml.data.example import Example

_SEED = 42
_FOLDS = 20
_LEARNED_FROM = "center 1"


def with_parts(examples: Sequence[Example]) -> list[Example]:
    """The same, each with its part by `part_stratified` (70 to 15 to 15) and `part_center` (centre 1, 85 to 15; the others test).

    Both are drawn by patient and stratified by label; a set of fewer than 20 patients has no `part_stratified`, and no val
    by `part_center`.
    """
    elsewhere = {example.patient_id for example in examples if example.source != _LEARNED_FROM}
    learned = [example for example in examples if example.patient_id not in elsewhere]
    test, val = _drawn(examples, [(0, 1, 2), (3, 4, 5)])
    (center_val,) = _drawn(learned, [(0, 1, 2)])
    drawn = []
    for example in examples:
        key = example.image_id
        part = "test" if key in test else "val" if key in val else "train"
        center = "test" if example.patient_id in elsewhere else "val" if key in center_val else "train"
        stratified = {"part_stratified": part} if test else {}
        drawn.append(
            replace(example, part=part if test else None, parts={"part_center": center, **stratified})
        )
    return drawn


def _drawn(examples: Sequence[Example], shares: Sequence[Collection[int]]) -> list[set[str]]:
    """For each share, given as twentieths, its images; by patient, stratified by label."""
    from sklearn.model_selection import StratifiedGroupKFold

    labels = [next(iter(example.labels.values())) for example in examples]
    patients = [example.patient_id for example in examples]
    if len(set(patients)) < _FOLDS:
        return [set() for _ in shares]
    splitter = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED)
    held_out = [side for _, side in splitter.split(np.zeros(len(labels)), labels, patients)]
    return [{examples[i].image_id for fold in share for i in held_out[fold]} for share in shares]
