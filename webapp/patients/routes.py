"""The page of a patient. Its address names one of the studies: a patient code stands in none."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from webapp.accounts.access import login_required_active, signed_in_user
from webapp.patients.moments import studies_of_patient
from webapp.patients.timeline import timeline_of
from webapp.reviews.reveals import reveal
from webapp.studies.history import visible_study

bp = Blueprint("patients", __name__)


@bp.get("/studies/<uuid>/patient")
@login_required_active
def show(uuid: str) -> str:
    """All studies of the patient of this study, over time."""
    user = signed_in_user()
    study = visible_study(user, uuid)
    if not study.patient_code:
        abort(404)
    moments = studies_of_patient(user, study)
    reveal(user, [moment.study for moment in moments if moment.tells])
    timeline = timeline_of(moments)
    return render_template("patients/show.html", timeline=timeline, study=study, nav="worklist")
