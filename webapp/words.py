"""The translation functions, typed: `_` for a sentence, `ngettext` for a counted one."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """The sentence in the reader's language, with `%(name)s` filled in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The sentence for a count; `%(num)s` is the count."""
    return str(flask_babel.ngettext(one, many, num, **values))
