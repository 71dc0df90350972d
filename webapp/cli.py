"""`flask --app webapp ...`: accounts for scripts, verdicts as a data set, the settings. Usable while the site runs and before."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import inspect

from ml.tasks import UnknownTask, task
from webapp.accounts.passwords import complaint
from webapp.accounts.tables import ROLES, User
from webapp.accounts.tokens import make_token
from webapp.accounts.users import EmailTakenError, make_user, set_password, user_of
from webapp.extensions import db
from webapp.settings import settings_markdown, settings_table


def init_app(app: Flask) -> None:
    """Hang the commands on `flask`."""
    for command in (create_user, create_token, change_password, settings, export):
        app.cli.add_command(command)


@click.command("create-user")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="clinician", show_default=True)
@with_appcontext
def create_user(email: str, role: str) -> None:
    """Make an active account; the password is the first line of standard input."""
    email = _checked_email(email)
    password = _password_for(email)
    _prepare_database()
    try:
        make_user(email, password, role)
    except EmailTakenError:
        raise click.ClickException(f"There is an account of {email} already.") from None
    click.echo(f"Made {email}, {role}.", err=True)


@click.command("create-token")
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@with_appcontext
def create_token(email: str, name: str) -> None:
    """Make an API token and print it, once, on standard output."""
    click.echo(make_token(_active_user(email), name))


@click.command("set-password")
@click.argument("email")
@with_appcontext
def change_password(email: str) -> None:
    """Set a forgotten password (first line of standard input); ends all sessions of the account."""
    user = _active_user(email)
    set_password(user, _password_for(user.email))
    click.echo(f"Set the password of {user.email}.", err=True)


@click.command("settings")
@click.option("--markdown", is_flag=True, help="As the table in README.md.")
def settings(markdown: bool) -> None:
    """List every setting: name, type, default, help."""
    if markdown:
        click.echo(settings_markdown())
        return
    for row in settings_table():
        click.echo(f"{row.name} ({row.type}, {row.default or 'empty'}): {row.help}")


@click.command("export-verdicts")
@click.argument("task_key", metavar="TASK")
@click.argument("out", type=click.Path(path_type=Path))
@with_appcontext
def export(task_key: str, out: Path) -> None:
    """Write the verdicts on TASK as a data set into the new folder OUT, for `python -m ml`; say what was left out."""
    from webapp.exports.training_set import NothingToExport, export_verdicts

    _prepare_database()
    try:
        counts = export_verdicts(task(task_key), out)
    except UnknownTask as error:
        raise click.ClickException(error.sentence) from None
    except NothingToExport as error:
        _say_left_out(error.counts.left_out_lines())
        raise click.ClickException(f"{error} Nothing was written.") from None
    except FileExistsError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or out} cannot be written: {error.strerror}.") from None
    for line in counts.lines():
        click.echo(line)
    _say_left_out(counts.left_out_lines())
    click.echo(f"Written to {out}; its README.md says by which rules.")


def _say_left_out(lines: list[str]) -> None:
    for line in lines:
        click.echo(f"Left out: {line}.")


def _prepare_database() -> None:
    """Make the tables where Sidelight never ran."""
    if not inspect(db.engine).has_table("user"):
        from flask_migrate import upgrade

        upgrade()


def _checked_email(email: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise click.ClickException(f'"{email}" is not an e-mail address: {error}') from None


def _password_for(email: str) -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    sentence = complaint(password, email)
    if sentence:
        raise click.ClickException(sentence)
    return password


def _active_user(email: str) -> User:
    _prepare_database()
    user = user_of(email)
    if user is None:
        raise click.ClickException(f"There is no account of {email}.")
    if not user.is_active:
        raise click.ClickException(f"The account of {email} is {user.state}.")
    return user
