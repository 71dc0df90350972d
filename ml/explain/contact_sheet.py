"""Images side by side with their heatmaps on one sheet."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

SIDE = 256
_COLUMNS = 3
_LINE = 22
_GAP = 8
_INK = (235, 235, 235)


def contact_sheet(tiles: Sequence[np.ndarray], captions: Sequence[str]) -> np.ndarray:
    """Puts tiles of one size, (h, w, 3) uint8, in rows of three, each over its caption; (H, W, 3) uint8. At least one."""
    high, wide = tiles[0].shape[:2]
    rows = -(-len(tiles) // _COLUMNS)
    columns = min(len(tiles), _COLUMNS)
    step = np.array([high + _LINE + _GAP, wide + _GAP])
    sheet = np.zeros((rows * step[0] - _GAP, columns * step[1] - _GAP, 3), np.uint8)
    for number, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        top, left = np.array(divmod(number, _COLUMNS)) * step
        sheet[top : top + high, left : left + wide] = tile
        place = (int(left) + 4, int(top) + high + _LINE - 7)
        cv2.putText(sheet, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)
    return sheet
