"""Every setting: name, type, default, help. Read from the environment, checked at start.

The dataclass is the one table: `flask --app webapp settings` prints it, and README's table is made from it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click
from flask import current_app

REPOSITORY = Path(__file__).resolve().parent.parent


class SettingsError(click.ClickException):
    """A setting that cannot be used. `sentence` says which one, what was expected and what was received.

    `flask` prints it without a trace.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _about(
    text: str, least: int | None = None, most: int | None = None, choices: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"help": text, "least": least, "most": most, "choices": choices}


@dataclass(frozen=True)
class Settings:
    """What an operator may choose. The variable in the environment is the field's name in capitals."""

    host: str = field(
        default="127.0.0.1",
        metadata=_about("Address that the web server listens on; `0.0.0.0` opens it to the network."),
    )
    port: int = field(
        default=8000, metadata=_about("Port that the web server listens on.", least=1, most=65535)
    )
    data_dir: Path = field(
        default=Path("var"),
        metadata=_about("Folder for everything that must be kept: database, images, secret key."),
    )
    database_url: str = field(
        default="", metadata=_about("SQLAlchemy address of the database; empty: SQLite in `DATA_DIR`.")
    )
    queue_url: str = field(
        default="",
        metadata=_about("Address of the queue (`postgresql://` or `redis://`); empty: SQLite in `DATA_DIR`."),
    )
    secret_key: str = field(
        default="",
        metadata=_about("Key that signs cookies; empty: made once and kept in `DATA_DIR` (mode 0600)."),
    )
    public_url: str = field(
        default="",
        metadata=_about(
            "Address for browsers, as `https://reading.example.org`; https turns on Secure cookies and HSTS."
        ),
    )
    trusted_proxies: int = field(
        default=0,
        metadata=_about(
            "Number of reverse proxies in front whose `X-Forwarded-For` and `-Proto` are believed.",
            least=0,
            most=9,
        ),
    )
    signup: str = field(
        default="approval",
        metadata=_about(
            "Who may get an account: after an administrator's approval, at once (open), or nobody (closed).",
            choices=("approval", "open", "closed"),
        ),
    )
    session_hours: int = field(
        default=12, metadata=_about("Hours after which a session ends.", least=1, most=720)
    )
    max_upload_mb: int = field(
        default=20, metadata=_about("Largest file that may be uploaded, in MB.", least=1, most=1024)
    )
    max_stack_mb: int = field(
        default=500,
        metadata=_about(
            "Largest upload of several files, and what its zips may hold, in MB.", least=1, most=8192
        ),
    )
    max_slices: int = field(
        default=200, metadata=_about("Slices that one study may have.", least=1, most=2000)
    )
    max_queue: int = field(
        default=100,
        metadata=_about("Readings that may wait; beyond it an upload is answered with 503.", least=1),
    )
    uploads_per_minute: int = field(
        default=60, metadata=_about("Uploads that one account may make in a minute; beyond it 429.", least=1)
    )
    min_free_mb: int = field(
        default=500,
        metadata=_about(
            "Disk space that stays free, in MB; where there is less, an upload gets 507.", least=0
        ),
    )
    lease_seconds: int = field(
        default=30,
        metadata=_about(
            "Seconds after which a reading whose worker fell silent is given to another.", least=2, most=3600
        ),
    )
    models_dir: Path = field(
        default=REPOSITORY / "models", metadata=_about("Folder of weights and model cards.")
    )
    model_memory_mb: int = field(
        default=2048, metadata=_about("Memory that loaded networks may take in the worker, in MB.", least=256)
    )
    precision: str = field(
        default="auto",
        metadata=_about(
            "Arithmetic of the networks: bfloat16 where the processor has it and a card allows it (auto), or float32.",
            choices=("auto", "float32"),
        ),
    )
    second_reader: str = field(
        default="choice",
        metadata=_about(
            "Who records an own answer before the models' are shown: who chose it in the account, or everybody.",
            choices=("choice", "everybody"),
        ),
    )
    timezone: str = field(
        default="UTC", metadata=_about("Time zone of the dates on pages, as `Europe/Berlin`.")
    )

    def __post_init__(self) -> None:
        _check(self)

    @property
    def is_secure(self) -> bool:
        """Browsers come by https."""
        return self.public_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Only this very machine can reach the web server."""
        return self.host in ("127.0.0.1", "localhost", "::1") and not self.public_url

    @property
    def database_address(self) -> str:
        """What SQLAlchemy connects to."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'sidelight.db'}"

    @property
    def huey_path(self) -> Path:
        """File of the default queue."""
        return self.data_dir.resolve() / "queue.db"

    @property
    def max_upload_bytes(self) -> int:
        """Largest file of one image in bytes."""
        return self.max_upload_mb * 2**20

    @property
    def max_stack_bytes(self) -> int:
        """Largest upload of several files in bytes; never less than one file may have."""
        return max(self.max_stack_mb, self.max_upload_mb) * 2**20


@dataclass(frozen=True)
class Row:
    """One line of the table of settings, as documents show it."""

    name: str
    type: str
    default: str
    help: str


def settings_table() -> list[Row]:
    """All settings in the order of the dataclass."""
    return [
        Row(f.name.upper(), _type_name(f), _shown_default(f.default), f.metadata["help"])
        for f in fields(Settings)
    ]


def settings_markdown() -> str:
    """The table of settings as it stands in README.md."""
    lines = ["| Variable | Type | Default | What it does |", "|---|---|---|---|"]
    lines += [
        f"| `{r.name}` | {r.type} | {f'`{r.default}`' if r.default else ''} | {r.help} |"
        for r in settings_table()
    ]
    return "\n".join(lines)


def settings_from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError with a sentence for a value that cannot be used."""
    environment = os.environ if environment is None else environment
    given: dict[str, Any] = {}
    for f in fields(Settings):
        text = environment.get(f.name.upper(), "").strip()
        if text:
            given[f.name] = _parse(f.name, str(f.type), text)
    return Settings(**given)


def current_settings() -> Settings:
    """The settings of the running application."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def secret_key(settings: Settings) -> str:
    """The key that signs cookies: the given one, or one made once in DATA_DIR, readable by its owner only."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _parse(name: str, kind: str, text: str) -> Any:
    if kind == "Path":
        return Path(text).expanduser()
    if kind == "int":
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f'{name.upper()} has to be a whole number. Received: "{text}".') from None
    return text


def _check(settings: Settings) -> None:
    for f in fields(settings):
        value, name = getattr(settings, f.name), f.name.upper()
        least, most, choices = (f.metadata[key] for key in ("least", "most", "choices"))
        if choices and value not in choices:
            raise SettingsError(f'{name} has to be one of {", ".join(choices)}. Received: "{value}".')
        if least is not None and value < least:
            raise SettingsError(f"{name} has to be at least {least}. Received: {value}.")
        if most is not None and value > most:
            raise SettingsError(f"{name} has to be at most {most}. Received: {value}.")
    if settings.public_url and urlsplit(settings.public_url).scheme not in ("http", "https"):
        raise SettingsError(
            f'PUBLIC_URL has to begin with http:// or https://. Received: "{settings.public_url}".'
        )
    if settings.secret_key and len(settings.secret_key) < 32:
        raise SettingsError("SECRET_KEY has to have at least 32 characters; leave it empty to have one made.")
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError, OSError):
        raise SettingsError(
            f'TIMEZONE has to be a name as Europe/Berlin or UTC. Received: "{settings.timezone}".'
        ) from None


def _type_name(f: Any) -> str:
    choices: tuple[str, ...] = f.metadata["choices"]
    return (
        " \\| ".join(choices) if choices else {"int": "number", "Path": "folder", "str": "text"}[str(f.type)]
    )


def _shown_default(default: Any) -> str:
    if default is MISSING:
        return ""
    if isinstance(default, Path) and default.is_absolute():
        return str(default.relative_to(REPOSITORY))
    return str(default)
