"""Pages of reviews: a verdict on a prediction, an own answer before the models', performance."""

from __future__ import annotations

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ml.tasks import offered, task
from webapp.accounts.access import login_required_active, signed_in_user
from webapp.reviews import signing
from webapp.reviews.drift import drift_of
from webapp.reviews.drift_chart import chart_of
from webapp.reviews.opinions import opinion_from
from webapp.reviews.outlines import send_outline
from webapp.reviews.performance import changes_of, performance_of, seen_first
from webapp.reviews.reveals import reveal, reveal_of
from webapp.reviews.sealing import is_sealed
from webapp.reviews.signing import NotSigned, Opinion
from webapp.reviews.view import judgement_names, outlines_of, reason_names, review_of, starts_of
from webapp.studies.history import visible_study
from webapp.studies.slices import slice_asked_for
from webapp.studies.tables import Study
from webapp.studies.upload import latest_reading
from webapp.studies.view import result_of
from webapp.studies.view.numbers import score
from webapp.studies.view.picture import picture_of
from webapp.studies.view.stack import stack_of
from webapp.words import gettext as _

bp = Blueprint("reviews", __name__)
bp.add_app_template_global(judgement_names)
bp.add_app_template_global(reason_names)
bp.add_app_template_global(outlines_of)
bp.add_app_template_global(chart_of, "drift_chart")
bp.add_app_template_filter(score)
Answer = str | Response | tuple[str | Response, int]


@bp.get("/studies/<uuid>/verdicts/<model>")
@login_required_active
def verdicts(uuid: str, model: str) -> Answer:
    """All verdicts on what a model says of a study, and the form for another."""
    return _verdict_page(visible_study(signed_in_user(), uuid), model)


@bp.post("/studies/<uuid>/verdicts/<model>")
@login_required_active
def sign(uuid: str, model: str) -> Answer:
    """Sign a verdict."""
    user = signed_in_user()
    study = visible_study(user, uuid)
    opinion = opinion_from(request.form, task(study.task), request.files)
    prediction = signing.prediction_of(study, slice_asked_for(study), model)
    try:
        if request.form.get("prediction", type=int) != prediction.id:
            raise NotSigned(
                409, _("The study was read again since this page was opened. Judge this reading.")
            )
        signing.sign_verdict(user, study, prediction, opinion)
    except NotSigned as refused:
        if _asks_for_json():
            return jsonify(sentence=refused.sentence), refused.status
        if is_sealed(user, study):
            return redirect(url_for("studies.show", uuid=uuid), 303)
        return _verdict_page(study, model, opinion, refused.sentence), refused.status
    flash(_("Your verdict is signed."))
    after = url_for("studies.show", uuid=uuid, slice=request.args.get("slice")) + f"#model-{model}"
    return (jsonify(location=after), 201) if _asks_for_json() else redirect(after, 303)


@bp.get("/studies/<uuid>/outlines/<int:verdict>.png")
@login_required_active
def outline(uuid: str, verdict: int) -> Response:
    """The outline that was signed with a verdict."""
    user = signed_in_user()
    study = visible_study(user, uuid)
    picture = send_outline(study, verdict, sealed=is_sealed(user, study))
    reveal(user, [study])
    return picture


@bp.get("/studies/<uuid>/own-answer")
@login_required_active
def own_answer(uuid: str) -> Answer:
    """The study without any answer of the models, and the form for the own one."""
    user = signed_in_user()
    study = visible_study(user, uuid)
    if not is_sealed(user, study) or latest_reading(study).state != "done":
        return redirect(url_for("studies.show", uuid=uuid))
    return _own_answer_page(study)


@bp.post("/studies/<uuid>/own-answer")
@login_required_active
def record(uuid: str) -> Answer:
    """Record the second reader's own answer; the models' answers follow."""
    user = signed_in_user()
    study = visible_study(user, uuid)
    opinion = opinion_from(request.form, task(study.task))
    try:
        signing.record_own_answer(user, study, opinion)
    except NotSigned as refused:
        if refused.status != 422:
            flash(refused.sentence, "warning")
            return redirect(url_for("studies.show", uuid=uuid), 303)
        return _own_answer_page(study, opinion, refused.sentence), refused.status
    flash(_("Your own answer is on record. These are the models' answers."))
    return redirect(url_for("studies.show", uuid=uuid), 303)


@bp.get("/performance")
@login_required_active
def performance() -> Answer:
    """How the models of a task do against verdicts: all of them for administrators, the own ones for others."""
    user, tasks = signed_in_user(), offered()
    spec = next((spec for spec in tasks if spec.key == request.args.get("task")), tasks[0])
    answered_first = [one for one in changes_of(user, spec) if one.changed.n or one.found_later]
    return render_template(
        "reviews/performance.html",
        task=spec,
        tasks=tasks,
        models=performance_of(user, spec),
        answered_first=answered_first,
        seen_first=seen_first(user, spec),
        drifts=drift_of(user, spec),
        nav="performance",
    )


def _asks_for_json() -> bool:
    """Whether a script has sent the form: it keeps the page, and with it what was drawn, until the verdict is stored."""
    return request.accept_mimetypes.best == "application/json"


def _own_answer_page(study: Study, opinion: Opinion | None = None, error: str = "") -> str:
    image = slice_asked_for(study)
    return render_template(
        "reviews/own_answer.html",
        study=study,
        task=task(study.task),
        reading=latest_reading(study),
        seen=reveal_of(signed_in_user(), study),
        image={"uuid": study.uuid, "picture": picture_of(image)},
        stack=(stack := stack_of(study.images, image)),
        slice=stack.slice if stack else None,
        opinion=opinion or Opinion(),
        error=error,
        cannot_tell=signing.CANNOT_TELL,
        nav="worklist",
    )


def _verdict_page(study: Study, model: str, opinion: Opinion | None = None, error: str = "") -> str:
    user, spec = signed_in_user(), task(study.task)
    if is_sealed(user, study):
        abort(404)
    image = slice_asked_for(study)
    prediction = signing.prediction_of(study, image, model)
    reveal(user, [study])
    verdicts = signing.verdicts_on(study)
    review = review_of(user, study, prediction, spec, verdicts)
    result = result_of(prediction.reading, spec, {}, image)
    return render_template(
        "reviews/verdict.html",
        study=study,
        task=spec,
        result=result,
        # None for a model that left the task: what it marked is then not shown, only what it said.
        column=next((column for column in result.columns if column.key == model), None),
        name=next((known.name for known in spec.models if known.key == model), model),
        prediction=prediction,
        review=review,
        reviews={model: review},
        starts=starts_of(prediction, spec, verdicts),
        opinion=opinion,
        error=error,
        slice=request.args.get("slice"),
        nav="worklist",
    )
