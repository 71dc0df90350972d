"""The door: log in, sign up, wait, log out."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from webapp.accounts.access import safe_target
from webapp.accounts.forms import LoginForm, SignupForm
from webapp.accounts.sessions import begin_session, end_present_session
from webapp.accounts.throttle import TooManyAttemptsError, count_attempt, forget_attempts
from webapp.accounts.users import authenticate, is_setup_token, sign_up, there_is_a_user
from webapp.security import is_loopback
from webapp.settings import current_settings
from webapp.words import gettext as _

bp = Blueprint("accounts", __name__)


@bp.get("/login")
def login() -> str | Answer:
    """The log-in form."""
    if current_user.is_authenticated:
        return redirect("/")
    if not there_is_a_user():
        return redirect(url_for("accounts.signup"))
    return render_template("accounts/login.html", form=LoginForm())


@bp.post("/login")
def log_in() -> str | Answer | tuple[str, int]:
    """Log in. What is wrong, address or password, is not said."""
    form = LoginForm()
    if not form.validate():
        return render_template("accounts/login.html", form=form), 422
    try:
        count_attempt("log-in", form.email.data, request.remote_addr or "")
    except TooManyAttemptsError as error:
        return _too_many("accounts/login.html", form, error)
    user = authenticate(form.email.data, form.password.data)
    if user is None or user.state == "disabled":
        failed = (
            _("This account is disabled. Ask your administrator.")
            if user
            else _("E-mail address or password is not right.")
        )
        return render_template("accounts/login.html", form=form, failed=failed), 401
    forget_attempts("log-in", form.email.data)
    begin_session(user)
    return redirect(safe_target(request.args.get("next")))


@bp.get("/signup")
def signup() -> str | Answer:
    """The form that asks for an account."""
    if current_user.is_authenticated:
        return redirect("/")
    return _signup_page(SignupForm())


@bp.post("/signup")
def sign_up_now() -> str | Answer | tuple[str, int]:
    """Make an account. An address that has one gets the same answer as a new one."""
    settings, form, first = current_settings(), SignupForm(), not there_is_a_user()
    if settings.signup == "closed" and not first:
        return _signup_page(form), 403
    if not form.validate():
        return _signup_page(form), 422
    try:
        count_attempt("sign-up", form.email.data, request.remote_addr or "")
    except TooManyAttemptsError as error:
        return _too_many("accounts/signup.html", form, error, first=first, needs_token=_needs_token())
    if first and _needs_token() and not is_setup_token(settings, form.setup_token.data or ""):
        form.setup_token.errors = [_("This is not the token that was printed when Sidelight started.")]
        return _signup_page(form), 403
    user = sign_up(form.email.data, form.password.data, waits=settings.signup != "open")
    if user is not None and user.is_admin:
        begin_session(user)
        return redirect("/")
    if settings.signup == "open":
        flash(_("You can log in now, unless this address had an account with another password."))
        return redirect(url_for("accounts.login"))
    return redirect(url_for("accounts.pending"))


@bp.get("/pending")
def pending() -> str | Answer:
    """Says that an administrator has to approve the account."""
    if current_user.is_active and current_user.is_authenticated:
        return redirect("/")
    return render_template("accounts/pending.html")


@bp.post("/logout")
def logout() -> Answer:
    """End this session, at the server too."""
    end_present_session()
    return redirect(url_for("accounts.login"))


def _needs_token() -> bool:
    """The first account names the printed token unless nobody but this machine can ask for it."""
    return not (current_settings().is_local and is_loopback(request.host))


def _signup_page(form: SignupForm) -> str:
    first = not there_is_a_user()
    needs_token = first and _needs_token()
    return render_template("accounts/signup.html", form=form, first=first, needs_token=needs_token)


def _too_many(template: str, form: object, error: TooManyAttemptsError, **values: object) -> Answer:
    failed = _("Too many tries. Please wait %(minutes)s minutes, then try again.", minutes=error.minutes)
    answer = Response(render_template(template, form=form, failed=failed, **values), 429)
    answer.headers["Retry-After"] = str(60 * error.minutes)
    return answer
