"""The forms of the account pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, Email, Length, ValidationError

from webapp.accounts.passwords import complaint

_NEEDED = _l("Please fill this in.")
_NO_EMAIL = _l("This is not an e-mail address.")


class LoginForm(FlaskForm):
    """E-mail address and password."""

    email = StringField(_l("E-mail address"), [DataRequired(_NEEDED), Length(max=254)])
    password = PasswordField(_l("Password"), [DataRequired(_NEEDED), Length(max=256)])


class SignupForm(FlaskForm):
    """A new account; `setup_token` only for the first one, where others can reach the server."""

    # A clinic's own domain may not be known outside: the address is checked for its form only.
    email = StringField(
        _l("E-mail address at your institution"),
        [DataRequired(_NEEDED), Length(max=254), Email(_NO_EMAIL, check_deliverability=False)],
    )
    password = PasswordField(_l("Password"), [DataRequired(_NEEDED)])
    setup_token = StringField(_l("Token that was printed when Sidelight started"), [Length(max=100)])

    def validate_password(self, field: PasswordField) -> None:
        _check(field.data, self.email.data or "")


class PasswordForm(FlaskForm):
    """A new password for the account whose address is `email`."""

    present = PasswordField(_l("Present password"), [DataRequired(_NEEDED), Length(max=256)])
    new = PasswordField(_l("New password"), [DataRequired(_NEEDED)])

    def __init__(self, *args: object, email: str = "", **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.account_email = email

    def validate_new(self, field: PasswordField) -> None:
        _check(field.data, self.account_email)


class ThemeForm(FlaskForm):
    """Dark, light, or as the operating system says."""

    theme = RadioField(
        _l("Theme"),
        choices=[
            SelectChoice("dark", _l("Dark")),
            SelectChoice("light", _l("Light")),
            SelectChoice("system", _l("As the system")),
        ],
    )


class SecondReaderForm(FlaskForm):
    """Whether the models' answers wait for the own one."""

    second_reader = BooleanField(_l("Hide the models' answers until mine is on record"))


class TokenForm(FlaskForm):
    """A name for a new API token."""

    name = StringField(_l("What the token is for"), [DataRequired(_NEEDED), Length(max=80)])


def _check(password: str, email: str) -> None:
    sentence = complaint(password, email)
    if sentence:
        raise ValidationError(sentence)
