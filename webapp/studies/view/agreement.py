"""Who says what: votes of the models on each head of a task, counted by the rules of the reading room.

Only classification and lesion models vote, and only those that ended with labels: a failed model, or one
that may not judge the image, counts in no denominator. A majority is named only where more than half agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.tasks import Head, TaskSpec
from webapp.words import gettext as _
from webapp.words import ngettext

WIDE = 2  # stages apart from which a spread is a warning


@dataclass(frozen=True)
class Vote:
    """What one model says: label by head key."""

    model: str
    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Count:
    """The votes on one head. `names`: the models behind each label that got any, in the labels' order."""

    head: Head
    names: Mapping[str, tuple[str, ...]]

    @property
    def total(self) -> int:
        return sum(len(names) for names in self.names.values())

    @property
    def majority(self) -> str | None:
        """The label that more than half of the models give, or None."""
        for label, names in self.names.items():
            if 2 * len(names) > self.total:
                return label
        return None

    @property
    def unanimous(self) -> bool:
        return len(self.names) == 1

    @property
    def spread(self) -> int:
        """Largest distance between two models on an ordinal head, in steps; 0 for other heads."""
        if not self.head.ordinal or not self.names:
            return 0
        places = [self.head.labels.index(label) for label in self.names]
        return max(places) - min(places)


def count(head: Head, votes: Sequence[Vote]) -> Count:
    """Counts the votes on one head. A label that the head does not know is not counted."""
    said = {
        label: tuple(vote.name for vote in votes if vote.labels.get(head.key) == label)
        for label in head.labels
    }
    return Count(head, {label: names for label, names in said.items() if names})


def main_head(spec: TaskSpec) -> Head:
    """The head that the sentence is about: the ordinal one where there is one, else the first."""
    return next((head for head in spec.heads if head.ordinal), spec.heads[0])


def sentence(counts: Sequence[Count], main: Head) -> str:
    """One sentence from the counts, the disagreement first. Empty where nobody voted on the main head."""
    chief = next((c for c in counts if c.head.key == main.key), None)
    if chief is None or not chief.total:
        return ""
    hidden = [c for c in counts if c is not chief and len(c.names) > 1] if chief.unanimous else []
    parts = [
        _("Models disagree on %(head)s: %(counts)s.", head=inside(c.head), counts=_listed(c)) for c in hidden
    ]
    return " ".join([*parts, _about(chief)])


def warning(counts: Sequence[Count], main: Head) -> str:
    """What makes the headline a warning: stages two or more apart, a head without order not the same."""
    stages = next((c for c in counts if c.spread >= WIDE), None)
    differing = [c for c in counts if not c.head.ordinal and len(c.names) > 1]
    if not stages and not differing:
        return ""
    found = []
    if stages:
        found.append(
            ngettext(
                "The models are %(num)s stage apart.", "The models are %(num)s stages apart.", stages.spread
            )
        )
    # That the main head is not the same is the headline itself.
    found.extend(
        _("%(head)s is not the same in all models.", head=_(c.head.name))
        for c in differing
        if c.head.key != main.key
    )
    return " ".join([*found, _("Judge the image before the answers.")])


def differs(head: Head, label: str, majority: str | None) -> str:
    """How a label lies from the majority's: “1 stage lower”, “differs”, or nothing."""
    if majority is None or label == majority or label not in head.labels:
        return ""
    if not head.ordinal:
        return _("%(head)s differs", head=_(head.name))
    steps = head.labels.index(label) - head.labels.index(majority)
    if steps < 0:
        return ngettext("%(num)s stage lower", "%(num)s stages lower", -steps)
    return ngettext("%(num)s stage higher", "%(num)s stages higher", steps)


def questions(spec: TaskSpec) -> str:
    """What a task's models are asked, inside a sentence: “AS status and stage”."""
    return _(" and ").join(inside(head) for head in spec.heads)


def inside(head: Head) -> str:
    """The name of a head inside a sentence: “stage”, but “AS status”."""
    name = _(head.name)
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _about(chief: Count) -> str:
    if chief.unanimous:
        ((label, names),) = chief.names.items()
        if chief.total == 1:
            return _("%(name)s says %(label)s.", name=names[0], label=_(label))
        return _("%(n)s of %(total)s models say %(label)s.", n=chief.total, total=chief.total, label=_(label))
    if chief.majority is None:
        return _("Models disagree: %(counts)s.", counts=_listed(chief))
    most = len(chief.names[chief.majority])
    others = ", ".join(
        ngettext(
            "%(names)s says %(label)s",
            "%(names)s say %(label)s",
            len(names),
            names=joined(names),
            label=_(label),
        )
        for label, names in chief.names.items()
        if label != chief.majority
    )
    return _(
        "%(n)s of %(total)s models say %(label)s; %(others)s.",
        n=most,
        total=chief.total,
        label=_(chief.majority),
        others=others,
    )


def _listed(c: Count) -> str:
    return ", ".join(
        ngettext("%(num)s says %(label)s", "%(num)s say %(label)s", len(names), label=_(label))
        for label, names in c.names.items()
    )


def joined(names: Sequence[str]) -> str:
    """Names as a sentence lists them: `A, B and C`."""
    if len(names) == 1:
        return names[0]
    return _("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])
