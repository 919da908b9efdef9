"""The words of the print that an edition quotes: clauses, rows of the overview, and where they differ."""

from dataclasses import dataclass
from enum import StrEnum


class Page(StrEnum):
    """A part of the print that a clause stands in."""

    CRITERIA = "criteria"
    OVERVIEW = "overview"
    DETAIL = "detail"
    ADVANTAGES = "advantages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause, word for word, and the part of the print that it stands in."""

    page: Page
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Printed clauses that differ, the part of the print that governs, and how they are therefore read.

    The reading more favourable to the customer governs (PRC Civil Code art. 498, standard terms). `cells` are the
    stars whose cell of the grid is in dispute: for these alone the grid may differ from the row that is quoted.
    """

    clauses: tuple[Clause, ...]
    governs: Page
    read_as: str
    read_as_en: str
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedRow:
    """A row of the printed overview, word for word: its name and one cell for each star."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """The clauses that a benefit's numbers rest on: overview rows, who is entitled, how often."""

    rows: tuple[PrintedRow, ...]
    entitled: str
    frequency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition of a benefit in words, with the clause that it is taken from.

    `checked`: the service refuses a use that does not meet it; else it is only displayed, for people to follow.
    """

    text: str
    text_en: str
    checked: bool
    cite: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a service is: as printed, and in English."""

    text: tuple[str, ...]
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of the print: as printed, and in English."""

    text: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question that the handbook leaves open, and how this edition is read."""

    question: str
    question_en: str
    reading: str
    reading_en: str
