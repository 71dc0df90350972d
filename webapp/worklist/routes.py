"""What can be done with several studies of the worklist at once: label, export, delete, bring back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.accounts.access import login_required_active, signed_in_user
from webapp.reviews.reveals import reveal
from webapp.words import gettext as _
from webapp.words import ngettext
from webapp.worklist import selection
from webapp.worklist.filters import filters_from
from webapp.worklist.findings import findings_csv
from webapp.worklist.labels import NotALabel, give_label, take_label
from webapp.worklist.pages import rows_of

bp = Blueprint("worklist", __name__, url_prefix="/worklist")
Answer = str | AnyResponse


@bp.post("/label")
@login_required_active
def label() -> Answer:
    """Put a label on the chosen studies, or take it off."""
    user = signed_in_user()
    chosen = [study.id for study in selection.visible(user, _chosen())]
    if not chosen:
        flash(_("Choose studies first: tick their rows."), "warning")
        return _back()
    try:
        change = take_label if request.form.get("do") == "take" else give_label
        change(user, request.form.get("label", ""), chosen)
    except NotALabel as refused:
        flash(refused.sentence, "warning")
    return _back()


@bp.post("/findings.csv")
@login_required_active
def findings() -> Answer:
    """The findings of the chosen studies as one CSV."""
    user = signed_in_user()
    rows = rows_of(user, _chosen()[: selection.MOST])
    if not rows:
        flash(_("Choose studies first: tick their rows."), "warning")
        return _back()
    reveal(user, [row.study for row in rows if row.is_open])
    answer = Response(findings_csv(rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = "attachment; filename=sidelight-findings.csv"
    return answer


@bp.post("/delete")
@login_required_active
def delete() -> Answer:
    """Delete the chosen studies, after asking; they can be brought back."""
    user, chosen = signed_in_user(), _chosen()
    own = selection.deletable(user, chosen)
    if not own:
        flash(_("Choose studies of your own first: tick their rows. A colleague’s study stays."), "warning")
        return _back()
    if request.form.get("confirm") != "yes":
        others = len(selection.visible(user, chosen)) - len(own)
        return render_template(
            "worklist/delete.html",
            studies=own,
            others=others,
            filters=filters_from(request.args),
            nav="worklist",
        )
    return _back(deleted=selection.delete(user, chosen))


@bp.post("/restore")
@login_required_active
def restore() -> Answer:
    """Bring studies back that were deleted a moment ago."""
    back = selection.restore(signed_in_user(), _chosen())
    flash(ngettext("%(num)s study is back.", "%(num)s studies are back.", back))
    return _back()


def _chosen() -> list[str]:
    return request.form.getlist("study")


def _back(**more: Any) -> AnyResponse:
    return redirect(url_for("studies.history", **filters_from(request.args).arguments, **more), 303)
