"""What a file for finance is asked to be, and how it speaks.

Light: the command line knows it before it knows whether a workbook is to be made.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from app.exports.columns import Language
from handbook import Handbook


class SheetForm(StrEnum):
    """What a file for finance can be."""

    XLSX = "xlsx"
    CSV = "csv"


class NothingThereError(Exception):
    """What a file was asked for is not there; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """In which language, by which handbook and at which moment a file is written, and whether for a vendor."""

    handbook: Handbook
    language: Language
    now: datetime
    to_vendor: bool = False

    def say(self, zh: str, en: str) -> str:
        """The words in the file's language."""
        return zh if self.language is Language.ZH else en

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
