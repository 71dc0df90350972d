"""Sidelight's web application. `create_app` is the one place where its parts are joined."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import cli, database, errors, formats, health, logs, security
from webapp.accounts import pages as account_routes
from webapp.accounts import sessions
from webapp.api import routes as api_routes
from webapp.exports import routes as export_routes
from webapp.extensions import babel, csrf, login_manager
from webapp.pages import routes as page_routes
from webapp.patients import routes as patient_routes
from webapp.readings import consumer
from webapp.reviews import routes as review_routes
from webapp.settings import REPOSITORY, Settings, SettingsError, secret_key, settings_from_environment
from webapp.sharing import routes as sharing_routes
from webapp.studies import routes as study_routes
from webapp.version import __version__
from webapp.worklist import routes as worklist_routes

_FEATURES = (
    *(health, account_routes, study_routes, worklist_routes, sharing_routes, patient_routes, review_routes),
    *(export_routes, consumer, page_routes, api_routes),
)


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
    app.json.sort_keys = False  # type: ignore[attr-defined]  # labels keep the order of their stages
    _configure(app, settings)
    database.init_app(app, settings)
    login_manager.init_app(app)
    login_manager.request_loader(sessions.user_of_request)
    csrf.init_app(app)
    # Programs speak to the API with tokens; it takes no cookie that a foreign form could send.
    csrf.exempt(api_routes.bp)
    babel.init_app(app)
    logs.init_app(app)
    security.init_app(app, settings)
    errors.init_app(app)
    formats.init_app(app)
    cli.init_app(app)
    for feature in _FEATURES:
        app.register_blueprint(feature.bp)
    app.jinja_env.globals.update(version=__version__, settings=settings)
    app.context_processor(lambda: {"user": current_user})
    return app


def _configure(app: Flask, settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = secret_key(settings)
    except OSError as error:
        raise SettingsError(f"DATA_DIR {settings.data_dir} cannot be used: {error.strerror}.") from error
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-sidelight" if settings.is_secure else "sidelight",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        # An answer that sends the cookie again, unchanged, may undo what an answer beside it has just put into it.
        SESSION_REFRESH_EACH_REQUEST=False,
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
