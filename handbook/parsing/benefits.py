"""From the nodes of a section's file to its benefits."""

from collections.abc import Iterator

from handbook.benefits import (
    Access,
    Allowance,
    Benefit,
    Counted,
    Grade,
    Labels,
    Per,
    Section,
    ServiceLevel,
    Unit,
    Unlimited,
    WishedNumber,
)
from handbook.clauses import Condition, Content, Printed, PrintedRow
from handbook.nodes import Entry, suggestion
from handbook.parsing.pieces import DAYS_MAX, by_star, codes, discrepancy, hours, quotes, sentence

UNLIMITED = "unlimited"
"""What `units` says when there is no limit."""

_UNITS_MAX = 1_000_000
_NUMBER_LENGTH_MAX = 64

_BENEFIT_KEYS = ("name", "name_en", "printed", "family_shared", "channels", "content", "grid")
_BENEFIT_OPTIONAL_KEYS = (
    "advantages",
    "options",
    "evidence",
    "facilities",
    "hours",
    "minutes_per_call",
    "waiting",
    "wished_number",
    "service_level",
    "conditions",
    "variants",
    "discrepancies",
)


def benefits(section_code: str, top: Entry, labels: Labels) -> tuple[Benefit, ...]:
    """Return the benefits of a section's file, in printed order."""
    fields = top.fields(("name", "name_en", "benefits"))
    section = Section(code=section_code, name=fields["name"].text(), name_en=fields["name_en"].text())
    return tuple(_benefit(entry, section, labels) for entry in fields["benefits"].entries().values())


def _benefit(entry: Entry, section: Section, labels: Labels) -> Benefit:
    fields = entry.fields(_BENEFIT_KEYS, _BENEFIT_OPTIONAL_KEYS)
    waiting = fields["waiting"].fields(("days", "illness_after", "cite")) if "waiting" in fields else None

    def listed(key: str) -> Iterator[Entry]:
        return fields[key].items() if key in fields else iter(())

    return Benefit(
        code=entry.key_code(),
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        section=section,
        family_shared=fields["family_shared"].yes_or_no(),
        waiting_days=waiting["days"].whole(1, DAYS_MAX) if waiting else 0,
        waiting_cite=quotes(waiting["cite"]) if waiting else (),
        illness_after_waiting=waiting["illness_after"].yes_or_no() if waiting else False,
        options=codes(fields["options"]) if "options" in fields else (),
        evidence=codes(fields["evidence"]) if "evidence" in fields else (),
        facilities=codes(fields["facilities"]) if "facilities" in fields else (),
        access=tuple(_access(item) for item in fields["channels"].entries().values()),
        hours=hours(fields["hours"]) if "hours" in fields else None,
        minutes_per_call=fields["minutes_per_call"].whole(1, _UNITS_MAX)
        if "minutes_per_call" in fields
        else None,
        wished_number=_wished_number(fields["wished_number"]) if "wished_number" in fields else None,
        service_level=_service_level(fields["service_level"]) if "service_level" in fields else None,
        conditions=tuple(_condition(item) for item in listed("conditions")),
        content=_content(fields["content"]),
        advantages=tuple(sentence(item) for item in listed("advantages")),
        grid=_grid(fields),
        discrepancies=tuple(discrepancy(item) for item in listed("discrepancies")),
        printed=_printed(fields["printed"]),
        labels=labels,
    )


def _access(entry: Entry) -> Access:
    fields = entry.fields((), ("path", "how"))
    return Access(
        channel=entry.key_code(),
        path=fields["path"].text() if "path" in fields else None,
        how=fields["how"].text() if "how" in fields else None,
    )


def _condition(entry: Entry) -> Condition:
    fields = entry.fields(("text", "text_en", "checked", "cite"))
    return Condition(
        text=fields["text"].text(),
        text_en=fields["text_en"].text(),
        checked=fields["checked"].yes_or_no(),
        cite=quotes(fields["cite"]),
    )


def _wished_number(entry: Entry) -> WishedNumber:
    fields = entry.fields(("length", "working_days_before", "cite"))
    return WishedNumber(
        length=fields["length"].whole(1, _NUMBER_LENGTH_MAX),
        working_days_before=fields["working_days_before"].whole(0, DAYS_MAX),
        cite=quotes(fields["cite"]),
    )


def _content(entry: Entry) -> Content:
    fields = entry.fields(("text", "text_en"))
    return Content(text=quotes(fields["text"]), text_en=fields["text_en"].text())


def _service_level(entry: Entry) -> ServiceLevel:
    keys = ("respond_within_working_days", "arrange_within_working_days", "arrange_within_days")
    fields = entry.fields((*keys[:2], "cite"), keys[2:])
    days = {
        key: None if key not in fields or fields[key].is_null else fields[key].whole(1, DAYS_MAX)
        for key in keys
    }
    if days["arrange_within_working_days"] and days["arrange_within_days"]:
        reason = (
            "an arrangement is promised within working days or within days; write null for one of the two"
        )
        raise fields["arrange_within_days"].error(reason)
    return ServiceLevel(**days, cite=quotes(fields["cite"]))


def _printed(entry: Entry) -> Printed:
    fields = entry.fields(("rows", "entitled", "frequency"))
    rows = []
    for item in fields["rows"].items():
        row = item.fields(("name", "cells"))
        cells = tuple(cell.text() for cell in row["cells"].items())
        rows.append(PrintedRow(name=row["name"].text(), cells=cells))
    return Printed(rows=tuple(rows), entitled=fields["entitled"].text(), frequency=fields["frequency"].text())


def _grid(fields: dict[str, Entry]) -> tuple[Grade, ...]:
    """Return the grades of all stars; the names of the variants in English stand once, under `variants`."""
    english: dict[str, str] = {}
    for item in fields["variants"].items() if "variants" in fields else ():
        names = item.fields(("name", "name_en"))
        english[names["name"].text()] = names["name_en"].text()
    grades = tuple(_grade(star, grade, english) for star, grade in by_star(fields["grid"]))
    for name in english:
        if name not in [grade.variant for grade in grades]:
            raise fields["variants"].error(f"no star has the variant {name}; remove it, or give it to a star")
    return grades


def _grade(star: int, entry: Entry, english: dict[str, str]) -> Grade:
    if entry.is_null:
        return Grade(star=star, variant=None, variant_en=None, allowance=None)
    fields = entry.fields(("unit", "units"), ("variant", "per"))
    variant = fields["variant"].text() if "variant" in fields else None
    if variant is not None and variant not in english:
        raise fields["variant"].error(
            f"unknown variant {variant}{suggestion(variant, english)}: see `variants`"
        )
    return Grade(
        star=star,
        variant=variant,
        variant_en=english[variant] if variant is not None else None,
        allowance=_allowance(entry, fields),
    )


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
