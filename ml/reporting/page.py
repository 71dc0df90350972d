"""From a template to a page that is whole in itself: style inside, pictures inside, no script, nothing to be fetched."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

_TEMPLATES = Path(__file__).parent / "templates"
_COLOURS = 128


def page(template: str, **context: Any) -> str:
    """A template of this package, filled in. All that is not marked safe is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": _figure, "interval": _interval, "words": _words}
    return environment.get_template(template).render(**context)


def data_uri(png: bytes) -> str:
    """A PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def small_png(picture: np.ndarray) -> bytes:
    """A picture, (H, W, 3) uint8 (blue, green, red), as PNG of few colours: a third of the size, alike to the eye."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture[..., ::-1])).quantize(_COLOURS)
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def _figure(value: float | int | None) -> str:
    if value is None:
        return "not known"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _interval(interval: list[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def _words(name: object) -> str:
    """A name of a figure or a field as people read it."""
    return str(name).replace("_", " ")
