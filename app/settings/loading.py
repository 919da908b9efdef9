"""The settings, read once from the environment and checked before anything starts.

A wrong setting stops the start with its name, and so does an unknown variable `ENTITLEMENTS_…`: a misspelt one would
silently leave the default in force. What production refuses besides is in `app.settings.production`.
"""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import AliasChoices, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from app.errors import StartError
from app.settings.production import insecure
from app.settings.settings import PREFIX, Settings


def load_settings(**given: Any) -> Settings:
    """Read the settings; `given` (from the command line, None left out) wins over the environment.

    Raises StartError naming each variable that is wrong, unknown, or not fit for production; it never shows a value,
    which may be a secret.
    """
    unknown = tuple(_unknown_names(os.environ))
    if unknown:
        raise StartError(*unknown)
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False, include_input=False)]
        raise StartError(*lines) from None
    except SettingsError as error:  # a text that should be a list or an object
        raise StartError(str(error)) from None
    wrong = tuple(insecure(settings))
    if wrong:
        raise StartError(*wrong)
    return settings


def variable_names() -> frozenset[str]:
    """The environment variables that are settings."""
    names: set[str] = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias else []
        names |= {str(each).upper() for each in choices} or {PREFIX + name.upper()}
    return frozenset(names)


def _unknown_names(environment: Iterable[str]) -> Iterator[str]:
    known = variable_names()
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), sorted(known), n=1)
            yield f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _line(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return message
    name = str(detail["loc"][0])
    return f"{name if name.isupper() else PREFIX + name.upper()}: {message}"
