"""Scores over time: quartiles by period, and an index that tells a change from chance."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from ml.tasks import TaskSpec, task, tasks
from tests.webapp.conftest import AuthActions
from tests.webapp.program import Script
from tests.webapp.reading_room import STATUS, finish, last_reading
from webapp.accounts.tables import User
from webapp.extensions import db
from webapp.reviews.drift import Drift, Scored, drift_of, drifted
from webapp.reviews.drift_chart import BOTTOM, TOP, chart_of
from webapp.reviews.stability import by_chance, stability_index

SPEC = task("sij_mri")
START = datetime(2026, 1, 10, tzinfo=UTC)
scores = st.lists(st.floats(0, 1), min_size=30, max_size=80)


def readings(month: int, values: list[float], version: str = "1.0.0") -> list[Scored]:
    """One reading a score in a month, counted from January 2026."""
    at = datetime(2026 + month // 12, month % 12 + 1, 10, tzinfo=UTC)
    return [Scored(STATUS, version, at + timedelta(minutes=i), value) for i, value in enumerate(values)]


def drift(app: Flask, *months: list[Scored]) -> Drift:
    with app.test_request_context():
        (found,) = drifted(SPEC, [one for month in months for one in month])
    return found


def spread(low: float, high: float, n: int = 40) -> list[float]:
    return list(np.linspace(low, high, n))


@given(scores, scores)
def test_the_index_is_never_negative_and_nothing_where_nothing_changed(
    first: list[float], second: list[float]
) -> None:
    assert stability_index(first, second) >= 0
    assert stability_index(first, first) == 0


def test_the_index_is_the_known_sum() -> None:
    # Halves of the reference: 20 of 40 below 0.5, later 10 of 40; two bins, each with half a reading more.
    p, q = np.array([10.5, 30.5]) / 41, np.array([20.5, 20.5]) / 41

    found = stability_index([0.0] * 20 + [0.5] * 20, [0.0] * 10 + [0.5] * 30)

    assert found == pytest.approx(float(((p - q) * np.log(p / q)).sum()))


def test_chance_alone_stays_below_its_limit_about_19_times_of_20() -> None:
    generator = np.random.default_rng(4)
    pairs = [(list(generator.random(60)), list(generator.random(45))) for _ in range(400)]

    above = sum(stability_index(first, second) > by_chance(first, second) for first, second in pairs)

    assert 4 <= above <= 40


def test_a_shift_is_told_from_the_same_again(app: Flask) -> None:
    found = drift(
        app, readings(0, spread(0.1, 0.6)), readings(1, spread(0.1, 0.6)), readings(2, spread(0.5, 0.9))
    )

    january, february, march = found.periods
    assert [period.name for period in found.periods] == ["Jan 2026", "Feb 2026", "Mar 2026"]
    assert (january.is_reference, january.index, january.has_moved) == (True, None, False)
    assert (february.index, february.has_moved) == (0, False)
    assert march.has_moved
    assert (march.lower, march.median, march.upper) == pytest.approx((0.6, 0.7, 0.8))


def test_fewer_than_thirty_are_grey_and_compared_with_nothing(app: Flask) -> None:
    found = drift(
        app,
        readings(0, spread(0.1, 0.6, 20)),
        readings(1, spread(0.1, 0.6, 20)),  # 40 with January: still the reference
        readings(2, spread(0.8, 0.9, 29)),
        readings(3, spread(0.8, 0.9, 30)),
    )

    assert [period.is_reference for period in found.periods] == [True, True, False, False]
    assert [period.too_few for period in found.periods] == [True, True, True, False]
    assert [period.index is None for period in found.periods] == [True, True, True, False]


def test_more_than_a_year_is_told_in_quarters(app: Flask) -> None:
    found = drift(app, readings(0, [0.2]), readings(2, [0.4]), readings(12, [0.5]))

    assert [(period.name, period.n) for period in found.periods] == [("Q1 2026", 2), ("Q1 2027", 1)]


def test_versions_are_kept_apart(app: Flask) -> None:
    with app.test_request_context():
        found = drifted(SPEC, readings(0, [0.2], "1.9.0") + readings(0, [0.3], "1.10.0"))

    assert [one.version for one in found] == ["1.10.0", "1.9.0"]


@pytest.mark.parametrize("spec", tasks(), ids=lambda spec: spec.key)
def test_every_task_has_a_score_to_follow(app: Flask, spec: TaskSpec) -> None:
    model = next(model for model in spec.models if model.kind != "region")

    with app.test_request_context():
        (found,) = drifted(spec, [Scored(model.key, "1.0.0", START, 0.4)])

    assert "score of" in found.question


def test_the_picture_has_each_period_at_its_height(app: Flask) -> None:
    chart = chart_of(drift(app, readings(0, spread(0, 1)), readings(1, [0.25])))

    first, second = chart.marks
    assert (second.lower, second.middle) == (second.middle, BOTTOM - (BOTTOM - TOP) * 0.25)
    assert first.upper < first.middle < first.lower
    assert first.x < second.x < chart.width


def followed(app: Flask, email: str) -> list[int]:
    """How many readings each model's drift counts, for this user."""
    with app.test_request_context():
        user = db.session.scalars(select(User).where(User.email == email)).one()
        return [sum(period.n for period in one.periods) for one in drift_of(user, SPEC)]


def test_only_what_a_user_may_see_is_counted_and_nothing_sealed(app: Flask) -> None:
    one, two = Script(app, "one@clinic.example"), Script(app, "two@clinic.example")
    Script(app, "chief@clinic.example", "admin")
    uuids = [script.uploaded(models=[STATUS]) for script in (one, one, one, two)]
    for uuid in uuids:
        finish(app, uuid)
    with app.app_context():
        last_reading(uuids[0]).anyway_reason = "only image there is"
        db.session.commit()

    assert [followed(app, f"{name}@clinic.example") for name in ("one", "two", "chief")] == [[2], [1], [3]]

    with app.app_context():
        db.session.scalars(select(User).where(User.email == "one@clinic.example")).one().second_reader = True
        db.session.commit()

    assert followed(app, "one@clinic.example") == []


def test_the_page_has_the_picture_and_the_numbers(app: Flask, client: FlaskClient, auth: AuthActions) -> None:
    auth.signup()
    script = Script(app)
    finish(app, script.uploaded(models=[STATUS]))

    page = html.unescape(client.get("/performance?task=sij_mri").text)

    words = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert re.search(r"AS status: score of Positive .* 1 0\.70 0\.70 to 0\.70 reference", words)
    assert "drift-chart__period--too-few" in page
    assert 'role="img"' in page
    assert " style=" not in page
