"""Which side of the patient stands at each edge of an image, from its DICOM orientation."""

from __future__ import annotations

# The letter at the far end of each axis of the DICOM patient system (left, posterior, head), and its opposite.
_FAR = ("L", "P", "H")
_NEAR = ("R", "A", "F")


def sides_of(orientation: str | None) -> tuple[str, str] | None:
    """Letters for the left and the right edge of the image, as ("R", "L"); None where the file does not tell.

    Args:
        orientation: DICOM ImageOrientationPatient: six direction cosines joined by backslashes; the first three say
            where the columns of a row lead to.
    """
    return _letters(_cosines(orientation)[:3])


def ends_of(orientation: str | None) -> tuple[str, str] | None:
    """Letters for the upper and the lower edge of the image, as ("H", "F"); None where the file does not tell.

    Args:
        orientation: as for `sides_of`; the last three cosines say where the rows of a column lead to.
    """
    return _letters(_cosines(orientation)[3:6])


def _cosines(orientation: str | None) -> list[float]:
    try:
        return [float(part) for part in (orientation or "").split("\\")]
    except ValueError:
        return []


def _letters(direction: list[float]) -> tuple[str, str] | None:
    """Where this direction comes from and where it leads to."""
    if len(direction) < 3:
        return None
    axis = max(range(3), key=lambda i: abs(direction[i]))
    if direction[axis] == 0:
        return None
    return (_NEAR[axis], _FAR[axis]) if direction[axis] > 0 else (_FAR[axis], _NEAR[axis])
