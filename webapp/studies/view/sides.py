"""Which side of the patient stands on the left and right of an image, from its DICOM orientation."""

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
    try:
        row = [float(part) for part in (orientation or "").split("\\")][:3]
    except ValueError:
        return None
    if len(row) < 3:
        return None
    axis = max(range(3), key=lambda i: abs(row[i]))
    if row[axis] == 0:
        return None
    return (_NEAR[axis], _FAR[axis]) if row[axis] > 0 else (_FAR[axis], _NEAR[axis])
