"""Settings are read once, refused in a sentence, and all documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from webapp import create_app
from webapp.settings import (
    REPOSITORY,
    Settings,
    SettingsError,
    secret_key,
    settings_from_environment,
    settings_markdown,
    settings_table,
)


def test_every_setting_is_documented_in_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    missing = [line for line in settings_markdown().splitlines() if line not in readme]

    assert missing == []


def test_every_setting_has_a_help() -> None:
    assert all(row.help.endswith(".") for row in settings_table())


def test_the_environment_is_read_by_type() -> None:
    settings = settings_from_environment(
        {"PORT": "9000", "DATA_DIR": "/some/dir", "SIGNUP": "open", "HOST": ""}
    )

    assert settings.port == 9000
    assert settings.data_dir == Path("/some/dir")
    assert settings.signup == "open"
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "many", 'PORT has to be a whole number. Received: "many".'),
        ("PORT", "70000", "PORT has to be at most 65535. Received: 70000."),
        ("SESSION_HOURS", "0", "SESSION_HOURS has to be at least 1. Received: 0."),
        ("SIGNUP", "never", 'SIGNUP has to be one of approval, open, closed. Received: "never".'),
        ("PUBLIC_URL", "clinic", 'PUBLIC_URL has to begin with http:// or https://. Received: "clinic".'),
        ("TIMEZONE", "Mars/Olympus", "TIMEZONE has to be a name"),
        ("SECRET_KEY", "short", "SECRET_KEY has to have at least 32 characters"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_a_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings_from_environment({name: value})

    assert sentence in error.value.sentence


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    first, second = secret_key(settings), secret_key(settings)

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_data_folders_have_different_secret_keys(tmp_path: Path) -> None:
    keys = {create_app(Settings(data_dir=tmp_path / name)).config["SECRET_KEY"] for name in "ab"}

    assert len(keys) == 2


def test_a_given_secret_key_is_not_written_down(tmp_path: Path) -> None:
    create_app(Settings(data_dir=tmp_path, secret_key="k" * 40))

    assert not (tmp_path / "secret_key").exists()


def test_the_command_lists_every_setting(runner: FlaskCliRunner) -> None:
    listed = runner.invoke(args=["settings"]).output

    assert all(row.name in listed for row in settings_table())


def test_a_data_folder_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError, match="cannot be used: Not a directory"):
        create_app(Settings(data_dir=tmp_path / "file" / "data"))
