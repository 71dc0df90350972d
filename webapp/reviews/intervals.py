"""Shares with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from webapp.studies.view.numbers import score
from webapp.words import gettext as _

TOO_FEW = 30  # a share of fewer is not firm, and is said not to be
_Z = 1.959963984540054  # 97.5th percentile of the normal distribution


def wilson(count: int, n: int) -> tuple[float, float]:
    """95 % interval of the share count / n, without continuity correction (Wilson 1927); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = count / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At the ends the interval touches the share itself; rounding must not push it beyond.
    return (0.0 if count == 0 else max(0.0, middle - half), 1.0 if count == n else min(1.0, middle + half))


@dataclass(frozen=True)
class Share:
    """So many of n."""

    count: int
    n: int

    @property
    def value(self) -> str:
        """“0.78”, or empty where n is 0."""
        return score(self.count / self.n) if self.n else ""

    @property
    def interval(self) -> str:
        """“0.72 to 0.83”, or empty where n is 0."""
        if not self.n:
            return ""
        low, high = wilson(self.count, self.n)
        return _("%(low)s to %(high)s", low=score(low), high=score(high))

    @property
    def too_few(self) -> bool:
        return self.n < TOO_FEW
