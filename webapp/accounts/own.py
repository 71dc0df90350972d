"""The account page: password, theme, running sessions, API tokens."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.accounts.access import login_required_active, signed_in_user
from webapp.accounts.forms import PasswordForm, SecondReaderForm, ThemeForm, TokenForm
from webapp.accounts.passwords import is_right
from webapp.accounts.routes import bp
from webapp.accounts.sessions import end_session, present_session, sessions_of
from webapp.accounts.throttle import TooManyAttemptsError, count_attempt, forget_attempts
from webapp.accounts.tokens import make_token, revoke_token, tokens_of
from webapp.accounts.users import set_password
from webapp.extensions import db
from webapp.words import gettext as _


@bp.get("/account")
@login_required_active
def account() -> str:
    """Everything about the own account."""
    return _page()


@bp.post("/account/password")
@login_required_active
def change_password() -> Response | str | tuple[str, int]:
    """Change the password; all other sessions end."""
    user = signed_in_user()
    form = PasswordForm(email=user.email)
    if not form.validate():
        return _page(password_form=form), 422
    try:
        count_attempt("log-in", user.email, request.remote_addr or "")
    except TooManyAttemptsError as error:
        form.present.errors = [_("Too many tries. Please wait %(minutes)s minutes.", minutes=error.minutes)]
        return _page(password_form=form), 429
    if not is_right(user.password_hash, form.present.data):
        form.present.errors = [_("This is not your present password.")]
        return _page(password_form=form), 422
    forget_attempts("log-in", user.email)
    set_password(user, form.new.data, keep=present_session())
    flash(_("The password is changed. All other sessions are logged out."))
    return redirect(url_for("accounts.account"))


@bp.post("/account/theme")
@login_required_active
def change_theme() -> Response:
    """Keep the theme of the pages."""
    form = ThemeForm()
    if not form.validate():
        abort(400)
    signed_in_user().theme = form.theme.data
    db.session.commit()
    return redirect(url_for("accounts.account"))


@bp.post("/account/second-reader")
@login_required_active
def change_second_reader() -> Response:
    """Keep whether the models' answers wait for the own one."""
    signed_in_user().second_reader = bool(SecondReaderForm().second_reader.data)
    db.session.commit()
    return redirect(url_for("accounts.account"))


@bp.post("/account/sessions/<int:session_id>/end")
@login_required_active
def end_one_session(session_id: int) -> Response:
    """Log another browser out."""
    if not end_session(signed_in_user(), session_id):
        abort(404)
    return redirect(url_for("accounts.account"))


@bp.post("/account/tokens")
@login_required_active
def new_token() -> str | tuple[str, int]:
    """Make an API token and show it this once."""
    form = TokenForm()
    if not form.validate():
        return _page(token_form=form), 422
    return _page(fresh_token=make_token(signed_in_user(), form.name.data), fresh_name=form.name.data)


@bp.post("/account/tokens/<int:token_id>/revoke")
@login_required_active
def revoke(token_id: int) -> Response:
    """End an API token."""
    if not revoke_token(signed_in_user(), token_id):
        abort(404)
    return redirect(url_for("accounts.account"))


def _page(**values: object) -> str:
    user = signed_in_user()
    shown: dict[str, object] = {
        "password_form": PasswordForm(formdata=None),
        "theme_form": ThemeForm(formdata=None, theme=user.theme),
        "second_reader_form": SecondReaderForm(formdata=None, second_reader=user.second_reader),
        "token_form": TokenForm(formdata=None),
        "sessions": sessions_of(user),
        "present": present_session(),
        "tokens": tokens_of(user),
    }
    return render_template("accounts/account.html", **(shown | values))
