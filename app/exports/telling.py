"""The form and language of a file for finance.

Imports little: the command line loads it before it knows whether it needs workbooks.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from app.exports.columns import Language, Named
from base.words import Words
from handbook import Handbook


class SheetForm(StrEnum):
    """The forms of a file for finance."""

    XLSX = "xlsx"
    CSV = "csv"


class NothingThereError(Exception):
    """The subject of a file does not exist; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The context of a file: language, handbook, moment, and whether it is for a vendor."""

    handbook: Handbook
    language: Language
    now: datetime
    to_vendor: bool = False

    def say(self, zh: str, en: str) -> str:
        """The text in the file's language."""
        return zh if self.language is Language.ZH else en

    def named(self, code: StrEnum, words: Words) -> Named:
        """A code with its name in the file's language."""
        return Named(code.value, words.spoken(self.language))

    def benefit(self, code: str) -> str:
        """The printed name of a benefit."""
        return _benefit_name(self.handbook, code, self.language)


@lru_cache(maxsize=1024)
def _benefit_name(handbook: Handbook, code: str, language: Language) -> str:
    for edition in reversed(handbook.editions):
        benefit = edition.benefit(code)
        if benefit is not None:
            return benefit.name if language is Language.ZH else benefit.name_en
    return code
