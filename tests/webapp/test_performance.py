"""Performance: counts and intervals from verdicts, by model and version, over the verdicts that a user may see."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from ml.tasks import TaskSpec, task, tasks
from tests.webapp.conftest import AuthActions
from tests.webapp.program import Script
from tests.webapp.reading_room import REGION, STATUS, finish, last_reading
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.intervals import Share, wilson
from webapp.reviews.performance import Judged, changes, changes_of, measured, performance_of
from webapp.studies.upload import read_again

SPEC = task("sij_mri")
VERDICTS, OWN = "/studies/{uuid}/verdicts", "/studies/{uuid}/own-answer"


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_those_of_scipy(counted: tuple[int, int]) -> None:
    count, n = counted

    known = binomtest(count, n).proportion_ci(method="wilson")

    assert wilson(count, n) == pytest.approx((known.low, known.high), abs=1e-9)


def test_a_share_of_nothing_says_nothing() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == ("", "")
    assert wilson(0, 0) == (0.0, 1.0)


def judged(said: str, right: str, judgement: str = "", version: str = "1.0.0", **more: str) -> Judged:
    """A verdict on the status; the stage is right."""
    stage = {"stage": "Early"}
    judgement = judgement or ("agree" if said == right else "disagree")
    return Judged(
        STATUS, version, judgement, {"as_status": said, **stage}, {"as_status": right, **stage}, **more
    )


def test_the_matrix_counts_what_is_right_against_what_was_said() -> None:
    p, n = "Positive", "Negative"
    pairs = [(p, p)] * 5 + [(n, p)] * 2 + [(n, n)] * 7 + [(p, n)] * 3  # said, right

    (figures,) = measured(SPEC, [judged(said, right) for said, right in pairs])

    status = figures.figures_of(SPEC.head("as_status"))
    assert status is not None
    assert status.head.labels == (n, p)
    assert status.matrix == ((7, 3), (2, 5))
    assert status.agreement == Share(12, 17)
    assert status.sensitivity == Share(5, 7)
    assert status.specificity == Share(7, 10)
    assert figures.agreement == Share(12, 17)
    stage = figures.figures_of(SPEC.head("stage"))
    assert stage is not None
    assert (stage.sensitivity, stage.specificity) == (None, None)
    assert stage.agreement == Share(17, 17)


def test_an_unusable_prediction_counts_in_no_denominator_and_its_reason_is_counted() -> None:
    p, n = "Positive", "Negative"
    (figures,) = measured(
        SPEC,
        [
            judged(p, p),
            judged(p, n, reason="artefact"),
            Judged(STATUS, "1.0.0", "unusable", {"as_status": p}, {}, "quality"),
            Judged(STATUS, "1.0.0", "unusable", {"as_status": p}, {}, "quality"),
        ],
    )

    assert (figures.agreement, figures.unusable) == (Share(1, 2), 2)
    assert figures.reasons == (("quality", 2), ("artefact", 1))


def test_versions_are_kept_apart_the_latest_first() -> None:
    p = "Positive"
    found = measured(SPEC, [judged(p, p, version=version) for version in ("1.9.0", "1.10.0", "1.9.0")])

    assert [(one.version, one.agreement.n) for one in found] == [("1.10.0", 1), ("1.9.0", 2)]


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_every_task_is_measured_on_its_own_heads(spec: TaskSpec) -> None:
    said = {head.key: head.labels[0] for head in spec.heads}

    found = measured(spec, [Judged(model.key, "1.0.0", "agree", said, said) for model in spec.models])

    assert [one.key for one in found] == [model.key for model in spec.models]
    for model, one in zip(spec.models, found, strict=True):
        assert tuple(figures.head for figures in one.heads) == (() if model.kind == "region" else spec.heads)
        for figures in one.heads:
            assert (figures.sensitivity is None) == (figures.head.positive is None)
            assert figures.agreement == Share(1, 1)


def test_changes_of_mind_count_only_where_both_said_something() -> None:
    head = SPEC.head("stage")

    found = changes(
        head,
        [("Early", "Early"), ("Early", "Normal"), (None, "Normal"), ("Early", None), ("Moderate", "Normal")],
    )

    assert (found.changed, found.found_later) == (Share(2, 3), 1)


def study(app: Flask, script: Script, **fields: str) -> str:
    """A study that was read as Positive and Early, with a verdict."""
    uuid = script.uploaded(models=[STATUS, REGION])
    finish(app, uuid)
    if fields:
        sign(script, uuid, **fields)
    return uuid


def sign(script: Script, uuid: str, **fields: str) -> None:
    answer = script.post(f"/studies/{uuid}/verdicts", VERDICTS, data={"model": STATUS, **fields})
    assert answer.status_code == 201, answer.text


DISAGREE: Mapping[str, str] = {
    "verdict": "disagree",
    "reason": "answer",
    "answer_as_status": "Negative",
    "answer_stage": "Normal",
}


def agreement_for(app: Flask, email: str) -> list[tuple[str, Share]]:
    with app.app_context():
        user = db.session.scalars(db.select(User).where(User.email == email)).one()
        return [(one.key, one.agreement) for one in performance_of(user, SPEC)]


def test_clinicians_see_their_own_verdicts_and_administrators_all(app: Flask) -> None:
    one, two = Script(app, "one@clinic.example"), Script(app, "two@clinic.example")
    Script(app, "chief@clinic.example", "admin")
    study(app, one, verdict="agree")
    study(app, two, **DISAGREE)

    assert agreement_for(app, "one@clinic.example") == [(STATUS, Share(1, 1))]
    assert agreement_for(app, "two@clinic.example") == [(STATUS, Share(0, 1))]
    assert agreement_for(app, "chief@clinic.example") == [(STATUS, Share(1, 2))]


def test_only_the_last_verdict_counts_also_over_readings_of_the_same_weights(app: Flask) -> None:
    script = Script(app)
    uuid = study(app, script, verdict="agree")
    sign(script, uuid, **DISAGREE)
    assert agreement_for(app, "script@clinic.example") == [(STATUS, Share(0, 1))]

    with app.app_context():
        reading = last_reading(uuid)
        read_again(reading.study, (STATUS,))
    finish(app, uuid)
    sign(script, uuid, verdict="agree")

    assert agreement_for(app, "script@clinic.example") == [(STATUS, Share(1, 1))]


def test_a_study_that_was_read_anyway_does_not_count(app: Flask) -> None:
    script = Script(app)
    uuid = study(app, script)
    with app.app_context():
        reading = last_reading(uuid)
        reading.anyway_reason, reading.anyway_by = "only image there is", "script@clinic.example"
        db.session.commit()

    sign(script, uuid, verdict="agree")

    assert agreement_for(app, "script@clinic.example") == []


def test_changes_of_mind_compare_the_own_answer_with_the_final_verdict(app: Flask) -> None:
    script = Script(app)
    with app.app_context():
        user = db.session.scalars(db.select(User)).one()
        user.second_reader = True
        db.session.commit()
    for own, verdict in (
        ({"answer_as_status": "Positive", "answer_stage": "Normal"}, {"verdict": "agree"}),
        ({"answer_as_status": "Positive", "answer_stage": "cannot_tell"}, DISAGREE),
        ({"answer_as_status": "Positive", "answer_stage": "Early"}, {}),
    ):
        uuid = study(app, script)
        assert script.post(f"/studies/{uuid}/own-answer", OWN, data=own).status_code == 201
        if verdict:
            sign(script, uuid, **verdict)

    with app.app_context():
        user = db.session.scalars(db.select(User)).one()
        status, stage = changes_of(user, SPEC)

    assert (status.changed, status.found_later) == (Share(1, 2), 0)
    assert (stage.changed, stage.found_later) == (Share(1, 1), 1)


def page_of(client: FlaskClient) -> str:
    """The performance page in words, rows that are too few marked."""
    text = html.unescape(client.get("/performance?task=sij_mri").text)
    return text.partition("<main")[2]


def test_the_page_shows_n_and_interval_and_greys_what_is_too_few(
    app: Flask, client: FlaskClient, auth: AuthActions
) -> None:
    auth.signup()
    assert "No verdicts yet" in page_of(client)
    script = Script(app)
    study(app, script, verdict="agree")

    page = page_of(client)

    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "1.00 (0.21 to 1.00), n = 1" in words
    assert "95 % intervals" in words
    assert "n below 30" in words
    assert 'class="table__row--too-few"' in page


def test_the_page_needs_an_account(client: FlaskClient) -> None:
    assert client.get("/performance").status_code == 302
