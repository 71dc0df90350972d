"""What the data commands found, in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from ml.data import Example
from ml.data.patients import count_of_patients
from ml.data.split import LEAKY, Fold

_SHOWN = 3


def balance_table(report: Mapping[str, Any]) -> Table:
    """An audit's images, patients and labels: a column for each part."""
    parts = report["parts"]
    table = Table(report["task"], *parts, title="Balance", title_justify="left")
    for name in ("n_images", "n_patients"):
        table.add_row(name.removeprefix("n_"), *(_number(parts[part][name]) for part in parts))
    for head, balance in report["balance"].items():
        for label in dict.fromkeys(label for counts in balance.values() for label in counts):
            counts = (str(balance[part].get(label, 0)) for part in parts)
            table.add_row(f"{head.replace('_', ' ')}: {label}", *counts)
    return table


def findings_table(report: Mapping[str, Any]) -> Table:
    """What an audit found: how often, and the first of each."""
    table = Table("What", "Number", "Which", title="Findings", title_justify="left")
    for what, found in findings(report):
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        table.add_row(what, str(len(found)), "; ".join([*found[:_SHOWN], *more]))
    return table


def findings(report: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What an audit found, each with all that it was found in."""
    leakage, masks = report["leakage"], report["masks"]
    near = f"near duplicates (up to {report['near_duplicates']['distance']} bits of 64)"
    yield "sizes", [f"{size}: {count}" for size, count in report["sizes"].items()]
    yield "corrupt images", [f"{key}: {why}" for key, why in report["corrupt"].items()]
    yield "blank images", report["blank"]
    yield "masks of one value only", masks["blank"]
    yield "masks that cannot be read", masks["unreadable"]
    yield "masks of another size than their image", masks["of_another_size"]
    yield "images without patient", report["images_without_patient"]
    yield "groups of exact duplicates", [", ".join(group) for group in report["exact_duplicates"]]
    contradicting = report["contradicting_duplicates"]
    yield (
        "CONTRADICTION: same pixels, other label",
        [", ".join(f"{key} ({labels})" for key, labels in group.items()) for group in contradicting],
    )
    yield near, _pairs(report["near_duplicates"]["pairs"])
    yield "LEAKAGE: near duplicates across parts", _pairs(leakage["duplicates_across_parts"])
    yield "LEAKAGE: near duplicates across patients", _pairs(leakage["duplicates_across_patients"])
    yield "LEAKAGE: patients in several parts", _patients(leakage)
    for protocol, suggested in report["protocols"].items():
        yield (
            f"LEAKAGE by {protocol}: near duplicates across parts",
            _pairs(suggested["duplicates_across_parts"]),
        )
        yield f"LEAKAGE by {protocol}: patients in several parts", _patients(suggested)


def _patients(leakage: Mapping[str, Any]) -> list[str]:
    return [f"{key} ({', '.join(parts)})" for key, parts in leakage["patients_in_several_parts"].items()]


def _pairs(pairs: Sequence[tuple[str, str, int]]) -> list[str]:
    return [f"{one} and {other} ({distance})" for one, other, distance in pairs]


def split_table(folds: Sequence[Fold], protocol: str) -> Table:
    """Images and patients of each fold; leaky is what the protocol is by name, or what is seen of its patients."""
    both = [_on_both_sides(fold) for fold in folds]
    leaky = protocol in LEAKY or any(both)
    title = f"{protocol}, LEAKY: a patient's images may stand on both sides" if leaky else protocol
    columns = ("Fold", "Train", "Val", "Held out", "Patients on both sides")
    table = Table(*columns, title=title, title_justify="left", caption="images (patients)")
    for fold, patients in zip(folds, both, strict=True):
        sides = (_side(side) for side in (fold.train, fold.val, fold.held_out))
        table.add_row(fold.name, *sides, _number(patients))
    return table


def _side(examples: Sequence[Example]) -> str:
    return f"{len(examples)} ({_number(count_of_patients(examples))})"


def _on_both_sides(fold: Fold) -> int | None:
    """Patients that are held out and learned from; None where an image's patient is unknown."""
    learned = {example.patient_id for example in (*fold.train, *fold.val)}
    held_out = {example.patient_id for example in fold.held_out}
    return None if None in learned | held_out else len(learned & held_out)


def _number(value: int | None) -> str:
    return "not known" if value is None else str(value)
