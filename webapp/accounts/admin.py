"""The administrator's page: who waits, who may come in."""

from __future__ import annotations

from typing import Literal

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from webapp.accounts.access import admin_required, signed_in_user
from webapp.accounts.routes import bp
from webapp.accounts.tables import User
from webapp.accounts.users import all_users, set_state
from webapp.extensions import db
from webapp.words import gettext as _


@bp.get("/users")
@admin_required
def users() -> str:
    """All accounts, those who wait first."""
    return render_template("accounts/users.html", users=all_users(), me=signed_in_user())


@bp.post("/users/<int:user_id>/approve")
@admin_required
def approve(user_id: int) -> Response:
    """Let a user in, for the first time or again."""
    return _change(user_id, "active")


@bp.post("/users/<int:user_id>/disable")
@admin_required
def disable(user_id: int) -> Response:
    """Keep a user out; sessions end at once."""
    return _change(user_id, "disabled")


def _change(user_id: int, state: Literal["active", "disabled"]) -> Response:
    user = db.session.get(User, user_id)
    if user is None:
        abort(404)
    if user.id == signed_in_user().id:
        abort(400, _("You cannot disable your own account."))
    set_state(user, state)
    text = _("%(email)s may log in.") if state == "active" else _("%(email)s is kept out.")
    flash(text % {"email": user.email})
    return redirect(url_for("accounts.users"))
