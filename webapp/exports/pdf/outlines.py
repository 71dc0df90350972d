"""The border of a mask as closed lines along the edges of pixels: exact at every size on paper."""

from __future__ import annotations

import numpy as np

Point = tuple[int, int]


def loops_of(mask: np.ndarray) -> list[list[Point]]:
    """(H, W) bool -> closed lines of corners (x, y) of the pixel grid, y downwards; the inside lies to their right."""
    following = _edges(mask)
    found = []
    while following:
        start, ends = next(iter(following.items()))
        here = _taken(following, start, ends)
        line = [start]
        while here != start:
            line.append(here)
            here = _taken(following, here, following[here])
        found.append(_corners(line))
    return found


def _edges(mask: np.ndarray) -> dict[Point, list[Point]]:
    """Start to ends of every edge between inside and outside, clockwise round what is inside."""
    padded = np.pad(mask.astype(bool), 1)
    inside = padded[1:-1, 1:-1]
    following: dict[Point, list[Point]] = {}
    sides = (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    )
    for neighbour, (x1, y1), (x2, y2) in sides:
        for y, x in np.argwhere(inside & ~neighbour).tolist():
            following.setdefault((x + x1, y + y1), []).append((x + x2, y + y2))
    return following


def _taken(following: dict[Point, list[Point]], start: Point, ends: list[Point]) -> Point:
    end = ends.pop()
    if not ends:
        del following[start]
    return end


def _corners(line: list[Point]) -> list[Point]:
    """Without the points where the line goes straight on."""
    return [
        here
        for before, here, after in zip([line[-1], *line[:-1]], line, [*line[1:], line[0]], strict=True)
        if (here[0] - before[0], here[1] - before[1]) != (after[0] - here[0], after[1] - here[1])
    ]
