"""The keys of the application, by group: the help page lists them, static/js acts on them."""

from __future__ import annotations

from webapp.words import gettext as _

Group = tuple[str, tuple[tuple[tuple[str, ...], str], ...]]


def key_groups() -> tuple[Group, ...]:
    """Groups of (keys, what they do), in the reader's language."""
    return (
        (
            _("Overlays"),
            (
                (("O",), _("All overlays off and on")),
                (("H",), _("Heatmap: focused, unfocused, none")),
                (("G",), _("Region outline")),
                (("E",), _("Lesion")),
                (("[", "]"), _("Overlay opacity down, up")),
            ),
        ),
        (
            _("Models and layout"),
            (
                (("M",), _("Next model")),
                (("Shift", "M"), _("Previous model")),
                (("C",), _("Compare layout")),
                (("S",), _("Single layout")),
            ),
        ),
        (
            _("Verdict"),
            (
                (("A",), _("Agree")),
                (("D",), _("Disagree")),
                (("U",), _("Unusable")),
                (("Ctrl", "Enter"), _("Sign, or record the own answer")),
            ),
        ),
        (
            _("Worklist"),
            (
                (("J", "K"), _("Next, previous row")),
                (("Enter",), _("Open")),
                (("/",), _("Search by patient code")),
            ),
        ),
        (
            _("Everywhere"),
            (
                (("N",), _("Upload")),
                (("B",), _("Back to the worklist")),
                (("?",), _("This page")),
                (("Esc",), _("Leave a field")),
            ),
        ),
    )
