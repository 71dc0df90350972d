"""Pages of studies: history, upload, progress, result, stored files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from ml.cards import CardError, read_card
from ml.tasks import FIND_TASK, TaskSpec, offered, task
from webapp.accounts.access import login_required_active, signed_in_user
from webapp.accounts.tables import User
from webapp.exports.links import links_of
from webapp.extensions import utc_now
from webapp.readings import claims
from webapp.reviews.reveals import reveal
from webapp.reviews.sealing import is_sealed
from webapp.reviews.view import own_answers_of, reviews_of
from webapp.settings import current_settings
from webapp.studies import history as past
from webapp.studies import upload as incoming
from webapp.studies.events import follow
from webapp.studies.files import PLAIN, send_picture
from webapp.studies.follow_up import MOST, CannotCompare, others_of, side_by_side
from webapp.studies.forms import ReadAgainForm, ReadAnywayForm, SearchForm, StudyForm, study_form
from webapp.studies.marks import marks_of, send_map
from webapp.studies.pixels import send_pixels
from webapp.studies.slices import predictions_on, slice_asked_for
from webapp.studies.tables import Study
from webapp.studies.upload import REASON_LENGTH, allow_stack
from webapp.studies.view import follow_up_of, progress_of, result_of, slice_of, visit_of
from webapp.studies.view.follow_up import Visit
from webapp.words import gettext as _
from webapp.words import ngettext
from webapp.worklist import selection
from webapp.worklist.filters import Filters, filters_from
from webapp.worklist.labels import labels_of
from webapp.worklist.pages import page_of

bp = Blueprint("studies", __name__)
bp.add_app_template_global(past.may_act)
bp.url_value_preprocessor(allow_stack)
Answer = str | AnyResponse | tuple[str, int]


@bp.get("/")
@bp.get("/studies")
@login_required_active
def history() -> Answer:
    """The studies that this user may see; filters, order and page are in the address."""
    return _history(filters_from(request.args), request.args)


@bp.post("/studies/search")
@login_required_active
def search() -> Answer:
    """Studies by a part of the patient code, which is in the body of the request and so in no address or log."""
    form = SearchForm()
    if not form.validate():
        return redirect(url_for("studies.history", **filters_from(request.args).arguments))
    return _history(filters_from(request.args, form.code.data), request.form)


@bp.get("/studies/compare")
@login_required_active
def compare() -> Answer:
    """Two to six studies of one patient code side by side: `?study=<uuid>&study=<uuid>`."""
    user = signed_in_user()
    try:
        studies = side_by_side(user, request.args.getlist("study"))
    except CannotCompare as error:
        abort(400, error.sentence)
    visits = [_visit(user, study, number) for number, study in enumerate(studies, 1)]
    shown = follow_up_of(visits, request.args.get("model", ""))
    return render_template("studies/compare.html", follow_up=shown, slice=None)


@bp.get("/studies/new")
@login_required_active
def new() -> Answer:
    """The upload page."""
    return _new(study_form(request.args.get("task", "")))


@bp.post("/studies")
@login_required_active
def create() -> Answer:
    """Take an upload and go on to the page of its study."""
    form = study_form(request.form.get("task", ""))
    if not form.validate():
        return _not_taken(form, 400)
    wish = incoming.Wish(
        task=form.task.data or "",
        models=tuple(form.models.data or ()),
        patient_code=form.patient_code.data or "",
        note=form.note.data or "",
    )
    try:
        taken = incoming.upload_all(signed_in_user(), [file.stream for file in form.image.data], wish)
    except incoming.Refused as refused:
        form[refused.field].errors = [*form[refused.field].errors, refused.sentence]
        return _not_taken(form, refused.status)
    if _for_script():
        sentences = [sentence for sentence, kind in _told(taken) if kind != "ok"]
        urls = [{"url": url_for("studies.show", uuid=one.study.uuid)} for one in taken if one.study]
        return jsonify(studies=urls, sentence=" ".join(sentences))
    if len(taken) == 1 and taken[0].study:
        return redirect(url_for("studies.show", uuid=taken[0].study.uuid), 303)
    for sentence, kind in _told(taken):
        flash(sentence, kind)
    return redirect(url_for("studies.history"), 303)


@bp.get("/studies/<uuid>")
@login_required_active
def show(uuid: str) -> Answer:
    """Where the reading of a study is, or what came of it."""
    user = signed_in_user()
    study = past.visible_study(user, uuid)
    reading = incoming.latest_reading(study)
    if reading.state == "done" and is_sealed(user, study):
        return redirect(url_for("reviews.own_answer", uuid=uuid))
    spec = task(study.task)
    shared: dict[str, object] = {
        "study": study,
        "reading": reading,
        "task": spec,
        "form": ReadAgainForm(),
        "slice": None,
    }
    if reading.state == "stopped":
        shared |= {"tasks_to_choose": offered() if spec is FIND_TASK else (), "reason_length": REASON_LENGTH}
    if reading.state in ("done", "stopped"):
        if reading.state == "done":
            reveal(user, [study])
        image = slice_asked_for(study) if "slice" in request.args else slice_of(reading, spec)
        marks = marks_of(reading, spec, image)
        result = result_of(reading, spec, _thresholds(spec), image, marks)
        shared |= {"slice": result.stack.slice if result.stack else None}
        shared |= {"slice_number": result.stack.number if result.stack else None}
        shared |= {
            "reviews": reviews_of(user, study, predictions_on(reading, image), spec),
            "exports": links_of(study, reading, spec, image),
            "own_answers": own_answers_of(study, spec),
        }
        return render_template(
            "studies/result.html", result=result, others=others_of(user, study), most=MOST, **shared
        )
    return render_template("studies/progress.html", progress=progress_of(reading, spec, utc_now()), **shared)


@bp.get("/studies/<uuid>/events")
@login_required_active
def events(uuid: str) -> Answer:
    """Server-sent events of the progress; the browser connects again after 25 s."""
    study = past.visible_study(signed_in_user(), uuid)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    answer = Response(follow(app, study.id), content_type="text/event-stream; charset=utf-8")
    answer.headers["X-Accel-Buffering"] = "no"  # or nginx would keep the events until the end
    return answer


@bp.get("/studies/<uuid>/state")
@login_required_active
def state(uuid: str) -> Answer:
    """The progress as JSON, for where a proxy swallows the events."""
    study = past.visible_study(signed_in_user(), uuid)
    progress = progress_of(incoming.latest_reading(study), task(study.task), utc_now())
    return jsonify(progress.to_json())


@bp.post("/studies/<uuid>/cancel")
@login_required_active
def cancel(uuid: str) -> Answer:
    """Stop the reading; a running one stops before its next model."""
    study = past.own_study(signed_in_user(), uuid)
    if not claims.cancel(incoming.latest_reading(study).id):
        flash(_("The reading had ended before it could be stopped."))
    return redirect(url_for("studies.show", uuid=uuid), 303)


@bp.post("/studies/<uuid>/read-again")
@login_required_active
def read_again(uuid: str) -> Answer:
    """Read the same image again, perhaps by other models."""
    study = past.own_study(signed_in_user(), uuid)
    form = ReadAgainForm()
    models = tuple(form.models.data or incoming.latest_reading(study).models)
    try:
        incoming.read_again(study, models)
    except incoming.Refused as refused:
        flash(refused.sentence, "warning")
    return redirect(url_for("studies.show", uuid=uuid), 303)


@bp.post("/studies/<uuid>/read-anyway")
@login_required_active
def read_anyway(uuid: str) -> Answer:
    """Read what the gate has stopped, for a reason that is kept and shown."""
    user = signed_in_user()
    study = past.own_study(user, uuid)
    form = ReadAnywayForm()
    if form.validate():
        try:
            incoming.read_anyway(user, study, form.reason.data or "", form.task.data or "")
        except incoming.Refused as refused:
            flash(refused.sentence, "warning")
    else:
        for sentence in (text for texts in form.errors.values() for text in texts):
            flash(sentence, "warning")
    return redirect(url_for("studies.show", uuid=uuid), 303)


@bp.post("/studies/<uuid>/delete")
@login_required_active
def delete(uuid: str) -> Answer:
    """Hide a study; it can be brought back."""
    study = past.own_study(signed_in_user(), uuid)
    past.hide(study)
    return redirect(url_for("studies.history", deleted=uuid), 303)


@bp.post("/studies/<uuid>/restore")
@login_required_active
def restore(uuid: str) -> Answer:
    """Bring a deleted study back."""
    past.bring_back(past.own_study(signed_in_user(), uuid, deleted=True))
    return redirect(url_for("studies.show", uuid=uuid), 303)


@bp.get("/studies/<uuid>/files/<name>")
@login_required_active
def file(uuid: str, name: str) -> AnyResponse:
    """A picture of a study: the preview, or a region, lesion or heatmap of its last reading."""
    user = signed_in_user()
    study = past.visible_study(user, uuid)
    reading, image = incoming.latest_reading(study), slice_asked_for(study)
    picture = send_picture(study, reading, image, name, sealed=is_sealed(user, study))
    if name not in PLAIN:
        reveal(user, [study])
    return picture


@bp.get("/studies/<uuid>/agreement/<kind>.png")
@login_required_active
def agreement_map(uuid: str, kind: str) -> AnyResponse:
    """How many models mark each pixel of a slice: of the regions or the lesions of the last reading."""
    user = signed_in_user()
    study = past.visible_study(user, uuid)
    reading = incoming.latest_reading(study)
    marks = marks_of(reading, task(study.task), slice_asked_for(study)) if reading.state == "done" else ()
    picture = send_map(marks, kind, sealed=is_sealed(user, study))
    reveal(user, [study])
    return picture


@bp.get("/studies/<uuid>/pixels")
@login_required_active
def pixels(uuid: str) -> AnyResponse:
    """The stored grey values of a slice, for the viewer."""
    study = past.visible_study(signed_in_user(), uuid)
    return send_pixels(study, slice_asked_for(study))


def _not_taken(form: StudyForm, status: int) -> Answer:
    """The form with what is wrong at its fields; to a script only that."""
    if not _for_script():
        return _new(form), status
    sentences = [str(sentence) for texts in form.errors.values() for sentence in texts]
    answer = jsonify(studies=[], sentence=" ".join(sentences))
    answer.status_code = status
    return answer


def _for_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _told(taken: list[incoming.Taken]) -> Iterator[tuple[str, str]]:
    """What came of several studies: how many there are, and why one was refused, by the number of its file."""
    stored = sum(one.study is not None for one in taken)
    yield ngettext("%(num)s study is stored.", "%(num)s studies are stored.", stored), "ok"
    for number, one in enumerate(taken, 1):
        if one.refused:
            sentence = _(
                "File %(k)s of %(n)s was not taken: %(why)s", k=number, n=len(taken), why=one.refused.sentence
            )
            yield sentence, "warning"


def _visit(user: User, study: Study, number: int) -> Visit:
    reading = incoming.latest_reading(study)
    spec = task(study.task)
    sealed = is_sealed(user, study)
    open_ = reading.state == "done" and not sealed
    if open_:
        reveal(user, [study])
    result = result_of(reading, spec, _thresholds(spec)) if open_ else None
    return visit_of(number, reading, spec, result, sealed=sealed)


def _history(filters: Filters, place: Mapping[str, str]) -> str:
    user = signed_in_user()
    page = page_of(user, filters, place.get("after", ""), place.get("before", ""))
    reveal(user, [row.study for row in page.rows if row.is_open])
    return render_template(
        "studies/history.html",
        page=page,
        filters=filters,
        tasks=offered(),
        states=past.STATES,
        labels=labels_of(user),
        # The studies that were deleted a moment ago: the page offers to bring them back.
        deleted=request.args.getlist("deleted")[: selection.MOST],
        nav="worklist",
    )


def _new(form: StudyForm) -> str:
    tasks = offered()
    chosen = next((spec for spec in (*tasks, FIND_TASK) if spec.key == form.task.data), tasks[0])
    return render_template(
        "studies/new.html",
        form=form,
        tasks=tasks,
        find_task=FIND_TASK,
        task=chosen,
        models=chosen.models,
        nav="upload",
    )


def _thresholds(spec: TaskSpec) -> dict[str, dict[str, float]]:
    """Model key to head key to the score from which the positive label is given, as far as cards tell."""
    found = {}
    for model in spec.models:
        try:
            found[model.key] = read_card(spec.key, model.key, current_settings().models_dir).thresholds
        except CardError:
            continue
    return found
