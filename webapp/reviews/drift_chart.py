"""The picture of a drift: places in an SVG. A line from quartile to quartile for each period, a point at the median."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.reviews.drift import Drift, Period

HEIGHT, TOP, BOTTOM, LEFT, STEP = 172, 12, 132, 40, 72
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Mark:
    """One period: `x` of its line, `lower`, `middle` and `upper` as heights in the picture."""

    period: Period
    x: int
    lower: float
    middle: float
    upper: float


@dataclass(frozen=True)
class Chart:
    """`grid`: (height, score) of the lines behind. Lengths are in user units, of which one is a CSS pixel."""

    width: int
    marks: tuple[Mark, ...]
    grid: tuple[tuple[float, str], ...]


def chart_of(drift: Drift) -> Chart:
    """The picture of one model's scores over time."""
    marks = tuple(
        Mark(
            period,
            LEFT + STEP // 2 + i * STEP,
            _height(period.lower),
            _height(period.median),
            _height(period.upper),
        )
        for i, period in enumerate(drift.periods)
    )
    return Chart(LEFT + STEP * len(marks), marks, tuple((_height(share), f"{share:.2f}") for share in SHARES))


def _height(score: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * score, 1)
