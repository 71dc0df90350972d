"""The publication's labels and its split, given to prepared images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml.data.example import Example
from ml.data.pixel_rules import features_of, labels_of
from ml.data.preparing.pictures import Picture
from ml.data.split import folds


def labelled_by_rule(pictures: Sequence[Picture], rule: int) -> list[Picture]:
    """The same pictures with the rule's status and stage, and with the published split as their `part`."""
    labels = labels_of([features_of(picture.pixels) for picture in pictures], rule)
    examples = [
        replace(picture.example, labels=given) for picture, given in zip(pictures, labels, strict=True)
    ]
    parts = _published_parts(examples)
    return [
        replace(picture, example=replace(example, part=parts.get(example.image_id)))
        for picture, example in zip(pictures, examples, strict=True)
    ]


def _published_parts(examples: Sequence[Example]) -> dict[str, str]:
    """Image to `train` or `test`; nothing where a label has too few images to stand on both sides."""
    try:
        (fold,) = folds(examples, "published", "as_status")
    except ValueError:
        return {}
    sides = (("train", fold.train), ("test", fold.held_out))
    return {example.image_id: part for part, side in sides for example in side}
