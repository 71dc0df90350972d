"""Images that a data set holds more than once and labels differently: at least one of the labels is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.example import Example
from ml.tasks import Head


def contradicting(
    groups: Sequence[Sequence[str]], examples: Sequence[Example], heads: Sequence[Head]
) -> list[dict[str, str]]:
    """The groups of the same pixels whose labels differ, each as image to its labels by name; unknown labels differ from none.

    Args:
        groups: ids of images whose pixels are the same.
    """
    by_id = {example.image_id: example for example in examples}
    found = []
    for group in groups:
        same = [by_id[key] for key in group]
        known = [{e.labels[head.key] for e in same if head.key in e.labels} for head in heads]
        if any(len(labels) > 1 for labels in known):
            found.append({example.image_id: _named(example, heads) for example in same})
    return found


def _named(example: Example, heads: Sequence[Head]) -> str:
    return (
        ", ".join(_name(head, example.labels[head.key]) for head in heads if head.key in example.labels)
        or "not known"
    )


def _name(head: Head, label: int) -> str:
    return head.labels[label] if 0 <= label < len(head.labels) else str(label)
