"""The columns of a file, defined once for every form of file.

A column has two headings: a name that never changes, for English readers and programs, and a Chinese title.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its name: files for programs (CSV) have the code, files for people (workbooks) the name."""

    code: str
    name: str


Cell: TypeAlias = str | int | Decimal | date | datetime | Mapping[str, object] | Named | None


class Language(StrEnum):
    """The language of a file."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """A column: its headings, its value for a row, and its width in a sheet (in characters).

    `wraps`: long texts take several lines of their cell. `printed`: on paper too; columns that are not come last.
    """

    name: str
    title: str
    cell: Callable[[Row], Cell]
    width: int = 14
    wraps: bool = False
    printed: bool = True

    def heading(self, language: Language) -> str:
        """The heading in a language."""
        return self.title if language is Language.ZH else self.name
