"""Types of settings, parsed from texts, with messages for malformed ones."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from handbook import BUSINESS_ZONE
from rating.event_fields import EARLIEST_YEAR, LATEST_YEAR

SHORTEST_KEY_BYTES = 32


class Environment(StrEnum):
    """The environment of the service."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


def _lowered(level: object) -> object:
    return level.lower() if isinstance(level, str) else level


def _business_time(moment: datetime) -> datetime:
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR}")
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=BUSINESS_ZONE)


def _folder(path: Path) -> Path:
    try:
        found = path.expanduser()
        found.exists()
    except RuntimeError:
        raise ValueError("there is no such user (~)") from None
    except OSError as error:
        raise ValueError(f"no folder of this name can be reached: {error.strerror}") from None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How many requests of a class are served at once, and how many more may queue."""

    at_once: int
    waiting: int


def _places(given: object) -> object:
    if not isinstance(given, str):
        return given
    found = re.fullmatch(r"([1-9]\d{0,4})/(\d{1,5})", given.strip())
    if found is None:
        raise ValueError("must be written like 16/128: how many at once, and how many may wait")
    return Places(at_once=int(found[1]), waiting=int(found[2]))


Folder: TypeAlias = Annotated[Path, AfterValidator(_folder)]
"""A reachable path, existing or not; `~` is a home folder."""

BusinessTime: TypeAlias = Annotated[datetime, AfterValidator(_business_time)]
"""A moment; without an offset it is business time."""

PlacesSetting: TypeAlias = Annotated[Places, NoDecode, BeforeValidator(_places)]
"""Places, written like 16/128."""

LogLevelSetting: TypeAlias = Annotated[LogLevel, BeforeValidator(_lowered)]
"""A log level, in lower or upper case."""

Name: TypeAlias = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]
"""A name without blanks around it."""


def check_secrets(name: str, secrets: Iterable[str]) -> None:
    """Raise ValueError for secrets that are too short or have unusable characters, without quoting them."""
    for secret in secrets:
        if not secret.isprintable():
            raise ValueError(f"{name}: holds characters that cannot be printed")
        if len(secret.encode()) < SHORTEST_KEY_BYTES:
            raise ValueError(f"{name}: at least {SHORTEST_KEY_BYTES} bytes are needed")
