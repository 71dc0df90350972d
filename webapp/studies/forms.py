"""The forms of studies: upload, reading again, searching by patient code."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired, MultipleFileField
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, StopValidation

from ml.tasks import FIND_TASK, offered
from webapp.studies.upload import NOTE_LENGTH, REASON_LENGTH


def _models_of_a_chosen_task(form: StudyForm, field: SelectMultipleField) -> None:
    """At least one model, except where the task has still to be found: nobody can choose its models."""
    if form.task.data != FIND_TASK.key and not field.data:
        raise StopValidation(_("Choose at least one model."))


class StudyForm(FlaskForm):
    """Images, what they are to be read for, and what the clinician wants to find it by."""

    image = MultipleFileField(_("Image"), validators=[FileRequired(_("Choose an image file."))])
    task = SelectField(_("Task"), validate_choice=False)
    models = SelectMultipleField(_("Models"), validators=[_models_of_a_chosen_task], validate_choice=False)
    patient_code = StringField(_("Patient code"), validators=[Optional()])
    note = TextAreaField(_("Note"), validators=[Optional(), Length(max=NOTE_LENGTH)])


class ReadAgainForm(FlaskForm):
    """The models of a new reading of the same study."""

    models = SelectMultipleField(
        _("Models"), validators=[DataRequired(_("Choose at least one model."))], validate_choice=False
    )


class ReadAnywayForm(FlaskForm):
    """Why an image is to be read that the gate has stopped, and for which task where none was found."""

    reason = StringField(
        _("Reason"),
        validators=[
            DataRequired(_("Say why this image is to be read all the same.")),
            Length(max=REASON_LENGTH),
        ],
    )
    task = SelectField(_("Task"), validate_choice=False)


class SearchForm(FlaskForm):
    """A part of a patient code, by POST so that it stands in no address; the pages of its hits go the same way."""

    code = StringField(_("Patient code"), validators=[DataRequired()])


def study_form(task_key: str) -> StudyForm:
    """The upload form of a task (the first offered one where there is no such task), with all its models chosen."""
    tasks = (*offered(), FIND_TASK)
    spec = next((task for task in tasks if task.key == task_key), tasks[0])
    form = StudyForm(data={"task": spec.key, "models": [model.key for model in spec.models]})
    form.task.choices = [(task.key, task.name) for task in tasks]
    form.models.choices = [(model.key, model.name) for task in tasks for model in task.models]
    return form
