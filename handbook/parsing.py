"""From the nodes of an edition's files to its values: what each key means, and which may be left out.

A number never comes without its clause: the keys that cite the print (`cite`, `printed`, `says`) are
as compulsory as the numbers beside them. What a value means together with others is judged afterwards,
by `handbook.checks`.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from handbook.nodes import Entry, suggestion
from handbook.values import (
    PAYMENT_TERM,
    Access,
    Allowance,
    Benefit,
    Category,
    Channel,
    Clause,
    Coefficient,
    Condition,
    Contact,
    Content,
    Counted,
    Coverage,
    Days,
    Design,
    Discrepancy,
    Edition,
    Grade,
    Hours,
    Label,
    Labels,
    Mode,
    Option,
    Page,
    Per,
    PremiumBase,
    Printed,
    PrintedRow,
    Reading,
    Relation,
    Section,
    Sentence,
    ServiceLevel,
    Settings,
    Tier,
    Unit,
    Unlimited,
    WishedNumber,
)

UNLIMITED = "unlimited"
"""What `units` says when there is no limit."""

# Sanity limits, not numbers of the handbook: a greater value is a typing error. All of them, and their sums, fit the
# columns of the database (stars are smallint, units integer) and the range of dates.
_UNITS_MAX = 1_000_000
_UNITS_A_REDEMPTION_MAX = 100_000
_DAYS_MAX = 3660
_HOURS_MAX = 87_840
_TERM_YEARS_MAX = 100
_STARS_MAX = 100
_NUMBER_LENGTH_MAX = 64
# So that a premium of 12 digits times the coefficient, and the sum of a customer's, are exact in 28 digits.
_RATE_MAX = 100
_RATE_PLACES_MAX = 6

EDITION_KEYS = (
    "code",
    "name",
    "name_en",
    "effective_from",
    "source",
    "sections",
    "tiers",
    "coefficients",
    "options",
    "evidence_kinds",
    "facilities",
    "channels",
    "contacts",
    "settings",
    "discrepancies",
    "readings",
    "disclaimers",
    "rules",
)
EDITION_OPTIONAL_KEYS = ("effective_to", "introduces", "drops")

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


def codes(entry: Entry) -> tuple[str, ...]:
    """Return a list of different codes."""
    found: list[str] = []
    for item in entry.items():
        code = item.code()
        if code in found:
            raise item.error(f"{code} is listed twice; keep one of the two")
        found.append(code)
    return tuple(found)


def labels(top: dict[str, Entry]) -> Labels:
    """Return the names of the codes that an edition's benefits refer to."""
    return Labels(
        options=tuple(_option(entry) for entry in top["options"].entries().values()),
        evidence_kinds=_labels(top["evidence_kinds"]),
        facilities=_labels(top["facilities"]),
        channels=tuple(_channel(entry) for entry in top["channels"].entries().values()),
    )


def edition(top: dict[str, Entry], labels: Labels, benefits: tuple[Benefit, ...], print_text: str) -> Edition:
    """Return the edition whose own keys these are, with the benefits of its sections' files and the printed text."""
    effective_to = top.get("effective_to")
    return Edition(
        code=top["code"].code(),
        name=top["name"].text(),
        name_en=top["name_en"].text(),
        effective_from=top["effective_from"].day(),
        effective_to=effective_to.day() if effective_to and not effective_to.is_null else None,
        source=top["source"].text(),
        tiers=tuple(_tier(number, entry) for number, entry in _by_star(top["tiers"])),
        coefficients=tuple(_coefficient(entry) for entry in top["coefficients"].items()),
        benefits=benefits,
        options=labels.options,
        evidence_kinds=labels.evidence_kinds,
        facilities=labels.facilities,
        channels=labels.channels,
        contacts=tuple(_contact(entry) for entry in top["contacts"].items()),
        settings=_settings(top["settings"]),
        discrepancies=tuple(_discrepancy(entry) for entry in top["discrepancies"].items()),
        readings=tuple(_reading(entry) for entry in top["readings"].items()),
        disclaimers=tuple(_sentence(entry) for entry in top["disclaimers"].items()),
        rules=tuple(_sentence(entry) for entry in top["rules"].items()),
        print_text=print_text,
    )


def benefits(section_code: str, top: Entry, labels: Labels) -> tuple[Benefit, ...]:
    """Return the benefits of a section's file, in printed order."""
    fields = top.fields(("name", "name_en", "benefits"))
    section = Section(code=section_code, name=fields["name"].text(), name_en=fields["name_en"].text())
    return tuple(_benefit(entry, section, labels) for entry in fields["benefits"].entries().values())


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
        cite=_quotes(fields["cite"]),
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
        cite=_quotes(fields["cite"]),
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


def _quotes(entry: Entry) -> tuple[str, ...]:
    """Return clauses, word for word: at least one, each a piece of the print without a gap."""
    found = tuple(item.text() for item in entry.items())
    if not found:
        raise entry.error("quote the printed clause or clauses that this is taken from")
    return found


def _option(entry: Entry) -> Option:
    fields = entry.fields(("name", "name_en"), ("relation", "cite"))
    if ("relation" in fields) != ("cite" in fields):
        raise entry.error(
            "an option for one relation quotes the clause that says so; write `relation` and `cite`"
        )
    return Option(
        code=entry.key_code(),
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        relation=fields["relation"].choice(Relation) if "relation" in fields else None,
        cite=_quotes(fields["cite"]) if "cite" in fields else (),
    )


def _channel(entry: Entry) -> Channel:
    fields = entry.fields(("name", "name_en"), ("number", "hours"))
    return Channel(
        code=entry.key_code(),
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        number=fields["number"].text() if "number" in fields else None,
        hours=_hours(fields["hours"]) if "hours" in fields else None,
    )


def _contact(entry: Entry) -> Contact:
    fields = entry.fields(("name", "name_en", "number", "hours"))
    return Contact(
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        number=fields["number"].text(),
        hours=_hours(fields["hours"]),
    )


def _hours(entry: Entry) -> Hours:
    fields = entry.fields(("days", "from", "to", "cite"))
    from_, to = fields["from"].time_of_day(), fields["to"].time_of_day()
    if from_ is None or (to is not None and to <= from_):
        raise fields["to"].error("what is served begins before it ends, on one day; write 24:00 for midnight")
    return Hours(days=fields["days"].choice(Days), from_=from_, to=to, cite=_quotes(fields["cite"]))


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
    fields = entry.fields(("clauses", "governs", "read_as", "read_as_en"), ("cells",))
    clauses: list[Clause] = []
    for item in fields["clauses"].items():
        clause = item.fields(("page", "says"))
        page = clause["page"].choice(Page)
        if page in (each.page for each in clauses):
            raise clause["page"].error(f"{page} is quoted twice; quote each page once")
        clauses.append(Clause(page=page, says=clause["says"].text()))
    if len(clauses) < 2:  # noqa: PLR2004 - it takes two to differ
        raise fields["clauses"].error("a discrepancy needs the two clauses that differ")
    pages = [each.page for each in clauses]
    governs = fields["governs"].choice(Page)
    if governs not in pages:
        raise fields["governs"].error(
            f"no clause of page {governs} is quoted; quoted are: {', '.join(pages)}"
        )
    return Discrepancy(
        clauses=tuple(clauses),
        governs=governs,
        read_as=fields["read_as"].text(),
        read_as_en=fields["read_as_en"].text(),
        cells=tuple(item.whole(1, _STARS_MAX) for item in fields["cells"].items())
        if "cells" in fields
        else (),
    )


def _reading(entry: Entry) -> Reading:
    fields = entry.fields(("question", "question_en", "reading", "reading_en"))
    return Reading(**{key: value.text() for key, value in fields.items()})


def _sentence(entry: Entry) -> Sentence:
    fields = entry.fields(("text", "text_en"))
    return Sentence(text=fields["text"].text(), text_en=fields["text_en"].text())


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
        waiting_days=waiting["days"].whole(1, _DAYS_MAX) if waiting else 0,
        waiting_cite=_quotes(waiting["cite"]) if waiting else (),
        illness_after_waiting=waiting["illness_after"].yes_or_no() if waiting else False,
        options=codes(fields["options"]) if "options" in fields else (),
        evidence=codes(fields["evidence"]) if "evidence" in fields else (),
        facilities=codes(fields["facilities"]) if "facilities" in fields else (),
        access=tuple(_access(item) for item in fields["channels"].entries().values()),
        hours=_hours(fields["hours"]) if "hours" in fields else None,
        minutes_per_call=fields["minutes_per_call"].whole(1, _UNITS_MAX)
        if "minutes_per_call" in fields
        else None,
        wished_number=_wished_number(fields["wished_number"]) if "wished_number" in fields else None,
        service_level=_service_level(fields["service_level"]) if "service_level" in fields else None,
        conditions=tuple(_condition(item) for item in listed("conditions")),
        content=_content(fields["content"]),
        advantages=tuple(_sentence(item) for item in listed("advantages")),
        grid=_grid(fields),
        discrepancies=tuple(_discrepancy(item) for item in listed("discrepancies")),
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
        cite=_quotes(fields["cite"]),
    )


def _wished_number(entry: Entry) -> WishedNumber:
    fields = entry.fields(("length", "working_days_before", "cite"))
    return WishedNumber(
        length=fields["length"].whole(1, _NUMBER_LENGTH_MAX),
        working_days_before=fields["working_days_before"].whole(0, _DAYS_MAX),
        cite=_quotes(fields["cite"]),
    )


def _content(entry: Entry) -> Content:
    fields = entry.fields(("text", "text_en"))
    return Content(text=_quotes(fields["text"]), text_en=fields["text_en"].text())


def _service_level(entry: Entry) -> ServiceLevel:
    keys = ("respond_within_working_days", "arrange_within_working_days", "arrange_within_days")
    fields = entry.fields((*keys[:2], "cite"), keys[2:])
    days = {
        key: None if key not in fields or fields[key].is_null else fields[key].whole(1, _DAYS_MAX)
        for key in keys
    }
    if days["arrange_within_working_days"] and days["arrange_within_days"]:
        reason = (
            "an arrangement is promised within working days or within days; write null for one of the two"
        )
        raise fields["arrange_within_days"].error(reason)
    return ServiceLevel(**days, cite=_quotes(fields["cite"]))


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
    grades = tuple(_grade(star, grade, english) for star, grade in _by_star(fields["grid"]))
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
