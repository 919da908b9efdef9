"""From the nodes of an edition's own file to its values; the benefits of the sections' files are added to them."""

from handbook.benefits import Benefit, Channel, Label, Labels, Option, Relation
from handbook.clauses import Reading
from handbook.nodes import Entry
from handbook.parsing.coefficients import coefficient
from handbook.parsing.pieces import DAYS_MAX, by_star, discrepancy, hours, quotes, sentence
from handbook.values import Contact, Edition, Settings, Tier

_UNITS_A_REDEMPTION_MAX = 100_000
_HOURS_MAX = 87_840

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
        tiers=tuple(_tier(number, entry) for number, entry in by_star(top["tiers"])),
        coefficients=tuple(coefficient(entry) for entry in top["coefficients"].items()),
        benefits=benefits,
        options=labels.options,
        evidence_kinds=labels.evidence_kinds,
        facilities=labels.facilities,
        channels=labels.channels,
        contacts=tuple(_contact(entry) for entry in top["contacts"].items()),
        settings=_settings(top["settings"]),
        discrepancies=tuple(discrepancy(entry) for entry in top["discrepancies"].items()),
        readings=tuple(_reading(entry) for entry in top["readings"].items()),
        disclaimers=tuple(sentence(entry) for entry in top["disclaimers"].items()),
        rules=tuple(sentence(entry) for entry in top["rules"].items()),
        print_text=print_text,
    )


def _tier(star: int, entry: Entry) -> Tier:
    fields = entry.fields(("name", "name_en", "from", "to", "cite"))
    return Tier(
        star=star,
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        from_=fields["from"].amount(),
        to=None if fields["to"].is_null else fields["to"].amount(),
        cite=quotes(fields["cite"]),
    )


def _contact(entry: Entry) -> Contact:
    fields = entry.fields(("name", "name_en", "number", "hours"))
    return Contact(
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        number=fields["number"].text(),
        hours=hours(fields["hours"]),
    )


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
        backdating_days=number("backdating_days", 0, DAYS_MAX),
        default_hold_hours=number("default_hold_hours", 1, _HOURS_MAX),
        max_hold_hours=number("max_hold_hours", 1, _HOURS_MAX),
        max_units_per_redemption=number("max_units_per_redemption", 1, _UNITS_A_REDEMPTION_MAX),
        cooling_off_days_long=number("cooling_off_days_long", 0, DAYS_MAX),
        cooling_off_days_one_year=number("cooling_off_days_one_year", 0, DAYS_MAX),
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


def _reading(entry: Entry) -> Reading:
    fields = entry.fields(("question", "question_en", "reading", "reading_en"))
    return Reading(**{key: value.text() for key, value in fields.items()})


def labels(top: dict[str, Entry]) -> Labels:
    """Return the names of the codes that an edition's benefits refer to."""
    return Labels(
        options=tuple(_option(entry) for entry in top["options"].entries().values()),
        evidence_kinds=_labels(top["evidence_kinds"]),
        facilities=_labels(top["facilities"]),
        channels=tuple(_channel(entry) for entry in top["channels"].entries().values()),
    )


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
        cite=quotes(fields["cite"]) if "cite" in fields else (),
    )


def _channel(entry: Entry) -> Channel:
    fields = entry.fields(("name", "name_en"), ("number", "hours"))
    return Channel(
        code=entry.key_code(),
        name=fields["name"].text(),
        name_en=fields["name_en"].text(),
        number=fields["number"].text() if "number" in fields else None,
        hours=hours(fields["hours"]) if "hours" in fields else None,
    )


def _labels(entry: Entry) -> tuple[Label, ...]:
    found = []
    for item in entry.entries().values():
        fields = item.fields(("name", "name_en"))
        label = Label(code=item.key_code(), name=fields["name"].text(), name_en=fields["name_en"].text())
        found.append(label)
    return tuple(found)
