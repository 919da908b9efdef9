"""Parsing events of the history stream, strictly: an event is accepted exactly as sent, or refused.

The insurer's core system is the only source of a policy's history, so nothing in it is guessed, rounded or dropped: an
unknown field, a number in place of a decimal string, an ambiguous day are refused with the place and the reason. The
field names are part of the published format ("The history stream").

`content` is an event as it was sent, in canonical form; its hash tells a repetition from a changed event. The
time of recording belongs to it only if the sender gave one.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from handbook.benefits import Relation
from handbook.coefficients import Category, Coverage, Design, Mode
from rating.unreadable import EventError as EventError  # noqa: PLC0414 - what `parse_event` raises is found here too
from rating.unreadable import event_error, not_utf8

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""No day or moment lies outside of these years: neither in the stream nor in any request."""
LONGEST_IDENTIFIER, LONGEST_NAME = 64, 200
PREMIUM_LIMIT = Decimal(10) ** 12
BASE_COMPONENT = "base"
"""The component that comes with the policy itself."""

_CENT = Decimal("0.01")
_PREMIUM = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Line(StrEnum):
    """Who bought the policy. Group policies never count (decoded, section 1)."""

    INDIVIDUAL = "individual"
    GROUP = "group"


def _text(value: object, longest: int) -> str:
    if type(value) is not str:
        raise PydanticCustomError("text", "not a text")
    if (
        not value
        or len(value) > longest
        or value[0].isspace()
        or value[-1].isspace()
        or _UNPRINTABLE.search(value)
    ):
        raise PydanticCustomError("text", "not a text of {longest}", {"longest": longest})
    return value


def _identifier(value: object) -> str:
    return _text(value, LONGEST_IDENTIFIER)


def _name(value: object) -> str:
    return _text(value, LONGEST_NAME)


def _premium(value: object) -> Decimal:
    """Read an amount of 0 or more: a gift policy's premium is 0."""
    if isinstance(value, Decimal) and value.is_finite():
        value = format(value, "f")
    if not isinstance(value, str) or not _PREMIUM.fullmatch(value):
        raise PydanticCustomError("premium", "not an amount")
    amount = Decimal(value)
    if not 0 <= amount < PREMIUM_LIMIT:
        raise PydanticCustomError("premium", "not an amount")
    return amount.quantize(_CENT)


def _day(value: object) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            value = date.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("day", "not a day") from error
    if type(value) is not date or not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("day", "not a day")
    return value


def _moment(value: object) -> datetime:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError as error:
            raise PydanticCustomError("moment", "not a moment") from error
    if (
        not isinstance(value, datetime)
        or value.utcoffset() is None
        or not FIRST_YEAR <= value.year <= LAST_YEAR
    ):
        raise PydanticCustomError("moment", "not a moment")
    return value.astimezone(UTC)


Identifier = Annotated[str, BeforeValidator(_identifier)]
Name = Annotated[str, BeforeValidator(_name)]
Premium = Annotated[Decimal, BeforeValidator(_premium)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
TermYears = Annotated[int, Strict(), Field(ge=1, le=100)]


class _Event(BaseModel):
    """The fields of every event: its id, its customer, its effective day, and when it was recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: Identifier
    member_no: Identifier
    effective_on: Day
    recorded_at: Moment | None = None


class CustomerRegistered(_Event):
    """A customer (policyholder) is registered, or gets a new name."""

    type: Literal["customer_registered"] = "customer_registered"
    name: Name


class RelativeRegistered(_Event):
    """A relative is registered, or gets a new name or relation."""

    type: Literal["relative_registered"] = "relative_registered"
    relative_id: Identifier
    name: Name
    relation: Relation


class _PolicyEvent(_Event):
    """What happens to one policy of the customer."""

    policy_no: Identifier


class _Instalments(_PolicyEvent):
    """A premium paid once (`single`) or in instalments over a payment term."""

    mode: Mode
    premium: Premium
    term_years: TermYears | None = None

    @model_validator(mode="after")
    def _term_fits_mode(self) -> "_Instalments":
        if self.mode is Mode.SINGLE and self.term_years is not None:
            raise PydanticCustomError("term_of_single", "a single premium has no term")
        if self.mode is not Mode.SINGLE and self.term_years is None:
            raise PydanticCustomError("term_missing", "an instalment needs a term")
        return self


class PolicyIssued(_Instalments):
    """A policy comes into force; its first component is `base`."""

    type: Literal["policy_issued"] = "policy_issued"
    line: Line
    coverage: Coverage
    category: Category
    design: Design
    cooling_off_ends_on: Day | None = None
    received_on: Day | None = None


class PremiumIncreased(_Instalments):
    """加保: a component of its own."""

    type: Literal["premium_increased"] = "premium_increased"
    component_id: Identifier


class RiderAdded(_Instalments):
    """新增附加险: a component of its own; its product class is the policy's by default."""

    type: Literal["rider_added"] = "rider_added"
    component_id: Identifier
    category: Category | None = None
    design: Design | None = None


class TopUpPaid(_PolicyEvent):
    """追加投资: a single premium of the policy's product class."""

    type: Literal["top_up_paid"] = "top_up_paid"
    component_id: Identifier
    premium: Premium


class PremiumReduced(_PolicyEvent):
    """减保: `premium` is the new instalment from that day on."""

    type: Literal["premium_reduced"] = "premium_reduced"
    component_id: Identifier
    premium: Premium


class ComponentEnded(_PolicyEvent):
    """A component no longer counts from that day on."""

    type: Literal["component_ended"] = "component_ended"
    component_id: Identifier


class Renewed(_PolicyEvent):
    """One more year of a one-year policy, beginning that day."""

    type: Literal["renewed"] = "renewed"


class CoolingOffCancelled(_PolicyEvent):
    """犹豫期退保."""

    type: Literal["cooling_off_cancelled"] = "cooling_off_cancelled"


class Surrendered(_PolicyEvent):
    """退保."""

    type: Literal["surrendered"] = "surrendered"


class Lapsed(_PolicyEvent):
    """失效."""

    type: Literal["lapsed"] = "lapsed"


class Reinstated(_PolicyEvent):
    """复效."""

    type: Literal["reinstated"] = "reinstated"


class ReducedPaidUp(_PolicyEvent):
    """减额交清."""

    type: Literal["reduced_paid_up"] = "reduced_paid_up"


class PremiumWaived(_PolicyEvent):
    """豁免保费."""

    type: Literal["premium_waived"] = "premium_waived"


class Terminated(_PolicyEvent):
    """终止."""

    type: Literal["terminated"] = "terminated"


RegistrationEvent: TypeAlias = CustomerRegistered | RelativeRegistered
ComponentEvent: TypeAlias = PremiumIncreased | RiderAdded | TopUpPaid | PremiumReduced | ComponentEnded
StatusEvent: TypeAlias = (
    CoolingOffCancelled | Surrendered | Lapsed | Reinstated | ReducedPaidUp | PremiumWaived | Terminated
)
LifeEvent: TypeAlias = PolicyIssued | ComponentEvent | Renewed | StatusEvent
PolicyEvent: TypeAlias = RegistrationEvent | LifeEvent

EVENT_TYPES: Mapping[str, type[PolicyEvent]] = {
    model.model_fields["type"].default: model
    for model in (*get_args(RegistrationEvent), *get_args(LifeEvent))
}
"""Every event type of the stream, by its name."""

_ADAPTER: TypeAdapter[PolicyEvent] = TypeAdapter(Annotated[PolicyEvent, Field(discriminator="type")])


def parse_event(source: Mapping[str, Any]) -> PolicyEvent:
    """Read one event; days and amounts may also be given as `date`, aware `datetime` and `Decimal`.

    Raises EventError with the place (a field name) and the reason.
    """
    try:
        return _ADAPTER.validate_python(source)
    except ValidationError as error:
        raise event_error(error) from None


def parse_line(line: bytes) -> PolicyEvent:
    """Read one event from a line of JSON in UTF-8. Raises EventError."""
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError as error:
        raise not_utf8(line) or event_error(error) from None


def content(event: PolicyEvent) -> dict[str, object]:
    """Return the event as the sender gave it, as plain JSON values in canonical form, without absent fields.

    `parse_event(content(event)) == event`.
    """
    return event.model_dump(mode="json", exclude_none=True)


def content_text(event: PolicyEvent) -> bytes:
    """Return the content as JSON in UTF-8."""
    return event.model_dump_json(exclude_none=True).encode()


def content_hash(text: bytes) -> bytes:
    """Return the SHA-256 of a content's text.

    Equal hashes prove a repetition. Different ones prove nothing (a later version of this program may write the same
    content differently): then `differing_fields` of the contents decides.
    """
    return hashlib.sha256(text).digest()


def differing_fields(one: Mapping[str, object], other: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the fields in which two contents differ, sorted."""
    return tuple(sorted(field for field in one.keys() | other.keys() if one.get(field) != other.get(field)))
