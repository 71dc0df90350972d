"""The keys of the application, by group: the help page lists them, static/js acts on them."""

from __future__ import annotations

from webapp.words import gettext as _

Group = tuple[str, tuple[tuple[tuple[str, ...], str], ...]]


def key_groups() -> tuple[Group, ...]:
    """Groups of (keys, what they do), in the reader's language."""
    return (
        (
            _("Image"),
            (
                (("1", "…", "6"), _("Window and level presets")),
                (("W",), _("Window and level by dragging")),
                (("Z",), _("Zoom by dragging")),
                (("P",), _("Pan by dragging")),
                (("Y",), _("Ruler; Enter sets its ends")),
                (("Q",), _("Magnifier and pixel value")),
                (
                    ("Ctrl", "arrows"),
                    _("The same as dragging, or move the cross; with Shift ten times as far"),
                ),
                (("Shift", "arrows"), _("Pan by keys")),
                (
                    ("↑", "↓"),
                    _("Previous, next slice of a stack; so does the wheel, and Ctrl with the wheel zooms"),
                ),
                (("Home", "End"), _("First, last slice")),
                ((",", "."), _("Zoom out, zoom in")),
                (("F",), _("Fit to viewport")),
                (("0",), _("Reset the image")),
                (("I",), _("Invert")),
                (("X",), _("Flip left to right")),
                (("R",), _("Rotate 90° clockwise")),
            ),
        ),
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
                (("L",), _("Link viewports on and off")),
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
