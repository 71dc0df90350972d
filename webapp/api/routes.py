"""/api/v1: what the pages do with studies, for programs. Bearer tokens only; cookies count for nothing here."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from ml.tasks import task
from webapp.accounts.access import token_user
from webapp.accounts.tables import User
from webapp.api import answers, openapi, verdicts
from webapp.api.problems import problem
from webapp.readings import claims
from webapp.reviews import signing
from webapp.reviews.opinions import opinion_from
from webapp.reviews.outlines import send_outline
from webapp.reviews.reveals import reveal
from webapp.reviews.sealing import is_sealed
from webapp.sharing.colleagues import reads
from webapp.studies import history
from webapp.studies import upload as incoming
from webapp.studies.files import PLAIN, send_picture
from webapp.studies.slices import slice_asked_for
from webapp.studies.tables import Study
from webapp.words import gettext as _

bp = Blueprint("api", __name__, url_prefix="/api/v1")
_OPEN = {"api.document"}
bp.url_value_preprocessor(incoming.allow_stack)


@bp.before_request
def _authenticate() -> Response | None:
    if request.endpoint in _OPEN:
        return None
    user = token_user()
    if user is None:
        return problem(401)
    g.token_user = user
    return None


@bp.post("/studies")
def create() -> tuple[Response, int] | Response:
    """Take an image, or the files of a stack, and queue their reading."""
    if request.mimetype != "multipart/form-data":
        return problem(415)
    images = request.files.getlist("image")
    if not images:
        return problem(400, _("There is no file in the field “image”."))
    if not request.form.get("task"):
        return problem(400, _("There is no task in the field “task”."))
    wish = incoming.Wish(
        task=request.form["task"],
        models=tuple(request.form.getlist("models")),
        patient_code=request.form.get("patient_code", ""),
        note=request.form.get("note", ""),
    )
    study = incoming.upload_one(_user(), [image.stream for image in images], wish)
    return jsonify(answers.accepted(study)), 202


@bp.get("/studies")
def index() -> Response:
    """The studies that the token's owner may see, newest first, a page at a time."""
    page = history.studies_of(_user(), request.args.get("page", 1, type=int))
    return jsonify(answers.listed(page))


@bp.get("/studies/<uuid>")
def show(uuid: str) -> Response:
    """A study, where its reading is, and what came of it."""
    study = history.visible_study(_user(), uuid)
    return _whole(study)


@bp.post("/studies/<uuid>/cancel")
def cancel(uuid: str) -> Response:
    """Stop the reading; 409 when it has ended."""
    study = history.own_study(_user(), uuid)
    if not claims.cancel(incoming.latest_reading(study).id):
        return problem(409, _("The reading of this study has ended already."))
    return _whole(study)


@bp.post("/studies/<uuid>/read-anyway")
def read_anyway(uuid: str) -> tuple[Response, int]:
    """Read what the gate has stopped, for a reason that is kept and shown."""
    study = history.own_study(_user(), uuid)
    incoming.read_anyway(_user(), study, request.form.get("reason", ""), request.form.get("task", ""))
    return _whole(study), 202


@bp.get("/studies/<uuid>/files/<name>")
def file(uuid: str, name: str) -> Response:
    """A picture of a study: the preview, a region, a lesion or a heatmap."""
    study = history.visible_study(_user(), uuid)
    reading, image = incoming.latest_reading(study), slice_asked_for(study)
    picture = send_picture(study, reading, image, name, sealed=is_sealed(_user(), study))
    if name not in PLAIN:
        reveal(_user(), [study])
    return picture


@bp.get("/studies/<uuid>/outlines/<int:verdict>.png")
def outline(uuid: str, verdict: int) -> Response:
    """The outline that was signed with a verdict."""
    study = history.visible_study(_user(), uuid)
    picture = send_outline(study, verdict, sealed=is_sealed(_user(), study))
    reveal(_user(), [study])
    return picture


@bp.get("/studies/<uuid>/verdicts")
def list_verdicts(uuid: str) -> Response:
    """What clinicians said of the models' answers; nothing while these are sealed."""
    return _verdicts(history.visible_study(_user(), uuid))


@bp.post("/studies/<uuid>/verdicts")
def sign_verdict(uuid: str) -> tuple[Response, int]:
    """Sign a verdict on what a model says; an earlier one is superseded."""
    study = history.visible_study(_user(), uuid)
    prediction = signing.prediction_of(study, slice_asked_for(study), request.form.get("model", ""))
    signing.sign_verdict(
        _user(), study, prediction, opinion_from(request.form, task(study.task), request.files)
    )
    return _verdicts(study), 201


@bp.post("/studies/<uuid>/own-answer")
def record_own_answer(uuid: str) -> tuple[Response, int]:
    """Record the second reader's own answer; the models' answers are open from then on."""
    study = history.visible_study(_user(), uuid)
    own = signing.record_own_answer(_user(), study, opinion_from(request.form, task(study.task)))
    return jsonify(verdicts.own_answer(own)), 201


@bp.get("/openapi.json")
def document() -> Response:
    """This interface, described for programs."""
    return jsonify(openapi.document())


@bp.errorhandler(incoming.Refused)
@bp.errorhandler(signing.NotSigned)
def _refused(refused: incoming.Refused | signing.NotSigned) -> Response:
    return problem(refused.status, refused.sentence)


@bp.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    return problem(error.code or 500)


def _whole(study: Study) -> Response:
    reading, sealed = incoming.latest_reading(study), is_sealed(_user(), study)
    if reading.state == "done" and not sealed:
        reveal(_user(), [study])
    return jsonify(answers.whole(study, reading, sealed=sealed))


def _verdicts(study: Study) -> Response:
    found = [] if is_sealed(_user(), study) else signing.verdicts_on(study)
    if found:
        reveal(_user(), [study])
    reader = _user() if reads(_user(), study) else study.user
    return jsonify(verdicts.told(found, signing.own_answer_of(reader, study)))


def _user() -> User:
    user: User = g.token_user
    return user
