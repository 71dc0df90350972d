"""Sidelight's web application. `create_app` is the one place where its parts are joined."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec

from flask import Flask
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import cli, database, errors, formats, logs, security
from webapp.accounts import sessions  # noqa: F401 - registers the user loader
from webapp.extensions import babel, csrf, login_manager
from webapp.settings import REPOSITORY, Settings, secret_key, settings_from_environment

__version__ = "0.1.0"

# Each module has a blueprint `bp`; one that speaks to scripts with tokens, not to browsers with cookies, is
# called "api" and needs no CSRF token. Commands hang on `bp.cli` of a blueprint made with `cli_group=None`.
BLUEPRINTS = (
    "webapp.health",
    "webapp.accounts.pages",
    "webapp.studies.routes",
    "webapp.readings.consumer",
    "webapp.api.routes",
    "webapp.pages.routes",
)
TABLES = ("webapp.accounts.tables", "webapp.studies.tables", "webapp.readings.tables")


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Without `settings` they are read from the environment.

    Raises SettingsError with a sentence for a setting that cannot be used.
    """
    settings = settings or settings_from_environment()
    app = Flask(
        "webapp",
        root_path=str(REPOSITORY / "webapp"),
        template_folder=str(REPOSITORY / "templates"),
        static_folder=str(REPOSITORY / "static"),
        static_url_path="/static",
    )
    _configure(app, settings)
    _bind_extensions(app, settings)
    logs.init_app(app)
    security.init_app(app, settings)
    errors.init_app(app)
    formats.init_app(app)
    cli.init_app(app)
    for name in TABLES:
        if _exists(name):
            import_module(name)
    for name in BLUEPRINTS:
        if _exists(name):
            blueprint = import_module(name).bp
            app.register_blueprint(blueprint)
            if blueprint.name == "api":
                csrf.exempt(blueprint)
    app.jinja_env.globals.update(version=__version__, settings=settings)
    return app


def _exists(name: str) -> bool:
    """Whether a part that is still being written is there."""
    try:
        return find_spec(name) is not None and import_module(name) is not None
    except ImportError:
        return False


def _configure(app: Flask, settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=secret_key(settings),
        SESSION_COOKIE_NAME="__Host-sidelight" if settings.is_secure else "sidelight",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        # A form's token lives as long as the session: a page may stay open all day.
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_TIMEZONE=settings.timezone,
        # One MB above the file itself for the form around it.
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + 2**20,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]


def _bind_extensions(app: Flask, settings: Settings) -> None:
    database.init_app(app, settings)
    login_manager.init_app(app)
    login_manager.login_view = "accounts.login"
    csrf.init_app(app)
    babel.init_app(app)

    @app.context_processor
    def _shared() -> dict[str, object]:
        return {"user": current_user, "endpoints": app.view_functions}
