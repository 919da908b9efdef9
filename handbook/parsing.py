"""From the nodes of an edition's files to its values: what each key means, and which may be left out.

A number never comes without its clause: the keys that cite the print (`cite`, `printed`, `says`) are
as compulsory as the numbers beside them. What a value means together with others is judged afterwards,
by `handbook.checks`.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from handbook.nodes import Entry
from handbook.values import (
    PAYMENT_TERM,
    Allowance,
    Benefit,
    Category,
    Coefficient,
    Counted,
    Coverage,
    Design,
    Discrepancy,
    Edition,
    Grade,
    Label,
    Mode,
    Per,
    PremiumBase,
    Printed,
    PrintedRow,
    Reading,
    Relation,
    Section,
    ServiceLevel,
    Settings,
    Tier,
    Unit,
    Unlimited,
)

UNLIMITED = "unlimited"
"""What `units` says when there is no limit."""

# No numbers of the handbook: beyond these something was mistyped. All of them, and what they add up to, fit the columns
# of the database (stars are smallint, units integer) and the years that days may lie in.
_UNITS_MAX = 1_000_000
_UNITS_A_REDEMPTION_MAX = 100_000
_DAYS_MAX = 3660
_HOURS_MAX = 87_840
_TERM_YEARS_MAX = 100
_STARS_MAX = 100
# So that a premium of 12 digits times the coefficient, and the sum of a customer's, are exact in 28 digits.
_RATE_MAX = 100
_RATE_PLACES_MAX = 6

EDITION_KEYS = (
    "code",
    "name",
    "effective_from",
    "source",
    "sections",
    "tiers",
    "coefficients",
    "options",
    "evidence_kinds",
    "channels",
    "settings",
    "discrepancies",
    "readings",
)
EDITION_OPTIONAL_KEYS = ("effective_to", "introduces", "drops")


class Page(StrEnum):
    """A page of the print that a clause stands on."""

    CRITERIA = "criteria"
    OVERVIEW = "overview"
    DETAIL = "detail"


_PAGE_NAMES = {Page.CRITERIA: "客户评定标准", Page.OVERVIEW: "服务概览", Page.DETAIL: "服务介绍"}


def codes(entry: Entry) -> tuple[str, ...]:
    """Return a list of different codes."""
    found: list[str] = []
    for item in entry.items():
        code = item.code()
        if code in found:
            raise item.error(f"{code} is listed twice; keep one of the two")
        found.append(code)
    return tuple(found)


def edition(top: dict[str, Entry], benefits: tuple[Benefit, ...]) -> Edition:
    """Return the edition whose own keys these are, with the benefits read from its sections' files."""
    effective_to = top.get("effective_to")
    return Edition(
        code=top["code"].code(),
        name=top["name"].text(),
        effective_from=top["effective_from"].day(),
        effective_to=effective_to.day() if effective_to and not effective_to.is_null else None,
        source=top["source"].text(),
        tiers=tuple(_tier(number, entry) for number, entry in _by_star(top["tiers"])),
        coefficients=tuple(_coefficient(entry) for entry in top["coefficients"].items()),
        benefits=benefits,
        options=_labels(top["options"]),
        evidence_kinds=_labels(top["evidence_kinds"]),
        channels=_labels(top["channels"]),
        settings=_settings(top["settings"]),
        discrepancies=tuple(_discrepancy(entry) for entry in top["discrepancies"].items()),
        readings=tuple(_reading(entry) for entry in top["readings"].items()),
    )


def benefits(section_code: str, top: Entry) -> tuple[Benefit, ...]:
    """Return the benefits of a section's file, in printed order."""
    fields = top.fields(("name", "name_en", "benefits"))
    section = Section(code=section_code, name=fields["name"].text(), name_en=fields["name_en"].text())
    return tuple(_benefit(entry, section) for entry in fields["benefits"].entries().values())


def _by_star(entry: Entry) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a mapping from star to value; the stars must be 1, 2, 3, ... in this order."""
    for expected, (key, value) in enumerate(entry.entries().items(), start=1):
        if key != str(expected):
            raise value.error(
                f"expected star {expected} here; stars are written in order, from 1, without a gap"
            )
        if expected > _STARS_MAX:
            raise value.error(f"more than {_STARS_MAX} stars cannot be meant; write fewer")
        yield expected, value


def _tier(star: int, entry: Entry) -> Tier:
    fields = entry.fields(("name", "name_en", "from", "to", "cite"))
    return Tier(
        star=star,
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        from_=fields["from"].amount(),
        to=None if fields["to"].is_null else fields["to"].amount(),
        cite=fields["cite"].text(),
    )


def _coefficient(entry: Entry) -> Coefficient:
    keys = (
        "coverage",
        "design",
        "category",
        "mode",
        "min_term_years",
        "base",
        "coefficient",
        "validity",
        "cite",
    )
    fields = entry.fields(keys)
    design, category, mode, term = (fields[key] for key in ("design", "category", "mode", "min_term_years"))
    return Coefficient(
        coverage=fields["coverage"].choice(Coverage),
        design=None if design.is_null else design.choice(Design),
        category=None if category.is_null else category.choice(Category),
        mode=None if mode.is_null else mode.choice(Mode),
        min_term_years=None if term.is_null else term.whole(1, _TERM_YEARS_MAX),
        base=fields["base"].choice(PremiumBase),
        coefficient=_rate(fields["coefficient"]),
        validity=_validity(fields["validity"]),
        cite=fields["cite"].text(),
    )


def _rate(entry: Entry) -> str:
    """Return a coefficient as printed: a decimal, or the payment term in so many parts ("Y/10")."""
    written = str(entry.node.value)
    if not written.startswith("Y"):
        return _checked_rate(entry, entry.decimal_text())
    match = re.fullmatch(r"Y/([1-9][0-9]{0,2})", entry.text())
    if match is None or not _divides_exactly(int(match[1])):
        raise entry.error(f"“{written}” gives no exact decimal; divide the payment term as in Y/10 or Y/20")
    return written


def _checked_rate(entry: Entry, written: str) -> str:
    if Decimal(written) > _RATE_MAX:
        raise entry.error(f"{written} is more than {_RATE_MAX}; a coefficient is a factor, as in 0.03 or 1")
    if len(written.partition(".")[2]) > _RATE_PLACES_MAX:
        raise entry.error(f"{written} has more than {_RATE_PLACES_MAX} places; write fewer")
    return written


def _divides_exactly(parts: int) -> bool:
    """Say whether a whole number over so many parts is always an exact decimal."""
    for factor in (2, 5):
        while parts % factor == 0:
            parts //= factor
    return parts == 1


def _validity(entry: Entry) -> str:
    """Return for how long a component counts: "PAYMENT_TERM", or a number of years as in "P2Y"."""
    written = entry.text()
    if written != PAYMENT_TERM and not re.fullmatch(r"P[1-9][0-9]?Y", written):
        raise entry.error(f"“{written}” is no validity; write {PAYMENT_TERM}, or a number of years as in P2Y")
    return written


def _labels(entry: Entry) -> tuple[Label, ...]:
    found = []
    for item in entry.entries().values():
        fields = item.fields(("name", "name_en"))
        label = Label(code=item.key_code(), name=fields["name"].text(), name_en=fields["name_en"].text())
        found.append(label)
    return tuple(found)


def _settings(entry: Entry) -> Settings:
    keys = (
        "backdating_days",
        "default_hold_hours",
        "max_hold_hours",
        "max_units_per_redemption",
        "cooling_off_days_long",
        "cooling_off_days_one_year",
        "immediate_family",
    )
    fields = {key: value.fields(("value", "cite")) for key, value in entry.fields(keys).items()}

    def number(key: str, least: int, most: int) -> int:
        return fields[key]["value"].whole(least, most)

    return Settings(
        backdating_days=number("backdating_days", 0, _DAYS_MAX),
        default_hold_hours=number("default_hold_hours", 1, _HOURS_MAX),
        max_hold_hours=number("max_hold_hours", 1, _HOURS_MAX),
        max_units_per_redemption=number("max_units_per_redemption", 1, _UNITS_A_REDEMPTION_MAX),
        cooling_off_days_long=number("cooling_off_days_long", 0, _DAYS_MAX),
        cooling_off_days_one_year=number("cooling_off_days_one_year", 0, _DAYS_MAX),
        immediate_family=_relations(fields["immediate_family"]["value"]),
        cites=tuple((key, fields[key]["cite"].text()) for key in keys),
    )


def _relations(entry: Entry) -> tuple[Relation, ...]:
    found: list[Relation] = []
    for item in entry.items():
        relation = item.choice(Relation)
        if relation in found:
            raise item.error(f"{relation} is listed twice; keep one of the two")
        found.append(relation)
    return tuple(found)


def _discrepancy(entry: Entry) -> Discrepancy:
    fields = entry.fields(("clauses", "governs", "read_as"))
    pages: list[Page] = []
    clauses: list[str] = []
    for item in fields["clauses"].items():
        clause = item.fields(("page", "says"))
        page = clause["page"].choice(Page)
        if page in pages:
            raise clause["page"].error(f"{page} is quoted twice; quote each page once")
        pages.append(page)
        clauses.append(f"{_PAGE_NAMES[page]}：{clause['says'].text()}")
    if len(clauses) < 2:  # noqa: PLR2004 - it takes two to differ
        raise fields["clauses"].error("a discrepancy needs the two clauses that differ")
    governs = fields["governs"].choice(Page)
    if governs not in pages:
        raise fields["governs"].error(
            f"no clause of page {governs} is quoted; quoted are: {', '.join(pages)}"
        )
    return Discrepancy(clauses=tuple(clauses), governs=governs.value, read_as=fields["read_as"].text())


def _reading(entry: Entry) -> Reading:
    fields = entry.fields(("question", "reading"))
    return Reading(question=fields["question"].text(), reading=fields["reading"].text())


def _benefit(entry: Entry, section: Section) -> Benefit:
    required = ("name", "name_en", "printed", "family_shared", "channels", "grid")
    optional = ("options", "evidence", "hours", "waiting", "service_level", "condition", "discrepancies")
    fields = entry.fields(required, optional)
    waiting = fields["waiting"].fields(("days", "cite")) if "waiting" in fields else None
    return Benefit(
        code=entry.key_code(),
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        section=section,
        family_shared=fields["family_shared"].yes_or_no(),
        waiting_days=waiting["days"].whole(1, _DAYS_MAX) if waiting else 0,
        waiting_cite=waiting["cite"].text() if waiting else None,
        options=codes(fields["options"]) if "options" in fields else (),
        evidence=codes(fields["evidence"]) if "evidence" in fields else (),
        channels=codes(fields["channels"]),
        hours=fields["hours"].text() if "hours" in fields else None,
        service_level=_service_level(fields["service_level"]) if "service_level" in fields else None,
        condition=fields["condition"].text() if "condition" in fields else None,
        grid=tuple(_grade(star, grade) for star, grade in _by_star(fields["grid"])),
        discrepancies=tuple(
            _discrepancy(item)
            for item in (fields["discrepancies"].items() if "discrepancies" in fields else ())
        ),
        printed=_printed(fields["printed"]),
    )


def _service_level(entry: Entry) -> ServiceLevel:
    fields = entry.fields(("respond_within_working_days", "arrange_within_working_days", "cite"))
    respond, arrange = fields["respond_within_working_days"], fields["arrange_within_working_days"]
    return ServiceLevel(
        respond_within_working_days=None if respond.is_null else respond.whole(1, _DAYS_MAX),
        arrange_within_working_days=None if arrange.is_null else arrange.whole(1, _DAYS_MAX),
        cite=fields["cite"].text(),
    )


def _printed(entry: Entry) -> Printed:
    fields = entry.fields(("rows", "entitled", "frequency"))
    rows = []
    for item in fields["rows"].items():
        row = item.fields(("name", "cells"))
        cells = tuple(cell.text() for cell in row["cells"].items())
        rows.append(PrintedRow(name=row["name"].text(), cells=cells))
    return Printed(rows=tuple(rows), entitled=fields["entitled"].text(), frequency=fields["frequency"].text())


def _grade(star: int, entry: Entry) -> Grade:
    if entry.is_null:
        return Grade(star=star, variant=None, allowance=None)
    fields = entry.fields(("unit", "units"), ("variant", "per"))
    variant = fields["variant"].text() if "variant" in fields else None
    return Grade(star=star, variant=variant, allowance=_allowance(entry, fields))


def _allowance(entry: Entry, fields: dict[str, Entry]) -> Allowance:
    unit = fields["unit"].choice(Unit)
    if fields["units"].node.value == UNLIMITED:
        if "per" in fields:
            raise fields["per"].error("an unlimited allowance is per nothing; leave this key out")
        return Unlimited(unit=unit)
    if "per" not in fields:
        reason = "this key is missing; say what the units are given for: SERVICE_YEAR, MEMBERSHIP or POLICY"
        raise entry.error(reason, key="per")
    return Counted(unit=unit, units=fields["units"].whole(1, _UNITS_MAX), per=fields["per"].choice(Per))
