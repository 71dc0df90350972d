"""The page on which the owner of a study shares it with colleagues and ends that."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.accounts.access import login_required_active, signed_in_user
from webapp.sharing import colleagues
from webapp.studies.history import own_study
from webapp.words import gettext as _

bp = Blueprint("sharing", __name__)
Answer = str | Response


@bp.get("/studies/<uuid>/sharing")
@login_required_active
def show(uuid: str) -> Answer:
    """Who sees this study, and who else could."""
    study = own_study(signed_in_user(), uuid)
    shares = colleagues.shares_of(study)
    taken = {share.user_id for share in shares} | {study.user_id}
    others = [user for user in colleagues.colleagues_of(signed_in_user()) if user.id not in taken]
    return render_template("sharing/show.html", study=study, shares=shares, others=others, nav="worklist")


@bp.post("/studies/<uuid>/sharing")
@login_required_active
def share(uuid: str) -> Answer:
    """Show the study to a colleague."""
    user = signed_in_user()
    study = own_study(user, uuid)
    if not colleagues.share(user, study, request.form.get("colleague", 0, type=int)):
        flash(_("Choose a colleague from the list. Nothing was shared."), "warning")
    return redirect(url_for("sharing.show", uuid=uuid), 303)


@bp.post("/studies/<uuid>/sharing/end")
@login_required_active
def end(uuid: str) -> Answer:
    """Show the study to a colleague no longer."""
    study = own_study(signed_in_user(), uuid)
    colleagues.end_share(study, request.form.get("colleague", 0, type=int))
    return redirect(url_for("sharing.show", uuid=uuid), 303)
