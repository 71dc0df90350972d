"""One picture of the report: the image, what a model marks on it, the sides of the patient, a colour bar."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from webapp.exports.pdf.look import BOLD, INK, REGULAR
from webapp.exports.pdf.outlines import loops_of
from webapp.exports.pdf.tags import TaggedCanvas
from webapp.words import gettext as _

MOST_PIXELS_A_SIDE = 1024
_OPACITY = 0.7
_BAR = 2 * mm

# Line styles that differ without colour: (width, dash) of the white line; all have a black edge.
_REGION = (0.7, None)
_LESION = (0.9, (1.6, 1.2))
_HALF = (0.7, (0.4, 1.4))


@dataclass(frozen=True)
class Marks:
    """What is drawn over an image. region, lesion: (H, W) bool. heat: (H, W) float32 in [0, 1]. Each may be None."""

    region: np.ndarray | None = None
    lesion: np.ndarray | None = None
    heat: np.ndarray | None = None


class Picture(Flowable):
    """An image in a box of `width`, at most `height` points, in the shape that it has in millimetres.

    Args:
        grey: (H, W) uint8.
        shape_mm: how high a pixel is for its width.
        sides, ends: letters at left and right, upper and lower edge; None where unknown.
        words: the picture in words, for whoever cannot see it.
    """

    def __init__(
        self,
        grey: np.ndarray,
        marks: Marks,
        *,
        width: float,
        height: float,
        shape_mm: float,
        sides: tuple[str, str] | None,
        ends: tuple[str, str] | None,
        words: str,
    ) -> None:
        super().__init__()
        rows, columns = grey.shape
        self.words = words
        self.sides, self.ends = sides, ends
        self._marks = marks
        self._bar = _BAR + 3 * mm if marks.heat is not None else 0.0
        self._drawn_width = min(width, (height - self._bar) * columns / (rows * shape_mm))
        self._drawn_height = self._drawn_width * rows * shape_mm / columns
        self._cell = (self._drawn_width / columns, self._drawn_height / rows)
        self._image = _encoded(_small(grey if marks.heat is None else heated(grey, marks.heat)))
        self.width, self.height = width, self._drawn_height + self._bar

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas: TaggedCanvas = self.canv
        with canvas.element("Figure", self.words), canvas.content():
            self._draw(canvas)

    def _draw(self, canvas: TaggedCanvas) -> None:
        canvas.drawImage(ImageReader(self._image), 0, self._bar, self._drawn_width, self._drawn_height)
        if self._marks.heat is not None:
            self._outline(self._marks.heat >= 0.5, _HALF)
        for mask, style in ((self._marks.region, _REGION), (self._marks.lesion, _LESION)):
            if mask is not None:
                self._outline(mask, style)
        self._letters()
        if self._bar:
            self._colour_bar()

    def _outline(self, mask: np.ndarray, style: tuple[float, tuple[float, float] | None]) -> None:
        canvas, (across, down) = self.canv, self._cell
        path = canvas.beginPath()
        for line in loops_of(mask):
            for i, (x, y) in enumerate(line):
                to = path.lineTo if i else path.moveTo
                to(x * across, self.height - y * down)
            path.close()
        width, dash = style
        canvas.saveState()
        canvas.setLineJoin(1)
        canvas.setStrokeColor(colors.black)
        canvas.setLineWidth(width + 0.8)
        canvas.drawPath(path)
        if dash:
            canvas.setDash(*dash)
        canvas.setStrokeColor(colors.white)
        canvas.setLineWidth(width)
        canvas.drawPath(path)
        canvas.restoreState()

    def _letters(self) -> None:
        middle, right = self._bar + self._drawn_height / 2, self._drawn_width
        if self.sides is None:
            self._letter(_("Side unknown"), right / 2, self._bar + 1.2 * mm)
            return
        self._letter(self.sides[0], 2 * mm, middle)
        self._letter(self.sides[1], right - 2 * mm, middle)
        if self.ends:
            self._letter(self.ends[0], right / 2, self.height - 3.2 * mm)
            self._letter(self.ends[1], right / 2, self._bar + 1.2 * mm)

    def _letter(self, text: str, x: float, y: float) -> None:
        canvas, half = self.canv, self.canv.stringWidth(text, BOLD, 6.5) / 2 + 1
        canvas.setFillColor(colors.black)
        canvas.rect(x - half, y - 1.5, 2 * half, 8, stroke=0, fill=1)
        canvas.setFillColor(colors.white)
        canvas.setFont(BOLD, 6.5)
        canvas.drawCentredString(x, y, text)

    def _colour_bar(self) -> None:
        """From 0 to 1 of the map's maximum, as it lies over black; the tick marks the dotted line."""
        canvas = self.canv
        ramp = heated(np.zeros((1, 256), np.uint8), np.linspace(0, 1, 256, dtype=np.float32)[None])
        left, width, y = 4 * mm, min(self._drawn_width, 44 * mm) - 22 * mm, 0.4 * mm
        canvas.drawImage(ImageReader(_encoded(ramp)), left, y, width, _BAR)
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.4)
        canvas.rect(left, y, width, _BAR)
        canvas.line(left + width / 2, y + _BAR, left + width / 2, y + _BAR + 1 * mm)
        canvas.setFillColor(INK)
        canvas.setFont(REGULAR, 6.5)
        canvas.drawRightString(left - 1 * mm, y + 0.3 * mm, "0")
        canvas.drawString(left + width + 1 * mm, y + 0.3 * mm, _("1 of its maximum"))


def heated(grey: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The heatmap over the image: (H, W) uint8 and (H, W) in [0, 1] -> (H, W, 3) uint8 RGB.

    Inferno; transparent at 0 and as opaque as it gets from half of the maximum on, as on the page.
    """
    values = np.rint(np.clip(heat, 0, 1) * 255).astype(np.uint8)
    colour = cv2.applyColorMap(values, cv2.COLORMAP_INFERNO)[..., ::-1].astype(np.float32)
    share = (_OPACITY * np.minimum(1.0, values / np.float32(127)))[..., None]
    mixed: np.ndarray = np.rint(grey[..., None] * (1 - share) + colour * share).astype(np.uint8)
    return mixed


def is_made_smaller(rows: int, columns: int) -> bool:
    """Whether an image of this size is printed with fewer pixels than it has."""
    return max(rows, columns) > MOST_PIXELS_A_SIDE


def _small(picture: np.ndarray) -> np.ndarray:
    rows, columns = picture.shape[:2]
    if not is_made_smaller(rows, columns):
        return picture
    scale = MOST_PIXELS_A_SIDE / max(rows, columns)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    smaller: np.ndarray = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return smaller


def _encoded(picture: np.ndarray) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, "PNG")
    file.seek(0)
    return file
