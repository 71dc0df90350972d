"""The benchmark of the worklist runs, and says what it measured; how fast it was is nobody's promise."""

from __future__ import annotations

import json

from click.testing import CliRunner

from webapp.worklist.benchmark import benchmark


def test_it_tells_min_median_and_max_of_every_kind_of_page() -> None:
    result = CliRunner().invoke(benchmark, ["--studies", "120", "--rounds", "2"], catch_exceptions=False)

    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["studies"], told["rounds"]) == (120, 2)
    names = [page["page"] for page in told["pages"]]
    wanted = ("first page", "by stage", "stopped (rare)", "search, one patient", "administrator, all")
    assert [name for name in wanted if name not in names] == []
    assert all(0 < page["min_ms"] <= page["median_ms"] <= page["max_ms"] for page in told["pages"])
