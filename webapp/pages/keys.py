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
                (("Shift", "G"), _("Outlines that readers drew")),
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
                (("V",), _("Agreement map large")),
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
            _("Drawing an outline (page of a verdict)"),
            (
                (("Shift", "B"), _("Brush; Enter puts it down and takes it up")),
                (("Shift", "E"), _("Eraser")),
                (("Shift", "P"), _("Polygon; Enter sets a point, Shift Enter closes it")),
                (("arrows",), _("Move the cross; with Ctrl and Shift ten times as far")),
                (("-", "+"), _("Brush smaller, larger")),
                (("Ctrl", "Z"), _("Undo; with Shift do it again")),
                (("Backspace",), _("Take the last point of the polygon back")),
                (("Esc",), _("Drop the polygon")),
            ),
        ),
        (
            _("Worklist"),
            (
                (("J", "K"), _("Next, previous row")),
                (("Enter",), _("Open")),
                (("Space",), _("Select the row, or no longer")),
                (("Esc",), _("Clear the selection")),
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
