"""Help, definitions and model facts: pages that explain, for everybody who is logged in."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from ml import tasks as registry
from ml.cards import CardError, read_card, weights_state
from ml.tasks import TaskSpec, UnknownModel, UnknownTask
from webapp.accounts.access import login_required_active
from webapp.pages.facts import facts_of
from webapp.pages.keys import key_groups
from webapp.settings import current_settings
from webapp.studies.view.agreement import questions
from webapp.words import gettext

bp = Blueprint("pages", __name__)
# For words that stand in the description of a task; words of a page stand in its template, in `_()`.
bp.add_app_template_filter(gettext, "translated")
bp.add_app_template_filter(questions)


@bp.get("/help")
@login_required_active
def help() -> str:
    """Keys, and where the words and models are explained."""
    return render_template("pages/help.html", groups=key_groups(), tasks=registry.offered())


@bp.get("/tasks/<task>/definitions")
@login_required_active
def definitions(task: str) -> str:
    """What the words of this task mean, and its limits."""
    return render_template("pages/definitions.html", task=_task(task))


@bp.get("/models")
@login_required_active
def models() -> str:
    """Every model of every task, with the state of its weights."""
    folder = current_settings().models_dir
    states = {
        (spec.key, m.key): weights_state(spec.key, m.key, folder)
        for spec in registry.offered()
        for m in spec.models
    }
    return render_template("pages/models.html", tasks=registry.offered(), states=states)


@bp.get("/tasks/<task>/models/<key>")
@login_required_active
def model(task: str, key: str) -> str:
    """The facts of one model, from its card."""
    spec = _task(task)
    try:
        chosen = spec.model(key)
    except UnknownModel:
        abort(404)
    try:
        facts = facts_of(read_card(spec.key, key, current_settings().models_dir))
    except CardError as error:
        return render_template(
            "pages/model.html", task=spec, model=chosen, facts=None, missing=error.sentence
        )
    return render_template("pages/model.html", task=spec, model=chosen, facts=facts)


def _task(key: str) -> TaskSpec:
    """A task that a study can have. 404 for others."""
    try:
        return registry.FIND_TASK if key == registry.FIND_TASK.key else registry.offered_task(key)
    except UnknownTask:
        abort(404)
