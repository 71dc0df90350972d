"""The rules of the headline for one to six models: who is counted, when a majority is named, when a reader is warned."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.tasks import Head
from webapp.studies.view import agreement
from webapp.studies.view.agreement import Vote

STAGE = Head("stage", "Stage", ("Normal", "Early", "Moderate", "Advanced"), ordinal=True)
STATUS = Head("as_status", "AS status", ("Negative", "Positive"), positive="Positive")
KIND = Head("finding", "Finding", ("Cyst", "Stone", "Tumour"))

stages = st.lists(st.sampled_from(STAGE.labels), min_size=1, max_size=6)
kinds = st.lists(st.sampled_from(KIND.labels), min_size=1, max_size=6)


def counted(head: Head, labels: list[str]) -> agreement.Count:
    votes = [Vote(f"m{i}", f"Model {i}", {head.key: label}) for i, label in enumerate(labels, 1)]
    return agreement.count(head, votes)


@pytest.fixture(autouse=True)
def words(app: Flask) -> object:
    """Sentences are made in the language of a request."""
    with app.test_request_context():
        yield


@settings(deadline=None)
@given(st.one_of(stages.map(lambda said: (STAGE, said)), kinds.map(lambda said: (KIND, said))))
def test_every_model_is_counted_once_and_a_majority_is_more_than_half(said: tuple[Head, list[str]]) -> None:
    head, labels = said
    count = counted(head, labels)
    sentence = agreement.sentence([count], head)
    ((label, most),) = Counter(labels).most_common(1)

    assert count.total == len(labels)
    assert count.majority == (label if 2 * most > len(labels) else None)
    if len(labels) == 1:
        assert sentence == f"Model 1 says {label}."
    elif 2 * most > len(labels):
        assert sentence.startswith(f"{most} of {len(labels)} models say {label}")
        named = re.findall(r"Model \d", sentence)
        assert sorted(named) == sorted(f"Model {i}" for i, one in enumerate(labels, 1) if one != label)
    else:
        assert sentence.startswith("Models disagree: ")
        assert sum(map(int, re.findall(r"(\d) says? ", sentence))) == len(labels)


@settings(deadline=None)
@given(stages)
def test_two_stages_or_more_apart_is_a_warning_and_one_is_not(labels: list[str]) -> None:
    places = [STAGE.labels.index(label) for label in labels]
    spread = max(places) - min(places)
    warning = agreement.warning([counted(STAGE, labels)], STAGE)

    assert warning.startswith(f"The models are {spread} stages apart.") == (spread >= 2)
    assert bool(warning) == (spread >= 2)


@settings(deadline=None)
@given(kinds)
def test_labels_without_order_warn_where_they_differ_and_have_no_distance(labels: list[str]) -> None:
    count = counted(KIND, labels)

    assert count.spread == 0
    assert bool(agreement.warning([count], KIND)) == (len(set(labels)) > 1)


def test_a_tie_names_no_majority_and_marks_nobody() -> None:
    count = counted(STAGE, ["Normal", "Normal", "Moderate", "Moderate"])

    assert agreement.sentence([count], STAGE) == "Models disagree: 2 say Normal, 2 say Moderate."
    assert [agreement.differs(STAGE, label, count.majority) for label in STAGE.labels] == [""] * 4


def test_a_status_that_differs_warns_where_the_stages_are_next_to_each_other() -> None:
    counts = [
        counted(STATUS, ["Positive", "Positive", "Negative"]),
        counted(STAGE, ["Early", "Early", "Normal"]),
    ]

    assert agreement.warning(counts, STAGE) == (
        "AS status is not the same in all models. Judge the image before the answers."
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["Moderate"] * 5 + ["Normal"], "5 of 6 models say Moderate; Model 6 says Normal."),
        (
            ["Moderate", "Early", "Early", "Early", "Early", "Normal"],
            "4 of 6 models say Early; Model 6 says Normal, Model 1 says Moderate.",
        ),
        (["Normal", "Normal", "Normal", "Early"], "3 of 4 models say Normal; Model 4 says Early."),
        (["Early"] * 6, "6 of 6 models say Early."),
    ],
)
def test_the_sentence_of_many(labels: list[str], expected: str) -> None:
    assert agreement.sentence([counted(STAGE, labels)], STAGE) == expected
