"""How numbers are written on pages: scores with two decimals, a space before units, no rounded certainty."""

from __future__ import annotations


def score(value: float) -> str:
    """A score or uncertainty in [0, 1]: two decimals, never rounded to certainty (“> 0.99”, “< 0.01”)."""
    if value < 1 and round(value, 2) >= 1:
        return "> 0.99"
    if value > 0 and round(value, 2) <= 0:
        return "< 0.01"
    return f"{value:.2f}"


def seconds(value: float) -> str:
    """A duration: “1.4 s”, “< 0.1 s”."""
    return "< 0.1 s" if value < 0.05 else f"{value:,.1f} s"


def area(area_mm2: float | None, pixels: int | None) -> str:
    """An area: “11.6 cm²” where the pixel spacing is known, else “5,369 pixels”, else nothing."""
    if area_mm2 is not None:
        area_cm2 = area_mm2 / 100
        return f"{area_cm2:.2f} cm²" if area_cm2 < 1 else f"{area_cm2:,.1f} cm²"
    return "" if pixels is None else f"{pixels:,} pixels"


def lesion_area(area_mm2: float) -> str:
    """The area of a lesion: “182 mm²”, one decimal below 10; definitions speak of lesions in mm²."""
    return f"{area_mm2:.1f} mm²" if area_mm2 < 9.95 else f"{area_mm2:,.0f} mm²"


def volume(volume_mm3: float) -> str:
    """A volume: “2.4 cm³”, two decimals below 1."""
    volume_cm3 = volume_mm3 / 1000
    return f"{volume_cm3:.2f} cm³" if volume_cm3 < 1 else f"{volume_cm3:,.1f} cm³"


def whole_percent(share: float) -> str:
    """A share in [0, 1] that is known only roughly: “74 %”, never rounded to none or all."""
    if 0 < share < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= share < 1 else f"{share * 100:.0f} %"


def percent(share: float) -> str:
    """A share of an area in [0, 1]: “8.4 %”."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{share * 100:.1f} %"


def width(value: float) -> str:
    """A value in [0, 1] as the length of an SVG bar: “71%”."""
    return f"{round(min(max(value, 0.0), 1.0) * 100)}%"
