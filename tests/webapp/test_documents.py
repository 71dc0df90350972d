"""What can be typed is documented: each command of `flask`, each target of make."""

from __future__ import annotations

import re
import subprocess

import pytest
from flask import Flask

from webapp.settings import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FLASKS_OWN = {"run", "shell", "routes", "db"}


def test_every_command_is_in_the_readme(app: Flask) -> None:
    ours = set(app.cli.commands) - FLASKS_OWN

    assert {name for name in ours if f"flask --app webapp {name}" not in README} == set()
    assert {"create-user", "create-token", "settings", "worker"} <= ours


def test_every_target_of_make_is_listed_by_its_help() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"serve"}

    listed = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout

    assert set(re.findall(r"^make ([\w-]+)", listed, re.MULTILINE)) == targets


@pytest.mark.parametrize(
    "path", [".ci/run", ".github/workflows/ci.yml", ".pre-commit-config.yaml", "Makefile"]
)
def test_continuous_integration_calls_the_commands_that_people_call(path: str) -> None:
    text = (REPOSITORY / path).read_text()

    assert re.search(r"make (test|style)|\.ci/run|pytest", text)
    assert "\r" not in text


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)

    assert targets
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []
